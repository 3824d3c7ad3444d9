//! `iptables-save`: a line for each rule, `-A CHAIN conditions -j TARGET`.

use std::collections::{BTreeMap, BTreeSet};

use super::chains::{Action, Chain, Condition, Rule, Ruleset, network, port_range};
use crate::event::{Citation, Place, SourceId};

/// Rules of one file.
const MOST_RULES: usize = 100_000;
/// Interfaces behind which the Internet is not.
const INNER: [&str; 8] = ["lo", "docker", "br-", "virbr", "tun", "tap", "wg", "veth"];

/// Reads the `filter` table.
pub(super) fn read(source: SourceId, text: &str, is_v4: Option<bool>) -> Vec<Ruleset> {
    let mut chains: BTreeMap<String, Chain> = BTreeMap::new();
    let outer = outer_interfaces(text);
    let mut in_filter = true;
    let mut offset = 0_u64;
    let mut rules = 0;
    for (number, raw) in text.split_inclusive('\n').enumerate() {
        let place = Place { source, offset, line: u32::try_from(number + 1).unwrap_or(u32::MAX) };
        offset += raw.len() as u64;
        let line = raw.trim();
        let cited = || Citation::new(place, line.as_bytes());
        if let Some(table) = line.strip_prefix('*') {
            in_filter = table.trim() == "filter";
        } else if !in_filter {
            continue;
        } else if let Some(chain) = line.strip_prefix(':') {
            let mut words = chain.split_whitespace();
            let (Some(name), policy) = (words.next(), words.next()) else { continue };
            let drops = policy.filter(|policy| *policy != "-").map(|policy| policy != "ACCEPT");
            chains.insert(name.to_owned(), Chain { rules: Vec::new(), drops, cited: cited() });
        } else if let Some(rest) = line.find("-A ").and_then(|at| line.get(at + 3..)) {
            rules += 1;
            let words = words(rest);
            let Some((chain, rest)) = words.split_first().filter(|_| rules <= MOST_RULES) else { continue };
            let empty = || Chain { rules: Vec::new(), drops: None, cited: cited() };
            let chain = chains.entry(chain.clone()).or_insert_with(empty);
            chain.rules.push(rule(rest, &outer, cited()));
        }
    }
    let bases = chains.contains_key("INPUT").then(|| "INPUT".to_owned()).into_iter().collect();
    if chains.is_empty() { Vec::new() } else { vec![Ruleset { is_v4, chains, bases }] }
}

/// Returns the interfaces that rules name and behind which the Internet may be.
fn outer_interfaces(text: &str) -> BTreeSet<&str> {
    let mut words = text.split_whitespace();
    let mut found = BTreeSet::new();
    while let Some(word) = words.next() {
        if matches!(word, "-i" | "--in-interface") {
            found.extend(words.next().filter(|name| !is_inner(name)));
        }
    }
    found
}

fn is_inner(name: &str) -> bool {
    INNER.iter().any(|inner| name.starts_with(inner))
}

/// Splits a line into words; quotes keep one together.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut in_quotes = false;
    for letter in text.chars() {
        match letter {
            '"' => in_quotes = !in_quotes,
            ' ' | '\t' if !in_quotes => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            letter => word.push(letter),
        }
    }
    words.extend(Some(word).filter(|word| !word.is_empty()));
    words
}

fn rule(words: &[String], outer: &BTreeSet<&str>, cited: Citation) -> Rule {
    let mut conditions = Vec::new();
    let mut action = Action::Nothing;
    let mut words = words.iter().map(String::as_str).peekable();
    let mut negated = false;
    while let Some(word) = words.next() {
        if word == "!" {
            negated = true;
            continue;
        }
        let is_option = word.starts_with('-');
        let mut value = || {
            // Old releases write `-s ! 10.0.0.0/8`.
            negated |= words.next_if_eq(&"!").is_some();
            words.next_if(|next| !next.starts_with('-') || next.len() == 1).unwrap_or_default()
        };
        match word {
            "-j" | "--jump" | "-g" | "--goto" => {
                action = target(value());
                break;
            }
            "-m" | "--match" | "--comment" => {
                value();
            }
            _ if is_option => {
                let value = value();
                conditions.extend(condition(word, value, negated, outer));
            }
            _ => {}
        }
        negated = false;
    }
    Rule { conditions, action, cited }
}

fn target(name: &str) -> Action {
    match name {
        "ACCEPT" => Action::Accept,
        "DROP" | "REJECT" | "TARPIT" => Action::Drop,
        "RETURN" => Action::Return,
        "LOG" | "NFLOG" | "ULOG" | "MARK" | "CONNMARK" | "SET" | "AUDIT" | "TRACE" | "" => Action::Nothing,
        "NFQUEUE" | "QUEUE" => Action::Unclear,
        chain => Action::Jump(chain.to_owned()),
    }
}

fn condition(option: &str, value: &str, negated: bool, outer: &BTreeSet<&str>) -> Option<Condition> {
    let turned = |is: bool| (is == negated).then_some(Condition::Never);
    match option {
        "-p" | "--protocol" => {
            let condition = Condition::Protocol(value.split(',').map(str::to_ascii_lowercase).collect());
            Some(if negated { Condition::Unclear } else { condition })
        }
        "-s" | "--source" | "--src" => {
            let networks = value.split(',').filter_map(network).collect();
            Some(if negated { Condition::NotFrom(networks) } else { Condition::From(networks) })
        }
        // An address of the machine's own, unless it is that of a group.
        "-d" | "--destination" | "--dst" => {
            let is_group = value.split(',').filter_map(network).any(|network| network.addr().is_multicast());
            turned(!is_group)
        }
        "-i" | "--in-interface" => match () {
            () if is_inner(value) => turned(false),
            () if outer.len() == 1 => turned(true),
            () => Some(Condition::Unclear),
        },
        "--dport" | "--destination-port" | "--dports" | "--destination-ports" => {
            let ports = Condition::Port(value.split(',').filter_map(port_range).collect());
            Some(if negated { Condition::Unclear } else { ports })
        }
        "--state" | "--ctstate" => turned(value.split(',').any(|state| state == "NEW")),
        "--dst-type" => turned(value.contains("LOCAL")),
        // A stranger's packet has any port of its own, no flags but SYN, and is none of ICMP.
        "--sport" | "--sports" | "--source-port" | "--source-ports" | "--icmp-type" | "--icmpv6-type"
        | "--tcp-flags" => Some(Condition::Never),
        "--limit" | "--hashlimit-upto" | "--hashlimit-above" | "--hashlimit" | "--rcheck" | "--update"
        | "--remove" | "--connlimit-above" | "--connlimit-upto" | "--match-set" | "--source-country"
        | "--src-cc" => Some(Condition::Limit),
        "--mark" | "--string" | "--u32" | "--uid-owner" | "--mac-source" | "--timestart" | "--timestop"
        | "--days" | "--src-range" | "--dst-range" | "--src-type" | "--physdev-in" => {
            Some(Condition::Unclear)
        }
        _ => None,
    }
}
