//! Were the secrets changed: of the accounts that were taken, of those that were read, of trunks, of administrators?
//!
//! The earlier case keeps a slow hash of each, or that it was one that is guessed. Without it a changed secret can
//! be told in one case only: one that was guessed within some thousand tries is not one that no guesser finds.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::Judge;
use crate::checks::{provisioning, weak_secret};
use crate::pbx::{Change, HeldSecret, Imprint, SecretKind, Standing};
use crate::restore::gate::{Answer, Gate, State};
use crate::restore::scene::{Scene, some};
use crate::untrusted::visible;

/// Ways by which an intruder can read every secret that the server has.
const READS_ALL: [&str; 2] = ["web-exploit", "web-admin"];

const TAKEN: &str = "secrets-taken";
const HANDED_OUT: &str = "secrets-handed-out";
const OF_TRUNKS: &str = "secrets-of-trunks";
const OF_ADMINISTRATORS: &str = "secrets-of-administrators";
const OF_FILE_SERVER: &str = "secrets-of-file-server";
const OF_ACCOUNTS: &str = "secrets-of-accounts";
const GUESSABLE: &str = "secrets-guessable";
pub(super) const GATES: Judge = Judge { ids, judge };

fn ids() -> Vec<&'static str> {
    vec![TAKEN, HANDED_OUT, OF_TRUNKS, OF_ADMINISTRATORS, OF_FILE_SERVER, OF_ACCOUNTS, GUESSABLE]
}

/// Judges the secrets, group by group.
fn judge(scene: &Scene<'_>) -> Vec<Gate> {
    let taken = scene.taken();
    let mut read: BTreeSet<&str> = scene.subjects(&["provisioning-leaked"]);
    // Whoever could read a folder may have, whether or not a log has it: TFTP servers log nothing by themselves.
    let kept = scene.earlier.and_then(|earlier| earlier.kept.as_ref());
    read.extend(kept.into_iter().flat_map(|kept| &kept.exposed).map(String::as_str));
    read.extend(provisioning::exposed_accounts(scene.ground.world.pbx, &scene.report.findings));
    let leaked: BTreeSet<&str> = read.difference(&taken).copied().collect();
    let reads_all = scene.came_by(&READS_ALL) || !scene.subjects(&["secrets-downloaded"]).is_empty();
    let secrets = Secrets { scene, changes: changes(scene, &taken, &leaked, reads_all) };
    let close =
        "Set a new random secret of at least 16 characters on the server and on the phone, and load it.";
    let settle = "Give the case of the intrusion (--case CASE), written by `tolltrace run -o CASE` on the evidence of then, and the configuration as it is now.";
    let gates = [
        secrets
            .of_names(TAKEN, "The secrets of the accounts that were taken over were changed", &taken)
            .map(|gate| gate.with_to_do(close, settle)),
        secrets
            .of_names(
                HANDED_OUT,
                "The secrets in phone files that strangers could fetch were changed",
                &leaked,
            )
            .map(|gate| gate.with_to_do(close, settle)),
        secrets.of_kinds(
            OF_TRUNKS,
            "The secrets of the trunks were changed",
            &[SecretKind::Trunk],
            reads_all || scene.came_by(&["trunk-credential"]),
        ),
        secrets.of_kinds(
            OF_ADMINISTRATORS,
            "The secrets of panel, manager interface and databases were changed",
            &[
                SecretKind::Panel,
                SecretKind::Manager,
                SecretKind::Ari,
                SecretKind::EventSocket,
                SecretKind::Database,
            ],
            reads_all || scene.came_by(&["manager-interface"]),
        ),
        secrets.of_kinds(
            OF_FILE_SERVER,
            "The passwords of the server that hands out phone files were changed",
            &[SecretKind::FileServer],
            reads_all || !leaked.is_empty() || scene.came_by(&["provisioning-leak"]),
        ),
        reads_all
            .then(|| {
                let kinds = [SecretKind::Sip, SecretKind::Pjsip, SecretKind::Iax];
                secrets.of_kinds(OF_ACCOUNTS, "The secrets of all accounts were changed", &kinds, true)
            })
            .flatten(),
        secrets.guessable(&taken, &leaked),
    ];
    gates.into_iter().flatten().collect()
}

/// What became of each secret that the earlier case kept, by kind and owner.
type Changes = BTreeMap<(String, String), Vec<Change>>;

