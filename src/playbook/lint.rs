//! What is wrong with a playbook beyond its form: words that name nothing, circles, commands without a way back.

mod values;

use std::collections::BTreeMap;

use toml::Spanned;

use super::format::{Check, Command, Condition, File, Step};
use super::mistake::Mistake;
use super::slots::{SLOTS, looks_like_slots};
use crate::attack;
use crate::checks::registry;
use crate::restore;
use crate::rules::Match;

/// Returns the mistakes of a file, which is one of `files`, under its name, in the order of their places.
pub(super) fn file(file: &File, name: &str, text: &str, files: &[&File]) -> Vec<Mistake> {
    let mut linter = Linter { file, text, base: base_of(file, files), found: Vec::new() };
    linter.head(name, files);
    linter.steps();
    linter.circles();
    linter.switched_off();
    linter.tuned();
    linter.found.sort_by_key(|mistake| mistake.span.start);
    linter.found
}

/// Returns the playbook that a file adds to.
fn base_of<'f>(file: &File, files: &[&'f File]) -> Option<&'f File> {
    let extends = file.extends.as_ref()?.get_ref();
    files.iter().copied().find(|other| other.id.get_ref() == extends && other.phase.is_some())
}

struct Linter<'f> {
    file: &'f File,
    text: &'f str,
    base: Option<&'f File>,
    found: Vec<Mistake>,
}

fn is_word(text: &str, also: &[u8]) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.bytes().next().is_some_and(is_letter)
        && text.bytes().next_back().is_some_and(is_letter)
        && text.bytes().all(|byte| is_letter(byte) || byte == b'-' || also.contains(&byte))
}

