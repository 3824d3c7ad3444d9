//! `module.sig` of FreePBX: the digests that a module's files had when it was signed.
//!
//! A clear-signed text whose section `[hashes]` has a line `PATH = SHA-256` for each file of the module. The
//! signature over it is not checked: whoever changes a page seldom signs it anew, and the key is not here.

use std::collections::BTreeMap;

/// Files of one module that are kept: the largest has some thousand.
const MOST_FILES: usize = 20_000;

/// What one signature says: the digest of each file, by its path below the module, and the line.
pub(super) type Signed = BTreeMap<String, ([u8; 32], u32)>;

/// Reads a signature; `None` where it lists nothing.
pub(super) fn read(text: &[u8]) -> Option<Signed> {
    let mut signed = Signed::new();
    let mut is_list = false;
    for (number, line) in text.split(|&byte| byte == b'\n').enumerate() {
        let line = String::from_utf8_lossy(line.trim_ascii());
        if line.starts_with('[') {
            is_list = line == "[hashes]";
        } else if line.starts_with("-----BEGIN PGP SIGNATURE") {
            break;
        } else if is_list
            && let Some((path, digest)) = line.rsplit_once(" = ")
            && let Some(digest) = digest_of(digest.trim_matches('"'))
            && signed.len() < MOST_FILES
        {
            let number = u32::try_from(number + 1).unwrap_or(u32::MAX);
            signed.insert(path.trim_matches('"').trim_start_matches("./").to_owned(), (digest, number));
        }
    }
    (!signed.is_empty()).then_some(signed)
}

fn digest_of(text: &str) -> Option<[u8; 32]> {
    let mut digest = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (at, byte) in digest.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(at * 2..at * 2 + 2)?, 16).ok()?;
    }
    Some(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_read_out_of_the_list_alone() {
        let digest = "2d44a09e435d6f5ea9735ba86181971983c0ad364f04b5280aaf4c43dcd7433c";
        let text = format!(
            "-----BEGIN PGP SIGNED MESSAGE-----\n[config]\nhash=sha256\na.php = {digest}\n[hashes]\n\
             Core.class.php = {digest}\nbad = 12\n;# End\n-----BEGIN PGP SIGNATURE-----\nx.php = {digest}\n"
        );
        let signed = read(text.as_bytes()).expect("a list");
        assert_eq!(signed.keys().collect::<Vec<_>>(), ["Core.class.php"]);
        assert_eq!(signed["Core.class.php"].1, 6);
        assert!(read(b"nothing").is_none());
    }
}
