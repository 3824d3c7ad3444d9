//! Steps as blocks of a report: those of a phase, those to do now, and a playbook as a sheet to print.

use super::format::{Owner, Phase, Step};
use super::load::Playbook;
use crate::checks::registry::Answer;
use crate::report::document::{Block, Line, counted};
use crate::report::model::{PlaybookStep, Report, StepCheck, StepCommand, StepState};
use crate::report::sections::View;

/// Commands of one kind that are shown in a brief view.
const MOST_COMMANDS: usize = 8;

/// Returns the steps of a phase with their states: in brief those that somebody has to look at, one line each with
/// its reason; in full everything that the playbook says of each.
pub fn phase(phase: Phase, report: &Report, view: View) -> Vec<Block> {
    let steps: Vec<&PlaybookStep> = report.steps.iter().filter(|step| step.phase == phase.word()).collect();
    if steps.is_empty() {
        return Vec::new();
    }
    let mut blocks = vec![Block::heading(&format!("Steps: {}", phase.word()))];
    if view.is_full() {
        blocks.extend(steps.iter().flat_map(|step| in_full(step, view)));
    } else {
        blocks.extend(in_brief(&steps, phase));
    }
    blocks.extend(switched_off(report, &[phase]));
    blocks
}

fn in_brief(steps: &[&PlaybookStep], phase: Phase) -> Vec<Block> {
    let mut blocks = Vec::new();
    for state in [StepState::ToDo, StepState::CannotTell] {
        let of_state = steps.iter().filter(|step| step.state == state);
        blocks.extend(Block::list(of_state.map(|step| {
            let after = after(steps.iter().copied(), step);
            one_line(step).words(format!("{after}{}", reason(step)))
        })));
    }
    let count = |state| steps.iter().filter(|step| step.state == state).count() as u64;
    let rest = [StepState::Done, StepState::NotNeeded].map(|state| (count(state), state.words()));
    let told: Vec<String> = rest
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, words)| format!("{} {words}", counted(*count, "step")))
        .collect();
    let told = if told.is_empty() { String::new() } else { format!("{}. ", told.join(", ")) };
    blocks.push(Block::Paragraph(
        format!(
            "{told}How to do each, and how to go back: -v, or `tolltrace playbook show {}`.",
            phase.word()
        )
        .into(),
    ));
    blocks
}

/// `to do        2  Stop the outbound calls (pbx-admin)`.
fn one_line(step: &PlaybookStep) -> Line {
    let state = format!("{:<11}", step.state.words());
    let line = Line::default();
    let line = if step.state == StepState::ToDo { line.strong(state) } else { line.words(state) };
    line.words(format!(" {:>2}  {} ({})", step.number, step.title, step.owner))
}

/// Returns why, in one sentence: in a list of many, how to get what is missing stands in the full view.
fn reason(step: &PlaybookStep) -> String {
    // It may name what the evidence names, which a rendering of sentences escapes.
    let reason = step.reason.raw();
    let begins = |at: usize| reason.get(at + 2..).is_some_and(|rest| rest.starts_with(char::is_uppercase));
    // A pattern of the dialplan has a dot behind it that ends nothing: `_011. in [from-internal]`.
    let end = reason.match_indices(". ").map(|(at, _)| at).find(|at| begins(*at));
    let first = end.and_then(|end| reason.get(..end)).unwrap_or(reason);
    if first.is_empty() { String::new() } else { format!(": {first}") }
}

