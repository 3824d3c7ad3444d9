//! SIP packets printed into the log: an attacker's own words, line for line.
//!
//! `res_pjsip_logger` prints `<--- Received SIP request (560 bytes) from UDP:... --->` and then the
//! packet; `chan_sip` prints `<--- SIP read from UDP:... --->`, the packet, and `<------------->`.
//! A packet may hold lines that look like log lines in every detail; none of them counts.
//!
//! `chan_sip` (1.4 to 20) prints no length. A packet with a closing rule of its own ends early for
//! whoever reads the log, and what its sender wrote behind that rule cannot be told from the logger's
//! own lines: they count, and [`Packet::doubtful_until`] says which they are.

use memchr::memmem;

use super::container;

/// A packet that is longer than this is not followed to its end, so that the state at any place can
/// be told from the bytes just before it. A UDP packet, the usual one, cannot be longer.
pub(super) const LONGEST: usize = 64 * 1024;

/// A packet in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Packet {
    /// Where it ends, as far as can be told.
    pub(super) end: usize,
    /// Does the announcement tell its length?
    pub(super) has_length: bool,
    /// Where at the latest it ends in truth, if a stranger wrote it and the log does not tell its length.
    pub(super) doubtful_until: Option<usize>,
}

/// Returns the packet that `message` announces, the message of the line `line`, which ends at `line_end`
/// of `bytes`.
///
/// Only a message that begins so is an announcement: a dialled number may hold the same words.
pub(super) fn packet(bytes: &[u8], line: &[u8], message: &[u8], line_end: usize) -> Option<Packet> {
    let announced = message.trim_ascii_start().strip_prefix(b"<--- ")?;
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
    let body = bytes.get(start..(start + LONGEST).min(bytes.len()))?;
    let is_wrapped = container::is_wrapped(line);
    let prefix = container_prefix(line).filter(|prefix| body.starts_with(prefix)).unwrap_or_default();
    match byte_count(announced) {
        Some(count) => {
            let length = if is_wrapped {
                container::wrapped_length(body, count)
            } else {
                printed_length(body, prefix, count)
            };
            let end = start + length;
            Some(Packet { end, has_length: true, doubtful_until: None })
        }
        // chan_sip gives no length, but closes with a rule of its own.
        None => {
            let before = if is_wrapped { container::BEGINNING } else { prefix };
            let close = [b"\n", before, b"<------------"].concat();
            let end = start + memmem::find(body, &close).map_or(body.len(), |close| close + 1);
            // What the server itself sends holds no line that a stranger can begin.
            let is_received = announced.starts_with(b"SIP read from");
            Some(Packet { end, has_length: false, doubtful_until: is_received.then_some(start + LONGEST) })
        }
    }
}

/// Returns whether any line of `text` may announce a packet.
///
/// An announcement begins with `<--- `, in which colours may stand that are taken out before it is read.
pub(super) fn may_announce(text: &[u8]) -> bool {
    let goes_on = |byte: &u8| matches!(byte, b'-' | b'[' | b'\x1b' | b'#' | b'\\' | b'^');
    memchr::memchr_iter(b'<', text).any(|at| text.get(at + 1).is_some_and(goes_on))
}

/// Returns what `docker compose logs` and mail programs put before each line: `asterisk_1  | `, `> `.
pub(super) fn container_prefix(line: &[u8]) -> Option<&[u8]> {
    let name = line.iter().take_while(|byte| byte.is_ascii_alphanumeric() || b"_-. ".contains(byte)).count();
    matches!(line.get(name..name + 2)?, b"| " | b"> ").then_some(line.get(..name + 2)?)
}

/// Returns how many bytes of `body` show a packet of `count` bytes whose lines stand behind `prefix`.
fn printed_length(body: &[u8], prefix: &[u8], count: usize) -> usize {
    if prefix.is_empty() {
        return count.min(body.len());
    }
    let (mut left, mut length) = (count, 0);
    for line in body.split_inclusive(|&byte| byte == b'\n') {
        if left == 0 {
            break;
        }
        let own = line.strip_prefix(prefix).or_else(|| line.strip_prefix(prefix.trim_ascii_end()));
        left = left.saturating_sub(own.unwrap_or(line).len());
        length += line.len();
    }
    length
}

/// Reads `(560 bytes)`.
fn byte_count(announced: &[u8]) -> Option<usize> {
    let open = memchr::memchr(b'(', announced)?;
    let digits = announced.get(open + 1..)?;
    let length = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    digits.get(length..)?.starts_with(b" bytes)").then_some(())?;
    super::text::number(digits.get(..length)?)
}

#[cfg(test)]
mod tests {
    use super::may_announce;

    #[test]
    fn announcements_may_be_coloured() {
        assert!(may_announce(b"[2026-01-01] VERBOSE[1]: <--- SIP read from UDP:192.0.2.1:5060 --->\n"));
        for colour in ["\x1b[0m", "#033[1;36m", "\\x1b[0m", "\\033[0m", "^[[0m", "[0K"] {
            assert!(may_announce(format!("a\n<{colour}--- SIP read from").as_bytes()), "{colour}");
        }
        assert!(!may_announce(
            b"Set(\"PJSIP/1\", \"CALLERID(all)=\"Ext 1\" <1075>\") -- <sip:1@192.0.2.1> <"
        ));
    }
}
