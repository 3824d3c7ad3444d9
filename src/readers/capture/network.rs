//! From a captured frame to what a program was sent: link, IP, UDP and TCP headers, and fragments.
//!
//! Link types are libpcap's: null and loop (0, 108), Ethernet (1) with VLAN tags, raw IP (12, 14, 101, 228,
//! 229), Linux cooked of both versions (113, 276). Every header is the sender's; what does not fit is left.

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Datagrams whose fragments are waited for; the oldest gives way.
const MOST_FRAGMENTED: usize = 256;
/// Fragments of one datagram.
const MOST_FRAGMENTS: usize = 64;
/// No IP datagram is longer.
const LONGEST: usize = 65_535;

/// One end of a conversation.
pub(super) type End = (IpAddr, u16);

/// What one packet brings to a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Brought<'a> {
    /// A datagram.
    Udp { from: End, to: End, data: std::borrow::Cow<'a, [u8]> },
    /// A piece of a stream, with its sequence number; `begins` where the connection does.
    Tcp { from: End, to: End, sequence: u32, begins: bool, data: std::borrow::Cow<'a, [u8]> },
}

/// Takes frames apart, and puts fragments together.
#[derive(Debug, Default)]
pub(super) struct Network {
    fragments: HashMap<Key, Fragments>,
    order: VecDeque<Key>,
}

/// What fragments of one datagram share.
type Key = (IpAddr, IpAddr, u32, u8);

#[derive(Debug, Default)]
struct Fragments {
    pieces: Vec<(usize, Vec<u8>)>,
    length: Option<usize>,
}

/// An IP packet.
struct Internet<'a> {
    from: IpAddr,
    to: IpAddr,
    protocol: u8,
    payload: &'a [u8],
    /// Identification, offset in bytes, and whether more follow, for a fragment.
    fragment: Option<(u32, usize, bool)>,
}

impl Network {
    /// Takes a frame apart.
    pub(super) fn open<'a>(&mut self, link: u32, frame: &'a [u8]) -> Option<Brought<'a>> {
        let packet = internet(behind_link(link, frame)?)?;
        let Some((identification, offset, more)) = packet.fragment else {
            return transport(packet.from, packet.to, packet.protocol, packet.payload);
        };
        let key = (packet.from, packet.to, identification, packet.protocol);
        let whole = self.join(key, offset, more, packet.payload)?;
        let brought = transport(packet.from, packet.to, packet.protocol, &whole)?;
        Some(brought.owned())
    }

    fn join(&mut self, key: Key, offset: usize, more: bool, payload: &[u8]) -> Option<Vec<u8>> {
        if !self.fragments.contains_key(&key) {
            if self.order.len() >= MOST_FRAGMENTED
                && let Some(oldest) = self.order.pop_front()
            {
                self.fragments.remove(&oldest);
            }
            self.order.push_back(key);
        }
        let held = self.fragments.entry(key).or_default();
        let end = offset + payload.len();
        if end > LONGEST || held.pieces.len() >= MOST_FRAGMENTS {
            return None;
        }
        if !more {
            held.length = Some(end);
        }
        held.pieces.push((offset, payload.to_vec()));
        let whole = held.whole()?;
        self.fragments.remove(&key);
        self.order.retain(|known| *known != key);
        Some(whole)
    }
}

impl Fragments {
    fn whole(&self) -> Option<Vec<u8>> {
        let mut pieces: Vec<&(usize, Vec<u8>)> = self.pieces.iter().collect();
        pieces.sort_by_key(|(offset, _)| *offset);
        let mut whole = Vec::new();
        for (offset, bytes) in pieces {
            // What overlaps is counted once, as the first of them says.
            let known = whole.len().checked_sub(*offset)?;
            whole.extend_from_slice(bytes.get(known..).unwrap_or_default());
        }
        (whole.len() >= self.length?).then_some(whole)
    }
}

impl Brought<'_> {
    fn owned<'b>(self) -> Brought<'b> {
        match self {
            Brought::Udp { from, to, data } => Brought::Udp { from, to, data: data.into_owned().into() },
            Brought::Tcp { from, to, sequence, begins, data } => {
                Brought::Tcp { from, to, sequence, begins, data: data.into_owned().into() }
            }
        }
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(*bytes.get(at..)?.first_chunk::<2>()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk::<4>()?))
}

