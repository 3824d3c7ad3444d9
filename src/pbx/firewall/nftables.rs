//! nftables' form: chains in braces, one rule a line or several apart by semicolons.
//!
//! `type filter hook input ...; policy drop;` makes a chain the one that packets to this host enter.
//! Maps, and whatever else is no plain match, make a rule unsure; so do sets by name, but for those of a listing of the
//! rules in force, which names what is in them.

use std::collections::{BTreeMap, BTreeSet};

use super::iptables::{address, ports};
use super::rule::{Chains, Protocol, Rule, Target};
use super::{Family, Table};
use crate::event::Citation;
use crate::pbx::serving::Page;

/// Tables that are read of one file.
const MOST_TABLES: usize = 64;

/// Rules of one page that are kept; what a chain has beyond them is not known.
const MOST_RULES: usize = 20_000;
/// Chains of one table that packets to this host enter.
const MOST_ENTRIES: usize = 256;

/// What is in sets, by their names.
pub(super) type Sets = BTreeMap<String, Vec<String>>;

/// Sets, and elements of one, that are read; a list of a country's networks has some thousands.
const MOST_SETS: usize = 1_000;
const MOST_ELEMENTS: usize = 20_000;
/// Elements that the rules of one page take from sets: each rule that names a set holds what is in it.
const MOST_TAKEN: usize = 200_000;

/// Reads what is in the sets of a listing, `elements = { 192.0.2.1 timeout 1h, 198.51.100.0/24 }`, which may go over
/// several lines. Two tables may each have a set of one name: that one tells nothing.
pub(super) fn sets(page: &Page<'_>) -> Sets {
    let (mut sets, mut twice) = (Sets::new(), BTreeSet::new());
    let (mut name, mut is_list) = (None, false);
    for line in page.lines() {
        if let Some(head) = line.text.strip_prefix("set ") {
            let head = head.split([' ', '{']).next().unwrap_or_default().to_owned();
            if sets.contains_key(&head) {
                twice.insert(head.clone());
            }
            let is_kept = sets.len() < MOST_SETS || sets.contains_key(&head);
            (name, is_list) = (Some(head).filter(|_| is_kept), false);
            if let Some(name) = &name {
                sets.insert(name.clone(), Vec::new());
            }
            continue;
        }
        let Some(held) = name.as_ref().and_then(|name| sets.get_mut(name)) else { continue };
        let list = match line.text.strip_prefix("elements = {") {
            Some(list) => list,
            None if is_list => line.text,
            None => {
                name = name.filter(|_| line.text != "}");
                continue;
            }
        };
        is_list = !list.contains('}');
        let elements = list.split('}').next().unwrap_or_default().split(',');
        let words = elements.filter_map(|element| element.split_whitespace().next());
        held.extend(words.take(MOST_ELEMENTS.saturating_sub(held.len())).map(str::to_owned));
    }
    sets.retain(|name, held| held.len() < MOST_ELEMENTS && !twice.contains(name));
    sets
}

/// Reads the chains of each table, and the names of those that packets to this host enter.
pub(super) fn read(page: &Page<'_>, sets: &Sets) -> Vec<Table> {
    let mut tables: Vec<Table> = vec![(Family::Both, Chains::new(), Vec::new())];
    let mut chain: Option<String> = None;
    let (mut left, mut rules_left) = (MOST_TAKEN, MOST_RULES);
    for line in page.lines() {
        let text = line.text.split(" #").next().unwrap_or_default();
        if let Some(family) =
            text.strip_prefix("table ").and_then(family).filter(|_| tables.len() < MOST_TABLES)
        {
            tables.push((family, Chains::new(), Vec::new()));
            chain = None;
        }
        let Some((_, chains, entries)) = tables.last_mut() else { continue };
        if let Some(name) = text.strip_prefix("chain ") {
            let name = name.split([' ', '{']).next().unwrap_or_default().to_owned();
            chains.entry(name.clone()).or_default();
            chain = Some(name);
        }
        let Some(name) = chain.clone() else { continue };
        let mut cited: Option<Citation> = None;
        for statement in statements(text) {
            if statement == "}" {
                chain = None;
                break;
            }
            let held = chains.entry(name.clone()).or_default();
            if statement.starts_with("type ") {
                if statement.contains("hook input") {
                    held.accepts.get_or_insert(true);
                    if entries.len() < MOST_ENTRIES && !entries.contains(&name) {
                        entries.push(name.clone());
                    }
                }
            } else if let Some(policy) = statement.strip_prefix("policy ") {
                held.accepts = Some(policy.trim() == "accept");
            } else if decides(statement) {
                let place = cited.get_or_insert_with(|| page.cite(&line)).clone();
                let is_beyond = rules_left == 0;
                let rule = if is_beyond {
                    let is_told = held.rules.last().is_some_and(|rule| rule.is_unsure);
                    let unknown = Rule { is_unsure: true, ..Rule::of_all(Target::Accept, place) };
                    (!is_told).then_some(unknown)
                } else {
                    rules_left -= 1;
                    rule(statement, sets, &mut left, place)
                };
                held.rules.extend(rule);
            }
        }
    }
    tables
}

