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
    if has_hardware_address(name) {
        return Name::OfPhone;
    }
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending).to_ascii_lowercase();
    let is_algo = name.starts_with("algo") && ending == "conf";
    if ENDINGS.contains(&ending.as_str()) || is_algo { Name::Possible } else { Name::Other }
}

/// Returns whether a name holds twelve hexadecimal digits in a row, with or without separators.
fn has_hardware_address(name: &str) -> bool {
    let is_digit = |byte: &u8| byte.is_ascii_hexdigit();
    let bytes = name.as_bytes();
    // `cfg`, `spa` and `ata` end in letters that are digits too, so that a run may be longer in front.
    let runs = bytes.split(|byte| !is_digit(byte)).filter(|run| !run.is_empty());
    if runs.clone().any(|run| (12..=13).contains(&run.len())) {
        return true;
    }
    let separated = |separator: u8| {
        let pairs: Vec<usize> = bytes
            .split(|&byte| byte == separator || byte == b'.')
            .map(|part| if part.iter().all(is_digit) { part.len() } else { 0 })
            .collect();
        pairs.windows(6).any(|six| six.iter().all(|&length| length == 2))
    };
    separated(b'-') || separated(b'_')
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
        assert_eq!(judge("d41d8cd98f00b204e9800998ecf8427e.php"), Name::Other);
    }
}