fn in_full(step: &PlaybookStep, view: View) -> Vec<Block> {
    let mut title = one_line(step);
    if !step.attack.is_empty() {
        title = title.words(format!("  {}", step.attack.join(" ")));
    }
    let text = &step.text;
    let mut lines: Vec<Line> = Vec::new();
    lines.extend(text.why.as_deref().map(Line::from));
    lines.extend(
        (!step.reason.raw().is_empty() && step.checks.is_empty())
            .then(|| Line::from(&*format!("because: {}", step.reason.raw()))),
    );
    lines.extend(step.checks.iter().map(checked));
    if !step.waits_for.is_empty() && step.state.is_open() {
        lines.push(format!("first finish: {}", step.waits_for.join(", ")).into());
    }
    let is_open = step.state.is_open();
    if is_open {
        lines.extend(text.guidance.iter().flat_map(|guidance| guidance.lines()).filter_map(guidance_line));
        lines.extend(
            text.caution.as_deref().map(|caution| Line::default().strong("caution: ").words(caution)),
        );
    }
    let mut blocks = vec![Block::Subheading(title)];
    blocks.extend(Block::list(lines));
    if is_open {
        blocks.extend(text.commands.iter().flat_map(|command| self::command(command, view)));
        blocks.extend(Block::list(closing(step)));
    }
    blocks
}

/// What is said behind the commands: how to go back, when it is done, what it does not cover, what to hand over.
fn closing(step: &PlaybookStep) -> Vec<Line> {
    let text = &step.text;
    let told = [
        ("to go back", text.undo.clone()),
        ("done when", text.done_when.clone()),
        ("does not cover", text.does_not_cover.clone()),
        ("hand over", text.deliver.map(|(to, made_by)| format!("to the {to}: {made_by}"))),
        ("by when", step.deadline.as_ref().map(|span| format!("within {span} of noticing"))),
    ];
    told.into_iter().filter_map(|(what, text)| Some(format!("{what}: {}", text?).into())).collect()
}

/// `found weak-secret, critical: a secret is the extension's number: 204, 311 and 3 more`.
fn checked(check: &StepCheck) -> Line {
    let severity = check.severity.map_or_else(String::new, |severity| format!(", {}", severity.word()));
    let mut line = Line::default().words(format!("{} {}{severity}", check.answer.words(), check.id));
    if !check.why.raw().is_empty() {
        line = line.words(format!(": {}", check.why.raw()));
    }
    for (index, subject) in check.subjects.iter().enumerate() {
        line = line.words(if index == 0 { " - " } else { ", " }).evidence(subject);
    }
    let more = check.count.saturating_sub(check.subjects.len());
    if more > 0 && check.answer == Answer::Found {
        line = line.words(format!(" and {more} more"));
    }
    line
}

fn guidance_line(line: &str) -> Option<Line> {
    let line = line.trim();
    let line = line.strip_prefix("- ").unwrap_or(line);
    (!line.is_empty()).then(|| Line::from(line))
}

fn command(command: &StepCommand, view: View) -> Vec<Block> {
    let most = if view.is_full() { usize::MAX } else { MOST_COMMANDS };
    let mut blocks = vec![
        Block::Paragraph(format!("{} ({}; not run by this program):", command.label, command.effect).into()),
        Block::Commands(command.run.iter().take(most).cloned().collect()),
    ];
    let left = command.run.len().saturating_sub(most);
    if left > 0 {
        blocks.push(Block::Paragraph(format!("and {left} more, shown by -v").into()));
    }
    blocks
}

/// Returns the steps that are to be done now, by who does them, one line for each of them: those that stop the loss,
/// and those that have a deadline. What waits for another step is left out, and the other phases are counted.
pub fn now(report: &Report) -> Vec<Block> {
    let mut blocks = Vec::new();
    for owner in Owner::ALL {
        let steps = report.steps.iter().filter(|step| is_now(step)).filter(|step| step.owner == owner.word());
        let lines: Vec<Line> = steps.map(|step| now_line(report, step).into()).collect();
        if !lines.is_empty() {
            blocks.push(Block::Subheading(Line::default().strong(who(owner))));
            blocks.extend(Block::list(lines));
        }
    }
    let mut all = Vec::new();
    if !blocks.is_empty() {
        all.push(Block::heading("To do now"));
        all.extend(blocks);
        all.push(Block::Paragraph(
            "`tolltrace contain` writes the files for it; `tolltrace playbook show contain` tells how, and how to go back.".into(),
        ));
        all.extend(later(report));
    }
    all.extend(switched_off(report, &Phase::ALL));
    all
}

