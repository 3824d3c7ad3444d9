//! Intruders out and SIP from known networks, for hosts that have iptables: files for `iptables-restore`, and the script that puts them in place.
//!
//! A file only fills chains of its own, with `--noflush`: loaded twice it is there once, and no rule of others is
//! touched. The jumps into them are the script's, which asks whether they are there before it adds them. FreePBX's
//! firewall writes its own chains anew and leaves jumps in front of them alone.

use ipnet::IpNet;

use super::nftables::{self, shown};
use super::script::{Head, push_remark, sh};
use super::{Asked, Output, Plan};
use crate::pbx::Carriage;

/// Ports that one match of `multiport` takes.
const MOST_PORTS: usize = 15;

/// Writes the files and their script.
pub(super) fn files(plan: &Plan, asked: Asked) -> Vec<Output> {
    if plan.intrusions.is_empty() {
        return Vec::new();
    }
    let families = [("iptables.v4", true), ("iptables.v6", false)];
    let mut files: Vec<Output> = families
        .into_iter()
        .map(|(name, is_four)| {
            Output::new(
                name,
                "block-intruders and sip-only-from-known for iptables-restore --noflush; the other rules are of nftables only",
                rules(plan, asked, is_four),
            )
        })
        .collect();
    files.push(Output::new(
        "iptables.sh",
        "puts the rules for iptables in place, and takes them back",
        script(plan),
    ));
    files
}

/// Fills the chains of one family.
fn rules(plan: &Plan, asked: Asked, is_four: bool) -> String {
    let of_family = |network: &IpNet| matches!(network, IpNet::V4(_)) == is_four;
    let mut text = String::new();
    let (tool, name) = if is_four { ("iptables", "iptables.v4") } else { ("ip6tables", "iptables.v6") };
    let check = format!("{tool}-restore --test --noflush {name}; afterwards {tool} -L -n -v");
    let head = Head {
        title: "Chains of their own: intruders out, SIP from known networks only.",
        changes: "fills the chains TOLLTRACE-IN, TOLLTRACE-OUT and TOLLTRACE-SIP; nothing leads into them until iptables.sh adds the jumps.",
        undo: "sh iptables.sh undo now",
        check: &check,
        notes: &[],
    };
    text.push_str(&head.remarks("#"));
    nftables::push_reasons(&mut text, plan, &nftables::sip());
    text.push_str("*filter\n:TOLLTRACE-IN - [0:0]\n:TOLLTRACE-OUT - [0:0]\n:TOLLTRACE-SIP - [0:0]\n");
    for cut in plan.cut.iter().map(|cut| IpNet::from(cut.address)).filter(of_family) {
        text.push_str(&format!(
            "-A TOLLTRACE-IN -s {0} -j DROP\n-A TOLLTRACE-OUT -d {0} -j DROP\n",
            shown(cut)
        ));
    }
    text.push_str("-A TOLLTRACE-SIP -i lo -j RETURN\n");
    if !asked.end_calls {
        text.push_str("-A TOLLTRACE-SIP -m conntrack --ctstate ESTABLISHED,RELATED -j RETURN\n");
    }
    let sip = nftables::sip();
    for network in nftables::known(plan, &sip).into_iter().filter(of_family) {
        text.push_str(&format!("-A TOLLTRACE-SIP -s {} -j RETURN\n", shown(network)));
    }
    if nftables::knows_carriers(plan) {
        text.push_str("-A TOLLTRACE-SIP -j DROP\n");
    } else {
        push_remark(
            &mut text,
            "#",
            "A carrier's addresses are not known: this rule only counts. Add them above it, then put DROP for RETURN.",
        );
        text.push_str("-A TOLLTRACE-SIP -j RETURN\n");
    }
    text.push_str("COMMIT\n");
    text
}

/// Writes the script that adds and removes the jumps.
fn script(plan: &Plan) -> String {
    let head = Head {
        title: "Put the rules of iptables.v4 and iptables.v6 in place, or take them back.",
        changes: "with `block`: every packet from and to the intruders' addresses is dropped; with `sip`: SIP is taken from known networks only. Port 22 is not touched.",
        undo: "sh iptables.sh undo now",
        check: "sh iptables.sh check; the counters rise while they try.",
        notes: &[
            "usage: sh iptables.sh block, sip, undo or check, and behind it the word now: without it nothing is done. Run twice it changes nothing.",
            "It does not end calls that are up, and lasts until the next start of the machine.",
        ],
    };
    // The verb comes first here, so that the word for doing it is the second.
    let begin = sh(&head)
        .replace("case \"${1-}\" in", "verb=${1-check}; [ \"$#\" -gt 0 ] && shift\ncase \"${1-}\" in");
    let begin = begin.replace("to do it: sh $0 now", "to do it: sh $0 $verb now");
    let begin = begin.replace("usage: sh $0 [now]", "usage: sh $0 block|sip|undo|check [now]");
    let ports = nftables::sip_ports(plan);
    let mut jumps = Vec::new();
    for (carriage, word) in [(Carriage::Udp, "udp"), (Carriage::Tcp, "tcp")] {
        let list = nftables::port_list(&ports, carriage, ",");
        let all: Vec<&str> = list.split(',').filter(|port| !port.is_empty()).collect();
        jumps.extend(
            all.chunks(MOST_PORTS)
                .map(|some| format!("-p {word} -m multiport --dports {} -j TOLLTRACE-SIP", some.join(","))),
        );
    }
    let each =
        |verb: &str| jumps.iter().map(|jump| format!("        {verb} INPUT {jump}\n")).collect::<String>();
    format!(
        r#"{begin}here=$(dirname "$0")
load() {{
    run iptables-restore --noflush "$here/iptables.v4"
    run ip6tables-restore --noflush "$here/iptables.v6"
}}
add() {{
    for tool in iptables ip6tables; do
        "$tool" -C "$@" 2>/dev/null || run "$tool" -I "$@"
    done
}}
remove() {{
    for tool in iptables ip6tables; do
        if "$tool" -C "$@" 2>/dev/null; then run "$tool" -D "$@"; fi
    done
}}
case "$verb" in
    block)
        load
        add INPUT -j TOLLTRACE-IN
        add OUTPUT -j TOLLTRACE-OUT
        ;;
    sip)
        load
{sip}        ;;
    undo)
        remove INPUT -j TOLLTRACE-IN
        remove OUTPUT -j TOLLTRACE-OUT
{undo}        for tool in iptables ip6tables; do
            for chain in TOLLTRACE-IN TOLLTRACE-OUT TOLLTRACE-SIP; do
                if "$tool" -n -L "$chain" >/dev/null 2>&1; then
                    run "$tool" -F "$chain"
                    run "$tool" -X "$chain"
                fi
            done
        done
        ;;
    check)
        for tool in iptables ip6tables; do "$tool" -n -v -L | grep -A 20 TOLLTRACE; done
        ;;
    *) echo "usage: sh $0 block|sip|undo|check [now]" >&2; exit 2 ;;
esac
"#,
        sip = each("add"),
        undo = each("remove"),
    )
}
