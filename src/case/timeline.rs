//! Every recognised record, in time order: nothing is folded unless asked for.
//!
//! Logs are nearly in order and call records are in the order of their end, so each source is sorted
//! in memory as far as it is small, and else in runs that are merged.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use serde::{Deserialize, Serialize};

use super::sorted::{Key, Runs, Spill};
use super::story::datetime;
use super::{CaseError, Options, Progress, carrier, own, prepare, threads};
use crate::clock::Resolver;
use crate::event::{Action, CallRow, Entry, Instant, SourceId, Span};
use crate::evidence::{Evidence, refuse_output_inside};
use crate::fold::Window;
use crate::pbx::dialplan::Pins;
use crate::readers::{Chunk, channel_account};
use crate::report::model::TimelineRow;
use crate::report::redact::Redactor;
use crate::scan::{self, Base, How, Sink, Task};
use crate::untrusted::Untrusted;

/// Bytes of a record that its message shows.
const LONGEST_MESSAGE: usize = 1_024;
/// Records without a time that wait for a neighbour that has one.
const MOST_WAITING: usize = 10_000;
/// A flood with a longer pause is two.
const BURST_GAP_SECONDS: i64 = 300;

/// Hands every recognised record to `sink`, in time order, then by source and offset.
pub fn timeline(
    evidence: &Evidence,
    options: &Options,
    progress: &dyn Progress,
    sink: &mut dyn FnMut(&TimelineRow) -> io::Result<()>,
) -> Result<(), CaseError> {
    // A wrong column is told before hours of reading.
    let billed = crate::carrier::read(&options.carrier)?;
    let mut prepared = prepare(evidence, options)?;
    let spill = Arc::new(Spill::new(may_spill(evidence), AtomicUsize::new(0)));
    let readers = std::mem::take(&mut prepared.readers);
    let pins = Arc::new(prepared.pbx.dialplan.pins.clone());
    let tasks = readers.into_iter().map(|(source, reader)| {
        let resolver = prepared.clock.of(source.id).resolver();
        let sink = TimelineSink {
            source: source.id,
            has_lines: source.kind.has_lines(),
            resolver,
            window: prepared.window,
            fold: options.fold,
            runs: Runs::new(Arc::clone(&spill)),
            bursts: BTreeMap::new(),
            last_at: None,
            written: source.file.modified,
            waiting: Vec::new(),
            pins: Arc::clone(&pins),
        };
        Task { source, reader: Some(reader), sink }
    });
    let how = How { jobs: threads(options), sparse: false, piece: scan::PIECE };
    let mut all = Vec::new();
    for mut done in scan::scan(evidence, tasks.collect(), how, progress)? {
        done.sink.close_bursts(None);
        done.sink.place_waiting();
        all.push(done.sink.runs);
    }
    let first_file = evidence.sources.len() as u16;
    for (source, file) in (first_file..).zip(&billed) {
        let mut runs = Runs::new(Arc::clone(&spill));
        carrier::timeline::add(file, source, prepared.window, &mut runs);
        all.push(runs);
    }
    let mut is_refused = false;
    let merged = super::sorted::merge(all, |key, payload| {
        let stored: Stored = serde_json::from_slice(payload).map_err(io::Error::other)?;
        let (path, offset) = match evidence.source(SourceId(key.source)) {
            Some(source) => (source.file.path.clone(), source.kind.has_offsets().then_some(key.offset)),
            None => {
                let file = billed.get(usize::from(key.source.wrapping_sub(first_file)));
                let Some(file) = file else { return Ok(()) };
                (file.path.clone(), (stored.line > 0).then_some(key.offset))
            }
        };
        sink(&stored.into_row(path, offset)).inspect_err(|_| is_refused = true)
    });
    merged.map_err(|cause| if is_refused { CaseError::Output(cause) } else { CaseError::Io(cause) })
}

/// Does the same with pseudonyms, those that `run --redact` gives: which addresses are attackers' and keep their own,
/// only the whole inquiry tells, so that the evidence is read twice.
pub fn timeline_redacted(
    evidence: &Evidence,
    options: &Options,
    progress: &dyn Progress,
    sink: &mut dyn FnMut(&TimelineRow) -> io::Result<()>,
) -> Result<(), CaseError> {
    let plain = Options { redact: false, ..options.clone() };
    let mut redactor = super::examine_and(evidence, &plain, progress, |ground, mut examined| {
        let own = own::words(ground.world.pbx, &examined.report);
        Redactor::of(&mut examined.report, &own)
    })?;
    timeline(evidence, options, progress, &mut |row| {
        let mut row = row.clone();
        redactor.record(&mut row);
        sink(&row)
    })
}

