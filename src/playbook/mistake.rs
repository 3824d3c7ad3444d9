//! What is wrong with a playbook, and where: file, line, the words themselves, and what to write instead.

use std::fmt::Write as _;
use std::ops::Range;

use crate::misspelt::nearest;
use crate::untrusted::visible;

/// What helps against text that is no TOML, by how the reader's words begin.
const SYNTAX: [(&str, &str); 5] = [
    ("duplicate key", "it stands above already: take one of them out"),
    ("key with no value", "write key = \"value\"; a remark begins with #"),
    (
        "invalid basic string",
        "end the text with the quote that it began with; text of several lines stands in '''",
    ),
    (
        "invalid literal string",
        "end the text with the quote that it began with; text of several lines stands in '''",
    ),
    ("unclosed array", "end the list with ]"),
];
const NO_TOML: &str = "it has to be TOML: key = \"value\", [[step]] before each step";

/// A mistake in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The bytes that hold it.
    pub span: Range<usize>,
    /// What is wrong, a fragment in lower case.
    pub message: String,
    /// What to write instead.
    pub hint: String,
    /// Does it keep the file from being used?
    pub is_error: bool,
}

impl Mistake {
    /// Builds one that keeps the file from being used.
    pub fn error(span: Range<usize>, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Mistake { span, message: message.into(), hint: hint.into(), is_error: true }
    }

    /// Builds one that somebody should look at.
    pub fn warning(span: Range<usize>, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Mistake { is_error: false, ..Mistake::error(span, message, hint) }
    }

    /// Says that a word is none of those that are known.
    pub fn unknown<'w>(
        span: Range<usize>,
        what: &str,
        word: &str,
        known: impl IntoIterator<Item = &'w str>,
        otherwise: &str,
    ) -> Self {
        let hint = match nearest(word, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => otherwise.to_owned(),
        };
        Mistake::error(span, format!("{what} `{word}` is not known"), hint)
    }

    /// Says what the reader of TOML says, in the words of playbooks.
    pub fn of_toml(error: &toml::de::Error, text: &str) -> Self {
        let span = error.span().unwrap_or(0..0);
        let told = error.message();
        let words: Vec<&str> = told.split('`').skip(1).step_by(2).collect();
        let (first, known) = words.split_first().map_or(("", &[][..]), |(first, known)| (*first, known));
        let listed = || format!("one of {}", known.join(", "));
        if told.starts_with("unknown field") {
            return Mistake::unknown(span, "the key", first, known.iter().copied(), &listed());
        }
        if told.starts_with("unknown variant") {
            return Mistake::unknown(span, "the word", first, known.iter().copied(), &listed());
        }
        if told.starts_with("missing field") {
            let hint = format!("add `{first} = ...` here");
            return Mistake::error(span, format!("the key `{first}` is missing"), hint);
        }
        if let Some(wanted) = told.strip_prefix("invalid type: ") {
            let is_quoted = text.get(span.clone()).is_some_and(|word| word.starts_with(['"', '\'']));
            let hint = if is_quoted && wanted.contains("expected i64") {
                "write the number without quotes"
            } else if wanted.starts_with("map, expected a sequence") {
                "put it in two pairs of brackets, as [[step]]: there may be several"
            } else if wanted.contains("expected a sequence") {
                "put it in brackets: key = [\"value\"]"
            } else {
                "see `tolltrace playbook show contain` and the built-in files (`playbook export`)"
            };
            return Mistake::error(span, format!("wrong kind of value: {wanted}"), hint);
        }
        let first = told.lines().next().unwrap_or_default();
        let known = SYNTAX.iter().find(|(begins, _)| first.starts_with(begins));
        let hint = known.map_or(NO_TOML, |(_, hint)| hint);
        Mistake::error(span, first.to_owned(), hint)
    }

    /// Shows it: the file and line, the line itself with the words marked, and the hint.
    pub fn show(&self, path: &str, text: &str) -> String {
        /// Longer lines are cut.
        const WIDEST: usize = 160;
        let at = self.span.start.min(text.len());
        let before = text.get(..at).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let start = before.rfind('\n').map_or(0, |end| end + 1);
        let whole = text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        let shown: String = visible(whole).chars().take(WIDEST).collect();
        let column = visible(text.get(start..at).unwrap_or_default()).chars().count();
        let marked = text.get(at..self.span.end.min(start + whole.len())).unwrap_or_default();
        let width = visible(marked).chars().count().clamp(1, WIDEST.saturating_sub(column).max(1));
        let number = line.to_string();
        let margin = " ".repeat(number.len());
        let kind = if self.is_error { "error" } else { "warning" };
        let mut shown_whole = String::new();
        // Writing into a string does not fail.
        let _ = write!(
            shown_whole,
            "{kind}: {}\n{margin}--> {}:{line}:{}\n{margin} |\n{number} | {shown}\n{margin} | {}{}\n{margin} = hint: {}\n",
            visible(&self.message),
            visible(path),
            column + 1,
            " ".repeat(column.min(WIDEST)),
            "^".repeat(width),
            visible(&self.hint),
        );
        shown_whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_pointed_at() {
        let text = "a = 1\nowner = \"pbxadmin\"\n";
        let mistake = Mistake::unknown(14..24, "the word", "pbxadmin", ["pbx-admin", "police"], "");
        assert_eq!(
            mistake.show("contain.toml", text),
            "error: the word `pbxadmin` is not known\n --> contain.toml:2:9\n  |\n2 | owner = \"pbxadmin\"\n  |         ^^^^^^^^^^\n  = hint: did you mean `pbx-admin`?\n"
        );
    }

    #[test]
    fn nothing_of_the_file_acts_on_the_terminal() {
        let text = "title = \"\u{1b}[2J\u{202e}\"";
        let shown = Mistake::error(8..text.len(), "\u{9b}", "\u{7}").show("a\u{1b}b", text);
        assert!(
            !shown.chars().any(|letter| letter != '\n' && crate::untrusted::is_hidden(letter)),
            "{shown:?}"
        );
        // Places beyond the end, and within a letter, are survived.
        Mistake::error(900..1_000, "m", "h").show("p", text);
        Mistake::error(12..13, "m", "h").show("p", "\u{202e}\u{202e}\u{202e}\u{202e}\u{202e}");
    }
}
