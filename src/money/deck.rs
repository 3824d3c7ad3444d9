//! The user's rate deck: what each destination costs, by the longest prefix of its number.
//!
//! Columns are known by their headers, and what no header tells is not guessed: a deck without a column of
//! prefixes or of rates, or with two that could be it, is an error. Where the file is separated by semicolons
//! or tabs, a comma in a figure is the decimal point of most of Europe.

mod columns;

use std::collections::BTreeMap;
use std::path::Path;

use chrono::NaiveDate;

use super::currency::currency;
use super::{Amount, Increments};
use crate::numbering::Trie;
use crate::user_file;
use columns::{Columns, What};

/// The largest file that is read, in bytes.
const LARGEST: u64 = 256 * 1024 * 1024;
/// Rows that could not be read and are named by their line.
const MOST_NAMED: usize = 5;

/// A deck that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DeckError {
    /// It cannot be read.
    #[error("{path}: cannot be read: {cause}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        cause: std::io::Error,
    },
    /// It is larger than any deck.
    #[error("{0}: larger than {LARGEST} bytes")]
    TooLarge(String),
    /// A column is missing.
    #[error("{path}: no column of {what} among: {headers}; rename the one that holds them to `{header}`")]
    Missing {
        /// The file.
        path: String,
        /// Which.
        what: &'static str,
        /// The headers found.
        headers: String,
        /// What such a column may be called.
        header: &'static str,
    },
    /// Two columns could be the same.
    #[error("{path}: both \"{first}\" and \"{second}\" could be the column of {what}")]
    Ambiguous {
        /// The file.
        path: String,
        /// Which.
        what: &'static str,
        /// One of them.
        first: String,
        /// The other.
        second: String,
    },
    /// Two rows say different things of one prefix at one time.
    #[error("{path}: lines {first} and {second} give prefix {prefix} different rates from the same day on")]
    Contradiction {
        /// The file.
        path: String,
        /// The prefix.
        prefix: String,
        /// A line.
        first: u64,
        /// Another.
        second: u64,
    },
    /// No row could be read.
    #[error("{path}: no row could be read; {why}")]
    Empty {
        /// The file.
        path: String,
        /// The first reason.
        why: String,
    },
}

/// What calls to one prefix cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rate {
    /// The digits that its numbers begin with.
    pub prefix: String,
    /// A minute.
    pub per_minute: Amount,
    /// The steps; `None` where the deck tells none.
    pub increments: Option<Increments>,
    /// For each answered call.
    pub connect: Amount,
    /// From this day on.
    pub from: Option<NaiveDate>,
    /// Up to this day.
    pub until: Option<NaiveDate>,
    /// The currency.
    pub currency: Option<String>,
    /// The line of the deck.
    pub line: u64,
}

impl Rate {
    /// Returns what a call of so many seconds costs, to the sixth decimal.
    pub fn cost(&self, seconds: u64) -> Amount {
        let charged = self.increments.unwrap_or(Increments::SECONDS).charged(seconds);
        self.connect.plus(self.per_minute.for_seconds(charged)).rounded(6)
    }

    fn holds_on(&self, day: NaiveDate) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day <= until)
    }
}

/// A rate deck.
#[derive(Clone, Debug)]
pub struct Deck {
    rates: Vec<Rate>,
    /// Rates of one prefix, by its place in the tree; the latest first.
    by_prefix: Vec<Vec<usize>>,
    trie: Trie,
    /// What is to be said of it.
    pub notes: Vec<String>,
}

impl Deck {
    /// Reads a deck.
    pub fn open(path: &Path) -> Result<Deck, DeckError> {
        let name = path.to_string_lossy().into_owned();
        let unreadable = |cause| DeckError::Unreadable { path: name.clone(), cause };
        match user_file::read(path, LARGEST).map_err(unreadable)? {
            Some(content) => Deck::read(&name, &content),
            None => Err(DeckError::TooLarge(name)),
        }
    }

    /// Reads the content of a deck.
    pub fn read(path: &str, content: &[u8]) -> Result<Deck, DeckError> {
        let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
        let separator = separator(content);
        let mut reader = csv::ReaderBuilder::new().delimiter(separator).flexible(true).from_reader(content);
        let header = reader.byte_headers().cloned().unwrap_or_default();
        let columns = Columns::of(path, &header)?;
        let mut rates = Vec::new();
        let mut bad: Vec<String> = Vec::new();
        let mut bad_count = 0;
        let mut row = csv::ByteRecord::new();
        loop {
            let read = reader.read_byte_record(&mut row);
            let line = row.position().map_or(0, csv::Position::line);
            match read {
                Ok(false) => break,
                Ok(true) => match rate(&columns, &row, separator != b',', line) {
                    Ok(rate) => rates.push(rate),
                    Err(why) => {
                        bad_count += 1;
                        if bad.len() < MOST_NAMED {
                            bad.push(format!("line {line}: {why}"));
                        }
                    }
                },
                Err(_) => break,
            }
        }
        if rates.is_empty() {
            let why = bad.into_iter().next().unwrap_or_else(|| "there is none".to_owned());
            return Err(DeckError::Empty { path: path.to_owned(), why });
        }
        let mut deck = Deck::of(path, rates)?;
        deck.notes = notes(path, &deck.rates, &columns, bad_count, &bad);
        Ok(deck)
    }

