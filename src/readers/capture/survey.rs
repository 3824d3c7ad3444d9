//! Who is who in a capture: learned from the whole of it before anything is told.
//!
//! Servers ask their phones and carriers whether they are alive, as scanners ask everybody; a phone with
//! an outdated secret and a scanner both draw challenges. What tells them apart may come much later.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::message::Message;
use super::network::End;
use super::transactions::Transactions;

/// Addresses, or pairs of them, that are remembered.
const MOST_ADDRESSES: usize = 100_000;
/// Requests without any credentials from which an address looks around, and does not want to call.
const LOOKS_AROUND: u32 = 3;

/// What is known of everybody.
#[derive(Debug, Default)]
pub(super) struct Survey {
    transactions: Transactions,
    /// Who answered a registration.
    servers: BTreeSet<IpAddr>,
    /// Who answered whom with success: asker, then answerer.
    obliging: BTreeSet<(IpAddr, IpAddr)>,
    /// Of those, who answered a server.
    obliged: BTreeSet<IpAddr>,
    /// Whose credentials were accepted.
    users: BTreeSet<IpAddr>,
    /// Who sent credentials, right or wrong.
    named: BTreeSet<IpAddr>,
    /// Requests without credentials.
    bare: BTreeMap<IpAddr, u32>,
    /// Who got any answer.
    heard: BTreeSet<IpAddr>,
}

fn note<T: Ord>(set: &mut BTreeSet<T>, item: T) {
    if set.len() < MOST_ADDRESSES {
        set.insert(item);
    }
}

impl Survey {
    /// Takes a message in.
    pub(super) fn take(&mut self, from: End, to: End, message: &Message<'_>) {
        if message.method.is_some() {
            return self.request(from, to, message);
        }
        let (client, server) = (to, from);
        let Some(status) = message.status() else { return };
        let Some(request) = self.transactions.answered(client, server, message) else { return };
        let (client, server) = (client.0, server.0);
        note(&mut self.heard, client);
        let is_success = (180..300).contains(&status);
        if message.about() == b"REGISTER" {
            note(&mut self.servers, server);
        }
        if is_success && request.has_credentials {
            note(&mut self.users, client);
        }
        if (200..300).contains(&status) {
            note(&mut self.obliging, (client, server));
        }
    }

    fn request(&mut self, from: End, to: End, message: &Message<'_>) {
        self.transactions.ask(from, to, message);
        let from = from.0;
        if message.credentials.is_some() {
            note(&mut self.named, from);
        } else if matches!(message.method, Some(b"REGISTER" | b"INVITE"))
            && (self.bare.len() < MOST_ADDRESSES || self.bare.contains_key(&from))
        {
            let count = self.bare.entry(from).or_default();
            *count = count.saturating_add(1);
        }
    }

    /// Draws the conclusions, when all messages were taken in.
    pub(super) fn settle(&mut self) {
        let of_servers = std::mem::take(&mut self.obliging).into_iter();
        self.obliged = of_servers
            .filter(|(asker, _)| self.servers.contains(asker))
            .map(|(_, answerer)| answerer)
            .collect();
        self.transactions = Transactions::default();
    }

    /// Returns whether an address answers registrations.
    pub(super) fn is_server(&self, address: IpAddr) -> bool {
        self.servers.contains(&address)
    }

    /// Returns whether an address is known to a server: it answers the server's own requests, or used an
    /// account with success.
    pub(super) fn is_known(&self, address: IpAddr) -> bool {
        self.is_server(address) || self.users.contains(&address) || self.obliged.contains(&address)
    }

    /// Returns whether an address asks for registrations and calls and never names itself.
    pub(super) fn looks_around(&self, address: IpAddr) -> bool {
        !self.is_known(address)
            && !self.named.contains(&address)
            && self.bare.get(&address).is_some_and(|count| *count >= LOOKS_AROUND)
    }

    /// Returns whether nobody ever answered an address.
    pub(super) fn is_ignored(&self, address: IpAddr) -> bool {
        !self.heard.contains(&address)
    }
}
