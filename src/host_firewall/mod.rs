//! The firewall's saved rules: who on the Internet reaches a port, as far as they tell.
//!
//! `iptables-save`, ufw, nftables and firewalld keep their rules in files; what was in force at the time may have
//! been other rules, so that every answer is "as saved". A packet is taken through the rules by hand: a new one,
//! from an address that no rule names or from a given one. Where a rule asks for what cannot be known (a set, a
//! rate, a mark), both ways are gone, and the answer says so.

mod chains;
mod firewalld;
mod iptables;
mod nftables;

use std::net::IpAddr;

use chains::{Packet, Ruleset};
pub use chains::{Protocol, Reach};

use crate::event::Citation;
use crate::evidence::{Evidence, Source, ends_with_path};

/// A file of saved rules is a few hundred lines; blocklists make some long.
const LARGEST: usize = 4 * 1024 * 1024;

/// How the rules of one file are read.
type Read = fn(&Source, &str) -> Vec<Ruleset>;

/// Files of saved rules, by the end of their path.
const FILES: [(&str, Read); 14] = [
    ("etc/iptables/rules.v4", |source, text| iptables::read(source.id, text, Some(true))),
    ("etc/iptables/rules.v6", |source, text| iptables::read(source.id, text, Some(false))),
    ("etc/sysconfig/iptables", |source, text| iptables::read(source.id, text, Some(true))),
    ("etc/sysconfig/ip6tables", |source, text| iptables::read(source.id, text, Some(false))),
    ("etc/iptables.rules", |source, text| iptables::read(source.id, text, Some(true))),
    ("etc/iptables.up.rules", |source, text| iptables::read(source.id, text, Some(true))),
    ("etc/iptables/iptables.rules", |source, text| iptables::read(source.id, text, Some(true))),
    ("etc/iptables/ip6tables.rules", |source, text| iptables::read(source.id, text, Some(false))),
    ("etc/ip6tables.rules", |source, text| iptables::read(source.id, text, Some(false))),
    ("etc/nftables.conf", |source, text| nftables::read(source.id, text)),
    ("etc/sysconfig/nftables.conf", |source, text| nftables::read(source.id, text)),
    ("etc/nftables/main.nft", |source, text| nftables::read(source.id, text)),
    ("etc/nftables/ruleset.nft", |source, text| nftables::read(source.id, text)),
    ("etc/nftables.rules", |source, text| nftables::read(source.id, text)),
];

/// Files of programs that keep their rules in parts.
const PARTS: [&str; 5] = [
    "etc/ufw/ufw.conf",
    "etc/ufw/user.rules",
    "etc/ufw/user6.rules",
    "etc/default/ufw",
    "etc/firewalld/firewalld.conf",
];

/// Returns whether a path is that of a firewall's saved rules.
pub fn is_rules(path: &str) -> bool {
    let is_zone = path.contains("etc/firewalld/zones/") && path.ends_with(".xml");
    is_zone || FILES.iter().map(|(end, _)| *end).chain(PARTS).any(|end| ends_with_path(path, end))
}

/// All saved rules of the evidence.
#[derive(Clone, Debug, Default)]
pub struct Firewall {
    rulesets: Vec<Ruleset>,
}

/// What the saved rules say of a packet.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Does it come through?
    pub reach: Reach,
    /// The rule, or the chain's policy, that decides.
    pub cited: Citation,
}

