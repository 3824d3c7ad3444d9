//! Which steps are to be done: playbooks held against a report.
//!
//! A condition is true, false or not known, and what rests on a check that could not look is not known. A step is
//! *done* where the evidence shows it, *not needed* where the evidence shows that there is nothing to do, *to do*
//! where something was found, and else *cannot tell*. A step that asks nothing of the evidence cannot be told, nor one
//! whose checks all found nothing to look at.

use std::collections::{BTreeMap, BTreeSet};

use super::format::{self, Condition, Off, Product, Step};
use super::load::{Playbook, Playbooks};
use super::slots::{self, Values};
use crate::checks::registry::{self, Answer, Outcome};
use crate::report::model::{
    Likelihood, PlaybookStep, PlaybookUsed, Report, Severity, StepCheck, StepCommand, StepState, StepText,
    SwitchedOff, Vector,
};
use crate::untrusted::Untrusted;

/// Judges every step of the playbooks, and writes them and the playbooks into the report.
pub fn add(playbooks: &Playbooks, report: &mut Report) {
    let judge = Judge { report, values: Values::of(report), products: registry::products(report) };
    let steps = playbooks.all.iter().flat_map(|playbook| judge.playbook(playbook)).collect();
    report.steps = steps;
    report.playbooks = playbooks.used.iter().map(used).collect();
}

fn used(used: &super::load::Used) -> PlaybookUsed {
    let off = |(what, id, off): &(&'static str, String, Off)| SwitchedOff {
        what,
        id: id.clone(),
        reason: off.reason.clone(),
        author: off.author.clone(),
    };
    PlaybookUsed {
        id: used.id.clone(),
        version: used.version.clone(),
        origin: used.origin.words(),
        sha256: used.sha256.clone(),
        extends: used.extends.clone(),
        disabled: used.disabled.iter().map(off).collect(),
    }
}

/// What a condition comes to, with the reason.
#[derive(Clone, Debug)]
struct Held {
    /// `None` where it is not known.
    is: Option<bool>,
    why: String,
}

impl Held {
    fn of(outcome: &Outcome) -> Self {
        let is = match outcome.answer {
            Answer::Found => Some(true),
            Answer::NotFound => Some(false),
            Answer::NotChecked => None,
        };
        Held { is, why: outcome.why.clone() }
    }

    /// One is enough: the first that holds decides, else the first that is not known.
    fn any(all: &[Held]) -> Self {
        Held::deciding(all, true)
    }

    /// All must hold: the first that does not decides, else the first that is not known.
    fn all(all: &[Held]) -> Self {
        Held::deciding(all, false)
    }

    fn deciding(all: &[Held], by: bool) -> Self {
        let first = |is: Option<bool>| all.iter().find(|held| held.is == is).cloned();
        first(Some(by))
            .or_else(|| first(None))
            .or_else(|| first(Some(!by)))
            .unwrap_or(Held { is: Some(!by), why: String::new() })
    }

    fn not(self) -> Self {
        Held { is: self.is.map(|is| !is), why: self.why }
    }
}

struct Judge<'r> {
    report: &'r Report,
    values: Values,
    products: BTreeSet<Product>,
}

/// Has no step of a playbook wait for one that is finished.
pub(crate) fn forget_finished(steps: &mut [PlaybookStep]) {
    let open: BTreeSet<String> =
        steps.iter().filter(|step| step.state.is_open()).map(|step| step.id.clone()).collect();
    for step in steps {
        step.waits_for.retain(|other| open.contains(other));
    }
}

