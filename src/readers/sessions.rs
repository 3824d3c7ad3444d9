//! `wtmp`, `btmp` and `lastlog`: who had a session, who failed to get one, and each user's last.
//!
//! Records of one length, the C library's `struct utmp` (`bits/utmp.h`) with numbers of the least byte first:
//! 384 bytes on x86, where times have four bytes, 400 where they have eight. `lastlog` has 292 bytes (or 296)
//! for each user number, whether the user exists or not, so that the file may have holes of gigabytes.
//!
//! A failed login is a record of the kind that a waiting terminal has, with a user's name where that one has
//! `LOGIN`. The host's name in a record is what the client's address was looked up as; the address counts.

use std::net::{IpAddr, Ipv6Addr};

use super::found::Found;
use super::{Access, Chunk, Cites, Content, Format, Opened, Reader, Skipped, Take, Tells, Why, text};
use crate::event::{Action, Instant, Service};
use crate::evidence::Handle;

/// How `wtmp`, `btmp` and `utmp` are told and read.
pub(super) static FORMAT: Format = Format {
    word: "sessions",
    tells: Tells::Host,
    content: Content::Binary,
    cites: Cites::Record,
    looks_like: |_, head| Layout::of(head).is_some(),
    open: |opening| {
        let only_failures = opening.name().starts_with("btmp");
        Some(Opened::certain(Sessions { layout: Layout::of(opening.head)?, only_failures }))
    },
};

/// How `lastlog` is told and read.
pub(super) static LAST_LOGINS: Format = Format {
    word: "last-logins",
    tells: Tells::Host,
    content: Content::Binary,
    cites: Cites::Record,
    // What the program `lastlog` prints may bear the same name.
    looks_like: |path, head| {
        path.rsplit('/').next() == Some("lastlog")
            && head.get(..LAST_LOGIN).is_some_and(|head| head.contains(&0))
    },
    open: |_| Some(Opened::certain(LastLogins)),
};

/// Seconds from 1995 to 2100: others are no login's.
const PLAUSIBLE: std::ops::Range<i64> = 788_918_400..4_102_444_800;

/// Where the fields behind the host's name lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Layout {
    length: usize,
    /// Do seconds and microseconds have eight bytes each?
    is_wide: bool,
    seconds: usize,
    address: usize,
}

const LAYOUTS: [Layout; 2] = [
    Layout { length: 384, is_wide: false, seconds: 340, address: 348 },
    Layout { length: 400, is_wide: true, seconds: 344, address: 360 },
];

impl Layout {
    /// Finds the layout in which the first record, and most of those behind it, make sense.
    fn of(head: &[u8]) -> Option<Self> {
        const LOOKED_AT: usize = 20;
        LAYOUTS.into_iter().find(|layout| {
            let records = || head.chunks_exact(layout.length).take(LOOKED_AT);
            let fits = |record: &[u8]| layout.read(record).is_some_and(|session| session.is_plain());
            let is_told = records().next().is_some_and(|first| layout.kind(first) != Some(0) && fits(first));
            let good = records().filter(|record| fits(record)).count();
            is_told && good * 2 > records().count()
        })
    }

    fn kind(self, bytes: &[u8]) -> Option<u16> {
        bytes.first_chunk().map(|bytes| u16::from_le_bytes(*bytes))
    }

    /// Reads a record; `None` for one that cannot be.
    fn read(self, bytes: &[u8]) -> Option<Session<'_>> {
        let kind = self.kind(bytes).filter(|kind| *kind <= 9)?;
        let (line, user) = (name(bytes.get(8..40)?), name(bytes.get(44..76)?));
        let host = name(bytes.get(76..332)?);
        let (seconds, micros) = self.time(bytes)?;
        let is_empty = kind == 0;
        if !is_empty && (!PLAUSIBLE.contains(&seconds) || !(0..1_000_000).contains(&micros)) {
            return None;
        }
        let at = Instant(Instant::from_seconds(seconds).0.saturating_add(micros));
        let address: &[u8; 16] = bytes.get(self.address..)?.first_chunk()?;
        Some(Session {
            kind,
            line,
            user,
            host,
            at,
            address: address_of(address).or_else(|| text::address(host)),
        })
    }

    fn time(self, bytes: &[u8]) -> Option<(i64, i64)> {
        let at = |place: usize| bytes.get(place..);
        if self.is_wide {
            let wide = |place| at(place)?.first_chunk().map(|bytes| i64::from_le_bytes(*bytes));
            return Some((wide(self.seconds)?, wide(self.seconds + 8)?));
        }
        // Four bytes without a sign last until 2106.
        let narrow = |place| at(place)?.first_chunk().map(|bytes| i64::from(u32::from_le_bytes(*bytes)));
        Some((narrow(self.seconds)?, narrow(self.seconds + 4)?))
    }
}

/// Returns a name up to its first zero byte.
fn name(field: &[u8]) -> &[u8] {
    field.split(|&byte| byte == 0).next().unwrap_or_default()
}

/// Reads sixteen bytes of an address; an IPv4 address takes the first four.
fn address_of(bytes: &[u8; 16]) -> Option<IpAddr> {
    let (first, rest) = bytes.split_first_chunk::<4>()?;
    if bytes.iter().all(|&byte| byte == 0) {
        None
    } else if rest.iter().all(|&byte| byte == 0) {
        Some(IpAddr::from(*first))
    } else {
        Some(IpAddr::V6(Ipv6Addr::from(*bytes)).to_canonical())
    }
}

