//! What a site's own routing script prints: free text, read for its usual turns.
//!
//! `Auth failed: REGISTER user=1001 from 192.0.2.7:5060 ua=...`, `ALERT: pike blocking INVITE from
//! sip:x@y (IP:192.0.2.7:5060)` and the like. Only an address that stands bare or behind a word like
//! `from` or `src_ip=`, and in no URI, is the sender's socket; where two such differ, one of them is
//! likely to be the sender's own words, and none is believed, while the event stands.
//!
//! Users, contacts and user agents are free text: they may hold blanks and any turn of speech. What
//! happened is told only by the words before the first of them.

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
const AGENTS: [&[u8]; 6] = [b"ua", b"useragent", b"user-agent", b"user_agent", b"agent", b"uac"];
/// Words that announce a value of the sender's, unless an address or one of the script's words follows.
const VALUE_CUES: [&[u8]; 14] = [
    b"user",
    b"account",
    b"extension",
    b"subscriber",
    b"for",
    b"from",
    b"contact",
    b"call-id",
    b"callid",
    b"ua",
    b"useragent",
    b"user-agent",
    b"user_agent",
    b"agent",
];
/// Words that end a turn of speech begun by one of those.
const TURN_WORDS: [&[u8]; 4] = [b"not", b"blocked", b"unknown", b"invalid"];
/// Names before a colon whose value is the sender's, blanks and all.
const VALUE_NAMES: [&[u8]; 11] = [
    b"contact",
    b"call-id",
    b"callid",
    b"from",
    b"to",
    b"ua",
    b"useragent",
    b"user-agent",
    b"user_agent",
    b"agent",
    b"uac",
];
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
    let own = own_words(line);
    let told = line.get(..agent_at(line)).unwrap_or(line);
    let (action, reason) = meaning(&own.to_ascii_lowercase(), account(line).is_some(), told)?;
    let mut found = Found::new(action, service).because(reason).from(peer(line));
    found.account = account(told);
    found.detail = words(own).find(|word| METHODS.contains(word));
    Some(found)
}

/// Returns where a word begins that is a piece of `line`.
fn place_of(line: &[u8], part: &[u8]) -> usize {
    (part.as_ptr() as usize).saturating_sub(line.as_ptr() as usize)
}

fn is_any(word: &[u8], known: &[&[u8]]) -> bool {
    known.iter().any(|known| known.eq_ignore_ascii_case(word))
}

/// Returns where the first user agent begins, or where the line ends: nothing behind it is the script's
/// for certain.
fn agent_at(line: &[u8]) -> usize {
    let agent = words(line).find(|word| {
        let end = word.iter().position(|byte| matches!(byte, b'=' | b':')).unwrap_or(word.len());
        is_any(word.get(..end).unwrap_or_default(), &AGENTS)
    });
    agent.map_or(line.len(), |word| place_of(line, word))
}

/// Returns the beginning of a line, up to the first value that the sender may have written: only there
/// do words tell what happened.
fn own_words(line: &[u8]) -> &[u8] {
    let mut before: &[u8] = b"";
    let foreign = words(line).find(|word| {
        let plain = word.strip_suffix(b":").unwrap_or(word);
        let is_foreign = is_value(word)
            || (is_any(before, &AGENTS) && !is_turn(line, word))
            || (is_any(before, &VALUE_CUES) && !is_plain(word) && !is_turn(line, word));
        before = plain;
        is_foreign
    });
    let word_end = foreign.map_or(line.len(), |word| place_of(line, word));
    let mark_end = memchr::memchr2(b'"', b'<', line).unwrap_or(line.len());
    line.get(..word_end.min(mark_end)).unwrap_or(line)
}

/// Is it a name with its value, a URI, or a name with its domain?
fn is_value(word: &[u8]) -> bool {
    if word.contains(&b'@') || word.contains(&b'=') {
        // `from=` may be followed by the user of the From header.
        return named_peer(word).is_none()
            || text::until(word, b"=").is_some_and(|it| is_any(it, &[b"from"]));
    }
    let Some((name, value)) = text::split_once(word, b":") else { return false };
    let begins_a_name = name.first().is_some_and(u8::is_ascii_alphabetic);
    let is_peer = socket(word).is_some() || named_peer(word).is_some();
    let is_named = !value.is_empty() || is_any(name, &VALUE_NAMES) || is_any(name, &ACCOUNT_KEYS);
    begins_a_name && is_named && !is_peer
}

/// Is it a word that the script may write between one that announces a value and the value?
fn is_plain(word: &[u8]) -> bool {
    socket(word).is_some()
        || named_peer(word).is_some()
        || is_any(word, &METHODS)
        || is_any(word, &VALUE_CUES)
        || is_any(word, &ADDRESS_KEYS)
}

/// Does a word end a turn of the script's? Where the line has told before what happened, a sender would
/// write such a word to change it.
fn is_turn(line: &[u8], word: &[u8]) -> bool {
    /// A site's turn of speech stands at the beginning of its line.
    const FARTHEST: usize = 256;
    let place = place_of(line, word);
    if place > FARTHEST || !is_any(word.strip_suffix(b":").unwrap_or(word), &TURN_WORDS) {
        return false;
    }
    let lower = line.get(..place).unwrap_or_default().to_ascii_lowercase();
    let told = [&REGISTERED[..], &ACCEPTED, &FAILURES].iter().any(|turns| first_of(&lower, turns).is_some());
    !told
}

fn first_of(lower: &[u8], turns: &[&[u8]]) -> Option<usize> {
    turns.iter().filter_map(|turn| memchr::memmem::find(lower, turn)).min()
}

/// Tells what a line means by the script's own words, `lower`; a success must be about an account.
/// `told` is what stands before the user agent.
fn meaning(lower: &[u8], is_named: bool, told: &[u8]) -> Option<(Action, &'static str)> {
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
    if !is_named {
        return None;
    }
    if let Some(at) = first_of(lower, &GONE) {
        let is_end = !lower.get(at..)?.starts_with(b"registration failed");
        return is_end.then_some((Action::Unregistered, ""));
    }
    if first_of(lower, &REGISTERED).is_some() {
        return Some((if is_farewell(told) { Action::Unregistered } else { Action::Registered }, ""));
    }
    first_of(lower, &ACCEPTED).map(|_| (Action::AuthOk, ""))
}

/// Does a registration end now? A line that says so once and otherwise elsewhere says nothing.
fn is_farewell(told: &[u8]) -> bool {
    let mut times = words(told)
        .filter_map(|word| word.strip_prefix(b"expires=").or_else(|| word.strip_prefix(b"expires:")))
        .peekable();
    times.peek().is_some() && times.all(|time| time == b"0")
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
///
/// What stands in the user agent is never believed, but whoever is announced there may be the true one;
/// a bare address there is as often the version of a phone's firmware.
fn peer(line: &[u8]) -> Option<Peer> {
    let agent = agent_at(line);
    let mut told = None;
    let mut rival = None;
    let mut before: &[u8] = b"";
    for word in words(line) {
        let named = named_peer(word);
        if let Some(peer) = named.or_else(|| socket(word)) {
            let cue = before.strip_suffix(b":").unwrap_or(before);
            let is_announced = named.is_some() || is_any(cue, &CUES);
            if place_of(line, word) < agent {
                told = Some(one(told, peer));
            } else if is_announced || peer.1.is_some() || word.starts_with(b"[") {
                rival = Some(one(rival, peer));
            }
        }
        before = word;
    }
    // Several that differ: none is believed.
    told.flatten().filter(|peer| rival.is_none_or(|rival| rival.is_some_and(|rival| rival.0 == peer.0)))
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
