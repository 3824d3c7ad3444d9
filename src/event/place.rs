//! Where a statement comes from.

/// The index of a source in the case's table of sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub u16);

/// The place of one record: in a gz, line and offset count in the decompressed stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The source.
    pub source: SourceId,
    /// Byte offset of the record's first byte.
    pub offset: u64,
    /// Line number, from 1; 0 where the source has no lines (a database).
    pub line: u32,
}

/// A place together with the raw text that stands there, kept while it was read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Citation {
    /// Where the text stands.
    pub place: Place,
    /// The record's bytes, cut at [`Citation::LONGEST`].
    pub text: Box<[u8]>,
}

impl Citation {
    /// The most bytes of a record that are kept as proof.
    pub const LONGEST: usize = 1_024;

    /// Keeps `text` as the proof found at `place`.
    pub fn new(place: Place, text: &[u8]) -> Self {
        let kept = text.get(..Self::LONGEST).unwrap_or(text);
        Citation { place, text: kept.into() }
    }
}
