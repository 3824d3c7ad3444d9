//! Messages of `res_pjsip*`, 12 and later.

use super::chan_sip::{call_rejected, endpoint_with_transport};
use crate::event::{Action, Service};
use crate::readers::found::Found;
use crate::readers::text::{endpoint, positions, sip_user, split_last, split_once, until};

/// What the distributor says of a request that it turns away (13:660, 16:670, 18:667, 20:716).
const DISTRIBUTOR_REASONS: [&str; 5] = [
    "No matching endpoint found",
    "Not match Endpoint Contact ACL",
    "Not match Endpoint ACL",
    "Failed to authenticate",
    "Error to authenticate",
];

/// Why a contact was removed (registrar and `location.c`).
const REMOVAL_REASONS: [&str; 8] = [
    "registration failure",
    "remove existing",
    "remove unavailable",
    "expiration",
    "request",
    "shutdown",
    "system boot",
    "none",
];

/// Reads a message of level NOTICE, WARNING or ERROR.
pub(super) fn read(message: &[u8]) -> Option<Found<'_>> {
    if let Some(rest) = message.strip_prefix(b"Request ") {
        return request_failed(rest);
    }
    if let Some(rest) = message.strip_prefix(b"Call from '") {
        return call_rejected(rest).map(of_pjsip);
    }
    if let Some(rest) = message.strip_prefix(b"Incoming SIP message from ") {
        let peer = endpoint_with_transport(until(rest, b" did not pass ACL test")?);
        return Some(
            Found::new(Action::AuthFailed, Service::Pjsip).from(peer).because("did not pass ACL test"),
        );
    }
    if positions(message, b": Call (", 2).next().is_some() {
        return new_call_rejected(message);
    }
    None
}

/// Reads a message of level VERBOSE.
pub(super) fn read_verbose(message: &[u8]) -> Option<Found<'_>> {
    if let Some(rest) = message.strip_prefix(b"Added contact '") {
        let (contact, rest) = split_once(rest, b"' to AOR '")?;
        return Some(contact_of(Action::Registered, contact, until(rest, b"'")?));
    }
    if let Some(rest) = message.strip_prefix(b"Removed contact '") {
        let (contact, rest) = split_once(rest, b"' from AOR '")?;
        let (account, reason) = split_once(rest, b"' due to ")?;
        let reason = reason.trim_ascii_end();
        let known = REMOVAL_REASONS.into_iter().find(|known| reason == known.as_bytes());
        return Some(contact_of(Action::Unregistered, contact, account).because(known.unwrap_or("removed")));
    }
    if let Some(rest) = message.strip_prefix(b"Contact ") {
        let (account, rest) = split_once(rest, b"/")?;
        let (_, state) = split_once(rest, b" is now ")?;
        return state_of(account, state);
    }
    if let Some(rest) = message.strip_prefix(b"Endpoint ") {
        let (account, state) = split_once(rest, b" is now ")?;
        return state_of(account, state);
    }
    None
}

fn of_pjsip(mut found: Found<'_>) -> Found<'_> {
    found.service = Service::Pjsip;
    found
}

/// The contact is the phone's own word: it may hold a private address or any other. It is kept as
/// detail, and never taken for the peer's address.
fn contact_of<'a>(action: Action, contact: &'a [u8], account: &'a [u8]) -> Found<'a> {
    let mut found = Found::new(action, Service::Pjsip).of(account);
    found.detail = Some(contact);
    found
}

fn state_of<'a>(account: &'a [u8], state: &[u8]) -> Option<Found<'a>> {
    let action = if state.starts_with(b"Reachable") {
        Action::Reachable
    } else if state.starts_with(b"Unreachable") {
        Action::Unreachable
    } else {
        return None;
    };
    Some(Found::new(action, Service::Pjsip).of(account))
}

/// `Request '%s' from '%s' failed for '%s' (callid: %s) - %s[ after %u tries in %.3f ms]`; before
/// 13.10 without the method.
///
/// Both the From URI and the Call-ID are the sender's and stand on either side of the address: when
/// either was written to look like another address, which one is ours cannot be told.
fn request_failed(rest: &[u8]) -> Option<Found<'_>> {
    let (method, rest) = match rest.strip_prefix(b"'") {
        Some(rest) => split_once(rest, b"' from '")?,
        None => (&b""[..], rest.strip_prefix(b"from '")?),
    };
    let mut candidates = positions(rest, b"' failed for '", 2).filter_map(|at| {
        let after = rest.get(at + b"' failed for '".len()..)?;
        let (peer, after) = split_once(after, b"' (callid: ")?;
        Some((rest.get(..at)?, endpoint(peer)?, after))
    });
    let (header, peer, after) = candidates.next()?;
    let is_certain = candidates.all(|(_, other, _)| other == peer);
    let (call_id, reason) = split_last(after, b") - ")?;
    let known = DISTRIBUTOR_REASONS.into_iter().find(|known| reason.starts_with(known.as_bytes()));
    let mut found = Found::new(Action::AuthFailed, Service::Pjsip).from(is_certain.then_some(peer));
    found.reason = known.unwrap_or("request failed");
    found.account = sip_user(header);
    found.session = Some(call_id);
    found.detail = (!method.is_empty()).then_some(method);
    Some(found)
}

/// `%s: Call (%s:%s) to extension '%s' rejected because extension not found in context '%s'.`
fn new_call_rejected(message: &[u8]) -> Option<Found<'_>> {
    let (name, rest) = split_once(message.trim_ascii_start(), b": Call (")?;
    let (peer, rest) = split_once(rest, b") to extension '")?;
    let (number, after) = split_last(rest, b"' rejected because extension not found in context '")?;
    let mut found =
        Found::new(Action::CallRejected, Service::Pjsip).of(name).from(endpoint_with_transport(peer));
    found.reason = "extension not found";
    found.number = Some(number);
    found.context = until(after, b"'");
    Some(found)
}
