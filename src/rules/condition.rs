//! What must hold of one field of a record, ready to be tried on millions of them.
//!
//! Texts are compared without regard to the case of letters, as log writers have none of their own. Expressions
//! are those of the `regex` crate, which needs time in proportion to the text and no more.

use std::net::IpAddr;
use std::ops::Range;

use ipnet::IpNet;
use regex::bytes::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};

use super::RuleError;
use super::fields::{Field, FieldKind, Record, Value};
use super::span::Hours;
use super::words;
use super::written::{self, OneOrMore};

/// Bytes that the expressions of one key may take up when they are made ready, and what matching them keeps in
/// each thread.
const LARGEST_REGEX: usize = 1 << 20;
const LARGEST_CACHE: usize = 1 << 18;

/// One thing that must hold of one field.
#[derive(Clone, Debug)]
pub(super) struct Condition {
    field: &'static Field,
    test: Test,
    is_not: bool,
}

#[derive(Clone, Debug)]
enum Test {
    Told(bool),
    Above(u64),
    Below(u64),
    Numbers(Vec<u64>),
    Addresses(Vec<IpAddr>),
    Networks(Vec<IpNet>),
    Outside(Hours),
    Words(Vec<String>),
    Fits(RegexSet),
}

impl Test {
    /// Returns how dear it is: what is cheap is tried first.
    fn cost(&self) -> u8 {
        match self {
            Test::Told(_) | Test::Above(_) | Test::Below(_) | Test::Numbers(_) => 0,
            Test::Words(_) | Test::Addresses(_) | Test::Networks(_) => 1,
            Test::Outside(_) => 2,
            Test::Fits(_) => 3,
        }
    }
}

impl Condition {
    /// Returns how dear it is.
    pub(super) fn cost(&self) -> u8 {
        self.test.cost()
    }

    /// Returns the actions that it leaves, if it is about them.
    pub(super) fn actions(&self) -> Option<&[String]> {
        match &self.test {
            Test::Words(words) if self.field.is_action() && !self.is_not => Some(words),
            _ => None,
        }
    }

    /// Returns the parts of the server that it leaves, if it is about them.
    pub(super) fn services(&self) -> Option<&[String]> {
        match &self.test {
            Test::Words(words) if self.field.is_service() && !self.is_not => Some(words),
            _ => None,
        }
    }

    /// Returns whether it holds of a record.
    pub(super) fn holds(&self, record: &Record<'_>) -> bool {
        let value = record.value(self.field);
        if let Test::Told(wanted) = self.test {
            return value.is_some() == wanted;
        }
        value.is_some_and(|value| self.fits(value) != self.is_not)
    }

    fn fits(&self, value: Value<'_>) -> bool {
        match (&self.test, value) {
            (Test::Above(least), Value::Number(number)) => number > *least,
            (Test::Below(most), Value::Number(number)) => number < *most,
            (Test::Numbers(numbers), Value::Number(number)) => numbers.contains(&number),
            (Test::Addresses(addresses), Value::Address(address)) => addresses.contains(&address),
            (Test::Networks(networks), Value::Address(address)) => {
                networks.iter().any(|network| network.contains(&address))
            }
            (Test::Outside(hours), Value::Second(second)) => !hours.holds(second),
            (Test::Words(words), Value::Text(text)) => {
                words.iter().any(|word| word.as_bytes().eq_ignore_ascii_case(text))
            }
            (Test::Fits(all), Value::Text(text)) => all.is_match(text),
            _ => false,
        }
    }
}

/// One key of a condition as it is written.
struct Key<'w> {
    word: &'static str,
    values: &'w [String],
    span: Range<usize>,
}

