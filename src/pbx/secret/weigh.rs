//! What a guesser would make of a secret: its weaknesses, and how many tries find it.

use std::collections::BTreeSet;

use super::weakness::Weakness;
use super::words;

/// Below this a secret is guessed within hours by the tools that scan for SIP servers.
const SHORTEST_FAIR: usize = 8;
/// Voicemail takes one try in several seconds and hangs up after three: four digits are what all have.
const SHORTEST_PIN: usize = 4;
/// Years that somebody was born in, married in, or set the secret in.
const YEARS: std::ops::RangeInclusive<u32> = 1930..=2039;

/// Returns what is wrong with the secret of something that bears one or more names.
pub(super) fn weaknesses(text: &str, names: &[&str]) -> BTreeSet<Weakness> {
    let mut found = BTreeSet::new();
    if text.is_empty() {
        found.insert(Weakness::Empty);
        return found;
    }
    let mut note = |weakness, holds: bool| {
        if holds {
            found.insert(weakness);
        }
    };
    note(Weakness::Shipped, words::is_shipped(text));
    note(Weakness::Common, words::is_common(text));
    note(Weakness::Short, text.chars().count() < SHORTEST_FAIR);
    note(Weakness::DigitsOnly, is_digits(text));
    note(Weakness::Word, is_word_with_number(text));
    add_of_any(text, names, &mut found);
    found
}

/// Returns what is wrong with a PIN that is typed on a telephone.
pub(super) fn weaknesses_of_pin(text: &str, names: &[&str]) -> BTreeSet<Weakness> {
    let mut found = BTreeSet::new();
    if text.is_empty() {
        found.insert(Weakness::Empty);
        return found;
    }
    if words::is_common_pin(text) {
        found.insert(Weakness::Common);
    }
    if text.chars().count() < SHORTEST_PIN {
        found.insert(Weakness::Short);
    }
    add_of_any(text, names, &mut found);
    found
}

/// Adds what is as bad in a PIN as in a password.
fn add_of_any(text: &str, names: &[&str], found: &mut BTreeSet<Weakness>) {
    let lower = text.to_lowercase();
    for name in names.iter().filter(|name| !name.is_empty()).map(|name| name.to_lowercase()) {
        let backwards: String = name.chars().rev().collect();
        // A long random secret may hold a three-digit name by chance: what is left must be short.
        let is_around =
            |name: &str| name.len() >= 2 && lower.contains(name) && lower.len() - name.len() < SHORTEST_FAIR;
        if lower == name {
            found.insert(Weakness::EqualsName);
        } else if lower == backwards {
            found.insert(Weakness::Reversed);
        } else if is_around(&name) || (name.len() >= 3 && is_around(&backwards)) {
            found.insert(Weakness::Variation);
        }
    }
    let bytes = lower.as_bytes();
    if has_little_but(bytes, is_counted) || is_repeated(bytes) {
        found.insert(Weakness::Sequence);
    } else if has_little_but(bytes, |keys| is_counted(keys) || is_on_a_row(keys)) {
        found.insert(Weakness::KeyboardRun);
    }
    if is_date(text) {
        found.insert(Weakness::Date);
    }
}

/// Returns how many tries find a secret at most, by the shortest of the ways that its weaknesses open.
pub(super) fn tries(
    text: &str,
    names: &[&str],
    weaknesses: &BTreeSet<Weakness>,
    is_pin: bool,
) -> Option<f64> {
    let length = text.chars().count();
    let left = names
        .iter()
        .filter(|name| !name.is_empty() && text.to_lowercase().contains(&name.to_lowercase()))
        .map(|name| length.saturating_sub(name.chars().count()))
        .min();
    let of = |weakness: Weakness| {
        Some(match weakness {
            Weakness::Empty => 0.0,
            Weakness::EqualsName => 1.0,
            Weakness::Reversed => 10.0,
            Weakness::Shipped | Weakness::Common if is_pin => words::pin_count() as f64,
            Weakness::Shipped | Weakness::Common | Weakness::UnsaltedHash => words::count() as f64,
            // What stands around the name, at either end.
            Weakness::Variation => {
                let around = left.unwrap_or(2).min(length);
                2.0 * alphabet(text).powi(i32::try_from(around).unwrap_or(i32::MAX))
            }
            // Rows and orders of ten keys, of every length, from every key.
            Weakness::Sequence | Weakness::KeyboardRun => 10_000.0,
            // A hundred years of days, in six ways to write them.
            Weakness::Date => 6.0 * 366.0 * 100.0,
            // Fifty thousand words in two cases, a number, seven marks.
            Weakness::Word => {
                let has_mark = !text.bytes().all(|byte| byte.is_ascii_alphanumeric());
                100_000.0 * numbers_like(text) * if has_mark { 7.0 } else { 1.0 }
            }
            Weakness::DigitsOnly | Weakness::Short | Weakness::EqualsPin => {
                alphabet(text).powi(i32::try_from(length).unwrap_or(i32::MAX))
            }
            Weakness::Shared | Weakness::OldOneKept | Weakness::StillInForce => return None,
        })
    };
    weaknesses.iter().filter_map(|weakness| of(*weakness)).reduce(f64::min)
}

