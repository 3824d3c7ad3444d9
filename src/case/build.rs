//! The reconstruction as a report: instants in the case's zone, places as paths and lines.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, FixedOffset};

use super::losses::Prices;
use super::numbers::Numbers;
use super::{Examined, Options, Read, administrators, assessment, blocking, gaps, story, unprecedented};
use crate::checks;
use crate::clock::{Clock, Zone};
use crate::contain::Plan;
use crate::event::{Citation, Instant, Place};
use crate::evidence::{Evidence, cite};
use crate::fold::fetches::Client;
use crate::geoip::GeoIp;
use crate::patterns::Thresholds;
use crate::reconstruct::confirm::{Doubt, Question};
use crate::reconstruct::failed::{Failed, Listed, hole_seekers};
use crate::reconstruct::incident::Incident;
use crate::reconstruct::world::{Party, World, earliest};
use crate::report::model::{self, Likelihood, Proof, Role, When};
use crate::scan::Hashing;
use crate::untrusted::Untrusted;

/// All that a report is made of.
pub(super) struct Case<'a> {
    pub(super) evidence: &'a Evidence,
    pub(super) options: &'a Options,
    /// `None` if nothing is hashed.
    pub(super) hashing: Option<&'a Hashing<'a>>,
    pub(super) window_notes: &'a [String],
    /// Machines that lines of phone systems name as their own.
    pub(super) machines: &'a [Untrusted],
    pub(super) clock: &'a Clock,
    pub(super) world: &'a World<'a>,
    pub(super) read: &'a [Read<'a>],
    pub(super) numbers: &'a Numbers,
    pub(super) prices: &'a Prices,
    pub(super) geoip: &'a GeoIp,
    pub(super) thresholds: &'a Thresholds,
    pub(super) rules: &'a super::rules::Outcomes,
}

/// Lines shown for one address or call.
const MOST_PROOFS: usize = 4;

/// Questions listed; more than anybody asks.
const MOST_QUESTIONS: usize = 50;

/// Shows an instant in a zone.
pub(super) fn when(zone: &Zone, at: Instant) -> Option<When> {
    let offset = FixedOffset::east_opt(zone.offset_at(at.seconds()))?;
    Some(DateTime::from_timestamp_micros(at.0)?.with_timezone(&offset))
}

