//! A filter's expressions, tried on lines as fail2ban tries them.
//!
//! Facts relied on (`server/filter.py`, `server/failregex.py`): the date is cut out of a line before anything is tried, the
//! brackets around it stay (`[] NOTICE...`); with a `prefregex` the expressions see only what its `F-CONTENT` holds;
//! they are searched anywhere in it; `ignoreregex` takes a match back. Python's language of expressions is not ours in
//! every point: what cannot be put into ours is counted, and a line that nothing else matches is then undecided.

use std::net::IpAddr;
use std::sync::LazyLock;

use fancy_regex::{Regex, RegexBuilder};

/// Steps that one match may take before it is given up.
const MOST_STEPS: usize = 100_000;
/// Expressions of one filter.
const MOST_EXPRESSIONS: usize = 200;
/// A compiled expression may take that many bytes.
const LARGEST: usize = 4 * 1024 * 1024;
/// Of a line that many bytes are tried.
const LONGEST_LINE: usize = 2_048;

/// What a filter makes of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// It counts it as a failure of this address; `None` where it caught a name instead of an address.
    Failure(Option<IpAddr>),
    /// It passes it over.
    Nothing,
    /// It holds an expression that cannot be tried here, and no other matches.
    Undecided,
}

/// A filter, compiled.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    prefix: Option<Regex>,
    failures: Vec<Regex>,
    ignored: Vec<Regex>,
    /// Expressions that cannot be tried here.
    pub untried: usize,
}

impl Filter {
    /// Returns how many expressions a line may be held against.
    pub fn expressions(&self) -> usize {
        self.failures.len() + self.ignored.len() + 1
    }
}

/// The dates that fail2ban finds in logs of phone systems, as they stand in a line's beginning.
static DATES: LazyLock<Option<regex::Regex>> = LazyLock::new(|| {
    let iso =
        r"\d{4}[-/.]\d{2}[-/.]\d{2}[ T]\d{2}:\d{2}:\d{2}(?:[.,]\d{1,6})?(?:\s?(?:Z|[+-]\d{2}:?\d{2})\b)?";
    let named = r"(?:[A-Z][a-z]{2} )?[A-Z][a-z]{2} {1,2}\d{1,2}(?: \d{4})? \d{2}:\d{2}:\d{2}(?:\.\d{1,6})?(?: \d{4}\b)?";
    let european = r"\d{2}/(?:\d{2}|[A-Z][a-z]{2})/\d{4}[: ]\d{2}:\d{2}:\d{2}(?: [+-]\d{4})?";
    let epoch = r"\b1\d{9}(?:\.\d{3,6})?\b";
    regex::Regex::new(&format!("{iso}|{named}|{european}|{epoch}")).ok()
});

/// A date that stands further back is no date of the line.
const LATEST_DATE: usize = 120;

/// Returns a line without its date, and whether it has one that fail2ban finds.
pub(super) fn without_date(line: &str) -> (String, bool) {
    let found =
        DATES.as_ref().and_then(|dates| dates.find(line)).filter(|found| found.start() <= LATEST_DATE);
    let Some(found) = found else { return (line.to_owned(), false) };
    let before = line.get(..found.start()).unwrap_or_default();
    let after = line.get(found.end()..).unwrap_or_default();
    (format!("{before}{after}"), true)
}

impl Filter {
    /// Compiles a filter's options; each line of `failures` and `ignored` is one expression.
    pub(super) fn new(prefix: &str, failures: &str, ignored: &str) -> Self {
        let mut filter = Filter::default();
        let mut compiled = |text: &str| -> Vec<Regex> {
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
            let all: Vec<Option<Regex>> = lines.take(MOST_EXPRESSIONS).map(compile).collect();
            filter.untried += all.iter().filter(|one| one.is_none()).count();
            all.into_iter().flatten().collect()
        };
        let prefixes = compiled(prefix);
        let (failures, ignored) = (compiled(failures), compiled(ignored));
        (filter.prefix, filter.failures, filter.ignored) = (prefixes.into_iter().next(), failures, ignored);
        filter
    }

    /// Returns whether there is nothing that could match.
    pub fn is_empty(&self) -> bool {
        self.failures.is_empty()
    }

