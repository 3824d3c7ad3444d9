//! One record of a carrier: a row and its layout to a call.

use std::net::IpAddr;

use super::layout::{FIELDS, Field, Layout, Numbers, Sign, StartsAt, Unit};
use super::moment;
use crate::clock::Zone;
use crate::event::Instant;
use crate::money::Amount;

/// Which way a call went, as seen from the telephone system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// The record does not say.
    #[default]
    Unknown,
    /// The customer called.
    Outbound,
    /// The customer was called.
    Inbound,
}

/// A call as the carrier counts and bills it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Billed {
    /// Its number among the records of the file, from 1.
    pub row: u64,
    /// The line that it begins on; 0 where the file has none.
    pub line: u64,
    /// Where it begins in the file.
    pub offset: u64,
    /// The record as it stands there, cut like every proof.
    pub text: Box<[u8]>,
    /// Which way it went.
    pub direction: Direction,
    /// The number called, as the record has it.
    pub to: Box<str>,
    /// The same as the digits of E.164; 0 where it is no such number.
    pub to_number: u64,
    /// The number calling, likewise.
    pub from: Box<str>,
    /// The same as the digits of E.164; 0 where it is no such number.
    pub from_number: u64,
    /// When it began, by the carrier's meaning of it.
    pub start: Option<Instant>,
    /// When it was answered.
    pub answer: Option<Instant>,
    /// When it ended.
    pub end: Option<Instant>,
    /// Seconds that it was connected.
    pub seconds: Option<u32>,
    /// Seconds that it was billed for.
    pub billed: Option<u32>,
    /// Was it answered?
    pub is_answered: bool,
    /// The price of a minute.
    pub rate: Option<Amount>,
    /// What was charged.
    pub cost: Option<Amount>,
    /// The currency of both, as the record or the carrier's layout names it.
    pub currency: Option<Box<str>>,
    /// The carrier's own name for the call.
    pub call_id: Box<str>,
    /// The SIP Call-ID of the customer's side.
    pub sip_call_id: Box<str>,
    /// The trunk or account at the carrier.
    pub trunk: Box<str>,
    /// The address of the customer's side, as the carrier saw it.
    pub source: Option<IpAddr>,
}

impl Billed {
    /// Returns the seconds that count for the bill, else those that it was connected.
    pub fn seconds_billed(&self) -> Option<u32> {
        self.billed.or(self.seconds)
    }

    /// Returns the earliest time that the record tells.
    pub fn begin(&self) -> Option<Instant> {
        self.start.or(self.answer).or(self.end)
    }
}

/// Where the fields of a layout stand in a file, and what its options are.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    pub(super) layout: &'a Layout,
    /// The index of each field's header.
    pub(super) at: [Option<usize>; FIELDS],
    /// The zone of times without one.
    pub(super) zone: Option<&'a Zone>,
}

/// Why a row is no call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct NoCall(pub(super) Field);

impl NoCall {
    pub(super) fn words(self) -> &'static str {
        match self.0 {
            Field::Cost | Field::Rate => "the cost or the rate is no number",
            Field::Seconds | Field::Billed => "the duration is none",
            Field::To => "there is no number called",
            Field::Source => "the source is no address",
            _ => "a time cannot be read",
        }
    }
}

/// The longest text of a record that is kept whole.
const LONGEST_TEXT: usize = 128;
/// Digits before the fraction of what one call costs, in any currency.
const MOST_PRICE_DIGITS: usize = 8;
/// No call is longer: a month.
const LONGEST_CALL: u64 = 31 * 86_400;

