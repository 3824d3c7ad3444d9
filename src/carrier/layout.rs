//! How one carrier writes its records: which header means what, in which zone, unit, sign and currency.
//!
//! A layout is a small TOML file. Those of `layouts/` are built in and recognised by the headers of a file; a user's
//! (`--carrier-map`) has the same form, so that a new one is tried with that option first and then put beside the
//! others and into [`BUILT_IN`].

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use crate::clock::Zone;

/// The layouts that are known, by the names of their files.
const BUILT_IN: [(&str, &str); 15] = [
    ("bandwidth", include_str!("layouts/bandwidth.toml")),
    ("commio", include_str!("layouts/commio.toml")),
    ("didlogic", include_str!("layouts/didlogic.toml")),
    ("didww", include_str!("layouts/didww.toml")),
    ("ivozprovider", include_str!("layouts/ivozprovider.toml")),
    ("plivo", include_str!("layouts/plivo.toml")),
    ("simwood", include_str!("layouts/simwood.toml")),
    ("sinch", include_str!("layouts/sinch.toml")),
    ("telnyx", include_str!("layouts/telnyx.toml")),
    ("twilio-api", include_str!("layouts/twilio_api.toml")),
    ("twilio-console", include_str!("layouts/twilio_console.toml")),
    ("vitelity", include_str!("layouts/vitelity.toml")),
    ("voip-innovations", include_str!("layouts/voip_innovations.toml")),
    ("voip-ms", include_str!("layouts/voip_ms.toml")),
    ("vonage", include_str!("layouts/vonage.toml")),
];

/// What a column of a carrier's records tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Field {
    /// The number called.
    To,
    /// The number calling, as the carrier was told it.
    From,
    /// The country of the number called, as two letters.
    Country,
    /// Which way the call went.
    Direction,
    /// When it began, by the carrier's meaning of it.
    Start,
    /// The start once more, in the zone of the columns in `local_times`.
    LocalStart,
    /// The day of the start, where the time has a column of its own.
    Date,
    /// The time of the start, where the day has a column of its own.
    Time,
    /// When it was answered.
    Answer,
    /// When it ended.
    End,
    /// How long it was connected.
    Seconds,
    /// How long it was billed for.
    Billed,
    /// The price of a minute.
    Rate,
    /// What was charged for the call.
    Cost,
    /// The currency of rate and cost.
    Currency,
    /// The carrier's own name for the call.
    CallId,
    /// The Call-ID of the customer's SIP dialog.
    SipCallId,
    /// The trunk, account or connection at the carrier.
    Trunk,
    /// The address that the customer's side had.
    Source,
    /// How the call ended.
    Status,
}

/// Every field, in the order of the enum.
pub(super) const FIELDS: usize = Field::Status as usize + 1;

impl Field {
    /// Returns its name in a layout.
    pub(super) fn word(self) -> &'static str {
        match self {
            Field::To => "to",
            Field::From => "from",
            Field::Country => "country",
            Field::Direction => "direction",
            Field::Start => "start",
            Field::LocalStart => "local_start",
            Field::Date => "date",
            Field::Time => "time",
            Field::Answer => "answer",
            Field::End => "end",
            Field::Seconds => "seconds",
            Field::Billed => "billed",
            Field::Rate => "rate",
            Field::Cost => "cost",
            Field::Currency => "currency",
            Field::CallId => "call_id",
            Field::SipCallId => "sip_call_id",
            Field::Trunk => "trunk",
            Field::Source => "source",
            Field::Status => "status",
        }
    }
}

/// One header or several that mean the same.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Names {
    One(String),
    Several(Vec<String>),
}

/// How numbers are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Numbers {
    /// In E.164, with a plus or without.
    #[default]
    E164,
    /// Ten digits at home, `011` before what is abroad, or E.164.
    NorthAmerican,
}

