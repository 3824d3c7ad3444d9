//! What the messages of FreeSWITCH's log mean.
//!
//! `mod_sofia` tells who was asked for credentials and who failed, never who was let in; the rest follows one
//! session from its `New Channel` to its end. Format strings are those of 1.4 to 1.11.

use super::accounts::{Accounts, user_of};
use super::cause;
use super::head::Head;
use crate::event::{Action, Service};
use crate::readers::REFUSED;
use crate::readers::found::Found;
use crate::readers::text::{address, endpoint, positions, split_last, split_once};

/// The reason of a `New Channel` line, which begins a session.
pub(crate) const NEW_SESSION: &str = "new channel";
/// The reason of an INVITE that reached a session.
pub(crate) const INVITE: &str = "invite";
/// The reason of a name that no directory has.
pub(crate) const NO_SUCH_USER: &str = "no such user";
/// The reason of a line that goes on in the next: what a caller wrote has line ends in it.
pub(crate) const BROKEN_OFF: &str = "a caller's text with line ends";
/// The reason of a line that a session cannot write.
pub(crate) const NOT_A_SESSIONS: &str = "a line that no session writes";

/// Reads a message.
pub(super) fn read<'a>(head: &Head<'a>, accounts: &Accounts) -> Option<Found<'a>> {
    let mut found = match head.file {
        b"sofia_reg.c" if head.uuid.is_some() => forged_registrar(head.message),
        b"sofia_reg.c" => registrar(head.message, accounts),
        b"sofia.c" => {
            invite(head.message, accounts).or_else(|| rejected(head.message)).or_else(|| hangup(head.message))
        }
        b"switch_channel.c" if head.message.starts_with(b"New Channel ") => new_channel(head),
        b"mod_dialplan_xml.c" => processing(head.message),
        b"switch_core_state_machine.c" => abandoned(head.message).or_else(|| hangup(head.message)),
        _ => answered(head.message).or_else(|| hangup(head.message)),
    }?;
    // What cannot be joined to a session tells of a call nothing that can be used.
    found.session = found.session.or(head.uuid);
    Some(found)
}

/// Reads what follows a uuid that has no level behind it.
pub(super) fn read_session<'a>(uuid: &'a [u8], text: &'a [u8]) -> Option<Found<'a>> {
    let rest = text.strip_prefix(b"EXECUTE ")?;
    // From 1.8 on the depth stands in front.
    let rest = rest.strip_prefix(b"[depth=").and_then(|rest| split_once(rest, b"] ")).map_or(rest, |it| it.1);
    let (front, arguments) = split_once(rest, b"(")?;
    let (channel, application) = split_last(front, b" ")?;
    if application != b"bridge" {
        return None;
    }
    let mut found = Found::new(Action::Dialed, Service::FreeSwitch);
    found.session = Some(uuid);
    found.channel = Some(channel);
    found.number = Some(arguments.strip_suffix(b")").unwrap_or(arguments));
    Some(found)
}

/// What the registrar says of a request is never a session's: a caller's text with line ends was printed. It may
/// have lost its quotes, so that its beginning has to do.
fn forged_registrar<'a>(message: &[u8]) -> Option<Found<'a>> {
    const BEGINNINGS: [&[u8]; 4] = [b"SIP auth ", b"Can't find user ", b"IP ", b"Empty password denied "];
    let is_its = BEGINNINGS.iter().any(|beginning| message.starts_with(beginning));
    is_its.then(|| Found::new(Action::Forged, Service::Sofia).because(NOT_A_SESSIONS))
}