    /// Tries the filter on a line of a log.
    pub fn hears(&self, line: &str) -> Heard {
        let end = (0..=LONGEST_LINE.min(line.len())).rev().find(|&end| line.is_char_boundary(end));
        let (text, _) = without_date(line.get(..end.unwrap_or(0)).unwrap_or_default().trim_end());
        let undecided = if self.untried > 0 { Heard::Undecided } else { Heard::Nothing };
        let content = match &self.prefix {
            None => text.as_str(),
            Some(prefix) => match prefix.captures(&text) {
                Ok(Some(found)) => match found.name("content") {
                    Some(content) => &text[content.range()],
                    None => text.as_str(),
                },
                Ok(None) => return undecided,
                Err(_) => return Heard::Undecided,
            },
        };
        for failure in &self.failures {
            match failure.captures(content) {
                Ok(Some(found)) => {
                    if self.ignored.iter().any(|ignored| ignored.is_match(content).unwrap_or(false)) {
                        return Heard::Nothing;
                    }
                    let caught = found.name("host").map(|host| host.as_str());
                    return Heard::Failure(
                        caught.and_then(|host| host.trim_matches(['[', ']']).parse().ok()),
                    );
                }
                Ok(None) => {}
                Err(_) => return Heard::Undecided,
            }
        }
        undecided
    }
}

fn compile(expression: &str) -> Option<Regex> {
    let ours = translated(expression)?;
    RegexBuilder::new(&ours).backtrack_limit(MOST_STEPS).delegate_size_limit(LARGEST).build().ok()
}

/// Puts an expression of Python's, with fail2ban's tags in it, into our language; `None` where it spans lines.
fn translated(expression: &str) -> Option<String> {
    if expression.contains("<SKIPLINES>") {
        return None;
    }
    Some(ours(&with_tags(expression)))
}

/// Puts expressions in for `<HOST>` and its like; `<F-NAME>...</F-NAME>` becomes a group.
fn with_tags(expression: &str) -> String {
    const ADDRESS: &str =
        r"\[?(?P<host>(?:::f{4,6}:)?(?:\d{1,3}\.){3}\d{1,3}|[0-9a-fA-F]{0,4}:[0-9a-fA-F:.]+)\]?";
    const HOST: &str =
        r"\[?(?P<host>(?:::f{4,6}:)?(?:\d{1,3}\.){3}\d{1,3}|[0-9a-fA-F]{0,4}:[0-9a-fA-F:.]+|[\w\-.^_]*\w)\]?";
    let mut out = String::new();
    let mut rest = expression;
    while let Some(open) = rest.find('<') {
        out.push_str(rest.get(..open).unwrap_or_default());
        let after = rest.get(open + 1..).unwrap_or_default();
        let tag = after.split_once('>').filter(|_| !opens_a_group(&out)).map(|(tag, _)| tag);
        let replaced = match tag {
            Some("HOST" | "F-HOST/" | "DNS" | "F-DNS/" | "SUBNET" | "F-ID/") => Some(HOST),
            Some("ADDR" | "IP4" | "IP6" | "F-ADDR/" | "F-IP4/" | "F-IP6/") => Some(ADDRESS),
            Some("CIDR") => Some(r"\d+"),
            Some("F-PORT/") => Some(r"\w+"),
            Some("F-CONTENT") => Some("(?P<content>"),
            Some("F-ID") => Some("(?P<host>"),
            Some(tag) if tag.starts_with("/F-") => Some(")"),
            Some(tag) if tag.starts_with("F-") => Some("(?:"),
            _ => None,
        };
        match (replaced, tag) {
            (Some(text), Some(tag)) => {
                out.push_str(text);
                rest = after.get(tag.len() + 1..).unwrap_or_default();
            }
            _ => {
                out.push('<');
                rest = after;
            }
        }
    }
    out + rest
}

/// Returns whether a `<` after this belongs to a group, as in `(?<name>` or `(?P<name>`; after `(?:a)?` or `\(?` it
/// does not.
fn opens_a_group(before: &str) -> bool {
    let before = before.strip_suffix("(?P").or(before.strip_suffix("(?"));
    before.is_some_and(|before| !before.ends_with('\\'))
}