/// Which sign a charge has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Sign {
    #[default]
    Positive,
    Negative,
    /// Both were seen: the sign tells nothing.
    Either,
}

/// What comes first of day, month and year.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum DateOrder {
    #[default]
    #[serde(rename = "year-first")]
    Year,
    #[serde(rename = "day-first")]
    Day,
    #[serde(rename = "month-first")]
    Month,
}

/// The unit of durations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Unit {
    #[default]
    Seconds,
    /// Minutes and their decimal fraction.
    Minutes,
    /// `hours:minutes:seconds`.
    Clock,
}

/// What the start of a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum StartsAt {
    /// The call was asked for.
    Request,
    /// It was answered.
    Answer,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    carrier: String,
    zone: Spanned<String>,
    records: Option<String>,
    #[serde(default)]
    cost_sign: Sign,
    #[serde(default)]
    numbers: Numbers,
    #[serde(default)]
    date: DateOrder,
    #[serde(default)]
    unit: Unit,
    decimal: Option<Spanned<String>>,
    currency: Option<String>,
    starts_at: Option<StartsAt>,
    #[serde(default)]
    local_times: Vec<Field>,
    #[serde(default)]
    also: Vec<String>,
    #[serde(default)]
    optional: Vec<Field>,
    #[serde(default)]
    outbound: Vec<String>,
    #[serde(default)]
    inbound: Vec<String>,
    #[serde(default)]
    unanswered: Vec<String>,
    columns: Spanned<BTreeMap<Field, Spanned<Names>>>,
}

/// A column of a layout.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) field: Field,
    /// Its headers, any of which may stand in the file.
    pub(super) names: Vec<String>,
    pub(super) is_needed: bool,
    /// The line of the layout that says so.
    pub(super) line: usize,
}

/// How one carrier writes its records.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    /// The carrier, as reports name it.
    pub(super) carrier: String,
    /// The key of the list of records in a JSON document.
    pub(super) records: Option<String>,
    /// The zone of times that carry none; `None` where the user has to tell it.
    pub(super) zone: Option<Zone>,
    /// Do the times themselves carry their offset?
    pub(super) zone_in_text: bool,
    pub(super) cost_sign: Sign,
    pub(super) numbers: Numbers,
    pub(super) date: DateOrder,
    pub(super) unit: Unit,
    pub(super) decimal: char,
    pub(super) currency: Option<String>,
    pub(super) starts_at: Option<StartsAt>,
    pub(super) local_times: Vec<Field>,
    /// Headers that tell this layout from others.
    pub(super) also: Vec<String>,
    pub(super) outbound: Vec<String>,
    pub(super) inbound: Vec<String>,
    pub(super) unanswered: Vec<String>,
    pub(super) columns: Vec<Column>,
}

/// What is wrong with a layout, and in which line of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadLayout {
    pub(super) line: usize,
    pub(super) what: String,
}

/// Returns the layouts that are built in.
pub(super) fn built_in() -> Vec<Layout> {
    // Each of them is read by a test.
    BUILT_IN.iter().filter_map(|(_, text)| Layout::read(text).ok()).collect()
}

fn line_of(text: &str, span: Range<usize>) -> usize {
    text.bytes().take(span.start).filter(|&byte| byte == b'\n').count() + 1
}

impl Layout {
    /// Reads a layout.
    pub(super) fn read(text: &str) -> Result<Self, BadLayout> {
        let written: Written = toml::from_str(text).map_err(|error| BadLayout {
            line: error.span().map_or(1, |span| line_of(text, span)),
            what: error.message().lines().next().unwrap_or_default().to_owned(),
        })?;
        let zone_in_text = written.zone.as_ref() == "in the text";
        let asked = written.zone.as_ref() == "ask" || zone_in_text;
        let zone = if asked { None } else { Some(Self::zone(text, &written.zone)?) };
        let decimal = Self::decimal(text, written.decimal.as_ref())?;
        let columns = Self::columns(text, &written)?;
        Ok(Layout {
            carrier: written.carrier,
            records: written.records,
            zone,
            zone_in_text,
            cost_sign: written.cost_sign,
            numbers: written.numbers,
            date: written.date,
            unit: written.unit,
            decimal,
            currency: written.currency,
            starts_at: written.starts_at,
            local_times: written.local_times,
            also: written.also,
            outbound: written.outbound,
            inbound: written.inbound,
            unanswered: written.unanswered,
            columns,
        })
    }

