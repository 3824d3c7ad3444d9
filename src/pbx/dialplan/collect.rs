//! From `extensions.conf` and `voicemail.conf` to the dialplan.
//!
//! Facts relied on: sections of one name are one context; of two steps with one priority the first counts,
//! which is how an override file overrides; `n` is one more than the step before it in the file, `s` the same,
//! both may add (`n+100`); `same` goes on with the extension before; a name may have the caller behind a slash;
//! `${NAME}` of `[globals]` may stand in names; an application's arguments stand in parentheses, in old files
//! behind `,` or `|` (`pbx/pbx_config.c`).

use super::model::{Context, Dialplan, Extension, Include, Pin, Step};
use super::pattern::Pattern;
use super::timing::{Timing, fault};
use super::{live, pin_files, steps, voicemail};
use crate::event::Citation;
use crate::pbx::language::{Loader, Part, Section, Setting};
use crate::pbx::model::{Problem, SecretStrength};
use crate::pbx::read::Collector;
use crate::pbx::secret::Secret;

/// What belongs to `extensions.conf` where that file itself is missing, in FreePBX's order.
const PARTS: &[Part] = &[
    (None, "extensions_override_freepbx.conf"),
    (None, "extensions_override_issabelpbx.conf"),
    (None, "extensions_additional.conf"),
    (Some("globals"), "globals_custom.conf"),
    (None, "extensions_custom.conf"),
];
/// What FreePBX's own `extensions.conf` includes where. It is a link into the panel's modules, which a copy of
/// `/etc/asterisk` alone does not hold (`admin/modules/core/etc/extensions.conf`).
const FRAME: [(&str, &[&str]); 6] = [
    ("from-trunk", &["from-pstn"]),
    (
        "from-pstn",
        &["from-pstn-custom", "ext-did", "ext-did-post-custom", "from-did-direct", "ext-did-catchall"],
    ),
    ("from-did-direct", &["ext-findmefollow", "ext-local"]),
    ("from-internal", &["from-internal-noxfer", "from-internal-xfer"]),
    ("from-internal-noxfer", &["from-internal-noxfer-custom", "from-internal-noxfer-additional"]),
    ("from-internal-xfer", &["from-internal-custom", "from-internal-additional"]),
];
/// A panel with a thousand extensions writes some thirty steps for each.
const MOST_STEPS: usize = 200_000;
const MOST_INCLUDES: usize = 1_000;
const MOST_GLOBALS: usize = 10_000;

/// Reads the dialplan and the mailboxes of a configuration directory.
pub(in crate::pbx) fn read(loader: &mut Loader<'_>, collector: &mut Collector) {
    let mut dialplan = Dialplan::default();
    let mut draft = Draft { left: MOST_STEPS, is_full: false };
    if let Some(document) = loader.load_long("extensions.conf", PARTS, MOST_STEPS) {
        for section in document.named("globals") {
            globals(section, &mut dialplan);
            dialplan.limits.take_in(section);
        }
        for section in document.sections() {
            if !["general", "globals"].iter().any(|name| section.name.eq_ignore_ascii_case(name)) {
                draft.context(section, &mut dialplan);
            }
        }
        dialplan.add_frame();
        dialplan.settle();
        pin_files::weigh(&mut dialplan, loader);
        dialplan.pins.learn(&document, loader);
    }
    if draft.is_full {
        let what = format!("more than {MOST_STEPS} steps: the rest of the dialplan was not followed");
        collector.pbx.problems.push(Problem { path: "extensions.conf".to_owned(), what });
    }
    if let Some(document) = loader.load_long("voicemail.conf", &[], MOST_STEPS) {
        dialplan.mailboxes = voicemail::mailboxes(&document);
    }
    dialplan.live = live::contexts(&dialplan);
    collector.pbx.dialplan = dialplan;
}

fn globals(section: &Section, dialplan: &mut Dialplan) {
    for setting in &section.settings {
        // Of two the last counts: `pbx_builtin_setvar_helper` overwrites.
        if dialplan.globals.len() < MOST_GLOBALS {
            dialplan.globals.insert(setting.name.clone(), setting.value.clone());
        }
    }
}

/// A dialplan in the making.
struct Draft {
    left: usize,
    is_full: bool,
}

/// The extension that `same` and `n` go on with.
struct Last {
    name: String,
    priority: u32,
}

