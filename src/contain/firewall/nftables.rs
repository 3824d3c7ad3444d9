//! Guards as files of nftables, one for each.
//!
//! Each file holds one table of its own, so that it can be taken back by one command and touches no rule of others;
//! read again it puts itself in its own place. A drop in one base chain is final whatever others accept; to return
//! from one leaves the packet to them.

use ipnet::IpNet;

use super::model::{Chain, Fits, Guard, Hook, Rule, Set, Verdict, shown, word};
use crate::contain::Output;
use crate::contain::script::{Head, push_remark};

/// Elements on one line.
const IN_LINE: usize = 6;
const TO_USE_IT: &str = "To use it: nft -c -f FILE tests it, nft -f FILE loads it; loaded twice it is there once. It lasts until the next start of the machine.";

/// Writes one file for each guard.
pub(super) fn files(guards: &[Guard]) -> Vec<Output> {
    guards.iter().map(|guard| Output::new(guard.file, guard.purpose, text(guard))).collect()
}

fn text(guard: &Guard) -> String {
    let table = format!("tolltrace_{}", guard.word);
    let (title, changes) = (format!("{} (nftables).", guard.title), format!("{}.", guard.changes));
    let undo = format!("nft delete table inet {table}");
    let check = format!("nft list table inet {table}: {}.", guard.check);
    let back = format!("Before you load it from afar: (sleep 300; {undo}) & takes it back by itself.");
    let notes: Vec<&str> =
        [TO_USE_IT].into_iter().chain(guard.notes.iter().copied()).chain([back.as_str()]).collect();
    let head = Head { title: &title, changes: &changes, undo: &undo, check: &check, notes: &notes };
    // To declare the table first makes its deletion succeed where there is none yet.
    let mut text = format!(
        "#!/usr/sbin/nft -f\n{}\ntable inet {table}\ndelete table inet {table}\n\n",
        head.remarks("#")
    );
    guard.reasons.iter().for_each(|reason| push_remark(&mut text, "#", reason));
    text.push_str(&format!("table inet {table} {{\n"));
    push_set(&mut text, &guard.set);
    // A chain is named only after it was declared.
    let (led_to, hooked): (Vec<&Chain>, Vec<&Chain>) =
        guard.chains.iter().partition(|chain| chain.hook.is_none());
    led_to.into_iter().chain(hooked).for_each(|chain| push_chain(&mut text, chain, guard.set.name));
    text.push_str("}\n");
    text
}

/// Adds two sets, of IPv4 and IPv6.
fn push_set(text: &mut String, set: &Set) {
    for (family, kind, is_four) in [("v4", "ipv4_addr", true), ("v6", "ipv6_addr", false)] {
        let of_family = set.networks.iter().filter(|network| matches!(network, IpNet::V4(_)) == is_four);
        let elements: Vec<String> = of_family.map(|network| shown(*network)).collect();
        text.push_str(&format!(
            "    set {}_{family} {{\n        type {kind}\n        flags interval\n",
            set.name
        ));
        if !elements.is_empty() {
            let lines: Vec<String> = elements.chunks(IN_LINE).map(|line| line.join(", ")).collect();
            text.push_str(&format!("        elements = {{ {} }}\n", lines.join(",\n            ")));
        }
        text.push_str("    }\n");
    }
}

fn push_chain(text: &mut String, chain: &Chain, set: &str) {
    text.push_str(&format!("    chain {} {{\n", chain.name));
    let hook = chain.hook.map(|hook| match hook {
        // Before the kernel follows connections (priority -300), so that what is established counts for nothing.
        Hook::Arriving => "prerouting priority -310",
        Hook::Into => "input priority -5",
        Hook::Leaving => "output priority -5",
        Hook::Through => "forward priority -5",
    });
    if let Some(hook) = hook {
        text.push_str(&format!("        type filter hook {hook}; policy accept;\n"));
    }
    for rule in &chain.rules {
        for line in lines(rule, chain.hook, set) {
            text.push_str(&format!("        {line}\n"));
        }
    }
    text.push_str("    }\n");
}

fn lines(rule: &Rule, hook: Option<Hook>, set: &str) -> Vec<String> {
    let verdict = match rule.verdict {
        Verdict::Pass => "return".to_owned(),
        Verdict::Drop => "counter drop".to_owned(),
        Verdict::Reject => "counter reject".to_owned(),
        Verdict::Count => "counter".to_owned(),
        Verdict::Jump(chain) => format!("jump {chain}"),
    };
    let of_both = |side: &str| {
        [("ip", "v4"), ("ip6", "v6")]
            .map(|(family, kind)| format!("{family} {side} @{set}_{kind} {verdict}"))
            .into()
    };
    match &rule.fits {
        Fits::All => vec![verdict],
        Fits::Loopback if hook == Some(Hook::Leaving) => vec![format!("oifname \"lo\" {verdict}")],
        Fits::Loopback => vec![format!("iifname \"lo\" {verdict}")],
        Fits::Established => vec![format!("ct state established,related {verdict}")],
        Fits::From => of_both("saddr"),
        Fits::To => of_both("daddr"),
        Fits::Ports(carriage, ports) => {
            let ports: Vec<String> = ports.iter().map(u16::to_string).collect();
            vec![format!("{} dport {{ {} }} {verdict}", word(*carriage), ports.join(", "))]
        }
    }
}
