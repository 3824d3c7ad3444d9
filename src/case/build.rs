//! The reconstruction as a report: instants in the case's zone, places as paths and lines.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, FixedOffset};

use super::{Examined, Options, Read, assessment, gaps, story};
use crate::checks;
use crate::clock::{Clock, Zone, ZoneOrigin};
use crate::event::{Citation, Instant, Place, Service};
use crate::evidence::{Evidence, cite};
use crate::reconstruct::failed::Failed;
use crate::reconstruct::incident::{Incident, Span};
use crate::reconstruct::vectors;
use crate::reconstruct::world::{Party, World, earliest};
use crate::report::model::{self, Likelihood, Proof, Role, When};
use crate::untrusted::Untrusted;

/// All that a report is made of.
pub(super) struct Case<'a> {
    pub(super) evidence: &'a Evidence,
    pub(super) options: &'a Options,
    pub(super) clock: &'a Clock,
    pub(super) world: &'a World<'a>,
    pub(super) read: &'a [Read<'a>],
}

/// Lines shown for one address or call.
const MOST_PROOFS: usize = 4;

/// Shows an instant in a zone.
pub(super) fn when(zone: &Zone, at: Instant) -> Option<When> {
    let offset = FixedOffset::east_opt(zone.offset_at(at.seconds()))?;
    Some(DateTime::from_timestamp_micros(at.0)?.with_timezone(&offset))
}