impl Linter<'_> {
    fn error(&mut self, span: std::ops::Range<usize>, message: impl Into<String>, hint: impl Into<String>) {
        self.found.push(Mistake::error(span, message, hint));
    }

    fn head(&mut self, name: &str, files: &[&File]) {
        let file = self.file;
        let id = &file.id;
        if !is_word(id.get_ref(), b"") {
            self.error(
                id.span(),
                format!("`{}` is no id", id.get_ref()),
                "an id is lower-case words with hyphens between",
            );
        } else if id.get_ref() != name {
            self.error(
                id.span(),
                format!("the id `{}` is not the file's name", id.get_ref()),
                format!("name the file {}.toml, or write id = \"{name}\"", id.get_ref()),
            );
        }
        // Every file that has the word says so but the first.
        let first = files.iter().find(|other| other.id.get_ref() == id.get_ref());
        if first.is_some_and(|first| !std::ptr::eq(*first, file)) {
            self.error(
                id.span(),
                format!("there is a playbook `{}` already", id.get_ref()),
                format!("give it an id of its own, with extends = \"{}\" to add to that one", id.get_ref()),
            );
        }
        match (&file.phase, &file.extends) {
            (None, None) => self.error(
                id.span(),
                "neither `phase` nor `extends` is given",
                "add phase = \"contain\" (or assess, investigate, restore, dispute, prevent), or extends = \"contain\"",
            ),
            (Some(_), Some(extends)) => self.error(
                extends.span(),
                "both `phase` and `extends` are given",
                "take `phase` out: what is added has the phase of what it is added to",
            ),
            (None, Some(extends)) if self.base.is_none() => {
                let known = files.iter().filter(|other| other.phase.is_some()).map(|other| other.id.get_ref().as_str());
                self.found.push(Mistake::unknown(
                    extends.span(),
                    "the playbook",
                    extends.get_ref(),
                    known,
                    "extends names the id of a playbook: `tolltrace playbook list`",
                ));
            }
            _ => {}
        }
        if file.phase.is_some() && file.steps.is_empty() {
            self.error(id.span(), "the playbook has no steps", "add [[step]] with id, title and owner");
        }
        for text in [&file.title, &file.summary, &file.version] {
            self.not_empty(text);
        }
        if let Some(release) =
            file.attack_version.as_ref().filter(|release| release.get_ref() != attack::VERSION)
        {
            self.found.push(Mistake::warning(
                release.span(),
                format!("the table of techniques here is that of ATT&CK {}", attack::VERSION),
                "ids are held against that table",
            ));
        }
        values::days_and_spans(file, &mut self.found);
    }

    fn not_empty(&mut self, text: &Spanned<String>) {
        if text.get_ref().trim().is_empty() {
            self.error(text.span(), "the text is empty", "write a few words");
        }
    }

    /// Returns the steps of the file with those that it adds to.
    fn all_steps(&self) -> impl Iterator<Item = &Step> {
        self.base.into_iter().flat_map(|base| &base.steps).chain(&self.file.steps)
    }

    fn steps(&mut self) {
        let steps: Vec<&str> = self.all_steps().map(|step| step.id.get_ref().as_str()).collect();
        let known: Vec<String> = steps.into_iter().map(str::to_owned).collect();
        let own = known.len() - self.file.steps.len();
        for (index, step) in self.file.steps.iter().enumerate() {
            let id = &step.id;
            if !is_word(id.get_ref(), b"") {
                self.error(
                    id.span(),
                    format!("`{}` is no id", id.get_ref()),
                    "an id is lower-case words with hyphens between",
                );
            }
            if known.iter().take(own + index).any(|other| other == id.get_ref()) {
                self.error(
                    id.span(),
                    format!("the step `{}` stands twice", id.get_ref()),
                    "give one of them another id",
                );
            }
            self.not_empty(&step.title);
            for other in &step.after {
                if !known.contains(other.get_ref()) {
                    self.found.push(Mistake::unknown(
                        other.span(),
                        "the step",
                        other.get_ref(),
                        known.iter().map(String::as_str),
                        "`after` names ids of steps of this playbook",
                    ));
                }
            }
            for condition in step.when.iter().chain(&step.done) {
                self.condition(condition);
            }
            step.gates.iter().for_each(|gate| self.gate(gate));
            self.techniques(&step.attack);
            step.checks.iter().for_each(|check| self.check(check));
            step.commands.iter().for_each(|command| self.command(step, command));
        }
    }

    fn gate(&mut self, gate: &Spanned<String>) {
        if restore::known_gate(gate.get_ref()).is_err() && !self.rules().any(|rule| rule == gate.get_ref()) {
            self.found.push(Mistake::unknown(
                gate.span(),
                "the gate",
                gate.get_ref(),
                restore::gate_ids(),
                "`tolltrace restore` shows the ids of its gates",
            ));
        }
    }

    fn condition(&mut self, condition: &Spanned<Condition>) {
        let held = condition.get_ref();
        let given = [
            held.finding.is_some(),
            held.any.is_some(),
            held.all.is_some(),
            held.not.is_some(),
            held.product.is_some(),
            held.vector.is_some(),
        ];
        if given.into_iter().filter(|given| *given).count() != 1 {
            self.error(
                condition.span(),
                "a condition says one thing",
                "give one of finding, any, all, not, product, vector; join several with all = [{ ... }, { ... }]",
            );
        }
        if (held.at_least.is_some() || held.seen) && held.finding.is_none() {
            self.error(
                condition.span(),
                "`at_least` and `seen` are of a finding",
                "write { finding = \"weak-secret\", at_least = \"high\" }",
            );
        }
        if let Some(finding) = &held.finding {
            self.known_check(finding);
        }
        for inner in held.any.iter().chain(&held.all).flatten() {
            self.condition(inner);
        }
        if let Some(inner) = &held.not {
            self.condition(inner);
        }
    }

    /// Returns ids of rules of the file and of the one that it adds to.
    fn rules(&self) -> impl Iterator<Item = &str> {
        let checks = self.all_steps().flat_map(|step| &step.checks);
        checks.filter_map(|check| check.id.as_ref()).map(|id| id.get_ref().as_str())
    }

    fn known_check(&mut self, word: &Spanned<String>) {
        if registry::find(word.get_ref()).is_some() || self.rules().any(|rule| rule == word.get_ref()) {
            return;
        }
        let rules: Vec<String> = self.rules().map(str::to_owned).collect();
        let known = registry::checks().map(|check| check.id).chain(rules.iter().map(String::as_str));
        let mistake = Mistake::unknown(
            word.span(),
            "the check",
            word.get_ref(),
            known,
            "`tolltrace playbook list --checks` lists them",
        );
        self.found.push(mistake);
    }

    fn check(&mut self, check: &Check) {
        self.techniques(&check.attack);
        match (&check.uses, &check.rule) {
            (Some(uses), Some(rule)) => {
                let hint = format!(
                    "take one of them out: `use = \"{}\"` asks a check of the program's",
                    uses.get_ref()
                );
                self.error(rule.span(), "a check has `use` or `match`, not both", hint);
            }
            (Some(uses), None) => {
                self.known_check(uses);
                self.params(uses, &check.params);
                if let Some(id) = &check.id {
                    self.error(
                        id.span(),
                        "`id` is of a rule",
                        "a check of the program's has its own: take `id` out",
                    );
                }
            }
            (None, Some(rule)) => self.rule(check, rule),
            (None, None) => {
                let span = check.id.as_ref().map_or(0..0, Spanned::span);
                self.error(
                    span,
                    "a check has neither `use` nor `match`",
                    "write use = \"weak-secret\", or [step.check.match]",
                );
            }
        }
    }

    /// Judges what is around a rule; what is in it is judged where rules are read.
    fn rule(&mut self, check: &Check, rule: &Spanned<Match>) {
        match &check.id {
            None => self.error(
                rule.span(),
                "a rule has no `id`",
                "add id = \"local.my-rule\" above [step.check.match]",
            ),
            Some(id) if registry::find(id.get_ref()).is_some() => {
                self.error(
                    id.span(),
                    format!("`{}` is a check of the program's", id.get_ref()),
                    format!("give the rule a word of its own, as local.{}", id.get_ref()),
                );
            }
            Some(id) if !is_word(id.get_ref(), b".") => {
                self.error(
                    id.span(),
                    format!("`{}` is no id", id.get_ref()),
                    "an id is lower-case words with hyphens or dots between",
                );
            }
            Some(id) => {
                if check.missing.is_none() {
                    self.error(
                        id.span(),
                        "a rule does not say what to do where its evidence is missing",
                        "add missing = \"No log of ... was found. Copy ...\"",
                    );
                }
                if check.title.as_ref().is_none_or(|title| title.trim().is_empty()) {
                    self.error(id.span(), "a rule has no title", "add title = \"what it finds\"");
                }
                let is_stable = check.status == super::format::Status::Stable;
                if is_stable && check.samples.is_empty() {
                    self.error(
                        id.span(),
                        "a stable rule has no sample",
                        "add [[step.check.sample]] with expect and line, or leave status out",
                    );
                }
            }
        }
    }

    fn params(&mut self, word: &Spanned<String>, params: &BTreeMap<Spanned<String>, Spanned<toml::Value>>) {
        if let Some(check) = registry::find(word.get_ref()) {
            values::params(check, params, &mut self.found);
        }
    }

    fn techniques(&mut self, ids: &[Spanned<String>]) {
        for id in ids {
            let (span, word) = (id.span(), id.get_ref());
            if !attack::is_id(word) {
                self.error(span, format!("`{word}` is no technique"), "an id looks like T1110 or T1110.001");
            } else if let Some(new) = attack::renamed(word) {
                self.error(
                    span,
                    format!("{word} is gone since ATT&CK was rearranged"),
                    format!("it is {new} now"),
                );
            } else if attack::name(word).is_none() {
                self.found.push(Mistake::warning(
                    span,
                    format!("{word} is not in the table of ATT&CK {} that this program has", attack::VERSION),
                    "see attack.mitre.org whether it exists; the table holds what is told of phone systems",
                ));
            }
        }
    }

    fn command(&mut self, step: &Step, command: &Spanned<Command>) {
        let run = &command.get_ref().run;
        self.not_empty(run);
        let mut kinds = Vec::new();
        for (at, word) in looks_like_slots(run.get_ref()) {
            match SLOTS.iter().find(|(known, _)| *known == word) {
                Some((known, _)) => kinds.push(*known),
                None => {
                    let span = values::within(self.text, run, at, word.len() + 2);
                    let listed: Vec<String> = SLOTS.iter().map(|(word, _)| format!("{{{word}}}")).collect();
                    let known = SLOTS.iter().map(|(word, _)| *word);
                    let hint = format!("slots are {}", listed.join(", "));
                    self.found.push(Mistake::unknown(span, "the slot", word, known, &hint));
                }
            }
        }
        kinds.dedup();
        if kinds.len() > 1 {
            self.error(
                run.span(),
                "a command has slots of two kinds",
                "write two commands, each with one kind of slot",
            );
        }
        let is_change = command.get_ref().effect == super::format::Effect::Change;
        let is_empty = |text: &Option<String>| text.as_ref().is_none_or(|text| text.trim().is_empty());
        if is_change && is_empty(&step.caution) && is_empty(&step.undo) {
            self.error(
                run.span(),
                format!(
                    "the command changes something, and the step `{}` has neither `caution` nor `undo`",
                    step.id.get_ref()
                ),
                "add undo = \"how to go back\", or caution = \"what it breaks\"",
            );
        }
    }

    /// Finds steps that wait for each other.
    fn circles(&mut self) {
        let waits: BTreeMap<&str, Vec<&str>> = self
            .all_steps()
            .map(|step| {
                let after = step.after.iter().map(|other| other.get_ref().as_str()).collect();
                (step.id.get_ref().as_str(), after)
            })
            .collect();
        let reaches_itself = |start: &str| {
            let mut seen = std::collections::BTreeSet::new();
            let mut left: Vec<&str> = waits.get(start).cloned().unwrap_or_default();
            while let Some(step) = left.pop() {
                if step == start {
                    return true;
                }
                if seen.insert(step) {
                    left.extend(waits.get(step).into_iter().flatten());
                }
            }
            false
        };
        let circles: Vec<Mistake> = (self.file.steps.iter())
            .filter(|step| reaches_itself(step.id.get_ref()))
            .filter_map(|step| step.after.first().map(|first| (step, first)))
            .map(|(step, first)| {
                Mistake::error(
                    first.span(),
                    format!(
                        "the step `{}` waits for itself, by way of `{}`",
                        step.id.get_ref(),
                        first.get_ref()
                    ),
                    "take one of the `after` out: steps may be done at the same time",
                )
            })
            .collect();
        self.found.extend(circles);
    }

    fn switched_off(&mut self) {
        let Some(disable) = &self.file.disable else { return };
        self.not_empty(&disable.reason);
        let steps: Vec<String> = self.all_steps().map(|step| step.id.get_ref().clone()).collect();
        let checks: Vec<String> =
            self.all_steps().flat_map(|step| &step.checks).map(|check| check.word().to_owned()).collect();
        for (what, named, known) in
            [("the step", &disable.steps, &steps), ("the check", &disable.checks, &checks)]
        {
            for word in named.iter().filter(|word| !known.contains(word.get_ref())) {
                self.found.push(Mistake::unknown(
                    word.span(),
                    what,
                    word.get_ref(),
                    known.iter().map(String::as_str),
                    "only what the playbook has can be switched off: `tolltrace playbook show` lists it",
                ));
            }
        }
    }

    fn tuned(&mut self) {
        let known: Vec<String> =
            self.all_steps().flat_map(|step| &step.checks).map(|check| check.word().to_owned()).collect();
        for (word, tune) in &self.file.tune {
            if !known.contains(word.get_ref()) {
                self.found.push(Mistake::unknown(
                    word.span(),
                    "the check",
                    word.get_ref(),
                    known.iter().map(String::as_str),
                    "only checks that the playbook uses can be tuned: `tolltrace playbook show` lists them",
                ));
            }
            self.params(word, &tune.params);
        }
    }
}
