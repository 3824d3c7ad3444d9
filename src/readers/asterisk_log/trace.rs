//! SIP packets printed into the log: an attacker's own words, line for line.
//!
//! `res_pjsip_logger` prints `<--- Received SIP request (560 bytes) from UDP:... --->` and then the
//! packet; `chan_sip` prints `<--- SIP read from UDP:... --->`, the packet, and `<------------->`.
//! A packet may hold lines that look like log lines in every detail; none of them counts.

use memchr::memmem;

/// A packet that is longer than this is not followed to its end, so that the state at any place can
/// be told from the bytes just before it.
pub(super) const LONGEST: usize = 8 * 1024;

/// Returns where the packet ends that is announced by `line`, which ends at `line_end` of `bytes`.
pub(super) fn packet_end(bytes: &[u8], line: &[u8], line_end: usize) -> Option<usize> {
    let marker = memmem::find(line, b"<--- ")?;
    let announced = line.get(marker + 5..)?;
    let is_packet = [
        &b"Received SIP re"[..],
        b"Transmitting ",
        b"SIP read from",
        b"Reliably Transmitting ",
        b"Retransmitting ",
    ]
    .iter()
    .any(|start| announced.starts_with(start));
    if !is_packet {
        return None;
    }
    let start = (line_end + 1).min(bytes.len());
    let furthest = (start + LONGEST).min(bytes.len());
    if let Some(length) = byte_count(announced) {
        return Some((start + length).min(furthest));
    }
    // chan_sip gives no length, but closes with a rule of its own.
    let body = bytes.get(start..furthest)?;
    Some(memmem::find(body, b"\n<------------").map_or(furthest, |close| start + close + 1))
}

/// Reads `(560 bytes)`.
fn byte_count(announced: &[u8]) -> Option<usize> {
    let open = memchr::memchr(b'(', announced)?;
    let digits = announced.get(open + 1..)?;
    let length = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    digits.get(length..)?.starts_with(b" bytes)").then_some(())?;
    super::text::number(digits.get(..length)?)
}

/// Returns where a packet ends that began in the context before `start`, if it reaches beyond it.
pub(super) fn open_at(bytes: &[u8], start: usize) -> Option<usize> {
    let from = start.saturating_sub(LONGEST);
    let context = bytes.get(from..start)?;
    let mut end = None;
    for marker in memmem::find_iter(context, b"<--- ") {
        let at = from + marker;
        // A marker inside an open packet is the sender's.
        if end.is_some_and(|end| at < end) {
            continue;
        }
        let Some(line_end) = memchr::memchr(b'\n', &bytes[at..]).map(|newline| at + newline) else {
            continue;
        };
        if line_end < start || end.is_none() {
            end = packet_end(bytes, &bytes[at..line_end], line_end).or(end);
        }
    }
    end.filter(|&end| end > start)
}
