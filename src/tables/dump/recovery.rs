//! Finding the way again: behind something damaged, and behind the bodies of triggers and procedures.

use super::{Dump, State, Step, Wanted};

impl Dump {
    /// Walks over the lines in which triggers and procedures stand.
    pub(super) fn delimited(&mut self, bytes: &[u8], at: usize, in_line: bool) -> Step {
        const LONGEST: usize = 32;
        let rest = bytes.get(at..).unwrap_or_default();
        let Some(length) = memchr::memchr(b'\n', rest) else {
            if !in_line && rest.len() < LONGEST {
                return Step::More;
            }
            self.state = State::Delimited { in_line: true };
            return Step::To(bytes.len());
        };
        let line = rest.get(..length).unwrap_or_default().trim_ascii_end();
        let ends = !in_line && line.eq_ignore_ascii_case(b"DELIMITER ;");
        self.state = if ends { State::Between } else { State::Delimited { in_line: false } };
        Step::To(at + length + 1)
    }

    /// Looks for the next row or statement behind something damaged.
    pub(super) fn seeking(&mut self, bytes: &[u8], at: usize, rows: Option<Wanted>) -> Step {
        /// So many bytes behind a line's end tell what it begins.
        const TELLING: usize = 16;
        let rest = bytes.get(at..).unwrap_or_default();
        for found in memchr::memchr2_iter(b')', b'\n', rest) {
            let behind = rest.get(found + 1..).unwrap_or_default();
            if behind.len() < TELLING && !self.at_end {
                return if found > 0 { Step::To(at + found) } else { Step::More };
            }
            if rest.get(found) == Some(&b')') {
                if let Some(wanted) = rows.filter(|_| behind.starts_with(b",(")) {
                    self.state = State::Rows(wanted);
                    return Step::To(at + found + 2);
                }
            } else if let Some(wanted) = rows.filter(|_| behind.starts_with(b"(")) {
                self.state = State::Rows(wanted);
                return Step::To(at + found + 1);
            } else if begins_statement(behind) {
                self.state = State::Between;
                return Step::To(at + found + 1);
            }
        }
        Step::To(bytes.len())
    }
}

/// Returns whether a line begins with what begins a statement or a section of a dump.
fn begins_statement(line: &[u8]) -> bool {
    const WORDS: [&str; 12] = [
        "INSERT INTO ",
        "REPLACE INTO ",
        "CREATE TABLE ",
        "DROP TABLE ",
        "LOCK TABLES ",
        "UNLOCK TABLES",
        "COPY ",
        "USE ",
        "ALTER TABLE ",
        "/*!",
        "-- ",
        "--\n",
    ];
    WORDS
        .iter()
        .any(|word| line.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes())))
}
