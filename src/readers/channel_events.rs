//! Channel event logging (CEL) as delimited text, as `cel_custom` writes it.
//!
//! Each row tells of one step in a channel's life. `CHAN_START` holds the caller before the dialplan
//! rewrites him, which the call record has lost. Event times are `EPOCH.MICROSECONDS` unless `cel.conf`
//! sets a date format; CEL is off by default, and its absence means nothing.

mod column;
mod table;

pub(super) use table::EventTable;

use column::{Column, SAMPLE, is_event};
use csv::ByteRecord;

use super::call_records::is_channel_name;
use super::delimited::{Kept, Record, Records, Shape, sample};
use super::{Access, Chunk, Cites, Content, Format, Opened, Reader, Tells, Why};
use crate::clock::DateFormat;
use crate::event::{Action, Entry, Instant, Service, Span, Stamp};

/// How a file of channel events is told and read.
pub(super) static FORMAT: Format = Format {
    word: "channel-events",
    tells: Tells::Channels,
    content: Content::Text,
    cites: Cites::Line,
    looks_like: |_, head| ChannelEventReader::find(head, None, None).is_some(),
    open: |opening| {
        let settings = &opening.pbx.call_records;
        let columns = settings.event_columns.get(opening.name()).map(Vec::as_slice);
        let dates = settings.event_date_format.as_deref();
        let reader = ChannelEventReader::find(opening.head, columns, dates)
            .or_else(|| ChannelEventReader::find(opening.head, None, dates))?;
        Some(Opened::certain(reader))
    },
};

/// Returns the account in a channel's name: `1001` of `PJSIP/1001-0000002f`.
///
/// The number behind the last dash is the channel's own. A `Local` channel has no account.
pub fn channel_account(channel: &[u8]) -> Option<&[u8]> {
    let slash = memchr::memchr(b'/', channel)?;
    let (technology, name) = (channel.get(..slash)?, channel.get(slash + 1..)?);
    let is_with_account = [&b"PJSIP"[..], b"SIP", b"IAX2", b"SCCP", b"Skinny", b"MGCP", b"H323", b"OOH323"]
        .iter()
        .any(|known| technology.eq_ignore_ascii_case(known));
    let dash = memchr::memrchr(b'-', name)?;
    let (account, own) = (name.get(..dash)?, name.get(dash + 1..)?);
    let is_own = !own.is_empty() && own.iter().all(u8::is_ascii_hexdigit);
    (is_with_account && is_own && !account.is_empty()).then_some(account)
}

/// Reads channel events of one layout.
#[derive(Clone, Debug)]
pub(super) struct ChannelEventReader {
    shape: Shape,
    columns: Vec<Column>,
    dates: Option<DateFormat>,
}

impl ChannelEventReader {
    /// Finds layout and dates from a file's first bytes.
    ///
    /// `custom` are the columns that `cel_custom.conf` lists for the file, `date_format` is what
    /// `cel.conf` says; both count only as far as the content agrees.
    pub(super) fn find(head: &[u8], custom: Option<&[String]>, date_format: Option<&str>) -> Option<Self> {
        let rows = sample(head, b',');
        let first = rows.first()?;
        let header: Vec<Column> = first
            .iter()
            .map(|name| Column::from_name(std::str::from_utf8(name).unwrap_or_default()))
            .collect();
        let mapped: Option<Vec<Column>> =
            custom.map(|names| names.iter().map(|name| Column::from_name(name)).collect());
        let columns = [Some(header), mapped, Some(SAMPLE.to_vec()), guessed(&rows)]
            .into_iter()
            .flatten()
            .find(|columns| agree(columns, &rows))?;
        let width = most_common_width(&rows, &columns)?;
        let shape = Shape { delimiter: b',', widths: width..=width, usual: width };
        let dates = date_format_of(&rows, &columns, date_format);
        Some(ChannelEventReader { shape, columns, dates })
    }

    fn entry(&self, records: &Records, record: Record, kept: &mut Kept) -> Option<Read> {
        let place = |wanted: Column| self.columns.iter().position(|&column| column == wanted);
        let text = |wanted: Column| place(wanted).map_or(&b""[..], |at| records.field(at));
        let span = |wanted: Column| place(wanted).map_or(Span::NONE, |at| records.span(at, kept));
        let mut read = told_by_row(text, |text| self.time(text), span)?;
        (read.entry.offset, read.entry.length, read.entry.line) = (record.offset, record.length, record.line);
        Some(read)
    }

    fn time(&self, text: &[u8]) -> Option<Time> {
        if let Some(instant) = epoch(text) {
            return Some((None, Some(instant)));
        }
        let (stamp, _) = self.dates.as_ref()?.parse(text)?;
        Some((Some(stamp), None))
    }
}

