//! Records that fit, in order of time, into hits.
//!
//! One happening may stand in several logs. Counts and sums are therefore kept for each log by itself, and the
//! log that tells most of a group speaks for it; they are never added up. Values and sequences need no such
//! care: a value told twice is still one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Rules;
use super::compile::{LooksFor, Measure, Rule};
use super::filter::Fit;
use super::window::{Moment, Window};
use crate::event::{Instant, Place};

/// Groups held for all rules together, and at least for one.
const MOST_GROUPS: usize = 100_000;
const LEAST_GROUPS: usize = 1_000;
/// Moments held in windows for all rules together, and at least for one.
const MOST_HELD: usize = 2_000_000;
const LEAST_HELD: usize = 20_000;

/// Records that show a hit.
const MOST_PLACES: usize = 4;

/// A record that fits rules, while it waits for its turn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fitting {
    /// When, in microseconds; `None` where neither the record nor one beside it says.
    pub(crate) at: Option<i64>,
    /// Its line, from 1; 0 where there are none.
    pub(crate) line: u32,
    /// May a stranger have written it?
    pub(crate) is_doubtful: bool,
    /// The rules that it fits.
    pub(crate) fits: Vec<Fit>,
}

/// A group of records of which a rule's bound was reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hit {
    /// The values that the group has in common.
    pub(super) group: Vec<String>,
    /// When the window began that was the first to hold enough; `None` for records without a time.
    pub(super) first: Option<Instant>,
    /// When the last record came that was too many.
    pub(super) last: Option<Instant>,
    /// The records in such windows.
    pub(super) records: u64,
    /// The most that a window held: records, values (up to the bound), or the sum.
    pub(super) amount: u64,
    /// How many of the records may be a stranger's words.
    pub(super) doubtful: u64,
    /// Records that show it.
    pub(super) places: Vec<Place>,
}

/// What came of one rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// Its hits, the largest first.
    pub(super) hits: Vec<Hit>,
    /// Records that fit it.
    pub(super) fitting: u64,
    /// Records left out because there were too many groups, or too much in their windows.
    pub(super) beyond: u64,
    /// Records left out because they have no time and the rule asks for a window.
    pub(super) timeless: u64,
    /// The most that a group came to, where the bound was not reached.
    pub(super) nearest: u64,
}

/// Counts what fits, in order of time.
pub(crate) struct Evaluation {
    rules: Rules,
    states: Vec<State>,
}

/// What is held for one rule.
struct State {
    groups: BTreeMap<GroupKey, Group>,
    held: usize,
    most_groups: usize,
    most_held: usize,
    /// Records until groups that are over are looked for again.
    until_sweep: usize,
    outcome: Outcome,
}

/// The values of a group, and the log that tells of it.
type GroupKey = (Vec<String>, u16);

/// What is held for one group.
struct Group {
    window: Window,
    /// The first record since the window was empty.
    first: Moment,
    /// Records, and doubtful ones, that no hit has counted yet.
    uncounted: u64,
    doubtful: u64,
    hit: Option<Hit>,
}

/// A record as it comes to a rule that it fits.
struct Coming<'a> {
    moment: Moment,
    log: u16,
    is_doubtful: bool,
    fit: &'a Fit,
    /// For a sequence, which of its steps the record is.
    steps: Vec<bool>,
}

impl Evaluation {
    /// Begins to count for rules.
    pub(crate) fn new(rules: &Rules) -> Self {
        let count = rules.0.len().max(1);
        let state = |_: &Rule| State {
            groups: BTreeMap::new(),
            held: 0,
            most_groups: (MOST_GROUPS / count).max(LEAST_GROUPS),
            most_held: (MOST_HELD / count).max(LEAST_HELD),
            until_sweep: 0,
            outcome: Outcome::default(),
        };
        Evaluation { rules: rules.clone(), states: rules.0.iter().map(state).collect() }
    }

    /// Takes the next record; `log` tells the logs apart that may speak of the same happenings.
    pub(crate) fn take(&mut self, place: Place, log: u16, fitting: &Fitting) {
        let mut hitting = Vec::new();
        for fit in &fitting.fits {
            let index = usize::from(fit.rule);
            let (Some(rule), Some(state)) = (self.rules.0.get(index), self.states.get_mut(index)) else {
                continue;
            };
            let steps: Vec<bool> = match &rule.looks_for {
                LooksFor::Sequence(steps) => steps.iter().map(|step| hitting.contains(step)).collect(),
                LooksFor::Records { .. } => Vec::new(),
            };
            let moment = Moment { at: fitting.at.unwrap_or(i64::MAX), place };
            let coming = Coming { moment, log, is_doubtful: fitting.is_doubtful, fit, steps };
            if state.take(rule, &coming) {
                hitting.push(index);
            }
        }
    }

