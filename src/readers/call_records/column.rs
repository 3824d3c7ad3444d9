//! The columns that call records have, whatever their order.
//!
//! Names are those of Asterisk's `CDR()` function, which `cdr_custom.conf`, the database tables and
//! their exports share; `calldate` is what the tables call `start`.

/// What one column of a call record holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    AccountCode,
    Src,
    Dst,
    Context,
    CallerId,
    Channel,
    DstChannel,
    LastApp,
    LastData,
    Start,
    Answer,
    End,
    Duration,
    Billsec,
    Disposition,
    Uniqueid,
    Userfield,
    LinkedId,
    Sequence,
    /// Something that no question is asked about.
    Other,
}

impl Column {
    /// Tells a column from its name in a mapping or a header.
    pub(super) fn from_name(name: &str) -> Self {
        match name.trim().to_ascii_lowercase().as_str() {
            "accountcode" => Column::AccountCode,
            "src" | "source" => Column::Src,
            "dst" | "destination" => Column::Dst,
            "dcontext" => Column::Context,
            "clid" | "callerid" => Column::CallerId,
            "channel" => Column::Channel,
            "dstchannel" => Column::DstChannel,
            "lastapp" => Column::LastApp,
            "lastdata" => Column::LastData,
            "start" | "calldate" | "call date" => Column::Start,
            "answer" => Column::Answer,
            "end" => Column::End,
            "duration" => Column::Duration,
            "billsec" => Column::Billsec,
            "disposition" => Column::Disposition,
            "uniqueid" => Column::Uniqueid,
            "userfield" => Column::Userfield,
            "linkedid" => Column::LinkedId,
            "sequence" => Column::Sequence,
            _ => Column::Other,
        }
    }
}

/// The columns that `cdr_csv` always writes, in its order.
const CDR_CSV: [Column; 16] = [
    Column::AccountCode,
    Column::Src,
    Column::Dst,
    Column::Context,
    Column::CallerId,
    Column::Channel,
    Column::DstChannel,
    Column::LastApp,
    Column::LastData,
    Column::Start,
    Column::Answer,
    Column::End,
    Column::Duration,
    Column::Billsec,
    Column::Disposition,
    Column::Other,
];
/// What `newcdrcolumns` adds at the end: `peeraccount`, `linkedid`, `sequence`.
const NEWER: [Column; 3] = [Column::Other, Column::LinkedId, Column::Sequence];

/// The first column of a `cdr_csv` row that an option may leave out.
pub(super) const FIRST_OPTIONAL: usize = CDR_CSV.len();

/// The fewest and the most columns that `cdr_csv` writes.
pub(super) const CDR_CSV_WIDTHS: std::ops::RangeInclusive<usize> = 16..=21;

/// Returns what `column` of a `cdr_csv` row of `width` columns holds.
///
/// `cdr.conf` may be changed while the file grows, so each row speaks for itself. One column between
/// the first sixteen and the newer three is either the `uniqueid` or the `userfield`.
pub(super) fn of_cdr_csv(column: usize, width: usize, has_uniqueid: bool) -> Column {
    if let Some(&known) = CDR_CSV.get(column) {
        return known;
    }
    let newer = if width >= CDR_CSV.len() + NEWER.len() { NEWER.len() } else { 0 };
    let between = width.saturating_sub(CDR_CSV.len() + newer);
    match (column - CDR_CSV.len(), between) {
        (0, 1) if !has_uniqueid => Column::Userfield,
        (0, 1 | 2) => Column::Uniqueid,
        (1, 2) => Column::Userfield,
        (past, between) => NEWER.get(past.saturating_sub(between)).copied().unwrap_or(Column::Other),
    }
}
