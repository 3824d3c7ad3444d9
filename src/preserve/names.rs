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
/// Systems take paths of 4096 bytes (`PATH_MAX`), of which the folder that is given takes some.
const LONGEST_PATH: usize = 2048;
/// What is kept of a longer path, before the fingerprint of its folders.
const KEPT_PATH: usize = 512;

/// Returns the path of a copy: bytes that are no text, act on a terminal or need quoting in a manifest are
/// written as `%NN`, and so is `%` itself, so that no two files share a copy.
pub(super) fn copied_name(path: &Path) -> PathBuf {
    let names = path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(safe(name)),
        _ => None,
    });
    let names: Vec<String> = names.collect();
    let length: usize = names.iter().map(|name| name.len() + 1).sum();
    if length <= LONGEST_PATH { names.iter().collect() } else { shortened(&names) }
}

/// Puts the fingerprint of the folders in the place of the inner ones: a path of nothing but `%NN` is three times as
/// long as it was, and may be longer than any that a system takes.
fn shortened(names: &[String]) -> PathBuf {
    let Some((last, folders)) = names.split_last() else { return PathBuf::new() };
    let mut length = 0;
    let outer = folders.iter().take_while(|name| {
        length += name.len() + 1;
        length <= KEPT_PATH
    });
    let mut path: PathBuf = outer.collect();
    path.push(format!("%~{}", digest(&folders.join("/"))));
    path.push(last);
    path
}

/// Returns what stands for a text that is too long.
fn digest(text: &str) -> String {
    let digest = hex(&Sha256::digest(text.as_bytes()));
    digest.get(..32).unwrap_or(&digest).to_owned()
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
    let end = (0..=KEPT).rev().find(|&at| safe.is_char_boundary(at)).unwrap_or_default();
    format!("{}%~{}", &safe[..end], digest(&safe))
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
    fn long_paths_stay_apart_and_keep_their_ends() {
        let path = |deep: usize, name: &str| {
            let folders = format!("{}x/", "\n".repeat(80)).repeat(deep);
            named(format!("var/log/{folders}{name}").as_bytes())
        };
        let (one, other, deeper) = (path(20, "full"), path(20, "messages"), path(21, "full"));
        for path in [&one, &other, &deeper] {
            assert!(path.len() <= LONGEST_PATH && path.starts_with("var/log/%0A%0A"), "{path}");
        }
        assert!(one.ends_with("/full") && one.trim_end_matches("full") == other.trim_end_matches("messages"));
        assert_ne!(one, deeper);
    }

    #[test]
    fn long_names_stay_apart() {
        let (one, two) = (named(&[[b'\n'; 200].as_slice(), b"1"].concat()), named(&[b'\n'; 201]));
        assert!(one.len() <= LONGEST && two.len() <= LONGEST && one != two);
    }
}