impl Case<'_> {
    pub(super) fn when(&self, at: Instant) -> Option<When> {
        when(self.clock.zone(), at)
    }

    pub(super) fn maybe(&self, at: Option<Instant>) -> Option<When> {
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
        let text = Untrusted::from_bytes(&text);
        // What proves something may hold a secret beside it, which proves nothing.
        let shown = match crate::secrets::masked(text.raw()) {
            Cow::Owned(shown) => Some(Untrusted::from(shown.as_str())),
            Cow::Borrowed(_) => None,
        };
        let text = shown.unwrap_or(text);
        let shown = match self.world.pbx.dialplan.pins.masked(text.raw()) {
            Cow::Owned(shown) => Some(Untrusted::from(shown.as_str())),
            Cow::Borrowed(_) => None,
        };
        Some(Proof { path, line, offset, text: shown.unwrap_or(text) })
    }

    pub(super) fn proofs<'c>(&self, citations: impl IntoIterator<Item = &'c Citation>) -> Vec<Proof> {
        let mut proofs: Vec<Proof> = Vec::new();
        for proof in citations.into_iter().filter_map(|citation| self.proof(citation)) {
            // Another log's copy of a line proves nothing more.
            let is_new = proofs.iter().all(|known| known.text != proof.text);
            if proofs.len() < MOST_PROOFS && is_new {
                proofs.push(proof);
            }
        }
        proofs
    }

    /// Builds the report and the story.
    pub(super) fn report(&self, incidents: &[Incident], failed: &Listed, questions: &[Question]) -> Examined {
        // First, as what is worked out for them takes room that the incidents can use again.
        let (observations, assessment) =
            rayon::join(|| self.observations(self.thresholds), || assessment::assess(self, incidents));
        let cited = self.lines_of_calls(incidents);
        let replay = blocking::Replay::of(self, incidents);
        let number = |(index, incident)| self.incident(index + 1, incident, &cited, &replay);
        let (mut findings, limits) = checks::run(self.world, incidents, &|citation| self.proof(citation));
        let rules = self.rules();
        findings.extend(rules.findings);
        checks::sort(&mut findings);
        let limits = limits.into_iter().chain(rules.limits);
        let mut report = model::Report {
            schema: model::SCHEMA,
            tool: model::Tool { name: "tolltrace", version: env!("CARGO_PKG_VERSION") },
            case: self.case(),
            evidence: Vec::new(),
            incidents: incidents.iter().enumerate().map(number).collect(),
            failed_attackers: failed.failed.iter().map(|failed| self.failed(failed)).collect(),
            hole_seekers: self.hole_seekers(incidents),
            to_confirm: questions
                .iter()
                .take(MOST_QUESTIONS)
                .map(|question| self.question(question))
                .chain(administrators::to_confirm(self, &findings))
                .chain(unprecedented::to_confirm(self, incidents))
                .collect(),
            to_confirm_left_out: questions.len().saturating_sub(MOST_QUESTIONS) as u64,
            judged: self.judged(),
            failed_attackers_count: failed.count as u64,
            findings,
            steps: Vec::new(),
            playbooks: Vec::new(),
            rules: rules.answers,
            settings: self.settings_looked_at(),
            gaps: gaps::find(self, incidents),
            assessment,
            reconciliation: None,
            dispute: None,
            dialling: self.numbers.dialling.clone(),
            observations,
            thresholds: self.thresholds.clone(),
            geoip: self.geoip.files.clone(),
            clocks: self.clocks(),
            not_read: self.not_read(),
            unrecognised_files: self.evidence.unrecognised_count,
            limits: self.limits_reached(failed, limits),
            hashing_off: self.options.no_hash,
            likelihoods: likelihoods(),
        };
        let wanted = if self.options.figures_only { &[] } else { incidents };
        let story = story::tell(self, wanted, &failed.failed, &cited);
        // Last, as it waits until all is hashed.
        report.evidence = self.rows();
        Examined { report, story, kept: None, containment: Plan::default() }
    }

    /// Reads the lines that prove the calls; none for who asks for figures only.
    fn lines_of_calls(&self, incidents: &[Incident]) -> BTreeMap<Place, Citation> {
        let places: BTreeSet<Place> = incidents
            .iter()
            .filter(|_| !self.options.figures_only)
            .flat_map(|incident| incident.calls.keys())
            .filter_map(|&index| self.world.calls.list.get(index))
            .flat_map(|call| self.world.places(call))
            .collect();
        cite::lines(self.evidence, &places)
    }

    fn settings_looked_at(&self) -> model::SettingsLookedAt {
        let settings = &self.world.pbx.settings;
        model::SettingsLookedAt {
            looked_at: settings.looked_at.iter().copied().collect(),
            not_checked: settings.not_there().into_iter().collect(),
        }
    }

    /// Tells every limit that was reached, those of the checks and rules among them.
    fn limits_reached(&self, listed: &Listed, of_checks: impl Iterator<Item = String>) -> Vec<String> {
        let shown = listed.failed.len();
        let unlisted = (shown < listed.count).then(|| {
            format!(
                "{} addresses tried and got nothing: the {shown} that tried most are listed",
                listed.count
            )
        });
        let notes = self.world.artifacts.notes.iter().cloned();
        let of_routes = self.numbers.limit.clone();
        let limits = self.limits().into_iter().chain(unlisted).chain(of_routes).chain(of_checks);
        limits.chain(notes).chain(self.given_notes()).collect()
    }

    /// Says what the evidence has to judge by.
    fn judged(&self) -> model::Judged {
        model::Judged {
            logins: self.world.shows_logins(),
            by_calls_alone: !self.world.records_logins() && self.world.shows_logins(),
            calls: self.world.shows_calls(),
            dialplan: !self.world.pbx.dialplan.contexts.is_empty(),
            firewall: !self.world.pbx.firewall.disks().is_empty(),
            pages: self.world.artifacts.pages > 0,
            panel_tables: !self.world.artifacts.snapshots.is_empty(),
            channels: !self.world.pbx.live_calls.is_empty(),
            whole_disk: self.evidence.is_whole_disk(),
            not_judged: model::Judged::NOT_JUDGED,
        }
    }

    fn failed(&self, failed: &Failed) -> model::FailedAttacker {
        let party = self.world.parties.get(&failed.address);
        let client = self.world.fetches.get(&failed.address);
        let at_panel = || self.world.web.logins_of(failed.address).filter(|(_, logins)| logins.refused > 0);
        let refused = self.world.web.refused_of(failed.address);
        let known = party.into_iter().flat_map(|party| party.by_account.keys().chain(&party.unknown_names));
        let known = known.map(|name| Untrusted::from(name.as_str()));
        let of_panel = at_panel().map(|(user, _)| Untrusted::from_bytes(user));
        let names = known.chain(of_panel).take(20).collect();
        let flooded = self.world.flooded(failed.address);
        let blocked = flooded.map(|(at, _)| *at);
        let first = earliest(party.and_then(Party::first), client.and_then(|client| client.first));
        let first = earliest(first, blocked);
        let first = at_panel().fold(first, |first, (_, logins)| earliest(first, logins.first_refused));
        let last = party.and_then(Party::last).max(client.and_then(|client| client.last)).max(blocked);
        let last = last.max(at_panel().filter_map(|(_, logins)| logins.last_refused).max());
        let lines = party.map(|party| party.failures.lines.as_slice()).unwrap_or_default();
        let whereabouts = self.geoip.look(failed.address);
        model::FailedAttacker {
            address: failed.address,
            roles: failed.roles.clone(),
            country: whereabouts.country,
            network: whereabouts.network,
            city: whereabouts.city,
            first: self.maybe(first),
            last: self.maybe(last),
            events: party.map_or(0, |party| party.failures.records + party.contacts.records)
                + client.map_or(0, Client::requests)
                + refused
                + u64::from(flooded.is_some()),
            attempts: party
                .map(|party| party.failures.attempts + refused)
                .or((refused > 0).then_some(refused)),
            accounts_tried: names,
            accounts_tried_count: party.map_or(0, |party| party.names_tried() as u64)
                + at_panel().count() as u64,
            evidence: self.proofs(
                lines
                    .iter()
                    .chain(client.into_iter().flat_map(|client| &client.missing_lines))
                    .chain(at_panel().filter_map(|(_, logins)| logins.refused_line.as_ref()))
                    .chain(flooded.map(|(_, line)| line)),
            ),
        }
    }

    fn hole_seekers(&self, incidents: &[Incident]) -> Vec<model::FailedAttacker> {
        let involved = incidents.iter().flat_map(|incident| incident.actors.keys().copied()).collect();
        let found = hole_seekers(self.world, &involved).into_iter().map(|(address, asked)| {
            let whereabouts = self.geoip.look(address);
            model::FailedAttacker {
                address,
                roles: vec![Role::Web],
                country: whereabouts.country,
                network: whereabouts.network,
                city: whereabouts.city,
                first: self.when(asked.first),
                last: self.when(asked.last),
                events: asked.count,
                attempts: None,
                accounts_tried: Vec::new(),
                accounts_tried_count: 0,
                evidence: self.proofs(asked.lines),
            }
        });
        found.collect()
    }

    fn question(&self, question: &Question) -> model::ToConfirm {
        let why = match question.doubt {
            Doubt::AfterWrongSecrets(wrong) => {
                format!("used after {wrong} wrong secrets: mistyped, a phone that was mended, or guessed")
            }
            Doubt::KeepsFailing(wrong) => format!(
                "{wrong} wrong secrets at a steady pace: a phone with an outdated secret, or a patient guesser; these logs do not tell"
            ),
            Doubt::NewPlace => "used from a network it was not used from before".to_owned(),
        };
        model::ToConfirm {
            account: Untrusted::from(question.account.as_str()),
            address: Some(question.address),
            addresses: question.addresses as u64,
            uses: question.uses,
            calls: 0,
            first: self.when(question.first),
            last: self.when(question.last),
            why,
            evidence: self.proofs(&question.lines),
        }
    }
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