/// Returns whether a step is among those to do now: all that cut off, and what has a deadline.
fn is_now(step: &PlaybookStep) -> bool {
    let is_first =
        step.phase == Phase::Contain.word() || step.phase == Phase::Dispute.word() && step.deadline.is_some();
    step.state == StepState::ToDo && is_first
}

fn now_line(report: &Report, step: &PlaybookStep) -> String {
    let by = step.deadline.as_ref().map_or_else(String::new, |span| format!(", within {span} of noticing"));
    let after = after(report.steps.iter().filter(|other| other.phase == step.phase), step);
    format!("{} {}: {}{by}{after}", step.phase, step.number, step.title)
}

/// Names the steps to do of the same phase that come before a step.
fn after<'s>(steps: impl Iterator<Item = &'s PlaybookStep>, step: &PlaybookStep) -> String {
    let is_before =
        |other: &&PlaybookStep| other.state == StepState::ToDo && step.waits_for.contains(&other.id);
    let first: Vec<String> = steps.filter(is_before).map(|other| other.number.to_string()).collect();
    if first.is_empty() { String::new() } else { format!(", after {}", first.join(", ")) }
}

/// Counts what is to be done in the phases that follow.
fn later(report: &Report) -> Vec<Block> {
    let phases = [Phase::Assess, Phase::Investigate, Phase::Dispute, Phase::Restore, Phase::Prevent];
    let counts = phases.map(|phase| {
        let of_phase = report.steps.iter().filter(|step| step.phase == phase.word());
        (phase.word(), of_phase.filter(|step| step.state == StepState::ToDo && !is_now(step)).count())
    });
    let told: Vec<String> = counts
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(phase, count)| format!("{count} of {phase}"))
        .collect();
    match told.is_empty() {
        true => Vec::new(),
        false => vec![Block::Paragraph(format!("Steps to do after that: {}.", told.join(", ")).into())],
    }
}

fn who(owner: Owner) -> &'static str {
    match owner {
        Owner::Carrier => "With the carrier, by telephone",
        Owner::PbxAdmin => "Whoever runs the phone system (pbx-admin)",
        Owner::Responder => "Whoever looks into it (responder)",
        Owner::Management => "Management",
        Owner::Police => "With the police",
        Owner::Legal => "Lawyers, data protection (legal)",
    }
}

/// Repeats why something was switched off, so that it cannot pass for a clean result.
fn switched_off(report: &Report, phases: &[Phase]) -> Vec<Block> {
    let is_of = |id: &str| phases.len() > 1 || phases.iter().any(|phase| phase.word() == id);
    let lines =
        report.playbooks.iter().filter(|used| is_of(used.extends.as_deref().unwrap_or(&used.id))).flat_map(
            |used| {
                used.disabled.iter().map(|off| {
                    let author = off.author.as_ref().map_or_else(String::new, |author| format!(", {author}"));
                    format!(
                        "Switched off: {} {}, by {} ({}{author}): {}",
                        off.what, off.id, used.id, used.origin, off.reason
                    )
                })
            },
        );
    Block::list(lines)
}

/// Returns every phase's steps in full, and the playbooks that they are from: for the report of a case.
pub fn report(report: &Report, view: View) -> Vec<Block> {
    let mut blocks: Vec<Block> =
        Phase::ALL.into_iter().flat_map(|phase| self::phase(phase, report, view)).collect();
    if blocks.is_empty() {
        return blocks;
    }
    let rows = report.playbooks.iter().map(|used| {
        vec![
            Line::from(used.id.as_str()),
            Line::from(used.version.as_str()),
            Line::from(used.origin.as_str()),
            Line::from(used.extends.as_deref().unwrap_or("-")),
            Line::from(used.sha256.as_str()),
        ]
    });
    blocks.push(Block::heading("Playbooks"));
    blocks.extend(Block::table(&["playbook", "version", "from", "adds to", "SHA-256"], rows.collect()));
    blocks
}

