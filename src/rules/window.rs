//! What is counted of one group in a window that slides with time.
//!
//! Each kind holds no more than it needs to tell that its bound was reached: the last few moments, the values
//! seen last, the amounts of the window. Records come in order of time.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::compile::Measure;
use crate::event::Place;

/// When and where a record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment {
    /// Microseconds since 1970.
    pub(super) at: i64,
    pub(super) place: Place,
}

/// What is held of the records of one group.
#[derive(Clone, Debug)]
pub(super) enum Window {
    /// The last records, as many as have to be in the window.
    Count { least: usize, held: VecDeque<Moment> },
    /// The values seen last, as many as have to be in the window, by value and by time.
    Distinct { least: usize, by_value: BTreeMap<String, Moment>, by_time: BTreeSet<(Moment, String)> },
    /// The amounts in the window, and their sum; without a window the sum alone.
    Sum { least: u64, held: VecDeque<(Moment, u64)>, total: u64 },
    /// For each step of a sequence, the way there that began last.
    Sequence { ways: Vec<Option<Vec<Moment>>> },
}

impl Window {
    pub(super) fn of_records(measure: Measure) -> Self {
        match measure {
            Measure::Count(least) => Window::Count { least: bound(least), held: VecDeque::new() },
            Measure::Distinct(_, least) => {
                Window::Distinct { least: bound(least), by_value: BTreeMap::new(), by_time: BTreeSet::new() }
            }
            Measure::Sum(_, least) => Window::Sum { least, held: VecDeque::new(), total: 0 },
        }
    }

    pub(super) fn of_sequence(steps: usize) -> Self {
        Window::Sequence { ways: vec![None; steps] }
    }

    /// Returns how many moments are held.
    pub(super) fn held(&self) -> usize {
        match self {
            Window::Count { held, .. } => held.len(),
            Window::Distinct { by_value, .. } => by_value.len(),
            Window::Sum { held, .. } => held.len(),
            Window::Sequence { ways } => ways.iter().flatten().map(Vec::len).sum(),
        }
    }

    /// Lets go of what happened before an instant.
    pub(super) fn forget_before(&mut self, earliest: i64) {
        match self {
            Window::Count { held, .. } => {
                while held.front().is_some_and(|moment| moment.at < earliest) {
                    held.pop_front();
                }
            }
            Window::Distinct { by_value, by_time, .. } => {
                while by_time.first().is_some_and(|(moment, _)| moment.at < earliest) {
                    if let Some((_, value)) = by_time.pop_first() {
                        by_value.remove(&value);
                    }
                }
            }
            Window::Sum { held, total, .. } => {
                while held.front().is_some_and(|(moment, _)| moment.at < earliest) {
                    let (_, amount) = held.pop_front().unwrap_or((NOWHERE, 0));
                    *total = total.saturating_sub(amount);
                }
            }
            Window::Sequence { ways } => {
                for way in ways {
                    if way.as_ref().and_then(|way| way.first()).is_some_and(|first| first.at < earliest) {
                        *way = None;
                    }
                }
            }
        }
    }

    /// Returns the first record in the window, as far as it is held.
    pub(super) fn first(&self) -> Option<Moment> {
        match self {
            Window::Count { held, .. } => held.front().copied(),
            Window::Distinct { by_time, .. } => by_time.first().map(|(moment, _)| *moment),
            Window::Sum { held, .. } => held.front().map(|(moment, _)| *moment),
            Window::Sequence { ways } => ways.last()?.as_ref()?.first().copied(),
        }
    }

    /// Returns the amount reached: records, values, or the sum.
    pub(super) fn amount(&self) -> u64 {
        match self {
            Window::Sum { total, .. } => *total,
            Window::Sequence { .. } => 1,
            _ => self.held() as u64,
        }
    }

    /// Adds a record and returns whether the bound is reached; `slides` where there is a window of time.
    pub(super) fn add(&mut self, moment: Moment, measured: Option<&str>, slides: bool) -> bool {
        match self {
            Window::Count { least, held } => {
                held.push_back(moment);
                while held.len() > *least {
                    held.pop_front();
                }
                held.len() >= *least
            }
            Window::Distinct { least, by_value, by_time } => {
                let value = measured.unwrap_or_default();
                if let Some(before) = by_value.insert(value.to_owned(), moment) {
                    by_time.remove(&(before, value.to_owned()));
                }
                by_time.insert((moment, value.to_owned()));
                while by_value.len() > *least {
                    let Some((_, oldest)) = by_time.pop_first() else { break };
                    by_value.remove(&oldest);
                }
                by_value.len() >= *least
            }
            Window::Sum { least, held, total } => {
                let amount = measured.and_then(|text| text.parse().ok()).unwrap_or(0);
                *total = total.saturating_add(amount);
                match held.back_mut() {
                    _ if !slides => {}
                    // Records of one instant leave the window together.
                    Some((last, sum)) if last.at == moment.at => *sum = sum.saturating_add(amount),
                    _ => held.push_back((moment, amount)),
                }
                *total >= *least
            }
            Window::Sequence { .. } => false,
        }
    }

    /// Adds a hit of the steps marked, and returns whether the sequence is complete.
    ///
    /// A way that began later reaches further, so that one for each step is enough.
    pub(super) fn add_steps(&mut self, moment: Moment, is_step: &[bool]) -> bool {
        let Window::Sequence { ways } = self else { return false };
        let mut is_complete = false;
        // From the last step back: one record is not two steps of one way.
        for step in (0..ways.len()).rev() {
            if !is_step.get(step).is_some_and(|is_step| *is_step) {
                continue;
            }
            let before = match step.checked_sub(1) {
                None => Some(Vec::new()),
                Some(before) => ways.get(before).cloned().flatten(),
            };
            let Some(mut way) = before else { continue };
            way.push(moment);
            is_complete |= step + 1 == ways.len();
            if let Some(known) = ways.get_mut(step) {
                let began = |way: &Vec<Moment>| way.first().map(|first| first.at);
                if known.as_ref().and_then(began) <= began(&way) {
                    *known = Some(way);
                }
            }
        }
        is_complete
    }

    /// Returns the steps of a sequence that is complete.
    pub(super) fn steps(&self) -> &[Moment] {
        match self {
            Window::Sequence { ways } => ways.last().and_then(Option::as_deref).unwrap_or_default(),
            _ => &[],
        }
    }
}

/// Stands where nothing is held.
const NOWHERE: Moment =
    Moment { at: 0, place: Place { source: crate::event::SourceId(0), offset: 0, line: 0 } };

fn bound(least: u64) -> usize {
    usize::try_from(least).unwrap_or(usize::MAX).max(1)
}
