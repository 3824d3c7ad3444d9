//! Call detail records as delimited text: one row for each leg of a call.
//!
//! Reads what Asterisk's `cdr_csv` and `cdr_custom` write, and what databases and panels export of
//! the same columns. Which column is which is found once, from the file's first bytes ([`Layout`]);
//! the numbers are left as they stand, and what a row means is left to others.

mod column;
mod guess;
mod layout;
mod row;
mod shapes;
mod table;

pub(super) use layout::Layout;
pub(super) use table::CallTable;

use column::Column;
use shapes::epoch_of_uniqueid;

pub(super) use shapes::{is_channel as is_channel_name, is_uniqueid as is_unique_id};

use super::delimited::{Kept, Record, Records};
use super::{Access, Chunk, Cites, Content, Format, Opened, Reader, Tells, Why};
use crate::clock::{DateFormat, with_fraction};
use crate::event::{CallRow, Stamp};

/// How Asterisk writes dates where nothing says otherwise.
const USUAL_DATES: &str = "%Y-%m-%d %T";
/// A zone is no further from UTC than that; a day is for records written long after their channel.
const FARTHEST: i64 = 38 * 3_600;

/// How a file of call records is told and read.
pub(super) static FORMAT: Format = Format {
    word: "call-records",
    tells: Tells::Calls,
    content: Content::Text,
    cites: Cites::Line,
    looks_like: |_, head| Layout::find(head, None).is_some(),
    open: |opening| {
        let is_custom = opening.path.contains("cdr-custom");
        let columns = opening.pbx.call_records.custom_columns.get(opening.name()).filter(|_| is_custom);
        let (reader, note) = CallRecordReader::find(opening.head, columns.map(Vec::as_slice))
            .or_else(|| CallRecordReader::find(opening.head, None))?;
        Some(Opened { note, ..Opened::certain(reader) })
    },
};

/// Reads call records of one layout.
#[derive(Clone, Debug)]
pub(super) struct CallRecordReader {
    layout: Layout,
    dates: DateFormat,
    /// Does the file lack the column `answer`, as the tables of databases do?
    has_no_answer: bool,
}

impl CallRecordReader {
    /// Builds a reader for files of `layout` whose dates are written as `dates` says.
    pub(super) fn new(layout: Layout, dates: DateFormat) -> Self {
        let has_no_answer = layout.place(Column::Answer).is_none();
        CallRecordReader { layout, dates, has_no_answer }
    }

    /// Finds layout and dates from a file's first bytes.
    ///
    /// The second value is a sentence for the report where the order of day and month is an assumption.
    pub(super) fn find(head: &[u8], custom: Option<&[String]>) -> Option<(Self, Option<String>)> {
        let layout = Layout::find(head, custom)?;
        let start = layout.place(Column::Start)?;
        let rows = layout.samples(head);
        let starts: Vec<&[u8]> =
            rows.iter().filter_map(|row| row.get(start)).filter(|text| shapes::is_date(text)).collect();
        let (dates, doubt) = match DateFormat::detect(&starts) {
            Some((dates, Some(doubt))) => without_doubt(&layout, &rows, start, dates, doubt),
            Some(certain) => certain,
            None => (DateFormat::from_strftime(USUAL_DATES)?, None),
        };
        Some((Self::new(layout, dates), doubt))
    }

    fn row(&self, records: &Records, record: Record, kept: &mut Kept) -> Option<CallRow> {
        let columns = self.layout.columns(records.width(), records.field(column::FIRST_OPTIONAL));
        let stamp = |text: &[u8]| self.stamp(text);
        let mut row =
            row::read(columns, records.fields(), self.has_no_answer, stamp, |at| records.span(at, kept))?;
        (row.offset, row.length, row.line) = (record.offset, record.length, record.line);
        Some(row)
    }

    fn stamp(&self, text: &[u8]) -> Option<Stamp> {
        let text = text.trim_ascii_start();
        let (stamp, used) = self.dates.parse(text)?;
        Some(with_fraction(stamp, used, text).map_or(stamp, |(stamp, _)| stamp))
    }
}

impl Reader for CallRecordReader {
    fn access(&self) -> Access {
        Access::InOrder
    }

    fn whole_records(&self, bytes: &[u8]) -> usize {
        self.layout.shape.whole_records(bytes)
    }

    fn read(&self, chunk: &mut Chunk) {
        let mut kept = Kept::new(chunk.records_bytes().len(), std::mem::take(&mut chunk.scratch));
        let bytes = std::mem::take(&mut chunk.bytes);
        let text = bytes.get(chunk.context..).unwrap_or_default();
        let mut records = self.layout.shape.records(text);
        while let Some(next) = records.next() {
            match next {
                Err(skipped) => chunk.skipped.push(skipped),
                Ok(record) if self.layout.is_header(record.text(text)) => {}
                Ok(record) => match self.row(&records, record, &mut kept) {
                    None => chunk.skipped.push(record.skipped(Why::WrongColumns)),
                    Some(row) => {
                        chunk.records += 1;
                        chunk.first_stamp = chunk.first_stamp.or(row.start);
                        chunk.last_stamp = row.start.or(chunk.last_stamp);
                        chunk.rows.push(row);
                    }
                },
            }
        }
        chunk.lines = records.lines();
        chunk.scratch = kept.scratch;
        chunk.bytes = bytes;
    }
}

/// Settles the order of day and month by the rows' own `uniqueid`, which holds an epoch.
fn without_doubt(
    layout: &Layout,
    rows: &[csv::ByteRecord],
    start: usize,
    dates: DateFormat,
    doubt: String,
) -> (DateFormat, Option<String>) {
    let Some(uniqueid) = layout.place(Column::Uniqueid) else { return (dates, Some(doubt)) };
    let Some(swapped) = with_day_and_month_swapped(&dates) else { return (dates, Some(doubt)) };
    let near = |format: &DateFormat| {
        let is_near = |row: &&csv::ByteRecord| {
            let epoch = row.get(uniqueid).and_then(epoch_of_uniqueid);
            let stamp = row.get(start).and_then(|text| format.parse(text)).map(|(stamp, _)| stamp);
            epoch.zip(stamp).is_some_and(|(epoch, stamp)| (epoch - local_seconds(stamp)).abs() <= FARTHEST)
        };
        rows.iter().filter(is_near).count()
    };
    match (near(&dates), near(&swapped)) {
        (as_assumed, otherwise) if as_assumed > otherwise => (dates, None),
        (as_assumed, otherwise) if as_assumed < otherwise => (swapped, None),
        _ => (dates, Some(doubt)),
    }
}

/// Returns the format that has the day where `dates` has the month, and the other way round.
fn with_day_and_month_swapped(dates: &DateFormat) -> Option<DateFormat> {
    let mut text = String::new();
    let mut is_field = false;
    for letter in dates.text().chars() {
        text.push(match (is_field, letter) {
            (true, 'd') => 'm',
            (true, 'm') => 'd',
            _ => letter,
        });
        is_field = letter == '%' || (is_field && letter == '-');
    }
    DateFormat::from_strftime(&text)
}

/// Counts a stamp's seconds since 1970 as if it were written in UTC.
fn local_seconds(stamp: Stamp) -> i64 {
    let date =
        chrono::NaiveDate::from_ymd_opt(i32::from(stamp.year), u32::from(stamp.month), u32::from(stamp.day));
    let midnight = date.unwrap_or_default().and_time(chrono::NaiveTime::MIN).and_utc().timestamp();
    midnight + i64::from(stamp.second)
}