    /// Returns what came of each rule.
    pub(crate) fn finish(self) -> Vec<Outcome> {
        self.states.into_iter().map(State::finish).collect()
    }
}

impl State {
    /// Takes a record and returns whether the rule hits with it.
    fn take(&mut self, rule: &Rule, coming: &Coming<'_>) -> bool {
        let is_sequence = matches!(rule.looks_for, LooksFor::Sequence(_));
        if is_sequence && !coming.steps.contains(&true) {
            return false;
        }
        self.outcome.fitting += 1;
        self.until_sweep = self.until_sweep.saturating_sub(1);
        if coming.moment.at == i64::MAX && rule.within.is_some() {
            self.outcome.timeless += 1;
            return false;
        }
        let key = (coming.fit.group.clone(), if is_told_once(rule) { 0 } else { coming.log });
        if !self.has_room(&key, rule, coming.moment.at) {
            self.outcome.beyond += 1;
            return false;
        }
        let group = self.groups.entry(key).or_insert_with(|| Group::new(rule, coming.moment));
        let before = group.window.held();
        let is_hit = group.take(rule, coming);
        self.outcome.nearest = self.outcome.nearest.max(group.window.amount());
        self.held = (self.held + group.window.held()).saturating_sub(before);
        is_hit
    }

    /// Returns whether a group may be held, if need be after groups that are over were let go.
    fn has_room(&mut self, key: &GroupKey, rule: &Rule, now: i64) -> bool {
        let is_full = |state: &State| {
            state.held >= state.most_held
                || (state.groups.len() >= state.most_groups && !state.groups.contains_key(key))
        };
        if !is_full(self) {
            return true;
        }
        // Looking through all groups at every record would take the square of their number.
        if self.until_sweep > 0 {
            return false;
        }
        self.until_sweep = self.most_groups / 2;
        if let Some(within) = rule.within {
            let earliest = now.saturating_sub(within);
            self.groups.values_mut().for_each(|group| group.window.forget_before(earliest));
            self.groups.retain(|_, group| group.hit.is_some() || group.window.held() > 0);
            self.held = self.groups.values().map(|group| group.window.held()).sum();
        }
        !is_full(self)
    }

    fn finish(mut self) -> Outcome {
        let mut by_group: BTreeMap<Vec<String>, Hit> = BTreeMap::new();
        for ((values, _), group) in self.groups {
            let Some(hit) = group.hit else { continue };
            let known = by_group.remove(&values);
            let hit = known.map_or_else(|| hit.clone(), |known| known.or_more_told(hit.clone()));
            by_group.insert(values, hit);
        }
        let mut hits: Vec<Hit> = by_group.into_values().collect();
        hits.sort_by(|left, right| {
            let size = |hit: &Hit| (hit.amount, hit.records);
            size(right).cmp(&size(left)).then_with(|| left.group.cmp(&right.group))
        });
        self.outcome.hits = hits;
        self.outcome
    }
}

/// Returns whether logs that tell the same again do no harm to a rule.
fn is_told_once(rule: &Rule) -> bool {
    match rule.looks_for {
        LooksFor::Records { measure, .. } => matches!(measure, Measure::Distinct(..)),
        LooksFor::Sequence(_) => true,
    }
}

impl Group {
    fn new(rule: &Rule, first: Moment) -> Self {
        let window = match &rule.looks_for {
            LooksFor::Records { measure, .. } => Window::of_records(*measure),
            LooksFor::Sequence(steps) => Window::of_sequence(steps.len()),
        };
        Group { window, first, uncounted: 0, doubtful: 0, hit: None }
    }

    fn take(&mut self, rule: &Rule, coming: &Coming<'_>) -> bool {
        let Coming { moment, fit, .. } = *coming;
        if let Some(within) = rule.within {
            self.window.forget_before(moment.at.saturating_sub(within));
            if self.window.held() == 0 {
                (self.first, self.uncounted, self.doubtful) = (moment, 0, 0);
            }
        }
        self.uncounted += 1;
        self.doubtful += u64::from(coming.is_doubtful);
        let is_reached = match rule.looks_for {
            LooksFor::Records { .. } => {
                self.window.add(moment, fit.measured.as_deref(), rule.within.is_some())
            }
            LooksFor::Sequence(_) => self.window.add_steps(moment, &coming.steps),
        };
        if is_reached {
            self.reached(rule, moment, fit);
        }
        is_reached
    }