impl Plan<'_> {
    fn text<'f>(&self, fields: &'f [String], field: Field) -> &'f str {
        let index = self.at.get(field as usize).copied().flatten();
        index.and_then(|index| fields.get(index)).map(String::as_str).unwrap_or_default()
    }

    /// Reads a row.
    pub(super) fn read(&self, fields: &[String]) -> Result<Billed, NoCall> {
        let text = |field| self.text(fields, field);
        let kept = |field| -> Box<str> { text(field).chars().take(LONGEST_TEXT).collect() };
        if text(Field::To).is_empty() {
            return Err(NoCall(Field::To));
        }
        let country = text(Field::Country);
        let mut call = Billed {
            direction: self.direction(text(Field::Direction)),
            to: kept(Field::To),
            to_number: number(text(Field::To), self.layout.numbers, country),
            from: kept(Field::From),
            from_number: number(text(Field::From), self.layout.numbers, ""),
            seconds: self.seconds(fields, Field::Seconds)?,
            billed: self.seconds(fields, Field::Billed)?,
            rate: self.money(fields, Field::Rate)?.map(Amount::abs),
            cost: self.money(fields, Field::Cost)?,
            currency: self.currency(text(Field::Currency)),
            call_id: kept(Field::CallId),
            sip_call_id: kept(Field::SipCallId),
            trunk: kept(Field::Trunk),
            source: address(text(Field::Source))?,
            ..Billed::default()
        };
        self.times(fields, &mut call)?;
        let status = text(Field::Status);
        let is_refused = self.layout.unanswered.iter().any(|word| word.eq_ignore_ascii_case(status));
        call.is_answered = !is_refused && call.seconds.or(call.billed).is_none_or(|seconds| seconds > 0);
        Ok(call)
    }

    fn direction(&self, text: &str) -> Direction {
        let is_one_of = |own: &[String], usual: &[&str]| {
            let mut words = own.iter().map(String::as_str).chain(usual.iter().copied());
            words.any(|word| word.eq_ignore_ascii_case(text))
        };
        if is_one_of(&self.layout.outbound, &["outbound", "outgoing", "out"]) {
            Direction::Outbound
        } else if is_one_of(&self.layout.inbound, &["inbound", "incoming", "in"]) {
            Direction::Inbound
        } else {
            Direction::Unknown
        }
    }

    fn currency(&self, text: &str) -> Option<Box<str>> {
        let is_code = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
        if is_code {
            return Some(text.to_ascii_uppercase().into());
        }
        self.layout.currency.as_deref().map(Box::from)
    }

    fn money(&self, fields: &[String], field: Field) -> Result<Option<Amount>, NoCall> {
        let text = self.text(fields, field);
        if text.is_empty() {
            return Ok(None);
        }
        let amount = match self.layout.decimal {
            '.' => Amount::parse(text),
            // A point would stand for thousands, or for another mark than the layout says.
            mark if !text.contains('.') => Amount::parse(&text.replacen(mark, ".", 1)),
            _ => None,
        };
        // A telephone number is no price.
        let digits =
            text.bytes().take_while(|byte| *byte != self.layout.decimal as u8).filter(u8::is_ascii_digit);
        let amount = amount.filter(|_| digits.count() <= MOST_PRICE_DIGITS).ok_or(NoCall(field))?;
        Ok(Some(match self.layout.cost_sign {
            Sign::Positive => amount,
            // A refund has the other sign.
            Sign::Negative => Amount::ZERO.minus(amount),
            Sign::Either => amount.abs(),
        }))
    }

    fn seconds(&self, fields: &[String], field: Field) -> Result<Option<u32>, NoCall> {
        let text = self.text(fields, field);
        if text.is_empty() {
            return Ok(None);
        }
        let seconds = match self.layout.unit {
            Unit::Seconds => whole(text, self.layout.decimal, 1),
            Unit::Minutes => whole(text, self.layout.decimal, 60),
            Unit::Clock => text.split(':').try_fold(0_u64, |sum, part| {
                let part: u64 = part.parse().ok().filter(|_| part.len() <= 4)?;
                sum.checked_mul(60)?.checked_add(part)
            }),
        };
        let seconds = seconds.filter(|seconds| *seconds <= LONGEST_CALL).ok_or(NoCall(field))?;
        Ok(Some(seconds as u32))
    }

    /// Reads the times, and works out those that others tell.
    fn times(&self, fields: &[String], call: &mut Billed) -> Result<(), NoCall> {
        let both = format!("{} {}", self.text(fields, Field::Date), self.text(fields, Field::Time));
        let start = match self.text(fields, Field::Start) {
            "" => both.trim(),
            start => start,
        };
        let start = self.written(Field::Start, start)?;
        let begun = start.and_then(|start| start.instant(self.zone));
        // How far the clock of the report is from that of the column in UTC.
        let shift = self.written(Field::LocalStart, self.text(fields, Field::LocalStart))?;
        let shift = shift.zip(begun).map(|(shown, begun)| shown.local - begun);
        let at = |field: Field| -> Result<Option<i64>, NoCall> {
            let Some(written) = self.written(field, self.text(fields, field))? else { return Ok(None) };
            let is_local = self.layout.local_times.contains(&field) && written.offset.is_none();
            Ok(if is_local { shift.map(|shift| written.local - shift) } else { written.instant(self.zone) })
        };
        let (mut answer, mut end) = (at(Field::Answer)?, at(Field::End)?);
        if self.layout.starts_at == Some(StartsAt::Answer) {
            answer = answer.or(begun);
        }
        let seconds = call.seconds.map(i64::from);
        end = end.or(answer.zip(seconds).map(|(answer, seconds)| answer + seconds));
        answer = answer.or(end.zip(seconds).map(|(end, seconds)| end - seconds));
        if call.seconds.is_none() && call.billed.is_some_and(|billed| billed > 0) {
            let lasted = answer.zip(end).map(|(answer, end)| end - answer);
            call.seconds = lasted.and_then(|lasted| u32::try_from(lasted).ok());
        }
        if begun.or(answer).is_none() {
            return Err(NoCall(Field::Start));
        }
        let instant = |at: Option<i64>| at.map(Instant::from_seconds);
        (call.start, call.answer, call.end) = (instant(begun), instant(answer), instant(end));
        Ok(())
    }

    /// Reads a time; an empty field is none.
    fn written(&self, field: Field, text: &str) -> Result<Option<moment::Written>, NoCall> {
        if text.is_empty() {
            return Ok(None);
        }
        moment::read(text, self.layout.date).map(Some).ok_or(NoCall(field))
    }
}

