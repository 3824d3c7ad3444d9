//! The columns of a rate deck, known by their headers.

use std::collections::BTreeMap;

use super::DeckError;

/// What a column tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    Prefix,
    Rate,
    Increments,
    Initial,
    Next,
    Connect,
    From,
    Until,
    Currency,
    /// For people; no figure rests on it.
    Name,
}

/// Headers that are told apart from each other, letters and digits only.
const HEADERS: &[(What, &[&str])] = &[
    (
        What::Prefix,
        &["prefix", "prefixes", "code", "codes", "dialcode", "dialprefix", "destinationcode", "e164prefix"],
    ),
    (
        What::Rate,
        &[
            "rate",
            "price",
            "perminute",
            "permin",
            "rateperminute",
            "ratepermin",
            "ratemin",
            "priceperminute",
            "pricepermin",
            "costperminute",
        ],
    ),
    (
        What::Increments,
        &["increment", "increments", "billingincrement", "billingincrements", "interval", "rounding"],
    ),
    (
        What::Initial,
        &["initialincrement", "initialinterval", "firstincrement", "firstinterval", "interval1", "initial"],
    ),
    (
        What::Next,
        &["nextincrement", "nextinterval", "subsequentincrement", "additionalincrement", "intervaln", "next"],
    ),
    (
        What::Connect,
        &[
            "connectfee",
            "connectionfee",
            "connectioncharge",
            "connect",
            "setup",
            "setupfee",
            "connectioncost",
            "connectcharge",
        ],
    ),
    (What::From, &["effective", "effectivedate", "effectivefrom", "validfrom", "startdate", "from"]),
    (What::Until, &["effectiveto", "effectiveuntil", "validto", "validuntil", "enddate", "until", "to"]),
    (What::Currency, &["currency", "currencycode", "ccy"]),
    (What::Name, &["destination", "destinationname", "description", "country", "name", "zone"]),
];

/// Currencies that a header may name, as in `rate_usd`.
const CURRENCIES: [&str; 12] =
    ["eur", "usd", "gbp", "chf", "cad", "aud", "nzd", "sek", "nok", "dkk", "pln", "jpy"];

/// Which cell tells what.
#[derive(Clone, Debug, Default)]
pub(super) struct Columns {
    places: BTreeMap<What, usize>,
    /// Of all rates, if the header of their column names it.
    pub(super) currency: Option<String>,
    /// Headers that say nothing known.
    pub(super) ignored: Vec<String>,
}

impl Columns {
    pub(super) fn of(path: &str, header: &csv::ByteRecord) -> Result<Columns, DeckError> {
        let mut columns = Columns::default();
        let names: Vec<String> =
            header.iter().map(|name| crate::untrusted::visible(&String::from_utf8_lossy(name))).collect();
        for (index, name) in names.iter().enumerate() {
            let Some((what, currency)) = meaning(name) else {
                columns.ignored.push(name.clone());
                continue;
            };
            if let Some(first) = columns.places.insert(what, index) {
                if what == What::Name {
                    continue;
                }
                let first = names.get(first).cloned().unwrap_or_default();
                return Err(DeckError::Ambiguous {
                    path: path.to_owned(),
                    what: words(what),
                    first,
                    second: name.clone(),
                });
            }
            if what == What::Rate {
                columns.currency = currency;
            }
        }
        for what in [What::Prefix, What::Rate] {
            if !columns.places.contains_key(&what) {
                let headers = names.join(", ");
                let header = if what == What::Prefix { "prefix" } else { "rate" };
                return Err(DeckError::Missing { path: path.to_owned(), what: words(what), headers, header });
            }
        }
        Ok(columns)
    }

    /// Returns a cell, if it is there and not empty.
    pub(super) fn cell<'r>(&self, row: &'r csv::ByteRecord, what: What) -> Option<&'r str> {
        let cell = row.get(*self.places.get(&what)?)?;
        std::str::from_utf8(cell).ok().map(str::trim).filter(|cell| !cell.is_empty())
    }
}

/// Returns what a header means, and the currency that it names.
fn meaning(name: &str) -> Option<(What, Option<String>)> {
    let plain: String =
        name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect();
    let known = |plain: &str| HEADERS.iter().find(|(_, names)| names.contains(&plain)).map(|(what, _)| *what);
    if let Some(what) = known(&plain) {
        return Some((what, None));
    }
    CURRENCIES.iter().find_map(|currency| {
        let what = known(plain.strip_suffix(currency)?)?;
        Some((what, Some(currency.to_ascii_uppercase())))
    })
}

fn words(what: What) -> &'static str {
    match what {
        What::Prefix => "prefixes",
        What::Rate => "rates per minute",
        What::Increments => "increments",
        What::Initial => "first increments",
        What::Next => "next increments",
        What::Connect => "connection fees",
        What::From => "first days",
        What::Until => "last days",
        What::Currency => "currencies",
        What::Name => "names",
    }
}