/// Runs go to the folder for temporary files, unless that is a part of the evidence.
pub(super) fn may_spill(evidence: &Evidence) -> bool {
    let given: Vec<PathBuf> = evidence.given.iter().map(PathBuf::from).collect();
    refuse_output_inside(&std::env::temp_dir(), &given).is_ok()
}

/// Whose time a row bears: Timesketch takes none without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Timed {
    /// The record's own.
    Itself,
    /// That of the record beside it in the same file.
    ByNeighbour,
    /// The file's: nothing in it has a time.
    ByFile,
}

impl Timed {
    fn words(self) -> &'static str {
        match self {
            Timed::Itself => "Event Time",
            Timed::ByNeighbour => "Time of the Record Beside It, Which Has None Itself",
            Timed::ByFile => "File Last Written, No Time in the Record",
        }
    }
}

/// A row while it waits for its turn.
#[derive(Serialize, Deserialize)]
pub(super) struct Stored {
    pub(super) at: Option<i64>,
    pub(super) timed: Timed,
    pub(super) action: Action,
    pub(super) address: Option<IpAddr>,
    pub(super) port: Option<u16>,
    pub(super) account: Option<String>,
    pub(super) number: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) line: u32,
    pub(super) message: String,
}

impl Stored {
    fn into_row(self, path: String, offset: Option<u64>) -> TimelineRow {
        let text = |text: Option<String>| text.map(|text| Untrusted::from(text.as_str()));
        TimelineRow {
            message: Untrusted::from(self.message.as_str()),
            datetime: self.at.and_then(|at| datetime(Instant(at))),
            timestamp_desc: self.timed.words(),
            action: self.action,
            address: self.address,
            port: self.port,
            account: text(self.account),
            number: text(self.number),
            reason: text(self.reason),
            path,
            line: (self.line > 0).then_some(u64::from(self.line)),
            offset,
        }
    }
}

type BurstKey = (Action, Option<IpAddr>, Option<String>, Option<String>);

/// A flood while it lasts.
struct Burst {
    key: Key,
    first: Stored,
    last: Instant,
    count: u64,
}

/// The timeline of one source.
struct TimelineSink {
    source: SourceId,
    has_lines: bool,
    resolver: Resolver,
    window: Window,
    fold: bool,
    runs: Runs,
    bursts: BTreeMap<BurstKey, Burst>,
    last_at: Option<Instant>,
    /// When the file was last written.
    written: Option<Instant>,
    /// Records without a time before the first that has one, with their offsets.
    waiting: Vec<(u64, Stored)>,
    /// Call records repeat those that were typed.
    pins: Arc<Pins>,
}

impl Sink for TimelineSink {
    fn take(&mut self, chunk: &Chunk, base: Base) {
        for entry in &chunk.entries {
            self.entry(chunk, entry, base);
        }
        for row in &chunk.rows {
            self.row(chunk, row, base);
        }
    }
}

/// Returns when the next entry of a source happened.
pub(super) fn instant_of_entry(resolver: &mut Resolver, entry: &Entry) -> Option<Instant> {
    match (entry.exact, &entry.stamp) {
        (Some(exact), stamp) => {
            if let Some(stamp) = stamp {
                resolver.observe(exact, stamp);
            }
            Some(exact)
        }
        (None, Some(stamp)) => resolver.resolve(stamp).map(|(at, _)| at),
        (None, None) => None,
    }
}

/// Returns when a call began.
pub(super) fn instant_of_row(resolver: &mut Resolver, chunk: &Chunk, row: &CallRow) -> Option<Instant> {
    let created = chunk.text(row.uniqueid).and_then(crate::pbx_id::epoch);
    let by_stamp =
        || row.start.and_then(|stamp| resolver.resolve_unordered(&stamp, created)).map(|(at, _)| at);
    row.exact.or_else(by_stamp).or(created)
}

fn text(bytes: &[u8]) -> String {
    Untrusted::from_bytes(bytes).raw().to_owned()
}

