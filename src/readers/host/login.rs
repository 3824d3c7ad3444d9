//! Logins at a console: `LOGIN ON tty1 BY bob`, `ROOT LOGIN  on '/dev/tty1'`, `FAILED LOGIN (1) on '/dev/tty1'
//! FOR 'bob', Authentication failure`.

use crate::event::{Action, Service};
use crate::readers::found::Found;
use crate::readers::syslog::{Message, Program};
use crate::readers::text;

/// `login`.
pub(in crate::readers) static PROGRAM: Program = Program { word: "login", names: &["login"], read: found };

fn found<'a>(message: &Message<'a>) -> Option<Found<'a>> {
    let said = message.text.trim_ascii();
    if let Some(rest) = said.strip_prefix(b"ROOT LOGIN") {
        let terminal =
            text::split_once(rest, b"on ").map(|(_, rest)| text::until(rest, b" ").unwrap_or(rest));
        let mut found = Found::new(Action::AuthOk, Service::Host).because("root, at a console");
        found.detail = terminal.map(|terminal| text::unquoted(terminal, b'\''));
        return Some(found);
    }
    if let Some(rest) = said.strip_prefix(b"LOGIN ON ") {
        let (terminal, rest) = text::split_once(rest, b" BY ")?;
        let user = text::until(rest, b" FROM ").unwrap_or(rest);
        let mut found = Found::new(Action::AuthOk, Service::Host).of(user).because("at a console");
        found.detail = Some(terminal);
        return Some(found);
    }
    let (_, rest) = text::split_once(said.strip_prefix(b"FAILED LOGIN ")?, b" FOR ")?;
    let user = text::split_last(rest, b", ").map_or(rest, |(user, _)| user);
    let user = text::unquoted(user, b'\'');
    Some(Found::new(Action::AuthFailed, Service::Host).of(user).because("at a console"))
}
