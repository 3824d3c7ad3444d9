//! Which column of a file of call records is which.
//!
//! Nothing in such a file says so, unless it has a header: `cdr_csv` has 16 to 21 columns by options
//! of `cdr.conf`, `cdr_custom` has what its mapping lists, exports have what their program chose.

use csv::ByteRecord;

use super::column::{CDR_CSV_WIDTHS, Column, FIRST_OPTIONAL, of_cdr_csv};
use super::guess::{self, Sample};
use super::shapes::{is_channel, is_date, is_disposition, is_uniqueid};
use crate::readers::delimited::{Shape, sample};

/// A column name is no longer than that.
const LONGEST_NAME: usize = 40;

/// Which column of a file of call records is which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(super) shape: Shape,
    order: Order,
    header: Option<Vec<u8>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Order {
    /// The orders of `cdr_csv`, by width: each row is as wide as its options were when it was written.
    ///
    /// The second of each pair is for rows whose first optional column is a `uniqueid`.
    CdrCsv(Vec<[Vec<Column>; 2]>),
    /// One order for all rows.
    Fixed(Vec<Column>),
}

impl Order {
    fn of_cdr_csv() -> Self {
        let order = |width, has_uniqueid| (0..width).map(|at| of_cdr_csv(at, width, has_uniqueid)).collect();
        Order::CdrCsv(CDR_CSV_WIDTHS.map(|width| [order(width, false), order(width, true)]).collect())
    }
}

impl Layout {
    /// Finds the layout of a file from its first bytes.
    ///
    /// `custom` are the columns that `cdr_custom.conf` lists for the file; the configuration may have
    /// changed since the file was written, so they count only as far as the content agrees.
    pub(crate) fn find(head: &[u8], custom: Option<&[String]>) -> Option<Layout> {
        b",;\t".iter().find_map(|&delimiter| Self::find_delimited(head, delimiter, custom))
    }

    fn find_delimited(head: &[u8], delimiter: u8, custom: Option<&[String]>) -> Option<Layout> {
        memchr::memchr(delimiter, head)?;
        let rows = sample(head, delimiter);
        if let Some(columns) = rows.first().and_then(named_columns) {
            let header = first_line(head).to_vec();
            return Some(Self::fixed(delimiter, columns, Some(header)));
        }
        let (width, has_most) = most_common_width(&rows)?;
        if is_cdr_csv(&rows) {
            let shape = Shape { delimiter, widths: CDR_CSV_WIDTHS, usual: width };
            return Some(Layout { shape, order: Order::of_cdr_csv(), header: None });
        }
        if !has_most {
            return None;
        }
        let rows: Vec<&ByteRecord> = rows.iter().filter(|row| row.len() == width).collect();
        let sample = Sample::new(&rows, width);
        let columns =
            custom.and_then(|names| agreed(&sample, names, width)).or_else(|| guess::columns(&sample))?;
        Some(Self::fixed(delimiter, columns, None))
    }

    fn fixed(delimiter: u8, columns: Vec<Column>, header: Option<Vec<u8>>) -> Layout {
        let (widths, usual) = (columns.len()..=columns.len(), columns.len());
        Layout { shape: Shape { delimiter, widths, usual }, order: Order::Fixed(columns), header }
    }

    /// Returns what the columns hold of a row that is `width` wide and has this text in its first optional one.
    pub(super) fn columns(&self, width: usize, optional: &[u8]) -> &[Column] {
        match &self.order {
            Order::Fixed(columns) => columns,
            Order::CdrCsv(orders) => width
                .checked_sub(FIRST_OPTIONAL)
                .and_then(|more| orders.get(more)?.get(usize::from(is_uniqueid(optional))))
                .map(Vec::as_slice)
                .unwrap_or_default(),
        }
    }

    /// Returns where `wanted` stands in most rows.
    pub(super) fn place(&self, wanted: Column) -> Option<usize> {
        const ANY_UNIQUEID: &[u8] = b"1000000000.0";
        self.columns(self.shape.usual, ANY_UNIQUEID).iter().position(|&column| column == wanted)
    }

    /// Returns whether `record` is the file's line of column names.
    pub(super) fn is_header(&self, record: &[u8]) -> bool {
        self.header.as_deref() == Some(record)
    }

    /// Returns the rows of a file's first bytes, for a look at one column.
    pub(super) fn samples(&self, head: &[u8]) -> Vec<ByteRecord> {
        let mut rows = sample(head, self.shape.delimiter);
        rows.retain(|row| self.shape.widths.contains(&row.len()));
        rows
    }
}

