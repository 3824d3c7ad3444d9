//! Every field of the model, and what becomes of it.
//!
//! `walk!` takes a type apart and names each of its fields once: those to be changed with the way how, the rest behind
//! `keeps`. A field that is forgotten does not compile.

use std::net::IpAddr;

use crate::geoip::GeoFile;
use crate::numbering::Alternative as Reading;
use crate::report::model::*;
use crate::untrusted::Untrusted;

use super::pseudonyms::{Kind, Pseudonyms};
use super::text::{self, Voice};

/// Something of the model whose own words are replaced.
pub(super) trait Redact {
    /// Puts pseudonyms in the place of what is one's own.
    fn redact(&mut self, with: &mut Pseudonyms);
}

impl<T: Redact> Redact for Vec<T> {
    fn redact(&mut self, with: &mut Pseudonyms) {
        self.iter_mut().for_each(|one| one.redact(with));
    }
}

impl<T: Redact> Redact for Box<T> {
    fn redact(&mut self, with: &mut Pseudonyms) {
        self.as_mut().redact(with);
    }
}

impl<T: Redact> Redact for Option<T> {
    fn redact(&mut self, with: &mut Pseudonyms) {
        self.iter_mut().for_each(|one| one.redact(with));
    }
}

/// Text, or something with text in it, that is changed one after the other.
trait Texts {
    fn each(&mut self, change: &mut dyn FnMut(&str) -> String);
}

impl Texts for String {
    fn each(&mut self, change: &mut dyn FnMut(&str) -> String) {
        *self = change(self);
    }
}

impl Texts for Untrusted {
    fn each(&mut self, change: &mut dyn FnMut(&str) -> String) {
        *self = Untrusted::from(change(self.raw()).as_str());
    }
}

impl<T: Texts> Texts for Vec<T> {
    fn each(&mut self, change: &mut dyn FnMut(&str) -> String) {
        self.iter_mut().for_each(|one| one.each(change));
    }
}

impl<T: Texts> Texts for Option<T> {
    fn each(&mut self, change: &mut dyn FnMut(&str) -> String) {
        self.iter_mut().for_each(|one| one.each(change));
    }
}

impl<T: Texts> Texts for (T, u64) {
    fn each(&mut self, change: &mut dyn FnMut(&str) -> String) {
        self.0.each(change);
    }
}

/// Addresses.
trait Addresses {
    fn replace(&mut self, with: &mut Pseudonyms);
}

impl Addresses for IpAddr {
    fn replace(&mut self, with: &mut Pseudonyms) {
        *self = with.address(*self);
    }
}

impl Addresses for Option<IpAddr> {
    fn replace(&mut self, with: &mut Pseudonyms) {
        self.iter_mut().for_each(|address| address.replace(with));
    }
}

impl Addresses for Vec<IpAddr> {
    fn replace(&mut self, with: &mut Pseudonyms) {
        self.iter_mut().for_each(|address| address.replace(with));
    }
}

/// The ways in which a field is changed.
mod how {
    use super::{Addresses, Kind, Pseudonyms, Redact, Texts, Voice, text};

    /// The program's own sentences.
    pub(super) fn words(texts: &mut impl Texts, with: &mut Pseudonyms) {
        texts.each(&mut |one| text::redacted(one, Voice::Program, with));
    }

    /// What stood in a record.
    pub(super) fn record(texts: &mut impl Texts, with: &mut Pseudonyms) {
        texts.each(&mut |one| text::redacted(one, Voice::Evidence, with));
    }

    /// Paths.
    pub(super) fn path(texts: &mut impl Texts, with: &mut Pseudonyms) {
        texts.each(&mut |one| text::redacted(one, Voice::Path, with));
    }

    /// The name of an account, whatever it looks like.
    pub(super) fn account(texts: &mut impl Texts, with: &mut Pseudonyms) {
        texts.each(&mut |one| with.account(one));
    }

