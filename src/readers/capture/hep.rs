//! HEP3: how sensors send captured SIP to Homer. The packet's own addresses are the sensor's; those of the
//! message, and its time, stand in chunks of `vendor, type, length` (HEP3 network protocol, 2014).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::network::End;
use crate::event::Instant;

/// A message as a sensor saw it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sensed<'a> {
    pub(super) from: End,
    pub(super) to: End,
    pub(super) at: Option<Instant>,
    pub(super) text: &'a [u8],
}

/// Chunks of one packet.
const MOST_CHUNKS: usize = 64;

/// Reads a datagram; `None` for what is no HEP3.
pub(super) fn read(data: &[u8]) -> Option<Sensed<'_>> {
    let mut rest = data.strip_prefix(b"HEP3")?.get(2..)?;
    let (mut from, mut to, mut ports) = (None, None, [0_u16; 2]);
    let (mut seconds, mut micros, mut text) = (None, 0, None);
    for _ in 0..MOST_CHUNKS {
        let (Some(kind), Some(length)) = (number(rest.get(..4)), number(rest.get(4..6))) else { break };
        let Some(value) = rest.get(6..length as usize) else { break };
        let short = || number(Some(value)).unwrap_or(0);
        // Chunks of other vendors have their number in the upper half.
        match kind {
            3 | 5 => from = address(value),
            4 | 6 => to = address(value),
            7 => ports[0] = short() as u16,
            8 => ports[1] = short() as u16,
            9 => seconds = Some(short()),
            10 => micros = short(),
            15 => text = Some(value),
            _ => {}
        }
        rest = rest.get(length as usize..)?;
    }
    let at = seconds.map(|seconds| Instant(i64::from(seconds) * Instant::SECOND + i64::from(micros)));
    Some(Sensed { from: (from?, ports[0]), to: (to?, ports[1]), at, text: text? })
}

fn number(bytes: Option<&[u8]>) -> Option<u32> {
    let bytes = bytes.filter(|bytes| bytes.len() <= 4)?;
    Some(bytes.iter().fold(0, |value, byte| value << 8 | u32::from(*byte)))
}

fn address(value: &[u8]) -> Option<IpAddr> {
    if let Ok(four) = <[u8; 4]>::try_from(value) {
        return Some(Ipv4Addr::from(four).into());
    }
    let sixteen = <[u8; 16]>::try_from(value).ok()?;
    Some(IpAddr::V6(Ipv6Addr::from(sixteen)).to_canonical())
}
