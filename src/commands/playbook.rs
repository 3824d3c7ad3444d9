//! `playbook`: list, show, check, write out.

use std::path::{Path, PathBuf};

use tolltrace::case::try_sample;
use tolltrace::checks::registry::{self, Check};
use tolltrace::playbook::format::{self, File};
use tolltrace::playbook::load::{self, Playbook};
use tolltrace::playbook::mistake::Mistake;
use tolltrace::playbook::{Playbooks, blocks, cacao};
use tolltrace::report::document::{Block, Line, counted};
use tolltrace::report::{json, markdown, text};
use tolltrace::rules::Sample;

use crate::cli::{PlaybookCommand, SheetFormat};
use crate::ui::Ui;

use super::{Status, UserError, inquiry};

/// Does what was asked for.
pub(super) fn playbook(what: &PlaybookCommand, ui: &Ui) -> anyhow::Result<Status> {
    match what {
        PlaybookCommand::List { checks: true, own } => {
            ui.answer(&text::render(&all_checks(&load::load(&own.playbooks)?), ui.bold()))?;
        }
        PlaybookCommand::List { own, .. } => {
            ui.answer(&text::render(&all_playbooks(&load::load(&own.playbooks)?), ui.bold()))?;
        }
        PlaybookCommand::Show { name, format, own } => {
            let playbooks = load::load(&own.playbooks)?;
            ui.answer(&sheet(playbooks.find(name)?, *format, ui))?;
        }
        PlaybookCommand::Check { folder } => return check(folder.as_deref(), ui),
        PlaybookCommand::Test { folder } => return test(folder.as_deref(), ui),
        PlaybookCommand::Export { name, cacao, output, own } => {
            inquiry::deliver(&exported(name, *cacao, &own.playbooks)?, output.as_deref(), ui)?;
        }
        PlaybookCommand::New { name, extends, output } => {
            load::load(&[])?.find(extends)?;
            if !is_id(name) {
                return Err(UserError::NoId(name.clone()).into());
            }
            inquiry::deliver(&begun(name, extends), output.as_deref(), ui)?;
        }
    }
    Ok(Status::Done)
}

fn all_playbooks(playbooks: &Playbooks) -> Vec<Block> {
    let mut blocks = Vec::new();
    for playbook in &playbooks.all {
        let file = &playbook.file;
        let title = format!("{}: {}", file.id.get_ref(), file.title.get_ref());
        blocks.push(Block::heading(&title));
        blocks.push(Block::Paragraph(file.summary.get_ref().as_str().into()));
        let rows = file.steps.iter().enumerate().map(|(index, step)| {
            let off = if step.off.is_some() { " (switched off)" } else { "" };
            vec![
                Line::from((index + 1) as u64),
                Line::from(step.id.get_ref().as_str()),
                Line::from(step.owner.word()),
                Line::from(format!("{}{off}", step.title.get_ref())),
            ]
        });
        blocks.extend(Block::table(&["#", "step", "owner", "what"], rows.collect()));
    }
    let added = playbooks.used.iter().filter_map(|used| {
        let extends = used.extends.as_ref()?;
        Some(format!("{} {} adds to {extends}, from {}", used.id, used.version, used.origin.words()))
    });
    blocks.extend(Block::list(added));
    blocks
}

fn all_checks(playbooks: &Playbooks) -> Vec<Block> {
    let mut blocks = Vec::new();
    for check in registry::checks() {
        let title =
            Line::default().strong(check.id).words(format!(" ({}): {}", check.kind_word(), check.title));
        blocks.push(Block::Subheading(title));
        blocks.extend(Block::list(about(check)));
    }
    let rules = rules_of(playbooks).map(|(file, check)| {
        let title = check.title.as_deref().unwrap_or_default();
        Line::default().strong(check.word()).words(format!(" (rule of {}): {title}", file.id.get_ref()))
    });
    blocks.extend(rules.map(Block::Subheading));
    blocks.push(Block::Paragraph(counted(registry::checks().count() as u64, "check").into()));
    blocks
}

