//! What a running phone system knows and a disk does not: commands that save it, and change nothing.
//!
//! In the order of how soon it is gone (RFC 3227): calls and contacts first, connections and the firewall's counters
//! next, then what runs and who is there.

use super::script::{Head, push_wrapped};
use super::{Output, Plan, Product};

/// Commands with the file that each fills, by what they are for.
type Commands = &'static [(&'static str, &'static str)];

const ASTERISK: Commands = &[
    ("asterisk-channels", "asterisk -rx 'core show channels concise'"),
    ("asterisk-channels-verbose", "asterisk -rx 'core show channels verbose'"),
    ("asterisk-pjsip-channels", "asterisk -rx 'pjsip show channels'"),
    ("asterisk-pjsip-channel-stats", "asterisk -rx 'pjsip show channelstats'"),
    ("asterisk-pjsip-contacts", "asterisk -rx 'pjsip show contacts'"),
    ("asterisk-pjsip-endpoints", "asterisk -rx 'pjsip show endpoints'"),
    ("asterisk-pjsip-registrations", "asterisk -rx 'pjsip show registrations'"),
    ("asterisk-sip-peers", "asterisk -rx 'sip show peers'"),
    ("asterisk-sip-channels", "asterisk -rx 'sip show channels'"),
    ("asterisk-sip-registry", "asterisk -rx 'sip show registry'"),
    ("asterisk-iax2-peers", "asterisk -rx 'iax2 show peers'"),
    ("asterisk-manager-sessions", "asterisk -rx 'manager show connected'"),
    ("asterisk-contacts-stored", "asterisk -rx 'database show registrar/contact'"),
    ("asterisk-forwards", "asterisk -rx 'database show CF'"),
    ("asterisk-dialplan", "asterisk -rx 'dialplan show'"),
    ("asterisk-loggers", "asterisk -rx 'logger show channels'"),
    ("asterisk-version", "asterisk -rx 'core show version'"),
    ("asterisk-uptime", "asterisk -rx 'core show uptime'"),
];
const FREESWITCH: Commands = &[
    ("freeswitch-channels", "fs_cli -x 'show channels'"),
    ("freeswitch-calls", "fs_cli -x 'show calls'"),
    ("freeswitch-registrations", "fs_cli -x 'show registrations'"),
    ("freeswitch-sofia", "fs_cli -x 'sofia status'"),
    ("freeswitch-status", "fs_cli -x 'status'"),
];
const KAMAILIO: Commands = &[
    ("kamailio-contacts", "kamcmd ul.dump"),
    ("kamailio-dialogs", "kamcmd dlg.list"),
    ("kamailio-bans", "kamcmd htable.dump ipban"),
    ("kamailio-connections", "kamcmd core.tcp_list"),
    ("kamailio-uptime", "kamcmd core.uptime"),
];
const OPENSIPS: Commands = &[
    ("opensips-contacts", "opensips-cli -x mi ul_dump"),
    ("opensips-dialogs", "opensips-cli -x mi dlg_list"),
    ("opensips-connections", "opensips-cli -x mi list_tcp_conns"),
    ("opensips-uptime", "opensips-cli -x mi uptime"),
];
const NETWORK: Commands = &[
    ("sockets", "ss -tuanp"),
    ("connections", "conntrack -L"),
    ("connections-by-kernel", "cat /proc/net/nf_conntrack"),
    ("nftables", "nft list ruleset"),
    ("iptables-v4", "iptables-save -c"),
    ("iptables-v6", "ip6tables-save -c"),
    ("ipset", "ipset list"),
    ("fail2ban", "fail2ban-client status"),
    ("neighbours", "ip neigh"),
    ("addresses", "ip addr"),
    ("routes", "ip route"),
];
const HOST: Commands = &[
    ("processes", "ps -eo pid,ppid,user,lstart,args"),
    ("open-files", "lsof -n -P"),
    ("logged-in", "who -a"),
    ("logins", "last -F -w"),
    ("units", "systemctl list-units --all --no-pager"),
    ("timers", "systemctl list-timers --all --no-pager"),
    ("mounts", "cat /proc/mounts"),
    ("uptime", "uptime"),
    ("kernel", "uname -a"),
    ("clock", "timedatectl"),
];

/// Writes the script; it is wanted whatever was found.
pub(super) fn files(plan: &Plan) -> Vec<Output> {
    vec![Output::new(
        "save-first.sh",
        "saves what only a running system knows, before anything is changed",
        script(plan),
    )]
}

