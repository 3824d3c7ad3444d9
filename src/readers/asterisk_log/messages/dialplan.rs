//! Messages of the dialplan, of dialling, of queues and of audio: who calls what, from where.

use crate::event::{Action, Service};
use crate::readers::channel_account;
use crate::readers::found::Found;
use crate::readers::text::{endpoint, positions, split_last, split_once, until};

/// Reads a message of level VERBOSE.
pub(super) fn read_verbose(message: &[u8]) -> Option<Found<'_>> {
    match message.first()? {
        b'E' => executing(message.strip_prefix(b"Executing [")?),
        b'C' => called(message.strip_prefix(b"Called ")?),
        b'S' if message.starts_with(b"Spawn extension (") => spawn_exit(message),
        b'N' => forwarding(message.strip_prefix(b"Now forwarding ")?),
        b'0' => media(message),
        _ => answered(message),
    }
}

/// `Executing [%s@%s:%d] %s("%s", "%s") in new stack`
///
/// The extension is what was dialled and may hold an `@` of the caller's; contexts never do.
pub(super) fn executing(rest: &[u8]) -> Option<Found<'_>> {
    let (location, rest) = split_once(rest, b"] ")?;
    let (location, _priority) = split_last(location, b":")?;
    let (number, context) = split_last(location, b"@")?;
    let (application, arguments) = split_once(rest, b"(\"")?;
    let channel = until(arguments, b"\"")?;
    let mut found = Found::new(Action::Dialplan, Service::Core);
    found.account = channel_account(channel);
    found.number = Some(number);
    found.context = Some(context);
    found.channel = Some(channel);
    found.detail = Some(application);
    Some(found)
}

/// `Called %s`: the target as `Dial` or `Queue` was given it.
fn called(target: &[u8]) -> Option<Found<'_>> {
    let mut found = Found::new(Action::Dialed, Service::Core);
    found.number = Some(target.trim_ascii_end());
    Some(found)
}

/// `%s answered %s`: the called channel, then the caller's; `%s answered` where the server itself called it
/// (`main/dial.c`).
fn answered(message: &[u8]) -> Option<Found<'_>> {
    let is_channel = |called: &[u8]| called.contains(&b'/') && !called.contains(&b' ');
    if let Some(called) =
        message.trim_ascii_end().strip_suffix(b" answered").filter(|called| is_channel(called))
    {
        let mut found = Found::new(Action::Answered, Service::Core);
        found.account = channel_account(called);
        found.detail = Some(called);
        return Some(found);
    }
    // Of nearly all that is said of a channel nothing answered: the rare letter is looked for.
    const ANSWERED: &[u8] = b" answered ";
    let at = positions(message, ANSWERED, 4).next()?;
    let (called, caller) = (message.get(..at)?, message.get(at + ANSWERED.len()..)?);
    if !is_channel(called) {
        return None;
    }
    let mut found = Found::new(Action::Answered, Service::Core);
    found.channel = Some(caller.trim_ascii_end());
    found.account = channel_account(caller.trim_ascii_end());
    found.detail = Some(called);
    Some(found)
}

/// `Spawn extension (%s, %s, %d) exited non-zero on '%s'[ in macro '%s']`
fn spawn_exit(message: &[u8]) -> Option<Found<'_>> {
    let (_, rest) = split_last(message, b" exited non-zero on '")?;
    let channel = until(rest, b"'")?;
    let mut found = Found::new(Action::HungUp, Service::Core);
    found.channel = Some(channel);
    found.account = channel_account(channel);
    Some(found)
}

/// `Now forwarding %s to '%s/%s' (thanks to %s)`
fn forwarding(rest: &[u8]) -> Option<Found<'_>> {
    let (channel, rest) = split_once(rest, b" to '")?;
    let mut found = Found::new(Action::Dialed, Service::Core).because("forwarded");
    found.channel = Some(channel);
    found.account = channel_account(channel);
    found.number = until(rest, b"'");
    Some(found)
}

