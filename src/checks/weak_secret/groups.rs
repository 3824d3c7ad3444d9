//! Weak secrets by what they protect and what is wrong with them: one remedy each, however many they are.

use std::collections::{BTreeMap, BTreeSet};

use super::guessed::Guessed;
use super::pace::{Pace, lasting};
use super::severity;
use crate::pbx::{HeldSecret, Reach, SecretKind, Weakness};
use crate::report::model::Severity;
use crate::untrusted::visible;

/// Names told one by one; the rest is counted.
const MOST_NAMED: usize = 30;

/// Secrets of one kind with the same gravest weakness.
pub(super) struct Group<'a> {
    pub(super) kind: SecretKind,
    pub(super) weakness: Weakness,
    pub(super) held: Vec<&'a HeldSecret>,
}

/// Sorts secrets into groups.
pub(super) fn sort<'a>(held: impl Iterator<Item = &'a HeldSecret>) -> Vec<Group<'a>> {
    let mut groups: BTreeMap<(SecretKind, Weakness), Vec<&HeldSecret>> = BTreeMap::new();
    for held in held {
        if let Some(weakness) = held.gravest() {
            groups.entry((held.kind, weakness)).or_default().push(held);
        }
    }
    groups.into_iter().map(|((kind, weakness), held)| Group { kind, weakness, held }).collect()
}

/// Returns what the finding of such secrets is about.
pub(crate) fn subject(kind: SecretKind, weakness: Weakness) -> String {
    let (many, secret) = (kind.words(), kind.secret_word());
    match weakness {
        Weakness::Empty => format!("{many} without a {secret}"),
        weakness => format!("{many} whose {secret} is {}", weakness.words()),
    }
}

impl Group<'_> {
    /// Returns how grave the gravest of them is.
    pub(super) fn severity(&self, pace: &Pace) -> Severity {
        let of = |held: &&HeldSecret| severity::of(held, held.tries.map(|tries| tries / pace.per_second));
        self.held.iter().map(of).min().unwrap_or(Severity::Low)
    }

    /// Returns the names, each once, in order.
    pub(super) fn owners(&self) -> Vec<&str> {
        let owners: BTreeSet<&str> = self.held.iter().map(|held| held.owner.as_str()).collect();
        owners.into_iter().collect()
    }

    /// Returns what the finding is about.
    pub(super) fn subject(&self) -> String {
        subject(self.kind, self.weakness)
    }

    /// Returns it in one line.
    pub(super) fn title(&self) -> String {
        let owners = self.owners();
        let (one, many, secret) = (self.kind.word(), self.kind.words(), self.kind.secret_word());
        let name = owners.first().copied().map(visible).unwrap_or_default();
        match (owners.len(), self.weakness) {
            (1, Weakness::Empty) => format!("No {secret} is asked of {one} {name}"),
            (1, Weakness::OldOneKept) => format!("An older {secret} of {one} {name} is still kept"),
            (1, weakness) => format!("The {secret} of {one} {name} is {}", weakness.words()),
            (count, Weakness::Empty) => format!("No {secret} is asked of {count} {many}"),
            (count, Weakness::OldOneKept) => format!("Older {secret}s of {count} {many} are still kept"),
            (count, Weakness::Shared) => format!("The {secret}s of {count} {many} are those of others too"),
            (count, weakness) => format!("The {secret}s of {count} {many} are each {}", weakness.words()),
        }
    }

    /// Returns what was found: who can try them, how soon they are guessed, what else is wrong, whose they are.
    pub(super) fn detail(&self, pace: &Pace, guessed: &Guessed) -> String {
        let was_guessed = guessed.sentence(&self.held);
        let sentences = [
            self.reach(),
            was_guessed,
            self.time(pace, guessed),
            self.largest(),
            self.others(),
            Some(self.named()),
        ];
        sentences.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    fn reach(&self) -> Option<String> {
        let count = |wanted: Reach| self.held.iter().filter(|held| held.reach == wanted).count();
        let told: Vec<String> = [
            (Reach::Anywhere, "can be tried from anywhere, as far as the configuration tells"),
            (Reach::Listed, "only from the networks of an access list"),
            (Reach::Local, "only from the server itself"),
        ]
        .into_iter()
        .filter_map(|(reach, words)| Some((count(reach), words)).filter(|(count, _)| *count > 0))
        .map(|(count, words)| format!("{count} {words}"))
        .collect();
        (!told.is_empty()).then(|| format!("By access: {}.", told.join("; ")))
    }

    /// Tells how soon they are guessed that nobody is known to have guessed.
    fn time(&self, pace: &Pace, guessed: &Guessed) -> Option<String> {
        if self.weakness == Weakness::Empty {
            return None;
        }
        let held: Vec<&HeldSecret> =
            self.held.iter().copied().filter(|held| guessed.tries(held).is_none()).collect();
        let is_hash = held.iter().any(|held| held.weaknesses.contains(&Weakness::UnsaltedHash));
        let all = || held.iter().filter_map(|held| held.tries);
        let (least, most) = (all().reduce(f64::min)?, all().reduce(f64::max)?);
        let (soonest, latest) = (lasting(least / pace.per_second), lasting(most / pace.per_second));
        let within = match soonest == latest {
            true => format!("within {soonest}"),
            false => format!("between {soonest} and {latest}"),
        };
        let looked_up = if is_hash { " Whoever reads the hash looks it up at once." } else { "" };
        let some =
            if held.iter().all(|held| held.tries.is_some()) { "" } else { " where it is weak by itself" };
        let rest = if held.len() < self.held.len() { "The rest is guessed" } else { "Guessed" };
        Some(format!("{rest} {within}{some} {}.{looked_up}", pace.words()))
    }

    /// Tells of one secret in many places.
    fn largest(&self) -> Option<String> {
        let most = self.held.iter().map(|held| held.places).max().filter(|most| *most > 3)?;
        Some(format!("One and the same secret stands in {most} places."))
    }

    fn others(&self) -> Option<String> {
        let mut counts: BTreeMap<Weakness, usize> = BTreeMap::new();
        for weakness in self.held.iter().flat_map(|held| &held.weaknesses) {
            *counts.entry(*weakness).or_default() += 1;
        }
        counts.remove(&self.weakness);
        let told: Vec<String> =
            counts.iter().map(|(weakness, count)| format!("{} ({count})", weakness.words())).collect();
        (!told.is_empty()).then(|| format!("What else is wrong with them: {}.", told.join(", ")))
    }

    pub(super) fn named(&self) -> String {
        let owners = self.owners();
        let mut named: Vec<String> = owners.iter().take(MOST_NAMED).map(|name| visible(name)).collect();
        if let Some(more) = owners.len().checked_sub(MOST_NAMED).filter(|more| *more > 0) {
            named.push(format!("{more} more"));
        }
        format!("Whose: {}.", named.join(", "))
    }
}