/// Takes the link's header off; `None` for what carries no IP.
fn behind_link(link: u32, frame: &[u8]) -> Option<&[u8]> {
    const IP: u16 = 0x0800;
    const IPV6: u16 = 0x86dd;
    let (mut kind, mut rest) = match link {
        // The family's number differs between systems; the packet tells its version itself.
        0 | 108 => return frame.get(4..),
        12 | 14 | 101 | 228 | 229 => return Some(frame),
        1 => (u16_at(frame, 12)?, frame.get(14..)?),
        113 => (u16_at(frame, 14)?, frame.get(16..)?),
        276 => (u16_at(frame, 0)?, frame.get(20..)?),
        _ => return None,
    };
    for _ in 0..4 {
        match kind {
            IP | IPV6 => return Some(rest),
            // VLAN tags of IEEE 802.1Q, and several of them.
            0x8100 | 0x88a8 | 0x9100 => (kind, rest) = (u16_at(rest, 2)?, rest.get(4..)?),
            // PPPoE carries most lines of small offices.
            0x8864 => {
                kind = match u16_at(rest, 6)? {
                    0x0021 => IP,
                    0x0057 => IPV6,
                    _ => return None,
                };
                rest = rest.get(8..)?;
            }
            _ => return None,
        }
    }
    None
}

fn internet(packet: &[u8]) -> Option<Internet<'_>> {
    match packet.first()? >> 4 {
        4 => version_4(packet),
        6 => version_6(packet),
        _ => None,
    }
}

fn version_4(packet: &[u8]) -> Option<Internet<'_>> {
    let header = usize::from(packet.first()? & 0x0f) * 4;
    let total = usize::from(u16_at(packet, 2)?);
    // Offloading leaves the length zero; a short capture has less than it says.
    let end = if total >= header { total.min(packet.len()) } else { packet.len() };
    let flags = u16_at(packet, 6)?;
    let (offset, more) = (usize::from(flags & 0x1fff) * 8, flags & 0x2000 != 0);
    let address = |at: usize| Some(IpAddr::V4(Ipv4Addr::from(*packet.get(at..)?.first_chunk::<4>()?)));
    Some(Internet {
        from: address(12)?,
        to: address(16)?,
        protocol: *packet.get(9)?,
        payload: packet.get(header.max(20)..end)?,
        fragment: (offset > 0 || more).then_some((u32::from(u16_at(packet, 4)?), offset, more)),
    })
}

fn version_6(packet: &[u8]) -> Option<Internet<'_>> {
    let address = |at: usize| {
        let bytes = *packet.get(at..)?.first_chunk::<16>()?;
        Some(IpAddr::V6(Ipv6Addr::from(bytes)).to_canonical())
    };
    let length = usize::from(u16_at(packet, 4)?);
    let end = if length > 0 { (40 + length).min(packet.len()) } else { packet.len() };
    let (mut protocol, mut payload) = (*packet.get(6)?, packet.get(40..end)?);
    let mut fragment = None;
    for _ in 0..8 {
        match protocol {
            // Hop-by-hop, routing and destination options.
            0 | 43 | 60 => {
                let length = (usize::from(*payload.get(1)?) + 1) * 8;
                (protocol, payload) = (*payload.first()?, payload.get(length..)?);
            }
            44 => {
                let flags = u16_at(payload, 2)?;
                fragment = Some((u32_at(payload, 4)?, usize::from(flags & 0xfff8), flags & 1 != 0));
                (protocol, payload) = (*payload.first()?, payload.get(8..)?);
            }
            _ => break,
        }
    }
    Some(Internet { from: address(8)?, to: address(24)?, protocol, payload, fragment })
}

fn transport(from: IpAddr, to: IpAddr, protocol: u8, payload: &[u8]) -> Option<Brought<'_>> {
    let (from, to) = ((from, u16_at(payload, 0)?), (to, u16_at(payload, 2)?));
    match protocol {
        17 => Some(Brought::Udp { from, to, data: payload.get(8..)?.into() }),
        6 => {
            let header = usize::from(*payload.get(12)? >> 4) * 4;
            let begins = *payload.get(13)? & 0x02 != 0;
            let sequence = u32_at(payload, 4)?;
            let data = payload.get(header.max(20)..)?.into();
            Some(Brought::Tcp { from, to, sequence, begins, data })
        }
        _ => None,
    }
}
