//! What containment advises: nothing that takes an emergency call away, nothing that is claimed and not done, one order
//! everywhere.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::contain::hostile_server;
use crate::scratch::{Scratch, code, prose, stderr, stdout};
use crate::support::shared;

const DIALPLAN: &str = "[plain]\ninclude => from-internal\n[from-internal]\n\
    exten => _1XX,1,Dial(SIP/${EXTEN},20)\n\
    exten => _9.,1,Dial(SIP/outplain/${EXTEN:1})\n\
    exten => _00X.,1,Dial(SIP/outplain/${EXTEN})\n";

/// A server whose account 205 was taken over, with the dialplan above.
fn server(dialplan: &str) -> Scratch {
    let scratch = hostile_server("plain");
    scratch.file("e/etc/asterisk/extensions.conf", dialplan);
    scratch
}

fn contain(scratch: &Scratch, more: &[&str]) -> String {
    let words = ["contain", "e", "-o", "case", "--home-country", "US", "--no-hash"];
    let output = scratch.run(&[&words, more].concat());
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    prose(&output)
}

fn file(scratch: &Scratch, name: &str) -> String {
    fs::read_to_string(scratch.path().join("case/contain").join(name)).unwrap()
}

#[test]
fn an_ordinary_route_is_limited_and_an_emergency_number_without_one_is_said() {
    let scratch = server(DIALPLAN);
    let shown = contain(&scratch, &["--outside-prefix", "9"]);
    let routes = file(&scratch, "routes.md");
    assert!(routes.contains("dialplan remove extension _00X.@from-internal"), "{routes}");
    assert!(!routes.contains("dialplan remove extension _9."), "{routes}");
    let ordinary = routes.lines().find(|line| line.contains("| `_9.` |")).unwrap();
    assert!(ordinary.contains("9911 leave by it too: do not switch it off"), "{ordinary}");
    for told in [
        "| 112 | `plain` | NOT out: it meets `_1XX`",
        "| 911 | `plain` | NOT as it is: `_9.` of `from-internal` sends `11` |",
    ] {
        assert!(routes.contains(told), "{told}: {routes}");
    }
    assert!(shown.contains("NOT going out as dialled: 112, 911"), "{shown}");
    let list = file(&scratch, "outbound-allow.conf");
    assert!(list.contains("; 911 goes out as 11, which is no emergency number in plain"), "{list}");
    assert!(!list.contains("\nexten => 911,"), "{list}");

    let scratch = server(&format!("{DIALPLAN}exten => 911,1,Dial(SIP/outplain/${{EXTEN}})\n"));
    contain(&scratch, &[]);
    assert!(file(&scratch, "outbound-allow.conf").contains("\nexten => 911,1,Goto(plain,911,1)\n"));
    assert!(file(&scratch, "routes.md").contains("| 911 | `plain` | out by trunk `outplain`"));
}

#[test]
fn no_route_is_offered_for_an_emergency_number_that_is_an_extension() {
    let scratch = server(&format!("{DIALPLAN}exten => 112,1,Dial(SIP/112,20)\n"));
    contain(&scratch, &[]);
    let routes = file(&scratch, "routes.md");
    assert!(routes.contains("extensions of this phone system as well: 112."), "{routes}");
    let list = file(&scratch, "outbound-allow.conf");
    assert!(list.contains("; 112 is an extension here and rings that, as before"), "{list}");
    assert!(!list.contains("exten => 112,1,Dial"), "{list}");
    assert!(list.contains("; exten => 911,1,Dial"), "{list}");
}