impl Firewall {
    /// Reads all saved rules; `None` where there are none.
    pub fn read(evidence: &Evidence) -> Option<Self> {
        let text = |source: &Source| {
            let bytes = evidence.read_small(source, LARGEST).unwrap_or_default();
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let mut rulesets = Vec::new();
        for (path, read) in FILES {
            if let Some(source) = evidence.source_ending("", path) {
                rulesets.extend(read(source, &text(source)));
            }
        }
        rulesets.extend(ufw(evidence, &text));
        rulesets.extend(firewalld::read(evidence, &text));
        (!rulesets.is_empty()).then_some(Firewall { rulesets })
    }

    /// Says whether a new packet for a port comes through, from one address, or from anybody (of IPv4) where none
    /// is given; `None` where no rules for its kind of address are saved.
    pub fn reach(&self, protocol: Protocol, port: u16, from: Option<IpAddr>) -> Option<Answer> {
        let packet = Packet { protocol, port, from };
        let answers: Vec<Answer> = self.rulesets.iter().filter_map(|rules| rules.answer(&packet)).collect();
        // It has to come through all that are in force.
        answers.into_iter().max_by_key(|answer| answer.reach)
    }
}

/// Reads ufw's rules, which are in force where its own file says so.
fn ufw(evidence: &Evidence, text: &dyn Fn(&Source) -> String) -> Vec<Ruleset> {
    let setting = |path: &str, key: &str| {
        let all = text(evidence.source_ending("", path)?);
        let value =
            |line: &str| Some(line.trim().strip_prefix(key)?.strip_prefix('=')?.trim_matches('"').to_owned());
        all.lines().rev().find_map(value)
    };
    if setting("etc/ufw/ufw.conf", "ENABLED").as_deref() != Some("yes") {
        return Vec::new();
    }
    let drops = setting("etc/default/ufw", "DEFAULT_INPUT_POLICY").is_none_or(|policy| policy != "ACCEPT");
    [("etc/ufw/user.rules", true), ("etc/ufw/user6.rules", false)]
        .into_iter()
        .filter_map(|(path, is_v4)| {
            let source = evidence.source_ending("", path)?;
            let chain = if is_v4 { "ufw-user-input" } else { "ufw6-user-input" };
            let rules = iptables::read(source.id, &text(source), Some(is_v4)).pop()?;
            Some(rules.based_on(chain, drops))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::SourceId;

    fn reach(rulesets: Vec<Ruleset>, protocol: Protocol, port: u16, from: Option<&str>) -> Option<Reach> {
        let from = from.map(|text| text.parse().expect("an address"));
        Firewall { rulesets }.reach(protocol, port, from).map(|answer| answer.reach)
    }

    #[test]
    fn saved_rules_of_iptables_are_walked() {
        let text = "*nat\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n*filter\n:INPUT DROP [0:0]\n:sip - [0:0]\n\
            -A INPUT -i lo -j ACCEPT\n-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT\n\
            -A INPUT -p tcp -m multiport --dports 80,443 -j ACCEPT\n\
            -A INPUT -p udp -m udp --dport 5060:5061 -j sip\n\
            -A INPUT -s 10.0.0.0/8 -j ACCEPT\n\
            -A INPUT -p tcp --dport 22 -m recent --update --seconds 60 --hitcount 4 --name SSH -j DROP\n\
            -A INPUT -p tcp --dport 22 -j ACCEPT\n\
            -A sip -s 198.51.100.0/24 -m comment --comment \"the carrier\" -j ACCEPT\n-A sip -j DROP\nCOMMIT\n";
        let rules = || iptables::read(SourceId(0), text, Some(true));
        let udp = |port, from| reach(rules(), Protocol::Udp, port, from);
        let tcp = |port, from| reach(rules(), Protocol::Tcp, port, from);
        assert_eq!(tcp(443, None), Some(Reach::Open));
        assert_eq!(udp(5060, None), Some(Reach::Closed));
        assert_eq!(udp(5060, Some("198.51.100.7")), Some(Reach::Open));
        assert_eq!(udp(69, Some("10.1.2.3")), Some(Reach::Open));
        assert_eq!(udp(69, None), Some(Reach::Closed));
        assert_eq!(tcp(22, None), Some(Reach::Limited));
        assert_eq!(udp(5060, Some("2001:db8::1")), None);
    }

    #[test]
    fn chains_that_call_each_other_end() {
        let text = "*filter\n:INPUT ACCEPT [0:0]\n:a - [0:0]\n:b - [0:0]\n-A INPUT -j a\n-A a -j b\n-A b -j a\nCOMMIT\n";
        assert!(reach(iptables::read(SourceId(0), text, None), Protocol::Udp, 5060, None).is_some());
    }

    #[test]
    fn saved_rules_of_nftables_are_walked() {
        let text = "#!/usr/sbin/nft -f\nflush ruleset\ntable inet filter {\n  set office { type ipv4_addr; elements = { 192.0.2.1 } }\n\
            chain input {\n    type filter hook input priority 0; policy drop;\n    iif \"lo\" accept\n\
            ct state established,related accept\n    tcp dport { 80, 443 } accept comment \"web\"\n\
            ip saddr @office udp dport 5060 accept\n    ip saddr 203.0.113.0/24 udp dport 5060 accept\n\
            udp dport 5061 limit rate over 10/minute burst 5 packets drop\n    udp dport 5061 accept\n  }\n\
            chain forward { type filter hook forward priority 0; policy accept; }\n}\n";
        let rules = || nftables::read(SourceId(0), text);
        assert_eq!(reach(rules(), Protocol::Tcp, 80, None), Some(Reach::Open));
        assert_eq!(reach(rules(), Protocol::Tcp, 22, None), Some(Reach::Closed));
        assert_eq!(reach(rules(), Protocol::Udp, 5060, None), Some(Reach::Limited));
        assert_eq!(reach(rules(), Protocol::Udp, 5060, Some("203.0.113.9")), Some(Reach::Open));
        assert_eq!(reach(rules(), Protocol::Udp, 5061, Some("2001:db8::1")), Some(Reach::Limited));
        let open = "table ip filter {\n chain input { type filter hook input priority 0; }\n}\n";
        assert_eq!(reach(nftables::read(SourceId(0), open), Protocol::Udp, 5060, None), Some(Reach::Open));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_walked(text in "(\\*filter\n)?([:{};\\-A-Za-z0-9@!/., \n\"]|-A INPUT |table inet x \\{ chain y \\{ type filter hook input priority 0; ){0,60}", port: u16) {
            for rulesets in [iptables::read(SourceId(0), &text, None), nftables::read(SourceId(0), &text)] {
                reach(rulesets, Protocol::Tcp, port, None);
            }
        }
    }
}
