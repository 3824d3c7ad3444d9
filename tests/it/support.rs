//! Readers by name, and reading a text in pieces of any size as a scan does.

use std::net::IpAddr;
use std::path::PathBuf;

use tolltrace::event::{CallRow, Entry, Span};
use tolltrace::pbx::Pbx;
use tolltrace::readers::{Access, CONTEXT, Chunk, Opened, Opening, Reader, Skipped, SyslogMessages, format};

/// Returns the reader of that name (a format's word with `_` for `-`, or a program's of syslog) for a
/// text that begins with `head`; `asterisk_log` also reads syslog files.
pub(crate) fn reader_named(name: &str, head: &[u8]) -> Option<Box<dyn Reader>> {
    let of_program = SyslogMessages::of(name);
    if of_program.is_some() {
        return of_program;
    }
    let words: &[&str] = if name == "asterisk_log" { &["asterisk-log", "syslog"] } else { &[name] };
    words.iter().find_map(|word| opened(&word.replace('_', "-"), head)).map(|opened| opened.reader)
}

/// Opens a text that begins with `head` as the format `word`, if it looks like one.
pub(crate) fn opened(word: &str, head: &[u8]) -> Option<Opened> {
    let format = format(word).filter(|format| (format.looks_like)("", head))?;
    (format.open)(&Opening { path: "", head, pbx: &Pbx::default(), machine: None })
}

/// All that was read of a text, with places counted from its beginning.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Whole {
    pub(crate) entries: Vec<Told>,
    pub(crate) rows: Vec<Told>,
    pub(crate) skipped: Vec<Skipped>,
    /// Stretches that a stranger may have written, those that touch joined.
    pub(crate) doubtful: Vec<std::ops::Range<usize>>,
    pub(crate) records: u64,
    pub(crate) lines: u32,
}

/// One entry or row: its fields by name, those that are not told left out.
pub(crate) type Told = std::collections::BTreeMap<&'static str, String>;

/// Reads `text` in pieces of `step` bytes, each cut back to whole records and carried over.
pub(crate) fn read_in_steps(reader: &dyn Reader, text: &[u8], step: usize) -> Whole {
    let mut whole = Whole::default();
    if reader.access() == Access::Stream {
        let mut bytes = text;
        let mut take = |chunk: &Chunk, from: u64| take_in(&mut whole, chunk, from as usize);
        reader.read_stream(&mut bytes, step, &mut take);
        return whole;
    }
    let (mut from, mut to) = (0, 0);
    while from < text.len() {
        to = (to + step).min(text.len());
        let at_end = to == text.len();
        let length = if at_end { to - from } else { reader.whole_records(&text[from..to]) };
        if length == 0 {
            continue;
        }
        let context = from.min(CONTEXT);
        let mut chunk = Chunk {
            bytes: text[from - context..from + length].to_vec(),
            context,
            at_end,
            ..Chunk::default()
        };
        reader.read(&mut chunk);
        take_in(&mut whole, &chunk, from);
        from += length;
    }
    whole
}

/// Reads `text` at once.
pub(crate) fn read_at_once(reader: &dyn Reader, text: &[u8]) -> Whole {
    read_in_steps(reader, text, text.len().max(1))
}

fn take_in(whole: &mut Whole, chunk: &Chunk, from: usize) {
    for entry in &chunk.entries {
        whole.entries.push(told_by_entry(chunk, entry, from, whole.lines));
    }
    for row in &chunk.rows {
        whole.rows.push(told_by_row(chunk, row, from, whole.lines));
    }
    whole.skipped.extend(chunk.skipped.iter().map(|skipped| Skipped {
        offset: skipped.offset + from as u32,
        line: skipped.line + whole.lines,
        why: skipped.why,
    }));
    for stretch in &chunk.doubtful {
        let (start, end) = (from + stretch.start as usize, from + stretch.end as usize);
        match whole.doubtful.last_mut() {
            Some(last) if start <= last.end => last.end = last.end.max(end),
            _ => whole.doubtful.push(start..end),
        }
    }
    whole.records += chunk.records;
    whole.lines += chunk.lines;
}

