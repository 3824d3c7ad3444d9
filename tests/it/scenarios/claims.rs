//! What the configuration claims of an intruder's address makes him neither the carrier nor the server.

use std::collections::BTreeSet;
use std::fs;
use std::net::IpAddr;
use std::path::Path;

use tolltrace::case::Options;
use tolltrace::report::model::{Report, Role};

use super::truth::examine_folder;
use crate::scratch::Scratch;

fn copy(from: &Path, below: &str, scratch: &Scratch) {
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let name = format!("{below}{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &format!("{name}/"), scratch);
        } else {
            let to = scratch.path().join(&name);
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// Examines a copy of a real server, with text added to one file of its configuration.
fn with(file: &str, text: &str) -> Report {
    let scratch = Scratch::new();
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/pbx/bruteforce/root"), "", &scratch);
    let name = format!("etc/asterisk/{file}");
    let before = fs::read_to_string(scratch.path().join(&name)).unwrap_or_default();
    scratch.file(&name, &format!("{before}\n{text}"));
    examine_folder(scratch.path(), &Options::default())
}

fn carrier(network: &str) -> String {
    format!(
        "[carrier9]\ntype=endpoint\ncontext=from-trunk\naors=carrier9\n[carrier9]\ntype=aor\n\
         contact=sip:198.51.100.200:5060\n[carrier9]\ntype=identify\nendpoint=carrier9\nmatch=198.51.100.200\n\
         match={network}\n"
    )
}

fn intruders(report: &Report) -> BTreeSet<IpAddr> {
    let sources = report.incidents.iter().flat_map(|incident| &incident.sources);
    sources.filter(|source| source.roles.contains(&Role::Dial)).map(|source| source.address).collect()
}

fn calls(report: &Report) -> usize {
    report.incidents.iter().map(|incident| incident.calls.len()).sum()
}

#[test]
fn no_line_of_the_configuration_makes_an_intruder_vanish() {
    let plain = with("pjsip.conf", "");
    let found = intruders(&plain);
    let intruder = *found.first().expect("somebody got in and called");
    let is_said = |report: &Report| report.findings.iter().any(|finding| finding.id == "trunk-network-wide");
    assert!(!is_said(&plain));
    for (file, text, is_wide) in [
        ("pjsip.conf", carrier("0.0.0.0/0"), true),
        ("pjsip.conf", carrier("128.0.0.0/1"), true),
        ("pjsip.conf", carrier(&format!("{intruder}/8")), true),
        ("pjsip.conf", carrier(&format!("{intruder}/22")), false),
        ("pjsip.conf", carrier(&intruder.to_string()), false),
        ("sip_general_custom.conf", format!("externip={intruder}\n"), false),
    ] {
        let report = with(file, &text);
        assert_eq!(intruders(&report), found, "{file}: {text}");
        assert_eq!(calls(&report), calls(&plain), "{file}: {text}");
        assert_eq!(is_said(&report), is_wide, "{file}: {text}");
    }
}
