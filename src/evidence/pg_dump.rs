//! PostgreSQL's custom archive, what `pg_dump -Fc` writes: read as the plain dump that `pg_restore -f -` would make
//! of its rows.
//!
//! It is a header, a table of contents with the `COPY` statement of each table, and blocks of rows, each packed by
//! itself and cut into pieces that say how long they are (`pg_backup_archiver.c` and `pg_backup_custom.c`; archive
//! versions 1.10 to 1.16, PostgreSQL 8.4 to 17). A number is a byte for its sign and some for its amount, the least
//! significant first; a text is its length, -1 where there is none, and its bytes.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Read};

use flate2::{Decompress, FlushDecompress, Status};

/// How an archive begins.
const MAGIC: &[u8] = b"PGDMP";
/// Where the header says of which form the archive is.
const FORM_AT: usize = 10;
/// The form of an archive that is one file; 3 is a tar, 5 a folder, whose rows lie beside it.
const ONE_FILE: u8 = 1;
/// What a plain dump begins with, by which its dialect is told.
const BEGINNING: &[u8] = b"--\n-- PostgreSQL database dump\n--\n\nSET standard_conforming_strings = on;\n\n";
/// No statement is longer.
const LONGEST_TEXT: usize = 16 * 1024 * 1024;
/// Bytes of statements that are kept.
const MOST_STATEMENTS: usize = 64 * 1024 * 1024;
/// Entries of a table of contents.
const MOST_ENTRIES: i64 = 4_000_000;
/// Packed bytes taken at a time; they give at most a thousand times as many.
const PIECE: usize = 4 * 1024;
/// Room made for what they give.
const ROOM: usize = 64 * 1024;

/// Returns whether an archive begins that is read here.
pub(super) fn is_archive(first_bytes: &[u8]) -> bool {
    first_bytes.starts_with(MAGIC) && first_bytes.get(FORM_AT) == Some(&ONE_FILE)
}

/// Returns whether the contents of an archive begin whose rows lie in other files.
pub(super) fn is_contents_alone(first_bytes: &[u8]) -> bool {
    first_bytes.starts_with(MAGIC) && !is_archive(first_bytes)
}

/// Gives an archive out as a plain dump of its rows.
pub(super) struct Archive<R> {
    bytes: R,
    at: At,
    form: Form,
    /// The statements by the numbers of the blocks that hold the rows; empty where those are statements themselves.
    statements: BTreeMap<i64, Vec<u8>>,
    unpacker: Decompress,
    ready: Vec<u8>,
    given: usize,
}

/// Where in an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Beginning,
    Header,
    Blocks,
    /// In a block; how much of the piece at hand is left.
    Rows {
        left: usize,
        wanted: bool,
    },
    /// In a block of large objects, between two of them.
    LargeObjects,
    /// In a large object.
    LargeObject {
        left: usize,
    },
    End,
}

/// What the header says of all that follows.
#[derive(Clone, Copy, Debug, Default)]
struct Form {
    /// 1,014 is version 1.14.
    version: u32,
    /// Bytes of a number's amount, and of a place in the file.
    widths: (usize, usize),
    is_packed: bool,
}

impl<R: BufRead> Archive<R> {
    pub(super) fn new(bytes: R) -> Self {
        Archive {
            bytes,
            at: At::Beginning,
            form: Form::default(),
            statements: BTreeMap::new(),
            unpacker: Decompress::new(true),
            ready: Vec::new(),
            given: 0,
        }
    }

