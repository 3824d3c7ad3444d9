//! A report as blocks of text, between the model and the renderings that people read.
//!
//! Sections turn the model into blocks once; the terminal and Markdown renderings differ only in
//! how a block looks. Text from evidence stays [`Untrusted`] until a rendering escapes it, and
//! sentences are escaped too: they may name a file or an account.

use crate::untrusted::Untrusted;

use super::model::{Proof, When};

/// A piece of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// The program's own words.
    Words(String),
    /// The program's own words, which a reader in haste must not miss.
    Strong(String),
    /// Text from the evidence.
    Evidence(Untrusted),
}

/// One line of text, of several pieces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line(pub Vec<Piece>);

impl Line {
    /// Adds the program's own words.
    #[must_use]
    pub fn words(mut self, text: impl Into<String>) -> Self {
        self.0.push(Piece::Words(text.into()));
        self
    }

    /// Builds a line of words in which what stands between backticks is to be typed as it is.
    pub fn typed(text: &str) -> Self {
        let pieces = text.split('`').enumerate().filter(|(_, piece)| !piece.is_empty());
        pieces.fold(Line::default(), |line, (index, piece)| {
            if index % 2 == 1 { line.evidence(&Untrusted::from(piece)) } else { line.words(piece) }
        })
    }

    /// Adds words that must not be missed.
    #[must_use]
    pub fn strong(mut self, text: impl Into<String>) -> Self {
        self.0.push(Piece::Strong(text.into()));
        self
    }

    /// Builds a line of a file's path, which whoever made the file chose.
    pub fn path(path: &str) -> Self {
        Line::default().evidence(&Untrusted::from(path))
    }

    /// Returns whether there is nothing in the line, or but the dash that stands for nothing.
    pub fn is_void(&self) -> bool {
        self.0.iter().all(|piece| matches!(piece, Piece::Words(words) if words.is_empty() || words == "-"))
    }

    /// Adds text from the evidence.
    #[must_use]
    pub fn evidence(mut self, text: &Untrusted) -> Self {
        self.0.push(Piece::Evidence(text.clone()));
        self
    }
}

impl From<String> for Line {
    fn from(text: String) -> Self {
        Line::default().words(text)
    }
}

impl From<&str> for Line {
    fn from(text: &str) -> Self {
        Line::default().words(text)
    }
}

impl From<&Untrusted> for Line {
    fn from(text: &Untrusted) -> Self {
        Line::default().evidence(text)
    }
}

impl From<u64> for Line {
    fn from(number: u64) -> Self {
        number.to_string().into()
    }
}

/// A table: every row has as many cells as the header.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// Names of the columns; one that begins with `#` holds numbers and is shown without the mark.
    pub header: Vec<&'static str>,
    /// The rows.
    pub rows: Vec<Vec<Line>>,
}

/// A block of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// A section's title.
    Heading(String),
    /// The title of a part of a section.
    Subheading(Line),
    /// A paragraph.
    Paragraph(Line),
    /// A list.
    List(Vec<Line>),
    /// A table.
    Table(Table),
    /// Places in the evidence and what stands there.
    Proofs(Vec<Proof>),
    /// Commands to run next.
    Commands(Vec<String>),
}

impl Block {
    /// Builds a heading.
    pub fn heading(text: &str) -> Self {
        Block::Heading(text.to_owned())
    }

    /// Builds a table, or nothing when there are no rows; columns without any value stay out.
    pub fn table(header: &[&'static str], rows: Vec<Vec<Line>>) -> Vec<Self> {
        if rows.is_empty() {
            return Vec::new();
        }
        let has_value =
            |index: &usize| rows.iter().any(|row| row.get(*index).is_some_and(|cell| !cell.is_void()));
        let kept: Vec<usize> = (0..header.len()).filter(has_value).collect();
        let header = kept.iter().filter_map(|&index| header.get(index).copied()).collect();
        let keep = |row: Vec<Line>| {
            let cells = row.into_iter().enumerate().filter(|(index, _)| kept.contains(index));
            cells.map(|(_, cell)| cell).collect()
        };
        let rows = rows.into_iter().map(keep).collect();
        vec![Block::Table(Table { header, rows })]
    }

    /// Builds a list, or nothing when there are no entries.
    pub fn list<L: Into<Line>>(entries: impl IntoIterator<Item = L>) -> Vec<Self> {
        let lines: Vec<Line> = entries.into_iter().map(Into::into).collect();
        if lines.is_empty() { Vec::new() } else { vec![Block::List(lines)] }
    }
}

/// Returns an instant with its offset from UTC, to the second.
pub fn instant(when: &When) -> String {
    when.format("%Y-%m-%d %H:%M:%S%:z").to_string()
}

/// Returns an instant, or a dash where none is known.
pub fn instant_or_dash(when: Option<&When>) -> String {
    when.map_or_else(|| "-".to_owned(), instant)
}

/// Returns seconds as hours, minutes and seconds (`3h 05m 12s`).
pub fn duration(seconds: u64) -> String {
    let (hours, minutes, rest) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{rest}s"),
        (0, _) => format!("{minutes}m {rest:02}s"),
        _ => format!("{hours}h {minutes:02}m {rest:02}s"),
    }
}

/// Returns seconds in words, a dash where they are not known.
pub fn duration_or_dash(seconds: Option<u64>) -> String {
    seconds.map_or_else(|| "-".to_owned(), duration)
}

/// Returns a count with its noun, in the plural unless there is one (`1 call`, `3 calls`, `2 addresses`).
pub fn counted(count: u64, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        _ if noun.ends_with("ss") => format!("{count} {noun}es"),
        _ => format!("{count} {noun}s"),
    }
}

/// Returns `path:line`, or the offset where the source has no lines.
pub fn place(proof: &Proof) -> String {
    match (proof.line, proof.offset) {
        (Some(line), _) => format!("{}:{line}", proof.path),
        (None, Some(offset)) => format!("{}@{offset}", proof.path),
        (None, None) => proof.path.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_counts_read_well() {
        assert_eq!(duration(59), "59s");
        assert_eq!(duration(11_112), "3h 05m 12s");
        assert_eq!(counted(1, "call"), "1 call");
        assert_eq!(counted(0, "call"), "0 calls");
        assert_eq!(counted(2, "address"), "2 addresses");
    }

    #[test]
    fn columns_without_a_value_stay_out() {
        let rows = vec![vec!["a".into(), "-".into(), 1.into()], vec!["b".into(), "".into(), 2.into()]];
        let blocks = Block::table(&["name", "country", "#calls"], rows);
        let Some(Block::Table(table)) = blocks.first() else { panic!("no table") };
        assert_eq!(table.header, ["name", "#calls"]);
        assert!(table.rows.iter().all(|row| row.len() == 2));
    }
}