fn about(check: &Check) -> Vec<String> {
    let mut lines = vec![check.meaning.to_owned()];
    let needs = check.needs.iter().map(|need| need.what).filter(|what| *what != "nothing");
    let settings = (!check.settings.is_empty()).then(|| check.settings.join(" or "));
    let needs: Vec<String> = needs.map(str::to_owned).chain(settings).collect();
    if !needs.is_empty() {
        lines.push(format!("needs {}", needs.join(" and ")));
    }
    let params = check.params().iter();
    lines.extend(params.map(|param| format!("{}: {}; {}", param.name, param.kind.words(), param.meaning)));
    lines
}

fn sheet(playbook: &Playbook, form: SheetFormat, ui: &Ui) -> String {
    let blocks = blocks::sheet(playbook);
    match form {
        SheetFormat::Markdown => markdown::render(playbook.file.title.get_ref(), &blocks),
        SheetFormat::Text => text::render(&blocks, ui.bold()),
    }
}

/// Points at every mistake; those of the built-in playbooks count too, for a folder adds to them.
fn check(folder: Option<&Path>, ui: &Ui) -> anyhow::Result<Status> {
    let mut sources = load::built_in();
    let own = folder.map(load::read).transpose()?.unwrap_or_default();
    let count = if folder.is_some() { own.len() } else { sources.len() };
    sources.extend(own);
    let (_, trouble) = load::assemble(&sources);
    if !trouble.0.is_empty() {
        ui.answer(&trouble.show())?;
    }
    if trouble.is_fatal() {
        return Ok(Status::NotHeld);
    }
    ui.answer(&format!(
        "{}: no mistake that keeps them from being used\n",
        counted(count as u64, "playbook")
    ))?;
    Ok(Status::Done)
}

/// Returns every rule that is in force, with the playbook that it is part of.
fn rules_of(playbooks: &Playbooks) -> impl Iterator<Item = (&File, &format::Check)> {
    let steps = playbooks
        .all
        .iter()
        .flat_map(|playbook| playbook.file.steps.iter().map(move |step| (playbook, step)));
    let checks =
        steps.flat_map(|(playbook, step)| step.checks.iter().map(move |check| (&playbook.file, check)));
    checks.filter(|(_, check)| check.rule.is_some() && check.off.is_none())
}

/// Tries every sample of every rule, and points at those that do not come out as expected.
fn test(folder: Option<&Path>, ui: &Ui) -> anyhow::Result<Status> {
    let mut sources = load::built_in();
    let own = folder.map(load::read).transpose()?.unwrap_or_default();
    let begin = if folder.is_some() { sources.len() } else { 0 };
    sources.extend(own);
    let (playbooks, trouble) = load::assemble(&sources);
    if trouble.is_fatal() {
        ui.answer(&trouble.show())?;
        return Ok(Status::NotHeld);
    }
    let (mut tried, mut failed) = (0_u64, Vec::new());
    for (_, check) in rules_of(&playbooks).filter(|(_, check)| check.from >= begin) {
        let Some(source) = sources.get(check.from) else { continue };
        for sample in &check.samples {
            tried += 1;
            failed.extend(
                fault(&playbooks, check, sample, source)?
                    .map(|mistake| mistake.show(&source.path(), &source.text)),
            );
        }
    }
    if failed.is_empty() {
        ui.answer(&format!("{}: each as expected\n", counted(tried, "sample")))?;
        return Ok(Status::Done);
    }
    ui.answer(&failed.join("\n"))?;
    Ok(Status::NotHeld)
}

