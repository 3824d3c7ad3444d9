//! What is known of each call that came in by telephone and left by a trunk: who called, and by which way it
//! got out.
//!
//! The log tells best: DISA and the mailbox print that they ran. A right PIN of DISA becomes the account code of
//! the record (`apps/app_disa.c`); a forward leaves two numbers in one call. Where nothing tells, the dialplan
//! does, if only one way leads from the carrier's context to the one that the call left from.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::fold::calls::Passed;
use crate::pbx::dialplan::Mailbox;
use crate::pbx::dialplan::walk::DoorKind;
use crate::reconstruct::behaviour::is_number_outside;
use crate::reconstruct::calls::Call;
use crate::reconstruct::world::World;
use crate::report::model::Vector;

/// The way by which a call got out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A second dial tone.
    Disa,
    /// A mailbox that dialled out.
    Mailbox,
    /// One of these two: both lead there.
    DisaOrMailbox,
    /// A forward.
    Forward,
    /// Somebody here had answered, and the call was transferred.
    Transfer,
    /// The dialplan itself.
    Dialplan,
}

impl Kind {
    /// Returns the vector that it is.
    pub(super) fn vector(self) -> Vector {
        match self {
            Kind::Disa | Kind::Mailbox | Kind::DisaOrMailbox => Vector::VoicemailOrDisa,
            Kind::Forward => Vector::CallForward,
            Kind::Transfer | Kind::Dialplan => Vector::DialplanHole,
        }
    }

    /// Returns it in words, as that through which somebody went.
    pub(super) fn words(self) -> &'static str {
        match self {
            Kind::Disa => "a second dial tone (DISA)",
            Kind::Mailbox => "a mailbox that dialled out",
            Kind::DisaOrMailbox => "DISA or a mailbox",
            Kind::Forward => "a forward",
            Kind::Transfer => "a transfer of the answered call",
            Kind::Dialplan => "the dialplan",
        }
    }
}

/// A call that came in by telephone and left by a trunk.
pub(super) struct Passage<'w> {
    /// Its place among the world's calls.
    pub(super) index: usize,
    pub(super) call: &'w Call,
    /// The caller's number; `None` where it was withheld or written over.
    pub(super) caller: Option<String>,
    pub(super) kind: Kind,
    /// Does the dialplan let callers from outside out this way, without a door?
    pub(super) is_written: bool,
}

/// Returns all of them, in the order of their start.
pub(super) fn all<'w>(world: &'w World<'_>) -> Vec<Passage<'w>> {
    let mut passages = Vec::new();
    let through = world.calls.iter().enumerate().filter(|(_, call)| is_through(world, call));
    let mut through = through.peekable();
    if through.peek().is_none() {
        return passages;
    }
    let own = own_numbers(world);
    let written = Written::new(world);
    for (index, call) in through {
        let caller = caller(world, call, &own);
        let kind = written.kind(world, call);
        let is_written = kind == Kind::Dialplan && written.has(world, call, kind);
        passages.push(Passage { index, call, caller, kind, is_written });
    }
    passages
}

/// Returns whether a call came in by a trunk and left for a number outside.
pub(super) fn is_through(world: &World<'_>, call: &Call) -> bool {
    call.from_trunk() && call.by_trunk() && is_number_outside(world, call)
}

/// Returns the numbers that the house itself shows when it calls.
pub(super) fn own_numbers<'w>(world: &'w World<'_>) -> HashSet<&'w [u8]> {
    let outgoing = world.calls.iter().filter(|call| call.by_trunk() && !call.from_trunk());
    outgoing.filter_map(|call| world.shown_number(call)).collect()
}

/// Returns the number of whoever called.
pub(super) fn caller(world: &World<'_>, call: &Call, own: &HashSet<&[u8]>) -> Option<String> {
    let number = match world.number_at_start(call) {
        Some(number) => number,
        // The dialplan may have set the house's own number before the record was made.
        None => world.shown_number(call).filter(|number| !own.contains(number))?,
    };
    let digits = number.iter().filter(|byte| byte.is_ascii_digit()).count();
    (digits >= 3).then(|| String::from_utf8_lossy(number).into_owned())
}

/// What the dialplan says of the ways from the carriers' contexts: which doors lead to each context that calls.
struct Written<'w> {
    ways: BTreeMap<&'w str, BTreeSet<Kind>>,
    /// Contexts in which mailboxes call, for themselves or back.
    of_mailboxes: BTreeSet<&'w str>,
}

impl<'w> Written<'w> {
    fn new(world: &World<'w>) -> Self {
        let mut ways: BTreeMap<&str, BTreeSet<Kind>> = BTreeMap::new();
        for outlet in world.ways.carriers.iter().flat_map(|way| &way.reached.outlets) {
            let kind = outlet.doors.iter().rev().find_map(|door| match door.kind {
                DoorKind::Disa(_) => Some(Kind::Disa),
                DoorKind::Mailbox => Some(Kind::Mailbox),
                DoorKind::Menu => None,
            });
            ways.entry(outlet.context).or_default().insert(kind.unwrap_or(Kind::Dialplan));
        }
        let of_mailboxes = world.pbx.dialplan.mailboxes.iter().flat_map(Mailbox::ways_out).collect();
        Written { ways, of_mailboxes }
    }

    /// Returns whether mailboxes call in the context that a call left from; without any dialplan none is known.
    fn leaves_a_mailbox(&self, world: &World<'_>, call: &Call) -> bool {
        let context = String::from_utf8_lossy(world.outgoing_context(call));
        self.of_mailboxes.contains(context.as_ref()) || world.pbx.dialplan.contexts.is_empty()
    }

    fn has(&self, world: &World<'_>, call: &Call, kind: Kind) -> bool {
        let context = String::from_utf8_lossy(world.outgoing_context(call));
        self.ways.get(context.as_ref()).is_some_and(|ways| ways.contains(&kind))
    }

    fn kind(&self, world: &World<'_>, call: &Call) -> Kind {
        if world.passed(call, Passed::ByMailbox) {
            return Kind::Mailbox;
        }
        let first = world.first_application(call);
        if world.passed(call, Passed::Disa) || first == b"DISA" {
            return Kind::Disa;
        }
        if first == b"VoiceMailMain" {
            return Kind::Mailbox;
        }
        let has = |kind: Kind| self.has(world, call, kind);
        // A mailbox is passed on the way only by who gets out of it.
        if world.passed(call, Passed::Mailbox) && (has(Kind::Mailbox) || self.leaves_a_mailbox(world, call)) {
            return Kind::Mailbox;
        }
        if world.has_account_code(call) && has(Kind::Disa) {
            return Kind::Disa;
        }
        if world.passed(call, Passed::Forwarded) {
            return Kind::Forward;
        }
        if world.was_sent_on(call) {
            return if world.was_answered_first(call) { Kind::Transfer } else { Kind::Forward };
        }
        match (has(Kind::Disa), has(Kind::Mailbox), has(Kind::Dialplan)) {
            (true, false, false) => Kind::Disa,
            (false, true, false) => Kind::Mailbox,
            (true, true, false) => Kind::DisaOrMailbox,
            _ => Kind::Dialplan,
        }
    }
}