impl Draft {
    fn context(&mut self, section: &Section, dialplan: &mut Dialplan) {
        let mut context = dialplan.contexts.remove(&section.name).unwrap_or_default();
        let mut last: Option<Last> = None;
        for setting in &section.settings {
            match setting.name.to_ascii_lowercase().as_str() {
                "exten" => {
                    let Some((name, rest)) = split_name(&setting.value) else { continue };
                    let name = dialplan.expanded(name);
                    // `n` counts on from the step before, whichever extension that was of.
                    let priority = last.as_ref().map_or(0, |last| last.priority);
                    self.step(&mut context, &mut last, Last { name, priority }, rest, setting);
                }
                "same" => {
                    let Some(Last { name, priority }) = last.take() else { continue };
                    self.step(&mut context, &mut last, Last { name, priority }, &setting.value, setting);
                }
                "include" if context.includes.len() < MOST_INCLUDES => {
                    context.includes.push(include(&dialplan.expanded(&setting.value), setting));
                }
                "switch" | "lswitch" | "eswitch" if context.switches.len() < MOST_INCLUDES => {
                    context.switches.push(setting.value.clone());
                }
                _ => {}
            }
        }
        dialplan.contexts.insert(section.name.clone(), context);
    }

    /// Adds one step: `priority[(label)],application(arguments)`.
    fn step(
        &mut self,
        context: &mut Context,
        last: &mut Option<Last>,
        held: Last,
        rest: &str,
        setting: &Setting,
    ) {
        let Some((written, application)) = rest.split_once(',') else {
            *last = Some(held);
            return;
        };
        let (number, label) = match written.trim().split_once('(') {
            Some((number, label)) => (number.trim(), Some(label.trim_end_matches(')').trim().to_owned())),
            None => (written.trim(), None),
        };
        if number.eq_ignore_ascii_case("hint") {
            if let Some(extension) = self.extension(context, &held.name) {
                extension.hint.get_or_insert_with(|| application.trim().to_owned());
            }
            *last = Some(held);
            return;
        }
        let Some(priority) = priority_of(number, held.priority) else {
            *last = Some(held);
            return;
        };
        if let Some(extension) = self.extension(context, &held.name) {
            extension.steps.entry(priority).or_insert_with(|| step_of(label, application, setting));
        }
        *last = Some(Last { name: held.name, priority });
    }

    /// Returns the extension of a name for change; `None` where there are too many.
    fn extension<'c>(&mut self, context: &'c mut Context, name: &str) -> Option<&'c mut Extension> {
        self.is_full |= self.left == 0;
        self.left = self.left.checked_sub(1)?;
        let (name, caller) = match name.split_once('/') {
            Some((name, caller)) => (name, Some(caller)),
            None => (name, None),
        };
        let is_it = |held: &Extension| {
            held.pattern.text() == name && held.caller.as_ref().map(Pattern::text) == caller
        };
        // Steps of one extension stand together.
        let index = match context.extensions.last().is_some_and(is_it) {
            true => context.extensions.len() - 1,
            false => context.extensions.iter().rposition(is_it).unwrap_or_else(|| {
                context.extensions.push(Extension {
                    pattern: Pattern::new(name),
                    caller: caller.map(Pattern::new),
                    steps: std::collections::BTreeMap::new(),
                    hint: None,
                });
                context.extensions.len() - 1
            }),
        };
        context.extensions.get_mut(index)
    }
}

impl Dialplan {
    /// Adds the contexts that hold a panel's generated ones together, where they were not copied.
    fn add_frame(&mut self) {
        if !self.contexts.contains_key("from-internal-additional") {
            return;
        }
        for (name, includes) in FRAME {
            let held = self.contexts.entry(name.to_owned()).or_default();
            if held.includes.is_empty() && held.extensions.is_empty() {
                let include =
                    |context: &&str| Include { context: (*context).to_owned(), timing: None, fault: None };
                held.includes = includes.iter().map(include).collect();
            }
        }
    }

    /// Puts the extensions of every context in the order in which Asterisk tries them.
    fn settle(&mut self) {
        for context in self.contexts.values_mut() {
            context.extensions.sort_by(|left, right| {
                let by_caller = right.caller.is_some().cmp(&left.caller.is_some());
                left.pattern.order(&right.pattern).then(by_caller)
            });
        }
    }

