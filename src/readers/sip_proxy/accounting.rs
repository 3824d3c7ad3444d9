//! Transactions as the accounting module tells them, in lines and in tables.
//!
//! `ACC: transaction answered: timestamp=1795193965;method=INVITE;from_tag=...;to_tag=...;call_id=...;
//! code=200;reason=OK` and then what the site adds by `log_extra` (`modules/acc/acc.c` of both). A call is
//! an INVITE that was answered and a BYE; the two share the Call-ID, and the caller's tag stands in
//! `from_tag` or, where the called side hung up, in `to_tag`. OpenSIPS can write one line at the end of a
//! call, `call ended:`, which tells its duration. An INVITE's time is that of its final answer.
//!
//! No value is escaped: a Call-ID, a tag or a user may hold `;src_ip=`. The fixed names must therefore
//! stand once each and in their order, and a name that stands twice among the rest tells nothing. Of the
//! names that sites choose, those of the stock configuration and the usual ones are known.

use super::super::found::Found;
use super::super::text;
use super::fields::Fields;
use crate::event::{Action, Disposition, Instant, Service};

/// The address that the request came from; never what a header says.
const ADDRESS: [&[u8]; 9] =
    [b"src_ip", b"source_ip", b"srcip", b"src_addr", b"si", b"caller_ip", b"from_ip", b"remote_ip", b"ip"];
const PORT: [&[u8]; 4] = [b"src_port", b"source_port", b"srcport", b"sp"];
/// Who called: the name that authenticated, else the one in the From header, which the stock
/// configuration compares with it.
const ACCOUNT: [&[u8]; 11] = [
    b"auth_user",
    b"authuser",
    b"au",
    b"caller_id",
    b"src_user",
    b"from_user",
    b"src_uname",
    b"caller",
    b"from_username",
    b"src",
    b"user",
];
/// What was dialled, before the script rewrote it.
const DIALED: [&[u8]; 6] = [b"dst_ouser", b"ouser", b"dialed", b"dialled", b"to_user", b"called_number"];
/// What it was rewritten to.
const SENT: [&[u8]; 7] = [b"dst_user", b"ruri_user", b"callee", b"callee_id", b"dst_uname", b"dst", b"ruri"];
/// Where it was sent.
const NEXT_HOP: [&[u8]; 5] = [b"dst_domain", b"dst_ip", b"ruri_domain", b"gateway", b"next_hop"];

/// The names that every line has, in their order.
const FIXED: [&[u8]; 6] = [b"method=", b";from_tag=", b";to_tag=", b";call_id=", b";code=", b";reason="];

/// What an accounting record is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum About {
    /// One transaction.
    Transaction,
    /// A whole call that is over.
    Call,
}

/// Reads `transaction answered: timestamp=...`, the mark `ACC: ` taken off.
pub(super) fn of_line(line: &[u8], service: Service) -> Option<Found<'_>> {
    let (title, rest) = text::split_once(line, b": ")?;
    let about = if title == b"call ended" { About::Call } else { About::Transaction };
    let Some(fields) = split(rest) else {
        return Some(Found::new(Action::Probe, service).because("an accounting record made to deceive"));
    };
    let mut found = found(&fields, about, service)?;
    match about {
        About::Transaction => found.exact = instant(&fields, b"timestamp"),
        About::Call => {
            // The line is written when the call is over, and only then.
            found.action = Action::HungUp;
            let began = instant(&fields, b"call_start_time");
            found.exact = began.zip(found.seconds).map(|(at, seconds)| at.plus_seconds(i64::from(seconds)));
        }
    }
    Some(found)
}

/// Splits a line into its fields; `None` where the fixed names stand twice or out of order.
fn split(line: &[u8]) -> Option<Fields<'_>> {
    let mut fields = Fields::default();
    let method = text::positions(line, b"method=", 0).next()?;
    add_pairs(&mut fields, line.get(..method)?);
    let mut rest = line.get(method..)?;
    for (index, name) in FIXED.iter().enumerate() {
        rest = rest.strip_prefix(*name)?;
        let value_end = match FIXED.get(index + 1) {
            Some(next) => {
                let mut places = text::positions(rest, next, 0);
                let end = places.next()?;
                // The same name again may be the true one.
                if places.next().is_some() {
                    return None;
                }
                end
            }
            None => memchr::memchr(b';', rest).unwrap_or(rest.len()),
        };
        let bare = name.strip_prefix(b";").unwrap_or(name);
        fields.add(bare.strip_suffix(b"=").unwrap_or(bare), rest.get(..value_end)?);
        rest = rest.get(value_end..)?;
    }
    add_pairs(&mut fields, rest);
    Some(fields)
}

