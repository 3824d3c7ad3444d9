//! Rules as all these programs have them: chains of conditions and actions, and a packet's way through them.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::ops::RangeInclusive;

use ipnet::IpNet;

use super::Answer;
use crate::event::Citation;

/// Rules looked at for one packet: chains may call one another without end.
const MOST_STEPS: usize = 200_000;
/// Chains in chains; the kernel itself allows sixteen.
const DEEPEST: usize = 16;

/// A transport protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// UDP.
    Udp,
    /// TCP.
    Tcp,
}

impl Protocol {
    /// Returns the word used in every output.
    pub fn word(self) -> &'static str {
        match self {
            Protocol::Udp => "udp",
            Protocol::Tcp => "tcp",
        }
    }
}

/// Whether a packet comes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// It does.
    Open,
    /// It does for some addresses, or up to some rate.
    Limited,
    /// The rules ask for what cannot be known here.
    CannotTell,
    /// It does not.
    Closed,
}

/// A new packet from outside.
pub(super) struct Packet {
    pub(super) protocol: Protocol,
    pub(super) port: u16,
    /// Its sender; nobody in particular where there is none.
    pub(super) from: Option<IpAddr>,
}

/// What a rule asks of a packet.
#[derive(Clone, Debug)]
pub(super) enum Condition {
    /// One of these protocols, by name.
    Protocol(Vec<String>),
    /// One of these ports.
    Port(Vec<RangeInclusive<u16>>),
    /// From one of these networks.
    From(Vec<IpNet>),
    /// The same, turned round.
    NotFrom(Vec<IpNet>),
    /// Of one family of addresses.
    Family { is_v4: bool },
    /// Never true of a new packet from outside.
    Never,
    /// A rate, a count or a list of addresses that the file does not hold.
    Limit,
    /// Something that cannot be known here.
    Unclear,
}

/// Whether a condition holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holds {
    Yes,
    No,
    Limited,
    Unclear,
}

impl Condition {
    fn holds(&self, packet: &Packet) -> Holds {
        let from_any = |networks: &[IpNet]| match packet.from {
            Some(address) => networks.iter().any(|network| network.contains(&address)),
            // Anybody: only a network of all addresses holds him for sure.
            None => networks.iter().any(|network| network.prefix_len() == 0),
        };
        let is = match self {
            Condition::Protocol(names) => names.iter().any(|name| match name.as_str() {
                "all" | "0" | "any" => true,
                "tcp" | "6" => packet.protocol == Protocol::Tcp,
                "udp" | "17" => packet.protocol == Protocol::Udp,
                _ => false,
            }),
            Condition::Port(ports) => ports.iter().any(|range| range.contains(&packet.port)),
            Condition::From(networks) => from_any(networks),
            Condition::NotFrom(networks) => !from_any(networks),
            Condition::Family { is_v4 } => packet.from.is_none_or(|address| address.is_ipv4()) == *is_v4,
            Condition::Never => false,
            Condition::Limit => return Holds::Limited,
            Condition::Unclear => return Holds::Unclear,
        };
        if is { Holds::Yes } else { Holds::No }
    }
}

/// What a rule does.
#[derive(Clone, Debug)]
pub(super) enum Action {
    Accept,
    Drop,
    Return,
    /// Goes through another chain, and comes back unless that decides.
    Jump(String),
    /// Notes or counts.
    Nothing,
    /// Something that may end in either way.
    Unclear,
}

#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) conditions: Vec<Condition>,
    pub(super) action: Action,
    pub(super) cited: Citation,
}

#[derive(Clone, Debug)]
pub(super) struct Chain {
    pub(super) rules: Vec<Rule>,
    /// What becomes of a packet that no rule decides on; only base chains have one.
    pub(super) drops: Option<bool>,
    pub(super) cited: Citation,
}

/// The chains of one table.
#[derive(Clone, Debug)]
pub(super) struct Ruleset {
    /// IPv4 only, IPv6 only, or both.
    pub(super) is_v4: Option<bool>,
    pub(super) chains: BTreeMap<String, Chain>,
    /// The chains that a packet for the machine itself enters, in order.
    pub(super) bases: Vec<String>,
}

/// Where a packet's ways through a chain end.
#[derive(Clone, Default)]
struct Ends {
    accept: bool,
    drop: bool,
    limited: bool,
    unclear: bool,
    cited: Option<Citation>,
}

