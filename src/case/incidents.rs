//! One incident as the report tells it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate};
use rayon::prelude::*;

use super::blocking;
use super::build::Case;
use super::numbers::Called;
use super::routes;
use crate::event::{Citation, Place};
use crate::fold::fetches::Client;
use crate::fold::host::Visitor;
use crate::numbering::{Confidence, Kind};
use crate::pbx::Binding;
use crate::reconstruct::calls::Call;
use crate::reconstruct::incident::{Incident, Party, Span};
use crate::reconstruct::world::{Party as Tried, World, earliest};
use crate::reconstruct::{rivals, vectors};
use crate::report::model::{self, Likelihood, Role};
use crate::untrusted::Untrusted;

/// Who got in where no account was used.
const NOBODYS: &str = "Somebody without an account";

impl Case<'_> {
    pub(super) fn incident(
        &self,
        number: usize,
        incident: &Incident,
        cited: &BTreeMap<Place, Citation>,
        replay: &blocking::Replay,
    ) -> model::Incident {
        let calls = self.calls(incident, cited);
        let loss = self.loss(incident);
        let mut entry = entry(self.world, incident);
        entry.because.extend(self.nights(incident));
        let mut title = self.title(incident, &entry, &calls);
        if incident.is_doubtful {
            title.push_str(" Whether that is true cannot be told: whoever sent a packet that the log prints could have written every line that says so.");
        }
        model::Incident {
            id: format!("incident-{number}"),
            title,
            cannot_tell: incident.is_doubtful,
            accounts: incident
                .accounts
                .iter()
                .map(|(name, how)| model::TakenAccount { name: name.as_str().into(), how: how.clone() })
                .collect(),
            sources: incident.actors.keys().filter_map(|address| self.source(*address, incident)).collect(),
            callers: incident.callers.iter().map(|party| self.caller(party)).collect(),
            phases: self.phases(incident, &calls),
            totals: totals(&calls, &loss),
            loss,
            breach: self.breach(incident),
            routes: routes::uses(&calls),
            proof: self
                .proofs(incident.proof.iter().chain(incident.ways.iter().take(1).flat_map(|way| &way.proof))),
            not_blocked: blocking::judge(self, incident, replay),
            still_registered: self.still_registered(incident),
            unknown: incident.unknown.clone(),
            calls,
            entry,
        }
    }

    fn title(&self, incident: &Incident, entry: &model::Entry, calls: &[Box<model::FraudCall>]) -> String {
        let names: Vec<String> =
            incident.accounts.keys().map(|name| crate::untrusted::visible(name)).collect();
        let whose = match names.as_slice() {
            _ if matches!(entry.vector, model::Vector::WebExploit | model::Vector::WebAdmin) => {
                "Somebody got into the server".to_owned()
            }
            [] => NOBODYS.to_owned(),
            [one] => format!("Somebody took over account {one}"),
            [first, rest @ ..] => format!("Somebody took over account {first} and {} more", rest.len()),
        };
        let how = format!("{}{}", hedge(entry), self.way(entry.vector, !names.is_empty()));
        let answered = calls.iter().filter(|call| call.disposition == "ANSWERED").count();
        let day =
            self.breach(incident).map_or_else(String::new, |day| day.format(" on %-d %B %Y").to_string());
        // `an account on 3 February` would be the account of that day.
        let (whose, day) = match day.strip_prefix(" on ") {
            Some(day) if whose == NOBODYS => (format!("On {day} somebody without an account"), String::new()),
            _ => (whose, day),
        };
        if calls.is_empty() {
            let why = if self.world.shows_calls() {
                "no fraudulent call is on record"
            } else {
                "these files hold no calls, so that what was called is not known"
            };
            return format!("{whose}{day} {how}; {why}.");
        }
        let seconds = calls.iter().map(|call| call.seconds_to_bill()).fold(None, model::sum_known);
        let in_all = seconds
            .map(|seconds| format!(", {} billed", crate::report::document::duration(seconds)))
            .unwrap_or_default();
        if incident.is_calls_alone() {
            return calls_alone(&names, calls, answered, &in_all);
        }
        let breach = self.breach(incident).map(|at| at.date_naive());
        let days = call_days(breach, calls).unwrap_or_default();
        let calls = if calls.len() == 1 { "1 call".to_owned() } else { format!("{} calls", calls.len()) };
        format!("{whose}{day} {how} and made {calls}{days}, {answered} of them answered{in_all}.")
    }

    /// Returns when they were first in, if anything tells.
    fn breach(&self, incident: &Incident) -> Option<model::When> {
        self.when(incident.breach).filter(|_| incident.is_dated)
    }

    /// Says how they got in, behind who it was.
    fn way(&self, vector: model::Vector, has_names: bool) -> &'static str {
        match vector {
            model::Vector::PasswordGuess => "after guessing its secret",
            model::Vector::ProvisioningLeak => "with the secret that a phone's configuration file gave away",
            model::Vector::DefaultCredential => "with a default secret",
            model::Vector::StolenCredential if self.options.since.is_some() => {
                "with its right secret (what came before --since was not looked at)"
            }
            model::Vector::StolenCredential => {
                "with its right secret (these logs do not tell where it came from)"
            }
            model::Vector::GuestCall => "was let out by the dialplan",
            model::Vector::DialplanHole => "came in by telephone, was let out again by the dialplan",
            model::Vector::VoicemailOrDisa => "came in by telephone, called out through a mailbox or DISA",
            model::Vector::CallForward => "called in and was sent on by a forward",
            model::Vector::ManagerInterface if !has_names => {
                "had the server place calls, by the manager interface,"
            }
            model::Vector::ManagerInterface => "at the manager interface, had the server place calls",
            model::Vector::WebExploit => "by a hole of the web panel",
            model::Vector::WebAdmin => "by logging in at the web panel",
            model::Vector::Insider => "with a secret that one of the owner's people knew",
            model::Vector::TrunkCredential => "used the trunk's secret elsewhere",
            model::Vector::Unknown => "in a way the evidence does not tell",
        }
    }

    /// Tells each night of calls that came in by telephone, in the zone of the case.
    fn nights<'i>(&'i self, incident: &'i Incident) -> impl Iterator<Item = String> + 'i {
        incident.nights.iter().filter_map(|night| {
            let (first, last) = (self.when(night.first)?, self.when(night.last)?);
            let (from, to) = (first.format("%Y-%m-%d %H:%M:%S"), last.format("%Y-%m-%d %H:%M:%S"));
            let to = if night.first == night.last { String::new() } else { format!(" to {to}") };
            Some(format!("{from}{to}{}: {}", last.format("%:z"), night.what))
        })
    }

    fn source(&self, address: std::net::IpAddr, incident: &Incident) -> Option<model::Source> {
        let actor = incident.actors.get(&address)?;
        let party = self.world.parties.get(&address);
        let client = self.world.fetches.get(&address);
        let uses = || {
            incident
                .accounts
                .keys()
                .flat_map(|account| self.world.uses_from(account, address))
                .chain(self.world.sessions.iter().filter(|session| session.address == Some(address)))
        };
        let calls = || {
            let indices = incident.calls.keys().filter_map(|&index| self.world.calls.list.get(index));
            indices.filter(|call| self.world.address_of(call) == Some(address))
        };
        let firsts = uses().map(|used| used.first).chain(calls().map(Call::start)).min();
        let acts = uses().filter(|used| used.is_own_act());
        let lasts = acts.map(|used| used.last).chain(calls().map(Call::end)).max();
        let first =
            earliest(earliest(party.and_then(Tried::first), client.and_then(|client| client.first)), firsts);
        let last = party.and_then(Tried::last).max(client.and_then(|client| client.last)).max(lasts);
        let visitor = self.world.visitors.get(&address).filter(|_| actor.roles.contains(&Role::Web));
        let first = earliest(first, visitor.map(|visitor| visitor.first));
        let last = last.max(visitor.map(|visitor| visitor.last));
        let failed = party.map_or(0, |party| party.failures.records + party.contacts.records);
        let fetched = client.map_or(0, Client::requests);
        let visits = self.world.visitors.get(&address).map_or(0, Visitor::records);
        let whereabouts = self.geoip.look(address);
        Some(model::Source {
            address,
            roles: actor.roles.iter().copied().collect(),
            country: whereabouts.country,
            network: whereabouts.network,
            city: whereabouts.city,
            first: self.maybe(first),
            last: self.maybe(last),
            events: failed
                + fetched
                + visits
                + uses().map(|used| used.count).sum::<u64>()
                + calls().count() as u64,
            attempts: party.map(|party| party.failures.attempts),
            evidence: self.proofs(&actor.lines),
        })
    }

    /// Returns the intruder's addresses that the server's own database still knows as an account's.
    fn still_registered(&self, incident: &Incident) -> Vec<std::net::IpAddr> {
        let holds = |binding: &&Binding| {
            let is_lapsed = binding.expires.zip(self.world.last).is_some_and(|(lapses, end)| lapses < end);
            incident.accounts.contains_key(&binding.account) && !is_lapsed
        };
        let held = incident.contacts(self.world).filter(holds);
        let addresses: BTreeSet<std::net::IpAddr> = held.filter_map(|binding| binding.address).collect();
        addresses.into_iter().collect()
    }

    fn caller(&self, party: &Party) -> model::Caller {
        model::Caller {
            number: party.number.as_deref().map(Untrusted::from),
            roles: party.roles.iter().copied().collect(),
            first: self.when(party.first),
            last: self.when(party.last),
            calls: party.calls.len() as u64,
        }
    }

    fn phases(&self, incident: &Incident, calls: &[Box<model::FraudCall>]) -> Vec<model::PhaseSpan> {
        let spans = [
            (Role::Scan, incident.scan),
            (Role::Guess, incident.guess),
            (Role::Provision, incident.provision),
            (Role::Web, incident.web),
            (Role::Register, incident.register),
        ];
        let mut phases: Vec<model::PhaseSpan> =
            spans.into_iter().filter_map(|(role, span)| Some(self.phase(role, span?))).collect();
        if incident.register.is_none() && !incident.held.is_empty() {
            let held = incident.held.len() as u64;
            phases.push(model::PhaseSpan {
                phase: Role::Register,
                first: None,
                last: None,
                events: held,
                sources: held,
            });
        }
        let starts = calls.iter().filter_map(|call| call.start);
        if let (Some(first), Some(last)) = (starts.clone().min(), starts.max()) {
            let sources: BTreeSet<_> = calls.iter().filter_map(|call| call.address).collect();
            phases.push(model::PhaseSpan {
                phase: Role::Dial,
                first: Some(first),
                last: Some(last),
                events: calls.len() as u64,
                sources: sources.len() as u64,
            });
        }
        phases
    }

    fn phase(&self, phase: Role, span: Span) -> model::PhaseSpan {
        model::PhaseSpan {
            phase,
            first: self.when(span.first),
            last: self.when(span.last),
            events: span.events,
            sources: span.sources,
        }
    }

    /// Returns the fraudulent calls. There may be many, so that there is room for them and for not many more.
    #[expect(clippy::vec_box, reason = "that is how the report has them")]
    fn calls(&self, incident: &Incident, cited: &BTreeMap<Place, Citation>) -> Vec<Box<model::FraudCall>> {
        const BLOCK: usize = 1_024;
        let mut calls = Vec::with_capacity(incident.calls.len());
        let mut all = incident.calls.iter().peekable();
        while all.peek().is_some() {
            let block: Vec<_> = all.by_ref().take(BLOCK).collect();
            let told = block.par_iter().map(|(index, why)| self.call(**index, why, incident, cited));
            calls.extend(told.collect::<Vec<_>>().into_iter().flatten());
        }
        calls
    }

    fn call(
        &self,
        index: usize,
        why: &str,
        incident: &Incident,
        cited: &BTreeMap<Place, Citation>,
    ) -> Option<Box<model::FraudCall>> {
        let call = self.world.calls.list.get(index)?;
        let places = self.world.places(call);
        let cost = self.cost(index, call);
        let caller = incident.callers.iter().find(|party| party.calls.contains(&index));
        let Called { e164, country, number } = self.numbers.of(self.world.dialed(call)).into_owned();
        let stayed_inside = self.stayed_inside(index, call);
        let route = self.route(call).map(Box::new);
        // A reader who knows the extension would take it for a call within the house.
        let is_strange = number.number_kind == Some(Kind::Internal) && call.by_trunk() && route.is_none();
        // The channel of whoever came in by a trunk is the trunk's, a guest's bears a name of the guest's choice.
        let is_guest = incident.ways.first().is_some_and(|way| way.vector == model::Vector::GuestCall);
        let account = self.world.account_of(call).filter(|_| !call.from_trunk() && !is_guest);
        Some(Box::new(model::FraudCall {
            uniqueid: self.world.uniqueid(call).map(Untrusted::from_bytes),
            start: self.when(self.world.begun(call)),
            end: self.when(call.end()),
            account: account.map(Untrusted::from),
            dialed: Untrusted::from_bytes(self.world.dialed(call)),
            e164,
            country,
            number,
            seconds: self.world.billed(call),
            disposition: call.disposition().word(),
            cost: cost.as_ref().map(|cost| cost.amount.to_string()),
            cost_basis: cost.as_ref().map(|cost| cost.basis),
            currency: cost.and_then(|cost| cost.currency),
            stayed_inside,
            why: match (call.is_claim(), self.deleted_mark(&places, cited)) {
                _ if stayed_inside => {
                    format!("{why}; it stayed within the house, so that no carrier bills it")
                }
                _ if is_strange => {
                    format!(
                        "{why}; the number of an extension was dialled, yet its record has it leave by a trunk"
                    )
                }
                (true, _) => {
                    format!("{why}; but only a file tells of it that one packet from a stranger can write")
                }
                (false, Some(mark)) => format!("{why}; its record was {mark}"),
                (false, None) if self.options.figures_only => String::new(),
                (false, None) => why.to_owned(),
            },
            address: self.world.address_of(call),
            caller: caller.and_then(|party| party.number.as_deref()).map(Untrusted::from),
            route,
            evidence: self.proofs(places.iter().filter_map(|place| cited.get(place))),
        }))
    }
}