/// Changes what the two languages write otherwise: `[` in a set, `\Z`, escapes of what needs none.
fn ours(expression: &str) -> String {
    let mut out = String::new();
    let mut letters = expression.chars().peekable();
    let mut in_set = false;
    let mut at_start_of_set = false;
    while let Some(letter) = letters.next() {
        let was_start = std::mem::take(&mut at_start_of_set);
        match letter {
            '\\' => match letters.next() {
                Some('Z') => out.push_str(r"\z"),
                Some(
                    escaped @ ('<' | '>' | ' ' | '"' | '\'' | '/' | ':' | '@' | '%' | ',' | '=' | ';' | '!'
                    | '_'),
                ) => {
                    out.push(escaped);
                }
                Some(escaped) => out.extend(['\\', escaped]),
                None => out.push_str(r"\\"),
            },
            '[' if in_set => out.push_str(r"\["),
            '[' => {
                out.push('[');
                in_set = true;
                if letters.next_if_eq(&'^').is_some() {
                    out.push('^');
                }
                at_start_of_set = true;
            }
            // The first in a set is itself.
            ']' if in_set && was_start => out.push_str(r"\]"),
            ']' => {
                in_set = false;
                out.push(']');
            }
            '&' | '~' if in_set => out.extend(['\\', letter]),
            letter => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "[2026-03-07 01:00:13] NOTICE[812] chan_sip.c: Registration from '<sip:22@pbx>' failed for '198.51.100.66:5071' - Wrong password";

    #[test]
    fn an_address_may_stand_after_what_may_be_left_out() {
        for expression in
            [r"from (?:udp:)?<HOST>", r"from \[?<HOST>", r"from \(?<HOST>", r"(?P<a>from) <HOST>"]
        {
            let filter = Filter::new("", expression, "");
            assert_eq!(
                filter.hears("from 192.0.2.1"),
                Heard::Failure("192.0.2.1".parse().ok()),
                "{expression}"
            );
        }
    }

    #[test]
    fn dates_are_cut_out_and_their_brackets_stay() {
        for (line, left) in [
            ("[2026-03-07 01:00:13] NOTICE[8] a", "[] NOTICE[8] a"),
            ("[Mar  7 01:00:13] NOTICE[8] a", "[] NOTICE[8] a"),
            ("Mar  7 01:00:13 pbx asterisk[8]: a", " pbx asterisk[8]: a"),
            ("2026-03-07T01:00:13.244+0100 a", " a"),
        ] {
            assert_eq!(without_date(line), (left.to_owned(), true));
        }
        assert_eq!(without_date("no date").0, "no date");
    }

    #[test]
    fn expressions_of_python_match_as_there() {
        let filter = Filter::new(
            "",
            r"^\[\] NOTICE\[\d+\] [^:]+: Registration from '[^']*' failed for '<HOST>(:\d+)?' - (?!Device)\w+ \w+$",
            "",
        );
        assert_eq!(filter.untried, 0);
        assert_eq!(filter.hears(LINE), Heard::Failure("198.51.100.66".parse().ok()));
        assert_eq!(filter.hears(&LINE.replace("Wrong password", "Device does not")), Heard::Nothing);
    }

    #[test]
    fn a_prefix_takes_the_content_out() {
        let prefix = r"^\[\]\s*NOTICE(?:\[[^[]+\]) \S+: <F-CONTENT>.+</F-CONTENT>$";
        let filter = Filter::new(prefix, "^Registration from '.*' failed for '<HOST>:\\d+' - Wrong", "");
        assert_eq!(filter.hears(LINE), Heard::Failure("198.51.100.66".parse().ok()));
        assert_eq!(filter.hears("[2026-03-07 01:00:13] ERROR[812] x: a"), Heard::Nothing);
        let ignoring = Filter::new(prefix, "^Registration .* '<HOST>:", "sip:22@");
        assert_eq!(ignoring.hears(LINE), Heard::Nothing);
    }

    #[test]
    fn what_cannot_be_tried_leaves_a_line_undecided() {
        let filter = Filter::new("", "^a<SKIPLINES>b <HOST>\n(?P<unclosed", "");
        assert_eq!((filter.untried, filter.hears(LINE)), (2, Heard::Undecided));
    }

    #[test]
    fn an_expression_that_never_ends_is_given_up() {
        let filter = Filter::new("", r"^(?=(a+)+\1b)<HOST>", "");
        let line = "a".repeat(2_000);
        assert_ne!(filter.hears(&line), Heard::Failure(None));
    }

    proptest::proptest! {
        #[test]
        fn any_expression_and_line_are_tried(expression in ".{0,40}", line in ".{0,60}") {
            Filter::new(&expression, &expression, "").hears(&line);
        }
    }
}