/// Messages of `sofia_reg.c`.
fn registrar<'a>(message: &'a [u8], accounts: &Accounts) -> Option<Found<'a>> {
    if let Some(rest) = message.strip_prefix(b"SIP auth ") {
        return tried(rest, accounts);
    }
    if let Some(rest) = message.strip_prefix(b"Can't find user [") {
        let (name, peer) = split_last(rest, b"] from ")?;
        let mut found = failed(NO_SUCH_USER);
        found.address = address(peer);
        // Of a user whom another domain has, only the whole name does not exist.
        let user = user_of(name);
        return Some(found.of(if accounts.has(user) && user != name { name } else { user }));
    }
    if let Some(rest) = message.strip_prefix(b"IP ") {
        let (peer, rule) = split_once(rest, b" Rejected by ")?;
        let reason = if rule.starts_with(b"register acl") {
            "rejected by register acl"
        } else if rule.starts_with(b"user acl") {
            "rejected by user acl"
        } else {
            return None;
        };
        let mut found = failed(reason);
        found.address = Some(address(peer)?);
        return Some(found);
    }
    let name = message.strip_prefix(b"Empty password denied for user ")?;
    Some(failed("empty password").of(accounts.named(name)))
}

fn failed<'a>(reason: &'static str) -> Found<'a> {
    Found::new(Action::AuthFailed, Service::Sofia).because(reason)
}

/// `SIP auth %s (%s) on sofia profile '%s' for [%s@%s] from ip %s`
///
/// Everybody is challenged, the honest phone too. In an INVITE the name is the To header's, which is what was
/// dialled; in a REGISTER it is the account. Both are the sender's words, the address behind them is not.
fn tried<'a>(rest: &'a [u8], accounts: &Accounts) -> Option<Found<'a>> {
    let (outcome, rest) = split_once(rest, b" (")?;
    let (method, rest) = split_once(rest, b") on sofia profile '")?;
    let (_, rest) = split_once(rest, b"' for [")?;
    let (name, peer) = split_last(rest, b"] from ip ")?;
    let mut found = match outcome {
        b"challenge" => Found::new(Action::Challenge, Service::Sofia),
        b"failure" => failed(REFUSED),
        _ => return None,
    };
    found.address = address(peer);
    found.detail = Some(method);
    if method == b"REGISTER" {
        return Some(found.of(accounts.named(name)));
    }
    found.number = Some(user_of(name)).filter(|number| !number.is_empty());
    Some(found)
}

/// `%s receiving invite from %s:%d version: %s[ call-id: %s]`
///
/// The channel's name in front holds what the caller wrote: were it written to look like an address, which
/// one is the server's cannot be told.
fn invite<'a>(message: &'a [u8], accounts: &Accounts) -> Option<Found<'a>> {
    const MARK: &[u8] = b" receiving invite from ";
    let mut candidates = positions(message, MARK, 1).filter_map(|at| {
        let (peer, rest) = split_once(message.get(at + MARK.len()..)?, b" version: ")?;
        Some((message.get(..at)?, endpoint(peer)?, rest))
    });
    let (channel, peer, rest) = candidates.next()?;
    let is_certain = candidates.all(|(_, other, _)| other == peer);
    let mut found =
        Found::new(Action::CallAttempt, Service::Sofia).because(INVITE).from(is_certain.then_some(peer));
    found.channel = Some(channel);
    found.detail = rest.split(|byte| *byte == b' ').next().filter(|version| !version.is_empty());
    Some(found.of(channel_user(channel).map(|name| accounts.named(name)).unwrap_or_default()))
}

/// Returns `user@host` of `sofia/profile/user@host`.
fn channel_user(channel: &[u8]) -> Option<&[u8]> {
    let rest = channel.strip_prefix(b"sofia/")?;
    split_once(rest, b"/").map(|(_, name)| name)
}

/// `IP %s Rejected by acl "%s"`; with `Falling back to Digest auth.` behind it, every phone is told so.
fn rejected(message: &[u8]) -> Option<Found<'_>> {
    let (peer, rule) = split_once(message.strip_prefix(b"IP ")?, b" Rejected by acl \"")?;
    if !rule.ends_with(b"\"") {
        return None;
    }
    let mut found = Found::new(Action::CallRejected, Service::Sofia).because("rejected by acl");
    found.address = Some(address(peer)?);
    Some(found)
}

