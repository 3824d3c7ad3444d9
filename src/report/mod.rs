//! One model, several renderings; nothing here decides anything.

pub mod abuse;
pub mod calls_csv;
pub mod case_folder;
pub mod document;
pub mod iocs_csv;
pub mod json;
pub mod manifest;
pub mod markdown;
pub mod model;
pub mod packet;
pub mod preservation;
pub mod redact;
pub mod sections;
pub mod statement;
pub mod text;
pub mod timeline;
pub mod whole_file;

#[cfg(test)]
pub(crate) mod sample;
