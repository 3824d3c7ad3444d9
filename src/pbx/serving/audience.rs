//! The answer for one folder: who can read what a server hands out there.

use std::net::IpAddr;

use super::{Door, Limit, Share};
use crate::event::{Citation, Service};
use crate::pbx::firewall::{Gate, Verdict, is_private};
use crate::pbx::model::Pbx;

/// Who can read a folder, the widest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Audience {
    /// Anyone on the Internet.
    Internet,
    /// Nothing on this host keeps anybody out; what lies before it is not known.
    CannotTell,
    /// Whoever has a password.
    Password,
    /// The local network, or networks that are named.
    Network,
    /// Nobody but this host.
    Nobody,
}

impl Audience {
    /// Returns it in words.
    pub fn words(self) -> &'static str {
        match self {
            Audience::Internet => "anyone on the Internet",
            Audience::CannotTell => {
                "anyone who reaches the port; whether the Internet does cannot be told from this disk"
            }
            Audience::Password => "whoever has the password",
            Audience::Network => "the local network, or the networks let in",
            Audience::Nobody => "nobody but this host",
        }
    }
}

/// An answer with its reason.
#[derive(Clone, Debug)]
pub struct Reached {
    /// Who.
    pub audience: Audience,
    /// Why, in words.
    pub why: String,
    /// The firewall's rule that decides, if one does.
    pub rule: Option<Citation>,
}

impl Reached {
    fn by(audience: Audience, why: impl Into<String>) -> Self {
        Reached { audience, why: why.into(), rule: None }
    }
}

impl Pbx {
    /// Tells who can read what a server hands out, by all that the disk says.
    pub fn audience(&self, share: &Share) -> Reached {
        match &share.limit {
            Limit::Nobody => return Reached::by(Audience::Nobody, "its configuration lets nobody in"),
            Limit::Password => return Reached::by(Audience::Password, "it asks for a password"),
            Limit::Networks(networks) => {
                let shown: Vec<String> = networks.iter().take(4).map(ToString::to_string).collect();
                let is_own = networks.iter().all(|network| network.addr().is_loopback());
                let audience = if is_own { Audience::Nobody } else { Audience::Network };
                return Reached::by(audience, format!("its configuration lets in only {}", shown.join(", ")));
            }
            Limit::Unknown | Limit::StockPassword | Limit::None => {}
        }
        let doors = share.doors.iter().map(|door| self.door(share, *door));
        let widest = doors.min_by_key(|reached| reached.audience);
        let reached =
            widest.unwrap_or_else(|| Reached::by(Audience::CannotTell, "where it listens is not told"));
        match share.limit {
            Limit::StockPassword if reached.audience < Audience::Password => Reached::by(
                Audience::CannotTell,
                "it asks for the password of an account whose stock password is published; whether it was changed is not told",
            ),
            Limit::Unknown if reached.audience < Audience::Password => Reached::by(
                Audience::CannotTell,
                "whom its configuration lets in hangs on what is not in these files",
            ),
            _ => reached,
        }
    }

    fn door(&self, share: &Share, door: Door) -> Reached {
        let asks = if share.service == Service::Tftp {
            "TFTP asks for no password"
        } else {
            "it asks for no password"
        };
        if door.address.is_some_and(|address| address.is_loopback()) {
            return Reached::by(Audience::Nobody, "it listens for this host only");
        }
        let port = door.port;
        match self.firewall.verdict(&share.disk, share.protocol(), port) {
            Some(Verdict { gate: Gate::Open, path, rule, is_live, .. }) => Reached {
                audience: Audience::Internet,
                why: format!(
                    "{asks}, and the rules {} {path} let anybody through: only a router in front could keep the Internet out",
                    kept(is_live)
                ),
                rule,
            },
            Some(Verdict { gate: Gate::Closed, path, rule, is_live, .. }) => Reached {
                audience: Audience::Nobody,
                why: format!("the rules {} {path} let nobody through", kept(is_live)),
                rule,
            },
            Some(Verdict { gate: Gate::Limited(networks), path, rule, is_live, .. }) => {
                let all_private = networks.iter().all(is_private);
                let shown: Vec<String> = networks.iter().take(4).map(ToString::to_string).collect();
                let which = if all_private { "the local network" } else { "some networks" };
                let (kept, shown) = (kept(is_live), shown.join(", "));
                let why = format!("the rules {kept} {path} let only {which} ({shown}) through");
                Reached { audience: Audience::Network, why, rule }
            }
            Some(Verdict { gate: Gate::CannotTell, path, is_live, .. }) => Reached::by(
                Audience::CannotTell,
                format!(
                    "{asks}; whom the rules {} {path} let through hangs on what they do not tell",
                    kept(is_live)
                ),
            ),
            None => self.without_rules(asks, door),
        }
    }

    fn without_rules(&self, asks: &str, door: Door) -> Reached {
        let is_public = |address: &IpAddr| !is_private(&(*address).into());
        let own = || self.own_addresses.iter().any(is_public);
        if door.address.as_ref().is_some_and(is_public) || (door.address.is_none() && own()) {
            let why = format!("{asks}, the host has a public address, and no firewall's rules are saved");
            return Reached::by(Audience::CannotTell, why);
        }
        Reached::by(
            Audience::CannotTell,
            format!(
                "{asks}, and no firewall's rules are saved; what a router in front lets through stands on no disk of this host"
            ),
        )
    }
}

/// Says where rules are read, before the path.
fn kept(is_live: bool) -> &'static str {
    if is_live { "in force, as listed in" } else { "saved in" }
}
