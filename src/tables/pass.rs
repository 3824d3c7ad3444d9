//! Passing over what is of no interest, byte by byte, with nothing kept: statements and comments of any
//! length, however the bytes are cut.

use super::dialect::Dialect;
use super::scan::{Scan, string_end_as};

/// Where in the text a walk stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Inside {
    /// Between strings and comments.
    #[default]
    Code,
    /// In a string that this byte closes.
    String { quote: u8, escapes: bool },
    /// In a comment that the line ends.
    Line,
    /// In a comment that `*/` ends.
    Block,
    /// In a text that this mark ends: `$function$`.
    Marked(Vec<u8>),
}

/// A walk over a statement or a comment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pass {
    inside: Inside,
    depth: u32,
    is_comment: bool,
    /// Parentheses opened outside of others: the rows of an `INSERT`.
    pub(super) rows: u64,
}

/// How a walk goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passed {
    /// What was passed over ends before this place.
    Done(usize),
    /// It goes on behind this place.
    GoesOn(usize),
    /// A string is open at this line end, where none can be.
    Broken(usize),
}

/// No mark of a dollar quote is longer.
const LONGEST_MARK: usize = 64;

impl Pass {
    /// Begins a walk over a comment to the end of its line.
    pub(super) fn line() -> Self {
        Pass { inside: Inside::Line, is_comment: true, ..Pass::default() }
    }

    /// Begins a walk over a comment to its `*/`, behind its beginning.
    pub(super) fn block() -> Self {
        Pass { inside: Inside::Block, is_comment: true, ..Pass::default() }
    }

    /// Walks on from `at`.
    pub(super) fn walk(&mut self, bytes: &[u8], at: usize, dialect: Dialect) -> Passed {
        let mut at = at;
        while at < bytes.len() {
            let moved = match &self.inside {
                Inside::Code => self.code(bytes, at, dialect),
                Inside::String { quote, escapes } => {
                    let (quote, escapes) = (*quote, *escapes);
                    match string_end_as(bytes, at, quote, escapes, dialect.escapes_line_ends) {
                        Scan::To(end) => {
                            self.inside = Inside::Code;
                            Passed::GoesOn(end)
                        }
                        Scan::More => return Passed::GoesOn(certain(bytes, at, quote, escapes)),
                        Scan::Broken(end) => return Passed::Broken(end),
                        Scan::Bad => return Passed::Broken(at),
                    }
                }
                Inside::Line => self.until(bytes, at, b"\n"),
                Inside::Block => self.until(bytes, at, b"*/"),
                Inside::Marked(mark) => {
                    let mark = mark.clone();
                    self.until(bytes, at, &mark)
                }
            };
            match moved {
                Passed::GoesOn(next) if next > at => at = next,
                other => return other,
            }
        }
        Passed::GoesOn(at)
    }

    /// Walks to the next byte that means something outside of strings and comments.
    fn code(&mut self, bytes: &[u8], at: usize, dialect: Dialect) -> Passed {
        let mut at = at;
        loop {
            let (Some(&byte), next) = (bytes.get(at), bytes.get(at + 1)) else { return Passed::GoesOn(at) };
            match (byte, next) {
                (b';', _) => return Passed::Done(at + 1),
                (b'(', _) => {
                    self.rows += u64::from(self.depth == 0);
                    self.depth = self.depth.saturating_add(1);
                }
                (b')', _) => self.depth = self.depth.saturating_sub(1),
                (b'\'' | b'"', _) => return self.enter(string(byte, dialect.has_backslashes), at + 1),
                (b'`', _) => return self.enter(string(byte, false), at + 1),
                (b'#', _) if dialect.has_hash_comments => return self.enter(Inside::Line, at + 1),
                (b'-' | b'/', None) => return Passed::GoesOn(at),
                (b'-', Some(b'-')) => return self.enter(Inside::Line, at + 2),
                (b'/', Some(b'*')) => return self.enter(Inside::Block, at + 2),
                (b'$', _) if dialect.has_dollar_quotes => match mark(bytes, at) {
                    Scan::To(end) => {
                        let mark = bytes.get(at..end).unwrap_or_default().to_vec();
                        return self.enter(Inside::Marked(mark), end);
                    }
                    Scan::More => return Passed::GoesOn(at),
                    Scan::Broken(_) | Scan::Bad => {}
                },
                _ => {}
            }
            at += 1;
        }
    }

    fn enter(&mut self, inside: Inside, at: usize) -> Passed {
        self.inside = inside;
        Passed::GoesOn(at)
    }

    /// Looks for what ends a comment or a marked text.
    fn until(&mut self, bytes: &[u8], at: usize, end: &[u8]) -> Passed {
        let rest = bytes.get(at..).unwrap_or_default();
        let Some(found) = memchr::memmem::find(rest, end) else {
            // The beginning of the end may stand last.
            let kept = (end.len() - 1).min(rest.len());
            return Passed::GoesOn(bytes.len() - kept);
        };
        self.inside = Inside::Code;
        let behind = at + found + end.len();
        if self.is_comment { Passed::Done(behind) } else { Passed::GoesOn(behind) }
    }
}

fn string(quote: u8, escapes: bool) -> Inside {
    Inside::String { quote, escapes }
}

/// Returns how far an unfinished string was certainly passed over: a last quote may be half of a doubled
/// one, and a last backslash escapes what follows.
fn certain(bytes: &[u8], from: usize, quote: u8, escapes: bool) -> usize {
    let mut at = from;
    while let Some(found) = memchr::memchr2(quote, b'\\', bytes.get(at..).unwrap_or_default()) {
        let place = at + found;
        let is_pair = bytes.get(place) == Some(&quote) || escapes;
        if is_pair && place + 1 == bytes.len() {
            return place;
        }
        at = place + 1 + usize::from(is_pair);
    }
    bytes.len()
}

/// Returns the place behind the mark `$name$` at `at`.
fn mark(bytes: &[u8], at: usize) -> Scan<usize> {
    let rest = bytes.get(at + 1..).unwrap_or_default();
    let name = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
    match rest.get(name) {
        _ if name > LONGEST_MARK || rest.first().is_some_and(u8::is_ascii_digit) => Scan::Bad,
        None => Scan::More,
        Some(b'$') => Scan::To(at + 1 + name + 1),
        Some(_) => Scan::Bad,
    }
}