/// One record.
#[derive(Clone, Copy, Debug)]
struct Session<'a> {
    kind: u16,
    line: &'a [u8],
    user: &'a [u8],
    host: &'a [u8],
    at: Instant,
    address: Option<IpAddr>,
}

impl<'a> Session<'a> {
    /// Returns whether its texts are text; the name of a failed login alone may be anything.
    fn is_plain(&self) -> bool {
        ![self.line, self.host].concat().iter().any(u8::is_ascii_control)
    }

    fn found(&self, only_failures: bool) -> Option<Found<'a>> {
        let (action, reason) = match self.kind {
            1 if self.user == b"shutdown" => (Action::Server, "host stopped"),
            2 => (Action::Server, "host started"),
            3 | 4 => (Action::Server, "clock set"),
            6 if !matches!(self.user, b"LOGIN" | b"") => (Action::AuthFailed, "login refused"),
            7 if only_failures => (Action::AuthFailed, "login refused"),
            7 => (Action::AuthOk, "session"),
            _ => return None,
        };
        let mut found = Found::new(action, Service::Host).because(reason);
        found.exact = Some(self.at);
        found.address = self.address;
        if matches!(action, Action::AuthOk | Action::AuthFailed) {
            found = found.of(self.user);
            found.detail = Some(self.line).filter(|line| !line.is_empty());
            found.context = Some(self.host).filter(|host| !host.is_empty());
        } else {
            found.detail = Some(self.host).filter(|host| !host.is_empty());
        }
        Some(found)
    }
}

struct Sessions {
    layout: Layout,
    /// Is it `btmp`, where some programs write failures as if they were sessions?
    only_failures: bool,
}

impl Reader for Sessions {
    fn access(&self) -> Access {
        Access::InOrder
    }

    fn whole_records(&self, bytes: &[u8]) -> usize {
        bytes.len() / self.layout.length * self.layout.length
    }

    fn read(&self, chunk: &mut Chunk) {
        let bytes = std::mem::take(&mut chunk.bytes);
        let records = bytes.get(chunk.context..).unwrap_or_default();
        for (number, record) in records.chunks(self.layout.length).enumerate() {
            let offset = (number * self.layout.length) as u32;
            let whole = Some(record).filter(|record| record.len() == self.layout.length);
            let Some(session) = whole.and_then(|record| self.layout.read(record)) else {
                let why = if whole.is_some() { Why::UnknownForm } else { Why::CutOff };
                chunk.skipped.push(Skipped { offset, line: number as u32, why });
                continue;
            };
            chunk.records += 1;
            if let Some(found) = session.found(self.only_failures) {
                let mut entry = found.entry(records, 0);
                (entry.offset, entry.length, entry.line) = (offset, record.len() as u32, number as u32);
                chunk.entries.push(entry);
            }
        }
        // Records are counted as lines are.
        chunk.lines = records.len().div_ceil(self.layout.length) as u32;
        chunk.bytes = bytes;
    }
}

/// A record of `lastlog`: seconds, terminal, host.
const LAST_LOGIN: usize = 292;
/// User numbers beyond this are a directory's; the file then has a hole of gigabytes before them.
const MOST_USERS: u64 = 200_000;

struct LastLogins;

impl Reader for LastLogins {
    fn access(&self) -> Access {
        Access::AtWill
    }

    fn read(&self, _chunk: &mut Chunk) {}

    fn read_file(&self, handle: &Handle, take: &mut Take<'_>) -> Vec<String> {
        const AT_ONCE: usize = 512;
        let mut buffer = vec![0; AT_ONCE * LAST_LOGIN];
        let mut user = 0;
        while user < MOST_USERS {
            let got = handle.read_at(&mut buffer, user * LAST_LOGIN as u64).unwrap_or(0);
            for record in buffer.get(..got).unwrap_or_default().chunks_exact(LAST_LOGIN) {
                last_login(user, record, take);
                user += 1;
            }
            if got < buffer.len() {
                return Vec::new();
            }
        }
        vec![format!("only the users up to number {MOST_USERS} were read")]
    }
}

/// Hands over the last login of one user, if there was one; the name is the user's number.
fn last_login(user: u64, record: &[u8], take: &mut Take<'_>) {
    let seconds = record.first_chunk().map_or(0, |bytes| i64::from(u32::from_le_bytes(*bytes)));
    let fields = record.get(4..36).map(name).zip(record.get(36..292).map(name));
    let Some((terminal, host)) = fields.filter(|_| PLAUSIBLE.contains(&seconds)) else { return };
    let number = user.to_string();
    let text = [b"user ", number.as_bytes(), b" on ", terminal, b" from ", host].concat();
    let (account, terminal_at) = (5, 5 + number.len() + 4);
    let mut found = Found::new(Action::AuthOk, Service::Host).because("last login");
    found.exact = Some(Instant::from_seconds(seconds));
    found.address = text::address(host);
    found.account = text.get(account..account + number.len());
    found.detail = text.get(terminal_at..terminal_at + terminal.len()).filter(|line| !line.is_empty());
    let mut entry = found.entry(&text, 0);
    entry.length = text.len() as u32;
    // Counted as a line, so that the next one's number is the next.
    let chunk = Chunk { entries: vec![entry], records: 1, lines: 1, bytes: text, ..Chunk::default() };
    take(&chunk, user * LAST_LOGIN as u64);
}