    /// Puts rates in order.
    fn of(path: &str, rates: Vec<Rate>) -> Result<Deck, DeckError> {
        let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, rate) in rates.iter().enumerate() {
            places.entry(&rate.prefix).or_default().push(index);
        }
        let mut trie = Trie::default();
        let mut by_prefix = Vec::new();
        for (prefix, mut indices) in places {
            indices.sort_by_key(|&index| {
                rates.get(index).map(|rate| std::cmp::Reverse((rate.from, rate.until)))
            });
            for pair in indices.windows(2) {
                let (Some(one), Some(other)) = (rates.get(pair[0]), rates.get(pair[1])) else { continue };
                let same_time = one.from == other.from && one.until == other.until;
                if same_time && (Rate { line: 0, ..one.clone() }) != (Rate { line: 0, ..other.clone() }) {
                    let (first, second) = (one.line.min(other.line), one.line.max(other.line));
                    let (path, prefix) = (path.to_owned(), prefix.to_owned());
                    return Err(DeckError::Contradiction { path, prefix, first, second });
                }
            }
            trie.insert(prefix.as_bytes(), by_prefix.len() as u32);
            by_prefix.push(indices);
        }
        Ok(Deck { rates, by_prefix, trie, notes: Vec::new() })
    }

    /// Returns the rate of a number on a day, given its digits from the country code on: the longest prefix
    /// that has one.
    pub fn rate(&self, digits: &[u8], day: NaiveDate) -> Option<&Rate> {
        let mut best = None;
        for place in self.trie.prefixes(digits) {
            let rates = self.by_prefix.get(place as usize).into_iter().flatten();
            let mut held = rates.filter_map(|&index| self.rates.get(index)).filter(|rate| rate.holds_on(day));
            best = held.next().or(best);
        }
        best
    }
}

/// Returns what separates the cells: whichever of comma, semicolon and tab the header has most.
fn separator(content: &[u8]) -> u8 {
    let header = content.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |separator: u8| header.iter().filter(|byte| **byte == separator).count();
    [b',', b';', b'\t'].into_iter().rev().max_by_key(|separator| count(*separator)).unwrap_or(b',')
}

/// Says what the deck does not tell and what of it was passed over.
fn notes(path: &str, rates: &[Rate], columns: &Columns, bad_count: u64, bad: &[String]) -> Vec<String> {
    let mut notes = vec![format!("{path}: {} rates", rates.len())];
    if bad_count > 0 {
        notes.push(format!("{path}: {bad_count} rows could not be read: {}", bad.join("; ")));
    }
    if rates.iter().any(|rate| rate.increments.is_none()) {
        notes.push(format!(
            "{path}: tells no increments for some rates: their calls are charged by the second, which is the least"
        ));
    }
    if rates.iter().any(|rate| rate.currency.is_none()) {
        notes.push(format!("{path}: tells no currency for some rates"));
    }
    if !columns.ignored.is_empty() {
        notes.push(format!("{path}: columns not used: {}", columns.ignored.join(", ")));
    }
    notes
}

