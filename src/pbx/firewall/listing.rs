//! What `iptables -L -v -n` prints: chains with columns of what each rule fits, and words of its matches behind them.
//!
//! ```text
//! Chain INPUT (policy DROP 12 packets, 720 bytes)
//!  pkts bytes target     prot opt in     out     source               destination
//!   81K   39M ACCEPT     udp  --  *      *       203.0.113.0/24       0.0.0.0/0            udp dpt:5060
//! ```
//!
//! A rule without a target has an empty column; of IPv6, `opt` is empty in older versions. Each line is turned into the
//! words that `iptables-save` has for it, and read as they are.

use super::iptables;
use super::rule::Chains;
use super::{Family, Table};
use crate::pbx::access::network;
use crate::pbx::serving::Page;

/// Returns whether a line is the heading of columns that tell the interface.
pub(super) fn is_heading(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    words == ["pkts", "bytes", "target", "prot", "opt", "in", "out", "source", "destination"]
}

/// Reads the table `filter`, which is the first; others have chains of their own names.
pub(super) fn read(page: &Page<'_>) -> Option<Table> {
    let mut chains = Chains::new();
    let mut chain = None;
    let mut family = if page.placed().contains("ip6tables") { Family::Six } else { Family::Four };
    for line in page.lines() {
        if let Some(head) = line.text.strip_prefix("Chain ") {
            let name = head.split(' ').next().unwrap_or_default().to_owned();
            let is_other_table = ["PREROUTING", "POSTROUTING"].contains(&name.as_str());
            if is_other_table || chains.contains_key(&name) {
                break;
            }
            let policy = head.split_once("(policy ").map(|(_, policy)| policy.starts_with("ACCEPT"));
            chains.entry(name.clone()).or_default().accepts = policy;
            chain = Some(name);
        } else if let Some(words) = chain.as_deref().and_then(|chain| saved_words(chain, line.text)) {
            if words.iter().any(|word| word.contains("::")) {
                family = Family::Six;
            }
            if let Some((chain, rule)) = iptables::rule(words, page.cite(&line)) {
                chains.entry(chain).or_default().rules.push(rule);
            }
        }
    }
    chains.contains_key("FORWARD").then(|| (family, chains, vec!["INPUT".to_owned()]))
}

/// Turns a line into the words of `iptables-save`; `None` for one that is no rule.
fn saved_words(chain: &str, line: &str) -> Option<Vec<String>> {
    let words: Vec<&str> = line.split_whitespace().collect();
    if !words.get(..2)?.iter().all(|word| is_count(word)) {
        return None;
    }
    let is_network = |word: &str| network(word.trim_start_matches('!')).is_some();
    let source = (4..words.len()).find(|&at| {
        let pair = words.get(at..at + 2);
        pair.is_some_and(|pair| pair.iter().all(|word| is_network(word)))
    })?;
    let has_option = words.get(source - 3).is_some_and(|word| ["--", "-f", "!f"].contains(word));
    let protocol = source.checked_sub(if has_option { 4 } else { 3 })?;
    let mut saved = vec!["-A".to_owned(), chain.to_owned()];
    let mut add = |option: &str, value: &str| {
        let (is_not, value) = value.strip_prefix('!').map_or((false, value), |value| (true, value));
        saved.extend(is_not.then(|| "!".to_owned()));
        saved.extend([option.to_owned(), value.to_owned()]);
    };
    add("-p", words.get(protocol)?);
    for (option, at) in [("-i", source - 2), ("-o", source - 1), ("-s", source), ("-d", source + 1)] {
        let value = *words.get(at)?;
        if !["*", "0.0.0.0/0", "::/0"].contains(&value) {
            add(option, value);
        }
    }
    // Networks of IPv6 tell the family even where they are everything.
    if words.get(source)?.contains("::/0") {
        add("-s", "::/0");
    }
    matches(words.get(source + 2..)?, &mut add);
    match protocol.checked_sub(1).filter(|at| *at >= 2) {
        Some(target) => add("-j", words.get(target)?),
        None => add("-j", "LOG"),
    }
    Some(saved)
}

fn is_count(word: &str) -> bool {
    let digits = word.trim_end_matches(['K', 'M', 'G', 'T']);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Turns the words of matches into options; one that is not known stays, and makes the rule unsure.
fn matches(words: &[&str], add: &mut dyn FnMut(&str, &str)) {
    let mut words = words.iter().copied();
    while let Some(word) = words.next() {
        let ports = word.strip_prefix("dpt:").or_else(|| word.strip_prefix("dpts:"));
        match word {
            "/*" => while words.next().is_some_and(|word| word != "*/") {},
            // Which module a match is of is told by the match.
            "tcp" | "udp" | "multiport" | "[goto]" => {}
            "ADDRTYPE" => {
                words.nth(2);
            }
            "dports" => add("--dports", words.next().unwrap_or_default()),
            "state" | "ctstate" => add("--ctstate", words.next().unwrap_or_default()),
            "reject-with" => add("--reject-with", words.next().unwrap_or_default()),
            _ => match ports.filter(|ports| !ports.starts_with('!')) {
                Some(ports) => add("--dport", ports),
                None => add("--unknown", ""),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_iptables_save_says() {
        for (line, saved) in [
            ("0 0 ACCEPT all -- lo * 0.0.0.0/0 0.0.0.0/0", "-A INPUT -p all -i lo -j ACCEPT"),
            (
                "81K 39M ACCEPT udp -- * * 203.0.113.0/24 0.0.0.0/0 udp dpt:5060 /* carrier */",
                "-A INPUT -p udp -s 203.0.113.0/24 --dport 5060 -j ACCEPT",
            ),
            (
                "5 300 REJECT 6 -- !eth1 * !10.0.0.0/8 0.0.0.0/0 multiport dports 80,443 reject-with icmp-port-unreachable",
                "-A INPUT -p 6 ! -i eth1 ! -s 10.0.0.0/8 --dports 80,443 --reject-with icmp-port-unreachable -j REJECT",
            ),
            ("0 0 ACCEPT tcp * * ::/0 ::/0 tcp dpt:22", "-A INPUT -p tcp -s ::/0 --dport 22 -j ACCEPT"),
            // No target: it counts.
            (
                "7 420 all -- * * 0.0.0.0/0 0.0.0.0/0 recent: SET name: x",
                "-A INPUT -p all --unknown  --unknown  --unknown  --unknown  -j LOG",
            ),
        ] {
            assert_eq!(
                saved_words("INPUT", line).map(|words| words.join(" ")).as_deref(),
                Some(saved),
                "{line}"
            );
        }
        assert_eq!(saved_words("INPUT", "pkts bytes target prot opt in out source destination"), None);
        assert_eq!(saved_words("INPUT", "0 0"), None);
    }

    proptest::proptest! {
        #[test]
        fn any_line_is_read(line in "([0-9]{1,3}[KM]? |\\* |-- |all |0\\.0\\.0\\.0/0 |::/0 |dpt:|/\\* |dports |ACCEPT |[!-~ ]){0,20}") {
            let _ = saved_words("INPUT", &line);
        }
    }
}
