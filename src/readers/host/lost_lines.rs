//! Lines that the system's loggers threw away because there were too many.
//!
//! rsyslog: `imuxsock lost 210 messages from pid 9 due to rate-limiting`, `imjournal: 99 messages lost due to
//! rate-limiting`; journald: `Suppressed 1043 messages from asterisk.service`. A flood that is cut off here
//! may have hidden the line that matters.

use crate::event::{Action, Service};
use crate::readers::found::Found;
use crate::readers::syslog::{Message, Program};

/// The loggers themselves.
pub(in crate::readers) static PROGRAM: Program = Program {
    word: "lost_lines",
    names: &[
        "rsyslogd",
        "rsyslogd-2177",
        "imuxsock",
        "imjournal",
        "systemd-journald",
        "systemd-journal",
        "journal",
    ],
    read: found,
};

fn found<'a>(message: &Message<'a>) -> Option<Found<'a>> {
    let said = message.text.trim_ascii();
    let has = |words: &[u8]| memchr::memmem::find(said, words).is_some();
    let is_limited = has(b"rate-limiting") && (has(b" lost ") || has(b"drop messages"));
    let is_suppressed = said.starts_with(b"Suppressed ") && has(b" messages from ");
    if !is_limited && !is_suppressed {
        return None;
    }
    let mut found = Found::new(Action::LinesLost, Service::Host).because("too many at once");
    found.detail = Some(said);
    Some(found)
}