/// Makes the conditions ready that one entry of `where` stands for; each of its keys is one.
pub(super) fn conditions(
    written: &written::Condition,
    span: Range<usize>,
    field: &'static Field,
    errors: &mut Vec<RuleError>,
) -> Vec<Condition> {
    let mut all = Vec::new();
    for key in keys(written) {
        let (operator, is_not) = match key.word.strip_prefix("not_") {
            Some(operator) => (operator, true),
            None => (key.word, false),
        };
        match allowed(field, &key).and_then(|()| test(field, operator, &key)) {
            Ok(test) => all.push(Condition { field, test, is_not }),
            Err(error) => errors.push(error),
        }
    }
    let numbers = [(&written.above, "above"), (&written.below, "below")];
    for (number, word) in numbers {
        let Some(number) = number else { continue };
        let key = Key { word, values: &[], span: number.span() };
        match allowed(field, &key) {
            Ok(()) if word == "above" => {
                all.push(Condition { field, test: Test::Above(*number.get_ref()), is_not: false });
            }
            Ok(()) => all.push(Condition { field, test: Test::Below(*number.get_ref()), is_not: false }),
            Err(error) => errors.push(error),
        }
    }
    if let Some(hours) = &written.outside_hours {
        let key = Key { word: "outside_hours", values: &[], span: hours.span() };
        match allowed(field, &key).and_then(|()| outside(hours.get_ref(), &key)) {
            Ok(test) => all.push(Condition { field, test, is_not: false }),
            Err(error) => errors.push(error),
        }
    }
    if let Some(told) = written.told {
        all.push(Condition { field, test: Test::Told(told), is_not: false });
    } else if all.is_empty() && errors.is_empty() {
        let error = RuleError::new(span, format!("nothing is said of `{}`", field.word));
        errors.push(error.hint(format!("add one of {}", field.kind.operators().join(", "))));
    }
    all
}

fn keys(written: &written::Condition) -> Vec<Key<'_>> {
    let all = [
        ("eq", &written.eq),
        ("any", &written.any),
        ("contains", &written.contains),
        ("starts", &written.starts),
        ("ends", &written.ends),
        ("regex", &written.regex),
        ("cidr", &written.cidr),
        ("not_eq", &written.not_eq),
        ("not_any", &written.not_any),
        ("not_contains", &written.not_contains),
        ("not_starts", &written.not_starts),
        ("not_ends", &written.not_ends),
        ("not_regex", &written.not_regex),
        ("not_cidr", &written.not_cidr),
    ];
    let is_there = |(word, given): (&'static str, &'_ Option<toml::Spanned<OneOrMore>>)| {
        let given = given.as_ref()?;
        Some((word, given.span()))
    };
    all.into_iter()
        .filter_map(|(word, given)| {
            let (word, span) = is_there((word, given))?;
            Some(Key { word, values: &given.as_ref()?.get_ref().0, span })
        })
        .collect()
}

fn allowed(field: &Field, key: &Key<'_>) -> Result<(), RuleError> {
    if field.kind.operators().contains(&key.word) {
        return Ok(());
    }
    let kind = field.kind.word();
    let error =
        RuleError::new(key.span.clone(), format!("`{}` cannot be asked of `{}`", key.word, field.word));
    let operators = field.kind.operators().join(", ");
    Err(error.hint(format!("`{}` is of kind {kind}, which takes {operators}", field.word)))
}

fn outside(text: &str, key: &Key<'_>) -> Result<Test, RuleError> {
    let hours = Hours::from_text(text);
    hours.map(Test::Outside).ok_or_else(|| {
        let error = RuleError::new(key.span.clone(), format!("`{text}` are no hours of the day"));
        error.hint("write them as 07:00-19:00, or 22:00-06:00 over midnight")
    })
}

fn test(field: &Field, operator: &str, key: &Key<'_>) -> Result<Test, RuleError> {
    if key.values.is_empty() || key.values.iter().any(String::is_empty) {
        let error = RuleError::new(key.span.clone(), format!("`{}` is given nothing to look for", key.word));
        return Err(error.hint("an empty text stands in every text"));
    }
    let each = || key.values.iter();
    match (operator, field.kind) {
        ("cidr", _) => each().map(|text| network(text, key)).collect::<Result<_, _>>().map(Test::Networks),
        ("eq" | "any", FieldKind::Address) => {
            each().map(|text| address(text, key)).collect::<Result<_, _>>().map(Test::Addresses)
        }
        ("eq" | "any", FieldKind::Number) => {
            each().map(|text| number(text, key)).collect::<Result<_, _>>().map(Test::Numbers)
        }
        ("eq" | "any", FieldKind::Word) => {
            each().map(|text| word(text, field, key)).collect::<Result<_, _>>().map(Test::Words)
        }
        ("eq" | "any", _) => Ok(Test::Words(key.values.to_vec())),
        _ => expressions(operator, key),
    }
}

