//! Logins at the web panels: FreePBX's logs, and the audit log of Elastix and Issabel.
//!
//! FreePBX writes failures only, to `freepbx_security.log`: `[2025-08-22 03:11:09] [freepbx_security.NOTICE]:
//! Authentication failure for admin from 203.0.113.9 [] []`, before 15 without the second bracket. Its
//! `freepbx.log` has the same form and tells of no login. Elastix and Issabel write every login and every page:
//! `[Nov 20 10:00:00 2026] LOGIN admin: Web Interface login successful. Accepted password for admin from
//! 203.0.113.9.` The name is the client's word, so the address is cut off the end.

use super::by_line::{self, ByLine, Line, Lines};
use super::found::Found;
use super::{Cites, Content, Format, Opened, Tells, text};
use crate::event::{Action, Service, Stamp};

/// How FreePBX's logs are told and read.
pub(super) static FREEPBX: Format = Format {
    word: "freepbx-log",
    tells: Tells::Host,
    content: Content::Text,
    cites: Cites::Line,
    looks_like: |_, head| by_line::most_fit(head, |line| freepbx(line).is_some()),
    open: |_| Some(Opened::certain(ByLine(FreepbxLog))),
};

/// How the audit log of Elastix and Issabel is told and read.
pub(super) static AUDIT: Format = Format {
    word: "panel-audit-log",
    tells: Tells::Host,
    content: Content::Text,
    cites: Cites::Line,
    looks_like: |_, head| by_line::most_fit(head, |line| AuditLog.line(line).is_some()),
    open: |_| Some(Opened::certain(ByLine(AuditLog))),
};

struct FreepbxLog;

impl Lines for FreepbxLog {
    fn line<'a>(&self, line: &'a [u8]) -> Option<Line<'a>> {
        // The trace of an error goes on over many lines.
        let Some((stamp, said)) = freepbx(line) else {
            return memchr::memchr(0, line).is_none().then_some(Line { stamp: None, found: None });
        };
        let failure = said.strip_prefix(b"Authentication failure for ").and_then(|rest| {
            let rest = rest.strip_suffix(b" [] []").unwrap_or(rest);
            let (user, address) = text::split_last(rest, b" from ")?;
            let mut found = Found::new(Action::AuthFailed, Service::Panel).of(user).because("login refused");
            found.address = text::address(address);
            Some(found)
        });
        Some(Line { stamp: Some(stamp), found: failure })
    }
}

/// Splits a line into its stamp and what it says.
fn freepbx(line: &[u8]) -> Option<(Stamp, &[u8])> {
    let (stamp, rest) = bracketed_stamp(line)?;
    if rest.starts_with(b"Authentication failure for ") {
        return Some((stamp, rest));
    }
    let (channel, rest) = text::split_once(rest.strip_prefix(b"[")?, b"]")?;
    let level = channel.rsplit(|&byte| byte == b'.').next().unwrap_or(channel);
    let is_level = level.len() > 3 && level.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'-');
    let said = rest.strip_prefix(b": ").or_else(|| {
        let (file, said) = text::split_once(rest.strip_prefix(b" (")?, b") - ")?;
        memchr::memchr(b':', file).map(|_| said)
    })?;
    is_level.then_some((stamp, said))
}

fn bracketed_stamp(line: &[u8]) -> Option<(Stamp, &[u8])> {
    let (stamp, rest) = text::split_once(line.strip_prefix(b"[")?, b"] ")?;
    let (stamp, _) = crate::clock::any_stamp(stamp).filter(|(_, used)| *used == stamp.len())?;
    Some((stamp, rest))
}

struct AuditLog;

impl Lines for AuditLog {
    fn line<'a>(&self, line: &'a [u8]) -> Option<Line<'a>> {
        let (stamp, said) = bracketed_stamp(line)?;
        let (kind, rest) = text::split_once(said, b" ")?;
        let (user, rest) = text::split_once(rest, b": ")?;
        let (before, client) = text::split_last(rest, b" from ")?;
        let found = match kind {
            b"LOGIN" => Some(login(before, user)),
            b"NAVIGATION" => {
                let page = text::split_once(before, b" visited ").map(|(_, page)| text::unquoted(page, b'"'));
                let found = Found::new(Action::WebRequest, Service::Panel).of(user).because("page");
                Some(Found { detail: page, ..found })
            }
            b"LOGOUT" => None,
            _ => return None,
        };
        let address = text::address(client.strip_suffix(b".").unwrap_or(client));
        Some(Line { stamp: Some(stamp), found: found.map(|found| Found { address, ..found }) })
    }
}

fn login<'a>(said: &[u8], user: &'a [u8]) -> Found<'a> {
    if said.starts_with(b"Web Interface login successful") {
        return Found::new(Action::AuthOk, Service::Panel).of(user);
    }
    let is_unknown = memchr::memmem::find(said, b"Invalid user").is_some();
    let reason = if is_unknown { "no such user" } else { "wrong password" };
    Found::new(Action::AuthFailed, Service::Panel).of(user).because(reason)
}
