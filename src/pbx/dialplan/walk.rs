//! Where a caller can get to: from one context, with any number, to every trunk that the dialplan lets out by.
//!
//! The walk follows what is written (`Goto`, `Dial(Local/...)`, `Gosub`, `Macro`, menus, DISA, mailboxes) with the
//! set of numbers that may be in `EXTEN` at each point. Every condition is taken both ways, so that it tells
//! what may be reached, not what will be. Contexts that lead to each other end it, and so does its budget.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

use super::application::{Act, Jump, Target, acts, target};
use super::find::Found;
use super::model::{Context, Dialplan, Extension, Mailbox, Pin, Step};
use super::numbers::Numbers;
use super::pattern::Pattern;
use crate::event::Citation;
use crate::fold::hash;

/// Points visited of one walk; a panel's dialplan of a thousand extensions has some tens of thousands.
const MOST_POINTS: usize = 60_000;
/// Steps and contexts looked at of one walk.
const MOST_STEPS: usize = 400_000;
/// Those of all walks together that one question takes.
pub const ALL_WALKS: usize = 3_000_000;
/// Visits to one point with other variables.
const MOST_VISITS: u32 = 6;
const MOST_OUTLETS: usize = 2_000;
const MOST_TRANSFERS: usize = 200;
const MOST_VARIABLES: usize = 16;
const MOST_ARGUMENTS: usize = 6;
/// Digits of a number outside, at least.
const OUTSIDE_DIGITS: usize = 7;
/// Doors on one way: a menu that leads to DISA that leads to a mailbox.
const MOST_DOORS: usize = 4;

/// What let a caller choose a number on the way.
#[derive(Clone, Copy)]
pub struct Door<'a> {
    /// What it is.
    pub kind: DoorKind,
    /// The context of the step.
    pub context: &'a str,
    /// The extension of the step.
    pub extension: &'a str,
    /// The step.
    pub place: &'a Citation,
}

/// The kinds of doors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DoorKind {
    /// A menu takes digits for an extension of its context.
    Menu,
    /// A second dial tone, and its PIN.
    Disa(Pin),
    /// A mailbox that calls out.
    Mailbox,
}

/// A way out that was found.
#[derive(Clone)]
pub struct Outlet<'a> {
    /// The context of the step that calls.
    pub context: &'a str,
    /// The extension.
    pub extension: &'a str,
    /// The step.
    pub place: &'a Citation,
    /// The trunk, as far as it is told.
    pub trunk: String,
    /// The numbers that may leave.
    pub numbers: Numbers,
    /// The doors on the way, outermost first.
    pub doors: Vec<Door<'a>>,
}

/// Where a walk led.
#[derive(Default)]
pub struct Reached<'a> {
    /// Each way out once for each way of doors.
    pub outlets: Vec<Outlet<'a>>,
    /// Steps that let one of the two who speak send the call on.
    pub transfers: Vec<Transfer<'a>>,
    /// Contexts that were visited.
    pub contexts: BTreeSet<&'a str>,
    /// Did it end before everything was looked at?
    pub is_cut: bool,
}

/// A step that lets somebody send the call on to another number.
#[derive(Clone, Copy)]
pub struct Transfer<'a> {
    /// The context of the step.
    pub context: &'a str,
    /// The extension.
    pub extension: &'a str,
    /// The step.
    pub place: &'a Citation,
    /// May the caller (`T`)?
    pub by_caller: bool,
    /// May whoever is called (`t`)?
    pub by_called: bool,
    /// Is a number outside called, and no phone?
    pub goes_out: bool,
}

/// A point of the walk: a context, and what is known of the number and the variables.
#[derive(Clone)]
struct Point<'a> {
    context: &'a str,
    start: Option<String>,
    numbers: Numbers,
    variables: BTreeMap<String, Numbers>,
    doors: Vec<Door<'a>>,
}

impl<'a> Point<'a> {
    /// Where somebody enters a context, and nothing else is known.
    fn at(context: &'a str, numbers: Numbers) -> Self {
        Point { context, start: None, numbers, variables: BTreeMap::new(), doors: Vec::new() }
    }
}

