//! Archives: tar, packed or not, and zip, one inside the other, read as streams and never unpacked.
//!
//! A member that can be reached by itself (of a plain tar, of a zip) is a part of the file around it. The
//! others, of a packed tar, are reached in passes over the whole: the first lists them, keeps what is
//! small and takes the measure of what is large; one more reads all that is large. What an archive
//! holds, claims and is called is the choice of whoever wrote it, so that everything has a limit, and a
//! limit that was reached is reported.

mod links;
mod listing;
mod names;
mod pass;
mod pax;
mod sparse;
mod streamed;
mod tar;
mod zip;
mod zip_listing;

pub(super) use links::{Names, settle_links};
pub(super) use listing::list_tar;
pub(super) use zip_listing::list_zip;

/// Archives in archives: a collector's zip holds a tar of the disk, that a backup, that a tar of its own.
pub(super) const DEEPEST: usize = 4;
/// Members below one file of the evidence, in all archives inside it.
pub(super) const MOST_MEMBERS: u64 = 1_000_000;
/// Beyond the first GiB, the most bytes that all archives in one file unpack to for each byte of it: the
/// logs of a busy office reach 15, those of a flood of equal lines a hundred.
pub(super) const MOST_EXPANSION: u64 = 250;
/// What stands between an archive and its member in a path.
pub(super) const INSIDE: &str = "!/";

/// What kind of archive a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A tar inside its packing.
    Tar,
    /// A zip.
    Zip,
}

/// Tells an archive by a file's first bytes, and by the first of what is inside its packing.
pub(super) fn form(first_bytes: &[u8], unpacked: &[u8]) -> Option<Form> {
    if zip::is_zip(first_bytes) {
        return Some(Form::Zip);
    }
    tar::is_header(unpacked).then_some(Form::Tar)
}
