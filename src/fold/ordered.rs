//! Calls that the server itself was told to place, of which the log has two lines and no dialplan step: the manager
//! interface, ARI and files in the spool have a number called and hand over the channel that answers (`main/dial.c`).
//!
//! `Called 0044...@carrier` names the number and `PJSIP/carrier-0000002f answered` the channel. One thread waits for one
//! call, so that its number joins the two.

use std::collections::HashMap;

use crate::event::Instant;

/// Threads that wait for an answer at once.
const MOST_WAITING: usize = 1_024;
/// Nobody waits longer for an answer.
const WAIT_SECONDS: i64 = 300;
/// No number is longer.
const LONGEST: usize = 64;

/// What is being called, by the thread that waits.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    called: HashMap<u32, (Instant, Box<[u8]>)>,
}

impl Waiting {
    /// Notes that a thread had a number called by a trunk.
    pub(super) fn call(&mut self, line: &[u8], at: Instant, target: &[u8], is_trunk: impl Fn(&[u8]) -> bool) {
        let Some(thread) = thread(line) else { return };
        if self.called.len() >= MOST_WAITING {
            self.called.retain(|_, (since, _)| at.seconds_since(*since) <= WAIT_SECONDS);
        }
        let number = number(target, is_trunk).filter(|number| number.len() <= LONGEST);
        if let Some(number) = number.filter(|_| self.called.len() < MOST_WAITING) {
            self.called.insert(thread, (at, number.into()));
        }
    }

    /// Returns when the thread's call was placed and what it called, once it is answered.
    pub(super) fn answer(&mut self, line: &[u8], at: Instant) -> Option<(Instant, Box<[u8]>)> {
        let placed = self.called.remove(&thread(line)?)?;
        (0..=WAIT_SECONDS).contains(&at.seconds_since(placed.0)).then_some(placed)
    }
}

/// Returns the number of the thread that wrote a line: `VERBOSE[2214]`.
fn thread(line: &[u8]) -> Option<u32> {
    const LEVEL: &[u8] = b"VERBOSE[";
    let from = memchr::memmem::find(line, LEVEL)? + LEVEL.len();
    let digits = line.get(from..)?.split(|byte| *byte == b']').next()?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// Returns the part of a target that is no trunk's name and no technology's: `0044@carrier`, `carrier/0044`.
pub(super) fn number(target: &[u8], is_trunk: impl Fn(&[u8]) -> bool) -> Option<&[u8]> {
    let parts = || target.split(|byte| matches!(byte, b'/' | b'@'));
    let has_digits = |part: &&[u8]| part.iter().any(u8::is_ascii_digit);
    parts().any(&is_trunk).then(|| parts().filter(|part| !is_trunk(part)).find(has_digits))?
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALLED: &[u8] = b"[2026-03-07 02:00:00] VERBOSE[2214] dial.c: Called 0044@carrier";
    const ANSWERED: &[u8] = b"[2026-03-07 02:00:03] VERBOSE[2214] dial.c: PJSIP/carrier-00000001 answered";

    fn is_trunk(part: &[u8]) -> bool {
        part == b"carrier"
    }

    #[test]
    fn a_thread_joins_number_and_answer() {
        for target in [&b"0044@carrier"[..], b"carrier/0044", b"PJSIP/0044@carrier"] {
            let mut waiting = Waiting::default();
            waiting.call(CALLED, Instant(0), target, is_trunk);
            let other = waiting.answer(b"VERBOSE[7] dial.c: PJSIP/carrier-00000001 answered", Instant(0));
            assert_eq!(other, None);
            let (at, number) = waiting.answer(ANSWERED, Instant(0).plus_seconds(3)).unwrap();
            assert_eq!((at, &*number), (Instant(0), &b"0044"[..]));
            assert_eq!(waiting.answer(ANSWERED, Instant(0).plus_seconds(4)), None);
        }
    }

    #[test]
    fn what_is_no_trunk_or_too_late_is_no_call_out() {
        let mut waiting = Waiting::default();
        waiting.call(CALLED, Instant(0), b"201", is_trunk);
        assert_eq!(waiting.answer(ANSWERED, Instant(0)), None);
        waiting.call(CALLED, Instant(0), b"0044@carrier", is_trunk);
        assert_eq!(waiting.answer(ANSWERED, Instant(0).plus_seconds(WAIT_SECONDS + 1)), None);
    }

    #[test]
    fn waiting_threads_are_bounded() {
        let mut waiting = Waiting::default();
        for thread in 0..5_000 {
            let line = format!("VERBOSE[{thread}] dial.c: Called 0044@carrier");
            waiting.call(line.as_bytes(), Instant(0), b"0044@carrier", is_trunk);
        }
        assert_eq!(waiting.called.len(), MOST_WAITING);
    }
}