impl Case<'_> {
    /// Returns whether a call went to an extension of the house and over no trunk: no carrier has it, or bills it.
    pub(super) fn stayed_inside(&self, index: usize, call: &Call) -> bool {
        let called = self.numbers.of(self.world.dialed(call));
        let number = &called.number;
        let is_inside =
            (number.number_kind, number.number_confidence) == (Some(Kind::Internal), Some(Confidence::Exact));
        is_inside && !call.by_trunk() && !self.prices.charged.contains_key(&index)
    }

    /// Returns how a call's record was found that had been deleted; the mark stands last in its text.
    fn deleted_mark(&self, places: &[Place], cited: &BTreeMap<Place, Citation>) -> Option<String> {
        places.iter().find_map(|place| {
            let kind = self.evidence.source(place.source)?.kind;
            let text = String::from_utf8_lossy(&cited.get(place)?.text);
            let (_, mark) = text.rsplit_once(" [deleted").filter(|_| kind.word() == "mariadb-table")?;
            // Behind the bracket stands where a row of the redo log lies, which differs from row to row.
            Some(format!("deleted{}", mark.split(']').next().unwrap_or_default()))
        })
    }
}

/// Returns the word before how somebody got in that says how sure that is.
///
/// Some ways need none: that the right secret was used or that calls came by the manager interface is on record, and
/// these words claim no more.
fn hedge(entry: &model::Entry) -> &'static str {
    match (entry.vector, entry.likelihood) {
        (model::Vector::StolenCredential | model::Vector::ManagerInterface | model::Vector::Unknown, _) => "",
        (_, likelihood) => vectors::hedge(likelihood),
    }
}

