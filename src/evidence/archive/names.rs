//! Names of members, made harmless: they are the choice of whoever wrote the archive.

/// The longest name that is shown; a path of Linux is no longer.
const LONGEST: usize = 4_096;

/// A name as a path below the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) path: String,
    /// What is odd about it.
    pub(super) odd: Option<&'static str>,
}

/// Makes a name a path that stays below its archive; `None` where nothing is left of it.
///
/// A slash at the beginning is what `tar -P` leaves there, `./` what `tar -C / .` does.
pub(super) fn clean(name: &[u8]) -> Option<Name> {
    let mut odd = None;
    let text = String::from_utf8_lossy(name);
    // Some programs of Windows write zips with their own slash.
    let text = if text.contains('/') { text } else { text.replace('\\', "/").into() };
    let mut parts = Vec::new();
    for part in text.split('/') {
        match part {
            "" | "." => {}
            ".." => odd = Some("its name climbs out of the archive: the steps up were left out"),
            part => parts.push(part),
        }
    }
    let mut path = parts.join("/");
    if path.contains('\0') {
        odd = Some("its name holds a NUL");
        path = path.replace('\0', "\u{fffd}");
    }
    if path.len() > LONGEST {
        odd = Some("its name is longer than any path may be: it is shown cut");
        let end = (0..=LONGEST).rev().find(|&end| path.is_char_boundary(end)).unwrap_or(0);
        path.truncate(end);
    }
    (!path.is_empty()).then_some(Name { path, odd })
}

/// Returns the target of a hard link, which is told from the top of the archive, as a symbolic link at
/// `link` would tell it.
pub(super) fn relative_target(link: &str, target: &str) -> String {
    format!("{}{target}", "../".repeat(link.matches('/').count()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_below_their_archive() {
        for (name, path, is_odd) in [
            (b"etc/passwd".as_slice(), Some("etc/passwd"), false),
            (b"./etc//passwd", Some("etc/passwd"), false),
            (b"/etc/passwd", Some("etc/passwd"), false),
            (b"../../etc/passwd", Some("etc/passwd"), true),
            (b"a/../b", Some("a/b"), true),
            (b"etc\\asterisk\\sip.conf", Some("etc/asterisk/sip.conf"), false),
            (b"a/b\\c", Some("a/b\\c"), false),
            (b"a\0b", Some("a\u{fffd}b"), true),
            (b"[root]/etc", Some("[root]/etc"), false),
            (b"..", None, false),
            (b"./", None, false),
            (b"", None, false),
        ] {
            let cleaned = clean(name);
            assert_eq!(cleaned.as_ref().map(|name| name.path.as_str()), path, "{name:?}");
            assert_eq!(cleaned.is_some_and(|name| name.odd.is_some()), is_odd, "{name:?}");
        }
        let long = clean("ä".repeat(5_000).as_bytes()).expect("a name");
        assert!(long.path.len() <= LONGEST && long.odd.is_some());
    }
}
