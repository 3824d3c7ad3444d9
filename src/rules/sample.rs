//! The text of a sample: its line as often as it is wanted, each with a later time.
//!
//! In a line, `{year} {month} {day} {hh} {mm} {ss}` (digits), `{mon}` (`Mar`) and `{epoch}` stand for the time of
//! the repeat, which begins on a Monday at nine, and `{n}` for its number from 1 on. Nothing else in braces is
//! touched: logs are full of them.

use chrono::{DateTime, Utc};

use super::RuleError;
use super::span;
use super::written::Sample;

/// 2026-03-02 09:00:00 UTC, when a sample begins.
const BEGIN: i64 = 1_772_442_000;
/// Lines of one sample.
const MOST_REPEATS: u64 = 100_000;
/// Bytes of one sample.
const LONGEST: usize = 16 * 1024 * 1024;

/// Reads a file that a sample names, by its path beside the playbook.
pub type ReadFile<'a> = dyn Fn(&str) -> Result<Vec<u8>, String> + 'a;

impl Sample {
    /// Returns what is wrong with it, as far as that can be told without its file.
    pub fn mistake(&self) -> Option<RuleError> {
        self.text(&|_| Ok(Vec::new())).err()
    }

    /// Returns the records as they would stand in a file.
    pub fn text(&self, read_file: &ReadFile<'_>) -> Result<Vec<u8>, RuleError> {
        let whole = self.expect.span();
        match (&self.line, &self.file) {
            (Some(line), None) => self.lines(line.get_ref(), line.span()),
            (None, Some(file)) => {
                if let Some(repeat) = self.repeat.as_ref().map(toml::Spanned::span) {
                    return Err(RuleError::new(repeat, "a file is not repeated"));
                }
                read_file(file.get_ref()).map_err(|why| {
                    let name = file.get_ref();
                    RuleError::new(file.span(), format!("`{name}` cannot be read: {why}"))
                })
            }
            (Some(_), Some(file)) => {
                Err(RuleError::new(file.span(), "a sample has a line or a file, not both"))
            }
            (None, None) => {
                let error = RuleError::new(whole, "a sample without records");
                Err(error.hint("add `line = '''...'''` or `file = \"...\"`"))
            }
        }
    }

    fn lines(&self, line: &str, place: std::ops::Range<usize>) -> Result<Vec<u8>, RuleError> {
        let repeat = self.repeat.as_ref().map_or(1, |repeat| *repeat.get_ref());
        if let Some(wrong) = self.repeat.as_ref().filter(|_| !(1..=MOST_REPEATS).contains(&repeat)) {
            let error = RuleError::new(wrong.span(), format!("`repeat = {repeat}` cannot be done"));
            return Err(error.hint(format!("write a number from 1 to {MOST_REPEATS}")));
        }
        let every = match &self.every {
            None => 0,
            Some(text) => span::seconds(text.get_ref()).ok_or_else(|| {
                let error = RuleError::new(text.span(), format!("`{}` is no span of time", text.get_ref()));
                error.hint("write 3s, 5m or 1h")
            })?,
        };
        let line = line.strip_prefix('\n').unwrap_or(line);
        let mut bytes = Vec::new();
        for index in 0..repeat {
            let second = BEGIN.saturating_add(every.saturating_mul(index as i64));
            bytes.extend_from_slice(filled(line, index + 1, second).as_bytes());
            if !bytes.ends_with(b"\n") {
                bytes.push(b'\n');
            }
            if bytes.len() > LONGEST {
                return Err(RuleError::new(place, format!("the sample is longer than {LONGEST} bytes")));
            }
        }
        Ok(bytes)
    }
}

/// Puts the number and the time of a repeat into a line.
fn filled(line: &str, number: u64, second: i64) -> String {
    let at = DateTime::<Utc>::from_timestamp(second, 0).unwrap_or_default();
    let mut filled = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let form = after.split_once('}').and_then(|(word, after)| Some((form(word)?, after)));
        let Some((form, after)) = form else {
            filled.push('{');
            rest = after;
            continue;
        };
        match form {
            "" => filled.push_str(&number.to_string()),
            form => filled.push_str(&at.format(form).to_string()),
        }
        rest = after;
    }
    filled.push_str(rest);
    filled
}

/// Returns how chrono writes what a word stands for; nothing for the number of the repeat.
fn form(word: &str) -> Option<&'static str> {
    Some(match word {
        "year" => "%Y",
        "month" => "%m",
        "mon" => "%b",
        "day" => "%d",
        "hh" => "%H",
        "mm" => "%M",
        "ss" => "%S",
        "epoch" => "%s",
        "n" => "",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_words_are_filled_in() {
        let line = "{year}-{month}-{day} {hh}:{mm}:{ss} {mon} {epoch} {n} {\"a\":{}} {s {n}";
        let wanted = "2026-03-02 09:01:05 Mar 1772442065 3 {\"a\":{}} {s 3";
        assert_eq!(filled(line, 3, BEGIN + 65), wanted);
    }
}
