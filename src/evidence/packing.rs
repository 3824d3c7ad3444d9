//! Compressed streams: gzip, bzip2, xz and zstd, of one member or of many behind one another; and what else has to be
//! undone before a file is text: UTF-16, PostgreSQL's custom archive.
//!
//! Everything before a break is given out. A header may ask for gigabytes of memory and a few bytes
//! may stand for terabytes, so both are limited, and a limit that was reached is a break with its reason.

use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Read};
use std::rc::Rc;

use super::pg_dump::{self, Archive};
use super::utf16::Utf16;
use bzip2::bufread::MultiBzDecoder;
use flate2::bufread::{DeflateDecoder, MultiGzDecoder};
use lzma_rust2::XzReader;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// What a decoder may keep at most, in bytes: `xz -9` asks for 64 MiB, `zstd --long` for 128 MiB.
const MOST_MEMORY: u64 = 128 * 1024 * 1024;
/// Bytes read from the packed side at a time.
const BUFFER: usize = 256 * 1024;
/// Unpacked bytes that no expansion is measured on.
pub(super) const UNMEASURED: u64 = 1 << 30;
/// The most unpacked bytes for a packed one of deflate, which cannot reach more than 1,032; logs reach 10 to 30, a flood
/// of equal lines a few hundred.
const MOST_OF_DEFLATE: u64 = 1_100;
/// The same for bzip2, xz and zstd, which have no such bound: 40 bytes of bzip2 may stand for 45 million, and unpacking
/// them takes a second. What is unpacked bounds the time, and is the same in every run.
const MOST_OF_OTHERS: u64 = 250;
/// Unpacked bytes of those that no expansion is measured on.
const UNMEASURED_OF_OTHERS: u64 = 256 << 20;

/// How a source is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Packing {
    /// Not at all.
    Plain,
    /// gzip.
    Gzip,
    /// bzip2.
    Bzip2,
    /// xz.
    Xz,
    /// Zstandard.
    Zstd,
    /// Bare deflate, as in a zip.
    Deflate,
    /// Text in UTF-16, the least significant byte first.
    Utf16Little,
    /// Text in UTF-16, the most significant byte first.
    Utf16Big,
    /// PostgreSQL's custom archive.
    PgDump,
}

impl Packing {
    /// Tells the packing from a file's first bytes.
    pub fn of(first_bytes: &[u8]) -> Self {
        match first_bytes {
            // RFC 1952: two magic bytes, then the only compression method there is.
            [0x1f, 0x8b, 8, ..] => Packing::Gzip,
            // The level, then pi at the first block or its square root at the end of an empty stream.
            [b'B', b'Z', b'h', b'1'..=b'9', rest @ ..]
                if rest.starts_with(&[0x31, 0x41, 0x59, 0x26, 0x53, 0x59])
                    || rest.starts_with(&[0x17, 0x72, 0x45, 0x38, 0x50, 0x90]) =>
            {
                Packing::Bzip2
            }
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Packing::Xz,
            // RFC 8878: a frame, or a frame that is to be skipped.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Packing::Zstd,
            // A mark, then text that begins as logs and dumps do.
            [0xff, 0xfe, 1..=0x7e, 0, ..] => Packing::Utf16Little,
            [0xfe, 0xff, 0, 1..=0x7e, ..] => Packing::Utf16Big,
            archive if pg_dump::is_archive(archive) => Packing::PgDump,
            _ => Packing::Plain,
        }
    }