/// Adds up calls; money only where all that is known is in one currency and of one basis.
fn totals(calls: &[Box<model::FraudCall>], loss: &model::Loss) -> model::Totals {
    let told = calls.iter().map(|call| (call.disposition == "ANSWERED", call.seconds_to_bill()));
    let totals = model::Totals::of(told);
    match loss.known.as_slice() {
        [known] => {
            model::Totals { cost: Some(known.cost.clone()), currency: known.currency.clone(), ..totals }
        }
        _ => totals,
    }
}

fn entry(world: &World<'_>, incident: &Incident) -> model::Entry {
    let account = incident.accounts.keys().next().map(String::as_str);
    let missing = |vector| rivals::missing(world, account, vector);
    let best = incident.ways.first();
    let scores: Vec<i32> = incident.ways.iter().map(|way| way.score).collect();
    let top = scores.first().copied().unwrap_or(0);
    let second = scores.get(1).copied().unwrap_or(0);
    model::Entry {
        vector: best.map_or(model::Vector::Unknown, |way| way.vector),
        likelihood: best
            .filter(|_| !incident.is_doubtful)
            .map_or(Likelihood::Possible, |way| vectors::likelihood(top, second, way.score)),
        because: best.map(|way| way.because.clone()).unwrap_or_default(),
        against: best.map(|way| way.against.clone()).unwrap_or_default(),
        missing: best.map_or_else(Vec::new, |way| missing(way.vector)),
        alternatives: incident
            .ways
            .iter()
            .skip(1)
            .map(|way| model::Alternative {
                title: None,
                vector: way.vector,
                likelihood: vectors::rival_likelihood(top, way.score),
                because: way.because.clone(),
                against: way.against.clone(),
                missing: missing(way.vector),
                would_refute: would_refute(way.vector),
            })
            .collect(),
        would_refute: best.map_or_else(Vec::new, |way| would_refute(way.vector)),
    }
}

