//! Packets out of capture files: pcap of both byte orders and both precisions, and pcapng.
//!
//! The forms are those of `draft-ietf-opsawg-pcap` and `draft-ietf-opsawg-pcapng`: fixed headers with
//! lengths, so that no parser is needed beyond checked reads. A length that cannot be ends the file.

use std::io::Read;

use crate::event::Instant;

/// No capture program takes longer packets (`MAXIMUM_SNAPLEN` of libpcap).
const LONGEST: usize = 256 * 1024;
/// Interfaces of one section of a pcapng file.
const MOST_INTERFACES: usize = 4_096;

/// One packet as captured.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packet<'a> {
    /// Bytes from the file's beginning to the packet's data.
    pub(super) offset: u64,
    /// When it was captured.
    pub(super) at: Instant,
    /// The kind of its outermost header (`LINKTYPE_...`).
    pub(super) link: u32,
    /// Its bytes, cut at what was captured.
    pub(super) data: &'a [u8],
}

/// Returns whether a file that begins so is a capture.
pub(super) fn is_capture(head: &[u8]) -> bool {
    let Some(magic) = head.first_chunk::<4>() else { return false };
    let is_section = || matches!(head.get(8..12), Some([0x1a, 0x2b, 0x3c, 0x4d] | [0x4d, 0x3c, 0x2b, 0x1a]));
    pcap_form(*magic).is_some() || (*magic == SECTION && is_section())
}

/// The type of a section's header, the same in both byte orders.
const SECTION: [u8; 4] = [0x0a, 0x0d, 0x0d, 0x0a];

