//! What was given: the case, its sources, their clocks, and what was not read.

use super::Read;
use super::build::Case;
use crate::clock::ZoneOrigin;
use crate::event::{Resolution, Service};
use crate::evidence::Kind;
use crate::evidence::ends_with_path;
use crate::report::model;
use crate::scan::{Hashed, Hashing};
use crate::untrusted::{Untrusted, visible};

impl Case<'_> {
    pub(super) fn case(&self) -> model::Case {
        let version = self.world.told.iter().find_map(|told| told.ledger.version.as_deref());
        let origin = match self.clock.origin() {
            ZoneOrigin::Given => "given by option".to_owned(),
            ZoneOrigin::Evidence(path) => format!("from {path}"),
            ZoneOrigin::Assumed if !self.is_zone_needed() => {
                "no file tells the zone; every stamp has its own offset".to_owned()
            }
            ZoneOrigin::Assumed => "assumed: no file of the evidence tells the zone".to_owned(),
            ZoneOrigin::Ties => "worked out from records that tell their own instant".to_owned(),
        };
        model::Case {
            evidence: self.evidence.given.clone(),
            number: self.options.case_number.clone(),
            examiner: self.options.examiner.clone(),
            organisation: self.options.organisation.clone(),
            redacted: self.options.redact,
            timezone: self.clock.zone().name(),
            timezone_origin: origin,
            home_country: self.numbers.dialling.home_country.map(str::to_owned),
            filters: self.filters(),
            evidence_ends: self.maybe(self.world.last),
            product: version.map(Untrusted::from_bytes).or_else(|| self.proxy().map(Untrusted::from)),
            systems: self.systems(),
            machines: match (&self.options.machine, self.machines) {
                (None, [_, _, ..]) => self.machines.to_vec(),
                _ => Vec::new(),
            },
        }
    }

    /// Returns whether any stamp depends on the zone of the case, and does not carry an offset or an epoch.
    fn is_zone_needed(&self) -> bool {
        let resolutions = self.world.told.iter().filter_map(|told| told.ledger.resolution);
        resolutions.into_iter().any(|resolution| resolution > Resolution::Exact)
    }

    /// Returns the SIP proxy that the evidence is of, as its records or its configuration tell.
    fn proxy(&self) -> Option<&'static str> {
        let speaks = |service| self.world.told.iter().any(|told| told.ledger.services.contains(&service));
        let names = [(Service::Kamailio, "Kamailio"), (Service::Opensips, "OpenSIPS")];
        let told = names.into_iter().find(|(service, _)| speaks(*service)).map(|(_, name)| name);
        told.or(self.world.pbx.proxy)
    }

    /// Tells several pieces of evidence apart: each may be another machine's.
    fn systems(&self) -> Vec<model::System> {
        let given = self.evidence.given.iter().enumerate().filter(|_| self.evidence.roots.len() > 1);
        let system = |(root, evidence): (usize, &String)| {
            let mut told =
                self.world.told.iter().filter(|told| self.evidence.root_of(&told.source.file) == root);
            model::System {
                evidence: evidence.clone(),
                prefix: self.evidence.prefix(root),
                timezone: self.clock.zone_of_root(root).name(),
                product: told.find_map(|told| told.ledger.version.as_deref()).map(Untrusted::from_bytes),
            }
        };
        given.map(system).collect()
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
        let notes = since.into_iter().chain(until).chain(self.window_notes.iter().cloned());
        notes.chain(self.machine_alone()).chain(trusted).collect()
    }

    /// Says that lines of other machines were left out.
    fn machine_alone(&self) -> Option<String> {
        let wanted = self.options.machine.as_deref()?;
        let is_it =
            |known: &&Untrusted| crate::readers::is_same_machine(known.raw().as_bytes(), wanted.as_bytes());
        let unknown = if self.machines.iter().any(|known| is_it(&known)) {
            ""
        } else {
            " No log names it in its first lines."
        };
        let shown = if self.options.redact { "one machine".to_owned() } else { visible(wanted) };
        Some(format!(
            "of lines that name the machine that wrote them, those of {shown} alone were read (--host).{unknown}"
        ))
    }

    /// Says what the files that the user gives beside the evidence lack.
    pub(super) fn given_notes(&self) -> Vec<String> {
        // The first says how many rates it has, which is no lack.
        let deck = self.prices.deck.iter().flat_map(|deck| deck.notes.iter().skip(1));
        let lists = &self.numbers.listed.notes;
        let geoip = self.geoip.files.iter();
        let geoip = geoip.filter_map(|file| Some(format!("{}: {}", file.path, file.trouble.as_ref()?)));
        deck.chain(lists).cloned().chain(geoip).collect()
    }

    /// Tells every source with what was read of it, and with its digest once that is known.
    pub(super) fn rows(&self) -> Vec<model::EvidenceRow> {
        let mut hashed = self.hashing.map(Hashing::finish).unwrap_or_default();
        let rows = self.read.iter();
        rows.map(|read| self.row(read, hashed.remove(&read.source.id).unwrap_or_default())).collect()
    }

    fn row(&self, read: &Read<'_>, hashed: Hashed) -> model::EvidenceRow {
        // Sources are told in their order, and there may be tens of thousands of them.
        let told = &self.world.told;
        let place = told.binary_search_by_key(&read.source.id, |told| told.source.id);
        let told = place.ok().and_then(|place| told.get(place));
        let coverage = &read.coverage;
        let original = read.source.duplicate_of.and_then(|id| self.evidence.source(id));
        let mut notes = coverage.notes.clone();
        notes.extend(hashed.note);
        notes.extend(original.map(|original| format!("a copy of {}: counted once", original.file.path)));
        let stored = read.source.file.stored_as.as_deref().map(visible);
        notes.extend(stored.map(|name| format!("its name in the collection is escaped: {name}")));
        let corrected = self.evidence.file_lists.corrected.get(&read.source.file.path);
        notes.extend(corrected.map(|files| {
            format!("the times and rights of {files} files of the same size are taken from it")
        }));
        let repeated = told.map_or(0, |told| told.ledger.rows.repeated);
        notes.extend(
            (repeated > 0).then(|| format!("{repeated} call records repeat one before them and count once")),
        );
        notes.extend(
            self.world
                .pbx
                .problems
                .iter()
                .filter(|problem| {
                    read.source.kind != Kind::Archive && problem.path.starts_with(&read.source.file.path)
                })
                .map(|problem| problem.what.clone()),
        );
        model::EvidenceRow {
            path: read.source.file.path.clone(),
            kind: read.source.kind.word(),
            container: read.source.file.container().map(str::to_owned),
            bytes: read.source.file.bytes,
            sha256: hashed.sha256,
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

    pub(super) fn clocks(&self) -> Vec<model::ClockNote> {
        let whole = self.clock.notes().to_vec();
        let whole =
            (!whole.is_empty()).then(|| model::ClockNote { path: "all sources".to_owned(), notes: whole });
        let each = self.read.iter().filter(|read| read.source.kind.has_records()).filter_map(|read| {
            let notes = self.clock.of(read.source.id).notes().to_vec();
            (!notes.is_empty()).then(|| model::ClockNote { path: read.source.file.path.clone(), notes })
        });
        whole.into_iter().chain(each).collect()
    }

    pub(super) fn not_read(&self) -> Vec<model::NotRead> {
        let links = self
            .evidence
            .links
            .iter()
            .filter(|link| !link.inside && !ends_with_path(&link.placed, "etc/localtime"));
        let links = links.map(|link| model::NotRead {
            path: link.path.clone(),
            bytes: None,
            why: format!("a link to {}, which is not in the evidence", visible(&link.target)),
        });
        let files = self.evidence.trouble.iter().chain(&self.evidence.unrecognised);
        let files = files.map(|unread| model::NotRead {
            path: unread.path.clone(),
            bytes: unread.bytes,
            why: unread.why.clone(),
        });
        links.chain(files).collect()
    }

    pub(super) fn limits(&self) -> Vec<String> {
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