/// Compares those that any gate asks for: each comparison costs a slow hash.
fn changes(scene: &Scene<'_>, taken: &BTreeSet<&str>, leaked: &BTreeSet<&str>, reads_all: bool) -> Changes {
    let kept = scene.earlier.and_then(|earlier| earlier.kept.as_ref());
    let is_asked = |imprint: &&Imprint| {
        let kind = SecretKind::of_word(&imprint.kind);
        let is_account = kind.is_none_or(SecretKind::is_of_phones);
        reads_all
            || !is_account
            || taken.contains(imprint.owner.as_str())
            || leaked.contains(imprint.owner.as_str())
    };
    let asked: Vec<&Imprint> = kept.into_iter().flat_map(|kept| &kept.imprints).filter(is_asked).collect();
    let values = &scene.ground.world.pbx.secret_values;
    let told: Vec<((String, String), Change)> = asked
        .into_par_iter()
        .map(|imprint| ((imprint.kind.clone(), imprint.owner.clone()), values.change(imprint)))
        .collect();
    let mut changes = Changes::new();
    for (key, change) in told {
        changes.entry(key).or_default().push(change);
    }
    changes
}

struct Secrets<'s, 'a> {
    scene: &'s Scene<'a>,
    changes: Changes,
}

impl Secrets<'_, '_> {
    fn of_names(&self, id: &str, title: &str, names: &BTreeSet<&str>) -> Option<Gate> {
        Gate::of(id, title, names.iter().map(|name| self.of_account(name)).collect())
    }

    /// Judges one account by all that was kept of it and by how strong its secret is now.
    fn of_account(&self, name: &str) -> Answer {
        let shown = visible(name);
        let pbx = &self.scene.ground.world.pbx;
        let now: Vec<&HeldSecret> =
            self.in_force().filter(|held| held.owner == name && !held.kind.is_pin()).collect();
        let proofs = || now.iter().filter_map(|held| self.scene.proof(&held.place)).take(2);
        let is_there = !now.is_empty() || pbx.accounts.iter().any(|account| account.name == name);
        if !is_there {
            if let Some(unread) = self.scene.unread_accounts() {
                return Answer::cannot_tell(format!("{shown} may stand in what was not read: {unread}"));
            }
            return if self.scene.has_configuration() {
                Answer::closed(format!("{shown} is not configured any more"))
            } else {
                Answer::cannot_tell(format!(
                    "{shown}: the configuration that has its secret is not in the evidence"
                ))
            };
        }
        if let Some(held) = now.iter().find(|held| is_guessable(held)) {
            let words = held.gravest().map_or("weak", |weakness| weakness.words());
            return Answer::open(format!("the secret of {shown} is {words}: it is guessed")).with(proofs());
        }
        // A mailbox may bear the account's name; its PIN is another secret, and no PIN is safe from guessing.
        let is_pin = |kind: &str| SecretKind::of_word(kind).is_some_and(SecretKind::is_pin);
        let of_it = || self.changes.iter().filter(|((kind, owner), _)| owner == name && !is_pin(kind));
        let changes = of_it().flat_map(|(_, changes)| changes).copied();
        let unread = of_it().find_map(|((kind, owner), _)| self.unread_place(kind, owner));
        self.told(&format!("the secret of {shown}"), changes, name, unread).with(proofs())
    }

    /// Returns the file that a secret stood in, if this evidence has not got it.
    fn unread_place(&self, kind: &str, owner: &str) -> Option<&str> {
        let kept = self.scene.earlier?.kept.as_ref()?;
        let place = kept.places.get(&(kind.to_owned(), owner.to_owned()))?;
        (!self.scene.has_read(place)).then_some(place)
    }

    fn told(
        &self,
        what: &str,
        changes: impl Iterator<Item = Change>,
        name: &str,
        unread_place: Option<&str>,
    ) -> Answer {
        let changes: Vec<Change> = changes.collect();
        let has = |wanted: Change| changes.contains(&wanted);
        if has(Change::Same) {
            return Answer::open(format!("{what} is the one of the earlier case"));
        }
        if has(Change::GuessableStill) {
            return Answer::open(format!("{what} is one that is guessed, as it was"));
        }
        if changes.is_empty() || has(Change::CannotTell) {
            let was_guessed = self.scene.past.iter().any(|past| {
                past.accounts.contains(name)
                    && matches!(past.vector.as_str(), "password-guess" | "default-credential")
            });
            // Hidden in a hash it may still be the guessed one.
            return if was_guessed && changes.is_empty() && self.is_readable(name) {
                Answer::closed(format!(
                    "{what} was guessed; the one in force is not one that guessers find, so it is another"
                ))
            } else if changes.is_empty() {
                Answer::cannot_tell(format!("{what}: nothing of the one in force then was kept"))
            } else {
                Answer::cannot_tell(format!("{what}: kept in a form in which it cannot be compared"))
            };
        }
        if has(Change::Gone) && !has(Change::Other) {
            let unread = unread_place.map(|path| format!("{} is not in the evidence", visible(path)));
            if let Some(unread) = unread.or_else(|| self.scene.unread_accounts()) {
                return Answer::cannot_tell(format!("{what} may stand in what was not read: {unread}"));
            }
            return Answer::closed(format!("{what} is not configured any more"));
        }
        Answer::closed(format!("{what} is another than in the earlier case"))
    }

