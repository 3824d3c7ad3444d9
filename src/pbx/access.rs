//! Access lists: `permit` and `deny` lines turned into the networks that are let in.
//!
//! Asterisk walks the rules in order, the last that matches decides, and without a match a sender is
//! let in (`main/acl.c`, `ast_apply_ha`). A rule is an address, `address/bits` or `address/mask`, more of
//! them after commas, `!` turning one round.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::{IpNet, Ipv4Net};

use super::language::{Document, Section};
use super::model::{AccessFault, AccessTrap};

/// Stands for a list that lets nobody in: no packet comes from this address.
const NOBODY: IpNet = IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::UNSPECIFIED, 32));

/// No list in use is longer; every account may name the same one.
const MOST_RULES: usize = 1_000;

/// One rule.
struct Rule {
    permits: bool,
    network: IpNet,
}

/// Returns the networks that a section's access list lets in; empty when everyone may come.
pub(super) fn permitted(section: &Section, lists: Option<&Document>) -> Vec<IpNet> {
    let mut rules = Vec::new();
    for setting in &section.settings {
        match setting.name.to_ascii_lowercase().as_str() {
            "permit" => add_rules(&mut rules, &setting.value, true),
            "deny" => add_rules(&mut rules, &setting.value, false),
            "acl" => {
                for name in setting.value.split(',').map(str::trim) {
                    add_named(&mut rules, name, lists);
                }
            }
            _ => {}
        }
    }
    let mut networks = let_in(rules.iter().filter(|rule| matches!(rule.network, IpNet::V4(_))));
    networks.extend(let_in(rules.iter().filter(|rule| matches!(rule.network, IpNet::V6(_)))));
    let closed_to_all = networks.iter().all(|network| *network == NOBODY);
    networks.retain(|network| closed_to_all || *network != NOBODY);
    networks.sort();
    networks.dedup();
    networks
}

/// Sections looked at for traps.
const MOST_FAULTS: usize = 5_000;

/// Finds access lists that do not do what whoever wrote them meant, in one configuration.
pub(super) fn faults(document: &Document, faults: &mut Vec<AccessFault>) {
    let listens_to_v6 = document.sections().any(|section| {
        section.settings.iter().any(|setting| {
            let name = setting.name.to_ascii_lowercase();
            let is_address = name.ends_with("bindaddr") || name == "bind";
            is_address && setting.value.contains("::") && !setting.value.contains("::1")
        })
    });
    for section in document.sections() {
        if faults.len() >= MOST_FAULTS {
            return;
        }
        let mut rules = Vec::new();
        for setting in &section.settings {
            match setting.name.to_ascii_lowercase().as_str() {
                "permit" => add_rules(&mut rules, &setting.value, true),
                "deny" => add_rules(&mut rules, &setting.value, false),
                _ => {}
            }
        }
        if let Some(trap) = trap(&rules, listens_to_v6) {
            faults.push(AccessFault { name: section.name.clone(), trap, place: section.citation() });
        }
    }
}

fn trap(rules: &[Rule], listens_to_v6: bool) -> Option<AccessTrap> {
    let of_v4 = || rules.iter().filter(|rule| rule.network.addr().is_ipv4());
    let denies_all = of_v4().any(|rule| !rule.permits && rule.network.prefix_len() == 0);
    if !denies_all {
        return None;
    }
    let networks = let_in(of_v4());
    if networks.is_empty() {
        return Some(AccessTrap::DenyUndone);
    }
    if networks == [NOBODY] && of_v4().any(|rule| rule.permits) {
        return Some(AccessTrap::NobodyLeft);
    }
    let has_v6 = rules.iter().any(|rule| rule.network.addr().is_ipv6());
    (listens_to_v6 && !has_v6).then_some(AccessTrap::SixOpen)
}

fn add_named(rules: &mut Vec<Rule>, name: &str, lists: Option<&Document>) {
    let Some(lists) = lists else { return };
    for setting in lists.named(name).flat_map(|section| &section.settings) {
        match setting.name.to_ascii_lowercase().as_str() {
            "permit" => add_rules(rules, &setting.value, true),
            "deny" => add_rules(rules, &setting.value, false),
            _ => {}
        }
    }
}