fn word(text: &str, field: &Field, key: &Key<'_>) -> Result<String, RuleError> {
    let known = words::of(field);
    match known.iter().find(|known| known.eq_ignore_ascii_case(text)) {
        Some(known) => Ok((*known).to_owned()),
        None => Err(RuleError::unknown(key.span.clone(), field.word, text, known)),
    }
}

fn address(text: &str, key: &Key<'_>) -> Result<IpAddr, RuleError> {
    text.parse::<IpAddr>().map(|address| address.to_canonical()).map_err(|_| {
        let error = RuleError::new(key.span.clone(), format!("`{text}` is no address"));
        error.hint("write 203.0.113.5 or 2001:db8::5; a network is asked for with cidr")
    })
}

fn number(text: &str, key: &Key<'_>) -> Result<u64, RuleError> {
    let wrong = || RuleError::new(key.span.clone(), format!("`{text}` is no whole number"));
    text.parse().map_err(|_| wrong())
}

fn network(text: &str, key: &Key<'_>) -> Result<IpNet, RuleError> {
    let single = || text.parse::<IpAddr>().ok().map(IpNet::from);
    let Some(network) = text.parse::<IpNet>().ok().or_else(single) else {
        let error = RuleError::new(key.span.clone(), format!("`{text}` is no network"));
        return Err(error.hint("write 198.51.100.0/24 or 2001:db8::/32"));
    };
    if network.prefix_len() == 0 {
        let error = RuleError::new(key.span.clone(), format!("`{text}` holds every address"));
        return Err(error.hint("leave it out, or ask for `told = true`"));
    }
    Ok(network)
}

/// Makes expressions ready; `contains`, `starts` and `ends` are expressions of their text alone.
fn expressions(operator: &str, key: &Key<'_>) -> Result<Test, RuleError> {
    let pattern = |text: &String| match operator {
        "contains" => regex::escape(text),
        "starts" => format!("^{}", regex::escape(text)),
        "ends" => format!("{}$", regex::escape(text)),
        _ => text.clone(),
    };
    let patterns: Vec<String> = key.values.iter().map(pattern).collect();
    // Each by itself first: what is wrong is then wrong with that one.
    for pattern in &patterns {
        let built = RegexBuilder::new(pattern).size_limit(LARGEST_REGEX).build();
        let regex = built.map_err(|cause| not_compiling(&cause, key))?;
        if fits_everything(&regex) {
            let error = RuleError::new(key.span.clone(), "the expression fits every text");
            return Err(error.hint("name what must stand there, or ask for `told = true`"));
        }
    }
    let mut builder = RegexSetBuilder::new(&patterns);
    builder.case_insensitive(operator != "regex").size_limit(LARGEST_REGEX).dfa_size_limit(LARGEST_CACHE);
    builder.build().map(Test::Fits).map_err(|cause| not_compiling(&cause, key))
}

fn not_compiling(cause: &regex::Error, key: &Key<'_>) -> RuleError {
    let why = cause.to_string();
    // The cause draws the expression with a caret; its last line says what is wrong.
    let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
    let error = RuleError::new(key.span.clone(), format!("the expression does not compile: {why}"));
    error.hint("expressions are those of the Rust crate regex: no look-around, no back-references")
}

/// Returns whether an expression fits texts that have nothing in common.
fn fits_everything(regex: &Regex) -> bool {
    let texts: [&[u8]; 4] = [b"0", b"qz", b"~ ~", b"\x01\x02\x03\x04"];
    regex.is_match(b"") || texts.iter().all(|text| regex.is_match(text))
}
