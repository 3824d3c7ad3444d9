//! Messages of `channels/chan_sip.c`, 1.4 to 20.

use std::net::IpAddr;

use crate::event::{Action, Service};
use crate::readers::found::Found;
use crate::readers::text::{endpoint, positions, sip_user, split_last, split_once, unquoted, until};

/// Why a registration failed; the closed list of `handle_request_register` (18: lines 29029 to
/// 29055), and of 1.4 and 1.6.
const REGISTRATION_REASONS: [&str; 11] = [
    "Wrong password",
    "Username/auth name mismatch",
    "No matching peer found",
    "Not a local domain",
    "Peer is not supposed to register",
    "Device does not match ACL",
    "ACL error (permit/deny)",
    "Device not configured to use this transport type",
    "RTP initialization failed",
    "Domain mismatch",
    "Unknown failure",
];

/// Reads a message of level NOTICE, WARNING or ERROR.
pub(super) fn read(message: &[u8]) -> Option<Found<'_>> {
    let text = message;
    if let Some(rest) = text.strip_prefix(b"Registration from '") {
        return registration(rest);
    }
    if let Some(rest) = text.strip_prefix(b"Call from '") {
        return call_rejected(rest);
    }
    if let Some(rest) = text.strip_prefix(b"Failed to authenticate ") {
        return device(rest, "Failed to authenticate");
    }
    if let Some(rest) = text.strip_prefix(b"Sending fake auth rejection for ") {
        return fake_rejection(rest);
    }
    if let Some(rest) = text.strip_prefix(b"Peer '") {
        return peer_state(rest);
    }
    if let Some(rest) = text.strip_prefix(b"hacking attempt detected '") {
        let peer = endpoint(until(rest, b"'")?);
        return Some(Found::new(Action::Probe, Service::Sip).from(peer).because("hacking attempt detected"));
    }
    let wrong = text
        .strip_prefix(b"Forbidden - wrong password on authentication for REGISTER for '")
        .map(|rest| (rest, "our own registration was refused"));
    if wrong.is_some() {
        return None;
    }
    None
}

/// Reads a message of level VERBOSE.
pub(super) fn read_verbose(message: &[u8]) -> Option<Found<'_>> {
    if let Some(rest) = message.strip_prefix(b"Registered SIP '") {
        let (account, rest) = split_last(rest, b"' at ")?;
        return Some(
            Found::new(Action::Registered, Service::Sip).of(account).from(endpoint(rest.trim_ascii())),
        );
    }
    if let Some(rest) = message.strip_prefix(b"Unregistered SIP '") {
        let account = unquoted_end(rest)?;
        return Some(Found::new(Action::Unregistered, Service::Sip).of(account));
    }
    if let Some(rest) = message.strip_prefix(b"Saved useragent \"") {
        // The agent is the phone's word, the peer ours: take the last separator.
        let (agent, account) = split_last(rest, b"\" for peer ")?;
        let mut found = Found::new(Action::UserAgent, Service::Sip).of(account.trim_ascii());
        found.detail = Some(agent);
        return Some(found);
    }
    // Some versions write failures at this level when a console asks for it.
    read(message)
}

fn unquoted_end(text: &[u8]) -> Option<&[u8]> {
    text.trim_ascii_end().strip_suffix(b"'")
}

/// `Registration from '%s' failed for '%s' - %s`: the first is the sender's To header, the others
/// are ours, so the split is at the last `failed for`.
fn registration(rest: &[u8]) -> Option<Found<'_>> {
    let (header, rest) = split_last(rest, b"' failed for '")?;
    let (peer, reason) = split_once(rest, b"' - ")?;
    let reason = reason.trim_ascii_end();
    let known = REGISTRATION_REASONS.into_iter().find(|known| reason == known.as_bytes());
    let mut found = Found::new(Action::AuthFailed, Service::Sip).from(endpoint(peer));
    found.reason = known.unwrap_or("Registration failed");
    found.account = sip_user(header);
    Some(found)
}

/// `Call from '%s' (%s) to extension '%s' rejected because extension not found in context '%s'.`
///
/// Name and extension are the sender's. If either was written to look like the address in between,
/// the address cannot be told.
pub(super) fn call_rejected(rest: &[u8]) -> Option<Found<'_>> {
    let (before, after) = split_last(rest, b"' rejected because extension not found in context '")?;
    let context = until(after, b"'")?;
    let (name, peer, number) = name_peer_extension(before)?;
    let mut found = Found::new(Action::CallRejected, Service::Sip).of(name).from(peer);
    found.reason = "extension not found";
    found.number = Some(number);
    found.context = Some(context);
    Some(found)
}

type Peer = Option<(IpAddr, Option<u16>)>;

fn name_peer_extension(text: &[u8]) -> Option<(&[u8], Peer, &[u8])> {
    let mut first: Option<(&[u8], Peer, &[u8])> = None;
    for separator in positions(text, b") to extension '", 0) {
        let before = text.get(..separator)?;
        let Some((name, address)) = split_last(before, b"' (") else { continue };
        let peer = endpoint_with_transport(address);
        let number = text.get(separator + b") to extension '".len()..)?;
        match first {
            None => first = Some((name, peer, number)),
            Some((name, known, number)) if known != peer => first = Some((name, None, number)),
            Some(_) => {}
        }
    }
    first
}

/// Reads `1.2.3.4:5060`, `UDP:1.2.3.4:5060` and `TCP:[1.2.3.4]:61470`.
pub(super) fn endpoint_with_transport(text: &[u8]) -> Peer {
    let bare = [&b"UDP:"[..], b"TCP:", b"TLS:", b"WSS:", b"WS:"]
        .into_iter()
        .find_map(|name| text.strip_prefix(name));
    endpoint(bare.unwrap_or(text))
}

/// `Failed to authenticate device %s[ for METHOD, code = N]`: no address, for what is printed is the
/// sender's From header.
fn device<'a>(rest: &'a [u8], reason: &'static str) -> Option<Found<'a>> {
    let header =
        [&b"device "[..], b"user ", b"peer "].into_iter().find_map(|kind| rest.strip_prefix(kind))?;
    let mut found = Found::new(Action::AuthFailed, Service::Sip).because(reason);
    found.account = sip_user(header);
    Some(found)
}

/// `Sending fake auth rejection for user %s (%s)`: a patched 1.4 adds the socket's address; later
/// versions say `device` and print nothing but the sender's header.
fn fake_rejection(rest: &[u8]) -> Option<Found<'_>> {
    let mut found = device(rest, "fake auth rejection")?;
    if rest.starts_with(b"user ")
        && let Some((_, address)) = split_last(rest, b" (")
        && let Some(address) = address.trim_ascii_end().strip_suffix(b")")
    {
        found = found.from(endpoint(address));
    }
    Some(found)
}

/// `Peer '%s' is now UNREACHABLE!  Last qualify: %d` and `Peer '%s' is now Reachable. (%dms / %dms)`.
fn peer_state(rest: &[u8]) -> Option<Found<'_>> {
    let (account, state) = split_once(rest, b"' is now ")?;
    let action = if state.starts_with(b"UNREACHABLE") {
        Action::Unreachable
    } else if state.starts_with(b"Reachable")
        || state.starts_with(b"Lagged")
        || state.starts_with(b"REACHABLE")
    {
        Action::Reachable
    } else {
        return None;
    };
    let mut found = Found::new(action, Service::Sip).of(unquoted(account, b'\''));
    found.detail = Some(state.trim_ascii_end());
    Some(found)
}
