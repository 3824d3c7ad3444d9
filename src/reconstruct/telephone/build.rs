//! The incident of callers who came in by telephone.

use std::collections::{BTreeMap, BTreeSet};

use super::judge::Door;
use super::passage::Kind;
use crate::event::{Citation, Instant};
use crate::pbx::dialplan::Pin;
use crate::reconstruct::incident::{Incident, Party};
use crate::reconstruct::phases::Span;
use crate::reconstruct::vectors::Weighed;
use crate::reconstruct::world::World;
use crate::report::document::counted;
use crate::report::model::{Role, Vector};

/// Builds the incident of one way that was abused.
pub(super) fn incident(world: &World<'_>, door: &Door) -> Incident {
    let starts = || door.calls.keys().filter_map(|&index| Some(world.calls.list.get(index)?.start()));
    let breach = starts().min().unwrap_or(Instant(0));
    let callers = callers(world, door);
    Incident {
        ways: vec![way(world, door, &callers)],
        accounts: BTreeMap::new(),
        calls: door.calls.iter().map(|(&index, (kind, caller))| (index, why(*kind, caller).into())).collect(),
        breach,
        proof: Vec::new(),
        unknown: unknown(door),
        guess: span(world, door, &callers, Role::Guess),
        scan: span(world, door, &callers, Role::Scan),
        provision: None,
        web: None,
        register: None,
        held: BTreeSet::new(),
        actors: BTreeMap::new(),
        callers,
        nights: door.nights.clone(),
        is_doubtful: false,
        is_dated: true,
    }
}

fn why(kind: Kind, caller: &Option<String>) -> String {
    let who = match caller {
        Some(number) => format!("from {}", crate::untrusted::visible(number)),
        None => "from a caller whose number is not on record".to_owned(),
    };
    format!("it came in by telephone {who} and went out through {}", kind.words())
}

/// Returns who called, with the part that each played.
fn callers(world: &World<'_>, door: &Door) -> Vec<Party> {
    let mut parties: BTreeMap<Option<String>, Party> = BTreeMap::new();
    let dialled = door.calls.iter().map(|(&index, (_, caller))| (index, caller, Role::Dial));
    let tried = door
        .tries
        .iter()
        .map(|(&index, (caller, wrong))| (index, caller, if *wrong > 0 { Role::Guess } else { Role::Scan }));
    for (index, caller, role) in dialled.chain(tried) {
        let Some(call) = world.calls.list.get(index) else { continue };
        let party = parties.entry(caller.clone()).or_insert_with(|| Party {
            number: caller.clone(),
            roles: BTreeSet::new(),
            first: call.start(),
            last: call.start(),
            calls: BTreeSet::new(),
        });
        party.roles.insert(role);
        party.first = party.first.min(call.start());
        party.last = party.last.max(call.end());
        party.calls.insert(index);
    }
    parties.into_values().collect()
}

/// Returns when the tries were that got nowhere.
fn span(world: &World<'_>, door: &Door, callers: &[Party], role: Role) -> Option<Span> {
    let of_role = |wrong: u32| if role == Role::Guess { wrong > 0 } else { wrong == 0 };
    let tries = || door.tries.iter().filter(|(_, (_, wrong))| of_role(*wrong));
    let starts = || tries().filter_map(|(&index, _)| Some(world.calls.list.get(index)?.start()));
    let sources = callers.iter().filter(|party| party.roles.contains(&role)).count() as u64;
    Some(Span { first: starts().min()?, last: starts().max()?, events: tries().count() as u64, sources })
}

/// Says how many wrong PINs were given, and in how many calls: the phases count calls.
fn wrong_pins(wrong: u32, calls: u64) -> String {
    let given = match wrong {
        1 => "1 wrong PIN was given".to_owned(),
        many => format!("{many} wrong PINs were given"),
    };
    format!("{given} in {} by the same callers or in the same nights", counted(calls, "call"))
}

fn way(world: &World<'_>, door: &Door, callers: &[Party]) -> Weighed {
    let mut kinds: BTreeMap<Kind, Vec<&Option<String>>> = BTreeMap::new();
    door.calls.values().for_each(|(kind, caller)| kinds.entry(*kind).or_default().push(caller));
    let mut because: Vec<String> = kinds
        .into_iter()
        .map(|(kind, from)| {
            let calls = counted(from.len() as u64, "call");
            let (through, who) = (kind.words(), who(from.into_iter()));
            format!("{calls} came in from the telephone network and went out through {through}: {who}")
        })
        .collect();
    let wrong: u32 = door.tries.values().map(|(_, wrong)| wrong).sum();
    if wrong > 0 {
        let calls = door.tries.values().filter(|(_, wrong)| *wrong > 0).count() as u64;
        because.push(wrong_pins(wrong, calls));
    }
    let (weak, proof) = weak_pins(world, door);
    because.extend(weak);
    let mut against = Vec::new();
    if callers.iter().any(|party| party.number.is_some()) {
        against.push("a caller's number can be forged: it does not tell who called".to_owned());
    }
    if door.vector == Vector::DialplanHole {
        against.push("a server that is meant to pass calls on looks the same".to_owned());
    }
    if door.calls.values().any(|(kind, _)| *kind == Kind::Transfer) {
        against.push("whoever answered may have transferred the calls himself".to_owned());
    }
    Weighed { vector: door.vector, score: door.score.max(6) as i32, because, against, proof }
}