    fn zone(text: &str, zone: &Spanned<String>) -> Result<Zone, BadLayout> {
        Zone::from_text(zone.as_ref()).ok_or_else(|| BadLayout {
            line: line_of(text, zone.span()),
            what: format!(
                "zone \"{}\": no such zone; give one as Europe/Madrid, UTC, +02:00, \"in the text\" or \"ask\"",
                zone.as_ref()
            ),
        })
    }

    fn decimal(text: &str, mark: Option<&Spanned<String>>) -> Result<char, BadLayout> {
        let Some(mark) = mark else { return Ok('.') };
        match mark.as_ref().as_str() {
            "." => Ok('.'),
            "," => Ok(','),
            other => Err(BadLayout {
                line: line_of(text, mark.span()),
                what: format!("decimal \"{other}\": \".\" or \",\""),
            }),
        }
    }

    fn columns(text: &str, written: &Written) -> Result<Vec<Column>, BadLayout> {
        let map = written.columns.as_ref();
        let has = |field: Field| map.contains_key(&field);
        let at = line_of(text, written.columns.span());
        let missing = |what: &str| Err(BadLayout { line: at, what: format!("[columns] {what}") });
        if !has(Field::To) {
            return missing("names no column for `to`, the number called");
        }
        if !(has(Field::Start) || has(Field::Answer) || has(Field::Date) && has(Field::Time)) {
            return missing("names no column for `start` or `answer`, nor both `date` and `time`");
        }
        let mut columns = Vec::new();
        for (field, names) in map {
            let line = line_of(text, names.span());
            let names = match names.as_ref() {
                Names::One(name) => vec![name.clone()],
                Names::Several(names) => names.clone(),
            };
            if names.iter().all(|name| plain(name).is_empty()) {
                return Err(BadLayout { line, what: format!("column `{}` has no name", field.word()) });
            }
            let is_needed = !written.optional.contains(field);
            columns.push(Column { field: *field, names, is_needed, line });
        }
        Ok(columns)
    }
}

/// Returns a header without what carriers write now one way and now another: case, spaces, marks.
pub(super) fn plain(header: &str) -> String {
    header.chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_layout_reads() {
        for (name, text) in BUILT_IN {
            let layout = Layout::read(text).unwrap_or_else(|bad| panic!("{name}:{}: {}", bad.line, bad.what));
            assert!(!layout.carrier.is_empty());
        }
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/carrier/layouts");
        assert_eq!(std::fs::read_dir(folder).unwrap().count(), BUILT_IN.len(), "a layout is not listed");
    }

    #[test]
    fn a_wrong_layout_is_located() {
        let bad = |text: &str| Layout::read(text).map(|_| ()).unwrap_err();
        let error = bad("carrier = \"X\"\nzone = \"Mars/Base\"\n[columns]\nto = \"To\"\nstart = \"S\"\n");
        assert_eq!(error.line, 2, "{}", error.what);
        let error = bad("carrier = \"X\"\nzone = \"UTC\"\n\n[columns]\nfrom = \"To\"\n");
        assert!(error.line >= 4 && error.what.contains("`to`"), "{error:?}");
        let error = bad("carrier = \"X\"\nzone = \"UTC\"\n[columns]\nto = \"To\"\nstrat = \"S\"\n");
        assert_eq!(error.line, 5, "{}", error.what);
        assert_eq!(bad("carrier = \"X\"\nzone = ").line, 2);
    }
}
