//! `iptables-save`'s form: `*filter`, `:INPUT DROP [0:0]`, `-A INPUT -p udp -m udp --dport 69 -j ACCEPT`.

use ipnet::IpNet;

use super::rule::{Chains, Protocol, Rule, Target};
use crate::event::Citation;
use crate::pbx::access::network;
use crate::pbx::serving::Page;

/// Options that narrow a rule by nothing that matters here; each takes one word.
const HARMLESS: [&str; 6] = ["-m", "--comment", "--reject-with", "--log-prefix", "--log-level", "--dst-type"];

/// Reads the table `filter`.
pub(super) fn read(page: &Page<'_>) -> Chains {
    let mut chains = Chains::new();
    let mut is_filter = true;
    for line in page.lines() {
        if let Some(table) = line.text.strip_prefix('*') {
            is_filter = table == "filter";
        } else if !is_filter {
        } else if let Some(rest) = line.text.strip_prefix(':') {
            let mut words = rest.split_whitespace();
            let (Some(name), policy) = (words.next(), words.next()) else { continue };
            chains.entry(name.to_owned()).or_default().accepts = match policy {
                Some("ACCEPT") => Some(true),
                Some("DROP" | "REJECT") => Some(false),
                _ => None,
            };
        } else if let Some((chain, rule)) = rule(words(line.text), page.cite(&line)) {
            chains.entry(chain).or_default().rules.push(rule);
        }
    }
    chains
}

/// Reads the words of one line; what it does not know makes the rule unsure.
pub(super) fn rule(words: Vec<String>, place: Citation) -> Option<(String, Rule)> {
    let mut words = words.into_iter();
    if words.next()? != "-A" {
        return None;
    }
    let chain = words.next()?;
    let mut rule = Rule::of_all(Target::Pass, place);
    let mut is_not = false;
    while let Some(word) = words.next() {
        match word.as_str() {
            "!" => {
                is_not = true;
                continue;
            }
            "-p" | "--protocol" => set_protocol(&mut rule, &words.next()?, is_not),
            "--dport" | "--dports" | "--destination-port" | "--destination-ports" if !is_not => {
                rule.ports = words.next()?.split(',').filter_map(ports).collect();
            }
            "-s" | "--source" => {
                rule.sources = words.next()?.split(',').filter_map(network).collect();
                rule.but_sources = is_not;
            }
            "-i" | "--in-interface" => set_interface(&mut rule, &words.next()?, is_not),
            "--state" | "--ctstate" => rule.is_inner |= is_not == words.next()?.contains("NEW"),
            "-j" | "-g" | "--jump" | "--goto" => rule.target = target(words.next()?),
            known if HARMLESS.contains(&known) => {
                words.next()?;
            }
            _ => rule.is_unsure = true,
        }
        is_not = false;
    }
    Some((chain, rule))
}

fn set_protocol(rule: &mut Rule, name: &str, is_not: bool) {
    match name {
        "tcp" | "6" => rule.protocol = Some(Protocol::Tcp),
        "udp" | "17" => rule.protocol = Some(Protocol::Udp),
        "all" | "0" => {}
        _ => rule.is_foreign = !is_not,
    }
    rule.is_unsure |= is_not;
}

/// A rule for another interface than the loopback may hold for the one towards the Internet, or may not.
fn set_interface(rule: &mut Rule, name: &str, is_not: bool) {
    match (name, is_not) {
        ("lo", false) => rule.is_inner = true,
        ("lo", true) => {}
        (name, false) if name.starts_with("tun") || name.starts_with("wg") => rule.is_inner = true,
        _ => rule.is_unsure = true,
    }
}

pub(super) fn ports(text: &str) -> Option<std::ops::RangeInclusive<u16>> {
    let (first, last) = text.split_once([':', '-']).unwrap_or((text, text));
    Some(first.trim().parse().ok()?..=last.trim().parse().ok()?)
}

fn target(name: String) -> Target {
    match name.as_str() {
        "ACCEPT" => Target::Accept,
        "DROP" | "REJECT" | "TARPIT" => Target::Drop,
        "RETURN" => Target::Return,
        "LOG" | "NFLOG" | "MARK" | "CONNMARK" | "SET" | "AUDIT" => Target::Pass,
        _ => Target::Jump(name),
    }
}

/// Splits a line at blanks, quoted words kept whole.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut is_quoted = false;
    for letter in line.chars() {
        match letter {
            '"' => is_quoted = !is_quoted,
            ' ' | '\t' if !is_quoted => words.push(String::new()),
            letter => words.last_mut().into_iter().for_each(|word| word.push(letter)),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Returns whether a text names a network, as lists of addresses in any firewall's rules do.
pub(super) fn address(text: &str) -> Option<IpNet> {
    network(text.trim())
}
