//! Users and groups of the host that were made, changed or removed, as shadow's programs and PAM tell it.
//!
//! A second account with the number 0 is root under another name, and a password for an account that
//! programs run under is a way in.

use crate::event::{Action, Service};
use crate::readers::found::Found;
use crate::readers::syslog::{Message, Program};
use crate::readers::text;

/// Shadow's programs, and what stands for them on small systems.
pub(in crate::readers) static PROGRAM: Program = Program {
    word: "users",
    names: &[
        "useradd", "adduser", "usermod", "userdel", "groupadd", "groupmod", "groupdel", "gpasswd", "passwd",
        "chpasswd", "newusers", "chage", "chfn", "chsh",
    ],
    read: found,
};

fn found<'a>(message: &Message<'a>) -> Option<Found<'a>> {
    let said = message.text.trim_ascii();
    let told = |reason: &'static str, name: &'a [u8]| {
        let mut found = Found::new(Action::HostAccount, Service::Host).of(name).because(reason);
        found.detail = Some(said);
        Some(found)
    };
    if let Some(rest) = said.strip_prefix(b"new user: name=") {
        let is_root = memchr::memmem::find(rest, b", UID=0,").is_some();
        let reason = if is_root { "user added with root's number" } else { "user added" };
        return told(reason, text::until(rest, b",").unwrap_or(rest));
    }
    if let Some(rest) = said.strip_prefix(b"new group: name=") {
        return told("group added", text::until(rest, b",").unwrap_or(rest));
    }
    if let Some((_, name)) = text::split_once(said, b"password changed for ") {
        return told("password changed", name);
    }
    const FORMS: [(&[u8], &str); 7] = [
        (b"add '", "added to a group"),
        (b"delete user '", "user removed"),
        (b"removed user '", "user removed"),
        (b"change user '", "user changed"),
        (b"changed user '", "user changed"),
        (b"lock user '", "user locked"),
        (b"unlock user '", "user unlocked"),
    ];
    let (rest, reason) =
        FORMS.iter().find_map(|&(start, reason)| Some((said.strip_prefix(start)?, reason)))?;
    told(reason, text::until(rest, b"'")?)
}
