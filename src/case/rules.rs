//! The records that users' rules look for: a sink beside the folding one, so that the evidence is read once.
//!
//! A rule's windows need its records in order of time. Of those that fit, which are few beside all that is
//! read, only what the rules ask for is kept, and is sorted as the timeline is: in bounded runs.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use super::build::Case;
use super::sorted::{self, Key, Runs, Spill};
use super::{Prepared, family_of, timeline};
use crate::clock::{Resolver, Zone};
use crate::event::{Action, CallRow, Citation, Entry, Instant, Place, SourceId};
use crate::evidence::{Evidence, Kind, Source, cite};
use crate::fold::Window;
use crate::fold::doubt::Doubt;
use crate::pbx::dialplan::Pins;
use crate::readers::Chunk;
use crate::report::document;
use crate::report::model::Proof;
use crate::rules::{
    Answers, Evaluation, Filter, Fitting, Outcome, Record, Rules, Told, hide_pins, shown_places,
};
use crate::scan::{Base, Sink};

/// What came of the rules of a case.
#[derive(Default)]
pub(super) struct Outcomes {
    rules: Rules,
    /// One for each rule.
    outcomes: Vec<Outcome>,
    /// For each rule, whether the evidence has what it looks at.
    there: Vec<bool>,
}

/// Makes the sinks of a case that has rules.
pub(super) struct Sinks<'a> {
    rules: &'a Rules,
    prepared: &'a Prepared<'a>,
    spill: Arc<Spill>,
}

impl<'a> Sinks<'a> {
    pub(super) fn new(evidence: &Evidence, prepared: &'a Prepared<'a>, rules: &'a Rules) -> Self {
        let spill = Arc::new(Spill::new(timeline::may_spill(evidence), AtomicUsize::new(0)));
        Sinks { rules, prepared, spill }
    }

    /// Returns the sink of a source; none where there are no rules or no records.
    pub(super) fn of(&self, source: &Source) -> Option<RuleSink> {
        let Kind::Records(format) = source.kind else { return None };
        let plan = self.prepared.clock.of(source.id);
        (!self.rules.is_empty()).then(|| RuleSink {
            filter: Filter::new(self.rules, format),
            source: source.id,
            path: source.file.path.clone(),
            has_lines: source.kind.has_lines(),
            zone: plan.zone().clone(),
            resolver: plan.resolver(),
            window: self.prepared.window,
            last_at: None,
            doubt: Doubt::default(),
            runs: Runs::new(Arc::clone(&self.spill)),
        })
    }
}

/// Tries the rules on the records of one source, and keeps what fits.
pub(super) struct RuleSink {
    filter: Filter,
    source: SourceId,
    path: String,
    has_lines: bool,
    zone: Zone,
    resolver: Resolver,
    window: Window,
    /// The instant of the last record that had one: one without stands beside it.
    last_at: Option<Instant>,
    doubt: Doubt,
    runs: Runs,
}

impl Sink for RuleSink {
    fn take(&mut self, chunk: &Chunk, base: Base) {
        for stretch in &chunk.doubtful {
            let place = |at: u32| base.offset + u64::from(at);
            self.doubt.add(place(stretch.start)..place(stretch.end));
        }
        for entry in &chunk.entries {
            self.entry(chunk, entry, base);
        }
        for row in &chunk.rows {
            self.row(chunk, row, base);
        }
    }
}

impl RuleSink {
    fn entry(&mut self, chunk: &Chunk, entry: &Entry, base: Base) {
        let at = timeline::instant_of_entry(&mut self.resolver, entry);
        let place = (base.offset + u64::from(entry.offset), base.line + u64::from(entry.line));
        self.record(chunk, at, Told::Event(entry), place);
    }

    fn row(&mut self, chunk: &Chunk, row: &CallRow, base: Base) {
        let at = timeline::instant_of_row(&mut self.resolver, chunk, row);
        let place = (base.offset + u64::from(row.offset), base.line + u64::from(row.line));
        self.record(chunk, at, Told::Call(row), place);
    }

