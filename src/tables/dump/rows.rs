//! The rows of one table: those between parentheses, and those that are lines.

use super::{Dump, Lines, Place, Rows, State, Step, Wanted};
use crate::readers::Why;
use crate::tables::pass::Pass;
use crate::tables::scan::{Scan, skip_blank};
use crate::tables::{copy, known, row};

/// No row of a wanted table is longer; a longer one is lost.
const LONGEST_ROW: usize = 64 * 1024;

impl Dump {
    /// Walks over the next row of an `INSERT`, or over what stands between rows.
    pub(super) fn in_rows(
        &mut self,
        bytes: &[u8],
        at: usize,
        wanted: Wanted,
        rows: &mut dyn Rows,
        lines: &mut Lines<'_>,
    ) -> Step {
        let rest = bytes.get(at..).unwrap_or_default();
        match rest {
            [] => return Step::More,
            [b';', ..] => {
                self.state = State::Between;
                return Step::To(at + 1);
            }
            [b',', ..] => return Step::To(at + 1),
            [byte, ..] if byte.is_ascii_whitespace() => return Step::To(skip_blank(bytes, at)),
            [b'(', ..] => {}
            // `ON DUPLICATE KEY UPDATE ...`, a comment.
            _ => return self.pass(Pass::default(), at),
        }
        let limited = bytes.get(..at + LONGEST_ROW).unwrap_or(bytes);
        match row::read(limited, at, self.dialect, &mut self.row) {
            Scan::To(end) => {
                if wanted == Wanted::ByFirstRow && !self.columns_by_row(bytes, rows) {
                    return self.pass(Pass::default(), at);
                }
                self.hand_over(bytes, lines.place(at, end - at), rows);
                Step::To(end)
            }
            Scan::More if limited.len() == bytes.len() && rest.len() < LONGEST_ROW => Step::More,
            other => {
                let why = match other {
                    Scan::More => Why::TooLong,
                    Scan::Broken(_) => Why::CutOff,
                    _ => Why::UnknownForm,
                };
                rows.lost(lines.place(at, 1), why);
                self.state = State::Seeking { rows: Some(wanted) };
                Step::To(at + 1)
            }
        }
    }

    /// Tells the columns of a table, which nothing in the dump says, from its first row.
    fn columns_by_row(&mut self, bytes: &[u8], rows: &mut dyn Rows) -> bool {
        let values = self.row.values(bytes);
        let first = values.first().copied().flatten();
        let Some(columns) = known::columns(&self.table.name, values.len(), first) else { return false };
        self.table.columns = columns;
        self.state = State::Rows(Wanted::Yes);
        rows.begin(&self.table)
    }

    fn hand_over(&self, bytes: &[u8], place: Place, rows: &mut dyn Rows) {
        if self.row.len() == self.table.columns.len() {
            rows.row(&self.row.values(bytes), place);
        } else {
            rows.lost(place, Why::WrongColumns);
        }
    }

    /// Walks over one line of a `COPY`.
    pub(super) fn in_copy(
        &mut self,
        bytes: &[u8],
        at: usize,
        wanted: bool,
        in_line: bool,
        rows: &mut dyn Rows,
        lines: &mut Lines<'_>,
    ) -> Step {
        let rest = bytes.get(at..).unwrap_or_default();
        let limited = rest.get(..LONGEST_ROW).unwrap_or(rest);
        let Some(length) = memchr::memchr(b'\n', limited) else {
            if rest.len() < LONGEST_ROW && !in_line {
                return Step::More;
            }
            if !in_line && wanted {
                rows.lost(lines.place(at, limited.len()), Why::TooLong);
            }
            self.others += u64::from(!in_line && !wanted);
            self.state = State::Copy { wanted, in_line: true };
            return Step::To(at + limited.len());
        };
        let line = limited.get(..length).unwrap_or_default();
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line == b"\\." && !in_line {
            self.state = State::Between;
        } else if in_line {
            self.state = State::Copy { wanted, in_line: false };
        } else if !wanted {
            self.others += 1;
        } else if copy::read(line, at, &mut self.row) {
            self.hand_over(bytes, lines.place(at, line.len()), rows);
        } else {
            rows.lost(lines.place(at, line.len()), Why::WrongColumns);
        }
        Step::To(at + length + 1)
    }
}