fn add_rules(rules: &mut Vec<Rule>, value: &str, permits: bool) {
    // FreePBX's panel joins several with `&`.
    for item in value.split([',', '&']).map(str::trim) {
        let (negated, item) = item.strip_prefix('!').map_or((false, item), |rest| (true, rest));
        if let Some(network) = network(item).filter(|_| rules.len() < MOST_RULES) {
            rules.push(Rule { permits: permits != negated, network });
        }
    }
}

/// Reads `address`, `address/bits` or `address/mask`.
pub(super) fn network(text: &str) -> Option<IpNet> {
    let (address, mask) = text.split_once('/').map_or((text, None), |(address, mask)| (address, Some(mask)));
    let address: IpAddr = address.trim().trim_start_matches('[').trim_end_matches(']').parse().ok()?;
    let whole = if address.is_ipv4() { 32 } else { 128 };
    let bits = match mask.map(str::trim) {
        None => whole,
        Some(mask) => match mask.parse::<u8>() {
            Ok(bits) => bits,
            Err(_) => ipnet::ip_mask_to_prefix(mask.parse().ok()?).ok()?,
        },
    };
    Some(IpNet::new(address, bits).ok()?.trunc())
}

/// Works out what the rules of one address family let in; empty for everyone.
fn let_in<'a>(rules: impl Iterator<Item = &'a Rule>) -> Vec<IpNet> {
    let mut open = true;
    let mut networks: Vec<IpNet> = Vec::new();
    for rule in rules {
        if rule.network.prefix_len() == 0 {
            open = rule.permits;
            networks.clear();
        } else if !open && rule.permits {
            networks.push(rule.network);
        } else if !open {
            networks.retain(|held| !rule.network.contains(held));
        }
    }
    match (open, networks.is_empty()) {
        (true, _) => Vec::new(),
        (false, true) => vec![NOBODY],
        (false, false) => networks,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permitted_of(rules: &[(bool, &str)]) -> Vec<String> {
        let mut held = Vec::new();
        for (permits, text) in rules {
            add_rules(&mut held, text, *permits);
        }
        let_in(held.iter()).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_last_rule_that_matches_decides() {
        let all = "0.0.0.0/0.0.0.0";
        assert_eq!(permitted_of(&[(false, all), (true, "10.1.2.3/255.0.0.0")]), ["10.0.0.0/8"]);
        assert!(permitted_of(&[(false, all), (true, "10.0.0.0/8"), (true, all)]).is_empty());
        assert_eq!(permitted_of(&[(true, "10.0.0.0/8"), (false, all)]), ["0.0.0.0/32"]);
        assert_eq!(
            permitted_of(&[(false, all), (true, "10.0.0.1,!10.0.0.2,192.0.2.0/24")]),
            ["10.0.0.1/32", "192.0.2.0/24"]
        );
        assert!(permitted_of(&[(false, "203.0.113.0/24")]).is_empty());
    }

    #[test]
    fn lists_that_do_not_do_what_was_meant_are_found() {
        let of = |lines: &[(bool, &str)], listens_to_v6| {
            let mut rules = Vec::new();
            lines.iter().for_each(|(permits, text)| add_rules(&mut rules, text, *permits));
            trap(&rules, listens_to_v6)
        };
        let all = "0.0.0.0/0.0.0.0";
        let inner = (true, "10.0.0.0/8");
        assert_eq!(of(&[(false, all), inner], false), None);
        assert_eq!(of(&[(false, all), inner], true), Some(AccessTrap::SixOpen));
        assert_eq!(of(&[(false, all), inner, (false, "::/0")], true), None);
        assert_eq!(of(&[inner, (false, all)], false), Some(AccessTrap::NobodyLeft));
        assert_eq!(of(&[(false, all), (true, all)], false), Some(AccessTrap::DenyUndone));
        assert_eq!(of(&[(false, all)], false), None);
        assert_eq!(of(&[inner], true), None);
    }
}
