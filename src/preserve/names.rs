//! Names of copies: those of the evidence, but for what could act on whoever lists them.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::manifest::hex;
use crate::untrusted::is_hidden;

/// Most file systems take names of so many bytes.
const LONGEST: usize = 255;
/// What is kept of a longer name, before its fingerprint.
const KEPT: usize = 200;

/// Returns the path of a copy: bytes that are no text, act on a terminal or need quoting in a manifest are
/// written as `%NN`, and so is `%` itself, so that no two files share a copy.
pub(super) fn copied_name(path: &Path) -> PathBuf {
    let names = path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(safe(name)),
        _ => None,
    });
    names.collect()
}

fn safe(name: &OsStr) -> String {
    let mut safe = String::new();
    let encode = |bytes: &[u8], safe: &mut String| {
        bytes.iter().for_each(|byte| safe.push_str(&format!("%{byte:02X}")));
    };
    for piece in name.as_bytes().utf8_chunks() {
        for character in piece.valid().chars() {
            if is_hidden(character) || matches!(character, '%' | '\\') {
                encode(character.encode_utf8(&mut [0; 4]).as_bytes(), &mut safe);
            } else {
                safe.push(character);
            }
        }
        encode(piece.invalid(), &mut safe);
    }
    if safe.len() <= LONGEST {
        return safe;
    }
    let digest = hex(&Sha256::digest(safe.as_bytes()).into());
    let end = (0..=KEPT).rev().find(|&at| safe.is_char_boundary(at)).unwrap_or_default();
    format!("{}%~{}", &safe[..end], &digest[..32])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(bytes: &[u8]) -> String {
        copied_name(Path::new(OsStr::from_bytes(bytes))).to_string_lossy().into_owned()
    }

    #[test]
    fn common_names_stay() {
        assert_eq!(
            named("var/log/asterisk/full-2026 été.gz".as_bytes()),
            "var/log/asterisk/full-2026 été.gz"
        );
    }

    #[test]
    fn names_that_act_are_written_out() {
        assert_eq!(named(b"a\x1b[2J\n/b\xff%c\\"), "a%1B[2J%0A/b%FF%25c%5C");
        assert_eq!(named("\u{202e}gpj".as_bytes()), "%E2%80%AEgpj");
    }

    #[test]
    fn long_names_stay_apart() {
        let (one, two) = (named(&[[b'\n'; 200].as_slice(), b"1"].concat()), named(&[b'\n'; 201]));
        assert!(one.len() <= LONGEST && two.len() <= LONGEST && one != two);
    }
}
