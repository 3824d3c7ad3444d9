//! What a format is: its word, how a file of it is told, and what reads it.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::io::Read;

use super::Reader;
use crate::event::Place;
use crate::pbx::Pbx;
use crate::untrusted::Untrusted;

/// One format of records, registered in [`super::FORMATS`].
pub struct Format {
    /// The word used in every output, and the name of its case file.
    pub word: &'static str,
    /// What its records tell of.
    pub tells: Tells,
    /// Whether its files are text.
    pub content: Content,
    /// How one of its records is found again.
    pub cites: Cites,
    /// Tells the format from a file's path below its root and its first bytes, unpacked.
    ///
    /// The path settles only what the content leaves open: copies are renamed.
    pub looks_like: fn(path: &str, head: &[u8]) -> bool,
    /// Builds the reader of one file; `None` where the file turns out to be of another layout.
    pub open: fn(&Opening<'_>) -> Option<Opened>,
}

/// What the bytes of a format are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Text: a file with a zero byte in its beginning is none.
    Text,
    /// Anything.
    Binary,
    /// Anything, and of no use but as a whole.
    Database,
}

/// Reads the texts of the records that stand at places out of a whole file.
pub type TextsAt = fn(&mut dyn Read, &[Place]) -> BTreeMap<Place, Vec<u8>>;

/// How one record of a format is found again, to be cited.
pub enum Cites {
    /// It is a line.
    Line,
    /// It is a piece of a line that may be of any length; the function says how long it is.
    Piece(fn(&[u8]) -> usize),
    /// It is a row that has a number in its table; the function reads the texts of rows.
    Rows(TextsAt),
    /// It has a number and an offset, and no text of its own.
    Record,
    /// It has an offset, and nothing numbers it: a packet.
    Offset,
    /// It has neither: a row that only the database's own engine finds.
    Nowhere,
}

/// What a format's records tell of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tells {
    /// What a phone server did and refused: its log.
    Server,
    /// Calls that are over, one leg a record.
    Calls,
    /// What channels did, one event a record.
    Channels,
    /// Rows of a database: calls, channel events and settings, whichever of them its tables hold.
    Tables,
    /// What happened in queues.
    Queues,
    /// What other programs of the host saw.
    Host,
    /// What was sent over the network.
    Wire,
}

/// A file about to be read.
#[derive(Clone, Copy, Debug)]
pub struct Opening<'a> {
    /// Its path below its root.
    pub path: &'a str,
    /// Its first bytes, unpacked.
    pub head: &'a [u8],
    /// The configuration, which helps where a file does not tell by itself: date formats, columns.
    pub pbx: &'a Pbx,
    /// The machine whose lines are read alone where lines name theirs.
    pub machine: Option<&'a str>,
}

impl Opening<'_> {
    /// Returns the file's own name.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }
}

/// A reader, and what had to be guessed for it.
pub struct Opened {
    /// Reads the file.
    pub reader: Box<dyn Reader>,
    /// A sentence for the report where something was assumed.
    pub note: Option<String>,
    /// The machines whose phone systems wrote its first lines, where these name theirs.
    pub machines: Vec<Untrusted>,
}

impl Opened {
    /// Returns a reader for which nothing had to be assumed.
    pub fn certain(reader: impl Reader + 'static) -> Self {
        Opened { reader: Box::new(reader), note: None, machines: Vec::new() }
    }
}

// Two formats are the same where they have the same word: a test sees to it that no word is used twice.
impl PartialEq for Format {
    fn eq(&self, other: &Self) -> bool {
        self.word == other.word
    }
}

impl Eq for Format {}

impl PartialOrd for Format {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Format {
    fn cmp(&self, other: &Self) -> Ordering {
        self.word.cmp(other.word)
    }
}

impl Hash for Format {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.word.hash(state);
    }
}

impl fmt::Debug for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word)
    }
}