impl Case<'_> {
    pub(super) fn when(&self, at: Instant) -> Option<When> {
        when(self.clock.zone(), at)
    }

    fn maybe(&self, at: Option<Instant>) -> Option<When> {
        at.and_then(|at| self.when(at))
    }

    pub(super) fn proof(&self, citation: &Citation) -> Option<Proof> {
        let source = self.evidence.source(citation.place.source)?;
        let path = source.file.path.clone();
        let line = (citation.place.line > 0).then_some(u64::from(citation.place.line));
        // Of a flood in a plain file only the places were kept.
        let text = match &citation.text {
            none if none.is_empty() => cite::line(self.evidence, citation.place)?.text,
            text => text.clone(),
        };
        let offset = source.kind.has_offsets().then_some(citation.place.offset);
        Some(Proof { path, line, offset, text: Untrusted::from_bytes(&text) })
    }

    pub(super) fn proofs<'c>(&self, citations: impl IntoIterator<Item = &'c Citation>) -> Vec<Proof> {
        let mut proofs: Vec<Proof> = Vec::new();
        for proof in citations.into_iter().filter_map(|citation| self.proof(citation)) {
            if proofs.len() < MOST_PROOFS && !proofs.contains(&proof) {
                proofs.push(proof);
            }
        }
        proofs
    }

    /// Builds the report and the story.
    pub(super) fn report(&self, incidents: &[Incident], failed: &[Failed]) -> Examined {
        let places: BTreeSet<Place> = incidents
            .iter()
            .filter(|_| !self.options.figures_only)
            .flat_map(|incident| incident.calls.keys())
            .filter_map(|&index| self.world.calls.list.get(index))
            .flat_map(|call| self.world.places(call))
            .collect();
        let cited = cite::lines(self.evidence, &places);
        let shown: Vec<model::Incident> = incidents
            .iter()
            .enumerate()
            .map(|(number, incident)| self.incident(number + 1, incident, &cited))
            .collect();
        let report = model::Report {
            schema: model::SCHEMA,
            tool: model::Tool { name: "tolltrace", version: env!("CARGO_PKG_VERSION") },
            case: self.case(),
            evidence: self.read.iter().map(|read| self.row(read)).collect(),
            incidents: shown,
            failed_attackers: failed.iter().map(|failed| self.failed(failed)).collect(),
            findings: checks::run(self.world, incidents, &|citation| self.proof(citation)),
            gaps: gaps::find(self, incidents),
            assessment: assessment::assess(self, incidents),
            clocks: self.clocks(),
            not_read: self.not_read(),
            unrecognised_files: self.evidence.unrecognised_count,
            limits: self.limits(),
            hashing_off: self.options.no_hash,
            likelihoods: likelihoods(),
        };
        let wanted = if self.options.figures_only { &[] } else { incidents };
        Examined { report, story: story::tell(self, wanted, failed, &cited) }
    }

    fn case(&self) -> model::Case {
        let version = self.world.told.iter().find_map(|told| told.ledger.version.as_deref());
        let asterisk = version.map(|version| Untrusted::from_bytes(&[b"Asterisk ", version].concat()));
        let origin = match self.clock.origin() {
            ZoneOrigin::Given => "given by option".to_owned(),
            ZoneOrigin::Evidence(path) => format!("from {path}"),
            ZoneOrigin::Assumed => "assumed: no file of the evidence tells the zone".to_owned(),
            ZoneOrigin::Ties => "worked out from records that tell their own instant".to_owned(),
        };
        model::Case {
            evidence: self.evidence.given.clone(),
            number: self.options.case_number.clone(),
            examiner: self.options.examiner.clone(),
            organisation: self.options.organisation.clone(),
            timezone: self.clock.zone().name(),
            timezone_origin: origin,
            home_country: self.options.home_country.clone(),
            filters: self.filters(),
            evidence_ends: self.maybe(self.world.last),
            product: asterisk.or_else(|| self.proxy().map(Untrusted::from)),
        }
    }

    /// Returns the SIP proxy that the evidence is of, as its records or its configuration tell.
    fn proxy(&self) -> Option<&'static str> {
        let speaks = |service| self.world.told.iter().any(|told| told.ledger.services.contains(&service));
        let names = [(Service::Kamailio, "Kamailio"), (Service::Opensips, "OpenSIPS")];
        let told = names.into_iter().find(|(service, _)| speaks(*service)).map(|(_, name)| name);
        told.or(self.world.pbx.proxy)
    }

    /// Says what the user's options leave out: an answer over a part must not read like one over all.
    fn filters(&self) -> Vec<String> {
        let options = self.options;
        let since = options
            .since
            .as_ref()
            .map(|at| format!("only what happened from {at} on was looked at (--since)."));
        let until = options
            .until
            .as_ref()
            .map(|at| format!("only what happened before {at} was looked at (--until)."));
        let trusted: Vec<String> = options.trusted.iter().map(ToString::to_string).collect();
        let trusted = (!trusted.is_empty()).then(|| {
            format!("{} counts as one's own, whatever came from there (--trusted).", trusted.join(", "))
        });
        since.into_iter().chain(until).chain(trusted).collect()
    }

    fn row(&self, read: &Read<'_>) -> model::EvidenceRow {
        let told = self.world.told.iter().find(|told| told.source.id == read.source.id);
        let coverage = &read.coverage;
        let original = read.source.duplicate_of.and_then(|id| self.evidence.source(id));
        let mut notes = coverage.notes.clone();
        notes.extend(original.map(|original| format!("a copy of {}: counted once", original.file.path)));
        notes.extend(
            self.world
                .pbx
                .problems
                .iter()
                .filter(|problem| problem.path.starts_with(&read.source.file.path))
                .map(|problem| problem.what.clone()),
        );
        model::EvidenceRow {
            path: read.source.file.path.clone(),
            kind: read.source.kind.word(),
            bytes: read.source.file.bytes,
            sha256: read.sha256.clone(),
            first: self.maybe(told.and_then(|told| told.ledger.first)),
            last: self.maybe(told.and_then(|told| told.ledger.last)),
            records: coverage.records,
            unparsed: coverage.unparsed_lines(),
            note: (!notes.is_empty()).then(|| notes.join("; ")),
            unparsed_places: coverage
                .unparsed
                .iter()
                .map(|(why, count)| model::UnparsedPlaces {
                    why: why.words(),
                    lines: count.lines,
                    first_lines: count.first_lines.clone(),
                })
                .collect(),
            duplicate_of: original.map(|original| original.file.path.clone()),
        }
    }

    fn incident(
        &self,
        number: usize,
        incident: &Incident,
        cited: &BTreeMap<Place, Citation>,
    ) -> model::Incident {
        let calls: Vec<model::FraudCall> =
            incident.calls.iter().filter_map(|(&index, why)| self.call(index, why, cited)).collect();
        let entry = entry(incident);
        model::Incident {
            id: format!("incident-{number}"),
            title: self.title(incident, &entry, &calls),
            accounts: incident
                .accounts
                .iter()
                .map(|(name, how)| model::TakenAccount { name: name.as_str().into(), how: how.clone() })
                .collect(),
            sources: incident.actors.keys().filter_map(|address| self.source(*address, incident)).collect(),
            callers: Vec::new(),
            phases: self.phases(incident, &calls),
            totals: totals(&calls, self.is_measured(incident)),
            breach: self.when(incident.breach),
            proof: self
                .proofs(incident.proof.iter().chain(incident.ways.iter().take(1).flat_map(|way| &way.proof))),
            unknown: incident.unknown.clone(),
            calls,
            entry,
        }
    }

    fn title(&self, incident: &Incident, entry: &model::Entry, calls: &[model::FraudCall]) -> String {
        let names: Vec<String> =
            incident.accounts.keys().map(|name| crate::untrusted::visible(name)).collect();
        let whose = match names.as_slice() {
            [] => "Somebody without an account".to_owned(),
            [one] => format!("Somebody took over account {one}"),
            [first, rest @ ..] => format!("Somebody took over account {first} and {} more", rest.len()),
        };
        let how = match entry.vector {
            model::Vector::PasswordGuess => "after guessing its secret",
            model::Vector::ProvisioningLeak => "with the secret that a phone's configuration file gave away",
            model::Vector::DefaultCredential => "with a default secret",
            model::Vector::StolenCredential => {
                "with its right secret (these logs do not tell where it came from)"
            }
            model::Vector::GuestCall => "was let out by the dialplan",
            model::Vector::ManagerInterface => "of the manager interface and made the server place calls",
            model::Vector::Unknown => "in a way the evidence does not tell",
        };
        let answered = calls.iter().filter(|call| call.disposition == "ANSWERED").count();
        let day = self
            .when(incident.breach)
            .map_or_else(String::new, |day| day.format(" on %-d %B %Y").to_string());
        if calls.is_empty() {
            return format!("{whose}{day} {how}; no fraudulent call is on record.");
        }
        let seconds = calls.iter().map(|call| call.seconds).sum();
        let in_all = if self.is_measured(incident) {
            format!(", {} billed", crate::report::document::duration(seconds))
        } else {
            String::new()
        };
        let calls = if calls.len() == 1 { "1 call".to_owned() } else { format!("{} calls", calls.len()) };
        format!("{whose}{day} {how} and made {calls}, {answered} of them answered{in_all}.")
    }

    /// Returns whether call records tell how long the calls lasted.
    fn is_measured(&self, incident: &Incident) -> bool {
        let mut calls = incident.calls.keys().filter_map(|&index| self.world.calls.list.get(index));
        calls.any(|call| self.world.has_record(call))
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
        let firsts = uses().map(|used| used.first).chain(calls().map(|call| call.start)).min();
        let lasts = uses().map(|used| used.last).chain(calls().map(|call| call.start)).max();
        let first =
            earliest(earliest(party.and_then(Party::first), client.and_then(|client| client.first)), firsts);
        let last = party.and_then(Party::last).max(client.and_then(|client| client.last)).max(lasts);
        let failed = party.map_or(0, |party| party.failures.records + party.contacts.records);
        let fetched = client.map_or(0, |client| client.given_count + client.missing);
        Some(model::Source {
            address,
            roles: actor.roles.iter().copied().collect(),
            country: None,
            network: None,
            first: self.maybe(first),
            last: self.maybe(last),
            events: failed + fetched + uses().map(|used| used.count).sum::<u64>() + calls().count() as u64,
            attempts: party.map(|party| party.failures.attempts),
            evidence: self.proofs(&actor.lines),
        })
    }

    fn phases(&self, incident: &Incident, calls: &[model::FraudCall]) -> Vec<model::PhaseSpan> {
        let spans = [
            (Role::Scan, incident.scan),
            (Role::Guess, incident.guess),
            (Role::Provision, incident.provision),
            (Role::Register, incident.register),
        ];
        let mut phases: Vec<model::PhaseSpan> =
            spans.into_iter().filter_map(|(role, span)| Some(self.phase(role, span?))).collect();
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

    fn call(&self, index: usize, why: &str, cited: &BTreeMap<Place, Citation>) -> Option<model::FraudCall> {
        let call = self.world.calls.list.get(index)?;
        let places = self.world.places(call);
        Some(model::FraudCall {
            uniqueid: self.world.uniqueid(call).map(Untrusted::from_bytes),
            start: self.when(call.start),
            account: self.world.account_of(call).map(Untrusted::from),
            dialed: Untrusted::from_bytes(self.world.dialed(call)),
            e164: None,
            country: None,
            seconds: u64::from(call.billsec),
            disposition: call.disposition.word(),
            cost: None,
            currency: None,
            why: why.to_owned(),
            address: self.world.address_of(call),
            evidence: self.proofs(places.iter().filter_map(|place| cited.get(place))),
        })
    }

    fn failed(&self, failed: &Failed) -> model::FailedAttacker {
        let party = self.world.parties.get(&failed.address);
        let client = self.world.fetches.get(&failed.address);
        let names = party.map_or_else(Vec::new, |party| {
            let known = party.by_account.keys().chain(&party.unknown_names);
            known.take(20).map(|name| Untrusted::from(name.as_str())).collect()
        });
        let flooded = self.world.flooded(failed.address);
        let blocked = flooded.map(|(at, _)| *at);
        let first = earliest(party.and_then(Party::first), client.and_then(|client| client.first));
        let first = earliest(first, blocked);
        let last = party.and_then(Party::last).max(client.and_then(|client| client.last)).max(blocked);
        let lines = party.map(|party| party.failures.lines.as_slice()).unwrap_or_default();
        model::FailedAttacker {
            address: failed.address,
            roles: failed.roles.clone(),
            first: self.maybe(first),
            last: self.maybe(last),
            events: party.map_or(0, |party| party.failures.records + party.contacts.records)
                + client.map_or(0, |client| client.given_count + client.missing)
                + u64::from(flooded.is_some()),
            attempts: party.map(|party| party.failures.attempts),
            accounts_tried: names,
            accounts_tried_count: party.map_or(0, |party| party.names_tried() as u64),
            evidence: self.proofs(
                lines
                    .iter()
                    .chain(client.into_iter().flat_map(|client| &client.missing_lines))
                    .chain(flooded.map(|(_, line)| line)),
            ),
        }
    }

    fn clocks(&self) -> Vec<model::ClockNote> {
        let whole = self.clock.notes().to_vec();
        let whole =
            (!whole.is_empty()).then(|| model::ClockNote { path: "all sources".to_owned(), notes: whole });
        let each = self.read.iter().filter(|read| read.source.kind.tells().is_some()).filter_map(|read| {
            let notes = self.clock.of(read.source.id).notes().to_vec();
            (!notes.is_empty()).then(|| model::ClockNote { path: read.source.file.path.clone(), notes })
        });
        whole.into_iter().chain(each).collect()
    }

    fn not_read(&self) -> Vec<model::NotRead> {
        let links =
            self.evidence.links.iter().filter(|link| !link.inside && !link.path.ends_with("etc/localtime"));
        let links = links.map(|link| model::NotRead {
            path: link.path.clone(),
            bytes: None,
            why: format!(
                "a link to {}, which is not in the evidence",
                crate::untrusted::visible(&link.target)
            ),
        });
        let files = self.evidence.trouble.iter().chain(&self.evidence.unrecognised);
        let files = files.map(|unread| model::NotRead {
            path: unread.path.clone(),
            bytes: unread.bytes,
            why: unread.why.clone(),
        });
        links.chain(files).collect()
    }

    fn limits(&self) -> Vec<String> {
        let told = self.world.told.iter();
        told.flat_map(|told| {
            let path = &told.source.file.path;
            let limits = told.ledger.limits.iter().map(move |limit| format!("{path}: {limit}"));
            let late = told.ledger.last.filter(|last| self.world.last.is_some_and(|end| end < *last));
            limits.chain(late.map(|late| {
                format!(
                    "{path}: records as late as {} stand far behind all others and are not taken for the end",
                    self.when(late).map_or_else(String::new, |when| when.format("%Y-%m-%d").to_string())
                )
            }))
        })
        .collect()
    }
}

