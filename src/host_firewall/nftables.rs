//! nftables: tables of chains, a rule on each line.

use std::collections::BTreeMap;

use super::chains::{Action, Chain, Condition, Rule, Ruleset, network, port_range};
use crate::event::{Citation, Place, SourceId};

/// Words of one file.
const MOST_WORDS: usize = 1_000_000;

/// One word of the file, and where its line stands.
struct Word<'t> {
    text: &'t str,
    place: Place,
    line: &'t str,
}

/// Reads every table whose chains see packets for the machine itself.
pub(super) fn read(source: SourceId, text: &str) -> Vec<Ruleset> {
    let words = words(source, text);
    let mut rulesets = Vec::new();
    let mut at = 0;
    while let Some(word) = words.get(at) {
        at += 1;
        if word.text != "table" {
            continue;
        }
        let family = words.get(at).map_or("", |word| word.text);
        let is_v4 = match family {
            "ip6" => Some(false),
            "inet" => None,
            _ => Some(true),
        };
        let Some(open) = words.iter().skip(at).position(|word| word.text == "{").map(|skip| at + skip) else {
            break;
        };
        let end = closing(&words, open);
        if !matches!(family, "arp" | "bridge" | "netdev") {
            rulesets.push(table(words.get(open + 1..end).unwrap_or_default(), is_v4));
        }
        at = end;
    }
    rulesets.retain(|ruleset| !ruleset.bases.is_empty());
    rulesets
}

/// Cuts the text into words; braces, commas, semicolons and line ends are words of their own.
fn words(source: SourceId, text: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut offset = 0_u64;
    for (number, raw) in text.split_inclusive('\n').enumerate() {
        let place = Place { source, offset, line: u32::try_from(number + 1).unwrap_or(u32::MAX) };
        offset += raw.len() as u64;
        let line = raw.trim();
        let mut rest = line.split('#').next().unwrap_or_default();
        while let Some(first) = rest.chars().next() {
            let length = match first {
                '"' => rest.get(1..).and_then(|after| after.find('"')).map_or(rest.len(), |end| end + 2),
                '{' | '}' | ';' | ',' => 1,
                letter if letter.is_whitespace() => {
                    rest = rest.trim_start();
                    continue;
                }
                _ => rest
                    .find(|letter: char| letter.is_whitespace() || "{};,\"".contains(letter))
                    .unwrap_or(rest.len()),
            };
            let (word, after) = rest.split_at(length);
            words.push(Word { text: word.trim_matches('"'), place, line });
            rest = after;
            if words.len() >= MOST_WORDS {
                return words;
            }
        }
        words.push(Word { text: ";", place, line });
    }
    words
}

