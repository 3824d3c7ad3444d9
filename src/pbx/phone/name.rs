//! What a file's name says about its being a phone's.
//!
//! Most vendors put the phone's hardware address, twelve hexadecimal digits, into the name; copies end in
//! `.bak`, `.old`, `~` and the like.

use crate::pbx::directory::split;

/// What a name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    /// It holds a hardware address.
    OfPhone,
    /// Its ending is one that phone files have.
    Possible,
    /// No phone would ask for it.
    Other,
}

const COPIES: [&str; 9] = [".bak", ".old", ".orig", ".save", ".copy", ".1", ".2", ".dist", "~"];
const ENDINGS: [&str; 8] = ["cfg", "xml", "cnf", "htm", "html", "txt", "ini", "inf"];

/// Judges the name of a path.
pub(super) fn judge(path: &str) -> Name {
    let mut name = split(path).1;
    while let Some(shorter) = COPIES.iter().find_map(|ending| name.strip_suffix(ending)) {
        name = shorter;
    }
    // `{$mac}.cfg` and `$mac.cfg` are what a server makes phone files of.
    if name.contains(['$', '{']) {
        return Name::Other;
    }
    if hardware_address(name).is_some() {
        return Name::OfPhone;
    }
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending).to_ascii_lowercase();
    let is_algo = name.starts_with("algo") && ending == "conf";
    if ENDINGS.contains(&ending.as_str()) || is_algo { Name::Possible } else { Name::Other }
}

/// Returns the hardware address in a name, in lower case without separators.
///
/// Twelve hexadecimal digits in a row, with or without separators; `spa`, `ata` and `sca` end in a letter
/// that is a digit too, so that a run may be longer by one in front.
pub(super) fn hardware_address(name: &str) -> Option<String> {
    let bytes = name.as_bytes();
    if bytes.windows(36).any(is_identifier) {
        return None;
    }
    let runs = bytes.split(|byte| !byte.is_ascii_hexdigit());
    let whole = runs.filter(|run| (12..=13).contains(&run.len())).find_map(|run| run.get(run.len() - 12..));
    let separated = || {
        [b'-', b'_'].into_iter().find_map(|separator| {
            let parts: Vec<&[u8]> = bytes.split(|&byte| byte == separator || byte == b'.').collect();
            let is_pair = |part: &&[u8]| part.len() == 2 && part.iter().all(u8::is_ascii_hexdigit);
            parts.windows(6).find(|six| six.iter().all(is_pair)).map(<[&[u8]]>::concat)
        })
    };
    let digits = whole.map(<[u8]>::to_vec).or_else(separated)?;
    Some(String::from_utf8_lossy(&digits).to_ascii_lowercase())
}

/// Returns whether a text is a UUID, whose last part looks like a hardware address: calls are named so.
fn is_identifier(text: &[u8]) -> bool {
    text.iter().enumerate().all(|(at, byte)| match at {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hardware_addresses_are_seen() {
        for name in [
            "tftp/001565aabbcc.cfg",
            "SEP001122334455.cnf.xml",
            "spa000e08c4d1e2.xml",
            "snom720-000413A2F011.htm",
            "cfg000b82d7a902",
            "x/001565aabbcc.cfg.bak~",
        ] {
            assert_eq!(judge(name), Name::OfPhone, "{name}");
        }
        assert_eq!(judge("site.cfg"), Name::Possible);
        assert_eq!(judge("full"), Name::Other);
        assert_eq!(judge("a_0b8e5a4c-77d3-4c2f-9a35-001565aabbcc.cdr.xml"), Name::Possible);
        assert_eq!(judge("t46s/{$mac}.cfg"), Name::Other);
        assert_eq!(judge("d41d8cd98f00b204e9800998ecf8427e.php"), Name::Other);
    }
}
