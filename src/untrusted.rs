//! Text that came from evidence, and the only ways it may be shown.
//!
//! Whoever sends a SIP packet writes into the log: user agents, caller names, Call-IDs and dialled
//! strings are an attacker's words. They reach an output only through that output's escaping. What
//! each output must be kept from:
//!
//! - a terminal obeys C0 and C1 controls; bidirectional and invisible characters make text read
//!   as something else than it is (Unicode TR 36);
//! - Markdown may carry HTML, and viewers turn bare addresses and `@names` into links, so only a
//!   code span, in which nothing is interpreted, is safe;
//! - spreadsheets run cells that begin with `=`, `+`, `-`, `@` or their full-width forms.

use std::fmt::Write as _;

use serde::Serialize;

/// Text from evidence. It has no `Display`; each output asks for its own form.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Untrusted(Box<str>);

impl Untrusted {
    /// Takes bytes as they stood in the evidence; bytes that are no UTF-8 become `\xNN`.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let mut text = String::with_capacity(bytes.len());
        for piece in bytes.utf8_chunks() {
            text.push_str(piece.valid());
            for byte in piece.invalid() {
                text.push_str(&format!("\\x{byte:02x}"));
            }
        }
        Untrusted(text.into())
    }

    /// Returns the text for comparing and parsing, never for showing.
    pub fn raw(&self) -> &str {
        &self.0
    }

    /// Returns the text for a terminal: one line, nothing that acts and nothing that hides.
    pub fn terminal(&self) -> String {
        visible(&self.0)
    }

    /// Returns the text for Markdown, as a code span that is safe in table cells as well.
    pub fn markdown(&self) -> String {
        code_span(&self.0)
    }

    /// Returns the text for a CSV cell, before the quoting that CSV itself needs.
    pub fn csv(&self) -> String {
        csv_cell(&self.0)
    }
}

impl From<&str> for Untrusted {
    fn from(text: &str) -> Self {
        Untrusted(text.into())
    }
}

impl Serialize for Untrusted {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// Returns whether a character acts on an output instead of standing in it, or cannot be seen.
pub fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
                | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
                | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

/// Returns `text` with every hidden character written out (`\x1b`, `\u{202e}`).
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            hidden if is_hidden(hidden) => push_escape(&mut shown, hidden),
            plain => shown.push(plain),
        }
    }
    shown
}

fn push_escape(shown: &mut String, character: char) {
    let code = u32::from(character);
    // Writing to a String cannot fail.
    let _ = if code < 0x80 { write!(shown, "\\x{code:02x}") } else { write!(shown, "\\u{{{code:x}}}") };
}

/// Returns `text` as a Markdown code span, in which nothing is interpreted.
///
/// A span ends at a run of as many backticks as it began with (CommonMark, 6.1): around single ones, as commands have
/// them, stand two. Longer runs, which three backticks would have to hold and nobody types, are written out. A pipe
/// would end the cell of a table around it: see [`markdown_cell`].
pub fn code_span(text: &str) -> String {
    let mut shown = visible(text);
    if shown.contains("``") {
        shown = shown.replace('`', "\\x60");
    }
    // Markdown takes a pair of backticks with nothing between for text.
    if shown.trim().is_empty() {
        return format!("`\"{shown}\"`");
    }
    // A backtick at an edge would lengthen the fence; one blank on both sides is taken off again.
    let is_ticked = shown.contains('`');
    let is_blank = shown.starts_with(' ') && shown.ends_with(' ');
    match (is_ticked, is_blank) {
        (true, _) => format!("`` {shown} ``"),
        (false, true) => format!("` {shown} `"),
        (false, false) => format!("`{shown}`"),
    }
}

/// Returns what was written as Markdown for a cell of a table: no pipe of it ends the cell, in code neither.
pub fn markdown_cell(markdown: &str) -> String {
    let mut cell = String::with_capacity(markdown.len() + 8);
    let mut is_escaped = false;
    for character in markdown.chars() {
        if character == '|' && !is_escaped {
            cell.push('\\');
        }
        is_escaped = character == '\\' && !is_escaped;
        cell.push(character);
    }
    // A backslash at the end would take the rule behind it for a sign.
    if is_escaped { format!("{cell} ") } else { cell }
}

/// Returns a sentence for Markdown: readable, without any markup, link or cell of its own.
pub fn markdown_sentence(text: &str) -> String {
    let mut line = String::with_capacity(text.len() + 8);
    push_markdown(&mut line, text);
    line
}

/// Adds a sentence, or a part of one, to a line of Markdown: what would be taken for markup is escaped, and nothing
/// else, so that commands and names can be read and copied.
pub fn push_markdown(line: &mut String, text: &str) {
    let shown = visible(text);
    // The mark of an empty cell would be escaped for nothing.
    if line.is_empty() && shown == "-" {
        line.push('-');
        return;
    }
    let mut characters = shown.chars().peekable();
    while let Some(character) = characters.next() {
        let after = characters.peek().copied();
        let at_start = line.bytes().all(|byte| byte.is_ascii_digit());
        if is_markup(line, character, after) || (at_start && opens_a_line(character, after)) {
            line.push('\\');
        }
        line.push(character);
    }
}

