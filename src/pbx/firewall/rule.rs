//! Rules of whatever form, and the way of one packet through them.
//!
//! The packet is a new one from an unknown address of the Internet. A rule may hold what a file does not
//! tell (a set filled at run time, a rate, a country): where such a rule would decide, nothing is known.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use ipnet::IpNet;

use super::is_private;
use crate::event::Citation;

/// Chains that lead into one another; hostile rules may go round in circles.
const MOST_STEPS: usize = 10_000;
const DEEPEST: usize = 16;

/// The protocol of a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

impl Protocol {
    /// Returns the word used in every output.
    pub fn word(self) -> &'static str {
        match self {
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
        }
    }
}

/// Who gets through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Nobody from outside.
    Closed,
    /// Addresses of these networks only.
    Limited(Vec<IpNet>),
    /// It hangs on what the file does not tell.
    CannotTell,
    /// Anybody.
    Open,
}

impl Gate {
    /// Returns a rank: the strictest first.
    pub(crate) fn width(&self) -> u8 {
        match self {
            Gate::Closed => 0,
            Gate::Limited(_) => 1,
            Gate::CannotTell => 2,
            Gate::Open => 3,
        }
    }
}

/// Chains by name.
pub(super) type Chains = BTreeMap<String, Chain>;

/// A chain of rules.
#[derive(Clone, Debug, Default)]
pub(super) struct Chain {
    /// What happens at its end; `None` where it goes back to the caller.
    pub(super) accepts: Option<bool>,
    pub(super) rules: Vec<Rule>,
}

/// What a rule does with a packet that it matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Accept,
    Drop,
    Return,
    Jump(String),
    /// Counts, marks or logs.
    Pass,
}

/// One rule.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    /// The protocol; `None` for any.
    pub(super) protocol: Option<Protocol>,
    /// Is it one that has no ports here (ICMP)?
    pub(super) is_foreign: bool,
    /// Ports; empty for any.
    pub(super) ports: Vec<RangeInclusive<u16>>,
    /// Where packets come from; empty for anywhere.
    pub(super) sources: Vec<IpNet>,
    /// Are these the only sources that it does not match?
    pub(super) but_sources: bool,
    /// Does it hold for the loopback interface, or for packets of known connections, only?
    pub(super) is_inner: bool,
    /// Does it depend on what the file does not tell?
    pub(super) is_unsure: bool,
    pub(super) target: Target,
    pub(super) place: Citation,
}

impl Rule {
    /// Builds a rule that matches every packet.
    pub(super) fn of_all(target: Target, place: Citation) -> Self {
        Rule {
            protocol: None,
            is_foreign: false,
            ports: Vec::new(),
            sources: Vec::new(),
            but_sources: false,
            is_inner: false,
            is_unsure: false,
            target,
            place,
        }
    }

    fn is_for(&self, protocol: Protocol, port: u16) -> bool {
        let fits = self.protocol.is_none_or(|own| own == protocol);
        let has_port = self.ports.is_empty() || self.ports.iter().any(|ports| ports.contains(&port));
        fits && has_port && !self.is_foreign && !self.is_inner
    }
}

/// What a walk has come to.
struct Walk<'c> {
    chains: &'c Chains,
    protocol: Protocol,
    port: u16,
    allowed: Vec<IpNet>,
    is_unsure: bool,
    steps: usize,
}

/// Follows a packet from a chain on; returns who gets through, and the rule that decides.
pub(super) fn walk(chains: &Chains, entry: &str, protocol: Protocol, port: u16) -> (Gate, Option<Citation>) {
    let mut walk = Walk { chains, protocol, port, allowed: Vec::new(), is_unsure: false, steps: 0 };
    let ended = walk.chain(entry, 0);
    // A chain that nothing ends is one that nothing was set for.
    let (accepts, rule) = ended.unwrap_or((true, None));
    let gate = match (accepts, walk.is_unsure) {
        (_, true) => Gate::CannotTell,
        (true, false) => Gate::Open,
        (false, false) if walk.allowed.is_empty() => Gate::Closed,
        (false, false) => Gate::Limited(std::mem::take(&mut walk.allowed)),
    };
    (gate, rule)
}

impl Walk<'_> {
    /// Returns whether the packet is let through, and by which rule; `None` where it comes back.
    fn chain(&mut self, name: &str, depth: usize) -> Option<(bool, Option<Citation>)> {
        let chain = self.chains.get(name)?;
        for rule in &chain.rules {
            self.steps += 1;
            if self.steps > MOST_STEPS || depth > DEEPEST {
                self.is_unsure = true;
                return Some((false, None));
            }
            if !rule.is_for(self.protocol, self.port) {
                continue;
            }
            if let Some(end) = self.rule(rule, depth) {
                return end;
            }
        }
        chain.accepts.map(|accepts| (accepts, None))
    }

    /// Applies a rule; `None` to go on with the next, `Some(None)` to leave the chain.
    #[expect(clippy::option_option, reason = "going on, going back and a verdict are three things")]
    fn rule(&mut self, rule: &Rule, depth: usize) -> Option<Option<(bool, Option<Citation>)>> {
        if !rule.sources.is_empty() && !rule.but_sources {
            return self.of_some_sources(rule);
        }
        match &rule.target {
            Target::Pass => None,
            // Whoever is only sometimes let in, or only sometimes kept out, leaves the answer open.
            Target::Accept | Target::Drop | Target::Return if rule.is_unsure => {
                self.is_unsure |= rule.target == Target::Accept;
                None
            }
            Target::Accept => Some(Some((true, Some(rule.place.clone())))),
            Target::Drop => Some(Some((false, Some(rule.place.clone())))),
            Target::Return => Some(None),
            Target::Jump(chain) => {
                let end = self.chain(chain, depth + 1);
                match end {
                    Some(end) if rule.is_unsure => {
                        self.is_unsure |= end.0;
                        None
                    }
                    end => end.map(Some),
                }
            }
        }
    }

    #[expect(clippy::option_option, reason = "as above")]
    fn of_some_sources(&mut self, rule: &Rule) -> Option<Option<(bool, Option<Citation>)>> {
        let is_everybody = rule.sources.iter().any(|network| network.prefix_len() == 0);
        match &rule.target {
            Target::Accept if is_everybody && !rule.is_unsure => Some(Some((true, Some(rule.place.clone())))),
            Target::Accept => {
                self.allowed.extend(rule.sources.iter().copied());
                None
            }
            // A chain for private networks decides nothing for others.
            Target::Jump(_) if !rule.sources.iter().all(is_private) => {
                self.is_unsure = true;
                None
            }
            Target::Drop if is_everybody && !rule.is_unsure => Some(Some((false, Some(rule.place.clone())))),
            _ => None,
        }
    }
}
