//! The carrier's records against one's own, and what is disputed.

use std::net::IpAddr;

use serde::Serialize;

use super::When;
use crate::untrusted::Untrusted;

/// What became of one of the carrier's calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CarrierClass {
    /// Both sides tell it alike.
    Matched,
    /// Both sides tell it, and the lengths differ by more than rounding.
    LengthDiffers,
    /// Both sides tell it, and the charge is not what the record's own rate comes to.
    PriceDiffers,
    /// The carrier alone tells it, at a time of which the phone system has records.
    CarrierOnly,
    /// The carrier alone tells it, at a time of which the phone system has no records here.
    NotCovered,
}

impl CarrierClass {
    /// Every class, in the order in which they are told.
    pub const ALL: [CarrierClass; 5] = [
        CarrierClass::Matched,
        CarrierClass::LengthDiffers,
        CarrierClass::PriceDiffers,
        CarrierClass::CarrierOnly,
        CarrierClass::NotCovered,
    ];

    /// Returns the word used in every output.
    pub fn word(self) -> &'static str {
        match self {
            CarrierClass::Matched => "matched",
            CarrierClass::LengthDiffers => "length-differs",
            CarrierClass::PriceDiffers => "price-differs",
            CarrierClass::CarrierOnly => "carrier-only",
            CarrierClass::NotCovered => "not-covered",
        }
    }
}

/// An amount of money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Money {
    /// A decimal string.
    pub amount: String,
    /// The currency; `None` where the record names none.
    pub currency: Option<String>,
}

/// Sums over calls of the carrier.
#[derive(Clone, Debug, Serialize)]
pub struct CarrierSum {
    /// What they share: a class, or `invoice` for all of them.
    pub class: &'static str,
    /// How many calls.
    pub calls: u64,
    /// Seconds billed.
    pub seconds_billed: u64,
    /// What was charged, by currency.
    pub cost: Vec<Money>,
}

/// One of the carrier's calls.
#[derive(Clone, Debug, Serialize)]
pub struct CarrierRow {
    /// The file.
    pub path: String,
    /// The number of the record in it, from 1.
    pub row: u64,
    /// The line, where the file has lines.
    pub line: Option<u64>,
    /// What became of it.
    pub class: CarrierClass,
    /// How it was matched.
    pub how: Option<&'static str>,
    /// `outbound`, `inbound`, or `None` where that cannot be told.
    pub direction: Option<&'static str>,
    /// The number called, as billed.
    pub to: Untrusted,
    /// The same in E.164.
    pub e164: Option<String>,
    /// Its country, two letters.
    pub country: Option<&'static str>,
    /// The number calling, as the carrier was told it.
    pub from: Untrusted,
    /// When it began by the carrier's clock.
    pub start: Option<When>,
    /// When it ended by the carrier's clock.
    pub end: Option<When>,
    /// The carrier's own name for the call.
    pub call_id: Option<Untrusted>,
    /// The SIP Call-ID of the customer's side.
    pub sip_call_id: Option<Untrusted>,
    /// The trunk or account at the carrier.
    pub trunk: Option<Untrusted>,
    /// The address of the customer's side, as the carrier saw it.
    pub source: Option<IpAddr>,
    /// Was it answered?
    pub answered: bool,
    /// Seconds that it was connected there.
    pub seconds: Option<u32>,
    /// Seconds that it was billed for.
    pub billed: Option<u32>,
    /// What was charged, a decimal string.
    pub cost: Option<String>,
    /// The currency.
    pub currency: Option<String>,
    /// The own record that it is.
    pub pbx_uniqueid: Option<Untrusted>,
    /// When that began, by the own clock.
    pub pbx_start: Option<When>,
    /// Its billed seconds.
    pub pbx_seconds: Option<u32>,
    /// The trunk that it took.
    pub pbx_trunk: Option<Untrusted>,
}

/// A call of one's own that the carrier does not have.
#[derive(Clone, Debug, Serialize)]
pub struct OwnRow {
    /// Its id.
    pub uniqueid: Option<Untrusted>,
    /// When it began.
    pub start: Option<When>,
    /// What was dialled.
    pub dialed: Untrusted,
    /// The trunk that it took.
    pub trunk: Untrusted,
    /// Billed seconds.
    pub seconds: Option<u32>,
    /// How it ended.
    pub disposition: &'static str,
    /// Why the carrier may not have it.
    pub why: &'static str,
}

