//! Readers by name, and reading a text in pieces of any size as a scan does.

use std::net::IpAddr;
use std::path::PathBuf;

use tolltrace::event::{CallRow, Entry, Service, Span};
use tolltrace::readers::{
    AsteriskLogReader, CONTEXT, Chunk, Reader, Skipped, call_records::CallRecordReader,
    channel_events::ChannelEventReader, fail2ban::Fail2banReader, queue_log::QueueLogReader, tftp,
};

/// Returns the reader of that name for a text that begins with `head`.
pub(crate) fn reader_named(name: &str, head: &[u8]) -> Option<Box<dyn Reader>> {
    match name {
        "call_records" => Some(Box::new(CallRecordReader::find(head, None)?.0)),
        "channel_events" => Some(Box::new(ChannelEventReader::find(head, None, None)?)),
        "queue_log" => Some(Box::new(QueueLogReader)),
        "fail2ban" => Some(Box::new(Fail2banReader::new()?)),
        "asterisk_log" if AsteriskLogReader::looks_like(head) => {
            Some(Box::new(AsteriskLogReader::find(head, None, false).0))
        }
        "asterisk_log" if AsteriskLogReader::looks_like_syslog(head) => {
            Some(Box::new(AsteriskLogReader::find(head, None, true).0))
        }
        "tftp" => Some(Box::new(TftpLines)),
        _ => None,
    }
}

/// Lines of `program[1]: message`, as syslog has them behind its prefix.
struct TftpLines;

impl Reader for TftpLines {
    fn read(&self, chunk: &mut Chunk) {
        let bytes = chunk.records_bytes().to_vec();
        let mut offset = 0;
        for line in bytes.split_inclusive(|&byte| byte == b'\n') {
            let start = offset;
            offset += line.len();
            chunk.lines += 1;
            let Some(colon) = line.windows(2).position(|pair| pair == b": ") else { continue };
            let Some(told) = tftp::read(&line[..colon], &line[colon + 2..]) else { continue };
            let mut entry = Entry::new(told.action, Service::Tftp);
            entry.address = told.address;
            entry.port = told.port;
            entry.reason = told.reason;
            entry.detail = told.path.map_or(Span::NONE, |path| chunk.keep(path));
            entry.number = if told.is_write { chunk.keep(b"write") } else { Span::NONE };
            (entry.offset, entry.line) = (start as u32, chunk.lines - 1);
            entry.length = line.trim_ascii_end().len() as u32;
            chunk.records += 1;
            chunk.entries.push(entry);
        }
    }
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