fn totals(calls: &[model::FraudCall], seconds_known: bool) -> model::Totals {
    model::Totals {
        calls: calls.len() as u64,
        answered: calls.iter().filter(|call| call.disposition == "ANSWERED").count() as u64,
        seconds: calls.iter().map(|call| call.seconds).sum(),
        seconds_known,
        cost: None,
        currency: None,
    }
}

fn entry(incident: &Incident) -> model::Entry {
    let best = incident.ways.first();
    let scores: Vec<i32> = incident.ways.iter().map(|way| way.score).collect();
    let top = scores.first().copied().unwrap_or(0);
    let second = scores.get(1).copied().unwrap_or(0);
    model::Entry {
        vector: best.map_or(model::Vector::Unknown, |way| way.vector),
        likelihood: best.map_or(Likelihood::Possible, |way| vectors::likelihood(top, second, way.score)),
        because: best.map(|way| way.because.clone()).unwrap_or_default(),
        against: best.map(|way| way.against.clone()).unwrap_or_default(),
        alternatives: incident
            .ways
            .iter()
            .skip(1)
            .map(|way| model::Alternative {
                vector: way.vector,
                likelihood: vectors::rival_likelihood(top, way.score),
                because: way.because.clone(),
                against: way.against.clone(),
            })
            .collect(),
        would_refute: best.map_or_else(Vec::new, |way| would_refute(way.vector)),
    }
}

/// What would settle the question or refute the answer, for each way in.
fn would_refute(vector: model::Vector) -> Vec<String> {
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
        model::Vector::ManagerInterface => &["a log of manager actions (debug level 1) without these calls"],
        model::Vector::Unknown => &["older logs, from before the intruder's first use"],
    };
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn likelihoods() -> Vec<model::LikelihoodMeaning> {
    [
        (Likelihood::AlmostCertain, "several independent records say so and none speaks against it"),
        (Likelihood::Likely, "records say so; another reading is possible but explains less"),
        (Likelihood::Possible, "it fits, and so does something else"),
        (Likelihood::Unlikely, "it fits badly, or its source is there and silent"),
    ]
    .into_iter()
    .map(|(likelihood, meaning)| model::LikelihoodMeaning { likelihood, meaning })
    .collect()
}