/// Returns whether a character acts where it stands, with `line` before it; what follows the text is not known.
fn is_markup(line: &str, character: char, after: Option<char>) -> bool {
    let before = line.chars().next_back();
    let is_within = |beside: Option<char>| beside.is_some_and(char::is_alphanumeric);
    match character {
        '\\' | '`' | '*' | '<' | '|' | '#' | '~' | '&' | '@' | '$' | '^' => true,
        // The end of a tag; an arrow ends none.
        '>' => before != Some('-'),
        // Within a word it stands for itself.
        '_' => !(is_within(before) && is_within(after)),
        // An image, a footnote, the box of a task.
        '[' => before.is_none_or(|before| before == '!' || before == '[') || after == Some('^'),
        // A link goes on, and a definition has a colon.
        ']' => matches!(after, Some('(' | '[' | ':' | ']') | None),
        // `http://` and `www.` become links by themselves.
        '/' => matches!(before, Some('/' | ':')) || (before.is_none() && after == Some('/')),
        '.' => line.get(line.len().saturating_sub(3)..).is_some_and(|end| end.eq_ignore_ascii_case("www")),
        _ => false,
    }
}

/// Returns whether a character, with nothing or only digits before it, begins a list, a quotation, a rule or the
/// underline of a heading.
fn opens_a_line(character: char, after: Option<char>) -> bool {
    let ends_mark = |after: Option<char>| after.is_none_or(char::is_whitespace);
    match character {
        '-' | '=' => after == Some(character) || ends_mark(after),
        '+' | '.' | ')' => ends_mark(after),
        '>' => true,
        _ => false,
    }
}

/// Returns `text` for a CSV cell; one that a spreadsheet would run gets an apostrophe before it.
///
/// A number in E.164 keeps its `+`: digits alone do nothing.
pub fn csv_cell(text: &str) -> String {
    let shown = visible(text);
    let runs = text.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']);
    if runs && !is_e164(text) { format!("'{shown}") } else { shown }
}

/// Returns whether `text` is `+` and the at most 15 digits that E.164 allows.
pub fn is_e164(text: &str) -> bool {
    text.strip_prefix('+')
        .is_some_and(|digits| (1..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn controls_are_written_out() {
        let text = Untrusted::from_bytes(b"a\x1b[31m\x07\n\x7f\xc2\x9b\xe2\x80\xae\xff");
        assert_eq!(text.terminal(), "a\\x1b[31m\\x07\\n\\x7f\\u{9b}\\u{202e}\\xff");
    }

    #[test]
    fn markdown_interprets_nothing() {
        let text = Untrusted::from("`<b>|[x](http://evil)@team");
        assert_eq!(text.markdown(), "`` `<b>|[x](http://evil)@team ``");
        assert_eq!(code_span("a ``b`` c"), "`a \\x60\\x60b\\x60\\x60 c`");
        assert_eq!(Untrusted::from("").markdown(), "`\"\"`");
        assert_eq!(markdown_sentence("1. see http://x, *now* a|b"), "1\\. see http:\\/\\/x, \\*now\\* a\\|b");
        assert_eq!(markdown_sentence("- <img>"), "\\- \\<img\\>");
        assert_eq!(markdown_sentence("> a [x](y) [x]: y ![z]"), "\\> a [x\\](y) [x\\]: y !\\[z\\]");
        assert_eq!(markdown_sentence("[x] _a_ WWW.evil"), "\\[x] \\_a\\_ WWW\\.evil");
        for plain in ["192.0.2.1 at -1", "outbound-allow.conf of [ext-local] in sip_additional.conf -> now."]
        {
            assert_eq!(markdown_sentence(plain), plain);
        }
        let mut line = "`now`".to_owned();
        push_markdown(&mut line, ". Then");
        assert_eq!(line, "`now`. Then");
    }

    #[test]
    fn spreadsheets_run_nothing() {
        for hostile in ["=1+1", "+1-1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1"] {
            assert!(csv_cell(hostile).starts_with('\''), "{hostile:?}");
        }
        assert_eq!(csv_cell("+447700900123"), "+447700900123");
        assert_eq!(csv_cell("+4477009001234567"), "'+4477009001234567");
        assert_eq!(csv_cell("00447700900123"), "00447700900123");
    }

    proptest! {
        #[test]
        fn no_output_acts(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in "\\PC*|[=+@-].*") {
            for text in [Untrusted::from_bytes(&bytes), Untrusted::from(text.as_str())] {
                for shown in [text.terminal(), text.markdown(), text.csv(), markdown_sentence(text.raw())] {
                    prop_assert!(!shown.chars().any(is_hidden));
                }
                let cell = text.csv();
                prop_assert!(is_e164(&cell) || !cell.starts_with(['=', '+', '-', '@']));
                let span = text.markdown();
                let fence = span.split(|character| character != '`').next().unwrap_or_default().len();
                let runs = span.split(|character| character != '`').map(str::len);
                prop_assert_eq!(runs.filter(|run| *run == fence).count(), 2, "{}", span);
                let cell = markdown_cell(&span);
                prop_assert_eq!(cell.replace("\\\\", "").replace("\\|", "").matches('|').count(), 0);
            }
        }
    }
}
