//! What a site's own routing script prints: free text, read for its usual turns.
//!
//! `Auth failed: REGISTER user=1001 from 192.0.2.7:5060 ua=...`, `ALERT: pike blocking INVITE from
//! sip:x@y (IP:192.0.2.7:5060)` and the like. Only an address that follows a word like `from` or
//! `src_ip=`, and that stands in no URI, is the sender's socket; where two such differ, one of them
//! is likely to be the sender's own words, and none is believed. A success counts only where the words
//! for it come before the name it is about.

use std::net::IpAddr;

use super::super::found::Found;
use super::super::text;
use crate::event::{Action, Service};

/// Words before an address that is the sender's.
const CUES: [&[u8]; 8] = [b"from", b"ip", b"source", b"src", b"peer", b"address", b"addr", b"src_ip"];
/// Names of values that are the sender's address.
const ADDRESS_KEYS: [&[u8]; 14] = [
    b"ip",
    b"src_ip",
    b"source_ip",
    b"srcip",
    b"si",
    b"src",
    b"source",
    b"from_ip",
    b"from",
    b"peer",
    b"addr",
    b"src_addr",
    b"remote_ip",
    b"received",
];
/// Names of values that are the account, those that authenticated first.
const ACCOUNT_KEYS: [&[u8]; 11] = [
    b"authuser",
    b"auth_user",
    b"au",
    b"username",
    b"user",
    b"from_user",
    b"fu",
    b"src_user",
    b"account",
    b"aor",
    b"caller",
];
/// What begins the user agent, which is free text of the sender.
const AGENT_KEYS: [&[u8]; 6] =
    [b" ua=", b" ua:", b" user-agent=", b" user-agent:", b" user_agent=", b" agent="];
const METHODS: [&[u8]; 8] =
    [b"REGISTER", b"INVITE", b"OPTIONS", b"SUBSCRIBE", b"PUBLISH", b"MESSAGE", b"BYE", b"NOTIFY"];

/// Turns of speech and what they mean, the first that fits counts. All lower case.
const FAILURES: [&[u8]; 16] = [
    b"auth failed",
    b"auth failure",
    b"auth error",
    b"authentication fail",
    b"authentication error",
    b"authorization fail",
    b"authorisation fail",
    b"failed auth",
    b"failed to authenticate",
    b"not authenticated",
    b"login failed",
    b"failed login",
    b"wrong password",
    b"invalid password",
    b"invalid credentials",
    b"bad credentials",
];
const UNKNOWN: [&[u8]; 4] = [b"unknown user", b"no such user", b"user not found", b"invalid user"];
const FLOODS: [&[u8]; 6] =
    [b"pike block", b"flood detected", b"flooding", b"ip banned", b"banned ip", b"traffic blocked"];
const PROBES: [&[u8]; 7] = [
    b"malformed sip request",
    b"scanner",
    b"sipvicious",
    b"sql injection",
    b"user agent blocked",
    b"blocked user agent",
    b"blacklisted",
];
const REFUSALS: [&[u8]; 6] = [
    b"not relaying",
    b"relay denied",
    b"relaying denied",
    b"call rejected",
    b"call not allowed",
    b"not allowed to call",
];
const REGISTERED: [&[u8]; 7] = [
    b"register ok",
    b"register success",
    b"registered",
    b"registration ok",
    b"registration success",
    b"successful registration",
    b"registration accepted",
];
const GONE: [&[u8]; 6] =
    [b"unregister", b"un-register", b"deregister", b"de-register", b"not registered", b"registration failed"];
const ACCEPTED: [&[u8]; 5] =
    [b"auth ok", b"auth success", b"authentication ok", b"authentication success", b"authenticated"];

/// Reads one line of a script; `None` where it tells of no event.
pub(super) fn found(line: &[u8], service: Service) -> Option<Found<'_>> {
    let line = before_agent(line);
    let lower = line.to_ascii_lowercase();
    let account = account(line);
    let (action, reason) = meaning(&lower, account.map(|account| place_of(line, account)))?;
    let method = words(line).find(|word| METHODS.contains(word));
    let mut found = Found::new(action, service).because(reason).from(peer(line));
    found.account = account;
    found.detail = method;
    Some(found)
}

/// Returns where `part`, a piece of `line`, begins.
fn place_of(line: &[u8], part: &[u8]) -> usize {
    (part.as_ptr() as usize).saturating_sub(line.as_ptr() as usize)
}

/// Cuts the user agent off, unless the line has two: then either may be the sender's doing.
fn before_agent(line: &[u8]) -> &[u8] {
    let lower = line.to_ascii_lowercase();
    let mut places = AGENT_KEYS.iter().flat_map(|key| text::positions(&lower, key, 0));
    match (places.next(), places.next()) {
        (Some(place), None) => line.get(..place).unwrap_or(line),
        _ => line,
    }
}

fn first_of(lower: &[u8], turns: &[&[u8]]) -> Option<usize> {
    turns.iter().filter_map(|turn| memchr::memmem::find(lower, turn)).min()
}

