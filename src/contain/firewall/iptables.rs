//! Guards for hosts that have iptables: one file of all their chains for each family, and the script that puts them in
//! place.
//!
//! A file only fills chains of its own, with `--noflush`: loaded twice it is there once, and no rule of others is
//! touched. The jumps into them are the script's, which asks whether they are there before it adds them. FreePBX's
//! firewall writes its own chains anew and leaves jumps in front of them alone.

use ipnet::IpNet;

use super::model::{Chain, Fits, Guard, Hook, Rule, Verdict, shown, word};
use crate::contain::Output;
use crate::contain::script::{Head, push_remark, push_wrapped, sh};

/// Ports that one match of `multiport` takes.
const MOST_PORTS: usize = 15;
const PURPOSE: &str =
    "the rules of all .nft files for iptables-restore --noflush; iptables.sh puts them in place";

/// Writes the files and their script.
pub(super) fn files(guards: &[Guard]) -> Vec<Output> {
    if guards.is_empty() {
        return Vec::new();
    }
    vec![
        Output::new("iptables.v4", PURPOSE, rules(guards, true)),
        Output::new("iptables.v6", PURPOSE, rules(guards, false)),
        Output::new(
            "iptables.sh",
            "puts the rules for iptables in place, and takes them back",
            script(guards),
        ),
    ]
}

/// Names a chain; iptables takes 28 letters.
fn named(guard: &Guard, chain: &str) -> String {
    format!("TOLLTRACE-{}-{}", guard.word, chain).to_uppercase()
}

/// Fills the chains of one family.
fn rules(guards: &[Guard], is_four: bool) -> String {
    let (tool, name) = if is_four { ("iptables", "iptables.v4") } else { ("ip6tables", "iptables.v6") };
    let check = format!("{tool}-restore --test --noflush {name}; afterwards {tool} -L -n -v");
    let head = Head {
        title: "Chains of their own, with the rules of the files of nftables beside this one.",
        changes: "fills the chains TOLLTRACE-...; nothing leads into them until iptables.sh adds the jumps.",
        undo: "sh iptables.sh undo now",
        check: &check,
        notes: &[],
    };
    let mut text = head.remarks("#");
    for guard in guards {
        push_wrapped(&mut text, "#", &format!("{}: {}; {}.", guard.word, guard.title, guard.changes));
        guard.notes.iter().for_each(|note| push_wrapped(&mut text, "#  ", note));
        guard.reasons.iter().for_each(|reason| push_remark(&mut text, "#  ", reason));
    }
    text.push_str("*filter\n");
    for (guard, chain) in chains(guards) {
        text.push_str(&format!(":{} - [0:0]\n", named(guard, chain.name)));
    }
    for (guard, chain) in chains(guards) {
        for rule in &chain.rules {
            for line in lines(guard, chain, rule, is_four) {
                text.push_str(&format!("-A {}{line}\n", named(guard, chain.name)));
            }
        }
    }
    text.push_str("COMMIT\n");
    text
}

fn chains(guards: &[Guard]) -> impl Iterator<Item = (&Guard, &Chain)> {
    guards.iter().flat_map(|guard| guard.chains.iter().map(move |chain| (guard, chain)))
}

/// Writes a rule, as many times as its networks and ports need.
fn lines(guard: &Guard, chain: &Chain, rule: &Rule, is_four: bool) -> Vec<String> {
    let verdict = match rule.verdict {
        // Every rule counts what fits it.
        Verdict::Pass | Verdict::Count => "RETURN".to_owned(),
        Verdict::Drop => "DROP".to_owned(),
        Verdict::Reject => "REJECT".to_owned(),
        Verdict::Jump(chain) => named(guard, chain),
    };
    let each = |option: &str| {
        let of_family = guard.set.networks.iter().filter(|one| matches!(one, IpNet::V4(_)) == is_four);
        of_family.map(|network| format!(" {option} {} -j {verdict}", shown(*network))).collect()
    };
    match &rule.fits {
        Fits::All => vec![format!(" -j {verdict}")],
        Fits::Loopback if chain.hook == Some(Hook::Leaving) => vec![format!(" -o lo -j {verdict}")],
        Fits::Loopback => vec![format!(" -i lo -j {verdict}")],
        Fits::Established => vec![format!(" -m conntrack --ctstate ESTABLISHED,RELATED -j {verdict}")],
        Fits::From => each("-s"),
        Fits::To => each("-d"),
        Fits::Ports(carriage, ports) => {
            let carriage = word(*carriage);
            let listed = ports.chunks(MOST_PORTS).map(|some| {
                let some: Vec<String> = some.iter().map(u16::to_string).collect();
                format!(" -p {carriage} -m multiport --dports {} -j {verdict}", some.join(","))
            });
            listed.collect()
        }
    }
}