/// Says what calls are on record of which nothing tells who made them.
fn calls_alone(names: &[String], calls: &[Box<model::FraudCall>], answered: usize, in_all: &str) -> String {
    let account = match names {
        [] => String::new(),
        [one] => format!(" with account {one}"),
        [first, rest @ ..] => format!(" with account {first} and {} more", rest.len()),
    };
    let days = call_days(None, calls).unwrap_or_default();
    let made = if calls.len() == 1 {
        "1 call that looks like fraud was".to_owned()
    } else {
        format!("{} calls that look like fraud were", calls.len())
    };
    format!(
        "{made} made{account}{days}, {answered} of them answered{in_all}; whether by a stranger, one of the owner's own \
         people or a forward, these records cannot tell."
    )
}

/// Says on which days calls began, unless all did on the day that the sentence has named already.
fn call_days(named: Option<NaiveDate>, calls: &[Box<model::FraudCall>]) -> Option<String> {
    let days = || calls.iter().filter_map(|call| call.start).map(|start| start.date_naive());
    let (first, last) = (days().min()?, days().max()?);
    let day = |at: NaiveDate, shape: &str| at.format(shape).to_string();
    if first == last {
        return (named != Some(first)).then(|| day(first, " on %-d %B %Y"));
    }
    let from = match (first.year() == last.year(), first.month() == last.month()) {
        (true, true) => "%-d",
        (true, false) => "%-d %B",
        (false, _) => "%-d %B %Y",
    };
    Some(format!(" from {} to {}", day(first, from), day(last, "%-d %B %Y")))
}

