//! The small rules of playbooks: made ready to be run, with what is wrong with them.

use toml::Spanned;

use super::format::{Check, Confidence, File, Step};
use super::load::{Playbooks, Source};
use super::mistake::Mistake;
use crate::indicators;
use crate::report::model::Severity;
use crate::rules::{About, Match, RuleError, Rules, Sample, kept};

/// Where the words of rules are listed.
const LISTED: &str = "`tolltrace playbook list --fields` lists sources and fields";

/// Returns what is wrong with the rules of files and with their samples, each with its file.
pub(super) fn mistakes(files: &[(&Source, File)]) -> Vec<(Source, Mistake)> {
    let mut written: Vec<(About, &Match)> = Vec::new();
    let mut sources = Vec::new();
    let mut found = Vec::new();
    for (source, file) in files {
        for (step, check) in checks(&file.steps) {
            let Some((about, looks_for)) = rule(file, step, check) else { continue };
            written.push((about, looks_for));
            sources.push(*source);
            let wrong = check.samples.iter().filter_map(Sample::mistake);
            found.extend(wrong.map(|error| ((*source).clone(), mistake(error))));
        }
    }
    let in_rules = Rules::new(&written).err().unwrap_or_default();
    let in_rules = in_rules
        .into_iter()
        .filter_map(|(index, error)| Some((Source::clone(sources.get(index)?), mistake(error))));
    found.extend(in_rules);
    found
}

/// Makes the rules of playbooks ready that are known to be right.
pub(super) fn in_force(playbooks: &Playbooks) -> Rules {
    let files = playbooks.all.iter().map(|playbook| &playbook.file);
    let rules =
        files.flat_map(|file| checks(&file.steps).filter_map(move |(step, check)| rule(file, step, check)));
    Rules::new(&rules.collect::<Vec<_>>()).unwrap_or_default()
}

fn checks(steps: &[Step]) -> impl Iterator<Item = (&Step, &Check)> {
    steps.iter().flat_map(|step| step.checks.iter().map(move |check| (step, check)))
}

/// Returns a rule with what is said about it; nothing where the check is one of the program's.
fn rule<'f>(file: &File, step: &Step, check: &'f Check) -> Option<(About, &'f Match)> {
    let (id, looks_for) = (check.id.as_ref()?, check.rule.as_ref()?);
    let attack = if check.attack.is_empty() { &step.attack } else { &check.attack };
    let about = About {
        id: kept(id.get_ref()),
        span: id.span(),
        title: check.title.clone().unwrap_or_default(),
        playbook: file.id.get_ref().clone(),
        severity: check.severity.unwrap_or(Severity::Medium),
        confidence: confidence(check.confidence.unwrap_or(Confidence::Medium)),
        attack: attack.iter().map(|id| kept(id.get_ref())).collect(),
        advice: check.advice.clone(),
        false_positives: check.false_positives.clone(),
        missing: check.missing.clone(),
        is_off: check.off.is_some() || step.off.is_some(),
    };
    Some((about, looks_for.get_ref()))
}

fn confidence(confidence: Confidence) -> indicators::Confidence {
    match confidence {
        Confidence::Low => indicators::Confidence::Low,
        Confidence::Medium => indicators::Confidence::Medium,
        Confidence::High => indicators::Confidence::High,
    }
}

/// Turns a mistake in a rule into one of its file.
pub(crate) fn mistake(error: RuleError) -> Mistake {
    Mistake::error(error.span, error.message, error.hint.unwrap_or_else(|| LISTED.to_owned()))
}

/// Returns the samples of a file, each with the id of its rule.
pub(crate) fn samples(file: &File) -> impl Iterator<Item = (&str, &Sample)> {
    checks(&file.steps).flat_map(|(_, check)| {
        let id = check.id.as_ref().map(Spanned::get_ref);
        check.samples.iter().filter_map(move |sample| Some((id?.as_str(), sample)))
    })
}