/// Follows a caller who enters `context` with any of `numbers`. `is_account` tells a phone from a carrier; what
/// was looked at is taken from `budget`, and the walk ends where that is spent.
pub fn walk<'a>(
    dialplan: &'a Dialplan,
    context: &str,
    numbers: Numbers,
    is_account: &dyn Fn(&str) -> bool,
    budget: &mut usize,
) -> Reached<'a> {
    let mut walk = Walk::new(dialplan, is_account, *budget);
    if let Some((context, _)) = dialplan.contexts.get_key_value(context) {
        walk.visit(Point::at(context, numbers));
    }
    walk.end(budget)
}

/// Follows one number from the extension that it meets, in the context that was entered.
pub(super) fn walk_from<'a>(
    dialplan: &'a Dialplan,
    context: &str,
    found: Found<'a>,
    number: &str,
    is_account: &dyn Fn(&str) -> bool,
    budget: &mut usize,
) -> Reached<'a> {
    exactly(dialplan, context, number, is_account, budget, |walk, point| {
        walk.run(&point, found.context, found.extension);
    })
}

/// Follows one number from the context that is entered, only through the extension that it meets first, however short
/// it is.
pub(super) fn follow<'a>(
    dialplan: &'a Dialplan,
    context: &str,
    number: &str,
    is_account: &dyn Fn(&str) -> bool,
    budget: &mut usize,
) -> Reached<'a> {
    exactly(dialplan, context, number, is_account, budget, |walk, point| {
        walk.visit(point);
    })
}

/// Takes a step with one number from the context that is entered, and follows where it leads.
fn exactly<'a>(
    dialplan: &'a Dialplan,
    context: &str,
    number: &str,
    is_account: &dyn Fn(&str) -> bool,
    budget: &mut usize,
    step: impl FnOnce(&mut Walk<'a, '_>, Point<'a>),
) -> Reached<'a> {
    let mut walk = Walk { is_exact: true, ..Walk::new(dialplan, is_account, *budget) };
    if let Some((context, _)) = dialplan.contexts.get_key_value(context) {
        step(&mut walk, Point::at(context, Numbers::literal(number)));
    }
    walk.end(budget)
}

struct Walk<'a, 'p> {
    dialplan: &'a Dialplan,
    is_account: &'p dyn Fn(&str) -> bool,
    reached: Reached<'a>,
    seen: HashSet<u64>,
    visits: HashMap<u64, u32>,
    waiting: VecDeque<Point<'a>>,
    /// Does one number go only where Asterisk would send it, and not to all that it fits?
    is_exact: bool,
    steps_given: usize,
    steps_left: usize,
}

impl<'a, 'p> Walk<'a, 'p> {
    fn new(dialplan: &'a Dialplan, is_account: &'p dyn Fn(&str) -> bool, budget: usize) -> Self {
        Walk {
            dialplan,
            is_account,
            reached: Reached::default(),
            seen: HashSet::new(),
            visits: HashMap::new(),
            waiting: VecDeque::new(),
            is_exact: false,
            steps_given: MOST_STEPS.min(budget),
            steps_left: MOST_STEPS.min(budget),
        }
    }

