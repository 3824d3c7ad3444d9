//! Messages of `channels/chan_iax2.c`.

use crate::event::{Action, Service};
use crate::readers::found::Found;
use crate::readers::text::{endpoint, split_last, split_once, unquoted, until};

/// Reads a message of level NOTICE, WARNING or ERROR.
pub(super) fn read(message: &[u8]) -> Option<Found<'_>> {
    if let Some(rest) = message.strip_prefix(b"Host ") {
        return host(rest);
    }
    if let Some(rest) = message.strip_prefix(b"No registration for peer '") {
        let (account, peer) = split_last(rest, b"' (from ")?;
        let peer = endpoint(until(peer, b")")?);
        return Some(failed().of(account).from(peer).because("No registration for peer"));
    }
    if let Some(rest) = message.strip_prefix(b"Rejected connect attempt from ") {
        return rejected(rest);
    }
    if let Some(rest) = message.strip_prefix(b"Rejected dial attempt from ") {
        return rejected(rest);
    }
    if let Some(rest) = message.strip_prefix(b"Empty registration from ") {
        let found = Found::new(Action::Probe, Service::Iax2).because("Empty registration");
        return Some(found.from(endpoint(rest.trim_ascii_end())));
    }
    if let Some(rest) = message.strip_prefix(b"Peer '") {
        let (account, state) = split_once(rest, b"' is now ")?;
        let action = if state.starts_with(b"REACHABLE") { Action::Reachable } else { Action::Unreachable };
        return Some(Found::new(action, Service::Iax2).of(account));
    }
    None
}

/// Reads a message of level VERBOSE.
pub(super) fn read_verbose(message: &[u8]) -> Option<Found<'_>> {
    if let Some(rest) = message.strip_prefix(b"Registered IAX2 '") {
        // `Registered IAX2 to '...'` is our own registration with somebody else.
        let (account, peer) = split_last(rest, b") at ")?;
        let account = until(account, b"'")?;
        return Some(
            Found::new(Action::Registered, Service::Iax2).of(account).from(endpoint(peer.trim_ascii_end())),
        );
    }
    if let Some(rest) = message.strip_prefix(b"Unregistered IAX2 '") {
        return Some(Found::new(Action::Unregistered, Service::Iax2).of(until(rest, b"'")?));
    }
    if let Some(rest) = message.strip_prefix(b"Accepting AUTHENTICATED call from ") {
        return Some(accepted(Action::AuthOk, rest));
    }
    if let Some(rest) = message.strip_prefix(b"Accepting UNAUTHENTICATED call from ") {
        return Some(accepted(Action::CallAttempt, rest).because("unauthenticated"));
    }
    read(message)
}

fn failed<'a>() -> Found<'a> {
    Found::new(Action::AuthFailed, Service::Iax2)
}

fn accepted(action: Action, rest: &[u8]) -> Found<'_> {
    let peer = rest.trim_ascii_end();
    Found::new(action, Service::Iax2).from(endpoint(peer.strip_suffix(b":").unwrap_or(peer)))
}

/// `Host %s failed to authenticate as %s`, `failed MD5 authentication for '%s' (..)`, `denied access
/// to register peer '%s'`, `failed RSA authentication with inkeys '%s'`.
fn host(rest: &[u8]) -> Option<Found<'_>> {
    let (peer, rest) = split_once(rest, b" ")?;
    let found = failed().from(endpoint(peer));
    if let Some(account) = rest.strip_prefix(b"failed to authenticate as ") {
        return Some(found.of(unquoted(account.trim_ascii_end(), b'\'')).because("failed to authenticate"));
    }
    if let Some(rest) = rest.strip_prefix(b"failed MD5 authentication for '") {
        return Some(found.of(until(rest, b"'")?).because("failed MD5 authentication"));
    }
    if let Some(rest) = rest.strip_prefix(b"denied access to register peer '") {
        return Some(found.of(until(rest, b"'")?).because("denied access"));
    }
    rest.starts_with(b"failed RSA authentication").then(|| found.because("failed RSA authentication"))
}

/// `%s, who was trying to reach '%s@%s'` and `%s, request '%s@%s' does not exist`.
fn rejected(rest: &[u8]) -> Option<Found<'_>> {
    let (peer, rest) = split_once(rest, b", ")?;
    let target = until(split_once(rest, b"'")?.1, b"'")?;
    let (number, context) = split_last(target, b"@").unwrap_or((target, b""));
    let reason =
        if rest.starts_with(b"who was trying") { "not authenticated" } else { "extension not found" };
    let mut found = Found::new(Action::CallRejected, Service::Iax2).from(endpoint(peer)).because(reason);
    found.number = Some(number);
    found.context = Some(context);
    Some(found)
}