/// Returns whether a statement says what becomes of a packet; a line may have hundreds of thousands that say nothing.
fn decides(statement: &str) -> bool {
    ["accept", "drop", "reject", "return", "jump", "goto"].iter().any(|word| statement.contains(word))
}

/// Returns whom the packets of a table are from: `inet filter {`, or a name alone, which is IPv4's.
fn family(head: &str) -> Option<Family> {
    match head.split_whitespace().next()? {
        "inet" => Some(Family::Both),
        "ip6" => Some(Family::Six),
        "arp" | "bridge" | "netdev" => None,
        _ => Some(Family::Four),
    }
}

/// Cuts a line at semicolons and at the head of its chain; braces of a set stay.
fn statements(text: &str) -> Vec<&str> {
    let body = match text.strip_prefix("chain ") {
        Some(rest) => rest.split_once('{').map_or("", |(_, body)| body),
        None => text,
    };
    let mut parts: Vec<&str> = Vec::new();
    let mut start = 0;
    // Each is looked for once: a line may have as many statements as bytes.
    let [mut open, mut close, mut semicolon] = ['{', '}', ';'].map(|mark| Ahead { mark, at: None });
    while let Some(rest) = body.get(start..).filter(|rest| !rest.is_empty()) {
        let (open, close) = (open.from(body, start), close.from(body, start));
        let close = Some(close).filter(|close| *close > open && *close < body.len());
        let end = match (semicolon.from(body, start), close) {
            (semicolon, Some(close)) if semicolon > open && semicolon < close => {
                body.get(close..).and_then(|after| after.find(';')).map_or(body.len(), |at| close + at)
            }
            (semicolon, _) => semicolon,
        };
        let part = rest.get(..end - start).unwrap_or_default().trim();
        match part.strip_prefix('}') {
            Some(after) => {
                parts.push("}");
                if !after.trim().is_empty() {
                    parts.push(after.trim());
                }
            }
            None if part.ends_with('}') && !part.contains('{') => {
                parts.extend([part.trim_end_matches('}').trim(), "}"].iter().filter(|part| !part.is_empty()));
            }
            None => parts.push(part),
        }
        start = end + 1;
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// The next place of a mark in a line, which is looked for only when it was passed.
struct Ahead {
    mark: char,
    at: Option<usize>,
}

impl Ahead {
    /// Returns where the mark stands from `start` on; the line's end where it does not.
    fn from(&mut self, line: &str, start: usize) -> usize {
        let known = self.at.filter(|at| *at >= start);
        let at = known.unwrap_or_else(|| {
            line.get(start..).and_then(|rest| rest.find(self.mark)).map_or(line.len(), |at| start + at)
        });
        self.at = Some(at);
        at
    }
}

fn rule(statement: &str, sets: &Sets, left: &mut usize, place: Citation) -> Option<Rule> {
    let mut rule = Rule::of_all(Target::Pass, place);
    let spaced = statement.replace(['{', '}'], " ").replace(',', " , ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    while let Some(word) = words.get(at) {
        at += 1;
        match *word {
            "tcp" => rule.protocol = Some(Protocol::Tcp),
            "udp" => rule.protocol = Some(Protocol::Udp),
            "icmp" | "icmpv6" | "igmp" => rule.is_foreign = true,
            "dport" => {
                let (values, next) = values(&words, at);
                let values = with_sets(&values, sets, left)?;
                let known: Vec<_> = values.iter().filter_map(|value| port_of(value)).collect();
                rule.is_unsure |= known.len() != values.len();
                (rule.ports, at) = (known, next);
            }
            "saddr" => {
                let (values, next) = values(&words, at);
                let values = with_sets(&values, sets, left)?;
                let known: Vec<_> = values.iter().filter_map(|value| address(value)).collect();
                rule.is_unsure |= known.len() != values.len();
                (rule.sources, at) = (known, next);
            }
            "iif" | "iifname" => {
                let (values, next) = values(&words, at);
                let is_lo = values.iter().all(|name| name.trim_matches('"') == "lo");
                rule.is_inner |= is_lo;
                rule.is_unsure |= !is_lo;
                at = next;
            }
            "state" => {
                let (values, next) = values(&words, at);
                rule.is_inner |= !values.contains(&"new");
                at = next;
            }
            "accept" => rule.target = Target::Accept,
            "drop" | "reject" => rule.target = Target::Drop,
            "return" => rule.target = Target::Return,
            "jump" | "goto" => {
                rule.target = Target::Jump((*words.get(at)?).to_owned());
                at += 1;
            }
            "ip" | "ip6" | "ct" | "meta" | "counter" | "log" | "comment" | "th" => {}
            "l4proto" | "protocol" | "nexthdr" | "packets" | "bytes" | "prefix" | "with" | "type" => at += 1,
            word if word.starts_with('"') || word.ends_with('"') => {}
            _ => rule.is_unsure = true,
        }
    }
    (rule.target != Target::Pass).then_some(rule)
}

/// Puts what is in a set in the place of its name; `None` where that is nothing, so that no packet fits.
/// A set that would take more than is `left` keeps its name, which no address is: the rule is unsure then.
fn with_sets<'v>(values: &[&'v str], sets: &'v Sets, left: &mut usize) -> Option<Vec<&'v str>> {
    let [name] = values else { return Some(values.to_vec()) };
    let held = name.strip_prefix('@').and_then(|name| sets.get(name));
    let Some(held) = held.filter(|held| held.len() <= *left) else {
        return Some(values.to_vec());
    };
    *left -= held.len();
    (!held.is_empty()).then(|| held.iter().map(String::as_str).collect())
}

/// Returns the values of a match, one or several apart by commas, and where they end.
fn values<'w>(words: &[&'w str], mut at: usize) -> (Vec<&'w str>, usize) {
    let mut values = Vec::new();
    while let Some(word) = words.get(at) {
        values.push(*word);
        at += 1;
        if words.get(at) != Some(&",") {
            break;
        }
        at += 1;
    }
    (values, at)
}