/// Returns so many times a decimal number, rounded to a whole one.
fn whole(text: &str, mark: char, times: u64) -> Option<u64> {
    let (whole, fraction) = text.split_once(mark).unwrap_or((text, "0"));
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) || whole.len() > 9 {
        return None;
    }
    let millis: u64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    Some(
        (whole.parse::<u64>().ok()? * 1_000 + millis) * times / 1_000
            + u64::from(millis * times % 1_000 >= 500),
    )
}

fn address(text: &str) -> Result<Option<IpAddr>, NoCall> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| NoCall(Field::Source))
}

/// Returns the digits of E.164, or 0 where a text is no such number: a name, a masked or a withheld one.
fn number(text: &str, form: Numbers, country: &str) -> u64 {
    let text = text.strip_prefix("sip:").or_else(|| text.strip_prefix("tel:")).unwrap_or(text);
    let text = text.split(['@', ';']).next().unwrap_or_default();
    let plain: String =
        text.chars().filter(|character| !matches!(character, ' ' | '-' | '.' | '(' | ')')).collect();
    let (has_plus, digits) = match plain.strip_prefix('+') {
        Some(rest) => (true, rest),
        None => (false, plain.as_str()),
    };
    if digits.is_empty() || digits.len() > 20 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return 0;
    }
    let is_home = country.is_empty() || matches!(country, "US" | "CA");
    let international = match form {
        _ if has_plus => digits.to_owned(),
        Numbers::E164 => digits.strip_prefix("00").unwrap_or(digits).to_owned(),
        Numbers::NorthAmerican => match digits.strip_prefix("011") {
            Some(rest) => rest.to_owned(),
            None if digits.len() == 10 && is_home => format!("1{digits}"),
            None => digits.to_owned(),
        },
    };
    let is_e164 = (5..=15).contains(&international.len()) && !international.starts_with('0');
    international.parse().ok().filter(|_| is_e164).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_the_carrier_writes_them() {
        use Numbers::{E164, NorthAmerican};
        assert_eq!(number("+252600000001", E164, ""), 252_600_000_001);
        assert_eq!(number("sip:252600000001@sip.example", E164, ""), 252_600_000_001);
        assert_eq!(number("011252600000001", NorthAmerican, ""), 252_600_000_001);
        assert_eq!(number("5125550100", NorthAmerican, ""), 15_125_550_100);
        assert_eq!(number("4512345678", NorthAmerican, "DK"), 4_512_345_678);
        for text in ["anonymous", "", "+", "4471***1234", "pbx", "0123456", "+1234567890123456"] {
            assert_eq!(number(text, E164, ""), 0, "{text}");
        }
    }
}
