//! Rules tried on their own samples: real readers read them, and a rule hits or does not.

use std::path::{Component, Path};

use super::rules::{Sinks, evaluate};
use super::{CaseError, Options, Progress, prepare};
use crate::checks::registry::Answer;
use crate::event::Instant;
use crate::evidence::{Evidence, Source};
use crate::playbook::{self, load, mistake::Mistake};
use crate::readers::Chunk;

use crate::rules::{Expect, Rules, RulesTried, Told, described};
use crate::scan::{self, Base, How, Sink, Task};
use crate::user_file;

/// The largest file of a sample, in bytes.
const LARGEST: u64 = 16 * 1024 * 1024;
/// The name of a sample that has none.
const NAME: &str = "sample";

/// A sample that was tried.
#[derive(Clone, Debug)]
pub struct SampleTried {
    /// The file that it stands in.
    pub source: load::Source,
    /// The rule's id.
    pub rule: String,
    /// What was expected.
    pub expect: Expect,
    /// Did it hold?
    pub holds: bool,
    /// What came of it, and what to look at where it does not hold.
    pub told: Mistake,
}

/// Tries the samples of playbooks, each with all rules there are: those of `sources` and, for what they add to,
/// of `others`.
pub fn try_samples(sources: &[load::Source], others: &[load::Source]) -> Result<Vec<SampleTried>, CaseError> {
    let all: Vec<load::Source> = others.iter().chain(sources).cloned().collect();
    let playbooks = load::whole(&all)?;
    let mut tried = Vec::new();
    for source in sources {
        // A file with a mistake was refused above.
        let Ok(file) = load::parse(&source.text) else { continue };
        for (rule, sample) in playbook::rules::samples(&file) {
            let expect = *sample.expect.get_ref();
            let (holds, told) = match sample.text(&|name| beside(source, name)) {
                Err(error) => (false, playbook::rules::mistake(error)),
                Ok(text) => {
                    let of_rule = try_sample(&playbooks.rules, rule, expect, sample.path.as_deref(), &text)?;
                    let message = format!("{rule} is expected to {}: {}", expect.word(), of_rule.told);
                    let hint = "look at what the record says and at what the rule asks for";
                    (of_rule.holds, Mistake::error(sample.expect.span(), message, hint))
                }
            };
            tried.push(SampleTried { source: source.clone(), rule: rule.to_owned(), expect, holds, told });
        }
    }
    Ok(tried)
}

/// Reads a file that lies beside a playbook, or below its folder.
fn beside(source: &load::Source, name: &str) -> Result<Vec<u8>, String> {
    let load::Origin::Path(path) = &source.origin else { return Err("the program has no files".to_owned()) };
    let is_plain = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    if !Path::new(name).components().all(is_plain) {
        return Err("it has to lie in the folder of the playbook".to_owned());
    }
    let path = path.parent().unwrap_or(Path::new("")).join(name);
    let read = user_file::read(&path, LARGEST).map_err(|cause| cause.to_string())?;
    read.ok_or_else(|| format!("larger than {LARGEST} bytes"))
}

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
        let opened = crate::readers::reader_for(source, &prepared.pbx, None);
        let Some(opened) = opened.filter(|_| source.duplicate_of.is_none()) else { continue };
        let sink = (First { source, told: None }, sinks.of(source));
        tasks.push(Task { source, reader: Some(opened.reader), sink });
    }
    let how = How { jobs: 1, sparse: false, piece: scan::PIECE };
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
    let answered = answer.as_ref().map_or(Answer::NotChecked, |answer| answer.answer);
    let holds = match expect {
        _ if records == 0 => false,
        Expect::Hit => answered == Answer::Found,
        // That nothing is found where nothing is looked at says nothing.
        Expect::Miss => answered == Answer::NotFound,
    };
    let why = answer.map_or_else(|| "no such rule".to_owned(), |answer| answer.why);
    let read = if read.is_empty() { "no reader knows these records".to_owned() } else { read.join("; ") };
    Ok(RulesTried { holds, answer: answered, told: format!("{}: {why} ({read})", answered.words()) })
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