/// Ports may be written by the names of their services.
fn port_of(text: &str) -> Option<std::ops::RangeInclusive<u16>> {
    let number = super::firewalld::service(text).and_then(|ports| ports.first()).map(|(_, port)| *port);
    number.map(|port| port..=port).or_else(|| ports(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Place, SourceId};

    #[test]
    fn a_line_is_cut_at_semicolons_outside_of_sets() {
        for (line, expected) in [
            (
                "chain input { type filter hook input priority 0; policy drop; }",
                &["type filter hook input priority 0", "policy drop", "}"][..],
            ),
            (
                "ip saddr { 10.0.0.1; 10.0.0.2 } accept; drop",
                &["ip saddr { 10.0.0.1; 10.0.0.2 } accept", "drop"],
            ),
            ("tcp dport 22 accept }", &["tcp dport 22 accept", "}"]),
            ("} ; ;x", &["}", "x"]),
        ] {
            assert_eq!(statements(line), expected, "{line}");
        }
        // As long a line as a page may have takes no time.
        assert_eq!(statements(&"a;".repeat(2_000_000)).len(), 2_000_000);
    }

    #[test]
    fn sets_that_are_named_again_and_again_take_no_more_than_is_allowed() {
        let sets = Sets::from([("them".to_owned(), vec!["192.0.2.1".to_owned(); 90])]);
        let mut left = 200;
        let mut taken = || {
            let place = Citation::new(Place { source: SourceId(0), offset: 0, line: 1 }, b"");
            rule("ip saddr @them drop", &sets, &mut left, place)
                .map(|rule| (rule.sources.len(), rule.is_unsure))
        };
        assert_eq!([taken(), taken(), taken()], [Some((90, false)), Some((90, false)), Some((0, true))]);
    }
}