/// Reads a row, whatever file it came from; its place is left to the caller.
fn told_by_row<'a>(
    text: impl Fn(Column) -> &'a [u8],
    time: impl Fn(&[u8]) -> Option<Time>,
    mut span: impl FnMut(Column) -> Span,
) -> Option<Read> {
    let event = text(Column::EventType);
    if !is_event(event) {
        return None;
    }
    let (stamp, exact) = time(text(Column::EventTime))?;
    let mut entry = Entry::new(Action::Dialplan, Service::Cel);
    (entry.stamp, entry.exact) = (stamp, exact);
    let Some((action, reason)) = told_by(event, text(Column::AppName)) else {
        return Some(Read { entry, is_event: false });
    };
    (entry.action, entry.reason) = (action, reason);
    let mut filled = |wanted: Column| if text(wanted).is_empty() { Span::NONE } else { span(wanted) };
    entry.channel = filled(Column::Channel);
    entry.context = filled(Column::Context);
    entry.session = filled(Column::Uniqueid);
    entry.detail = filled(Column::LinkedId);
    if action == Action::CallAttempt {
        entry.caller = filled(Column::CallerNumber);
    }
    entry.number = filled(if action == Action::Dialed { Column::AppData } else { Column::Exten });
    entry.account = account_span(text(Column::Channel), entry.channel);
    Some(Read { entry, is_event: true })
}

/// When something happened: as written, or as the record itself tells it.
type Time = (Option<Stamp>, Option<Instant>);

/// A row that was understood, and whether it tells of an event.
struct Read {
    entry: Entry,
    is_event: bool,
}

impl Reader for ChannelEventReader {
    fn access(&self) -> Access {
        Access::InOrder
    }

    fn whole_records(&self, bytes: &[u8]) -> usize {
        self.shape.whole_records(bytes)
    }

    fn read(&self, chunk: &mut Chunk) {
        let mut kept = Kept::new(chunk.records_bytes().len(), std::mem::take(&mut chunk.scratch));
        let bytes = std::mem::take(&mut chunk.bytes);
        let text = bytes.get(chunk.context..).unwrap_or_default();
        let mut records = self.shape.records(text);
        while let Some(next) = records.next() {
            match next.map(|record| (record, self.entry(&records, record, &mut kept))) {
                Err(skipped) => chunk.skipped.push(skipped),
                Ok((_, None)) if is_header(&records, &self.columns) => {}
                Ok((record, None)) => chunk.skipped.push(record.skipped(Why::WrongColumns)),
                Ok((_, Some(read))) => {
                    chunk.records += 1;
                    chunk.first_stamp = chunk.first_stamp.or(read.entry.stamp);
                    chunk.last_stamp = read.entry.stamp.or(chunk.last_stamp);
                    if read.is_event {
                        chunk.entries.push(read.entry);
                    }
                }
            }
        }
        chunk.lines = records.lines();
        chunk.scratch = kept.scratch;
        chunk.bytes = bytes;
    }
}

/// Returns what an event is on the timeline; `None` for those that add nothing to the others.
fn told_by(event: &[u8], application: &[u8]) -> Option<(Action, &'static str)> {
    Some(match event {
        b"CHAN_START" => (Action::CallAttempt, ""),
        b"ANSWER" => (Action::Answered, ""),
        b"HANGUP" => (Action::HungUp, "hangup"),
        b"CHAN_END" => (Action::HungUp, "channel ended"),
        b"APP_START" => match application {
            b"Dial" => (Action::Dialed, ""),
            // Ways out for whoever knows a PIN.
            b"DISA" => (Action::Dialplan, "DISA"),
            b"VoiceMailMain" => (Action::Dialplan, "VoiceMailMain"),
            _ => return None,
        },
        b"BLINDTRANSFER" => (Action::Dialplan, "BLINDTRANSFER"),
        b"ATTENDEDTRANSFER" => (Action::Dialplan, "ATTENDEDTRANSFER"),
        b"TRANSFER" => (Action::Dialplan, "TRANSFER"),
        b"FORWARD" => (Action::Dialplan, "FORWARD"),
        b"PICKUP" => (Action::Dialplan, "PICKUP"),
        _ => return None,
    })
}

/// Returns the span of the account in a channel's name that stands at `channel`.
fn account_span(name: &[u8], channel: Span) -> Span {
    match (channel_account(name), memchr::memchr(b'/', name)) {
        (Some(account), Some(slash)) if !channel.is_none() => {
            Span { start: channel.start + slash as u32 + 1, length: account.len() as u32 }
        }
        _ => Span::NONE,
    }
}

/// Reads `1794381175.648100`.
fn epoch(text: &[u8]) -> Option<Instant> {
    let (seconds, fraction) = match memchr::memchr(b'.', text) {
        Some(dot) => (text.get(..dot)?, text.get(dot + 1..)?),
        None => (text, &b""[..]),
    };
    let are_digits = seconds.iter().chain(fraction).all(u8::is_ascii_digit);
    if !(9..=10).contains(&seconds.len()) || fraction.len() > 6 || !are_digits {
        return None;
    }
    let value = |digits: &[u8]| digits.iter().fold(0, |value, digit| value * 10 + i64::from(digit - b'0'));
    let micros = value(fraction) * 10_i64.pow(6 - fraction.len() as u32);
    Some(Instant(value(seconds) * Instant::SECOND + micros))
}

