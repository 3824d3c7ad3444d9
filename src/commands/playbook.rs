//! `playbook`: list, show, check, write out.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tolltrace::case;
use tolltrace::checks::registry::{self, Check};
use tolltrace::playbook::load::{self, Playbook};
use tolltrace::playbook::{Playbooks, blocks, cacao};
use tolltrace::report::document::{Block, Line, counted};
use tolltrace::report::{json, markdown, text};
use tolltrace::rules;

use crate::cli::{PlaybookCommand, SheetFormat};
use crate::ui::Ui;

use super::{Status, UserError, inquiry};

/// Does what was asked for.
pub(super) fn playbook(what: &PlaybookCommand, ui: &Ui) -> anyhow::Result<Status> {
    match what {
        PlaybookCommand::List { checks: true, own, .. } => {
            let blocks = all_checks(&load::load(&own.playbooks)?);
            ui.answer(&text::render(&blocks, ui.bold()))?;
        }
        PlaybookCommand::List { fields: true, .. } => {
            ui.answer(&text::render(&all_fields(), ui.bold()))?;
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
    let files = playbooks.all.iter().map(|playbook| &playbook.file);
    let checks = files.flat_map(|file| &file.steps).flat_map(|step| &step.checks);
    let rules = checks.filter(|check| check.rule.is_some() && check.off.is_none()).map(|check| {
        let title = check.title.as_deref().unwrap_or_default();
        Line::default().strong(check.word()).words(format!(" (rule of a playbook): {title}"))
    });
    let rules: Vec<Block> = rules.map(Block::Subheading).collect();
    let count = registry::checks().count() + rules.len();
    blocks.extend(rules);
    blocks.push(Block::Paragraph(counted(count as u64, "check").into()));
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

fn sheet(playbook: &Playbook, format: SheetFormat, ui: &Ui) -> String {
    let blocks = blocks::sheet(playbook);
    match format {
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

/// Tries every sample, and points at each that does not hold.
fn test(folder: Option<&Path>, ui: &Ui) -> anyhow::Result<Status> {
    let (sources, others) = match folder {
        Some(folder) => (load::read(folder)?, load::built_in()),
        None => (load::built_in(), Vec::new()),
    };
    // A playbook with a mistake does not hold, whatever its samples would say.
    let all: Vec<load::Source> = others.iter().chain(&sources).cloned().collect();
    let (_, trouble) = load::assemble(&all);
    if trouble.is_fatal() {
        ui.answer(&trouble.show())?;
        return Ok(Status::NotHeld);
    }
    let tried = case::try_samples(&sources, &others)?;
    let (held, failed): (Vec<_>, Vec<_>) = tried.iter().partition(|sample| sample.holds);
    for sample in &failed {
        ui.answer(&format!("{}\n", sample.told.show(&sample.source.path(), &sample.source.text)))?;
    }
    let mut by_rule: BTreeMap<&str, u64> = BTreeMap::new();
    for sample in &held {
        *by_rule.entry(&sample.rule).or_default() += 1;
    }
    for (rule, samples) in by_rule {
        ui.answer(&format!("{rule}: {} held\n", counted(samples, "sample")))?;
    }
    let failed = failed.len() as u64;
    let end = match (tried.len(), failed) {
        (0, _) => "nothing to try".to_owned(),
        (_, 0) => "all held".to_owned(),
        (_, failed) => format!("{failed} did not hold"),
    };
    ui.answer(&format!("{} tried, {end}\n", counted(tried.len() as u64, "sample")))?;
    Ok(if failed == 0 { Status::Done } else { Status::NotHeld })
}

/// Lists what a rule can name.
fn all_fields() -> Vec<Block> {
    let sources =
        rules::SOURCES.iter().map(|source| vec![source.word.into(), source.meaning.as_str().into()]);
    let fields = rules::FIELDS.iter().map(|field| {
        let told = field.of.words();
        vec![field.word.into(), field.kind.word().into(), told.into(), field.meaning.into()]
    });
    let kinds =
        rules::FieldKind::ALL.iter().map(|kind| format!("{}: {}", kind.word(), kind.operators().join(", ")));
    let mut blocks = vec![Block::heading("Sources")];
    blocks.extend(Block::table(&["source", "what it stands for"], sources.collect()));
    blocks.push(Block::heading("Fields"));
    blocks.extend(Block::table(&["field", "kind", "told by", "meaning"], fields.collect()));
    blocks.push(Block::heading("What can be asked of each kind"));
    blocks.extend(Block::list(kinds));
    blocks
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

#  [[step.check]]                   # a rule of one's own: tolltrace playbook list --fields
#  id = "local.sip-guessing"
#  title = "Many failed SIP logins from one address"
#  severity = "high"
#  missing = "Copy /var/log/asterisk."
#    [step.check.match]
#    source = ["sip", "pjsip"]
#    where = [{{ field = "action", eq = "auth-failed" }}]
#    group_by = ["address"]
#    within = "5m"
#    count = {{ at_least = 20 }}
#    [[step.check.sample]]          # tolltrace playbook test FOLDER
#    expect = "hit"
#    repeat = 20
#    every = "3s"
#    line = '''[{{year}}-{{month}}-{{day}} {{hh}}:{{mm}}:{{ss}}] NOTICE[1] chan_sip.c: Registration from '<sip:{{n}}@x>' failed for '198.51.100.4' - Wrong password'''

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