    fn advance(&mut self) -> io::Result<()> {
        self.at = match self.at {
            // Given out first, so that what is cut off in its contents is known for what it is.
            At::Beginning => {
                self.ready.extend_from_slice(BEGINNING);
                At::Header
            }
            At::Header => {
                self.header()?;
                self.contents()?;
                At::Blocks
            }
            At::Blocks => self.block()?,
            At::Rows { left: 0, wanted } => match self.length()? {
                0 => {
                    self.ready.extend_from_slice(b"\n\n");
                    At::Blocks
                }
                left => At::Rows { left, wanted },
            },
            At::Rows { left, wanted } => At::Rows { left: left - self.rows(left, wanted)?, wanted },
            At::LargeObjects => match self.number()? {
                0 => At::Blocks,
                _ => At::LargeObject { left: 0 },
            },
            At::LargeObject { left: 0 } => match self.length()? {
                0 => At::LargeObjects,
                left => At::LargeObject { left },
            },
            At::LargeObject { left } => At::LargeObject { left: left - self.rows(left, false)? },
            At::End => At::End,
        };
        Ok(())
    }

    fn header(&mut self) -> io::Result<()> {
        let mut head = [0; FORM_AT + 1];
        self.bytes.read_exact(&mut head)?;
        let [.., major, minor, _, number, place, _] = head;
        self.form.version = u32::from(major) * 1_000 + u32::from(minor);
        self.form.widths = (usize::from(number), usize::from(place));
        if !(1_010..=1_016).contains(&self.form.version) || !matches!(number, 1..=8) || place > 8 {
            return Err(not_read(&format!("of version {major}.{minor}")));
        }
        // Before 1.15 a level, of which none is 0; since then one of none, gzip, lz4 and zstd.
        let packing =
            if self.form.version < 1_015 { i64::from(self.number()? != 0) } else { self.byte()?.into() };
        self.form.is_packed = packing == 1;
        if packing > 1 {
            return Err(not_read(if packing == 2 { "packed with lz4" } else { "packed with zstd" }));
        }
        // Its time in seven numbers, then the names of the database and of two versions.
        for _ in 0..7 {
            self.number()?;
        }
        (0..3).try_for_each(|_| self.text(false).map(|_| ()))
    }

    /// Reads the table of contents.
    fn contents(&mut self) -> io::Result<()> {
        let count = self.number()?;
        if !(0..=MOST_ENTRIES).contains(&count) {
            return Err(damaged());
        }
        let mut kept = 0;
        for _ in 0..count {
            kept += self.entry()?;
            if kept > MOST_STATEMENTS {
                return Err(not_read("with more statements than are kept"));
            }
        }
        Ok(())
    }

    /// Reads an entry: what makes a table is given out at once, the statement that takes rows is kept until they
    /// come. Returns how many bytes are kept.
    fn entry(&mut self) -> io::Result<usize> {
        let id = self.number()?;
        self.number()?;
        // Two numbers of the catalogue, its name.
        (0..3).try_for_each(|_| self.text(false).map(|_| ()))?;
        let kind = self.text(true)?.unwrap_or_default();
        if self.form.version >= 1_011 {
            self.number()?;
        }
        // What makes and what drops it.
        if let Some(definition) = self.text(kind == b"TABLE")?.filter(|text| !text.is_empty()) {
            self.ready.extend_from_slice(&definition);
            self.ready.push(b'\n');
        }
        self.text(false)?;
        let statement = self.text(true)?;
        // Schema and tablespace.
        (0..2).try_for_each(|_| self.text(false).map(|_| ()))?;
        if self.form.version >= 1_014 {
            self.text(false)?;
        }
        if self.form.version >= 1_016 {
            self.number()?;
        }
        // Its owner, and whether its rows have numbers.
        (0..2).try_for_each(|_| self.text(false).map(|_| ()))?;
        while self.text(true)?.is_some() {}
        // Where its rows stand: known already by reading on.
        self.skip(1 + self.form.widths.1)?;
        let statement = statement.filter(|_| kind == b"TABLE DATA");
        let length = statement.as_ref().map_or(0, Vec::len);
        if kind == b"TABLE DATA" {
            self.statements.insert(id, statement.unwrap_or_default());
        }
        Ok(length)
    }

