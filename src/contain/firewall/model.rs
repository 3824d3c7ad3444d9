//! What a set of rules is, whichever program loads it.
//!
//! The model holds what `nftables` and `iptables` both can say: chains of rules, the first of which that fits decides.
//! A rule never lets in what another program's rules keep out: what is not dropped or rejected here goes on to them.

use ipnet::IpNet;

use crate::pbx::Carriage;

/// Rules that are put in place and taken back as one.
pub(super) struct Guard {
    /// Its word: the table and the chains are called by it.
    pub(super) word: &'static str,
    /// The file of its rules for nftables.
    pub(super) file: &'static str,
    /// What the file is for, in one line.
    pub(super) purpose: &'static str,
    /// What it does.
    pub(super) title: String,
    /// What it changes.
    pub(super) changes: String,
    /// How to see that it works.
    pub(super) check: &'static str,
    /// What else must be known before it is used.
    pub(super) notes: Vec<&'static str>,
    /// Who is let in or kept out and why, in words of the evidence.
    pub(super) reasons: Vec<String>,
    /// The networks that its rules name.
    pub(super) set: Set,
    /// Its rules.
    pub(super) chains: Vec<Chain>,
}

/// Networks by a name.
pub(super) struct Set {
    pub(super) name: &'static str,
    pub(super) networks: Vec<IpNet>,
}

/// Rules in their order.
pub(super) struct Chain {
    /// Its name within the guard.
    pub(super) name: &'static str,
    /// Which packets come by it; `None` for one that others lead into.
    pub(super) hook: Option<Hook>,
    pub(super) rules: Vec<Rule>,
}

/// Which packets come by a chain.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Hook {
    /// All that arrive, those for machines behind this one as well.
    Arriving,
    /// Those for this machine.
    Into,
    /// Those that this machine sends.
    Leaving,
    /// Those that pass through it, to and from containers and machines behind it.
    Through,
}

/// What fits, and what becomes of it.
#[derive(Clone)]
pub(super) struct Rule {
    pub(super) fits: Fits,
    pub(super) verdict: Verdict,
}

/// Which packets a rule is about.
#[derive(Clone)]
pub(super) enum Fits {
    /// All of them.
    All,
    /// Those that stay on this machine: they come by its loopback interface, or go there.
    Loopback,
    /// Those of connections that are up.
    Established,
    /// Those from an address of the guard's set.
    From,
    /// Those to an address of the guard's set.
    To,
    /// Those to some ports.
    Ports(Carriage, Vec<u16>),
}

/// What becomes of a packet.
#[derive(Clone, Copy)]
pub(super) enum Verdict {
    /// This guard has nothing against it.
    Pass,
    /// It is lost, and nobody is told.
    Drop,
    /// It is lost, and its sender is told.
    Reject,
    /// It is counted, and goes on.
    Count,
    /// Another chain of the guard decides.
    Jump(&'static str),
}

impl Rule {
    pub(super) fn new(fits: Fits, verdict: Verdict) -> Self {
        Rule { fits, verdict }
    }
}

/// Returns the word of a carriage.
pub(super) fn word(carriage: Carriage) -> &'static str {
    match carriage {
        Carriage::Udp => "udp",
        Carriage::Tcp => "tcp",
    }
}

/// Shows one address without the length of a network.
pub(super) fn shown(network: IpNet) -> String {
    if network.prefix_len() == network.max_prefix_len() {
        network.addr().to_string()
    } else {
        network.trunc().to_string()
    }
}
