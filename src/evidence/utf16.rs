//! Text in UTF-16, as Windows programs save what was shown to them: read as UTF-8.

use std::io::{self, BufRead, Read};

/// Gives a stream of UTF-16 out as UTF-8, without the mark at its beginning; what is no text becomes U+FFFD.
pub(super) struct Utf16<R> {
    bytes: R,
    is_big: bool,
    /// The first half of a character that takes two.
    high: Option<u16>,
    /// What was decoded and not yet given.
    ready: Vec<u8>,
    given: usize,
    is_begun: bool,
}

/// Code units decoded at a time.
const UNITS: usize = 8 * 1024;

impl<R: BufRead> Utf16<R> {
    pub(super) fn new(bytes: R, is_big: bool) -> Self {
        Utf16 { bytes, is_big, high: None, ready: Vec::new(), given: 0, is_begun: false }
    }

    fn unit(&mut self) -> io::Result<Option<u16>> {
        let mut pair = [0; 2];
        for (at, byte) in pair.iter_mut().enumerate() {
            let Some(&first) = self.bytes.fill_buf()?.first() else {
                // Half a unit at the end is no character.
                return Ok((at > 0).then_some(0xfffd));
            };
            *byte = first;
            self.bytes.consume(1);
        }
        Ok(Some(if self.is_big { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) }))
    }

    /// Decodes some more; nothing at the end.
    fn decode(&mut self) -> io::Result<()> {
        (self.given, self.ready) = (0, std::mem::take(&mut self.ready));
        self.ready.clear();
        let mut units: Vec<u16> = self.high.take().into_iter().collect();
        while units.len() < UNITS {
            match self.unit()? {
                Some(0xfeff) if !self.is_begun => {}
                Some(unit) => units.push(unit),
                None => break,
            }
            self.is_begun = true;
        }
        if units.len() == UNITS && units.last().is_some_and(|unit| (0xd800..0xdc00).contains(unit)) {
            self.high = units.pop();
        }
        let text: String = char::decode_utf16(units)
            .map(|character| character.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect();
        self.ready = text.into_bytes();
        Ok(())
    }
}

impl<R: BufRead> Read for Utf16<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given == self.ready.len() {
            self.decode()?;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8], is_big: bool) -> String {
        let mut text = String::new();
        Utf16::new(bytes, is_big).read_to_string(&mut text).expect("text");
        text
    }

    #[test]
    fn both_orders_of_bytes_come_back() {
        let line = "Ünï 𝄞 \r\n".repeat(5_000);
        let little: Vec<u8> =
            std::iter::once(0xfeff).chain(line.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> =
            std::iter::once(0xfeff).chain(line.encode_utf16()).flat_map(u16::to_be_bytes).collect();
        assert_eq!(decoded(&little, false), line);
        assert_eq!(decoded(&big, true), line);
        assert_eq!(decoded(b"\xff\xfea\0b", false), "a\u{fffd}");
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_text(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200), is_big: bool) {
            let _ = decoded(&bytes, is_big);
        }
    }
}