fn is_header(records: &Records, columns: &[Column]) -> bool {
    let event = columns.iter().position(|&column| column == Column::EventType);
    event.is_some_and(|at| records.field(at).eq_ignore_ascii_case(b"eventtype"))
}

/// Returns whether most rows have an event's name and a channel where `columns` say so.
fn agree(columns: &[Column], rows: &[ByteRecord]) -> bool {
    let place = |wanted: Column| columns.iter().position(|&column| column == wanted);
    let (Some(event), Some(channel)) = (place(Column::EventType), place(Column::Channel)) else {
        return false;
    };
    let fits = |row: &&ByteRecord| {
        let has_time =
            place(Column::EventTime).is_some_and(|at| row.get(at).is_some_and(|text| !text.is_empty()));
        let has_channel = row.get(channel).is_some_and(is_channel_name);
        has_time && has_channel && row.get(event).is_some_and(is_event)
    };
    let fit = rows.iter().filter(fits).count();
    fit > 0 && fit * 2 >= rows.len()
}

/// Tells the columns from what they hold; exten and context stand before the channel in every known order.
fn guessed(rows: &[ByteRecord]) -> Option<Vec<Column>> {
    let row = rows.iter().find(|row| row.iter().any(is_event) && row.iter().any(is_channel_name))?;
    let mut columns = vec![Column::Other; row.len()];
    let event = row.iter().position(is_event)?;
    let channel = row.iter().position(is_channel_name)?;
    let is_time = |text: &[u8]| epoch(text).is_some() || DateFormat::detect(&[text]).is_some();
    let time = (0..row.len()).find(|&at| row.get(at).is_some_and(is_time))?;
    let mut identifiers =
        (channel + 1..row.len()).filter(|&at| row.get(at).is_some_and(super::call_records::is_unique_id));
    let (uniqueid, linkedid) = (identifiers.next(), identifiers.next());
    let placed = [
        (Some(event), Column::EventType),
        (Some(time), Column::EventTime),
        (Some(channel), Column::Channel),
        (channel.checked_sub(1), Column::Context),
        (channel.checked_sub(2), Column::Exten),
        (Some(channel + 1), Column::AppName),
        (Some(channel + 2), Column::AppData),
        (uniqueid, Column::Uniqueid),
        (linkedid, Column::LinkedId),
    ];
    for (at, column) in placed {
        if let Some(place) = at.and_then(|at| columns.get_mut(at)).filter(|place| **place == Column::Other) {
            *place = column;
        }
    }
    Some(columns)
}

fn most_common_width(rows: &[ByteRecord], columns: &[Column]) -> Option<usize> {
    let event = columns.iter().position(|&column| column == Column::EventType)?;
    let mut counts = std::collections::BTreeMap::<usize, usize>::new();
    for row in rows.iter().filter(|row| row.get(event).is_some_and(is_event)) {
        *counts.entry(row.len()).or_default() += 1;
    }
    counts.into_iter().max_by_key(|&(width, count)| (count, width)).map(|(width, _)| width)
}

fn date_format_of(rows: &[ByteRecord], columns: &[Column], configured: Option<&str>) -> Option<DateFormat> {
    let time = columns.iter().position(|&column| column == Column::EventTime)?;
    let samples: Vec<&[u8]> = rows
        .iter()
        .filter_map(|row| row.get(time))
        .filter(|text| !text.is_empty() && epoch(text).is_none())
        .collect();
    let first = samples.first()?;
    let configured =
        configured.and_then(DateFormat::from_strftime).filter(|format| format.parse(first).is_some());
    configured.or_else(|| DateFormat::detect(&samples).map(|(format, _)| format))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_stands_in_the_names_of_channels_that_have_one() {
        assert_eq!(channel_account(b"PJSIP/1001-0000002f"), Some(&b"1001"[..]));
        assert_eq!(channel_account(b"SIP/carrier-out-0000000a"), Some(&b"carrier-out"[..]));
        for other in
            [&b"Local/x@default-1545;1"[..], b"DAHDI/1-1", b"PJSIP/1001", b"PJSIP/-1", b"", b"TinCan/string"]
        {
            assert_eq!(channel_account(other), None, "{}", other.escape_ascii());
        }
    }

    #[test]
    fn epochs_have_up_to_six_digits_of_fraction() {
        assert_eq!(epoch(b"1335310195.513823"), Some(Instant(1_335_310_195_513_823)));
        assert_eq!(epoch(b"1335310195.5"), Some(Instant(1_335_310_195_500_000)));
        assert_eq!(epoch(b"2026-11-11 08:12:55"), None);
    }
}
