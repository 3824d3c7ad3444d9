//! Ids of calls: Asterisk's `1794381175.17`, or `pbx-madrid-1794381175.17` with a system name, and the uuids of
//! FreeSWITCH.

use crate::event::Instant;

/// Returns when the channel was created: ids hold the second, in UTC whatever the machine's zone.
pub fn epoch(uniqueid: &[u8]) -> Option<Instant> {
    let (seconds, _) = parts(uniqueid)?;
    // Asterisk did not exist before 1999; a number of another kind is no epoch.
    (900_000_000..=4_294_967_295).contains(&seconds).then(|| Instant::from_seconds(seconds))
}

/// Returns second and serial number, by which ids of one server sort in the order of creation.
pub fn parts(uniqueid: &[u8]) -> Option<(i64, u64)> {
    let text = std::str::from_utf8(uniqueid).ok()?;
    let (front, serial) = text.rsplit_once('.')?;
    let seconds = front.rsplit('-').next()?;
    if seconds.len() > 10 {
        return None;
    }
    Some((seconds.parse().ok()?, serial.parse().ok()?))
}

/// Returns whether an id is a uuid.
pub fn is_uuid(id: &[u8]) -> bool {
    id.len() == 36
        && id.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}
