//! The program as a user meets it and the library as evidence meets it, one module a concern.

// A test fails by panicking and says what it passed over.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)]

mod campaigns;
mod captures;
mod cli;
mod collections;
mod contain;
mod contain_advice;
mod containers;
mod corpora;
mod determinism;
mod dispute;
mod evidence;
mod figures;
mod host_files;
mod hostile;
mod library;
mod lines;
mod mariadb;
mod marks;
mod newcomer;
mod output;
mod playbooks;
mod preserve;
mod provisioning;
mod published;
mod readme;
mod reconcile;
mod records;
mod redact;
mod repaired;
mod restore;
mod rules;
mod scenarios;
mod scratch;
mod secrets;
mod single_signs;
mod support;
mod tables;

#[test]
fn no_file_of_this_folder_is_forgotten() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it");
    let listed = include_str!("main.rs");
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let module = name.trim_end_matches(".rs");
        assert!(module == "main" || listed.contains(&format!("\nmod {module};\n")), "{name}");
    }
}