fn text(chunk: &Chunk, span: Span) -> Option<String> {
    chunk.text(span).map(|text| text.escape_ascii().to_string())
}

fn stamp(stamp: tolltrace::event::Stamp) -> String {
    let (hour, minute, second) = (stamp.second / 3600, stamp.second / 60 % 60, stamp.second % 60);
    let fraction = if stamp.micros == 0 { String::new() } else { format!(".{:06}", stamp.micros) };
    format!(
        "{:04}-{:02}-{:02} {hour:02}:{minute:02}:{second:02}{fraction}",
        stamp.year, stamp.month, stamp.day
    )
}

fn told_by_entry(chunk: &Chunk, entry: &Entry, from: usize, lines: u32) -> Told {
    let address = |address: IpAddr| address.to_string();
    let fields = [
        ("action", Some(entry.action.word().to_owned())),
        ("service", Some(entry.service.word().to_owned())),
        ("reason", Some(entry.reason.to_owned()).filter(|reason| !reason.is_empty())),
        ("time", entry.stamp.map(stamp)),
        ("exact", entry.exact.map(|instant| instant.0.to_string())),
        ("address", entry.address.map(address)),
        ("port", entry.port.map(|port| port.to_string())),
        ("account", text(chunk, entry.account)),
        ("number", text(chunk, entry.number)),
        ("detail", text(chunk, entry.detail)),
        ("session", text(chunk, entry.session)),
        ("channel", text(chunk, entry.channel)),
        ("context", text(chunk, entry.context)),
        ("caller", text(chunk, entry.caller)),
        ("agent", text(chunk, entry.agent)),
        ("referrer", text(chunk, entry.referrer)),
        ("call", entry.call.map(|call| format!("{call:08x}"))),
        ("offset", Some((entry.offset as usize + from).to_string())),
        ("length", Some(entry.length.to_string())),
        ("line", Some((entry.line + lines).to_string())),
    ];
    fields.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

fn told_by_row(chunk: &Chunk, row: &CallRow, from: usize, lines: u32) -> Told {
    let fields = [
        ("start", row.start.map(stamp)),
        ("end", row.end.map(stamp)),
        ("duration", Some(row.duration.to_string())),
        ("billsec", Some(row.billsec.to_string())),
        ("disposition", Some(row.disposition.word().to_owned())),
        ("answered", Some(row.answered.to_string())),
        ("account_code", text(chunk, row.account_code)),
        ("src", text(chunk, row.src)),
        ("dst", text(chunk, row.dst)),
        ("context", text(chunk, row.context)),
        ("caller_id", text(chunk, row.caller_id)),
        ("channel", text(chunk, row.channel)),
        ("dst_channel", text(chunk, row.dst_channel)),
        ("last_app", text(chunk, row.last_app)),
        ("last_data", text(chunk, row.last_data)),
        ("uniqueid", text(chunk, row.uniqueid)),
        ("linkedid", text(chunk, row.linkedid)),
        ("userfield", text(chunk, row.userfield)),
        ("sequence", row.sequence.map(|sequence| sequence.to_string())),
        ("exact", row.exact.map(|instant| instant.0.to_string())),
        ("account", text(chunk, row.account)),
        ("address", row.address.map(|address| address.to_string())),
        ("trunk", text(chunk, row.trunk)),
        ("cause", text(chunk, row.cause)),
        ("leg", Some(row.leg.word().to_owned())),
        ("is_claim", Some(row.is_claim.to_string())),
        ("offset", Some((row.offset as usize + from).to_string())),
        ("length", Some(row.length.to_string())),
        ("line", Some((row.line + lines).to_string())),
    ];
    fields.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// Returns a folder of the shared proving ground, or `None`, said aloud, where it is not there.
pub(crate) fn shared(folder: &str) -> Option<PathBuf> {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let path = here.join("../shared").join(folder);
    if !path.exists() {
        eprintln!("passed over: {} is not there", path.display());
        return None;
    }
    Some(path)
}