/// Counts calls by who made them: `9 from 12025550190, 3 from numbers withheld`.
pub(super) fn who<'c>(callers: impl Iterator<Item = &'c Option<String>>) -> String {
    /// Callers named.
    const MOST: usize = 4;
    let mut counts: BTreeMap<&Option<String>, usize> = BTreeMap::new();
    callers.for_each(|caller| *counts.entry(caller).or_default() += 1);
    let mut order: Vec<_> = counts.into_iter().collect();
    order.sort_by_key(|&(caller, calls)| (std::cmp::Reverse(calls), caller));
    let named = order.iter().take(MOST).map(|(caller, calls)| {
        let calls = if order.len() == 1 { String::new() } else { format!("{calls} ") };
        match caller {
            Some(number) => format!("{calls}from {}", crate::untrusted::visible(number)),
            None => format!("{calls}from a number that is not on record"),
        }
    });
    let mut text = named.collect::<Vec<_>>().join(", ");
    let rest: usize = order.iter().skip(MOST).map(|(_, calls)| calls).sum();
    if rest > 0 {
        text.push_str(&format!(", {rest} from {}", counted((order.len() - MOST) as u64, "other number")));
    }
    text
}

/// Tells which PINs of the ways that were used are guessed at once, and where they stand.
fn weak_pins(world: &World<'_>, door: &Door) -> (Vec<String>, Vec<Citation>) {
    let used =
        |wanted: Kind| door.calls.values().any(|(kind, _)| [wanted, Kind::DisaOrMailbox].contains(kind));
    let plan = &world.pbx.dialplan;
    let (mut texts, mut proof) = (Vec::new(), Vec::new());
    if used(Kind::Disa) {
        let steps = plan.contexts.iter().flat_map(|(name, context)| {
            let steps = context.extensions.iter().flat_map(|extension| extension.steps.values());
            steps.filter(|step| step.application.eq_ignore_ascii_case("DISA")).map(move |step| (name, step))
        });
        for (context, step) in steps.take(4) {
            let how = match step.pin {
                Some(Pin::None) => "asks for no PIN".to_owned(),
                Some(Pin::Weak(why)) => format!("has a weak PIN: {why}"),
                Some(Pin::Short) => "has a PIN of four or five digits".to_owned(),
                _ => continue,
            };
            texts.push(format!("DISA in [{}] {how}", crate::untrusted::visible(context)));
            proof.push(step.place.clone());
        }
    }
    if used(Kind::Mailbox) {
        let weak = plan.mailboxes.iter().filter(|mailbox| mailbox.ways_out().next().is_some());
        for mailbox in weak.filter(|mailbox| matches!(mailbox.pin, Pin::None | Pin::Weak(_))).take(4) {
            let why = if let Pin::Weak(why) = mailbox.pin { why } else { "it has none" };
            let name = crate::untrusted::visible(&mailbox.name);
            texts.push(format!("mailbox {name} may dial out and its PIN is weak: {why}"));
            proof.push(mailbox.place.clone());
        }
    }
    (texts, proof)
}

fn unknown(door: &Door) -> Vec<String> {
    let mut unknown =
        vec!["who the callers are: the carrier's records tell where the calls came from".to_owned()];
    if door.calls.values().any(|(kind, _)| *kind == Kind::Mailbox) {
        unknown.push(
            "which mailbox was used: the log prints none that was opened with the right PIN".to_owned(),
        );
    }
    if door.calls.values().any(|(_, caller)| caller.is_none()) {
        unknown.push("the number of some callers: withheld, or written over by the dialplan".to_owned());
    }
    unknown
}

#[cfg(test)]
mod tests {
    use super::wrong_pins;

    #[test]
    fn pins_and_calls_are_told_apart() {
        assert_eq!(
            wrong_pins(11, 7),
            "11 wrong PINs were given in 7 calls by the same callers or in the same nights"
        );
        assert!(wrong_pins(1, 1).starts_with("1 wrong PIN was given in 1 call by"));
    }
}