impl Judge<'_> {
    fn playbook(&self, playbook: &Playbook) -> Vec<PlaybookStep> {
        let off = self.switched_off(playbook);
        let mut judged: Vec<PlaybookStep> = playbook
            .file
            .steps
            .iter()
            .enumerate()
            .filter(|(_, step)| step.off.is_none())
            .map(|(index, step)| self.step(playbook, index + 1, step, &off))
            .collect();
        forget_finished(&mut judged);
        judged
    }

    /// Returns the checks of a playbook that are switched off.
    fn switched_off<'p>(&self, playbook: &'p Playbook) -> BTreeMap<&'p str, &'p Off> {
        let checks = playbook.file.steps.iter().flat_map(|step| &step.checks);
        checks.filter_map(|check| Some((check.word(), check.off.as_ref()?))).collect()
    }

    fn step(
        &self,
        playbook: &Playbook,
        number: usize,
        step: &Step,
        off: &BTreeMap<&str, &Off>,
    ) -> PlaybookStep {
        let outcomes: Vec<(&format::Check, Outcome)> =
            step.checks.iter().map(|check| (check, self.check(check))).collect();
        let needed = match &step.when {
            Some(when) => self.condition(when.get_ref(), off),
            None if outcomes.is_empty() => {
                Held { is: None, why: "no evidence shows whether this is done".to_owned() }
            }
            None => {
                // A step of a sequence says nothing by itself.
                let telling = outcomes.iter().filter(|(check, _)| !check.is_step_only());
                Held::any(&telling.map(|(_, outcome)| Held::of(outcome)).collect::<Vec<_>>())
            }
        };
        let done = step.done.as_ref().map(|done| self.condition(done.get_ref(), off));
        let (state, reason) = match (done, needed) {
            (Some(Held { is: Some(true), why }), _) => (StepState::Done, why),
            (_, Held { is: Some(true), why }) => (StepState::ToDo, why),
            (_, Held { is: Some(false), why }) => match self.unlooked(step, &outcomes) {
                Some(why) => (StepState::CannotTell, why.to_owned()),
                None => (otherwise(step), why),
            },
            (_, Held { is: None, why }) => (StepState::CannotTell, why),
        };
        PlaybookStep {
            phase: playbook.phase.word(),
            playbook: playbook.file.id.get_ref().clone(),
            number,
            id: step.id.get_ref().clone(),
            title: step.title.get_ref().clone(),
            owner: step.owner.word(),
            state,
            reason: Untrusted::from(reason.as_str()),
            waits_for: step.after.iter().map(|other| other.get_ref().clone()).collect(),
            checks: outcomes.iter().map(|(check, outcome)| shown(check, outcome)).collect(),
            attack: step.attack.iter().map(|id| id.get_ref().clone()).collect(),
            deadline: step.deadline.as_ref().map(|deadline| deadline.get_ref().clone()),
            text: self.text(step),
        }
    }

    fn check(&self, check: &format::Check) -> Outcome {
        if let Some(off) = &check.off {
            return Outcome::not_checked(format!("switched off by {}: {}", off.by, off.reason));
        }
        let Some(known) = registry::find(check.word()) else {
            return self.rule(check.word(), Severity::Info);
        };
        let least = check.params.iter().find(|(name, _)| name.get_ref() == "at_least");
        let least = least.and_then(|(_, value)| registry::severity(value.get_ref().as_str()?));
        let mut outcome = known.ask(self.report, least.unwrap_or(Severity::Info));
        if outcome.answer == Answer::Found {
            outcome.severity = check.severity.or(outcome.severity);
        }
        if outcome.answer == Answer::NotChecked
            && let Some(missing) = &check.missing
        {
            outcome.why = missing.clone();
        }
        outcome
    }

    /// Returns what a rule answered; what is less grave than `least` does not count.
    fn rule(&self, word: &str, least: Severity) -> Outcome {
        let Some(rule) = self.report.rules.iter().find(|rule| rule.id == word) else {
            return Outcome::not_checked(format!("{word} was not run"));
        };
        if rule.severity.is_some_and(|severity| severity > least) {
            return Outcome::not_found(format!("less grave than {}", least.word()));
        }
        Outcome {
            answer: rule.answer,
            severity: rule.severity,
            why: rule.why.clone(),
            subjects: rule.subjects.clone(),
            count: rule.count,
            is_of_others: false,
        }
    }

    /// Says why a step is not known to be needless: each of its checks lacks what it reads, save those about programs
    /// that are not here. A step that rests on the way in alone is decided by that, where it is known.
    fn unlooked<'o>(&self, step: &Step, outcomes: &'o [(&format::Check, Outcome)]) -> Option<&'o str> {
        let rests_on_way = step.when.as_ref().is_some_and(|when| when.get_ref().vector.is_some());
        let is_known = self.report.incidents.iter().any(|incident| !incident.cannot_tell);
        let is_silent = outcomes.iter().all(|(_, outcome)| outcome.answer == Answer::NotChecked);
        let may_be_needless = step.otherwise == format::Otherwise::NotNeeded;
        if !is_silent || !may_be_needless || (rests_on_way && is_known) {
            return None;
        }
        outcomes.iter().find(|(_, outcome)| !outcome.is_of_others).map(|(_, outcome)| outcome.why.as_str())
    }

    fn condition(&self, condition: &Condition, off: &BTreeMap<&str, &Off>) -> Held {
        let each = |inner: &[toml::Spanned<Condition>]| {
            inner.iter().map(|inner| self.condition(inner.get_ref(), off)).collect::<Vec<_>>()
        };
        if let Some(finding) = &condition.finding {
            let held = self.finding(finding.get_ref(), condition.at_least, off);
            return if condition.seen { Held { is: Some(held.is == Some(true)), ..held } } else { held };
        }
        if let Some(any) = &condition.any {
            return Held::any(&each(any));
        }
        if let Some(all) = &condition.all {
            return Held::all(&each(all));
        }
        if let Some(not) = &condition.not {
            return self.condition(not.get_ref(), off).not();
        }
        if let Some(products) = &condition.product {
            return self.product(products);
        }
        self.vector(condition.vector.as_deref().unwrap_or_default())
    }

    fn finding(&self, word: &str, least: Option<Severity>, off: &BTreeMap<&str, &Off>) -> Held {
        if let Some(off) = off.get(word) {
            return Held { is: None, why: format!("{word} is switched off by {}: {}", off.by, off.reason) };
        }
        match registry::find(word) {
            Some(check) => Held::of(&check.ask(self.report, least.unwrap_or(Severity::Info))),
            None => Held::of(&self.rule(word, least.unwrap_or(Severity::Info))),
        }
    }

    fn product(&self, wanted: &[Product]) -> Held {
        if self.products.is_empty() {
            return Held { is: None, why: "which phone system it is cannot be told".to_owned() };
        }
        let is = wanted.iter().any(|product| self.products.contains(product));
        Held { is: Some(is), why: "by the kinds of files in the evidence".to_owned() }
    }

    /// Tells whether an intrusion came one of these ways; one that another way fits nearly as well is not known.
    fn vector(&self, wanted: &[Vector]) -> Held {
        let certain = || self.report.incidents.iter().filter(|incident| !incident.cannot_tell);
        if let Some(incident) = certain().find(|incident| wanted.contains(&incident.entry.vector)) {
            return Held { is: Some(true), why: incident.entry_in_short() };
        }
        let rival = certain().find_map(|incident| {
            let rivals = incident.entry.alternatives.iter();
            let is_close = |likelihood: Likelihood| {
                likelihood <= Likelihood::Possible && incident.entry.likelihood != Likelihood::AlmostCertain
            };
            let mut close = rivals.filter(|rival| is_close(rival.likelihood));
            close.find(|rival| wanted.contains(&rival.vector)).map(|rival| (incident, rival))
        });
        if let Some((incident, rival)) = rival {
            let (vector, likelihood) = (rival.vector.word(), rival.likelihood.word());
            let how = match rival.is_without_ground() {
                true => "is not ruled out by this evidence".to_owned(),
                false => format!("is {likelihood} too"),
            };
            return Held { is: None, why: format!("{}: {vector} {how}", incident.id) };
        }
        match registry::find("intrusion").map(|check| check.ask(self.report, Severity::Info)) {
            Some(intrusion) if intrusion.answer != Answer::Found => Held::of(&intrusion),
            _ => Held { is: Some(false), why: "they came another way".to_owned() },
        }
    }

    /// Leaves out the lines that begin with the name of a program that is not here: `FreeSWITCH: ...`.
    fn for_those_here(&self, guidance: &str) -> String {
        let is_for = |line: &str| {
            let mut named = Product::ALL.into_iter().filter(|product| {
                line.trim_start().strip_prefix(product.name()).is_some_and(|rest| rest.starts_with(':'))
            });
            self.products.is_empty() || named.next().is_none_or(|product| self.products.contains(&product))
        };
        guidance.lines().filter(|line| is_for(line)).map(|line| format!("{line}\n")).collect()
    }

    fn text(&self, step: &Step) -> StepText {
        let is_for = |command: &&format::Command| {
            let of_products = &command.product;
            of_products.is_empty()
                || self.products.is_empty()
                || of_products.iter().any(|product| self.products.contains(product))
        };
        let commands =
            step.commands.iter().map(toml::Spanned::get_ref).filter(is_for).map(|command| StepCommand {
                label: command.label.clone(),
                effect: command.effect.word(),
                run: slots::filled(command.run.get_ref(), &self.values),
            });
        StepText {
            why: step.why.clone(),
            question: step.question.clone(),
            sections: step.sections.clone(),
            gates: step.gates.iter().map(|gate| gate.get_ref().clone()).collect(),
            guidance: step.guidance.as_deref().map(|guidance| self.for_those_here(guidance)),
            caution: step.caution.clone(),
            // A command for what was not found is none.
            commands: commands.filter(|command| !command.run.is_empty()).collect(),
            undo: step.undo.clone(),
            done_when: step.done_when.clone(),
            does_not_cover: step.does_not_cover.clone(),
            deliver: step.deliver.as_ref().map(|deliver| (deliver.to.word(), deliver.pack.made_by())),
        }
    }
}

fn otherwise(step: &Step) -> StepState {
    match step.otherwise {
        format::Otherwise::NotNeeded => StepState::NotNeeded,
        format::Otherwise::Done => StepState::Done,
    }
}

fn shown(check: &format::Check, outcome: &Outcome) -> StepCheck {
    StepCheck {
        id: check.word().to_owned(),
        answer: outcome.answer,
        severity: outcome.severity,
        why: Untrusted::from(outcome.why.as_str()),
        subjects: outcome.subjects.clone(),
        count: outcome.count,
    }
}