    /// Tries the rules on a record, behind so many bytes and lines of its source.
    fn record(&mut self, chunk: &Chunk, at: Option<Instant>, told: Told<'_>, place: (u64, u64)) {
        let (offset, lines_before) = place;
        self.last_at = at.or(self.last_at);
        let fits = self.filter.fits(&Record { chunk, path: &self.path, at, zone: &self.zone, told });
        let is_wanted = match self.last_at {
            Some(at) => self.window.holds(at),
            None => self.window.since.is_none() && self.window.until.is_none(),
        };
        if fits.is_empty() || !is_wanted {
            return;
        }
        let line = if self.has_lines { u32::try_from(lines_before + 1).unwrap_or(0) } else { 0 };
        let at = self.last_at.map(|at| at.0);
        let is_doubtful = match told {
            Told::Event(entry) => entry.action == Action::Forged || self.doubt.holds(offset),
            Told::Call(row) => row.is_claim,
        };
        let fitting = Fitting { at, line, is_doubtful, fits };
        let key = Key { at: at.unwrap_or(i64::MAX), source: self.source.0, offset };
        // Such a record is plain data; it always has a JSON form.
        if let Ok(payload) = serde_json::to_vec(&fitting) {
            self.runs.push(key, &payload);
        }
    }
}

/// Counts what all sources had for the rules.
pub(super) fn evaluate(evidence: &Evidence, rules: &Rules, sinks: Vec<RuleSink>) -> io::Result<Outcomes> {
    let mut outcomes = Outcomes { rules: rules.clone(), ..Outcomes::default() };
    let logs = logs(evidence);
    let mut all = Vec::new();
    for sink in sinks {
        let there = sink.filter.there();
        outcomes.there.resize(there.len(), false);
        outcomes.there.iter_mut().zip(there).for_each(|(known, there)| *known |= there);
        all.push(sink.runs);
    }
    let mut evaluation = Evaluation::new(rules);
    sorted::merge(all, |key, payload| {
        let fitting: Fitting = serde_json::from_slice(payload).map_err(io::Error::other)?;
        let source = SourceId(key.source);
        let place = Place { source, offset: key.offset, line: fitting.line };
        evaluation.take(place, logs.get(&source).copied().unwrap_or_default(), &fitting);
        Ok(())
    })?;
    outcomes.outcomes = evaluation.finish();
    Ok(outcomes)
}

/// Numbers the logs: all that was rotated out of one has its number.
fn logs(evidence: &Evidence) -> BTreeMap<SourceId, u16> {
    let mut numbers: BTreeMap<String, u16> = BTreeMap::new();
    let number = |source: &Source| {
        let next = numbers.len() as u16;
        (source.id, *numbers.entry(family_of(source)).or_insert(next))
    };
    evidence.sources.iter().map(number).collect()
}

impl Outcomes {
    /// Masks PINs of the dialplan among what groups have in common.
    pub(super) fn hide_pins(mut self, pins: &Pins) -> Self {
        hide_pins(&self.rules, &mut self.outcomes, pins);
        self
    }

    /// Returns what the rules have to say.
    pub(super) fn answers(
        &self,
        show: &dyn Fn(Place) -> Option<Proof>,
        when: &dyn Fn(Instant) -> String,
    ) -> Answers {
        self.rules.answers(&self.outcomes, &self.there, show, when)
    }
}