/// What would settle the question or refute the answer, for each way in.
pub(super) fn would_refute(vector: model::Vector) -> Vec<String> {
    let texts: &[&str] = match vector {
        model::Vector::PasswordGuess => &[
            "a mail, a backup or a phone file that held this secret and was read before the guessing",
            "logs from before the evidence begins that show an earlier success from outside",
        ],
        model::Vector::ProvisioningLeak => &[
            "a registration from outside that is older than the fetch",
            "proof that the secret was changed between the fetch and the first use",
        ],
        model::Vector::DefaultCredential => &["proof that the secret was another at the time of the breach"],
        model::Vector::StolenCredential => &[
            "web, mail and TFTP logs of the weeks before: whoever read a file or mail with this secret",
            "older security logs: guesses that came off before this evidence begins",
        ],
        model::Vector::GuestCall => &["a security event that shows an account for these calls"],
        model::Vector::DialplanHole => {
            &["the reason why calls from the carrier may leave by a trunk, if there is one"]
        }
        model::Vector::VoicemailOrDisa => &[
            "the carrier's records of the incoming calls: whose they were",
            "word of the staff that they made these calls from their own telephones",
        ],
        model::Vector::CallForward => &["word of whoever uses the telephone that he set the forward himself"],
        model::Vector::ManagerInterface => &["a log of manager actions (debug level 1) without these calls"],
        model::Vector::WebExploit => &[
            "an administrator who put these pages, jobs or users there",
            "access logs of the weeks before that show the page in use earlier",
        ],
        model::Vector::WebAdmin => &[
            "an administrator who logged in from there",
            "web server logs of the weeks before without a stranger in the panel",
        ],
        model::Vector::Insider => {
            &["proof that whoever used the account was none of those who knew its secret"]
        }
        model::Vector::TrunkCredential => &[
            "the carrier's signalling records of these calls, with the phone system's own address as their source",
            "records of this phone system from the same times, in a backup or another copy, that have the calls",
        ],
        model::Vector::Unknown => &["older logs, from before the intruder's first use"],
    };
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_names_the_days_of_the_calls() {
        let day = |text: &str| text.parse::<NaiveDate>().ok();
        let told = |starts: &[&str]| {
            let call = |start: &&str| {
                let start = chrono::DateTime::parse_from_rfc3339(&format!("{start}T23:30:00+01:00")).ok();
                let mut call = crate::report::sample::report().incidents[0].calls[0].clone();
                call.start = start;
                call
            };
            call_days(day("2026-02-03"), &starts.iter().map(call).collect::<Vec<_>>())
        };
        assert_eq!(told(&[]), None);
        assert_eq!(told(&["2026-02-03", "2026-02-03"]), None);
        assert_eq!(told(&["2026-02-04"]).as_deref(), Some(" on 4 February 2026"));
        assert_eq!(told(&["2026-02-05", "2026-02-03"]).as_deref(), Some(" from 3 to 5 February 2026"));
        assert_eq!(told(&["2026-02-28", "2026-03-01"]).as_deref(), Some(" from 28 February to 1 March 2026"));
        assert_eq!(
            told(&["2025-12-31", "2026-01-01"]).as_deref(),
            Some(" from 31 December 2025 to 1 January 2026")
        );
    }
}