    /// Returns a text with the `${NAME}` of globals put in.
    pub(super) fn expanded(&self, text: &str) -> String {
        let mut expanded = String::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once("${") {
            expanded.push_str(before);
            let Some((name, after)) = behind.split_once('}') else {
                rest = &rest[before.len()..];
                break;
            };
            match self.globals.get(name) {
                Some(value) => expanded.push_str(value),
                None => expanded.push_str(&rest[before.len()..rest.len() - after.len()]),
            }
            rest = after;
        }
        expanded.push_str(rest);
        expanded
    }
}

/// Splits the name off an `exten =>`; commas in a pattern's set belong to it.
fn split_name(value: &str) -> Option<(&str, &str)> {
    let (name, rest) = value.split_once(',')?;
    Some((name.trim().trim_matches('"'), rest))
}

/// Reads `1`, `n`, `n+3`, `s`.
fn priority_of(text: &str, before: u32) -> Option<u32> {
    let (base, more) = text.split_once('+').unwrap_or((text, "0"));
    let more: u32 = more.trim().parse().ok()?;
    let base = match base.trim() {
        "n" | "next" | "N" => before.checked_add(1)?,
        "s" | "same" | "S" => before,
        number => number.parse().ok()?,
    };
    base.checked_add(more).filter(|priority| *priority > 0)
}

fn include(value: &str, setting: &Setting) -> Include {
    let (context, written) = match value.find([',', '|']) {
        Some(at) => (value.get(..at).unwrap_or_default(), value.get(at + 1..)),
        None => (value, None),
    };
    let timing = written.map(Timing::new).filter(|timing| !timing.is_always());
    let fault = written.and_then(fault).map(|fault| {
        let shown = format!("{} => {value}", setting.name);
        (fault, Citation::new(setting.place, shown.as_bytes()))
    });
    Include { context: context.trim().to_owned(), timing, fault }
}

fn step_of(label: Option<String>, application: &str, setting: &Setting) -> Step {
    let (application, arguments) = steps::split(application.trim());
    let (arguments, pin) = without_pin(application, arguments);
    let shown = format!("{} => {}", setting.name, without_secret(&setting.value));
    Step {
        label,
        application: application.to_owned(),
        arguments,
        pin,
        place: Citation::new(setting.place, shown.as_bytes()),
    }
}

/// Takes the PIN out of the arguments of an application that asks for one.
fn without_pin(application: &str, arguments: &str) -> (String, Option<Pin>) {
    let asks = ["DISA", "Authenticate"].iter().any(|name| application.eq_ignore_ascii_case(name));
    if !asks {
        return (arguments.to_owned(), None);
    }
    let end = arguments.find([',', '|']).unwrap_or(arguments.len());
    let (written, rest) = arguments.split_at(end);
    let pin = pin_of(written.trim(), &[]);
    let shown = if pin_files::is_file(written.trim(), pin) { written.trim() } else { "***" };
    (format!("{shown}{rest}"), Some(pin))
}

/// Weighs a PIN.
pub(in crate::pbx) fn pin_of(pin: &str, names: &[&str]) -> Pin {
    /// Digits from which a PIN is not found by trying for a night.
    const FAIR_DIGITS: usize = 6;
    match pin {
        "" | "no-password" => Pin::None,
        // A file's name, a variable.
        other if other.starts_with('/') || other.contains("${") => Pin::Elsewhere,
        other if names.contains(&other) => Pin::Weak("it is the mailbox's own number"),
        other if is_row(other) => Pin::Weak("its digits are all the same or in a row"),
        other if Secret::new(other).weigh(&[]).0 == SecretStrength::Default => {
            Pin::Weak("everybody tries it first")
        }
        other if other.len() < 4 => Pin::Weak("it has fewer than four digits"),
        other if other.len() < FAIR_DIGITS => Pin::Short,
        _ => Pin::Fair,
    }
}

/// Digits that are all one step apart: `1111`, `123456`, `98765`.
fn is_row(pin: &str) -> bool {
    let digits: Vec<i32> = pin.bytes().map(i32::from).collect();
    let mut steps = digits.windows(2).map(|pair| match pair {
        [left, right] => right - left,
        _ => 0,
    });
    let first = steps.next();
    first.is_some_and(|step| step.abs() <= 1) && steps.all(|step| Some(step) == first)
}

/// Returns a step's line with PIN and passwords masked.
fn without_secret(value: &str) -> String {
    crate::secrets::masked(value).into_owned()
}