fn first_line(head: &[u8]) -> &[u8] {
    let line = head.split(|&byte| byte == b'\n').next().unwrap_or_default();
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Reads a header: names only, among them those without which there is no call.
fn named_columns(row: &ByteRecord) -> Option<Vec<Column>> {
    let mut columns = Vec::with_capacity(row.len());
    for name in row {
        let name = std::str::from_utf8(name).ok().filter(|name| name.len() <= LONGEST_NAME)?;
        let column = Column::from_name(name.trim_start_matches('\u{feff}'));
        let is_new = column == Column::Other || !columns.contains(&column);
        columns.push(if is_new { column } else { Column::Other });
    }
    let has = |wanted: Column| columns.contains(&wanted);
    let tells_calls =
        has(Column::Start) && has(Column::Dst) && has(Column::Billsec) && has(Column::Disposition);
    let is_asterisk =
        has(Column::Channel) || has(Column::Context) || has(Column::CallerId) || has(Column::LastApp);
    (tells_calls && is_asterisk).then_some(columns)
}

/// Returns whether the columns that `cdr_csv` always writes are where it writes them, in most rows.
fn is_cdr_csv(rows: &[ByteRecord]) -> bool {
    let as_wide: Vec<&ByteRecord> = rows.iter().filter(|row| CDR_CSV_WIDTHS.contains(&row.len())).collect();
    if as_wide.len() * 2 < rows.len() {
        return false;
    }
    let found = guess::columns(&Sample::new(&as_wide, FIRST_OPTIONAL)).unwrap_or_default();
    let is_as_usual = |at: usize| found.get(at) == Some(&of_cdr_csv(at, FIRST_OPTIONAL, false));
    (0..FIRST_OPTIONAL).all(is_as_usual)
}

/// Returns how many columns most rows have, and whether these rows are at least half of all.
fn most_common_width(rows: &[ByteRecord]) -> Option<(usize, bool)> {
    let mut counts = std::collections::BTreeMap::<usize, usize>::new();
    for row in rows {
        *counts.entry(row.len()).or_default() += 1;
    }
    let (width, count) = counts.into_iter().max_by_key(|&(width, count)| (count, width))?;
    Some((width, count * 2 >= rows.len()))
}

/// Returns the columns of a mapping, where the rows look as it says.
fn agreed(sample: &Sample, names: &[String], width: usize) -> Option<Vec<Column>> {
    let columns: Vec<Column> = names.iter().map(|name| Column::from_name(name)).collect();
    let place = |wanted: Column| columns.iter().position(|&column| column == wanted);
    let fits =
        |wanted: Column, form: fn(&[u8]) -> bool| place(wanted).is_none_or(|at| sample.is_mostly(at, form));
    let agrees = columns.len() == width
        && place(Column::Start).is_some()
        && fits(Column::Start, is_date)
        && fits(Column::Disposition, is_disposition)
        && fits(Column::Channel, is_channel);
    agrees.then_some(columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: &str = r#"a,"""X"" <206>",206,3125551234,from-internal,SIP/206-0,SIP/1-1,Dial,x,2026-11-11 08:12:55,1,1,ANSWERED"#;

    fn names(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn a_mapping_counts_as_far_as_the_content_agrees() {
        let mapping = names(
            "x clid src dst dcontext channel dstchannel lastapp lastdata start duration billsec disposition",
        );
        let found = Layout::find(ROW.as_bytes(), Some(&mapping)).expect("call records");
        assert_eq!(found.place(Column::Start), Some(9));
        let stale = names(
            "start clid src dst dcontext channel dstchannel lastapp lastdata answer duration billsec disposition",
        );
        let found = Layout::find(ROW.as_bytes(), Some(&stale)).expect("call records");
        assert_eq!((found.place(Column::Start), found.place(Column::Dst)), (Some(9), Some(3)));
    }

    #[test]
    fn numbers_of_ten_digits_are_no_epochs() {
        let row = r#""","1125551234","1125550100","from-trunk",""""" <1125551234>","PJSIP/c-00000004","PJSIP/3-00000005","Dial","PJSIP/3","2026-09-08 13:35:45",,"2026-09-08 13:35:46",0,0,"NO ANSWER","DOCUMENTATION","1788874545.4","""#;
        let found = Layout::find(format!("{row}\"\n").repeat(3).as_bytes(), None).expect("call records");
        assert_eq!((found.place(Column::Start), found.place(Column::Src)), (Some(9), Some(1)));
    }

    #[test]
    fn other_tables_are_not_call_records() {
        let others = [
            "name,address,when,count,total,state\na,b,2026-11-11 08:12:55,1,2,BUSY\n",
            "Nov 11 08:12:55 pbx asterisk[1]: a, b, c, d, e, f, g\n",
            "1,2,3,4,5,6,7\n",
            "",
            ",,,,,,,\n,,,,,,,\n",
        ];
        for other in others {
            assert_eq!(Layout::find(other.as_bytes(), None), None, "{other}");
        }
    }
}