    /// Returns the word that stands for it in messages, which is the usual ending of its files.
    pub fn word(self) -> &'static str {
        match self {
            Packing::Plain => "plain",
            Packing::Gzip => "gz",
            Packing::Bzip2 => "bz2",
            Packing::Xz => "xz",
            Packing::Zstd => "zst",
            Packing::Deflate => "deflate",
            Packing::Utf16Little | Packing::Utf16Big => "utf-16",
            Packing::PgDump => "pg_dump",
        }
    }

    /// Returns a packed file's path as it was before it was packed: `full.1.gz` holds what `full.1` held.
    pub(super) fn unpacked_path(self, path: &str) -> &str {
        match self {
            Packing::Plain
            | Packing::Deflate
            | Packing::Utf16Little
            | Packing::Utf16Big
            | Packing::PgDump => path,
            Packing::Gzip => path.trim_end_matches(".gz"),
            Packing::Bzip2 => path.trim_end_matches(".bz2"),
            Packing::Xz => path.trim_end_matches(".xz"),
            Packing::Zstd => path.trim_end_matches(".zst"),
        }
    }

    /// Returns the bytes inside a packed stream.
    pub(crate) fn unpack<'a>(self, packed: impl Read + 'a) -> Box<dyn Read + 'a> {
        let consumed = Rc::new(Cell::new(0));
        let counted = Counted { inner: packed, count: Rc::clone(&consumed) };
        let packed = BufReader::with_capacity(BUFFER, counted);
        let decoder: Box<dyn Read + 'a> = match self {
            Packing::Plain => return Box::new(packed),
            Packing::Gzip => Box::new(MultiGzDecoder::new(packed)),
            Packing::Deflate => Box::new(DeflateDecoder::new(packed)),
            Packing::Bzip2 => Box::new(MultiBzDecoder::new(packed)),
            Packing::Xz => {
                let kibibytes = u32::try_from(MOST_MEMORY / 1024).unwrap_or(u32::MAX);
                Box::new(XzReader::new_mem_limit(packed, true, kibibytes))
            }
            Packing::Zstd => Box::new(Frames::new(packed)),
            Packing::Utf16Little => Box::new(Utf16::new(packed, false)),
            Packing::Utf16Big => Box::new(Utf16::new(packed, true)),
            Packing::PgDump => Box::new(Archive::new(packed)),
        };
        Box::new(Measured { decoder, consumed, given: 0, allowance: self.allowance() })
    }

    /// Returns how many bytes may come out before any were measured, and how many more for each packed one.
    fn allowance(self) -> (u64, u64) {
        match self {
            Packing::Bzip2 | Packing::Xz | Packing::Zstd => (UNMEASURED_OF_OTHERS, MOST_OF_OTHERS),
            _ => (UNMEASURED, MOST_OF_DEFLATE),
        }
    }
}

/// Counts what is taken from a stream.
struct Counted<R> {
    inner: R,
    count: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = self.inner.read(buffer)?;
        self.count.set(self.count.get() + got as u64);
        Ok(got)
    }
}

/// Ends a stream that gives out far more than any log could.
struct Measured<'a> {
    decoder: Box<dyn Read + 'a>,
    consumed: Rc<Cell<u64>>,
    given: u64,
    /// See [`Packing::allowance`].
    allowance: (u64, u64),
}

impl Read for Measured<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let (free, each) = self.allowance;
        let most = free.saturating_add(self.consumed.get().saturating_mul(each));
        if self.given > most {
            let expansion = format!("more than {each} bytes for each packed one");
            return Err(io::Error::other(format!("{expansion}: the rest was not read")));
        }
        let got = self.decoder.read(buffer)?;
        self.given += got as u64;
        Ok(got)
    }
}

/// The frames of a zstd file, one behind the other.
struct Frames<R> {
    packed: R,
    decoder: FrameDecoder,
    is_inside: bool,
    /// What broke, while what was decoded before it is given out.
    broken: Option<io::Error>,
}

/// A last block of a frame, without contents, and a checksum.
const EMPTY_LAST_BLOCK: &[u8] = &[1, 0, 0, 0, 0, 0, 0];