/// Returns the questions of the phase's steps, each with the sections that answer it.
pub fn questions(phase: Phase, report: &Report, view: View) -> Vec<Block> {
    let mut blocks = Vec::new();
    let steps =
        report.steps.iter().filter(|step| step.phase == phase.word() && !step.text.sections.is_empty());
    for step in steps {
        let mut answer: Vec<Block> =
            step.text.sections.iter().flat_map(|section| section.blocks(report, view)).collect();
        if matches!(answer.first(), Some(Block::Heading(_))) {
            answer.remove(0);
        }
        blocks.push(Block::heading(step.text.question.as_deref().unwrap_or(&step.title)));
        if answer.is_empty() {
            blocks.push(Block::Paragraph("Nothing to show.".into()));
        }
        blocks.extend(answer);
    }
    blocks
}

/// Returns a playbook as a sheet, with nothing filled in.
pub fn sheet(playbook: &Playbook) -> Vec<Block> {
    let file = &playbook.file;
    let mut about = format!("{} {}, {}", file.id.get_ref(), file.version.get_ref(), playbook.origin.words());
    if let Some(modified) = &file.modified {
        about.push_str(&format!(", of {}", modified.get_ref()));
    }
    let mut blocks =
        vec![Block::Paragraph(file.summary.get_ref().as_str().into()), Block::Paragraph(about.into())];
    blocks.extend(file.steps.iter().enumerate().flat_map(|(index, step)| sheet_step(index + 1, step)));
    blocks
}

fn sheet_step(number: usize, step: &Step) -> Vec<Block> {
    let attack: Vec<&str> = step.attack.iter().map(|id| id.get_ref().as_str()).collect();
    let title = format!("{number}. {} ({}) {}", step.title.get_ref(), step.owner.word(), attack.join(" "));
    let mut blocks = vec![Block::heading(title.trim_end())];
    let mut lines: Vec<Line> = Vec::new();
    if let Some(off) = &step.off {
        lines.push(format!("switched off by {}: {}", off.by, off.reason).into());
    }
    lines.extend(step.why.as_deref().map(Line::from));
    if !step.after.is_empty() {
        let after: Vec<&str> = step.after.iter().map(|other| other.get_ref().as_str()).collect();
        lines.push(format!("first finish: {}", after.join(", ")).into());
    }
    lines.extend(step.guidance.iter().flat_map(|guidance| guidance.lines()).filter_map(guidance_line));
    lines.extend(step.caution.as_deref().map(|caution| Line::default().strong("caution: ").words(caution)));
    blocks.extend(Block::list(lines));
    for command in step.commands.iter().map(toml::Spanned::get_ref) {
        let products = command.product.iter().map(|product| format!("{product:?}").to_lowercase());
        let products: Vec<String> = products.collect();
        let of = if products.is_empty() { String::new() } else { format!(", {}", products.join(" ")) };
        blocks.push(Block::Paragraph(format!("{} ({}{of}):", command.label, command.effect.word()).into()));
        blocks.push(Block::Commands(vec![command.run.get_ref().clone()]));
    }
    let told = [
        ("to go back", step.undo.clone()),
        ("done when", step.done_when.clone()),
        ("covers", step.covers.clone()),
        ("does not cover", step.does_not_cover.clone()),
        (
            "hand over",
            step.deliver
                .as_ref()
                .map(|deliver| format!("to the {}: {}", deliver.to.word(), deliver.pack.made_by())),
        ),
        ("by when", step.deadline.as_ref().map(|span| format!("within {} of noticing", span.get_ref()))),
    ];
    let told = told.into_iter().filter_map(|(what, text)| Some(format!("{what}: {}", text?)));
    let checks = step.checks.iter().map(|check| {
        let off = check
            .off
            .as_ref()
            .map_or_else(String::new, |off| format!(", switched off by {}: {}", off.by, off.reason));
        format!("asks the evidence: {}{off}", check.word())
    });
    blocks.extend(Block::list(told.chain(checks)));
    blocks
}