fn script(plan: &Plan) -> String {
    let head = Head {
        title: "Save what only a running system knows: calls, contacts, connections, rules.",
        changes: "nothing on the phone system; it makes one new folder and writes what each command says into it.",
        undo: "remove the folder.",
        check: "sha256sum -c SHA256SUMS in the folder.",
        notes: &[
            "usage: sh save-first.sh FOLDER, as root, on the phone system itself; best onto a memory stick or another machine's disk. A folder that is there is refused.",
            "Hand back: the folder, to whoever examines. Give it to tolltrace beside the evidence: tolltrace run EVIDENCE FOLDER. It holds names and numbers of customers.",
        ],
    };
    let mut text = format!("#!/bin/sh\n{}\n", head.remarks("#"));
    text.push_str(BEGIN);
    let has_none = plan.products.is_empty();
    let products: [(&[Product], &str, Commands); 4] = [
        (&[Product::Asterisk, Product::FreePbx], "Asterisk: calls and contacts.", ASTERISK),
        (&[Product::FreeSwitch], "FreeSWITCH: calls and contacts.", FREESWITCH),
        (&[Product::Kamailio], "Kamailio: contacts, dialogs, bans.", KAMAILIO),
        (&[Product::OpenSips], "OpenSIPS: contacts, dialogs.", OPENSIPS),
    ];
    for (of, words, commands) in products {
        if has_none || of.iter().any(|product| plan.runs(*product)) {
            push(&mut text, words, commands);
        }
    }
    push(&mut text, "Connections, and what the firewall counts and bans.", NETWORK);
    push(&mut text, "What runs, who is there.", HOST);
    text.push_str(END);
    text
}

/// The script's head. A command that asks a hung program would wait for ever, and what comes after it would be lost.
const BEGIN: &str = r#"set -u
umask 077
seconds=60
folder=${1-}
[ -n "$folder" ] || { echo "usage: sh $0 FOLDER" >&2; exit 2; }
mkdir "$folder" || exit 2
date -u '+%Y-%m-%dT%H:%M:%SZ' >"$folder/begun"
limited() {
    if command -v timeout >/dev/null 2>&1; then timeout -s KILL "$seconds" "$@"; else "$@"; fi
}
save() {
    name=$1
    shift
    command -v "$1" >/dev/null 2>&1 || { echo "$name: no $1 here" >>"$folder/not-saved"; return; }
    limited nice -n 19 "$@" >"$folder/$name.txt" 2>"$folder/$name.errors" </dev/null || echo "$name: failed, or stopped after $seconds seconds" >>"$folder/not-saved"
    [ -s "$folder/$name.errors" ] || rm -f "$folder/$name.errors"
}
"#;

const END: &str = r#"
date -u '+%Y-%m-%dT%H:%M:%SZ' >"$folder/ended"
cd "$folder" && sha256sum -- *.txt begun ended >SHA256SUMS && echo "saved in $folder"
"#;

fn push(text: &mut String, words: &str, commands: Commands) {
    text.push('\n');
    push_wrapped(text, "#", words);
    for (name, command) in commands {
        text.push_str(&format!("save {name} {command}\n"));
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::path::Path;
    use std::process::Command;

    use super::*;

    /// Tools that the script needs, and those that it asks here.
    const TOOLS: [&str; 9] = ["sh", "mkdir", "date", "rm", "nice", "timeout", "sha256sum", "sleep", "uname"];
    const HUNG: &str = "#!/bin/sh\ncase $2 in *concise) exec sleep 40;; *) echo \"said $2\";; esac\n";

    #[test]
    fn a_program_that_hangs_keeps_nothing_else_from_being_saved() {
        let scratch = tempfile::tempdir().unwrap();
        let at = |name: &str| scratch.path().join(name);
        fs::create_dir(at("bin")).unwrap();
        for tool in TOOLS {
            let place = ["/usr/bin", "/bin"].map(|folder| Path::new(folder).join(tool));
            let Some(found) = place.iter().find(|place| place.exists()) else {
                return eprintln!("passed over: no {tool} here");
            };
            symlink(found, at("bin").join(tool)).unwrap();
        }
        fs::write(at("bin/asterisk"), HUNG).unwrap();
        fs::set_permissions(at("bin/asterisk"), fs::Permissions::from_mode(0o755)).unwrap();
        let script = script(&Plan::default());
        assert!(script.contains("\nseconds=60\n"));
        fs::write(at("save-first.sh"), script.replace("\nseconds=60\n", "\nseconds=1\n")).unwrap();
        let run = Command::new("sh")
            .args(["save-first.sh", "saved"])
            .current_dir(scratch.path())
            .env("PATH", at("bin"))
            .output()
            .unwrap();
        let said = |name: &str| fs::read_to_string(at("saved").join(name)).unwrap_or_default();
        assert!(run.status.success(), "{run:?}");
        assert!(said("not-saved").contains("asterisk-channels: failed, or stopped after 1 seconds\n"));
        assert!(!said("not-saved").contains("asterisk-channels-verbose: "));
        assert_eq!(said("asterisk-uptime.txt"), "said core show uptime\n");
        assert!(said("SHA256SUMS").contains("kernel.txt"));
    }
}