/// Returns what is wrong with a sample, if anything is.
fn fault(
    playbooks: &Playbooks,
    check: &format::Check,
    sample: &Sample,
    source: &load::Source,
) -> anyhow::Result<Option<Mistake>> {
    let beside = |name: &str| match &source.origin {
        load::Origin::BuiltIn => Err("a built-in playbook has no files beside it".to_owned()),
        load::Origin::Path(path) => {
            let folder = path.parent().unwrap_or(Path::new("."));
            // A playbook from elsewhere must not read what is not its own.
            let is_plain =
                Path::new(name).components().all(|part| matches!(part, std::path::Component::Normal(_)));
            if !is_plain {
                return Err("only files beside the playbook can be read".to_owned());
            }
            load::sample_file(&folder.join(name)).map_err(|error| error.to_string())
        }
    };
    let text = match sample.text(&beside) {
        Ok(text) => text,
        Err(error) => {
            let hint =
                error.hint.unwrap_or_else(|| "a sample has a line, or a file beside the playbook".to_owned());
            return Ok(Some(Mistake::error(error.span, error.message, hint)));
        }
    };
    let expect = *sample.expect.get_ref();
    let tried = try_sample(&playbooks.rules, check.word(), expect, sample.path.as_deref(), &text)?;
    Ok((!tried.holds).then(|| {
        let message = format!("`{}` is to {} here, and does not", check.word(), expect.word());
        Mistake::error(sample.expect.span(), message, tried.told)
    }))
}

fn exported(name: &str, as_cacao: bool, own: &[PathBuf]) -> anyhow::Result<String> {
    let playbooks = load::load(own)?;
    let playbook = playbooks.find(name)?;
    if as_cacao {
        let mut bytes = Vec::new();
        json::write_pretty(&mut bytes, &cacao::export(playbook))?;
        return Ok(String::from_utf8(bytes)?);
    }
    let mut sources = load::built_in();
    for folder in own {
        sources.extend(load::read(folder)?);
    }
    let source = sources.into_iter().find(|source| source.origin == playbook.origin && source.name == name);
    Ok(source.map(|source| source.text).unwrap_or_default())
}

fn is_id(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with('-')
        && !name.ends_with('-')
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// Returns a playbook that holds as it stands, with each kind of thing that one may write.
fn begun(name: &str, extends: &str) -> String {
    format!(
        r#"# Adds to the built-in playbook "{extends}". Use it with --playbooks FOLDER, after
#   tolltrace playbook check FOLDER

schema = 1
id = "{name}"                       # the name of this file, {name}.toml
extends = "{extends}"
title = "What we do besides"
summary = "The numbers we call and the people we ask."
version = "0.1.0"
status = "draft"
authors = ["your name"]

[[step]]
id = "call-our-installer"
title = "Call our installer"
why = "They know the system, and have the backups."
owner = "management"                # responder, pbx-admin, carrier, police, management, legal
when = {{ finding = "intrusion" }}    # tolltrace playbook list --checks
guidance = '''
A line for each thing to do.
'''
done_when = "They have called back."

#  [[step.commands]]                # shown to be copied, never run
#  label = "See who is registered"
#  run = "asterisk -rx 'pjsip show endpoint {{extension}}'"
#  effect = "read"                  # or "change", with undo or caution in the step

#  [[step.check]]
#  use = "weak-secret"
#  params = {{ at_least = "high" }}

#[tune."off-hours"]                 # of a check that the playbook uses
#params = {{ night_from = 19 }}

#[disable]
#steps = ["stop-service"]
#reason = "why nobody is to do it: the report repeats this"
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_begins_with_holds() {
        for extends in ["contain", "dispute"] {
            let text = begun("office", extends);
            let own = load::Source {
                name: "office".to_owned(),
                origin: load::Origin::Path("office.toml".into()),
                text,
            };
            let sources: Vec<_> = load::built_in().into_iter().chain([own]).collect();
            let (playbooks, trouble) = load::assemble(&sources);
            assert!(trouble.0.is_empty(), "{}", trouble.show());
            let steps = &playbooks.find(extends).unwrap().file.steps;
            assert_eq!(steps.last().unwrap().id.get_ref(), "call-our-installer");
        }
    }

    #[test]
    fn a_name_is_an_id() {
        assert!(is_id("our-office2"));
        for wrong in ["", "Our", "-a", "a-", "../a", "a b"] {
            assert!(!is_id(wrong), "{wrong}");
        }
    }
}