    /// A telephone number, whatever it looks like.
    pub(super) fn number(texts: &mut impl Texts, with: &mut Pseudonyms) {
        texts.each(&mut |one| with.number(one));
    }

    /// What was given on the command line: a path there may name the customer.
    pub(super) fn given(texts: &mut impl Texts, with: &mut Pseudonyms) {
        texts.each(&mut |one| with.of(Kind::Evidence, one));
    }

    pub(super) fn address(addresses: &mut impl Addresses, with: &mut Pseudonyms) {
        addresses.replace(with);
    }

    pub(super) fn each(part: &mut impl Redact, with: &mut Pseudonyms) {
        part.redact(with);
    }
}

macro_rules! walk {
    ($($type:ident { $($how:ident: $($field:ident),+;)* } keeps { $($kept:ident),* })*) => {$(
        impl Redact for $type {
            fn redact(&mut self, with: &mut Pseudonyms) {
                let $type { $($($field,)+)* $($kept: _,)* } = self;
                $($(how::$how($field, with);)+)*
            }
        }
    )*};
}

// What comes up first has the lowest number: the incidents.
walk! {
    Report {
        each: incidents, to_confirm, failed_attackers, hole_seekers, findings, steps, playbooks, rules, assessment, case, evidence, gaps, reconciliation,
            dispute, dialling, observations, geoip, clocks, not_read;
        words: limits;
    } keeps { schema, tool, judged, failed_attackers_count, to_confirm_left_out, settings, thresholds, unrecognised_files, hashing_off, likelihoods }
    Case {
        given: evidence, machines;
        each: systems;
        words: timezone_origin, filters;
    // The names of the case are the user's to give.
    } keeps { number, examiner, organisation, redacted, timezone, home_country, evidence_ends, product }
    System {
        given: evidence;
    } keeps { prefix, timezone, product }
    EvidenceRow {
        path: path, container, duplicate_of;
        words: note;
    } keeps { kind, bytes, sha256, first, last, records, unparsed, unparsed_places }
    PlaybookStep {
        words: reason, title;
        each: checks, text;
    } keeps { phase, playbook, number, id, owner, state, waits_for, attack, deadline }
    StepCheck {
        words: why;
        record: subjects;
    } keeps { id, answer, severity, count }
    StepText {
        words: why, question, guidance, caution, undo, done_when, does_not_cover;
        each: commands;
    } keeps { sections, gates, deliver }
    StepCommand {
        words: label;
        record: run;
    } keeps { effect }
    PlaybookUsed {
        path: origin;
    } keeps { id, version, sha256, extends, disabled }
    RuleAnswer {
        words: title, why;
        record: subjects;
    } keeps { id, playbook, answer, severity, step_only, count }
    Proof {
        path: path;
        record: text;
    } keeps { line, offset }
    Gap {
        words: what, why_it_matters, how_to_get_it;
    } keeps {  }
    ClockNote {
        path: path;
        words: notes;
    } keeps {  }
    NotRead {
        path: path;
        words: why;
    } keeps { bytes }
    Incident {
        each: accounts, sources, callers, calls, entry, routes, loss, proof, not_blocked;
        words: title, unknown;
        address: still_registered;
    } keeps { id, cannot_tell, phases, totals, breach }
    Entry {
        words: because, against, missing, would_refute;
        each: alternatives;
    } keeps { vector, likelihood }
    Alternative {
        words: because, against, missing, would_refute;
    } keeps { title, vector, likelihood }
    TakenAccount {
        account: name;
        words: how;
    } keeps {  }
    Source {
        address: address;
        each: evidence;
    } keeps { roles, country, network, city, first, last, events, attempts }
    Caller {
        number: number;
    } keeps { roles, first, last, calls }
    FraudCall {
        account: account;
        number: dialed, e164, caller;
        record: uniqueid;
        words: why;
        address: address;
        each: number, route, evidence;
    } keeps { start, end, country, seconds, disposition, cost, currency, cost_basis, stayed_inside }
    CalledNumber {
        path: listed;
    } keeps { country_name, area, class, number_kind, number_confidence, risk }
    Route {
        record: context, pattern;
        path: place;
    } keeps {  }
    RouteUse {
        each: route;
    } keeps { calls }
    FailedAttacker {
        address: address;
        account: accounts_tried;
        each: evidence;
    } keeps { roles, country, network, city, first, last, events, attempts, accounts_tried_count }
    NotBlocked {
        words: defence, why;
        each: evidence;
    } keeps { verdict }
    Loss {
        each: by_hour, by_destination, by_account;
    } keeps { known, illustrative, calls_without_figure, first_paid_call, last_paid_call }
    LossRow {
        record: name;
    } keeps { hour, calls, currency, cost, cost_so_far, illustrative_low, illustrative_high }
    ToConfirm {
        account: account;
        address: address;
        words: why;
        each: evidence;
    } keeps { addresses, uses, calls, first, last }
    Finding {
        record: subject;
        words: title, detail, remedy;
        each: evidence;
    } keeps { id, severity, attack }
    Assessment {
        each: last_day, incident, failures_by_source, scanners, sip;
        path: failures_by_log;
        account: failures_by_account;
    } keeps { all_calls, failure_records, failed_attempts, failures_by_hour }
    CallSummary {
        record: by_destination, by_country, by_class, by_source, by_caller;
        account: by_account;
    } keeps { first, last, totals, by_hour }
    FailureRow {
        address: address;
    } keeps { place, attempts, records, first, last }
    SipSummary {
        record: user_agents;
    } keeps { messages, requests, responses, user_agent_count, sources }
    Observation {
        record: subject;
        words: what;
        each: rows, evidence;
    } keeps { id, level, threshold, first, last, calls }
    ObservedCall {
        account: account;
        number: dialed, e164;
        record: uniqueid;
    } keeps { start, seconds }
    Dialling {
        words: because, outside_because;
        each: numbers;
    } keeps { table_version, home_country, certainty, outside_lines, numbers_left_out }
    NumberRow {
        number: dialed, e164;
        words: steps;
        each: number, alternatives;
    } keeps { country, risk_because, calls, seconds }
    Reading {
        number: e164;
        words: how;
    } keeps { kind }
    GeoFile {
        given: path;
        words: trouble;
    } keeps { database, built }
    Reconciliation {
        account: trunks;
        each: pbx_only, groups, rows;
        words: method;
    } keeps { carriers, first, last, clock, increment_seconds, totals, invoice, pbx_other }
    CarrierRow {
        path: path;
        number: to, e164, from;
        record: call_id, sip_call_id, pbx_uniqueid;
        account: trunk, pbx_trunk;
        address: source;
    } keeps { row, line, class, how, direction, country, start, end, answered, seconds, billed, cost, currency, pbx_start, pbx_seconds }
    OwnRow {
        number: dialed;
        record: uniqueid;
        account: trunk;
    } keeps { start, seconds, disposition, why }
    PumpedGroup {
        number: e164;
    } keeps { carrier_calls, carrier_seconds, pbx_calls, pbx_seconds }
    Dispute {
        words: facts, asked, method;
        each: calls;
    } keeps { seconds_billed, cost }
    DisputedCall {
        number: number, e164;
        record: call_id, sip_call_id, pbx_uniqueid;
        words: reason;
        address: source;
        path: record;
    } keeps { start, country, seconds_there, seconds_here, cost, currency }
    TimelineRow {
        words: message;
        address: address;
        account: account;
        number: number;
        path: path;
        record: reason;
    } keeps { datetime, timestamp_desc, action, port, line, offset }
}

impl Texts for CallRowSum {
    fn each(&mut self, change: &mut dyn FnMut(&str) -> String) {
        self.name.each(change);
    }
}