impl TimelineSink {
    fn entry(&mut self, chunk: &Chunk, entry: &Entry, base: Base) {
        let at = instant_of_entry(&mut self.resolver, entry);
        let span = |span: Span| chunk.text(span).filter(|text| !text.is_empty()).map(text);
        let detail = || match entry.action {
            Action::FileFetched | Action::UserAgent | Action::Queue | Action::Server | Action::Banned => {
                span(entry.detail)
            }
            _ => None,
        };
        let stored = Stored {
            at: at.map(|at| at.0),
            timed: Timed::Itself,
            action: entry.action,
            address: entry.address,
            port: entry.port,
            account: span(entry.account),
            number: span(entry.number),
            reason: if entry.reason.is_empty() { detail() } else { Some(entry.reason.to_owned()) },
            line: self.line(base.line + u64::from(entry.line)),
            message: self.without_pin(shown(entry.action, message(chunk, entry.offset, entry.length))),
        };
        self.push(at, base.offset + u64::from(entry.offset), stored);
    }

    fn row(&mut self, chunk: &Chunk, row: &CallRow, base: Base) {
        let at = instant_of_row(&mut self.resolver, chunk, row);
        let number = chunk.text(row.dst).filter(|text| !text.is_empty()).map(text);
        let stored = Stored {
            at: at.map(|at| at.0),
            timed: Timed::Itself,
            action: Action::Call,
            address: row.address,
            port: None,
            account: chunk
                .text(row.account)
                .or_else(|| chunk.text(row.channel).and_then(channel_account))
                .map(text),
            number,
            reason: chunk.text(row.cause).map(text).or_else(|| Some(row.disposition.word().to_owned())),
            line: self.line(base.line + u64::from(row.line)),
            message: self.without_pin(message(chunk, row.offset, row.length)),
        };
        self.push(at, base.offset + u64::from(row.offset), stored);
    }

    /// Masks what a record repeats of a PIN: the arguments of the application that asked, and the account code.
    fn without_pin(&self, message: String) -> String {
        let asks = ["DISA", "Authenticate"].iter().any(|name| message.contains(name));
        let message = if asks { crate::secrets::masked(&message).into_owned() } else { message };
        match self.pins.masked(&message) {
            Cow::Owned(masked) => masked,
            Cow::Borrowed(_) => message,
        }
    }

    /// Returns the number of a line that has so many before it; 0 where there are no lines.
    fn line(&self, before: u64) -> u32 {
        if self.has_lines { (before + 1) as u32 } else { 0 }
    }

    fn push(&mut self, at: Option<Instant>, offset: u64, stored: Stored) {
        let Some(at) = at else { return self.push_timeless(offset, stored) };
        self.last_at = Some(at);
        for (offset, stored) in std::mem::take(&mut self.waiting) {
            self.place(Some(at), Timed::ByNeighbour, offset, stored);
        }
        if !self.window.holds(at) {
            return;
        }
        let key = Key { at: at.0, source: self.source.0, offset };
        if self.fold && is_flood(stored.action) {
            self.fold(at, key, stored);
        } else {
            self.store(key, &stored);
        }
    }

    /// A record without a time stands behind its neighbour, or before it where it is the first.
    fn push_timeless(&mut self, offset: u64, stored: Stored) {
        match self.last_at {
            Some(at) => self.place(Some(at), Timed::ByNeighbour, offset, stored),
            None if self.waiting.len() < MOST_WAITING => self.waiting.push((offset, stored)),
            None => self.place(self.written, Timed::ByFile, offset, stored),
        }
    }

    /// Places what waits in a file of which no record has a time.
    fn place_waiting(&mut self) {
        for (offset, stored) in std::mem::take(&mut self.waiting) {
            self.place(self.written, Timed::ByFile, offset, stored);
        }
    }

    /// Stores a record without a time at another's; where not even the file has one, behind all others.
    fn place(&mut self, at: Option<Instant>, timed: Timed, offset: u64, stored: Stored) {
        // When the file was written says nothing about whether the record falls into the window.
        if timed == Timed::ByNeighbour && at.is_some_and(|at| !self.window.holds(at)) {
            return;
        }
        let key = Key { at: at.map_or(i64::MAX, |at| at.0), source: self.source.0, offset };
        self.store(key, &Stored { at: at.map(|at| at.0), timed, ..stored });
    }

