//! What makes a carrier's file, or a map of its columns, unusable.

use std::io;

/// A carrier's file, or a map, that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CarrierError {
    /// The file cannot be read.
    #[error("{path}: {cause}")]
    Unreadable {
        /// As given.
        path: String,
        /// What the system says.
        cause: io::Error,
    },
    /// The file is larger than any that is read.
    #[error("{path}: larger than {} KiB, which is the most that is read of such a file", most / 1_024)]
    TooLarge {
        /// As given.
        path: String,
        /// The most bytes.
        most: usize,
    },
    /// `--carrier-tz` is no zone.
    #[error("--carrier-tz {text}: no such zone")]
    Zone {
        /// As given.
        text: String,
    },
    /// The file is a workbook of a spreadsheet program.
    #[error("{path}: a workbook of a spreadsheet program, which is not read")]
    Workbook {
        /// As given.
        path: String,
    },
    /// The file has no row of headers and records.
    #[error("{path}: no table: neither fields below a row of headers nor a list of JSON objects")]
    NoTable {
        /// As given.
        path: String,
    },
    /// No layout fits the headers.
    #[error("{path}: no known layout of a carrier fits these columns: {headers}{nearest}")]
    Unknown {
        /// As given.
        path: String,
        /// The headers found.
        headers: String,
        /// The layout that comes nearest, and what it lacks.
        nearest: String,
    },
    /// Two layouts fit alike.
    #[error("{path}: its columns fit the layout of {first} as well as that of {second}")]
    Ambiguous {
        /// As given.
        path: String,
        /// One.
        first: String,
        /// The other.
        second: String,
    },
    /// Two columns of the file may be meant by one field.
    #[error("{path}: the columns \"{first}\" and \"{second}\" are both `{field}`")]
    TwoColumns {
        /// As given.
        path: String,
        /// The field of the layout.
        field: &'static str,
        /// One header.
        first: String,
        /// The other.
        second: String,
    },
    /// The zone of a file's times is not known.
    #[error("{path}: the records of {carrier} do not say which zone their times are in")]
    ZoneAsked {
        /// As given.
        path: String,
        /// Whose layout it has.
        carrier: String,
    },
    /// Not one row has what a column should hold.
    #[error(
        "{path}:{line}: column \"{header}\", taken for `{field}`, holds \"{value}\": {what}, here and in every row"
    )]
    WrongColumn {
        /// As given.
        path: String,
        /// The first row's line.
        line: u64,
        /// The field of the layout.
        field: &'static str,
        /// The header.
        header: String,
        /// What is wrong.
        what: &'static str,
        /// What stands there.
        value: String,
    },
    /// The map is wrong.
    #[error("{path}:{line}: {what}")]
    Map {
        /// As given.
        path: String,
        /// The line.
        line: usize,
        /// What is wrong with it.
        what: String,
    },
    /// A column that the map names is not in the file.
    #[error("{path}:{line}: column `{field}`: {file} has no column \"{name}\"; it has: {headers}")]
    NoColumn {
        /// The map, as given.
        path: String,
        /// Its line.
        line: usize,
        /// The field.
        field: &'static str,
        /// The header that it names.
        name: String,
        /// The carrier's file.
        file: String,
        /// The headers found.
        headers: String,
    },
}

impl CarrierError {
    /// Returns what may help.
    pub fn hint(&self) -> &'static str {
        match self {
            CarrierError::Unreadable { .. } => "give the file that the carrier's portal exports",
            CarrierError::TooLarge { .. } => "export a shorter period, or cut the file into several",
            CarrierError::Zone { .. } => {
                "a zone is named as in the zone database, as America/New_York, or -05:00"
            }
            CarrierError::Workbook { .. } => {
                "open it and save the sheet as CSV, times as text with their seconds; better: have the portal export CSV"
            }
            CarrierError::NoTable { .. } | CarrierError::Unknown { .. } => {
                "say which column is which with --carrier-map FILE; `tolltrace dispute --help` shows one"
            }
            CarrierError::Ambiguous { .. } => "say which column is which with --carrier-map FILE",
            CarrierError::TwoColumns { .. } => {
                "remove one of them from a copy of the export, or name the right one in a --carrier-map"
            }
            CarrierError::ZoneAsked { .. } => {
                "give the zone that the portal showed times in, as --carrier-tz America/New_York or -05:00"
            }
            CarrierError::WrongColumn { .. } => {
                "name the right column, the order of the date or the unit in a --carrier-map"
            }
            CarrierError::Map { .. } => "`tolltrace dispute --help` shows a whole map",
            CarrierError::NoColumn { .. } => {
                "names count without case, spaces and marks; `optional` lists those that may be missing"
            }
        }
    }
}