/// `New Channel %s [%s]`: behind the name stands the session's own uuid, which nobody outside can know. A line
/// that does not end with it goes on in the next, and what stands there a stranger wrote.
fn new_channel<'a>(head: &Head<'a>) -> Option<Found<'a>> {
    let text = head.message.strip_prefix(b"New Channel ")?;
    let named = split_last(text, b" [").and_then(|(name, rest)| Some((name, rest.strip_suffix(b"]")?)));
    let whole =
        named.filter(|(_, uuid)| super::head::is_uuid(uuid) && head.uuid.is_none_or(|own| own == *uuid));
    let Some((name, uuid)) = whole else {
        return Some(broken_off(head.uuid));
    };
    let mut found = Found::new(Action::CallAttempt, Service::FreeSwitch).because(NEW_SESSION);
    found.channel = Some(name);
    found.session = Some(uuid);
    Some(found)
}

/// Returns the session that a whole `New Channel` line begins.
pub(super) fn begun<'a>(head: &Head<'a>) -> Option<&'a [u8]> {
    let is_new = head.file == b"switch_channel.c" && head.message.starts_with(b"New Channel ");
    new_channel(head).filter(|_| is_new).and_then(|found| found.session)
}

/// A line that a caller's text broke off, or may have written: nothing of its session counts.
pub(super) fn broken_off(session: Option<&[u8]>) -> Found<'_> {
    let mut found = Found::new(Action::Forged, Service::FreeSwitch).because(BROKEN_OFF);
    found.session = session;
    found
}

/// Returns whether a line bears a caller's words and not what stands behind them.
pub(super) fn lacks_end(head: &Head<'_>) -> bool {
    let message = head.message;
    match head.file {
        b"switch_channel.c" if message.starts_with(b"New Channel ") => {
            new_channel(head).is_some_and(|found| found.action == Action::Forged)
        }
        b"mod_dialplan_xml.c" => processing(message).is_some_and(|found| found.action == Action::Forged),
        b"sofia_reg.c" => {
            let bears_name = message.starts_with(b"SIP auth ") || message.starts_with(b"Can't find user ");
            bears_name && !message.contains(&b']')
        }
        _ => message.starts_with(b"Hangup sofia/") && !message.ends_with(b"]"),
    }
}

/// `Processing %s <%s>->%s in context %s`
///
/// The name in front may have line ends in it; then the rest is missing.
fn processing(message: &[u8]) -> Option<Found<'_>> {
    let rest = message.strip_prefix(b"Processing ")?;
    let parts = split_last(rest, b" in context ")
        .and_then(|(front, context)| Some((split_last(front, b">->")?.1, context)));
    let Some((number, context)) = parts else { return Some(broken_off(None)) };
    let mut found = Found::new(Action::Dialplan, Service::FreeSwitch);
    found.number = Some(number);
    found.context = Some(context);
    Some(found)
}

/// `%s %s Abandoned`: a challenge that was never answered.
fn abandoned(message: &[u8]) -> Option<Found<'_>> {
    let channel = message.strip_suffix(b" Abandoned")?.get(super::head::UUID + 1..)?;
    let mut found = Found::new(Action::HungUp, Service::FreeSwitch).because("abandoned");
    found.channel = Some(channel);
    Some(found)
}

/// `Channel [%s] has been answered`
fn answered(message: &[u8]) -> Option<Found<'_>> {
    let channel = message.strip_prefix(b"Channel [")?.strip_suffix(b"] has been answered")?;
    let mut found = Found::new(Action::Answered, Service::FreeSwitch);
    found.channel = Some(channel);
    Some(found)
}

/// `Hangup %s [%s] [%s]`
fn hangup(message: &[u8]) -> Option<Found<'_>> {
    if let Some(found) = answered(message) {
        return Some(found);
    }
    let (front, reason) = split_last(message.strip_prefix(b"Hangup ")?.strip_suffix(b"]")?, b"] [")?;
    let (channel, _state) = split_last(front, b" [")?;
    let mut found = Found::new(Action::HungUp, Service::FreeSwitch).because(cause::known(reason));
    found.channel = Some(channel);
    Some(found)
}

/// Reads the message of a line in a syslog file, where neither uuid nor accounts help.
pub(super) fn read_in_syslog(text: &[u8]) -> Option<Found<'_>> {
    match super::head::form(text) {
        super::head::Form::Dated(head) => read(&head, &Accounts::default()),
        _ => None,
    }
}
