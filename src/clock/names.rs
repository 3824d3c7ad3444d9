//! Names of months.
//!
//! Asterisk's daemon mostly runs in the C locale, but `ast_strftime` follows the locale it is started
//! with, so Spanish, French, German, Italian and Portuguese names stand in real logs too.

/// Full names by month, lower case and without accents; every shorter form is a beginning of one.
const NAMES: [&[&[u8]]; 12] = [
    &[b"january", b"januar", b"janvier", b"janeiro", b"janner", b"jaenner", b"enero", b"gennaio"],
    &[b"february", b"februar", b"fevrier", b"fevereiro", b"febrero", b"febbraio"],
    &[b"march", b"marz", b"maerz", b"mrz", b"mars", b"marzo", b"marco"],
    &[b"april", b"avril", b"abril", b"aprile"],
    &[b"may", b"mai", b"mayo", b"maggio", b"maio"],
    &[b"june", b"juni", b"juin", b"junio", b"giugno", b"junho"],
    &[b"july", b"juli", b"juillet", b"julio", b"luglio", b"julho"],
    &[b"august", b"aout", b"agosto"],
    &[b"september", b"septembre", b"septiembre", b"settembre", b"setembro", b"setiembre"],
    &[b"october", b"oktober", b"octobre", b"octubre", b"ottobre", b"outubro"],
    &[b"november", b"novembre", b"noviembre", b"novembro"],
    &[b"december", b"dezember", b"decembre", b"diciembre", b"dicembre", b"dezembro"],
];

/// Longer than any name, in plain letters.
const LONGEST: usize = 12;

/// Reads a month's name at the start of `bytes`: the month, and how many bytes it takes.
pub(super) fn month(bytes: &[u8]) -> Option<(u8, usize)> {
    let first = *bytes.first_chunk::<3>()?;
    let ends_here = bytes.get(3).is_none_or(|&next| !is_letter(next));
    match english(first) {
        Some(month) if ends_here => Some((month, 3)),
        // `%b` may stand directly before other letters (`NovT`), so a longer word is tried first.
        short => word(bytes).or(short.map(|month| (month, 3))),
    }
}

/// Reads the three letters of the C locale, in any case.
pub(super) fn english(word: [u8; 3]) -> Option<u8> {
    Some(match word.map(|letter| letter | 0x20) {
        [b'j', b'a', b'n'] => 1,
        [b'f', b'e', b'b'] => 2,
        [b'm', b'a', b'r'] => 3,
        [b'a', b'p', b'r'] => 4,
        [b'm', b'a', b'y'] => 5,
        [b'j', b'u', b'n'] => 6,
        [b'j', b'u', b'l'] => 7,
        [b'a', b'u', b'g'] => 8,
        [b's', b'e', b'p'] => 9,
        [b'o', b'c', b't'] => 10,
        [b'n', b'o', b'v'] => 11,
        [b'd', b'e', b'c'] => 12,
        _ => return None,
    })
}

fn word(bytes: &[u8]) -> Option<(u8, usize)> {
    let length = letters(bytes);
    let mut plain = [0; LONGEST];
    let mut filled = 0;
    for &byte in bytes.get(..length)? {
        let letter = match byte {
            // The lead byte of these letters in UTF-8; what follows it maps to the letter.
            0xc3 => continue,
            b'A'..=b'Z' | b'a'..=b'z' => byte | 0x20,
            0xa9 | 0xe9 => b'e',
            0xbb | 0xfb => b'u',
            0xa4 | 0xe4 => b'a',
            0xa7 | 0xe7 => b'c',
            _ => return None,
        };
        *plain.get_mut(filled)? = letter;
        filled += 1;
    }
    let plain = plain.get(..filled).filter(|plain| plain.len() >= 3)?;
    let month = NAMES.iter().position(|names| names.iter().any(|name| name.starts_with(plain)))?;
    Some((month as u8 + 1, length))
}

/// Returns how many letters `bytes` begin with, of any language.
pub(super) fn letters(bytes: &[u8]) -> usize {
    bytes.iter().take(4 * LONGEST).take_while(|&&byte| is_letter(byte)).count()
}

fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte >= 0x80
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_five_languages_are_months() {
        for (text, expected) in [
            ("Nov 4", Some((11, 3))),
            ("November 4", Some((11, 8))),
            ("NovT", Some((11, 3))),
            ("ago 4", Some((8, 3))),
            ("févr. 4", Some((2, 5))),
            ("août 4", Some((8, 5))),
            ("Mär 4", Some((3, 4))),
            ("Mrz", Some((3, 3))),
            ("dic", Some((12, 3))),
            ("juil. 4", Some((7, 4))),
            ("giu", Some((6, 3))),
            ("set", Some((9, 3))),
            ("Tue", None),
            ("No", None),
        ] {
            assert_eq!(month(text.as_bytes()), expected, "{text}");
        }
        assert_eq!(month(b"d\xe9c 3"), Some((12, 3)));
    }
}
