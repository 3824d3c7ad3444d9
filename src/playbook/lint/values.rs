//! Values of a playbook: parameters of checks, days, spans of time, and places within a text.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;

use crate::checks::registry::Check;
use crate::playbook::format::File;
use crate::playbook::mistake::Mistake;

/// Judges parameters by what the check says of them.
pub(super) fn params(
    check: &Check,
    params: &BTreeMap<Spanned<String>, Spanned<toml::Value>>,
    found: &mut Vec<Mistake>,
) {
    for (name, value) in params {
        let known = check.params();
        let Some(param) = known.iter().find(|param| param.name == name.get_ref()) else {
            let names = known.iter().map(|param| param.name);
            let hint = match known.is_empty() {
                true => format!("`{}` has no parameters", check.id),
                false => format!("`{}` has {}", check.id, names.clone().collect::<Vec<_>>().join(", ")),
            };
            found.push(Mistake::unknown(name.span(), "the parameter", name.get_ref(), names, &hint));
            continue;
        };
        if param.kind.read(value.get_ref()).is_none() {
            found.push(Mistake::error(
                value.span(),
                format!("`{}` of `{}` takes {}", param.name, check.id, param.kind.words()),
                format!("{}: {}", param.name, param.meaning),
            ));
        }
    }
}

/// Judges days and spans of time.
pub(super) fn days_and_spans(file: &File, found: &mut Vec<Mistake>) {
    for day in file.modified.iter().chain(&file.created) {
        if chrono::NaiveDate::parse_from_str(day.get_ref(), "%Y-%m-%d").is_err() {
            found.push(Mistake::error(day.span(), "no day", "write it as \"2026-11-20\""));
        }
    }
    let deadlines = file.steps.iter().filter_map(|step| step.deadline.as_ref());
    for span in deadlines.chain(&file.time_budget) {
        if !is_span(span.get_ref()) {
            found.push(Mistake::error(
                span.span(),
                "no span of time",
                "write it as \"30m\", \"24h\" or \"3d\"",
            ));
        }
    }
}

fn is_span(text: &str) -> bool {
    let number = text.strip_suffix(['m', 'h', 'd']);
    number.is_some_and(|number| number.parse::<u16>().is_ok_and(|number| number > 0))
}

/// Returns the place of a piece of a text in the file; that of the whole text where it was written with escapes.
pub(super) fn within(file: &str, text: &Spanned<String>, at: usize, length: usize) -> Range<usize> {
    let span = text.span();
    let written = file.get(span.clone()).unwrap_or_default();
    let piece = text.get_ref().get(at..at + length);
    match piece.and_then(|piece| written.find(piece)) {
        Some(offset) => span.start + offset..span.start + offset + length,
        None => span,
    }
}
