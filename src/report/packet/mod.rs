//! The packet for the carrier: the letter, and the tables that a fraud desk loads.

mod tables;

use std::fs;
use std::io;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::case_folder::CaseFolderError;
use super::document::Block;
use super::manifest;
use super::markdown;
use super::model::Report;
use super::preservation::{self, form};
use super::sections::{Section, View, blocks};
use super::whole_file::Together;

/// The list of digests, which `sha256sum -c` checks; it marks a folder as a packet.
const DIGESTS: &str = "SHA256SUMS";

type Content = fn(&mut Vec<u8>, &Report) -> io::Result<()>;

/// The files of a packet, in the order in which a reader wants them.
const FILES: [(&str, Content); 3] = [
    ("letter.md", |bytes, report| {
        bytes.extend_from_slice(letter(report, true).as_bytes());
        Ok(())
    }),
    ("disputed-calls.csv", tables::disputed),
    ("reconciliation.csv", tables::reconciliation),
];

/// What a carrier has to know that looks for calls by our times.
const ZONE_ASSUMED: &str = "No file of our phone system tells the zone of its clock. Its times are taken for UTC below and may be off by a fixed number of hours: please compare by number, length and order.";

/// Returns the letter as Markdown.
pub fn letter(report: &Report, is_written: bool) -> String {
    let title = match &report.case.number {
        Some(number) => format!("Disputed calls, case {number}"),
        None => "Disputed calls".to_owned(),
    };
    let mut letter = vec![preservation::sender(report)];
    if report.case.timezone_origin.starts_with("assumed") {
        letter.push(Block::Paragraph(ZONE_ASSUMED.into()));
    }
    letter.extend(blocks(&[Section::Dispute], report, View::full(is_written)));
    letter.extend([Block::heading("Signed"), form(&["name", "position", "place, date", "signature"])]);
    markdown::render(&title, &letter)
}

/// Refuses a folder in which something else than an earlier packet would be overwritten.
pub fn check(folder: &Path) -> Result<(), CaseFolderError> {
    let shown = || folder.to_string_lossy().into_owned();
    let listing = match fs::read_dir(folder) {
        Ok(listing) => listing,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            return Err(CaseFolderError::NotAFolder(shown()));
        }
        Err(cause) => return Err(CaseFolderError::Unwritable { path: shown(), cause }),
    };
    let is_ours = |name: &std::ffi::OsStr| name == DIGESTS || FILES.iter().any(|(file, _)| name == *file);
    if manifest::marks(folder) {
        return Err(CaseFolderError::HoldsCase(shown()));
    }
    for entry in listing {
        let entry = entry.map_err(|cause| CaseFolderError::Unwritable { path: shown(), cause })?;
        if !is_ours(&entry.file_name()) {
            return Err(CaseFolderError::Foreign(shown()));
        }
    }
    Ok(())
}

/// Writes a packet and returns the names of its files.
pub fn write(folder: &Path, report: &Report) -> Result<Vec<&'static str>, CaseFolderError> {
    check(folder)?;
    let unwritable =
        |path: &Path, cause| CaseFolderError::Unwritable { path: path.to_string_lossy().into_owned(), cause };
    fs::create_dir_all(folder).map_err(|cause| unwritable(folder, cause))?;
    let mut digests = String::new();
    let mut written = Vec::new();
    let mut together = Together::default();
    let mut write = |path: &Path, bytes: &[u8]| {
        together.replace(path, bytes).map_err(|(path, cause)| unwritable(&path, cause))
    };
    for (name, content) in FILES {
        let path = folder.join(name);
        let mut bytes = Vec::new();
        content(&mut bytes, report).map_err(|cause| unwritable(&path, cause))?;
        write(&path, &bytes)?;
        let digest: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        digests.push_str(&format!("{digest}  {name}\n"));
        written.push(name);
    }
    let path = folder.join(DIGESTS);
    write(&path, digests.as_bytes())?;
    together.finish().map_err(|(path, cause)| unwritable(&path, cause))?;
    written.push(DIGESTS);
    Ok(written)
}
