//! One line of the Asterisk configuration language, its comments cut.
//!
//! `[name](options)` begins a section, `#include` and its like are directives, all else is
//! `name = value`; `=>` means the same as `=`, and `+=` appends (`main/config.c`, `process_text_line`).

/// What one line says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Statement<'a> {
    /// `[name]`, or `[name](options)`.
    Section { name: &'a [u8], options: Vec<&'a [u8]> },
    /// `[` without `]`.
    UnclosedSection,
    /// `#include`, `#tryinclude`, `#exec`: the word in lower case, and the rest of the line.
    Directive { word: String, argument: &'a [u8] },
    /// `name = value` or `name += value`.
    Setting { name: &'a [u8], value: &'a [u8], appends: bool },
    /// Nothing that Asterisk understands.
    Other,
}

impl<'a> Statement<'a> {
    /// Reads a line without comments; `None` for a blank one.
    pub(super) fn read(line: &'a [u8]) -> Option<Self> {
        let line = strip(line);
        let first = line.first()?;
        Some(match first {
            b'[' => section(line),
            b'#' => directive(line),
            // A backslash takes the meaning from a `[` or `#` at the start of a line.
            b'\\' => setting(line.get(1..).unwrap_or_default()),
            _ => setting(line),
        })
    }
}

/// Takes blanks and control characters off both ends, as `ast_strip` does.
pub(super) fn strip(mut text: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = text
        && *first < 33
    {
        text = rest;
    }
    strip_end(text)
}

fn strip_end(mut text: &[u8]) -> &[u8] {
    while let [rest @ .., last] = text
        && *last < 33
    {
        text = rest;
    }
    text
}

fn section(line: &[u8]) -> Statement<'_> {
    let Some(end) = memchr::memchr(b']', line) else { return Statement::UnclosedSection };
    let name = line.get(1..end).unwrap_or_default();
    let after = line.get(end + 1..).unwrap_or_default();
    // Only a `(` directly behind the `]` counts; other text there is ignored.
    let options = match after.strip_prefix(b"(") {
        Some(list) => {
            let close = memchr::memchr(b')', list).unwrap_or(list.len());
            list.get(..close).unwrap_or_default().split(|&byte| byte == b',').map(strip).collect()
        }
        None => Vec::new(),
    };
    Statement::Section { name, options }
}

fn directive(line: &[u8]) -> Statement<'_> {
    let text = line.get(1..).unwrap_or_default();
    let end = text.iter().position(|&byte| byte < 33).unwrap_or(text.len());
    let (word, argument) = text.split_at(end);
    let word = String::from_utf8_lossy(word).to_ascii_lowercase();
    Statement::Directive { word, argument: unquote(strip(argument)) }
}

/// Takes `"` `"` or `<` `>` off a name.
fn unquote(text: &[u8]) -> &[u8] {
    let close = match text.first() {
        Some(b'"') => b'"',
        Some(b'<') => b'>',
        _ => return text,
    };
    let inner = text.get(1..).unwrap_or_default();
    let end = memchr::memrchr(close, inner).unwrap_or(inner.len());
    inner.get(..end).unwrap_or_default()
}

fn setting(line: &[u8]) -> Statement<'_> {
    let Some(at) = memchr::memchr(b'=', line) else { return Statement::Other };
    let (name, value) = line.split_at(at);
    let value = value.get(1..).unwrap_or_default();
    if let Some(name) = name.strip_suffix(b"+") {
        // Asterisk keeps the blank behind `+=`.
        return Statement::Setting { name: strip(name), value: strip_end(value), appends: true };
    }
    let value = value.strip_prefix(b">").unwrap_or(value);
    Statement::Setting { name: strip(name), value: strip(value), appends: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Option<Statement<'_>> {
        Statement::read(line.as_bytes())
    }

    #[test]
    fn sections_take_options_only_directly_behind_the_bracket() {
        let with = Statement::Section { name: b"a", options: vec![b"!", b"b"] };
        assert_eq!(read("[a](!, b)"), Some(with));
        assert_eq!(read("[a] (b)"), Some(Statement::Section { name: b"a", options: vec![] }));
        assert_eq!(read("[a"), Some(Statement::UnclosedSection));
    }

    #[test]
    fn settings_are_stripped_and_appending_keeps_the_blank() {
        let set = |name: &'static str, value: &'static str, appends| {
            Some(Statement::Setting { name: name.as_bytes(), value: value.as_bytes(), appends })
        };
        assert_eq!(read("a = b=c "), set("a", "b=c", false));
        assert_eq!(read("exten => 1,1,X"), set("exten", "1,1,X", false));
        assert_eq!(read("a += b"), set("a", " b", true));
        assert_eq!(read(r"\#a=b"), set("#a", "b", false));
        assert_eq!(read("  "), None);
    }

    #[test]
    fn directives_lose_quotes() {
        for written in ["#include a.conf", "#INCLUDE \"a.conf\"", "#include <a.conf>"] {
            let wanted = Statement::Directive { word: "include".into(), argument: b"a.conf" };
            assert_eq!(read(written), Some(wanted));
        }
    }
}
