//! When a program of the host was installed, replaced or removed: `dpkg.log`, `yum.log`, `dnf.rpm.log`.
//!
//! `2025-08-22 03:11:09 upgrade asterisk:amd64 1:16.2.1 1:16.2.2`; `Aug 22 03:11:09 Installed: asterisk-16.2.1`;
//! `2025-08-22T03:11:09Z SUBDEBUG Upgraded: asterisk-16.2.1`, from DNF 4 on with an offset for the `Z`.

use super::by_line::{self, ByLine, Line, Lines};
use super::found::Found;
use super::{Cites, Content, Format, Opened, Tells, text};
use crate::event::{Action, Service};

/// How the logs are told and read.
pub(super) static FORMAT: Format = Format {
    word: "package-log",
    tells: Tells::Host,
    content: Content::Text,
    cites: Cites::Line,
    looks_like: |_, head| by_line::most_fit(head, |line| Packages.line(line).is_some()),
    open: |_| Some(Opened::certain(ByLine(Packages))),
};

struct Packages;

impl Lines for Packages {
    fn line<'a>(&self, line: &'a [u8]) -> Option<Line<'a>> {
        let (stamp, used) = crate::clock::any_stamp(line)?;
        let said = line.get(used..)?.strip_prefix(b" ")?;
        // dpkg writes the year and no offset; a host may bear the name of one of its words.
        let may_be_dpkg = stamp.year != 0 && stamp.offset_minutes.is_none();
        let found = may_be_dpkg.then(|| of_dpkg(said)).flatten().or_else(|| of_rpm(said))?;
        Some(Line { stamp: Some(stamp), found })
    }
}

fn installed<'a>(reason: &'static str, package: &'a [u8]) -> Found<'a> {
    Found { detail: Some(package), ..Found::new(Action::Installed, Service::Host).because(reason) }
}

/// Reads what dpkg says; `Some(None)` for a step that changes no package.
fn of_dpkg(said: &[u8]) -> Option<Option<Found<'_>>> {
    let (word, rest) = text::split_once(said, b" ")?;
    let reason = match word {
        b"install" => "installed",
        b"upgrade" => "replaced",
        b"remove" => "removed",
        b"purge" => "removed with its settings",
        b"configure" | b"status" | b"trigproc" | b"startup" | b"conffile" | b"disappear" => {
            return Some(None);
        }
        _ => return None,
    };
    Some(Some(installed(reason, rest)))
}

/// Reads what yum and dnf say, in the same way.
fn of_rpm(said: &[u8]) -> Option<Option<Found<'_>>> {
    const LEVELS: [&[u8]; 9] = [
        b"SUBDEBUG ",
        b"DEBUG ",
        b"DDEBUG ",
        b"INFO ",
        b"NOTICE ",
        b"WARNING ",
        b"ERROR ",
        b"CRITICAL ",
        b"TRACE ",
    ];
    let level = LEVELS.iter().find_map(|level| said.strip_prefix(*level));
    let rest = level.unwrap_or(said);
    let (word, package) = text::split_once(rest, b": ").unwrap_or((rest, b""));
    let reason = match word {
        b"Installed" | b"Dep-Installed" => "installed",
        b"Updated" | b"Upgraded" | b"Upgrade" | b"Downgraded" | b"Downgrade" | b"Reinstalled" => "replaced",
        b"Erased" | b"Removed" => "removed",
        // What else yum and dnf write has a level in front.
        _ => return level.map(|_| None),
    };
    Some(Some(installed(reason, package)))
}