/// Tells what a line means; `name_at` is where the account stands.
fn meaning(lower: &[u8], name_at: Option<usize>) -> Option<(Action, &'static str)> {
    if first_of(lower, &FLOODS).is_some() {
        return Some((Action::Banned, "too many requests"));
    }
    if first_of(lower, &FAILURES).is_some() {
        return Some((Action::AuthFailed, "wrong secret"));
    }
    if first_of(lower, &UNKNOWN).is_some() {
        return Some((Action::AuthFailed, "no such account"));
    }
    if first_of(lower, &PROBES).is_some() {
        return Some((Action::Probe, "refused by the routing script"));
    }
    if first_of(lower, &REFUSALS).is_some() {
        return Some((Action::CallRejected, "not allowed"));
    }
    let comes_first = |at: usize| name_at.is_some_and(|name| at < name);
    if let Some(at) = first_of(lower, &GONE) {
        let is_end = comes_first(at) && !lower.get(at..)?.starts_with(b"registration failed");
        return is_end.then_some((Action::Unregistered, ""));
    }
    if first_of(lower, &REGISTERED).is_some_and(comes_first) {
        let is_end = words(lower).any(|word| matches!(word, b"expires=0" | b"expires:0"));
        return Some((if is_end { Action::Unregistered } else { Action::Registered }, ""));
    }
    first_of(lower, &ACCEPTED).is_some_and(comes_first).then_some((Action::AuthOk, ""))
}

/// Splits a line at blanks, brackets and marks around words taken off.
fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let is_mark = |byte: &u8| {
        matches!(byte, b'(' | b')' | b'{' | b'}' | b'<' | b'>' | b'"' | b'\'' | b',' | b';' | b'|' | b'.')
    };
    line.split(|&byte| matches!(byte, b' ' | b'\t' | b'|'))
        .map(move |word| {
            let start = word.iter().position(|byte| !is_mark(byte)).unwrap_or(word.len());
            let end = word.iter().rposition(|byte| !is_mark(byte)).map_or(start, |last| last + 1);
            word.get(start..end).unwrap_or_default()
        })
        .filter(|word| !word.is_empty())
}

/// Returns the socket that the request came from, as far as the line tells just one.
fn peer(line: &[u8]) -> Option<(IpAddr, Option<u16>)> {
    let mut cued = None;
    let mut bare = None;
    let mut before: &[u8] = b"";
    for word in words(line) {
        if let Some(peer) = named_peer(word) {
            cued = Some(one(cued, peer));
        } else if let Some(peer) = socket(word) {
            let cue = before.trim_ascii_end();
            let cue = cue.strip_suffix(b":").unwrap_or(cue);
            let is_cued = CUES.iter().any(|known| known.eq_ignore_ascii_case(cue));
            let into = if is_cued { &mut cued } else { &mut bare };
            *into = Some(one(*into, peer));
        }
        before = word;
    }
    // Several that differ: none is believed.
    cued.or(bare).flatten()
}

type Peer = (IpAddr, Option<u16>);

/// Returns `peer` if it is the one known so far, or the first.
fn one(known: Option<Option<Peer>>, peer: Peer) -> Option<Peer> {
    match known {
        None => Some(peer),
        Some(known) => known.filter(|known| known.0 == peer.0),
    }
}

/// Reads `src_ip=192.0.2.7`, `IP:192.0.2.7:5060`.
fn named_peer(word: &[u8]) -> Option<Peer> {
    let end = word.iter().position(|byte| matches!(byte, b'=' | b':'))?;
    let (name, value) = (word.get(..end)?, word.get(end + 1..)?);
    ADDRESS_KEYS.iter().any(|known| known.eq_ignore_ascii_case(name)).then(|| socket(value)).flatten()
}

/// Reads an address with or without a port. The script puts the port behind an IPv6 address without
/// brackets: then the last group is taken for it where it can only be one, or is SIP's own.
fn socket(word: &[u8]) -> Option<Peer> {
    let colons = word.iter().filter(|&&byte| byte == b':').count();
    if colons < 2 || word.starts_with(b"[") {
        let word = if colons == 0 && word.starts_with(b"[") { text::unbracketed(word) } else { word };
        return text::endpoint(word);
    }
    let (front, last) = text::split_last(word, b":")?;
    let port = text::number::<u16>(last);
    let as_port = || Some((text::address(front)?, port));
    match (text::address(word), port) {
        (None, Some(_)) => as_port(),
        (Some(_), Some(5060 | 5061)) => as_port(),
        // `2001:db8::1:8443` may be either.
        (Some(_), Some(1_000..)) => None,
        (whole, _) => whole.map(|address| (address, None)),
    }
}

/// Returns the account that a line is about.
fn account(line: &[u8]) -> Option<&[u8]> {
    let named = ACCOUNT_KEYS.iter().find_map(|key| {
        words(line).find_map(|word| {
            let end = word.iter().position(|byte| matches!(byte, b'=' | b':'))?;
            let (name, value) = (word.get(..end)?, word.get(end + 1..)?);
            name.eq_ignore_ascii_case(key).then(|| user(value)).flatten()
        })
    });
    named.or_else(|| spoken(line)).or_else(|| words(line).find_map(text::sip_user))
}

/// Reads `for user 1001`, `user 1001`, `for 1001`.
fn spoken(line: &[u8]) -> Option<&[u8]> {
    let mut before: &[u8] = b"";
    for word in words(line) {
        let is_filler = [&b"user"[..], b"account", b"extension", b"subscriber"].contains(&word);
        let names = [&b"user"[..], b"account", b"extension", b"subscriber", b"for"]
            .iter()
            .any(|cue| cue.eq_ignore_ascii_case(before));
        if names && !is_filler && socket(word).is_none() && !word.contains(&b'=') {
            return user(word);
        }
        before = word;
    }
    None
}

fn user(value: &[u8]) -> Option<&[u8]> {
    let user = text::sip_user(value).or_else(|| value.split(|&byte| byte == b'@').next()).unwrap_or_default();
    (!user.is_empty() && user != b"<null>" && user != b"null").then_some(user)
}