/// Returns how many numbers are tried behind a word before the one that this text has: years first.
fn numbers_like(text: &str) -> f64 {
    let number: String = text.chars().filter(char::is_ascii_digit).collect();
    match number.parse::<u32>() {
        Ok(year) if YEARS.contains(&year) => 110.0,
        _ => 10_f64.powi(number.len().min(4) as i32),
    }
}

/// Returns how many signs a guesser tries at each place of a text like this.
fn alphabet(text: &str) -> f64 {
    let has = |test: fn(&u8) -> bool| text.as_bytes().iter().any(test);
    let classes = [
        (has(u8::is_ascii_digit), 10.0),
        (has(u8::is_ascii_lowercase), 26.0),
        (has(u8::is_ascii_uppercase), 26.0),
        (has(|byte| !byte.is_ascii_alphanumeric()), 32.0),
    ];
    let size: f64 = classes.iter().filter(|(is_there, _)| *is_there).map(|(_, size)| size).sum();
    size.max(1.0)
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Returns whether less than four characters, and less than a quarter, are left once runs of three and more are
/// taken out.
fn has_little_but(text: &[u8], is_run: impl Fn([u8; 3]) -> bool) -> bool {
    let mut in_run = vec![false; text.len()];
    for (at, three) in text.windows(3).enumerate() {
        if let [first, second, third] = *three
            && is_run([first, second, third])
        {
            in_run.iter_mut().skip(at).take(3).for_each(|marked| *marked = true);
        }
    }
    let left = in_run.iter().filter(|marked| !**marked).count();
    left < 4 && left * 4 < text.len()
}

/// Returns whether three characters count up or down, or are the same.
fn is_counted([first, second, third]: [u8; 3]) -> bool {
    let step = |from: u8, to: u8| i16::from(to) - i16::from(from);
    let is_after_nine =
        (first, second, third) == (b'8', b'9', b'0') || (first, second, third) == (b'0', b'9', b'8');
    is_after_nine || (step(first, second) == step(second, third) && step(first, second).abs() <= 1)
}

/// Returns whether three keys lie side by side, or below each other.
fn is_on_a_row([first, second, third]: [u8; 3]) -> bool {
    const ROWS: [&[u8]; 18] = [
        b"1234567890",
        b"qwertyuiop",
        b"asdfghjkl",
        b"zxcvbnm",
        b"qwertzuiop",
        b"yxcvbnm",
        b"azertyuiop",
        b"qsdfghjklm",
        b"1qaz",
        b"2wsx",
        b"3edc",
        b"4rfv",
        b"5tgb",
        b"6yhn",
        b"7ujm",
        // The three columns of a telephone.
        b"147",
        b"2580",
        b"369",
    ];
    ROWS.iter().any(|row| {
        row.windows(3).any(|keys| keys == [first, second, third] || keys == [third, second, first])
    })
}

/// Returns whether a text is one to three characters over and over, or each of several twice.
fn is_repeated(text: &[u8]) -> bool {
    let is_block = |length: usize| {
        text.len() >= length * 2
            && text.len() >= 4
            && text.iter().zip(text.iter().skip(length)).all(|(one, next)| one == next)
    };
    let are_pairs = text.len() >= 6
        && text.len().is_multiple_of(2)
        && text.chunks(2).all(|pair| pair.first() == pair.last())
        && text.chunks(2).filter_map(<[u8]>::first).collect::<BTreeSet<_>>().len() <= 3;
    (1..=3).any(is_block) || are_pairs
}

/// Returns whether a text is a year, or a day in one of the usual forms.
fn is_date(text: &str) -> bool {
    let digits: String = text.chars().filter(|letter| !matches!(letter, '-' | '/' | '.' | '_')).collect();
    let separators = text.len() - digits.len();
    if !is_digits(&digits) || separators > 2 {
        return false;
    }
    let part =
        |from: usize, to: usize| digits.get(from..to).and_then(|part| part.parse::<u32>().ok()).unwrap_or(0);
    let is_day = |day: u32, month: u32| (1..=31).contains(&day) && (1..=12).contains(&month);
    let either = |one: u32, other: u32| is_day(one, other) || is_day(other, one);
    match digits.len() {
        4 => separators == 0 && YEARS.contains(&part(0, 4)),
        6 => either(part(0, 2), part(2, 4)) || is_day(part(4, 6), part(2, 4)),
        8 => {
            (YEARS.contains(&part(4, 8)) && either(part(0, 2), part(2, 4)))
                || (YEARS.contains(&part(0, 4)) && either(part(4, 6), part(6, 8)))
        }
        _ => false,
    }
}

/// Returns whether a short text is a word that can be spoken, with up to four digits and a mark behind it.
fn is_word_with_number(text: &str) -> bool {
    const LONGEST: usize = 15;
    let text = text.strip_suffix(['!', '.', '*', '#', '$', '@', '?']).unwrap_or(text);
    let word = text.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let rest = word.strip_prefix(|first: char| first.is_ascii_uppercase()).unwrap_or(word);
    let one_case = rest.bytes().all(|byte| byte.is_ascii_lowercase())
        || word.bytes().all(|byte| byte.is_ascii_uppercase());
    let is_vowel = |byte: u8| matches!(byte.to_ascii_lowercase(), b'a' | b'e' | b'i' | b'o' | b'u' | b'y');
    let longest_without_vowel = word.bytes().fold((0, 0), |(longest, now), byte| {
        let now = if is_vowel(byte) { 0 } else { now + 1 };
        (now.max(longest), now)
    });
    one_case
        && word.len() >= 4
        && text.len() <= LONGEST
        && text.len() - word.len() <= 4
        && word.bytes().any(is_vowel)
        && longest_without_vowel.0 <= 4
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, names: &[&str]) -> Vec<Weakness> {
        weaknesses(text, names).into_iter().collect()
    }

    #[test]
    fn each_weakness_is_seen() {
        use Weakness::{
            Common, Date, DigitsOnly, Empty, EqualsName, KeyboardRun, Reversed, Sequence, Shipped, Short,
            Variation, Word,
        };
        for (text, name, wanted) in [
            ("", "1001", vec![Empty]),
            ("1001", "1001", vec![EqualsName, Common, DigitsOnly, Short]),
            ("7432", "2347", vec![Reversed, DigitsOnly, Short]),
            ("amp111", "admin", vec![Shipped, Short]),
            ("Password1", "301", vec![Common, Word]),
            ("x301x!Q", "301", vec![Variation, Short]),
            ("103301", "301", vec![Variation, DigitsOnly, Short]),
            ("23456789", "301", vec![Sequence, DigitsOnly]),
            ("k7k7k7k7k7", "301", vec![Sequence]),
            ("aabbaacc", "301", vec![Sequence, Word]),
            ("lkjhgfdsa", "301", vec![KeyboardRun]),
            ("3edc4rfv5tgb", "301", vec![KeyboardRun]),
            ("17-08-1974", "301", vec![Date]),
            ("19740817", "301", vec![Date, DigitsOnly]),
            ("83920175", "301", vec![DigitsOnly]),
            ("Verano2019!", "301", vec![Word]),
            ("kT9vwQ2", "301", vec![Short]),
            ("SXJZwVVjPnWPGjFd", "301", vec![]),
            ("k6be1679fQ9zP301!", "301", vec![]),
            ("d41d8cd98f00b204e9800998ecf8427e", "301", vec![]),
        ] {
            let mut wanted = wanted;
            wanted.sort();
            assert_eq!(of(text, &[name]), wanted, "{text}");
        }
    }

    #[test]
    fn pins_are_weighed_as_pins() {
        let of = |text: &str| weaknesses_of_pin(text, &["301"]).into_iter().collect::<Vec<_>>();
        assert_eq!(of("301"), [Weakness::EqualsName, Weakness::Short]);
        assert_eq!(of("2580"), [Weakness::Common, Weakness::KeyboardRun]);
        assert_eq!(of("1987"), [Weakness::Date]);
        assert_eq!(of("7294"), []);
        assert_eq!(of("729418"), []);
        assert_eq!(of(""), [Weakness::Empty]);
    }

    #[test]
    fn the_shortest_way_counts() {
        let tries_of = |text: &str| tries(text, &["301"], &weaknesses(text, &["301"]), false);
        assert_eq!(tries_of(""), Some(0.0));
        assert_eq!(tries_of("301"), Some(1.0));
        assert_eq!(tries_of("839201"), Some(1_000_000.0));
        assert_eq!(tries_of("301x"), Some(2.0 * 36.0));
        assert_eq!(tries_of("SXJZwVVjPnWPGjFd"), None);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_weighed(text in ".{0,40}", name in ".{0,8}") {
            let found = weaknesses(&text, &[&name]);
            let _ = tries(&text, &[&name], &found, false);
            let found = weaknesses_of_pin(&text, &[&name]);
            let _ = tries(&text, &[&name], &found, true);
        }
    }
}