impl<R: BufRead> Frames<R> {
    fn new(packed: R) -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(MOST_MEMORY);
        Frames { packed, decoder, is_inside: false, broken: None }
    }

    /// Begins the next frame that holds something; `false` at the end of the file.
    fn begin(&mut self) -> io::Result<bool> {
        while !self.packed.fill_buf()?.is_empty() {
            match self.decoder.reset(&mut self.packed) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    io::copy(&mut (&mut self.packed).take(u64::from(length)), &mut io::sink())?;
                }
                Err(error) => return Err(io::Error::other(error)),
            }
        }
        Ok(false)
    }

    /// Decodes one more block. The decoder holds back the bytes that later blocks may refer to until it
    /// has seen the last block; where a frame breaks, it is given one, as those bytes are good.
    fn decode(&mut self) -> io::Result<()> {
        let step = BlockDecodingStrategy::UptoBlocks(1);
        let Err(error) = self.decoder.decode_blocks(&mut self.packed, step) else { return Ok(()) };
        let error = io::Error::other(error);
        if self.decoder.decode_blocks(EMPTY_LAST_BLOCK, BlockDecodingStrategy::All).is_err() {
            return Err(error);
        }
        self.broken = Some(error);
        Ok(())
    }

    /// Compares the frame's checksum with what was given out.
    fn end(&mut self) -> io::Result<()> {
        if let Some(error) = self.broken.take() {
            return Err(error);
        }
        self.is_inside = false;
        match (self.decoder.get_checksum_from_data(), self.decoder.get_calculated_checksum()) {
            (Some(written), Some(found)) if written != found => {
                Err(io::Error::new(io::ErrorKind::InvalidData, "its checksum does not fit"))
            }
            _ => Ok(()),
        }
    }
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if !self.is_inside {
                if !self.begin()? {
                    return Ok(0);
                }
                self.is_inside = true;
            }
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                self.decode()?;
            }
            let got = self.decoder.read(buffer)?;
            if got > 0 {
                return Ok(got);
            }
            self.end()?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packings_are_told_by_their_first_bytes() {
        for (bytes, packing) in [
            (b"\x1f\x8b\x08\0".as_slice(), Packing::Gzip),
            (b"\x1f\x8b\x07\0", Packing::Plain),
            (b"BZh91AY&SY..", Packing::Bzip2),
            (b"BZh9 is how a letter may begin", Packing::Plain),
            (b"\xfd7zXZ\0\0\x04", Packing::Xz),
            (b"\x28\xb5\x2f\xfd\x04", Packing::Zstd),
            (b"\x53\x2a\x4d\x18\x01\0\0\0", Packing::Zstd),
            (b"\xff\xfe[\0 \0", Packing::Utf16Little),
            (b"\xfe\xff\0[\0 ", Packing::Utf16Big),
            (b"\xff\xfe\0\0a\0\0\0", Packing::Plain),
            (b"PGDMP\x01\x0e\0\x04\x08\x01", Packing::PgDump),
            (b"PGDMP\x01\x0e\0\x04\x08\x05", Packing::Plain),
            (b"", Packing::Plain),
        ] {
            assert_eq!(Packing::of(bytes), packing, "{bytes:?}");
        }
    }

    #[test]
    fn a_bomb_of_bzip2_stops_at_the_same_byte_each_time() {
        use std::io::Write;

        let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
        let zeros = vec![0; 1 << 20];
        for _ in 0..45 {
            encoder.write_all(&zeros).expect("memory takes all");
        }
        let bomb = encoder.finish().expect("memory takes all").repeat(40);
        let given = || {
            let mut unpacked = Packing::Bzip2.unpack(bomb.as_slice());
            let mut piece = vec![0; 1 << 20];
            let mut given = 0_u64;
            loop {
                match unpacked.read(&mut piece) {
                    Ok(0) => return (given, None),
                    Ok(got) => given += got as u64,
                    Err(error) => return (given, Some(error.to_string())),
                }
            }
        };
        let (bytes, why) = given();
        let most = UNMEASURED_OF_OTHERS + BUFFER as u64 * MOST_OF_OTHERS;
        assert!((UNMEASURED_OF_OTHERS..most + (2 << 20)).contains(&bytes), "{bytes}");
        assert!(why.is_some_and(|why| why.contains("250 bytes for each packed one")));
        assert_eq!(given().0, bytes);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_end(magic in 0..6_usize, bytes in proptest::collection::vec(0..=255_u8, 0..300)) {
            let (packing, magic): (Packing, &[u8]) = [
                (Packing::Gzip, b"\x1f\x8b\x08".as_slice()),
                (Packing::Bzip2, b"BZh11AY&SY"),
                (Packing::Xz, b"\xfd7zXZ\0\0\x04\xe6\xd6\xb4\x46"),
                (Packing::Zstd, b"\x28\xb5\x2f\xfd"),
                (Packing::Deflate, b""),
                (Packing::PgDump, b"PGDMP\x01\x0e\0\x01\x08\x01\0\x01"),
            ][magic];
            let packed = [magic, &bytes].concat();
            let mut most = packing.unpack(packed.as_slice()).take(1 << 20);
            let _ = io::copy(&mut most, &mut io::sink());
        }
    }
}
