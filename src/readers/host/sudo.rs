//! Who became somebody else: `sudo` and `su`.
//!
//! `sudo: bob : TTY=pts/0 ; PWD=/home/bob ; USER=root ; COMMAND=/usr/bin/id`; a refusal has its reason before
//! the terminal. `su` has three forms: shadow's of old (`+ pts/0 bob:root`, `Successful su for root by bob`)
//! and util-linux' (`(to root) bob on pts/0`, `FAILED SU (to root) bob on pts/0`).

use crate::event::{Action, Service};
use crate::readers::found::Found;
use crate::readers::syslog::{Message, Program};
use crate::readers::text;

/// `sudo`.
pub(in crate::readers) static SUDO: Program = Program { word: "sudo", names: &["sudo"], read: of_sudo };
/// `su`.
pub(in crate::readers) static SU: Program = Program { word: "su", names: &["su", "runuser"], read: of_su };

fn of_sudo<'a>(message: &Message<'a>) -> Option<Found<'a>> {
    let (user, said) = text::split_once(message.text.trim_ascii(), b" : ")?;
    // The command is the last field and may hold anything.
    let (fields, command) = text::split_once(said, b"COMMAND=").unwrap_or((said, b""));
    let target = text::split_once(fields, b"USER=").and_then(|(_, rest)| text::until(rest, b" ;"));
    let refusal = text::until(fields, b" ;").filter(|first| memchr::memchr(b'=', first).is_none());
    let (action, reason) = match refusal {
        None if command.is_empty() => return None,
        None => (Action::Command, "by sudo"),
        Some(words) if words.ends_with(b"incorrect password attempt") => {
            (Action::AuthFailed, "wrong password")
        }
        Some(words) if words.ends_with(b"incorrect password attempts") => {
            (Action::AuthFailed, "wrong password")
        }
        Some(_) => (Action::AuthFailed, "not allowed"),
    };
    let mut found = Found::new(action, Service::Host).of(user).because(reason);
    found.detail = Some(command).filter(|command| !command.is_empty());
    found.context = target;
    Some(found)
}

fn of_su<'a>(message: &Message<'a>) -> Option<Found<'a>> {
    let said = message.text.trim_ascii();
    let (is_ok, user, target) = of_old_su(said).or_else(|| {
        let failed = said.strip_prefix(b"FAILED SU ");
        let (target, rest) = text::split_once(failed.unwrap_or(said).strip_prefix(b"(to ")?, b") ")?;
        Some((failed.is_none(), text::until(rest, b" on ").unwrap_or(rest), target))
    })?;
    let action = if is_ok { Action::AuthOk } else { Action::AuthFailed };
    let mut found = Found::new(action, Service::Host).of(user).because("by su");
    found.context = Some(target);
    Some(found)
}

fn of_old_su(said: &[u8]) -> Option<(bool, &[u8], &[u8])> {
    for (start, is_ok) in [(&b"Successful su for "[..], true), (b"FAILED su for ", false)] {
        if let Some((target, user)) =
            said.strip_prefix(start).and_then(|rest| text::split_once(rest, b" by "))
        {
            return Some((is_ok, user, target));
        }
    }
    let (sign, rest) = text::split_once(said, b" ").filter(|(sign, _)| matches!(*sign, b"+" | b"-"))?;
    let (_terminal, names) = text::split_once(rest, b" ")?;
    let (user, target) = text::split_once(names, b":").or_else(|| text::split_once(names, b"-"))?;
    Some((sign == b"+", user, target))
}
