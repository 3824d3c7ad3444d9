//! Rules tried on their own samples: real readers read them, and a rule hits or does not.

use super::rules::{Sinks, evaluate};
use super::{CaseError, Options, Progress, prepare};
use crate::event::Instant;
use crate::evidence::{Evidence, Source};
use crate::readers::Chunk;
use crate::report::model::RuleVerdict;
use crate::rules::{Expect, Rules, RulesTried, Told, described};
use crate::scan::{self, Base, How, Sink, Task};

/// The name of a sample that has none.
const NAME: &str = "sample";

/// Tries rules on the text of a sample, and says whether the rule `id` does what was expected.
pub fn try_sample(
    rules: &Rules,
    id: &str,
    expect: Expect,
    path: Option<&str>,
    text: &[u8],
) -> Result<RulesTried, CaseError> {
    let evidence = Evidence::of_text(path.unwrap_or(NAME), text);
    // Stamps without a zone or a year are taken alike wherever and whenever a sample is tried.
    let options = Options { zone: Some("UTC".to_owned()), year: Some(2026), ..Options::default() };
    let prepared = prepare(&evidence, &options)?;
    let sinks = Sinks::new(&evidence, &prepared, rules);
    let mut tasks = Vec::new();
    for source in &evidence.sources {
        let opened = crate::readers::reader_for(source, &prepared.pbx);
        let Some(opened) = opened.filter(|_| source.duplicate_of.is_none()) else { continue };
        let sink = (First { source, told: None }, sinks.of(source));
        tasks.push(Task { source, reader: Some(opened.reader), sink });
    }
    let how = How { jobs: 1, hash: false, sparse: false, piece: scan::PIECE };
    let (mut read, mut fitting, mut records) = (Vec::new(), Vec::new(), 0);
    for done in scan::scan(&evidence, tasks, how, &Silent)? {
        let (first, of_rules) = done.sink;
        let (word, unparsed) = (done.source.kind.word(), done.coverage.unparsed_lines());
        records += done.coverage.records;
        let mut what = format!("read as {word}: {} understood", done.coverage.records);
        if unparsed > 0 {
            what.push_str(&format!(", {unparsed} not"));
        }
        what.extend(first.told.map(|told| format!("; the first says {told}")));
        read.push(what);
        fitting.extend(of_rules);
    }
    let outcomes = evaluate(&evidence, rules, fitting)?;
    let when = |at: Instant| super::story::datetime(at).unwrap_or_default();
    let answers = outcomes.answers(&|_| None, &when).answers;
    let answer = answers.into_iter().find(|answer| answer.id == id);
    let verdict = answer.as_ref().map_or(RuleVerdict::NotChecked, |answer| answer.verdict);
    let holds = match expect {
        _ if records == 0 => false,
        Expect::Hit => verdict == RuleVerdict::Found,
        // That nothing is found where nothing is looked at says nothing.
        Expect::Miss => verdict == RuleVerdict::NotFound,
    };
    let why = answer.map_or_else(|| "no such rule".to_owned(), |answer| answer.why);
    let read = if read.is_empty() { "no reader knows these records".to_owned() } else { read.join("; ") };
    Ok(RulesTried { holds, verdict, told: format!("{}: {why} ({read})", verdict.words()) })
}

/// Describes the first record of a source.
struct First<'a> {
    source: &'a Source,
    told: Option<String>,
}

impl Sink for First<'_> {
    fn take(&mut self, chunk: &Chunk, _: Base) {
        let event = chunk.entries.first().map(Told::Event);
        if let Some(told) = event.or_else(|| chunk.rows.first().map(Told::Call))
            && self.told.is_none()
        {
            self.told = Some(described(chunk, &self.source.file.path, told));
        }
    }
}

/// Nobody is told how far a sample has been read.
pub(super) struct Silent;

impl Progress for Silent {
    fn begin(&self, _: u64) {}
    fn advance(&self, _: &str, _: u64) {}
    fn end(&self) {}
}