#[test]
fn a_call_that_no_phone_made_is_ended_by_its_number() {
    let scratch = server(DIALPLAN);
    contain(&scratch, &[]);
    let stub = scratch.file(
        "bin/asterisk",
        "#!/bin/sh\ncase \"$2\" in\n'core show channels concise') printf '%s\\n' \
         'Local/008829980089999@from-internal-00000001;2!from-internal!008829980089999!1!Up!Dial!SIP/outplain/008829980089999!s!!!3!9!!1.1' \
         'SIP/outplain-00000007!from-trunk!!1!Up!AppDial!(Outgoing Line)!8829980089999!!!3!9!!1.2' \
         'SIP/201-00000003!from-internal!3125550123!1!Up!Dial!SIP/outplain/3125550123!201!!!3!9!!1.3' \
         'SIP/202-00000004!from-internal!01144882998008!1!Up!Dial!SIP/outplain/01144882998008!202!!!3!9!!1.4' \
         'SIP/203-00000005!from-internal!00448829980087512!1!Up!Dial!SIP/outplain/00448829980087512!203!!!3!9!!1.5' \
         'SIP/204-00000006!from-internal!8829980087!1!Up!Dial!SIP/outplain/8829980087!204!!!3!9!!1.6' ;;\n\
         *) echo \"$2\" >>done ;;\nesac\n",
    );
    fs::set_permissions(&stub, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", scratch.path().join("bin").display());
    let mut command = scratch.command("sh");
    let done =
        command.args(["case/contain/end-calls-asterisk.sh", "now"]).env("PATH", path).output().unwrap();
    assert_eq!(code(&done), 0, "{}", stderr(&done));
    let told = fs::read_to_string(scratch.path().join("done")).unwrap();
    let ended: Vec<&str> = told.lines().filter(|line| line.contains("hangup")).collect();
    assert_eq!(
        ended,
        [
            "channel request hangup Local/008829980089999@from-internal-00000001;2",
            "channel request hangup SIP/outplain-00000007"
        ],
        "a number of the same range, by whatever channel, and no honest call whose number only holds its digits"
    );
}

/// Packets of a container pass through its host, which has none of the phone system's commands.
#[test]
fn what_runs_in_a_container_is_held_where_its_packets_pass() {
    for is_contained in [false, true] {
        let scratch = server(DIALPLAN);
        if is_contained {
            let volumes = scratch.path().join("e/var/lib/docker/volumes");
            for (from, to) in [("e/etc/asterisk", "etc"), ("e/var/log/asterisk", "log")] {
                fs::create_dir_all(volumes.join(to)).unwrap();
                fs::rename(scratch.path().join(from), volumes.join(to).join("_data")).unwrap();
            }
        }
        contain(&scratch, &[]);
        let is_so = |name: &str, words: &str| {
            let text = file(&scratch, name);
            assert_eq!(text.contains(words), is_contained, "{name}: {words}: {text}");
        };
        for name in ["block-intruders.nft", "stop-outbound.nft", "sip-only-from-known.nft"] {
            is_so(name, "type filter hook forward priority -5; policy accept;");
        }
        for jump in ["BLOCK", "OUTBOUND", "SIP"] {
            is_so("iptables.sh", &format!("add FORWARD -j TOLLTRACE-{jump}-PASSING\n"));
            is_so("iptables.sh", &format!("remove FORWARD -j TOLLTRACE-{jump}-PASSING\n"));
        }
        is_so("iptables.v4", ":TOLLTRACE-OUTBOUND-PASSING - [0:0]");
        is_so("README.md", "docker exec CONTAINER");
        is_so("README.md", "docker stop CONTAINER");
        let guide = file(&scratch, "README.md");
        assert_eq!(guide.contains("systemctl stop asterisk"), !is_contained, "{guide}");
    }
}

/// An empty list of calls would read as if nothing were up.
#[test]
fn a_server_that_does_not_answer_is_not_shown_as_one_without_calls() {
    let scratch = server(DIALPLAN);
    contain(&scratch, &[]);
    let stub =
        scratch.file("bin/asterisk", "#!/bin/sh\necho 'Unable to connect to remote asterisk'\nexit 1\n");
    fs::set_permissions(&stub, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", scratch.path().join("bin").display());
    for words in [&[][..], &["now"]] {
        let mut command = scratch.command("sh");
        let command = command.arg("case/contain/end-calls-asterisk.sh").args(words).env("PATH", &path);
        let done = command.output().unwrap();
        assert_eq!(code(&done), 1, "{}", stdout(&done));
        assert!(!stdout(&done).contains("Calls that are up"), "{}", stdout(&done));
        for told in ["Unable to connect", "Asterisk does not answer: nothing was done.", "docker exec"] {
            assert!(stderr(&done).contains(told), "{told}: {}", stderr(&done));
        }
    }
}

#[test]
fn calls_are_ended_before_what_keeps_the_hang_up_from_the_carrier() {
    let scratch = server(DIALPLAN);
    let shown = contain(&scratch, &[]);
    let guide = file(&scratch, "README.md");
    let is_in_order = |text: &str, words: &[&str]| {
        let places: Vec<Option<usize>> = words.iter().map(|word| text.find(word)).collect();
        assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{words:?} {places:?}: {text}");
    };
    for text in [&shown, &guide] {
        is_in_order(
            text,
            &["save-first.sh", "end-calls-asterisk.sh", "stop-outbound.nft", "block-intruders.nft"],
        );
    }
    is_in_order(
        &shown,
        &[
            "End the calls that are up (pbx-admin)",
            "Stop new calls at the firewall (",
            "Shut out the intruder's addresses (",
            "Give the accounts that were taken over new secrets",
        ],
    );
    let is_written = scratch.path().join("case/contain/remove.md").exists();
    for name in ["routes.md", "README.md"] {
        assert_eq!(file(&scratch, name).contains("remove.md"), is_written, "{name}");
    }
}

#[test]
fn the_jail_bans_no_private_network_and_says_whom_it_would_have_banned() {
    let scratch = server(DIALPLAN);
    contain(&scratch, &[]);
    let jail = file(&scratch, "fail2ban/jail.d/tolltrace-sip.local");
    let exempt = jail.lines().find(|line| line.starts_with("ignoreip")).unwrap();
    for network in ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"] {
        assert!(exempt.contains(network), "{exempt}");
    }
    assert!(
        jail.contains("Keep the levels notice and warning in logger.conf"),
        "the log has no level security: {jail}"
    );
    assert!(
        jail.contains("# - intruder 198.51.100.4: banned after 5 failures, in the hour from 2026-03-07"),
        "{jail}"
    );
}

#[test]
fn the_jail_bans_nobody_whom_the_rules_for_sip_let_in() {
    let scratch = server(DIALPLAN);
    scratch.file(
        "e/var/log/asterisk/full.1",
        "[2026-03-05 09:00:00] VERBOSE[12] chan_sip.c:     -- Registered SIP '207' at 203.0.113.77:5060\n",
    );
    contain(&scratch, &[]);
    let rules = file(&scratch, "sip-only-from-known.nft");
    assert!(rules.contains("203.0.113.77/32 used account 207"), "{rules}");
    let jail = file(&scratch, "fail2ban/jail.d/tolltrace-sip.local");
    let exempt = jail.lines().find(|line| line.starts_with("ignoreip")).unwrap();
    assert!(exempt.contains("203.0.113.77/32") && !exempt.contains("198.51.100.4"), "{exempt}");
}

#[test]
fn what_stands_open_is_to_be_closed_though_nobody_got_in() {
    let scratch = Scratch::new();
    scratch.file("e/etc/asterisk/sip.conf", "[general]\ncontext=default\nallowguest=yes\n[205]\ntype=friend\nhost=dynamic\nsecret=kR8vT2mQx7LpZ4wN\n");
    scratch.file(
        "e/var/log/asterisk/full",
        "[2026-03-07 03:00:00] VERBOSE[12] chan_sip.c:     -- Registered SIP '205' at 192.168.1.20:5060\n",
    );
    let shown = contain(&scratch, &[]);
    assert!(!shown.contains("Nothing to cut off"), "{shown}");
    assert!(shown.contains("what stands open is to be closed all the same"), "{shown}");
    let step = shown.split("- to do").find(|step| step.contains("Refuse calls that no account makes"));
    assert!(step.is_some(), "{shown}");
    // The step of the copy is not needed here: the list does not say otherwise.
    assert!(shown.contains("Keep a copy of each file that is changed"), "{shown}");
    assert!(!shown.contains("writes over what proves the fraud"), "{shown}");
    assert!(file(&scratch, "close.md").contains("allowguest=no"));
}

#[test]
fn all_secrets_that_the_steps_speak_of_stand_in_the_list() {
    let scratch = server(DIALPLAN);
    scratch.file("e/etc/asterisk/voicemail.conf", "[default]\n201 => 739164,Somebody\n");
    contain(&scratch, &[]);
    let list = file(&scratch, "credentials.md");
    let headings: Vec<&str> =
        list.lines().filter(|line| line.starts_with("## ") && line.contains(": ")).collect();
    for (heading, place) in headings.iter().zip(["First", "Second", "Third", "Fourth"]) {
        assert!(heading.starts_with(&format!("## {place}: ")), "{headings:?}");
    }
    for owner in ["`205`", "`outplain`", "`201@default`"] {
        assert!(list.contains(owner), "{owner}: {list}");
    }
}

#[test]
fn an_output_inside_the_evidence_is_refused_before_anything_is_read() {
    let scratch = Scratch::new();
    scratch.file("e/etc/asterisk/sip.conf", "[general]\n");
    // Were the evidence looked at first, what is missing would be told first.
    for command in
        ["run", "contain", "dispute", "assess", "investigate", "inventory", "restore", "timeline", "preserve"]
    {
        let output = scratch.run(&[command, "missing", "e", "-o", "e/out"]);
        assert_eq!(code(&output), 2, "{command}");
        assert!(stderr(&output).contains("lies inside the evidence"), "{command}: {}", stderr(&output));
    }
}

#[test]
fn what_is_to_be_cut_off_is_said_once() {
    let Some(folder) = shared("evidence") else { return };
    let scratch = Scratch::new();
    let evidence = folder.join("host-provisioning/rootfs");
    if !evidence.exists() {
        return;
    }
    let output = scratch.run(&["run", evidence.to_str().unwrap(), "--no-hash"]);
    let shown = stdout(&output);
    let (_, steps) = shown.split_once("Cut off now").unwrap();
    let (steps, _) = steps.split_once("What happened").unwrap();
    assert!(!steps.contains("(provisioning-"), "no word of the program's own: {steps}");
    assert_eq!(steps.matches("Close the server").count(), 1, "{steps}");
    assert_eq!(steps.matches("Change its secret").count(), 1, "{steps}");
}