fn add_pairs<'a>(fields: &mut Fields<'a>, text: &'a [u8]) {
    for pair in text.split(|&byte| byte == b';') {
        if let Some((name, value)) = text::split_once(pair, b"=") {
            fields.add(name, value);
        }
    }
}

/// Returns the instant that a field of the line tells, in seconds since 1970 and perhaps microseconds.
fn instant(fields: &Fields<'_>, name: &[u8]) -> Option<Instant> {
    let seconds = text::number::<u32>(fields.get(name)?).filter(|seconds| *seconds > 0)?;
    let micros = fields.get(b"time_exten").and_then(text::number::<u32>).filter(|micros| *micros < 1_000_000);
    Some(Instant(i64::from(seconds) * Instant::SECOND + i64::from(micros.unwrap_or(0))))
}

/// Makes an event of an accounting record; `None` for transactions that tell of none.
pub(super) fn found<'a>(fields: &Fields<'a>, about: About, service: Service) -> Option<Found<'a>> {
    let code = fields.first(&[b"code", b"sip_code"]).and_then(text::number::<u16>);
    // Tables of whole calls may have neither.
    let method = fields.get(b"method").or((about == About::Call).then_some(&b"INVITE"[..]))?;
    let (action, reason) = meaning(method, code, about)?;
    let mut found = Found::new(action, service).because(reason);
    found.address = fields.first(&ADDRESS).and_then(text::endpoint).map(|(address, _)| address);
    found.port = fields.first(&PORT).and_then(text::number);
    found.account = fields.first(&ACCOUNT).map(user);
    found.session = fields.first(&[b"call_id", b"callid"]);
    found.channel = fields.get(b"from_tag");
    found.context = fields.get(b"to_tag");
    found.detail = fields.first(&NEXT_HOP);
    found.number = dialed(fields);
    found.seconds = seconds(fields);
    Some(found)
}

fn meaning(method: &[u8], code: Option<u16>, about: About) -> Option<(Action, &'static str)> {
    Some(match (method, code) {
        (b"INVITE", None) if about == About::Call => (Action::Call, Disposition::Answered.word()),
        (b"INVITE", code) => (Action::Call, Disposition::from_status(code?).word()),
        (b"BYE", _) => (Action::HungUp, ""),
        (b"REGISTER", Some(200..=299)) => (Action::Registered, ""),
        (b"REGISTER", Some(401 | 407)) => (Action::Challenge, ""),
        (b"REGISTER", Some(403)) => (Action::AuthFailed, "forbidden"),
        (b"REGISTER", Some(404)) => (Action::AuthFailed, "no such account"),
        _ => return None,
    })
}

/// Returns what was dialled: what the To header says only where it agrees with what was sent on, for
/// the caller may write anything there.
fn dialed<'a>(fields: &Fields<'a>) -> Option<&'a [u8]> {
    /// Rules of dialling change the beginning of a number.
    const TAIL: usize = 6;
    let original = fields.first(&DIALED).map(user);
    let sent = fields.first(&SENT).map(user);
    match (original, sent) {
        (Some(original), Some(sent)) => {
            let tail = |number: &'a [u8]| number.get(number.len().saturating_sub(TAIL)..).unwrap_or(number);
            Some(if tail(original) == tail(sent) { original } else { sent })
        }
        (original, sent) => sent.or(original),
    }
}

/// Returns the user of a value that may be a URI.
fn user(value: &[u8]) -> &[u8] {
    text::sip_user(value).unwrap_or_else(|| value.split(|&byte| byte == b'@').next().unwrap_or(value))
}

/// Returns how long the call lasted; OpenSIPS rounds the seconds up and tells the milliseconds too.
fn seconds(fields: &Fields<'_>) -> Option<u32> {
    let exact = fields.get(b"ms_duration").and_then(text::number::<u64>).filter(|length| *length > 0);
    if let Some(length) = exact {
        return u32::try_from(length.div_ceil(1_000)).ok();
    }
    let duration = fields.get(b"duration")?;
    let whole = duration.split(|&byte| byte == b'.').next()?;
    text::number(whole)
}
