//! Logins by the secure shell: OpenSSH's server and Dropbear.
//!
//! OpenSSH writes `Invalid user X from A` for a name that does not exist and then, if a secret came,
//! `Failed password for invalid user X from A port P ssh2`: only the second is a failed login. The name is
//! the client's word and may hold ` from 192.0.2.1`, so that what the server wrote is cut off its end. A
//! name that was let in exists, and has no spaces.

use crate::event::{Action, Service};
use crate::readers::found::Found;
use crate::readers::syslog::{Message, Program};
use crate::readers::text;

/// The servers of the secure shell; OpenSSH 9.8 split its own in three.
pub(in crate::readers) static PROGRAM: Program =
    Program { word: "sshd", names: &["sshd", "sshd-session", "sshd-auth", "dropbear"], read: found };

fn found<'a>(message: &Message<'a>) -> Option<Found<'a>> {
    let said = message.text.trim_ascii();
    let mut found = match message.name() {
        b"dropbear" => of_dropbear(said),
        _ => of_openssh(said),
    }?;
    found.session = message.process();
    Some(found)
}

fn of_openssh(said: &[u8]) -> Option<Found<'_>> {
    let said = repeated(said);
    if let Some(rest) = said.strip_prefix(b"Accepted ") {
        let (method, rest) = text::split_once(rest, b" for ")?;
        let (user, rest) = text::split_once(rest, b" from ")?;
        return Some(from(Found::new(Action::AuthOk, Service::Ssh).of(user).because(accepted(method)), rest));
    }
    if let Some(rest) = said.strip_prefix(b"Failed ") {
        let (method, rest) = text::split_once(rest, b" for ")?;
        let (user, rest) = text::split_last(rest, b" from ")?;
        let unknown = user.strip_prefix(b"invalid user ").or_else(|| user.strip_prefix(b"illegal user "));
        let reason = if unknown.is_some() { "no such user" } else { failed(method) };
        let user = unknown.unwrap_or(user);
        return Some(from(Found::new(Action::AuthFailed, Service::Ssh).of(user).because(reason), rest));
    }
    let unknown = said.strip_prefix(b"Invalid user ").or_else(|| said.strip_prefix(b"Illegal user "));
    if let Some(rest) = unknown {
        // Releases before 7 wrote no name where it was empty.
        let (user, rest) = text::split_last(rest, b" from ")
            .or_else(|| Some((b"".as_slice(), rest.strip_prefix(b"from ")?)))?;
        return Some(from(Found::new(Action::Probe, Service::Ssh).of(user).because("no such user"), rest));
    }
    let rest = said.strip_prefix(b"User ")?;
    let (rest, _) = text::split_last(rest, b" not allowed because ")?;
    let (user, rest) = text::split_last(rest, b" from ")?;
    Some(from(Found::new(Action::AuthFailed, Service::Ssh).of(user).because("not allowed"), rest))
}

/// Returns what was repeated: `message repeated 3 times: [ Failed password ...]`.
fn repeated(said: &[u8]) -> &[u8] {
    let inside = said.strip_prefix(b"message repeated ").and_then(|rest| text::split_once(rest, b": [ "));
    inside.and_then(|(_, inside)| inside.strip_suffix(b"]")).unwrap_or(said)
}

/// Adds the client: `192.0.2.7 port 22 ssh2: ED25519 SHA256:...`.
fn from<'a>(mut found: Found<'a>, client: &[u8]) -> Found<'a> {
    let mut words = client.split(|&byte| byte == b' ');
    found.address = words.next().and_then(text::address);
    found.port = words.next().filter(|word| *word == b"port").and(words.next()).and_then(text::number);
    found
}

fn accepted(method: &[u8]) -> &'static str {
    match method {
        b"password" => "password",
        b"publickey" => "key",
        b"none" => "no password",
        _ if method.starts_with(b"keyboard-interactive") => "asked by keyboard",
        _ => "another method",
    }
}

fn failed(method: &[u8]) -> &'static str {
    match method {
        b"password" => "wrong password",
        b"publickey" => "key not accepted",
        b"none" => "no password",
        _ => "refused",
    }
}

fn of_dropbear(said: &[u8]) -> Option<Found<'_>> {
    let client = |found: Found<'_>, rest: &[u8]| {
        text::split_last(rest, b" from ")
            .and_then(|(_, client)| text::endpoint(client))
            .map_or(found.address, |it| Some(it.0))
    };
    const FORMS: [(&[u8], Action, &str); 4] = [
        (b"Password auth succeeded for '", Action::AuthOk, "password"),
        (b"Pubkey auth succeeded for '", Action::AuthOk, "key"),
        (b"Bad password attempt for '", Action::AuthFailed, "wrong password"),
        (b"Login attempt for nonexistent user", Action::AuthFailed, "no such user"),
    ];
    let (rest, action, reason) = FORMS
        .iter()
        .find_map(|&(start, action, reason)| Some((said.strip_prefix(start)?, action, reason)))?;
    let user = if reason == "no such user" { b"" } else { text::until(rest, b"' ")? };
    let mut found = Found::new(action, Service::Ssh).of(user).because(reason);
    found.address = client(found, rest);
    Some(found)
}