impl Ruleset {
    /// Makes a chain the base, with a policy.
    pub(super) fn based_on(mut self, chain: &str, drops: bool) -> Self {
        self.bases = vec![chain.to_owned()];
        if let Some(chain) = self.chains.get_mut(chain) {
            chain.drops = Some(drops);
        }
        self
    }

    /// Says whether a packet comes through; `None` where the rules are not for its kind of address.
    pub(super) fn answer(&self, packet: &Packet) -> Option<Answer> {
        let is_v4 = packet.from.is_none_or(|address| address.is_ipv4());
        if self.is_v4.is_some_and(|own| own != is_v4) {
            return None;
        }
        let mut answers = Vec::new();
        for base in &self.bases {
            let chain = self.chains.get(base)?;
            let mut ends = Ends::default();
            let mut steps = MOST_STEPS;
            if self.walk(chain, packet, DEEPEST, &mut steps, &mut ends) {
                let drops = chain.drops == Some(true);
                ends.accept |= !drops;
                ends.drop |= drops;
                ends.cited = ends.cited.or_else(|| Some(chain.cited.clone()));
            }
            let reach = match (ends.accept, ends.drop) {
                _ if steps == 0 => Reach::CannotTell,
                (true, false) => Reach::Open,
                (false, true) => Reach::Closed,
                _ if ends.limited && !ends.unclear => Reach::Limited,
                _ => Reach::CannotTell,
            };
            answers.push(Answer { reach, cited: ends.cited.unwrap_or_else(|| chain.cited.clone()) });
        }
        answers.into_iter().max_by_key(|answer| answer.reach)
    }

    /// Takes a packet through a chain; returns whether it may come out at the end.
    fn walk(&self, chain: &Chain, packet: &Packet, depth: usize, steps: &mut usize, ends: &mut Ends) -> bool {
        for rule in &chain.rules {
            let Some(left) = steps.checked_sub(1) else { return true };
            *steps = left;
            let all: Vec<Holds> = rule.conditions.iter().map(|condition| condition.holds(packet)).collect();
            if all.contains(&Holds::No) {
                continue;
            }
            let is_sure = all.iter().all(|holds| *holds == Holds::Yes);
            let decides = matches!(rule.action, Action::Accept | Action::Drop | Action::Jump(_));
            if decides {
                ends.limited |= all.contains(&Holds::Limited);
                ends.unclear |= all.contains(&Holds::Unclear);
            }
            let goes_on = match &rule.action {
                Action::Accept | Action::Drop => {
                    let accepts = matches!(rule.action, Action::Accept);
                    ends.accept |= accepts;
                    ends.drop |= !accepts;
                    ends.cited = Some(rule.cited.clone());
                    false
                }
                Action::Return => {
                    if is_sure {
                        return true;
                    }
                    true
                }
                Action::Jump(name) => match (self.chains.get(name), depth.checked_sub(1)) {
                    (Some(chain), Some(depth)) => self.walk(chain, packet, depth, steps, ends),
                    _ => {
                        ends.unclear = true;
                        true
                    }
                },
                Action::Nothing => true,
                Action::Unclear => {
                    (ends.accept, ends.drop, ends.unclear) = (true, true, true);
                    true
                }
            };
            if is_sure && !goes_on {
                return false;
            }
        }
        true
    }
}

/// Reads ports: `5060`, `5060:5061`, `5060-5061`, `sip`.
pub(super) fn port_range(text: &str) -> Option<RangeInclusive<u16>> {
    let one = |text: &str| match text.trim().to_ascii_lowercase().as_str() {
        "" => None,
        "sip" => Some(5060),
        "sips" | "sip-tls" => Some(5061),
        "http" | "www" => Some(80),
        "https" => Some(443),
        "ssh" => Some(22),
        "tftp" => Some(69),
        "ftp" => Some(21),
        number => number.parse().ok(),
    };
    match text.split_once([':', '-']).filter(|(first, _)| first.trim().parse::<u16>().is_ok()) {
        Some((first, "")) => Some(one(first)?..=u16::MAX),
        Some((first, last)) => Some(one(first)?..=one(last)?),
        None => one(text).map(|port| port..=port),
    }
}

/// Reads a network: an address, `address/bits` or `address/mask`.
pub(super) fn network(text: &str) -> Option<IpNet> {
    let text = text.trim();
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(IpNet::from(address));
    }
    let (address, mask) = text.split_once('/')?;
    text.parse().ok().or_else(|| {
        let bits = ipnet::ip_mask_to_prefix(mask.parse().ok()?).ok()?;
        IpNet::new(address.parse().ok()?, bits).ok()
    })
}
