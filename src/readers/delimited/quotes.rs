//! Following quotes through text, by the rules of the `csv` crate.
//!
//! A quote opens a field only as its first character; in a quoted field a doubled quote stands for
//! one; what follows a closing quote belongs to the field as it stands.

/// Where in a field the text has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Start,
    Plain,
    Quoted,
    Closing,
}

/// Counts fields and knows whether a quote is open.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quotes {
    delimiter: u8,
    state: State,
    delimiters: usize,
}

impl Quotes {
    /// Begins at the start of a record.
    pub(super) fn new(delimiter: u8) -> Self {
        Quotes { delimiter, state: State::Start, delimiters: 0 }
    }

    /// Follows one more line.
    pub(super) fn follow(&mut self, line: &[u8]) {
        for &byte in line {
            self.step(byte);
        }
    }

    fn step(&mut self, byte: u8) {
        self.state = match (self.state, byte) {
            (State::Start | State::Closing, b'"') => State::Quoted,
            (State::Quoted, b'"') => State::Closing,
            (State::Quoted, _) => State::Quoted,
            (_, byte) if byte == self.delimiter => {
                self.delimiters += 1;
                State::Start
            }
            _ => State::Plain,
        };
    }

    /// Returns whether the text so far ends inside a quoted field.
    pub(super) fn are_open(&self) -> bool {
        self.state == State::Quoted
    }

    /// Returns how many fields the text so far holds.
    pub(super) fn fields(&self) -> usize {
        self.delimiters + 1
    }

    /// Returns the length of the field that `bytes` begin with, and whether its quote was closed.
    pub(super) fn field_length(bytes: &[u8], delimiter: u8) -> (usize, bool) {
        let mut quotes = Quotes::new(delimiter);
        for (index, &byte) in bytes.iter().enumerate() {
            quotes.step(byte);
            if quotes.delimiters > 0 {
                return (index, true);
            }
        }
        (bytes.len(), !quotes.are_open())
    }
}
