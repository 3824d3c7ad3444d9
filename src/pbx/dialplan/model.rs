//! The shape of a dialplan: contexts, extensions, steps, includes; and mailboxes, which may dial out.
//!
//! Steps may hold secrets (a PIN, a password in a variable), so that nothing here prints itself, and a PIN is
//! told by its strength.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::limits::Limits;
use super::pattern::Pattern;
use super::pins::Pins;
use super::timing::{TimeFault, Timing};
use crate::event::Citation;

/// All contexts of a dialplan.
#[derive(Default)]
pub struct Dialplan {
    /// By name.
    pub contexts: BTreeMap<String, Context>,
    /// The mailboxes of `voicemail.conf`.
    pub mailboxes: Vec<Mailbox>,
    /// The PINs that callers are asked for.
    pub pins: Pins,
    /// Contexts from which a way out may be reached.
    pub(super) live: BTreeSet<String>,
    /// `[globals]`.
    pub(super) globals: BTreeMap<String, String>,
    /// Those of `[globals]` by which a panel limits its lines.
    pub limits: Limits,
}

impl fmt::Debug for Dialplan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Dialplan of {} contexts", self.contexts.len())
    }
}

/// One context.
#[derive(Default)]
pub struct Context {
    /// Its extensions, in the order in which Asterisk tries them.
    pub extensions: Vec<Extension>,
    /// Contexts in which it goes on looking, in order.
    pub includes: Vec<Include>,
    /// Switches: dialplans elsewhere, which no file here tells.
    pub switches: Vec<String>,
}

/// One extension: a number or a pattern, perhaps for one caller only.
pub struct Extension {
    /// The number or pattern.
    pub pattern: Pattern,
    /// The caller that it is for, where it is not for all.
    pub caller: Option<Pattern>,
    /// Its steps, by priority.
    pub steps: BTreeMap<u32, Step>,
    /// The device whose state it shows.
    pub hint: Option<String>,
}

/// One step.
pub struct Step {
    /// The label, for jumps.
    pub label: Option<String>,
    /// The application, as written.
    pub application: String,
    /// Its arguments; a PIN is masked.
    pub arguments: String,
    /// The PIN among its arguments, where the application takes one.
    pub pin: Option<Pin>,
    /// Where it stands; the text has no PIN.
    pub place: Citation,
}

/// A context in which another goes on looking.
pub struct Include {
    /// Its name.
    pub context: String,
    /// When; always where there is none.
    pub timing: Option<Timing>,
    /// What makes it hold at other times than it seems to, and where that stands.
    pub fault: Option<(TimeFault, Citation)>,
}

/// How a PIN protects, told without telling it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pin {
    /// There is none.
    None,
    /// It is guessed within a few tries: why, in words that do not show it.
    Weak(&'static str),
    /// It has four or five digits: it stands no night of trying, but three tries a call.
    Short,
    /// Nothing speaks against it.
    Fair,
    /// It stands elsewhere: in a file, in a variable.
    Elsewhere,
}

/// One mailbox.
#[derive(Clone, Debug)]
pub struct Mailbox {
    /// Its number.
    pub name: String,
    /// Its context, which is not one of the dialplan.
    pub context: String,
    /// Its PIN.
    pub pin: Pin,
    /// The context that it dials out in.
    pub dialout: Option<String>,
    /// The context that it calls back in.
    pub callback: Option<String>,
    /// Where it stands; the text has no PIN.
    pub place: Citation,
}

impl Mailbox {
    /// Returns the contexts of the dialplan that whoever knows the PIN can call in.
    pub fn ways_out(&self) -> impl Iterator<Item = &str> {
        self.dialout.iter().chain(&self.callback).map(String::as_str)
    }
}

impl Extension {
    /// Returns the place of its first step.
    pub fn place(&self) -> Option<&Citation> {
        self.steps.values().next().map(|step| &step.place)
    }
}
