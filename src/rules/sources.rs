//! What the records are of that a rule looks at: one list of words.
//!
//! A word names a part of the server, whichever file tells of it (`sip`, `ssh`, `cdr`), or one format of files,
//! whatever its records are of (`asterisk-log`, `syslog`).

use std::sync::LazyLock;

use crate::event::Service;
use crate::readers::{FORMATS, Format, Tells};

/// What the records of a rule are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// Every record.
    Any,
    /// Call records, whichever program or format tells them.
    Calls,
    /// A part of the server.
    Part(Service),
    /// Files of one format.
    Format(&'static Format),
}

/// A word for a source, and its meaning.
#[derive(Clone, Debug)]
pub struct SourceWord {
    /// The word that a rule writes.
    pub word: &'static str,
    /// What it stands for.
    pub meaning: String,
    pub(super) source: Source,
}

/// The parts of the server that entries speak of, each with its meaning.
const PARTS: [(Service, &str); 19] = [
    (Service::Sip, "chan_sip of Asterisk"),
    (Service::Pjsip, "chan_pjsip and res_pjsip of Asterisk"),
    (Service::Iax2, "chan_iax2 of Asterisk"),
    (Service::Manager, "the manager interface (AMI)"),
    (Service::Core, "dialplan, bridging, RTP and the rest of Asterisk"),
    (Service::Tftp, "TFTP servers"),
    (Service::Fail2ban, "fail2ban's log and database"),
    (Service::Queue, "the queue log"),
    (Service::Cel, "channel event logging (CEL)"),
    (Service::Sofia, "mod_sofia of FreeSWITCH: registrations, and who may call"),
    (Service::FreeSwitch, "the rest of FreeSWITCH"),
    (Service::Web, "web servers"),
    (Service::Ftp, "FTP servers"),
    (Service::Ssh, "the secure shell's server"),
    (Service::Panel, "the web panel's own logs"),
    (Service::Host, "the host: consoles, sudo, commands, users, packages"),
    (Service::Kamailio, "Kamailio"),
    (Service::Opensips, "OpenSIPS"),
    (Service::Capture, "SIP as captured on the wire"),
];

/// Every source that a rule can name.
pub static SOURCES: LazyLock<Vec<SourceWord>> = LazyLock::new(|| {
    let any = SourceWord { word: "any", meaning: "every record".into(), source: Source::Any };
    let calls = SourceWord {
        word: "cdr",
        meaning: "call detail records of every program and format".into(),
        source: Source::Calls,
    };
    let part = |(service, meaning): &(Service, &str)| SourceWord {
        word: service.word(),
        meaning: (*meaning).to_owned(),
        source: Source::Part(*service),
    };
    let format = |format: &&'static Format| SourceWord {
        word: format.word,
        meaning: format!("files of that format, which {}", told_by(format.tells)),
        source: Source::Format(format),
    };
    let parts = PARTS.iter().map(part);
    [any, calls].into_iter().chain(parts).chain(FORMATS.iter().map(format)).collect()
});

fn told_by(tells: Tells) -> &'static str {
    match tells {
        Tells::Server => "tell what a phone server did and refused",
        Tells::Calls => "tell of calls that are over",
        Tells::Channels => "tell what channels did",
        Tells::Tables => "hold rows of a database",
        Tells::Queues => "tell what happened in queues",
        Tells::Host => "tell what other programs of the host saw",
        Tells::Wire => "hold what was sent over the network",
    }
}

impl Source {
    /// Finds the source of that word.
    pub(super) fn of_word(word: &str) -> Option<Self> {
        SOURCES.iter().find(|known| known.word == word).map(|known| known.source)
    }

    /// Returns the word for it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Source::Any => "any",
            Source::Calls => "cdr",
            Source::Part(service) => service.word(),
            Source::Format(format) => format.word,
        }
    }

    /// Returns whether a record is of it.
    pub(super) fn holds(self, format: &Format, service: Service, is_call: bool) -> bool {
        match self {
            Source::Any => true,
            Source::Calls => is_call,
            Source::Part(part) => !is_call && part == service,
            Source::Format(wanted) => wanted == format,
        }
    }

    /// Returns whether files of a format are enough to say that it is there, though they may hold no record.
    pub(super) fn is_there_by(self, format: &Format) -> bool {
        match self {
            Source::Any => true,
            Source::Calls => format.tells == Tells::Calls,
            Source::Part(_) => false,
            Source::Format(wanted) => wanted == format,
        }
    }

    /// Returns whether its word is also one of the field `service`.
    pub(super) fn is_service(self) -> bool {
        matches!(self, Source::Calls | Source::Part(_))
    }

    /// Returns whether all its records are call records.
    pub(super) fn has_calls_only(self) -> bool {
        self == Source::Calls
    }

    /// Returns whether none of its records are call records.
    pub(super) fn has_no_calls(self) -> bool {
        matches!(self, Source::Part(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_the_server_has_a_word_of_its_own() {
        let mut words: Vec<&str> = SOURCES.iter().map(|source| source.word).collect();
        let count = words.len();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), count, "a word stands twice");
        assert!(SOURCES.iter().all(|source| Source::of_word(source.word) == Some(source.source)));
        assert!(SOURCES.iter().all(|source| source.source.word() == source.word));
        let is_listed = |service: Service| match service {
            // A new one is to be listed in `PARTS`.
            Service::Sip | Service::Pjsip | Service::Iax2 | Service::Manager | Service::Core => true,
            Service::Tftp | Service::Fail2ban | Service::Queue | Service::Cel | Service::Sofia => true,
            Service::FreeSwitch | Service::Web | Service::Ftp | Service::Ssh | Service::Panel => true,
            Service::Host | Service::Kamailio | Service::Opensips | Service::Capture => true,
            Service::Cdr => false,
        };
        assert!(PARTS.iter().all(|(service, _)| is_listed(*service)));
    }
}
