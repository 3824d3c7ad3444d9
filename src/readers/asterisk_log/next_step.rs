//! Lines that are one more step of the call whose step was read last: eight of ten in a busy log, so that no more
//! of them is looked at than needs be.

use super::messages;

/// How lines begin that are such steps.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct NextStep<'a> {
    /// Up to the extension: stamp, level, thread, call and what every step's line says; empty for none.
    line: &'a [u8],
    /// The same, and the place in the dialplan up to the priority: `s@macro-dial-one:`; empty for none.
    place: &'a [u8],
}

impl<'a> NextStep<'a> {
    /// Begins with the beginning of a line, up to the extension.
    pub(super) fn of(line: &'a [u8]) -> Self {
        NextStep { line, place: b"" }
    }

    /// Returns how many bytes of `rest`, which begins with a line, show that the line is such a step, and one that
    /// folding does not keep; 0 if it is none.
    #[inline]
    pub(super) fn known(&mut self, rest: &'a [u8]) -> usize {
        let close = self.close_of_same_place(rest).unwrap_or_else(|| self.close(rest));
        if close == 0 || messages::begins_door(rest.get(close..).unwrap_or_default()) { 0 } else { close }
    }

    /// Returns where the extension closes in a step at the same place of the dialplan as the last: nothing but the
    /// priority is another.
    #[inline]
    fn close_of_same_place(&self, rest: &[u8]) -> Option<usize> {
        if self.place.is_empty() {
            return None;
        }
        let behind = rest.strip_prefix(self.place)?;
        let digits = behind.iter().take_while(|byte| byte.is_ascii_digit()).count();
        behind.get(digits..)?.starts_with(b"] ").then_some(self.place.len() + digits)
    }

    /// Returns where the extension of a step closes, or the line ends without that; 0 if it is no step.
    #[inline]
    fn close(&mut self, rest: &'a [u8]) -> usize {
        let known = self.line.len();
        if known == 0 || !rest.starts_with(self.line) {
            return 0;
        }
        let step = rest.get(known..).unwrap_or_default();
        let mut ends = memchr::memchr2_iter(b']', b'\n', step);
        let end = ends.find(|&at| messages::closes_extension(step, at) || step.get(at) == Some(&b'\n'));
        let Some(end) = end else { return 0 };
        let colon = memchr::memrchr(b':', step.get(..end).unwrap_or_default());
        let place = colon.and_then(|colon| rest.get(..known + colon + 1));
        self.place = place.unwrap_or_default();
        known + end
    }
}
