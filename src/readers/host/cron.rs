//! What ran by the clock, and whose list of it was changed.
//!
//! `CRON[9]: (asterisk) CMD (/usr/sbin/fwconsole job --run)`, `crontab[9]: (root) REPLACE (asterisk)`,
//! `cron[9]: (asterisk) RELOAD (crontabs/asterisk)`. Sessions that PAM opens for each run tell nothing more.

use crate::event::{Action, Service};
use crate::readers::found::Found;
use crate::readers::syslog::{Message, Program};
use crate::readers::text;

/// The daemons of Vixie's family, and the program that edits their lists.
pub(in crate::readers) static PROGRAM: Program = Program {
    word: "cron",
    names: &["CRON", "cron", "CROND", "crond", "/USR/SBIN/CRON", "crontab"],
    read: found,
};

fn found<'a>(message: &Message<'a>) -> Option<Found<'a>> {
    let (user, said) = text::split_once(message.text.trim_ascii().strip_prefix(b"(")?, b") ")?;
    let (what, inside) = text::split_once(said, b" (")?;
    let reason = match what {
        b"CMD" => "by the clock",
        b"REPLACE" => "list of commands replaced",
        b"DELETE" => "list of commands deleted",
        b"END EDIT" => "list of commands edited",
        b"RELOAD" => "list of commands read anew",
        _ => return None,
    };
    let mut found = Found::new(Action::Command, Service::Host).of(user).because(reason);
    found.detail = Some(inside.strip_suffix(b")").unwrap_or(inside));
    Some(found)
}