    /// Follows all that is on the way, and takes what was looked at from the budget.
    fn end(mut self, budget: &mut usize) -> Reached<'a> {
        while let Some(point) = self.waiting.pop_front() {
            self.enter(&point);
        }
        *budget = budget.saturating_sub(self.steps_given - self.steps_left);
        self.reached
    }

    /// Puts a point on the way, unless one like it was visited.
    fn visit(&mut self, mut point: Point<'a>) {
        if !self.dialplan.live.contains(point.context) {
            return;
        }
        let doors: Vec<DoorKind> = point.doors.iter().map(|door| door.kind).collect();
        let place = hash(&(point.context, &point.start, &point.numbers, doors));
        let visits = self.visits.entry(place).or_default();
        *visits += 1;
        // What variables hold is told apart a few times; then what can be known without them has to do.
        if *visits > MOST_VISITS {
            point.variables.clear();
        }
        let key = hash(&(place, &point.variables));
        if self.seen.len() >= MOST_POINTS {
            self.reached.is_cut = true;
        } else if self.seen.insert(key) {
            self.waiting.push_back(point);
        }
    }

    fn enter(&mut self, point: &Point<'a>) {
        self.reached.contexts.insert(point.context);
        if let Some(number) = point.numbers.text().filter(|_| self.is_exact) {
            self.steps_left = self.steps_left.saturating_sub(1);
            if let Some(found) = self.dialplan.find(point.context, &number, None, None) {
                self.run(point, found.context, found.extension);
            }
            return;
        }
        let mut contexts = vec![point.context];
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        while let Some(name) = contexts.pop() {
            let Some((name, context)) = self.dialplan.contexts.get_key_value(name) else { continue };
            if !seen.insert(name) {
                continue;
            }
            // Includes of includes: each point looks at all of them.
            if self.steps_left == 0 {
                self.reached.is_cut = true;
                return;
            }
            self.steps_left -= 1;
            self.each_extension(point, name, context);
            contexts.extend(context.includes.iter().rev().map(|include| include.context.as_str()));
        }
    }

    fn each_extension(&mut self, point: &Point<'a>, name: &'a str, context: &'a Context) {
        for extension in candidates(context, &point.numbers) {
            let Some(numbers) = point.numbers.both(&extension.pattern.numbers()) else { continue };
            if self.steps_left == 0 {
                self.reached.is_cut = true;
                return;
            }
            self.run(&Point { numbers, ..point.clone() }, name, extension);
        }
    }

    /// Follows the steps of one extension; `name` is the context that it stands in.
    fn run(&mut self, point: &Point<'a>, name: &'a str, extension: &'a Extension) {
        let mut point = point.clone();
        let from = point.start.as_deref().map_or(1, |start| priority(extension, start));
        for step in extension.steps.range(from..).map(|(_, step)| step) {
            self.steps_left = self.steps_left.saturating_sub(1);
            for act in acts(&step.application, &step.arguments) {
                let at = At { context: name, extension, step };
                match act {
                    Act::Set { name, value } => {
                        let before = point.clone();
                        self.set(&mut point, name, value, &before);
                    }
                    Act::Read(name) => self.keep(&mut point, name, Numbers::any()),
                    Act::End => return,
                    Act::Jump { target, returns } => {
                        self.jump(&point, &target);
                        if !returns {
                            return;
                        }
                    }
                    other => self.act(&point, &at, &other),
                }
            }
        }
    }

    fn act(&mut self, point: &Point<'a>, at: &At<'a>, act: &Act<'_>) {
        match act {
            Act::Call(text) => self.call(point, at, text),
            Act::Options(options) => self.transfer(at, options),
            Act::Trunk { trunk, number } => {
                let Some(number) = self.value(point, number) else { return };
                let known = self.dialplan.globals.get(&format!("OUT_{trunk}"));
                let name = known.and_then(|known| known.split_once('/')).map(|(_, name)| name);
                self.let_out(point, at, name.unwrap_or(trunk), number);
            }
            Act::Digits(context) => {
                let context = context.and_then(|context| self.context(point, context));
                self.door(point, at, DoorKind::Menu, context.unwrap_or(point.context));
            }
            Act::Disa(context) => {
                if let Some(context) = self.context(point, context) {
                    let kind = DoorKind::Disa(at.step.pin.unwrap_or(Pin::Elsewhere));
                    self.door(point, at, kind, context);
                }
            }
            Act::Mailbox => {
                let dialplan = self.dialplan;
                let contexts: BTreeSet<&str> =
                    dialplan.mailboxes.iter().flat_map(Mailbox::ways_out).collect();
                for context in contexts {
                    if let Some((context, _)) = dialplan.contexts.get_key_value(context) {
                        self.door(point, at, DoorKind::Mailbox, context);
                    }
                }
            }
            Act::Set { .. } | Act::Read(_) | Act::End | Act::Jump { .. } => {}
        }
    }

    /// Goes through a door: from here on the caller chooses the number.
    fn door(&mut self, point: &Point<'a>, at: &At<'a>, kind: DoorKind, context: &'a str) {
        let mut doors = point.doors.clone();
        // Who is sent back to the same menu is no further on.
        if !doors.iter().any(|door| door.kind == kind) {
            if doors.len() >= MOST_DOORS {
                return;
            }
            let extension = at.extension.pattern.text();
            doors.push(Door { kind, context: at.context, extension, place: &at.step.place });
        }
        let numbers = Numbers::any();
        self.visit(Point { context, start: None, numbers, variables: point.variables.clone(), doors });
    }

    fn jump(&mut self, point: &Point<'a>, jump: &Jump<'_>) {
        let context = match jump.context {
            // The channel's context stays the one that was entered, whichever include had the extension.
            None => Some(point.context),
            Some(macro_name) if jump.is_macro => self.context(point, &format!("macro-{macro_name}")),
            Some(name) => self.context(point, name),
        };
        let Some(context) = context else { return };
        let mut next = point.clone();
        next.context = context;
        next.start = jump.priority.filter(|start| *start != "1").map(str::to_owned);
        if jump.is_macro {
            let own = point.numbers.clone();
            self.keep(&mut next, "MACRO_EXTEN", own);
            next.numbers = Numbers::literal("s");
        } else if let Some(extension) = jump.extension {
            // A number that is not the caller's choice: a variable set elsewhere.
            let Some(numbers) = self.value(point, extension) else { return };
            next.numbers = numbers;
        }
        for (index, argument) in jump.arguments.iter().take(MOST_ARGUMENTS).enumerate() {
            self.set(&mut next, &format!("ARG{}", index + 1), argument, point);
        }
        self.visit(next);
    }

    fn call(&mut self, point: &Point<'a>, at: &At<'a>, text: &str) {
        // `${TRUNK}/${EXTEN}`: the technology may stand in a variable.
        let text = self.dialplan.expanded(text);
        match target(&text) {
            Target::Device => {}
            Target::Local { number, context } => {
                if let Some(context) = self.context(point, context) {
                    let mut next = point.clone();
                    (next.context, next.start) = (context, None);
                    let Some(numbers) = self.value(point, number) else { return };
                    next.numbers = numbers;
                    self.visit(next);
                }
            }
            Target::Number { peer, number } => {
                // `Dial(${EXTEN:3})`: the device itself is told by the number.
                if !(self.is_account)(peer) && !peer.contains("EXTEN") {
                    let Some(number) = self.value(point, number) else { return };
                    self.let_out(point, at, peer, number);
                }
            }
        }
    }

    fn transfer(&mut self, at: &At<'a>, options: &str) {
        // `M(macro)`, `L(1000)`: what stands in parentheses is no option.
        let mut depth = 0_u32;
        let letters: Vec<char> = options
            .chars()
            .filter(|letter| {
                depth = match letter {
                    '(' => depth + 1,
                    ')' => depth.saturating_sub(1),
                    _ => depth,
                };
                depth == 0
            })
            .collect();
        let (by_caller, by_called) = (letters.contains(&'T'), letters.contains(&'t'));
        let is_known = self.reached.transfers.iter().any(|known| known.place.place == at.step.place.place);
        if (by_caller || by_called) && !is_known && self.reached.transfers.len() < MOST_TRANSFERS {
            let goes_out =
                self.reached.outlets.iter().any(|outlet| outlet.place.place == at.step.place.place);
            let extension = at.extension.pattern.text();
            let (context, place) = (at.context, &at.step.place);
            self.reached.transfers.push(Transfer {
                context,
                extension,
                place,
                by_caller,
                by_called,
                goes_out,
            });
        }
    }

    fn let_out(&mut self, point: &Point<'a>, at: &At<'a>, trunk: &str, numbers: Numbers) {
        if self.reached.outlets.len() >= MOST_OUTLETS {
            self.reached.is_cut = true;
            return;
        }
        let extension = at.extension.pattern.text();
        let doors: Vec<DoorKind> = point.doors.iter().map(|door| door.kind).collect();
        let is_known = self.reached.outlets.iter().rev().take(200).any(|known| {
            known.place.place == at.step.place.place
                && known.numbers == numbers
                && known.doors.iter().map(|door| door.kind).eq(doors.iter().copied())
        });
        if !is_known {
            self.reached.outlets.push(Outlet {
                context: at.context,
                extension,
                place: &at.step.place,
                trunk: trunk.to_owned(),
                numbers,
                doors: point.doors.clone(),
            });
        }
    }

    /// Sets a variable that may hold a number to call; what else a dialplan keeps in variables would only make
    /// points differ that lead to the same places.
    fn set(&self, point: &mut Point<'a>, name: &str, value: &str, before: &Point<'a>) {
        let is_derived = value.contains("EXTEN")
            || value.contains("${") && before.variables.keys().any(|known| value.contains(known.as_str()));
        let is_number = value.len() >= OUTSIDE_DIGITS && value.bytes().all(|byte| byte.is_ascii_digit());
        let is_full = point.variables.len() >= MOST_VARIABLES && !point.variables.contains_key(name);
        let value = if (is_derived || is_number) && !is_full { self.value(before, value) } else { None };
        match value {
            Some(value) => self.keep(point, name, value),
            None => drop(point.variables.remove(name)),
        }
    }

    /// Keeps the numbers that a variable may hold, unless it is one that is too short to be outside: where one number
    /// is followed, that is the one.
    fn keep(&self, point: &mut Point<'_>, name: &str, value: Numbers) {
        if value.is_one() && value.shortest() < OUTSIDE_DIGITS && !self.is_exact {
            point.variables.remove(name);
        } else {
            point.variables.insert(name.to_owned(), value);
        }
    }

    /// Returns the context of a name, if it is known and exists.
    fn context(&self, point: &Point<'a>, name: &str) -> Option<&'a str> {
        let name = self.dialplan.expanded(name);
        let name = name.replace("${CONTEXT}", point.context);
        self.dialplan.contexts.get_key_value(name.trim()).map(|(name, _)| name.as_str())
    }

    /// Returns the numbers that a text may stand for; `None` where it rests on what cannot be followed.
    fn value(&self, point: &Point<'a>, text: &str) -> Option<Numbers> {
        let mut value = Numbers::literal("");
        let mut rest = text.trim();
        // What an expression comes to is not worked out.
        if rest.contains("$[") {
            return None;
        }
        while let Some((before, behind)) = rest.split_once("${") {
            value = value.then(&Numbers::literal(before));
            let (name, after) = split_variable(behind)?;
            value = value.then(&self.variable(point, name)?);
            rest = after;
        }
        Some(value.then(&Numbers::literal(rest)))
    }

    /// Returns the numbers in `NAME`, `NAME:skip`, `NAME:skip:length` or `FILTER(digits,${NAME})`.
    fn variable(&self, point: &Point<'a>, text: &str) -> Option<Numbers> {
        if let Some(inner) = text.strip_prefix("FILTER(").and_then(|rest| rest.strip_suffix(')')) {
            return self.value(point, inner.split_once(',')?.1);
        }
        let mut parts = text.split(':');
        let whole = match parts.next()? {
            "EXTEN" => point.numbers.clone(),
            other => match (point.variables.get(other), self.dialplan.globals.get(other)) {
                (Some(numbers), _) => numbers.clone(),
                (None, Some(global)) => Numbers::literal(global),
                (None, None) => return None,
            },
        };
        let mut number = || parts.next().map(|part| part.trim().parse::<usize>().ok());
        match (number(), number()) {
            (None, _) => Some(whole),
            (Some(skip), None) => Some(whole.skip(skip?)),
            (Some(skip), Some(length)) => Some(whole.skip(skip?).first(length?)),
        }
    }
}