    fn block(&mut self) -> io::Result<At> {
        const ROWS: u8 = 1;
        const LARGE_OBJECTS: u8 = 3;
        if self.bytes.fill_buf()?.is_empty() {
            return Ok(At::End);
        }
        match (self.byte()?, self.number()?) {
            (ROWS, id) => {
                let statement = self.statements.remove(&id);
                let wanted = statement.is_some();
                self.ready.extend_from_slice(&statement.unwrap_or_default());
                self.unpacker.reset(true);
                Ok(At::Rows { left: 0, wanted })
            }
            (LARGE_OBJECTS, _) => Ok(At::LargeObjects),
            _ => Err(damaged()),
        }
    }

    /// Takes some of a piece of a block and returns how many bytes of it.
    fn rows(&mut self, left: usize, wanted: bool) -> io::Result<usize> {
        let held = self.bytes.fill_buf()?;
        let piece = held.get(..held.len().min(left).min(PIECE)).unwrap_or_default();
        if piece.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut used = piece.len();
        if wanted && self.form.is_packed {
            used = unpack(&mut self.unpacker, piece, &mut self.ready)?;
        } else if wanted {
            self.ready.extend_from_slice(piece);
        }
        self.bytes.consume(used);
        Ok(used)
    }

    fn byte(&mut self) -> io::Result<u8> {
        let mut byte = [0];
        self.bytes.read_exact(&mut byte)?;
        let [byte] = byte;
        Ok(byte)
    }

    fn number(&mut self) -> io::Result<i64> {
        let is_negative = self.byte()? != 0;
        let mut amount = [0; 8];
        let width = self.form.widths.0;
        self.bytes.read_exact(amount.get_mut(..width).unwrap_or_default())?;
        let amount = i64::from_le_bytes(amount) & i64::MAX;
        Ok(if is_negative { -amount } else { amount })
    }

    fn length(&mut self) -> io::Result<usize> {
        usize::try_from(self.number()?).map_err(|_| damaged())
    }

    /// Reads a text, or passes over it.
    fn text(&mut self, wanted: bool) -> io::Result<Option<Vec<u8>>> {
        let Ok(length) = usize::try_from(self.number()?) else { return Ok(None) };
        if !wanted || length > LONGEST_TEXT {
            self.skip(length)?;
            return Ok(Some(Vec::new()));
        }
        let mut text = Vec::new();
        (&mut self.bytes).take(length as u64).read_to_end(&mut text)?;
        if text.len() < length { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(Some(text)) }
    }

    fn skip(&mut self, length: usize) -> io::Result<()> {
        let passed = io::copy(&mut (&mut self.bytes).take(length as u64), &mut io::sink())?;
        if passed < length as u64 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
    }
}

impl<R: BufRead> Read for Archive<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.ready.len() && self.at != At::End {
            self.given = 0;
            self.ready.clear();
            if let Err(error) = self.advance() {
                self.at = At::End;
                return Err(error);
            }
        }
        let left = self.ready.get(self.given..).unwrap_or_default();
        let length = left.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..length), left.get(..length)) {
            to.copy_from_slice(from);
        }
        self.given += length;
        Ok(length)
    }
}

/// Unpacks a piece wholly and returns how long it was; behind the end of what is packed nothing counts.
fn unpack(unpacker: &mut Decompress, piece: &[u8], ready: &mut Vec<u8>) -> io::Result<usize> {
    let mut taken = 0;
    loop {
        let before = unpacker.total_in();
        ready.reserve(ROOM);
        let rest = piece.get(taken..).unwrap_or_default();
        let status = unpacker.decompress_vec(rest, ready, FlushDecompress::None).map_err(io::Error::other)?;
        taken += (unpacker.total_in() - before) as usize;
        let is_all = taken >= piece.len() && ready.len() < ready.capacity();
        if status == Status::StreamEnd || is_all {
            return Ok(piece.len());
        }
        if status == Status::BufError {
            return Err(damaged());
        }
    }
}

fn damaged() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        "it is damaged; pg_restore -f - may still make a plain dump of it",
    )
}

fn not_read(what: &str) -> io::Error {
    io::Error::other(format!("an archive {what} is not read; make a plain dump of it with pg_restore -f -"))
}