/// Returns where the brace at `open` is closed.
fn closing(words: &[Word<'_>], open: usize) -> usize {
    let mut depth = 0_usize;
    for (index, word) in words.iter().enumerate().skip(open) {
        match word.text {
            "{" => depth += 1,
            "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return index;
        }
    }
    words.len()
}

fn table(words: &[Word<'_>], is_v4: Option<bool>) -> Ruleset {
    let mut ruleset = Ruleset { is_v4, chains: BTreeMap::new(), bases: Vec::new() };
    let mut at = 0;
    while let Some(word) = words.get(at) {
        let open = words.iter().skip(at).position(|word| word.text == "{").map(|skip| at + skip);
        let is_chain = word.text == "chain";
        if !is_chain && !matches!(word.text, "set" | "map" | "flowtable" | "counter" | "ct" | "limit") {
            at += 1;
            continue;
        }
        let Some(open) = open else { break };
        let end = closing(words, open);
        if let (true, Some(name)) = (is_chain, words.get(at + 1)) {
            let inner = words.get(open + 1..end).unwrap_or_default();
            let (chain, is_base) = chain(inner, name);
            if is_base {
                ruleset.bases.push(name.text.to_owned());
            }
            ruleset.chains.insert(name.text.to_owned(), chain);
        }
        at = end + 1;
    }
    ruleset
}

/// Reads a chain, and whether packets for the machine itself enter it.
fn chain(words: &[Word<'_>], name: &Word<'_>) -> (Chain, bool) {
    let mut chain =
        Chain { rules: Vec::new(), drops: None, cited: Citation::new(name.place, name.line.as_bytes()) };
    let mut is_base = false;
    let mut depth = 0_usize;
    let mut statement: Vec<&Word<'_>> = Vec::new();
    for word in words {
        depth = match word.text {
            "{" => depth + 1,
            "}" => depth.saturating_sub(1),
            _ => depth,
        };
        if word.text != ";" || depth > 0 {
            if word.text != ";" {
                statement.push(word);
            }
            continue;
        }
        let texts: Vec<&str> = statement.iter().map(|word| word.text).collect();
        match texts.as_slice() {
            [] | ["comment", ..] => {}
            ["type", kind, "hook", hook, ..] => is_base = *kind == "filter" && *hook == "input",
            ["policy", policy, ..] => {
                chain.drops = Some(*policy == "drop");
                let cited = statement.first().map(|word| Citation::new(word.place, word.line.as_bytes()));
                chain.cited = cited.unwrap_or(chain.cited);
            }
            texts => {
                if let Some(first) = statement.first() {
                    chain.rules.push(rule(texts, Citation::new(first.place, first.line.as_bytes())));
                }
            }
        }
        statement.clear();
    }
    (chain, is_base)
}

/// Words that begin what a rule does.
const VERDICTS: [&str; 9] =
    ["accept", "drop", "reject", "return", "jump", "goto", "continue", "queue", "vmap"];

fn rule(words: &[&str], cited: Citation) -> Rule {
    let mut conditions = Vec::new();
    let mut action = Action::Nothing;
    let mut rest = words;
    while let Some((word, after)) = rest.split_first() {
        match *word {
            "accept" => action = Action::Accept,
            "drop" | "reject" => action = Action::Drop,
            "return" => action = Action::Return,
            "jump" | "goto" => action = Action::Jump(after.first().copied().unwrap_or_default().to_owned()),
            "queue" => action = Action::Unclear,
            // A map over states has no entry for a new packet, as a rule.
            "vmap" if words.starts_with(&["ct", "state"]) => {}
            "vmap" => action = Action::Unclear,
            "counter" | "log" | "comment" => {
                rest = skipped(after);
                continue;
            }
            _ => {
                let (condition, left) = condition(word, after);
                conditions.extend(condition);
                rest = left;
                continue;
            }
        }
        break;
    }
    Rule { conditions, action, cited }
}

/// Returns what stands from the next verdict or condition on.
fn skipped<'w, 't>(words: &'w [&'t str]) -> &'w [&'t str] {
    let is_next = |word: &&str| {
        VERDICTS.contains(word) || ["tcp", "udp", "ip", "ip6", "ct", "iif", "iifname", "limit"].contains(word)
    };
    let next = words.iter().position(is_next).unwrap_or(words.len());
    words.get(next..).unwrap_or_default()
}

/// Reads what one match asks for; returns what stands behind it.
fn condition<'w, 't>(word: &str, after: &'w [&'t str]) -> (Vec<Condition>, &'w [&'t str]) {
    let key = after.first().copied().unwrap_or_default();
    let (negated, values, left) = values(after.get(1..).unwrap_or_default());
    let of_set = values.iter().any(|value| value.starts_with('@'));
    let turned = |is: bool| (is == negated).then_some(Condition::Never);
    let found = match (word, key) {
        ("tcp" | "udp", "dport") => {
            let ports = Condition::Port(values.iter().filter_map(|value| port_range(value)).collect());
            let ports = if negated || of_set { Condition::Unclear } else { ports };
            return (vec![Condition::Protocol(vec![word.to_owned()]), ports], left);
        }
        ("th", "dport") if !negated && !of_set => {
            Some(Condition::Port(values.iter().filter_map(|value| port_range(value)).collect()))
        }
        ("ip" | "ip6", "saddr") if of_set => Some(Condition::Limit),
        ("ip" | "ip6", "saddr") => {
            let networks = values.iter().filter_map(|value| network(value)).collect();
            Some(if negated { Condition::NotFrom(networks) } else { Condition::From(networks) })
        }
        ("ip" | "ip6", "daddr") => turned(
            !values.iter().filter_map(|value| network(value)).any(|network| network.addr().is_multicast()),
        ),
        ("ip", "protocol") | ("meta", "l4proto") | ("ip6", "nexthdr") => {
            let names = Condition::Protocol(values.iter().map(|value| (*value).to_owned()).collect());
            Some(if negated { Condition::Unclear } else { names })
        }
        ("meta", "nfproto") => Some(Condition::Family { is_v4: values.contains(&"ipv4") != negated }),
        ("ct", "state") if values.first() != Some(&"vmap") => turned(values.contains(&"new")),
        ("ct", "state") => return (Vec::new(), after.get(1..).unwrap_or_default()),
        ("ct", "count") | ("limit" | "add" | "update" | "meter", _) => {
            return (vec![Condition::Limit], to_verdict(after));
        }
        ("icmp" | "icmpv6" | "igmp", _) | ("tcp" | "udp" | "th", "sport") => {
            return (vec![Condition::Never], to_verdict(after));
        }
        ("iif" | "iifname", _) => {
            let (negated, names, left) = self::values(after);
            let is_inner = names.iter().all(|name| *name == "lo");
            let condition = match (is_inner, negated) {
                (true, false) => Some(Condition::Never),
                (true, true) => None,
                (false, _) => Some(Condition::Unclear),
            };
            return (condition.into_iter().collect(), left);
        }
        _ => return (vec![Condition::Unclear], to_verdict(after)),
    };
    (found.into_iter().collect(), left)
}

fn to_verdict<'w, 't>(words: &'w [&'t str]) -> &'w [&'t str] {
    let next = words.iter().position(|word| VERDICTS.contains(word)).unwrap_or(words.len());
    words.get(next..).unwrap_or_default()
}

/// Reads `!=`, and a value or a set of them; returns what stands behind.
fn values<'w, 't>(words: &'w [&'t str]) -> (bool, Vec<&'t str>, &'w [&'t str]) {
    let (negated, words) = match words.split_first() {
        Some((&"!=", rest)) => (true, rest),
        Some((&"==", rest)) => (false, rest),
        _ => (false, words),
    };
    if words.first() == Some(&"{") {
        let end = words.iter().position(|word| *word == "}").unwrap_or(words.len());
        let inside = words.get(1..end).unwrap_or_default();
        let listed = inside.iter().copied().filter(|word| *word != ",").collect();
        return (negated, listed, words.get(end + 1..).unwrap_or_default());
    }
    // `established,related` without braces.
    let mut listed = Vec::new();
    let mut rest = words;
    while let Some((word, after)) = rest.split_first() {
        listed.push(*word);
        rest = after;
        match rest.split_first() {
            Some((&",", after)) => rest = after,
            _ => break,
        }
    }
    (negated, listed, rest)
}
