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

/// Digits of a number outside, at least: no extension has as many.
const OUTSIDE_DIGITS: usize = 7;
/// Technologies whose channels are no line to a carrier.
const INSIDE: [&[u8]; 6] = [b"Local", b"Message", b"Bridge", b"ConfBridge", b"AudioSocket", b"Multicast"];

/// Returns the trunk by which a target calls a number outside, as its form shows: `PJSIP/0044...@carrier`,
/// `SIP/carrier/0044...`. A phone that is called where it registered has an address there, an extension a short number.
pub(super) fn shown_trunk(target: &[u8]) -> Option<&[u8]> {
    let is_number = |part: &[u8]| {
        let digits = part.iter().filter(|byte| byte.is_ascii_digit()).count();
        digits >= OUTSIDE_DIGITS
            && digits + 1 >= part.len()
            && part.iter().all(|byte| !byte.is_ascii_alphabetic())
    };
    let is_name = |part: &[u8]| {
        part.iter().any(u8::is_ascii_alphabetic)
            && part.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(byte))
    };
    let mut parts = target.split(|byte| matches!(byte, b'/' | b'@'));
    let technology = parts.next().filter(|technology| !INSIDE.contains(technology))?;
    match (parts.next()?, parts.next(), parts.next()) {
        (one, Some(other), None) if is_number(one) && is_name(other) => Some(other),
        (one, Some(other), None) if is_name(one) && is_number(other) => Some(one),
        // Some lines leave out the technology.
        (one, None, _) if is_number(technology) && is_name(one) => Some(one),
        (one, None, _) if is_name(technology) && is_number(one) && !is_technology(technology) => {
            Some(technology)
        }
        _ => None,
    }
}

/// Returns whether a word is one of Asterisk's technologies: `DAHDI/18005551234` names no trunk.
fn is_technology(word: &[u8]) -> bool {
    word.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
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
    fn the_form_of_a_target_shows_the_trunk() {
        for target in [
            "PJSIP/0025261000001@carrier",
            "SIP/carrier/0025261000001",
            "carrier/+25261000001",
            "0025261000001@carrier",
        ] {
            assert_eq!(shown_trunk(target.as_bytes()), Some(&b"carrier"[..]), "{target}");
        }
        for target in [
            "Local/0025261000001@from-internal/n",
            "PJSIP/201",
            "PJSIP/201@carrier",
            "PJSIP/493055501001/sip:493055501001@240.0.0.1:5060",
            "PJSIP/493055501001@493055501002",
            "DAHDI/18005551234",
            "PJSIP/493055501001",
            "",
        ] {
            assert_eq!(shown_trunk(target.as_bytes()), None, "{target}");
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