    fn reached(&mut self, rule: &Rule, moment: Moment, fit: &Fit) {
        let records = match self.window {
            // Those before the window were not too many.
            Window::Count { .. } => self.uncounted.min(self.window.held() as u64),
            _ => self.uncounted,
        };
        let first = if rule.within.is_some() { self.window.first() } else { None }.unwrap_or(self.first);
        let hit = self.hit.get_or_insert_with(|| Hit {
            group: fit.group.clone(),
            first: instant(first),
            last: None,
            records: 0,
            amount: 0,
            doubtful: 0,
            places: match self.window.steps() {
                [] => vec![first.place],
                steps => steps.iter().map(|step| step.place).collect(),
            },
        });
        if hit.places.len() < MOST_PLACES && !hit.places.contains(&moment.place) {
            hit.places.push(moment.place);
        }
        hit.last = instant(moment);
        hit.records += records;
        hit.amount = hit.amount.max(self.window.amount());
        hit.doubtful += self.doubtful;
        (self.uncounted, self.doubtful) = (0, 0);
    }
}

fn instant(moment: Moment) -> Option<Instant> {
    (moment.at != i64::MAX).then_some(Instant(moment.at))
}

impl Hit {
    /// Of two logs' hits of one group, returns that of the log that tells more.
    fn or_more_told(self, other: Hit) -> Hit {
        if (other.records, other.amount) > (self.records, self.amount) { other } else { self }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::About;
    use super::super::fields::Field;
    use super::*;
    use crate::event::SourceId;

    fn rule(id: &'static str, looks_for: LooksFor, within: Option<i64>) -> Rule {
        let about = About::of_test(id);
        Rule { about, looks_for, group_by: Vec::new(), within, is_step_only: false }
    }

    fn measuring(measure: Measure) -> LooksFor {
        LooksFor::Records { sources: Vec::new(), conditions: Vec::new(), measure }
    }

    /// One record: when, of which group, and what is measured of it.
    type Simple = (i64, u8, u8);

    /// Has rules count records, each of which fits those of `fits`.
    fn counted(rules: Vec<Rule>, records: &[Simple], fits: impl Fn(&Simple) -> Vec<u16>) -> Vec<Outcome> {
        let mut evaluation = Evaluation::new(&Rules(std::sync::Arc::new(rules)));
        for (offset, record) in records.iter().enumerate() {
            let (at, group, measured) = *record;
            let fit =
                |rule| Fit { rule, group: vec![group.to_string()], measured: Some(measured.to_string()) };
            let place = Place { source: SourceId(0), offset: offset as u64, line: 0 };
            let fits = fits(record).into_iter().map(fit).collect();
            evaluation.take(place, 0, &Fitting { at: Some(at), line: 0, is_doubtful: false, fits });
        }
        evaluation.finish()
    }

    fn of_group(records: &[Simple], wanted: u8) -> Vec<Simple> {
        records.iter().copied().filter(|(_, group, _)| *group == wanted).collect()
    }

    /// Returns the records from the one at `index` on that lie within a window from it.
    fn window(records: &[Simple], index: usize, within: i64) -> Vec<Simple> {
        let begin = records[index].0;
        records[index..].iter().copied().take_while(|(at, ..)| *at - begin <= within).collect()
    }

    fn has_window(records: &[Simple], within: Option<i64>, is_enough: impl Fn(&[Simple]) -> bool) -> bool {
        match within {
            None => is_enough(records),
            Some(within) => (0..records.len()).any(|index| is_enough(&window(records, index, within))),
        }
    }

    fn values(records: &[Simple]) -> usize {
        records.iter().map(|(_, _, value)| value).collect::<std::collections::BTreeSet<_>>().len()
    }

    fn sum(records: &[Simple]) -> u64 {
        records.iter().map(|(_, _, value)| u64::from(*value)).sum()
    }

    /// Is there a record of step 0, a later one of step 1 and a later one of step 2, all in one window?
    fn has_sequence(records: &[Simple]) -> bool {
        let mut steps = records.iter().map(|(_, _, value)| value % 3);
        steps.any(|step| step == 0) && steps.any(|step| step == 1) && steps.any(|step| step == 2)
    }

    fn records() -> impl Strategy<Value = Vec<Simple>> {
        proptest::collection::vec((0_i64..60, 0_u8..3, 0_u8..6), 0..40).prop_map(|mut records| {
            records.sort_by_key(|(at, ..)| *at);
            records
        })
    }

    proptest! {
        #[test]
        fn windows_count_as_a_plain_search_does(
            records in records(),
            within in proptest::option::of(1_i64..30),
            least in 1_u64..8,
        ) {
            let field = Field::of_word("seconds").unwrap();
            let measures = [Measure::Count(least), Measure::Distinct(field, least), Measure::Sum(field, least * 3)];
            let rules = measures.into_iter().map(|measure| rule("a", measuring(measure), within)).collect();
            let outcomes = counted(rules, &records, |_| vec![0, 1, 2]);
            for group in 0..3 {
                let own = of_group(&records, group);
                let wanted = [
                    has_window(&own, within, |these| these.len() as u64 >= least),
                    has_window(&own, within, |these| values(these) as u64 >= least),
                    has_window(&own, within, |these| sum(these) >= least * 3),
                ];
                let is_hit = |outcome: &Outcome| outcome.hits.iter().any(|hit| hit.group == [group.to_string()]);
                let found: Vec<bool> = outcomes.iter().map(is_hit).collect();
                prop_assert_eq!(&found[..], &wanted[..], "group {} of {:?}", group, &records);
            }
            for hit in outcomes.iter().flat_map(|outcome| &outcome.hits) {
                prop_assert!(hit.first <= hit.last && hit.records > 0 && !hit.places.is_empty());
                prop_assert!(hit.records <= records.len() as u64);
            }
        }

        #[test]
        fn sequences_are_found_as_a_plain_search_does(records in records(), within in 1_i64..40) {
            let mut rules: Vec<Rule> =
                ["a", "b", "c"].map(|id| rule(id, measuring(Measure::Count(1)), None)).into();
            rules.push(rule("d", LooksFor::Sequence(vec![0, 1, 2]), Some(within)));
            let outcomes = counted(rules, &records, |(_, _, value)| vec![u16::from(value % 3), 3]);
            for group in 0..3 {
                let own = of_group(&records, group);
                let wanted = has_window(&own, Some(within), has_sequence);
                let is_hit = outcomes[3].hits.iter().any(|hit| hit.group == [group.to_string()]);
                prop_assert_eq!(is_hit, wanted, "group {} of {:?}", group, &own);
            }
        }
    }

    #[test]
    fn logs_that_tell_the_same_are_not_added_up() {
        let rules = Rules(std::sync::Arc::new(vec![rule("a", measuring(Measure::Count(5)), Some(100))]));
        let hits = |records_of_logs: [u64; 2]| {
            let mut evaluation = Evaluation::new(&rules);
            for (log, records) in records_of_logs.into_iter().enumerate() {
                for offset in 0..records {
                    let place = Place { source: SourceId(log as u16), offset, line: 0 };
                    let fit = Fit { rule: 0, group: Vec::new(), measured: None };
                    let fitting = Fitting { at: Some(1), line: 0, is_doubtful: false, fits: vec![fit] };
                    evaluation.take(place, log as u16, &fitting);
                }
            }
            let outcomes = evaluation.finish();
            outcomes[0].hits.iter().map(|hit| hit.records).collect::<Vec<_>>()
        };
        assert_eq!(hits([4, 4]), Vec::<u64>::new());
        assert_eq!(hits([9, 7]), [9]);
    }

    #[test]
    fn groups_are_bounded_and_what_is_over_makes_room() {
        let outcome = |within: Option<i64>| {
            let records = (0..MOST_GROUPS as i64 * 3).map(|at| (at, at.to_string()));
            let rules = Rules(std::sync::Arc::new(vec![rule("a", measuring(Measure::Count(2)), within)]));
            let mut evaluation = Evaluation::new(&rules);
            let last = (MOST_GROUPS as i64 * 3, "0".to_owned());
            for (offset, (at, group)) in records.chain([last.clone(), last]).enumerate() {
                let place = Place { source: SourceId(0), offset: offset as u64, line: 0 };
                let fits = vec![Fit { rule: 0, group: vec![group], measured: None }];
                evaluation.take(place, 0, &Fitting { at: Some(at), line: 0, is_doubtful: false, fits });
                assert!(evaluation.states[0].groups.len() <= MOST_GROUPS);
            }
            evaluation.finish().remove(0)
        };
        let kept = outcome(Some(10));
        assert_eq!((kept.hits.len(), kept.beyond), (1, 0));
        let full = outcome(None);
        assert_eq!(full.hits.len(), 1);
        assert_eq!(full.beyond, MOST_GROUPS as u64 * 2);
    }
}