fn rate(columns: &Columns, row: &csv::ByteRecord, has_comma: bool, line: u64) -> Result<Rate, String> {
    let cell = |what: What| columns.cell(row, what);
    let amount = |text: &str| {
        let read = amount(text, has_comma).ok_or_else(|| format!("{text:?} is no figure"))?;
        if read < Amount::default() { Err(format!("{text:?} is below zero")) } else { Ok(read) }
    };
    let maybe = |what: What| cell(what).map(amount).transpose();
    let prefix = cell(What::Prefix).unwrap_or_default();
    let digits = prefix.strip_prefix('+').unwrap_or(prefix);
    let is_prefix = (1..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_prefix || digits.starts_with('0') {
        return Err(format!("{prefix:?} is no prefix of a number in E.164"));
    }
    let day = |what: What| cell(what).map(date).transpose();
    let named = |text: &str| currency(text).ok_or_else(|| format!("{text:?} is no currency"));
    Ok(Rate {
        prefix: digits.to_owned(),
        per_minute: maybe(What::Rate)?.ok_or("no rate")?,
        increments: increments(columns, row)?,
        connect: maybe(What::Connect)?.unwrap_or_default(),
        from: day(What::From)?,
        until: day(What::Until)?,
        currency: cell(What::Currency).map(named).transpose()?.or_else(|| columns.currency.clone()),
        line,
    })
}

fn increments(columns: &Columns, row: &csv::ByteRecord) -> Result<Option<Increments>, String> {
    let wrong = |text: &str| format!("{text:?} are no increments");
    if let Some(text) = columns.cell(row, What::Increments) {
        return Increments::parse(text).map(Some).ok_or_else(|| wrong(text));
    }
    let (Some(initial), Some(next)) = (columns.cell(row, What::Initial), columns.cell(row, What::Next))
    else {
        return Ok(None);
    };
    let both = format!("{initial}/{next}");
    Increments::parse(&both).map(Some).ok_or_else(|| wrong(&both))
}

fn amount(text: &str, has_comma: bool) -> Option<Amount> {
    let is_european = has_comma && text.matches(',').count() == 1 && !text.contains('.');
    Amount::parse(&if is_european { text.replace(',', ".") } else { text.to_owned() })
}

/// Reads `2026-03-01`, a time behind it aside; the 3rd of January and the 1st of March look alike otherwise.
fn date(text: &str) -> Result<NaiveDate, String> {
    let day = text.get(..10).unwrap_or(text);
    NaiveDate::parse_from_str(day, "%Y-%m-%d").map_err(|_| format!("{text:?} is no day as 2026-03-01"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        date(text).unwrap()
    }

    fn cost(deck: &Deck, number: &str, on: &str, seconds: u64) -> Option<String> {
        let rate = deck.rate(number.as_bytes(), day(on))?;
        Some(format!("{} {}", rate.cost(seconds), rate.currency.as_deref().unwrap_or("-")))
    }

    #[test]
    fn a_currency_is_a_name_and_no_other_text() {
        let text = "prefix,rate,currency\n252,0.5,\x1b[31m\n253,0.5,eur\n";
        let deck = Deck::read("deck.csv", text.as_bytes()).unwrap();
        assert_eq!(cost(&deck, "25261", "2026-03-01", 60), None);
        assert_eq!(cost(&deck, "25361", "2026-03-01", 60).as_deref(), Some("0.50 EUR"));
        assert!(
            deck.notes.iter().any(|note| note.contains("line 2: \"\\u{1b}[31m\" is no currency")),
            "{:?}",
            deck.notes
        );
    }

    #[test]
    fn the_longest_prefix_that_holds_on_the_day() {
        let text = "Prefix,Destination,Rate,Increments,Connect Fee,Effective From,Effective To,Currency\n\
            252,Somalia,0.675,60/60,0.10,2026-01-01,,EUR\n\
            252,Somalia,0.50,60/60,0.10,2025-01-01,2025-12-31,EUR\n\
            25261,Somalia mobile,0.9,30/6,0,2026-06-01,,EUR\n\
            +1876,Jamaica,0.2,1/1,,,,USD\n";
        let deck = Deck::read("deck.csv", text.as_bytes()).unwrap();
        assert_eq!(cost(&deck, "252700000001", "2026-03-07", 61).as_deref(), Some("1.45 EUR"));
        assert_eq!(cost(&deck, "252700000001", "2025-03-07", 61).as_deref(), Some("1.10 EUR"));
        assert_eq!(cost(&deck, "252610000001", "2026-03-07", 61).as_deref(), Some("1.45 EUR"));
        assert_eq!(cost(&deck, "252610000001", "2026-07-01", 31).as_deref(), Some("0.54 EUR"));
        assert_eq!(cost(&deck, "18765550100", "2026-07-01", 1).as_deref(), Some("0.003333 USD"));
        assert_eq!(cost(&deck, "252700000001", "2024-03-07", 61), None);
        assert_eq!(cost(&deck, "4420", "2026-03-07", 61), None);
        assert_eq!(deck.notes, ["deck.csv: 4 rates", "deck.csv: tells no currency for some rates"][..1]);
    }

    #[test]
    fn other_layouts_by_their_headers() {
        let text = "\u{feff}code;country;price per minute (EUR);initial increment;next increment\n\
            371;Latvia;0,836;60;1\n44;UK;abc;1;1\n";
        let deck = Deck::read("deck.csv", text.as_bytes()).unwrap();
        assert_eq!(cost(&deck, "37190000000", "2026-07-01", 61).as_deref(), Some("0.849933 EUR"));
        assert!(
            deck.notes[1].contains("1 rows could not be read: line 3: \"abc\" is no figure"),
            "{:?}",
            deck.notes
        );
    }

    #[test]
    fn nothing_is_guessed() {
        let error = |text: &str| Deck::read("d.csv", text.as_bytes()).unwrap_err().to_string();
        assert!(error("a,b\n1,2\n").contains("no column of prefixes"));
        assert!(error("prefix,note\n1,2\n").contains("no column of rates per minute"));
        assert!(error("prefix,code,rate\n1,2,3\n").contains("both \"prefix\" and \"code\""));
        assert!(error("prefix,rate\n1,0.1\n1,0.2\n").contains("lines 2 and 3"));
        assert!(error("prefix,rate\n0044,0.1\n").contains("no prefix of a number"));
        assert!(error("prefix,rate,effective date\n44,0.1,03/01/2026\n").contains("no day"));
        assert!(error("").contains("no column"));
    }
}