impl Case<'_> {
    /// Returns what the rules have to say, with the records that show it.
    pub(super) fn rules(&self) -> Answers {
        let cited = cite::lines(self.evidence, &shown_places(&self.rules.outcomes));
        let show = |place: Place| self.proof(cited.get(&place).unwrap_or(&Citation::new(place, b"")));
        let when = |at: Instant| {
            self.when(at).map_or_else(|| "at an unknown time".to_owned(), |at| document::instant(&at))
        };
        self.rules.answers(&show, &when)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Options, prepare, samples::Silent};
    use super::*;
    use crate::readers::reader_for;
    use crate::rules::{About, Match};
    use crate::scan::{self, How, Task};

    const RULES: [&str; 4] = [
        "source = 'sip'\ngroup_by = ['address']\nwithin = '20s'\ncount = { at_least = 3 }",
        "source = 'asterisk-log'\ngroup_by = ['address']\nwithin = '1m'\ndistinct = { field = 'account', at_least = 3 }",
        "source = 'asterisk'\nwhere = [{ field = 'action', eq = 'dialplan' }]\ngroup_by = ['number']\ncount = { at_least = 2 }",
        "sequence = ['rule0', 'rule1']\nwithin = '1h'\ngroup_by = ['address']",
    ];

    fn rules() -> Rules {
        let written: Vec<Match> = RULES.iter().map(|text| toml::from_str(text).unwrap()).collect();
        let ids = ["rule0", "rule1", "rule2", "rule3"];
        let all: Vec<(About, &Match)> = ids.into_iter().map(About::of_test).zip(&written).collect();
        Rules::new(&all).unwrap()
    }

    /// A log of failures and dialplan steps: second, address, account.
    fn log(lines: &[(u32, u8, u8)]) -> String {
        let mut lines = lines.to_vec();
        lines.sort_unstable();
        let line = |(second, address, account): &(u32, u8, u8)| {
            let stamp = format!("[2026-03-07 02:{:02}:{:02}]", second / 60, second % 60);
            match account {
                0 => format!(
                    "{stamp} VERBOSE[12][C-0000000{address}] pbx.c: Executing [00{address}@ctx:1] NoOp(\"SIP/1-0\", \"a\") in new stack\n"
                ),
                _ => format!(
                    "{stamp} NOTICE[12] chan_sip.c: Registration from '<sip:{account}@x>' failed for '198.51.100.{address}' - Wrong password\n"
                ),
            }
        };
        lines.iter().map(line).collect()
    }

    fn hits(evidence: &Evidence, piece: usize, jobs: usize, is_backwards: bool) -> Vec<Outcome> {
        let rules = rules();
        let prepared = prepare(evidence, &Options::default()).unwrap();
        let sinks = Sinks::new(evidence, &prepared, &rules);
        let task = |source| Task {
            source,
            reader: reader_for(source, &prepared.pbx, None).map(|opened| opened.reader),
            sink: sinks.of(source).unwrap(),
        };
        let sparse = !rules.need_every_step();
        let how = How { jobs, sparse, piece };
        let tasks = evidence.sources.iter().map(task).collect();
        let mut done: Vec<RuleSink> =
            scan::scan(evidence, tasks, how, &Silent).unwrap().into_iter().map(|done| done.sink).collect();
        if is_backwards {
            done.reverse();
        }
        evaluate(evidence, &rules, done).unwrap().outcomes
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

        #[test]
        fn cuts_threads_and_the_order_of_files_change_no_hit(
            full in proptest::collection::vec((0_u32..600, 0_u8..4, 0_u8..5), 1..60),
            messages in proptest::collection::vec((0_u32..600, 0_u8..4, 0_u8..5), 1..60),
            piece in 64_usize..3_000,
            jobs in 1_usize..=4,
        ) {
            let folder = tempfile::TempDir::new().unwrap();
            std::fs::write(folder.path().join("full"), log(&full)).unwrap();
            std::fs::write(folder.path().join("messages"), log(&messages)).unwrap();
            let evidence = Evidence::gather(&[folder.path().to_owned()]).unwrap();
            let whole = hits(&evidence, scan::PIECE, 1, false);
            prop_assert_eq!(hits(&evidence, piece, jobs, true), whole);
        }
    }
}