/// `0x7f74 -- Strict RTP learning after remote address set to: %s` (16 and later), and
/// `Probation passed - setting RTP source address to %s` (11 and later).
fn media(message: &[u8]) -> Option<Found<'_>> {
    let (_, address) = split_once(message, b"remote address set to: ")
        .or_else(|| split_once(message, b"setting RTP source address to "))?;
    let peer = endpoint(address.trim_ascii_end())?;
    Some(Found::new(Action::Media, Service::Core).from(Some(peer)))
}

/// Returns whether a step lets a caller on whom nothing but a PIN vouches for: folding keeps such steps, of all
/// behind a call's first.
pub(in crate::readers::asterisk_log) fn is_door(application: &[u8]) -> bool {
    DOORS.contains(&application)
}

/// A second dial tone; a mailbox, which may dial out.
const DOORS: [&[u8]; 2] = [b"DISA", b"VoiceMailMain"];

/// Returns whether the rest of a step's line, from its extension on, tells of a door. Nine lines of ten are steps,
/// so that nothing but the application's name is looked at.
#[inline]
pub(in crate::readers::asterisk_log) fn tells_door(rest: &[u8]) -> bool {
    let close = memchr::memchr_iter(b']', rest).find(|&at| closes_extension(rest, at));
    close.is_some_and(|close| begins_door(rest.get(close..).unwrap_or_default()))
}

/// Returns whether the bracket at a place closes a step's extension: one that was dialled has no space behind.
#[inline]
pub(in crate::readers::asterisk_log) fn closes_extension(rest: &[u8], bracket: usize) -> bool {
    rest.get(bracket + 1) == Some(&b' ')
}

/// Returns whether a door follows the bracket that closes a step's extension.
#[inline]
pub(in crate::readers::asterisk_log) fn begins_door(bracket: &[u8]) -> bool {
    let application = bracket.strip_prefix(b"] ").unwrap_or_default();
    DOORS.iter().any(|door| application.starts_with(door))
}

/// What a caller does in a mailbox.
///
/// `Placing outgoing call to extension '%s' in context '%s' from context '%s'` when it dials out, and
/// `Incorrect password '%s' for user '%s' (context = %s)`.
pub(super) fn read_mailbox(message: &[u8]) -> Option<Found<'_>> {
    if let Some(rest) = message.strip_prefix(b"Placing outgoing call to extension '") {
        let (rest, _from) = split_last(rest, b"' from context '")?;
        let (number, context) = split_last(rest, b"' in context '")?;
        let mut found = Found::new(Action::Dialed, Service::Core).because("by a mailbox");
        (found.number, found.context) = (Some(number), Some(context));
        return Some(found);
    }
    let rest = message.strip_prefix(b"Incorrect password '")?;
    let (_, rest) = split_last(rest, b"' for user '")?;
    let (mailbox, _) = split_last(rest, b"' (context = ")?;
    let mut found = Found::new(Action::AuthFailed, Service::Core).because("wrong mailbox password");
    found.detail = Some(mailbox);
    Some(found)
}

/// What a dialplan wrote with `Log()`: FreePBX's context for unknown SIP callers, and its
/// "friendly scanner" trap.
pub(super) fn read_logged(message: &[u8]) -> Option<Found<'_>> {
    let text = message.trim_ascii();
    let text = text.strip_prefix(b"\"").unwrap_or(text);
    if let Some(rest) = text.strip_prefix(b"Rejecting unknown SIP connection from ") {
        let peer = endpoint(rest.strip_suffix(b"\"").unwrap_or(rest));
        return Some(
            Found::new(Action::CallRejected, Service::Sip).from(peer).because("unknown SIP connection"),
        );
    }
    let rest = text.strip_prefix(b"Friendly Scanner from ")?;
    let peer = endpoint(rest.strip_suffix(b"\"").unwrap_or(rest));
    Some(Found::new(Action::Probe, Service::Sip).from(peer).because("friendly scanner"))
}

/// `DISA on chan %s got bad password %s`
pub(super) fn read_disa(message: &[u8]) -> Option<Found<'_>> {
    let rest = message.strip_prefix(b"DISA on chan ")?;
    let channel = until(rest, b" got bad password")?;
    let mut found = Found::new(Action::AuthFailed, Service::Core).because("wrong DISA password");
    found.channel = Some(channel);
    found.account = channel_account(channel);
    Some(found)
}