/// The form of a pcap file: byte order, and whether it counts in nanoseconds.
fn pcap_form(magic: [u8; 4]) -> Option<(Order, bool)> {
    Some(match magic {
        [0xa1, 0xb2, 0xc3, 0xd4] => (Order::Big, false),
        [0xd4, 0xc3, 0xb2, 0xa1] => (Order::Little, false),
        [0xa1, 0xb2, 0x3c, 0x4d] => (Order::Big, true),
        [0x4d, 0x3c, 0xb2, 0xa1] => (Order::Little, true),
        _ => return None,
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Big,
    Little,
}

impl Order {
    fn u16(self, bytes: &[u8], at: usize) -> Option<u16> {
        let bytes = *bytes.get(at..)?.first_chunk::<2>()?;
        Some(if self == Order::Big { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    fn u32(self, bytes: &[u8], at: usize) -> Option<u32> {
        let bytes = *bytes.get(at..)?.first_chunk::<4>()?;
        Some(if self == Order::Big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }
}

/// An interface of a pcapng section.
#[derive(Clone, Copy, Debug)]
struct Interface {
    link: u32,
    /// Units in a second.
    resolution: u64,
    /// Seconds to add.
    shift: i64,
}

/// Goes through a capture and hands over its packets; returns what ended it early, if anything did.
pub(super) fn each(source: &mut dyn Read, mut take: impl FnMut(&Packet<'_>)) -> Option<String> {
    let mut input = Input { source, at: 0, room: Vec::new() };
    match input.fill(8) {
        Ok(head) if head.starts_with(&SECTION) => {
            let head = head.to_vec();
            of_sections(&mut input, head, &mut take)
        }
        Ok(head) => {
            let form = head.first_chunk::<4>().and_then(|magic| pcap_form(*magic));
            let Some((order, in_nanoseconds)) = form else { return Some("no capture file".to_owned()) };
            of_pcap(&mut input, order, in_nanoseconds, &mut take)
        }
        Err(ended) => ended.into_words(0),
    }
}

fn of_pcap(
    input: &mut Input<'_>,
    order: Order,
    in_nanoseconds: bool,
    take: &mut dyn FnMut(&Packet<'_>),
) -> Option<String> {
    let link = match input.fill(16) {
        // The upper bits tell of frame check sequences.
        Ok(rest) => order.u32(rest, 12).unwrap_or_default() & 0x0fff_ffff,
        Err(ended) => return ended.into_words(0),
    };
    loop {
        let at = input.at;
        let header = match input.fill(16) {
            Ok(header) => header,
            Err(ended) => return ended.into_words(at),
        };
        let field = |at| order.u32(header, at).unwrap_or_default();
        let (seconds, fraction, length) = (field(0), field(4), field(8) as usize);
        if length > LONGEST {
            return Some(format!("damaged at byte {at}: a packet of {length} bytes; what follows is lost"));
        }
        let micros = if in_nanoseconds { fraction / 1_000 } else { fraction };
        let at = Instant(i64::from(seconds) * Instant::SECOND + i64::from(micros));
        let offset = input.at;
        match input.fill(length) {
            Ok(data) => take(&Packet { offset, at, link, data }),
            Err(ended) => return ended.into_words(offset),
        }
    }
}

fn of_sections(
    input: &mut Input<'_>,
    mut head: Vec<u8>,
    take: &mut dyn FnMut(&Packet<'_>),
) -> Option<String> {
    let mut order = Order::Little;
    let mut interfaces: Vec<Interface> = Vec::new();
    loop {
        let start = input.at - 8;
        let wrong = |what: &str| Some(format!("damaged at byte {start}: {what}; what follows is lost"));
        let is_section = head.starts_with(&SECTION);
        let mut mark = [0; 4];
        if is_section {
            // The byte order stands behind the length that needs it.
            match input.fill(4) {
                Ok(bytes) => mark.copy_from_slice(bytes.get(..4).unwrap_or(&[0; 4])),
                Err(ended) => return ended.into_words(start),
            }
            order = match mark {
                [0x1a, 0x2b, 0x3c, 0x4d] => Order::Big,
                [0x4d, 0x3c, 0x2b, 0x1a] => Order::Little,
                _ => return wrong("no byte order"),
            };
            interfaces.clear();
        }
        let read = if is_section { 12 } else { 8 };
        let length = order.u32(&head, 4).unwrap_or_default() as usize;
        if length < read + 4 || !length.is_multiple_of(4) || length > LONGEST + 64 * 1024 {
            return wrong("a block of an impossible length");
        }
        let kind = order.u32(&head, 0).unwrap_or_default();
        let body_at = input.at;
        let body = match input.fill(length - read) {
            Ok(body) => body,
            Err(ended) => return ended.into_words(body_at),
        };
        let body = body.get(..body.len() - 4).unwrap_or_default();
        match kind {
            1 if interfaces.len() < MOST_INTERFACES => interfaces.extend(interface(order, body)),
            2 | 3 | 6 => {
                if let Some(packet) = block(order, kind, body, body_at, &interfaces) {
                    take(&packet);
                }
            }
            _ => {}
        }
        head = match input.fill(8) {
            Ok(next) => next.to_vec(),
            Err(ended) => return ended.into_words(start),
        };
    }
}

/// Reads the description of an interface: its link type, and among its options the resolution (9) and
/// the seconds to add (14).
fn interface(order: Order, body: &[u8]) -> Option<Interface> {
    let mut found = Interface { link: u32::from(order.u16(body, 0)?), resolution: 1_000_000, shift: 0 };
    let mut at = 8;
    while let (Some(code), Some(length)) = (order.u16(body, at), order.u16(body, at + 2)) {
        let length = usize::from(length);
        match (code, body.get(at + 4..at + 4 + length)) {
            (0, _) | (_, None) => break,
            (9, Some([power])) => {
                let exponent = u32::from(power & 0x7f);
                let base: u64 = if power & 0x80 == 0 { 10 } else { 2 };
                found.resolution = base.checked_pow(exponent).unwrap_or(found.resolution).max(1);
            }
            (14, Some(value)) => {
                let high = order.u32(value, if order == Order::Big { 0 } else { 4 })?;
                let low = order.u32(value, if order == Order::Big { 4 } else { 0 })?;
                found.shift = (i64::from(high) << 32) | i64::from(low);
            }
            _ => {}
        }
        at += 4 + length.next_multiple_of(4);
    }
    Some(found)
}

/// Reads an enhanced (6), old (2) or simple (3) packet block; the simple one has no time and is left out.
fn block<'a>(
    order: Order,
    kind: u32,
    body: &'a [u8],
    body_at: u64,
    interfaces: &[Interface],
) -> Option<Packet<'a>> {
    let number = match kind {
        6 => order.u32(body, 0)? as usize,
        2 => usize::from(order.u16(body, 0)?),
        _ => return None,
    };
    let interface = interfaces.get(number)?;
    let units = u64::from(order.u32(body, 4)?) << 32 | u64::from(order.u32(body, 8)?);
    let length = order.u32(body, 12)? as usize;
    let data = body.get(20..20 + length)?;
    let micros = u128::from(units) * 1_000_000 / u128::from(interface.resolution);
    let micros = i64::try_from(micros).ok()?.checked_add(interface.shift.checked_mul(Instant::SECOND)?)?;
    Some(Packet { offset: body_at + 20, at: Instant(micros), link: interface.link, data })
}

/// The bytes of a file in order.
struct Input<'a> {
    source: &'a mut dyn Read,
    at: u64,
    room: Vec<u8>,
}

/// Why there are no more bytes.
enum Ended {
    /// The file is over, between two records.
    Over,
    /// It ends within a record.
    Cut,
    Broken(std::io::Error),
}

impl Ended {
    fn into_words(self, at: u64) -> Option<String> {
        match self {
            Ended::Over => None,
            Ended::Cut => Some(format!("ends in the middle of the packet at byte {at}")),
            Ended::Broken(error) => Some(format!("cannot be read on from byte {at}: {error}")),
        }
    }
}

impl Input<'_> {
    /// Reads so many bytes.
    fn fill(&mut self, length: usize) -> Result<&[u8], Ended> {
        self.room.resize(length, 0);
        let mut filled = 0;
        while let Some(rest) = self.room.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.source.read(rest) {
                Ok(0) if filled == 0 => return Err(Ended::Over),
                Ok(0) => return Err(Ended::Cut),
                Ok(got) => filled += got,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Ended::Broken(error)),
            }
        }
        self.at += length as u64;
        Ok(&self.room)
    }
}
