//! Evidence built into the program, so that it can be tried before a real case is at hand.
//!
//! The files lie in memory and are read as any other evidence; nothing is unpacked.

mod files;

use crate::evidence::{Evidence, Root};

/// What reports give as the path of the evidence.
pub const GIVEN: &str = "the evidence built into tolltrace";

/// Returns the built-in evidence: the disk of an attacked Asterisk server.
pub fn evidence() -> Evidence {
    Evidence::from_roots(vec![GIVEN.to_owned()], vec![Root::Memory(files::FILES)])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;
    use std::os::unix::ffi::OsStringExt;
    use std::path::Path;

    use super::files::FILES;

    type Listing = BTreeMap<String, (bool, Vec<u8>)>;

    fn list(base: &Path, folder: &Path, listing: &mut Listing) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(base).unwrap().to_str().unwrap().to_owned();
            let kind = path.symlink_metadata().unwrap().file_type();
            if kind.is_symlink() {
                let target = fs::read_link(&path).unwrap().into_os_string().into_vec();
                listing.insert(name, (true, target));
            } else if kind.is_dir() {
                list(base, &path, listing);
            } else {
                listing.insert(name, (false, fs::read(&path).unwrap()));
            }
        }
    }

    #[test]
    fn the_table_is_the_folder() {
        let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/pbx/bruteforce/root");
        let mut folder = Listing::new();
        list(&base, &base, &mut folder);
        let table: Listing =
            FILES.iter().map(|file| (file.path.to_owned(), (file.is_link, file.bytes.to_vec()))).collect();
        assert_eq!(table.len(), FILES.len(), "a path stands twice");
        assert!(table.keys().eq(folder.keys()), "{:?}\n{:?}", table.keys(), folder.keys());
        assert!(table == folder, "a file's bytes differ");
    }
}
