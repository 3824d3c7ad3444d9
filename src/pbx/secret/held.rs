//! A secret that the evidence holds: whose, of what kind, how weak. What it is is not in here.

use std::collections::BTreeSet;

use super::weakness::Weakness;
use crate::event::Citation;

/// One person's desk phone, softphone and door bell may share a secret.
const MANY: usize = 3;

/// What a secret protects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SecretKind {
    /// An account of `chan_sip`, FreeSWITCH, Kamailio or OpenSIPS.
    Sip,
    /// An account of `chan_pjsip`.
    Pjsip,
    /// An account of `chan_iax2`.
    Iax,
    /// A mailbox, by its PIN.
    Voicemail,
    /// A user of Asterisk's manager interface.
    Manager,
    /// A user of Asterisk's REST interface.
    Ari,
    /// A line to a carrier or another server, to which it is presented.
    Trunk,
    /// A user of the web panel.
    Panel,
    /// A user of a database.
    Database,
    /// FreeSWITCH's event socket, and its other doors for programs.
    EventSocket,
    /// The web page of a phone.
    PhonePage,
    /// The server that hands out phones' files, to which a phone presents it.
    FileServer,
    /// A user of the host who may log in.
    Host,
}

impl SecretKind {
    /// Returns what such things are called, several of them.
    pub fn words(self) -> &'static str {
        match self {
            SecretKind::Sip => "SIP accounts",
            SecretKind::Pjsip => "PJSIP accounts",
            SecretKind::Iax => "IAX2 accounts",
            SecretKind::Voicemail => "mailboxes",
            SecretKind::Manager => "manager users",
            SecretKind::Ari => "ARI users",
            SecretKind::Trunk => "trunks",
            SecretKind::Panel => "panel users",
            SecretKind::Database => "database users",
            SecretKind::EventSocket => "control interfaces",
            SecretKind::PhonePage => "web pages of phones",
            SecretKind::FileServer => "users of the phone-file server",
            SecretKind::Host => "users of the host",
        }
    }

    /// Every kind.
    const ALL: [SecretKind; 13] = [
        SecretKind::Sip,
        SecretKind::Pjsip,
        SecretKind::Iax,
        SecretKind::Voicemail,
        SecretKind::Manager,
        SecretKind::Ari,
        SecretKind::Trunk,
        SecretKind::Panel,
        SecretKind::Database,
        SecretKind::EventSocket,
        SecretKind::PhonePage,
        SecretKind::FileServer,
        SecretKind::Host,
    ];

    /// Returns the kind that is called so.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// Returns what one of them is called.
    pub fn word(self) -> &'static str {
        match self {
            SecretKind::Sip => "SIP account",
            SecretKind::Pjsip => "PJSIP account",
            SecretKind::Iax => "IAX2 account",
            SecretKind::Voicemail => "mailbox",
            SecretKind::Manager => "manager user",
            SecretKind::Ari => "ARI user",
            SecretKind::Trunk => "trunk",
            SecretKind::Panel => "panel user",
            SecretKind::Database => "database user",
            SecretKind::EventSocket => "control interface",
            SecretKind::PhonePage => "web page of a phone",
            SecretKind::FileServer => "phone-file server",
            SecretKind::Host => "host user",
        }
    }

    /// Returns what the secret itself is called.
    pub fn secret_word(self) -> &'static str {
        match self {
            SecretKind::Voicemail => "PIN",
            SecretKind::Ari
            | SecretKind::Panel
            | SecretKind::Database
            | SecretKind::EventSocket
            | SecretKind::PhonePage
            | SecretKind::FileServer
            | SecretKind::Host => "password",
            _ => "secret",
        }
    }

    /// Returns whether it is one with which a phone registers or calls.
    pub fn is_of_phones(self) -> bool {
        matches!(self, SecretKind::Sip | SecretKind::Pjsip | SecretKind::Iax)
    }

    /// Returns whether it is typed on a telephone, digits being all there is.
    pub fn is_pin(self) -> bool {
        self == SecretKind::Voicemail
    }
}

/// From where a secret can be tried, as far as the file tells that has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reach {
    /// No access list stands before it.
    Anywhere,
    /// Only from the networks of an access list.
    Listed,
    /// Only from the server itself.
    Local,
    /// The file does not tell.
    Unknown,
    /// This server presents it to another.
    Presented,
}

/// Whether a secret is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// The running configuration has it.
    InForce,
    /// It stands in a copy, or in a file that no file in force includes.
    Aside,
    /// What it belongs to is switched off, or came with the product and is nobody's.
    Off,
}

/// A secret, by all that may be told of it.
#[derive(Clone, Debug)]
pub struct HeldSecret {
    /// Whose.
    pub owner: String,
    /// What it protects.
    pub kind: SecretKind,
    /// What is wrong with it; nothing, for most.
    pub weaknesses: BTreeSet<Weakness>,
    /// From where it can be tried.
    pub reach: Reach,
    /// Is it in force?
    pub standing: Standing,
    /// How many places hold the same one, this one included.
    pub places: usize,
    /// How many tries find it at most, where it is weak.
    pub tries: Option<f64>,
    /// The line that holds it, with the secret masked.
    pub place: Citation,
}

impl HeldSecret {
    /// Returns the weakness to name it by: the gravest, but what is not guessed at once and opens many accounts
    /// is named for that.
    pub fn gravest(&self) -> Option<Weakness> {
        let first = self.weaknesses.first().copied()?;
        let opens_many = self.places > MANY && self.weaknesses.contains(&Weakness::Shared);
        Some(if opens_many && !first.is_first_tried() { Weakness::Shared } else { first })
    }
}