/// Returns the jumps of a guard: the chain of the host's, and its own.
fn jumps(guard: &Guard) -> Vec<String> {
    let mut jumps = Vec::new();
    for chain in &guard.chains {
        let of_host: &[&str] = match chain.hook {
            Some(Hook::Arriving) => &["INPUT", "FORWARD"],
            Some(Hook::Into) => &["INPUT"],
            Some(Hook::Leaving) => &["OUTPUT"],
            Some(Hook::Through) => &["FORWARD"],
            None => &[],
        };
        jumps.extend(of_host.iter().map(|host| format!("{host} -j {}", named(guard, chain.name))));
    }
    jumps
}

/// Writes the script that adds and removes the jumps.
fn script(guards: &[Guard]) -> String {
    let words: Vec<&str> = guards.iter().map(|guard| guard.word).collect();
    let verbs = format!("{}|undo|check", words.join("|"));
    let mut text = begin(guards, &verbs);
    text.push_str(FUNCTIONS);
    text.push_str("case \"$verb\" in\n");
    for guard in guards {
        let added: String = jumps(guard).iter().map(|jump| format!("        add {jump}\n")).collect();
        text.push_str(&format!("    {})\n        load\n{added}        ;;\n", guard.word));
    }
    let removed: String =
        guards.iter().flat_map(jumps).map(|jump| format!("        remove {jump}\n")).collect();
    let own: Vec<String> = chains(guards).map(|(guard, chain)| named(guard, chain.name)).collect();
    text.push_str(&format!("    undo)\n{removed}        forget {}\n        ;;\n", own.join(" ")));
    text.push_str(&format!("{CHECK}    *) echo \"usage: sh $0 {verbs} [now]\" >&2; exit 2 ;;\nesac\n"));
    text
}

/// Begins the script: the verb comes first here, so that the word for doing it is the second.
fn begin(guards: &[Guard], verbs: &str) -> String {
    let changes: Vec<String> =
        guards.iter().map(|guard| format!("with `{}`: {}", guard.word, guard.changes)).collect();
    let changes = format!("{}. Port 22 is not touched.", changes.join(". "));
    let usage = format!(
        "usage: sh iptables.sh {verbs}, and behind it the word now: without it nothing is done. Run twice it changes nothing."
    );
    let head = Head {
        title: "Put the rules of iptables.v4 and iptables.v6 in place, or take them back.",
        changes: &changes,
        undo: "sh iptables.sh undo now",
        check: "sh iptables.sh check; the counters rise while they try.",
        notes: &[&usage, "It does not end calls that are up, and lasts until the next start of the machine."],
    };
    sh(&head)
        .replace("case \"${1-}\" in", "verb=${1-check}; [ \"$#\" -gt 0 ] && shift\ncase \"${1-}\" in")
        .replace("to do it: sh $0 now", "to do it: sh $0 $verb now")
        .replace("usage: sh $0 [now]", &format!("usage: sh $0 {verbs} [now]"))
}

/// What the verbs are made of.
const FUNCTIONS: &str = r#"here=$(dirname "$0")
load() {
    run iptables-restore --noflush "$here/iptables.v4"
    run ip6tables-restore --noflush "$here/iptables.v6"
}
add() {
    for tool in iptables ip6tables; do
        "$tool" -C "$@" 2>/dev/null || run "$tool" -I "$@"
    done
}
remove() {
    for tool in iptables ip6tables; do
        if "$tool" -C "$@" 2>/dev/null; then run "$tool" -D "$@"; fi
    done
}
forget() {
    for tool in iptables ip6tables; do
        for action in -F -X; do
            for chain in "$@"; do
                if "$tool" -n -L "$chain" >/dev/null 2>&1; then run "$tool" "$action" "$chain"; fi
            done
        done
    done
}
"#;

const CHECK: &str = r#"    check)
        for tool in iptables ip6tables; do "$tool" -n -v -L | grep -A 20 TOLLTRACE; done
        ;;
"#;