    /// Returns whether the account's secret stands in the configuration as it is typed.
    fn is_readable(&self, name: &str) -> bool {
        self.scene.ground.world.pbx.secret_values.is_readable(name)
    }

    fn in_force(&self) -> impl Iterator<Item = &HeldSecret> {
        let all = self.scene.ground.world.pbx.held_secrets.iter();
        all.filter(|held| held.standing == Standing::InForce)
    }

    /// Judges all secrets of some kinds; advised only where the intruder had no way to read them.
    fn of_kinds(&self, id: &str, title: &str, kinds: &[SecretKind], required: bool) -> Option<Gate> {
        // Where nobody was in, nobody knows them.
        if !required && self.scene.past.is_empty() {
            return None;
        }
        let words: BTreeSet<&str> = kinds.iter().map(|kind| kind.word()).collect();
        let mut by_state: BTreeMap<State, Vec<String>> = BTreeMap::new();
        for ((kind, owner), changes) in
            self.changes.iter().filter(|((kind, _), _)| words.contains(kind.as_str()))
        {
            let unread = self.unread_place(kind, owner);
            let answer = self.told("", changes.iter().copied(), "", unread);
            by_state.entry(answer.state).or_default().push(format!("{kind} {owner}"));
        }
        let mut answers: Vec<Answer> = by_state
            .iter()
            .map(|(state, names)| {
                let named = some(names.iter().map(String::as_str));
                match state {
                    State::Open => Answer::open(format!(
                        "the old secret is still in force, or the new one is as easily guessed: {named}"
                    )),
                    State::CannotTell => Answer::cannot_tell(format!("cannot be compared: {named}")),
                    State::Closed => Answer::closed(format!("another now, or gone: {named}")),
                }
            })
            .collect();
        let has_any = self.in_force().any(|held| kinds.contains(&held.kind));
        if answers.is_empty() && has_any && required {
            answers.push(Answer::cannot_tell("nothing of those in force then was kept"));
        }
        let open = |answer: &mut Answer| {
            let held = self.in_force().filter(|held| kinds.contains(&held.kind));
            answer.proofs.extend(held.take(3).filter_map(|held| self.scene.proof(&held.place)));
        };
        answers.iter_mut().filter(|answer| answer.state == State::Open).for_each(open);
        let gate = Gate::of(id, title, answers)?.required(required);
        Some(gate.with_to_do(
            "Set new random ones, at the other side as well (carrier, programs, databases), and load them.",
            "Give the case of the intrusion (--case CASE), written by `tolltrace run -o CASE`, and the files that hold them now; else take them for unchanged and set new ones.",
        ))
    }

    /// Judges whether any other secret is one that is guessed, as the findings weigh it.
    fn guessable(&self, taken: &BTreeSet<&str>, leaked: &BTreeSet<&str>) -> Option<Gate> {
        if !self.scene.has_configuration() {
            return None;
        }
        let is_others = |held: &&HeldSecret| {
            !taken.contains(held.owner.as_str()) && !leaked.contains(held.owner.as_str())
        };
        let groups: BTreeSet<String> = self
            .in_force()
            .filter(is_others)
            .filter_map(|held| Some(weak_secret::subject(held.kind, held.gravest()?)))
            .collect();
        let grave = self.scene.found(&["weak-secret"]).filter(|finding| {
            crate::restore::scene::is_grave(finding.severity) && groups.contains(finding.subject.raw())
        });
        let mut answers: Vec<Answer> = grave
            .map(|finding| Answer::open(finding.title.clone()).with(finding.evidence.iter().cloned()))
            .collect();
        if answers.is_empty() {
            answers.push(Answer::closed(
                "no secret that this evidence holds is one that is guessed soon and from afar",
            ));
        }
        let gate = Gate::of(GUESSABLE, "No other secret is one that is guessed", answers)?;
        Some(gate.with_to_do("Set random secrets of at least 16 characters, PINs of at least 8 digits.", ""))
    }
}

/// Returns whether a secret is one that guessers find, whoever else may have it.
fn is_guessable(held: &HeldSecret) -> bool {
    held.weaknesses.iter().any(|weakness| weakness.is_of_the_secret())
}