/// Calls of one kind that the carrier has no business with.
#[derive(Clone, Debug, Serialize)]
pub struct OwnCount {
    /// Why the carrier does not have them.
    pub why: String,
    /// How many.
    pub calls: u64,
}

/// Many calls of one number at once: counts and sums stand for them.
#[derive(Clone, Debug, Serialize)]
pub struct PumpedGroup {
    /// The number, in E.164.
    pub e164: String,
    /// The carrier's calls, and their billed seconds.
    pub carrier_calls: u64,
    /// The carrier's billed seconds.
    pub carrier_seconds: u64,
    /// One's own calls of it in the same time.
    pub pbx_calls: u64,
    /// Their billed seconds.
    pub pbx_seconds: u64,
}

/// How far the clocks are apart on one day.
#[derive(Clone, Debug, Serialize)]
pub struct ClockDay {
    /// The day, by the carrier's clock in UTC.
    pub day: String,
    /// Calls that both sides tell.
    pub calls: u64,
    /// Seconds that the carrier's clock is ahead, the median.
    pub ahead_seconds: i64,
    /// The median distance from it.
    pub spread_seconds: i64,
}

/// How far the clocks are apart.
#[derive(Clone, Debug, Serialize)]
pub struct ClockDifferenceNote {
    /// Seconds that the carrier's clock is ahead; `None` where too few calls tell.
    pub carrier_ahead_seconds: Option<i64>,
    /// The median distance from it.
    pub spread_seconds: i64,
    /// Calls that it rests on.
    pub calls: u64,
    /// What it may come from, and what was done with it.
    pub note: String,
    /// Day by day.
    pub days: Vec<ClockDay>,
}

/// The carrier's records against one's own.
#[derive(Clone, Debug, Serialize)]
pub struct Reconciliation {
    /// The carriers, as their layouts name them.
    pub carriers: Vec<String>,
    /// The trunks whose calls these are.
    pub trunks: Vec<Untrusted>,
    /// First call of the carrier's records.
    pub first: Option<When>,
    /// Last call of the carrier's records.
    pub last: Option<When>,
    /// How far the clocks are apart.
    pub clock: ClockDifferenceNote,
    /// Seconds of the steps in which the carrier bills.
    pub increment_seconds: u32,
    /// Sums by class; together they are the invoice.
    pub totals: Vec<CarrierSum>,
    /// The sums of all.
    pub invoice: CarrierSum,
    /// One's own calls that the carrier should have and does not.
    pub pbx_only: Vec<OwnRow>,
    /// Own calls that are not the carrier's, by reason.
    pub pbx_other: Vec<OwnCount>,
    /// Numbers called many times at once.
    pub groups: Vec<PumpedGroup>,
    /// How it was done, a sentence each.
    pub method: Vec<String>,
    /// Every call of the carrier's.
    pub rows: Vec<CarrierRow>,
}

/// What is disputed, and what is asked of the carrier.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Dispute {
    /// What happened, a sentence each.
    pub facts: Vec<String>,
    /// What is asked for, a sentence each.
    pub asked: Vec<String>,
    /// How calls were judged, a sentence each.
    pub method: Vec<String>,
    /// The calls.
    pub calls: Vec<DisputedCall>,
    /// Billed seconds by the carrier, as far as its records are there.
    pub seconds_billed: Option<u64>,
    /// What they cost by the carrier's records, by currency.
    pub cost: Vec<Money>,
}

/// A call that is disputed.
#[derive(Clone, Debug, Default, Serialize)]
pub struct DisputedCall {
    /// The incident that it belongs to, or why it is disputed without one.
    pub reason: String,
    /// When it began: the carrier's time where it has the call, else one's own.
    pub start: Option<When>,
    /// The number as billed or dialled.
    pub number: Untrusted,
    /// The same in E.164.
    pub e164: Option<String>,
    /// The country.
    pub country: Option<String>,
    /// The carrier's own name for the call.
    pub call_id: Option<Untrusted>,
    /// The SIP Call-ID at the trunk.
    pub sip_call_id: Option<Untrusted>,
    /// Seconds billed there.
    pub seconds_there: Option<u32>,
    /// Seconds billed here; `None` where no own record tells of the call.
    pub seconds_here: Option<u64>,
    /// The id of the own record.
    pub pbx_uniqueid: Option<Untrusted>,
    /// What was charged.
    pub cost: Option<String>,
    /// The currency.
    pub currency: Option<String>,
    /// The address of the caller, as the carrier or the own logs saw it.
    pub source: Option<IpAddr>,
    /// Where the carrier's record stands, or one's own.
    pub record: String,
}