/// Returns the extensions that some of the numbers may meet. Plain ones stand first, in order: one number among
/// thousands is looked up.
fn candidates<'a>(context: &'a Context, numbers: &Numbers) -> impl Iterator<Item = &'a Extension> + use<'a> {
    let plain = context.extensions.partition_point(|extension| !extension.pattern.is_pattern());
    let (plain, patterns) = context.extensions.split_at(plain);
    let plain = match numbers.text() {
        Some(text) => {
            let from = plain.partition_point(|extension| extension.pattern.text() < text.as_str());
            let behind = plain.get(from..).unwrap_or_default();
            let count = behind.iter().take_while(|extension| extension.pattern.text() == text).count();
            behind.get(..count).unwrap_or_default()
        }
        None => plain,
    };
    plain.iter().chain(patterns)
}

/// A step with where it stands.
struct At<'a> {
    context: &'a str,
    extension: &'a Extension,
    step: &'a Step,
}

/// Returns the priority that a jump leads to: a number or a label.
fn priority(extension: &Extension, start: &str) -> u32 {
    let labelled = || {
        let mut steps = extension.steps.iter();
        steps.find(|(_, step)| step.label.as_deref() == Some(start)).map(|(priority, _)| *priority)
    };
    start.parse().ok().or_else(labelled).unwrap_or(1)
}

/// Splits `NAME:1}rest` at the brace that closes it.
fn split_variable(text: &str) -> Option<(&str, &str)> {
    let mut depth = 1_u32;
    for (at, byte) in text.bytes().enumerate() {
        depth = match byte {
            b'{' => depth + 1,
            b'}' => depth - 1,
            _ => depth,
        };
        if depth == 0 {
            return Some((text.get(..at)?, text.get(at + 1..)?));
        }
    }
    None
}

/// Returns the numbers of a pattern, for asking what a way out lets through.
pub fn numbers_of(pattern: &str) -> Numbers {
    Pattern::new(pattern).numbers()
}