    fn store(&mut self, key: Key, stored: &Stored) {
        // A row is plain data; it always has a JSON form.
        if let Ok(payload) = serde_json::to_vec(stored) {
            self.runs.push(key, &payload);
        }
    }

    fn fold(&mut self, at: Instant, key: Key, stored: Stored) {
        let burst_key = (stored.action, stored.address, stored.account.clone(), stored.reason.clone());
        if let Some(burst) = self.bursts.get_mut(&burst_key)
            && at.seconds_since(burst.last).abs() <= BURST_GAP_SECONDS
        {
            burst.count += 1;
            burst.last = burst.last.max(at);
            return;
        }
        self.close_bursts(Some(at));
        if let Some(over) = self.bursts.insert(burst_key, Burst { key, first: stored, last: at, count: 1 }) {
            self.store_burst(over);
        }
    }

    /// Stores the floods that are over at `now`, or all of them.
    fn close_bursts(&mut self, now: Option<Instant>) {
        const MOST_OPEN: usize = 50_000;
        let full = self.bursts.len() >= MOST_OPEN;
        let is_over =
            |burst: &Burst| full || now.is_none_or(|now| now.seconds_since(burst.last) > BURST_GAP_SECONDS);
        // Looking through all open floods at every new one would take the square of their number.
        if now.is_some() && !full && !self.bursts.len().is_multiple_of(256) {
            return;
        }
        let (over, open) =
            std::mem::take(&mut self.bursts).into_iter().partition(|(_, burst)| is_over(burst));
        self.bursts = open;
        let over: BTreeMap<BurstKey, Burst> = over;
        for burst in over.into_values() {
            self.store_burst(burst);
        }
    }

    fn store_burst(&mut self, mut burst: Burst) {
        if burst.count > 1 {
            let until = datetime(burst.last).unwrap_or_default();
            burst.first.message = format!("{} times until {until}: {}", burst.count, burst.first.message);
        }
        self.store(burst.key, &burst.first);
    }
}

/// Returns the text of a record as it may be shown.
fn shown(action: Action, message: String) -> String {
    // Of all that is logged, commands, addresses of pages and the dialplan's steps have secrets in them.
    let may_tell = matches!(
        action,
        Action::Command
            | Action::WebRequest
            | Action::WebError
            | Action::FileFetched
            | Action::FileMissing
            | Action::Dialplan
    );
    if may_tell || has_userinfo(&message) { crate::secrets::masked(&message).into_owned() } else { message }
}

/// Returns whether an address of SIP in a text has a secret before its host: `sip:name:secret@host`.
fn has_userinfo(message: &str) -> bool {
    message.match_indices("sip").any(|(at, _)| {
        let rest = message.get(at + 3..).unwrap_or_default();
        let rest = rest.strip_prefix('s').unwrap_or(rest);
        let user = rest.strip_prefix(':').and_then(|rest| rest.split(['@', ' ', '>', '"', ';']).next());
        let is_before_host =
            |user: &str| rest.get(1 + user.len()..).is_some_and(|rest| rest.starts_with('@'));
        user.is_some_and(|user| user.contains(':') && is_before_host(user))
    })
}

fn is_flood(action: Action) -> bool {
    matches!(
        action,
        Action::AuthFailed
            | Action::Challenge
            | Action::Probe
            | Action::CallRejected
            | Action::AuthOk
            | Action::Registered
            | Action::FileMissing
    )
}

fn message(chunk: &Chunk, offset: u32, length: u32) -> String {
    let start = offset as usize;
    let length = (length as usize).min(LONGEST_MESSAGE);
    text(chunk.records_bytes().get(start..start + length).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_in_any_address_of_a_line_is_seen() {
        for (message, is_there) in [
            ("to sip:u:Hunter2@192.0.2.1", true),
            ("from <sip:100@192.0.2.1> to <sips:u:Hunter2@192.0.2.1>", true),
            ("<sip:100@192.0.2.1:5060>", false),
            ("sip:192.0.2.1:5060;transport=udp mail a@b", false),
            ("gossip: a:b@c", false),
            ("sip", false),
        ] {
            assert_eq!(has_userinfo(message), is_there, "{message}");
            assert!(!is_there || crate::secrets::masked(message).contains(":***"), "{message}");
        }
    }
}
