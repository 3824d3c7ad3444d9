//! `preserve` and `verify`: a copy of just the evidence, and whether it still is what was copied.

use std::path::Path;

use chrono::SecondsFormat;

use tolltrace::preserve::{self, Preserved, Record, Verified};
use tolltrace::report::document::{Block, Line, counted};
use tolltrace::report::text;

use crate::cli::{PreserveArgs, VerifyArgs};
use crate::ui::Ui;

use super::words::shell_word;
use super::{Status, inquiry};

/// Copies the evidence into a new folder.
pub(super) fn preserve(args: &PreserveArgs, ui: &Ui) -> anyhow::Result<Status> {
    let mut evidence = inquiry::gather(&args.evidence.evidence, Some(&args.output))?;
    if !args.everything {
        inquiry::require_sources(&evidence, ui)?;
    }
    let now = || chrono::Local::now().to_rfc3339_opts(SecondsFormat::Millis, false);
    let record = Record {
        case_number: args.names.case_number.as_deref(),
        examiner: args.names.examiner.as_deref(),
        organisation: args.names.organisation.as_deref(),
        command: std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect(),
        everything: args.everything,
        now: &now,
    };
    let preserved = preserve::preserve(&mut evidence, &args.output, &record, &ui.progress())?;
    ui.answer(&text::render(&told(&preserved, &args.output), ui.bold()))?;
    Ok(Status::Done)
}

fn told(preserved: &Preserved, folder: &Path) -> Vec<Block> {
    let mut blocks = vec![Block::Paragraph(Line::default().strong(format!(
        "{} of evidence preserved, {} bytes, and {}.",
        counted(preserved.files, "file"),
        preserved.bytes,
        counted(preserved.links, "link")
    )))];
    if preserved.left > 0 {
        let left = counted(preserved.left, "other file");
        blocks.push(Block::Paragraph(
            format!("{left} hold nothing that the inquiry reads and stayed where they are; --everything copies them too.").into(),
        ));
    }
    blocks.push(Block::Paragraph(
        Line::default()
            .words("Write this down on paper now; it vouches for all of it: ")
            .strong(&preserved.fingerprint),
    ));
    if !preserved.troubles.is_empty() {
        blocks.push(Block::heading("Not copied whole"));
        let lines = preserved
            .troubles
            .iter()
            .map(|unread| Line::path(&unread.path).words(format!(": {}", unread.why)))
            .collect();
        blocks.push(Block::List(lines));
        let more = preserved.troubles_count.saturating_sub(preserved.troubles.len() as u64);
        if more > 0 {
            blocks.push(Block::Paragraph(format!("and {more} more, in custody.jsonl").into()));
        }
    }
    let names = preserved.written.iter().map(|name| folder.join(name));
    blocks.push(Block::heading("Files written"));
    let copies = [preserve::copies(folder)].into_iter();
    blocks.extend(Block::list(copies.chain(names).map(|path| path.to_string_lossy().into_owned())));
    blocks.push(Block::heading("Next"));
    let word = |path: &Path| shell_word(&path.to_string_lossy());
    blocks.push(Block::Commands(vec![
        format!("tolltrace verify {}", word(folder)),
        format!("tolltrace run {} -o case", word(&preserve::copies(folder))),
    ]));
    blocks
}

/// Goes through what was preserved; does it hold?
pub(super) fn verify(args: &VerifyArgs, ui: &Ui) -> anyhow::Result<Status> {
    let verified = preserve::verify(&args.folder, args.expect.as_deref(), &ui.progress())?;
    ui.answer(&text::render(&found(&verified, &args.folder), ui.bold()))?;
    Ok(if verified.holds() { Status::Done } else { Status::NotHeld })
}

fn found(verified: &Verified, folder: &Path) -> Vec<Block> {
    let looked_at = format!(
        "{} and {} are as they were.",
        counted(verified.files, "file"),
        counted(verified.links, "link")
    );
    let answer = match verified.problems_count {
        0 => format!("Everything holds: {looked_at}"),
        count => format!("It does not hold: {}. {looked_at}", counted(count, "fault")),
    };
    let mut blocks = vec![Block::Paragraph(Line::default().strong(answer))];
    blocks.extend(Block::list(verified.problems.iter().cloned()));
    let more = verified.problems_count.saturating_sub(verified.problems.len() as u64);
    if more > 0 {
        blocks.push(Block::Paragraph(format!("and {more} more").into()));
    }
    let fingerprint = Line::default().words("SHA-256 of the manifest: ").strong(&verified.fingerprint);
    blocks.push(Block::Paragraph(fingerprint));
    if !verified.compared {
        blocks.push(Block::Paragraph(
            "Whoever holds the folder could have written all of it anew: compare this with what was written down when it was made (--expect).".into(),
        ));
    }
    blocks.extend(Block::list(verified.notes.iter().cloned()));
    blocks.push(Block::heading("Next"));
    blocks.push(Block::Commands(leading_on(verified.holds(), folder)));
    blocks
}

/// Returns what to run on what holds; what does not is made anew elsewhere, for how it was changed is to be found out.
fn leading_on(holds: bool, folder: &Path) -> Vec<String> {
    let word = |path: &Path| shell_word(&path.to_string_lossy());
    let copies = preserve::copies(folder);
    let command = match (holds, copies.is_dir()) {
        (true, true) => format!("tolltrace run {} -o case", word(&copies)),
        (true, false) => format!("tolltrace restore COPY-AFTER-REPAIR --case {}", word(folder)),
        (false, true) => "tolltrace preserve EVIDENCE -o preserved-anew".to_owned(),
        (false, false) => "tolltrace run EVIDENCE -o case-anew".to_owned(),
    };
    vec![command]
}
