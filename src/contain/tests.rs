//! The list of files that an earlier run's are taken away for is complete.

use super::*;
use crate::report::model::{Totals, Vector};

/// A plan of everything at once.
fn full() -> Plan {
    let mut plan = Plan::default();
    plan.products.extend([Product::Asterisk, Product::FreePbx, Product::FreeSwitch, Product::Kamailio]);
    for vector in [Vector::WebExploit, Vector::ProvisioningLeak] {
        plan.intrusions.push(Intrusion {
            id: "incident-1".to_owned(),
            title: "Somebody got in.".to_owned(),
            vector,
            cannot_tell: false,
            totals: Totals::default(),
            calls: None,
            numbers: Vec::new(),
            numbers_count: 0,
        });
    }
    let address = "198.51.100.7".parse().unwrap();
    plan.cut.push(Cut { address, roles: Vec::new(), incidents: Vec::new() });
    plan.outbound.has_panel_routes = true;
    for (kind, subject) in [(RemovalKind::Forward, "205"), (RemovalKind::File, "/var/www/html/x.php")] {
        plan.removals.push(Removal {
            kind,
            subject: subject.into(),
            why: String::new(),
            remedy: String::new(),
            place: None,
            file: words::DiskPath::new(subject),
            account: words::Name::new(subject),
            is_to_ask: false,
        });
    }
    plan.closings.push(Closing {
        id: "guest-calls-allowed",
        subject: "sip.conf".into(),
        why: String::new(),
        detail: String::new(),
        remedy: String::new(),
        places: Vec::new(),
    });
    plan.credentials.push(Credential {
        turn: Turn::Taken,
        kind: "SIP account",
        owner: "205".into(),
        why: String::new(),
        stored: Vec::new(),
        phone_files: Vec::new(),
        is_pin: false,
        is_carriers: false,
    });
    let log = words::DiskPath::new("/var/log/asterisk/full").unwrap();
    plan.jail = Some(Jail {
        log,
        path: String::new(),
        form: LogForm::Asterisk,
        failures: 1,
        replay: Replayed::default(),
        turns: Vec::new(),
    });
    plan
}

#[test]
fn every_file_of_an_earlier_run_is_taken_away() {
    let scratch = tempfile::tempdir().unwrap();
    let mut plan = full();
    let mut names: Vec<String> = files(&plan, Asked::default()).into_iter().map(|file| file.path).collect();
    plan.products.insert(Product::OpenSips);
    names.extend(files(&plan, Asked::default()).into_iter().map(|file| file.path));
    assert!(names.len() > 24, "{names:?}");
    for name in names {
        assert!(folder::is_cleared(&name, scratch.path()), "{name}");
    }
}

#[test]
fn a_line_is_not_cut_by_a_list_that_does_not_know_the_carrier() {
    let unknown = full();
    let rules = |plan: &Plan| {
        let files = files(plan, Asked::default());
        files
            .into_iter()
            .filter(|file| file.path.contains("sip-only") || file.path.contains("iptables.v4"))
            .map(|file| file.text)
            .collect::<String>()
    };
    let drops = |text: &str| {
        text.contains("        counter drop\n") || text.contains("-A TOLLTRACE-SIP-KNOWN -j DROP")
    };
    assert!(!drops(&rules(&unknown)), "{}", rules(&unknown));
    let mut known = full();
    known.keep.push(Keep {
        kind: Kept::Carrier,
        network: "203.0.113.0/24".parse().unwrap(),
        why: "trunk".into(),
    });
    assert!(drops(&rules(&known)));
    known.unresolved.push(Unresolved { trunk: "two".into(), host: "sip.example".into(), is_wide: false });
    assert!(!drops(&rules(&known)), "one carrier of two is not enough");
}

#[test]
fn addresses_of_both_families_are_shut_out() {
    let mut plan = full();
    plan.cut.push(Cut { address: "2001:db8::7".parse().unwrap(), roles: Vec::new(), incidents: Vec::new() });
    let files = files(&plan, Asked::default());
    let text = |name: &str| files.iter().find(|file| file.path == name).unwrap().text.clone();
    assert!(text("block-intruders.nft").contains("elements = { 2001:db8::7 }"));
    assert!(text("iptables.v6").contains("-A TOLLTRACE-BLOCK-FROM_THEM -s 2001:db8::7 -j DROP"));
    let of_four = text("iptables.v4");
    assert!(!of_four.lines().any(|line| !line.starts_with('#') && line.contains("2001:db8")));
}

/// Returns `carriage port` of all that a text says between two marks: `udp dport { 5060 }`, `-p udp ... --dports 5060`.
fn ports(text: &str, form: &str) -> std::collections::BTreeSet<(String, u16)> {
    let form = regex::Regex::new(form).unwrap();
    let found = form.captures_iter(text).flat_map(|found| {
        let carriage = found[1].to_owned();
        let ports: Vec<u16> = found[2].split(',').map(|port| port.trim().parse().unwrap()).collect();
        ports.into_iter().map(move |port| (carriage.clone(), port))
    });
    found.collect()
}

#[test]
fn both_programs_are_given_the_same_rules() {
    use crate::pbx::{Carriage, Listener, Spoken};
    let mut plan = full();
    let page = |port| Listener { spoken: Spoken::Pages, carriage: Carriage::Tcp, port };
    plan.listeners.extend([81, 8443, 22].map(page));
    plan.trunks.push(TrunkLine {
        name: "carrier".into(),
        plain: None,
        channel: String::new(),
        networks: Vec::new(),
        hosts: Vec::new(),
        ports: vec![5160],
        has_secret: false,
        panel_id: None,
        place: String::new(),
    });
    for network in ["203.0.113.0/24", "2001:db8:1::/48"] {
        let why = "trunk".into();
        plan.keep.push(Keep { kind: Kept::Carrier, network: network.parse().unwrap(), why });
    }
    let files = files(&plan, Asked::default());
    let text = |name: &str| files.iter().find(|file| file.path == name).unwrap().text.clone();
    for (name, guard) in [
        ("stop-outbound.nft", "OUTBOUND"),
        ("sip-only-from-known.nft", "SIP"),
        ("services-only-from-known.nft", "SERVICES"),
    ] {
        let of_nft = ports(&text(name), r"(udp|tcp) dport \{ ([^}]*) \}");
        for family in ["iptables.v4", "iptables.v6"] {
            let form = format!("-A TOLLTRACE-{guard}-\\w+ -p (udp|tcp) -m multiport --dports (\\S+)");
            assert_eq!(ports(&text(family), &form), of_nft, "{family} and {name}");
        }
        assert!(!of_nft.is_empty() && of_nft.iter().all(|(_, port)| *port != 22), "{name}: {of_nft:?}");
    }
    let services = ports(&text("services-only-from-known.nft"), r"(udp|tcp) dport \{ ([^}]*) \}");
    for (carriage, port) in [("tcp", 81), ("tcp", 8443), ("tcp", 443), ("udp", 69)] {
        assert!(services.contains(&(carriage.to_owned(), port)), "{port}: {services:?}");
    }
    assert!(text("stop-outbound.nft").contains("5160"), "the trunk's own port");
    assert!(
        text("iptables.v4")
            .contains("-A TOLLTRACE-OUTBOUND-LEAVING -d 203.0.113.0/24 -j TOLLTRACE-OUTBOUND-REFUSED")
    );
    assert!(
        text("iptables.v6")
            .contains("-A TOLLTRACE-OUTBOUND-LEAVING -d 2001:db8:1::/48 -j TOLLTRACE-OUTBOUND-REFUSED")
    );
    for name in text("iptables.v4").split_whitespace().filter(|word| word.starts_with("TOLLTRACE-")) {
        assert!(name.len() <= 28, "iptables takes no longer name: {name}");
    }
    let script = text("iptables.sh");
    for verb in ["block", "outbound", "sip", "services"] {
        assert!(script.contains(&format!("    {verb})\n        load\n        add ")), "{script}");
    }
}

/// The programs' own command lines, as far as the scripts ask them. Asterisk 22.10's puts no blank behind a long key;
/// `kamcmd` of Kamailio 5.6.3 takes a name of digits for a number.
const ASTERISK: &str = r#"#!/bin/sh
case "$2" in
'core show channels concise') printf 'PJSIP/%s!default!s!1!Up\n' 205-00000001 2050-00000002 205-reception-0000001b ;;
'database show registrar/contact')
    for name in 205 2050; do
        printf '/registrar/contact/%-24s: {"uri":"sip:x@192.0.2.9"}\n' "$name;@d6"
        printf '/registrar/contact/%s;@3d6dec13a23bd499fdabd05343f0219c: {"uri":"sip:x@192.0.2.9"}\n' "$name"
    done ;;
*) echo "$2" >>done ;;
esac
"#;
const KAMCMD: &str = r#"#!/bin/sh
case "$*" in
ul.dump) printf '\t\tDomain: location\n\t\tAoRs: {\n\t\t\tAoR: 205\n\t\t\tAoR: 2050\n\t\t\tAoR: 205@pbx.example\n' ;;
'ul.rm location '[0-9]*) echo 'error: 500 - Not enough parameters' ;;
'ul.rm location '*) echo "$*" >>done ;;
esac
"#;
const OPENSIPS_CLI: &str = r#"#!/bin/sh
case "$*" in
*ul_dump) printf '        {\n            "AOR": "205",\n            "Contacts": [\n        {\n            "AOR": "2050",\n' ;;
*' ul_rm '*) echo "$*" >>done ;;
esac
"#;

#[test]
fn the_registrations_of_the_taken_account_go_and_no_others() {
    let of_asterisk = "channel request hangup PJSIP/205-00000001\ndatabase del registrar/contact 205;@d6\ndatabase del registrar/contact 205;@3d6dec13a23bd499fdabd05343f0219c\n";
    let of_kamailio = "ul.rm location s:205\nul.rm location s:205@pbx.example\n";
    let of_opensips = "-x mi ul_rm location 205\n";
    for (product, program, stub, done) in [
        (Product::Asterisk, "asterisk", ASTERISK, of_asterisk),
        (Product::Kamailio, "kamcmd", KAMCMD, of_kamailio),
        (Product::OpenSips, "opensips-cli", OPENSIPS_CLI, of_opensips),
    ] {
        let scratch = tempfile::tempdir().unwrap();
        let mut plan = full();
        plan.products = [product].into();
        let name = words::Name::new("205").unwrap();
        plan.taken = vec![Taken { name, channel: "PJSIP/205".to_owned(), is_made: false }];
        let all = files(&plan, Asked::default());
        let script = all.iter().find(|file| file.path.starts_with("end-calls")).unwrap();
        std::fs::write(scratch.path().join("script"), &script.text).unwrap();
        let place = scratch.path().join(program);
        std::fs::write(&place, stub).unwrap();
        let run = |word: &str| {
            let mut command = std::process::Command::new("sh");
            command.arg("script").args((!word.is_empty()).then_some(word)).current_dir(scratch.path());
            command.env("PATH", format!("{}:/usr/bin:/bin", scratch.path().display())).output().unwrap()
        };
        let told = || std::fs::read_to_string(scratch.path().join("done")).unwrap_or_default();
        let mode = |bits| {
            let permissions = std::os::unix::fs::PermissionsExt::from_mode(bits);
            std::fs::set_permissions(&place, permissions).unwrap();
        };
        mode(0o755);
        assert!(run("").status.success());
        assert_eq!(told(), "", "nothing is done without the word");
        assert!(run("now").status.success());
        assert_eq!(told(), done, "{program}");
        if product == Product::Asterisk {
            continue;
        }
        std::fs::write(&place, "#!/bin/sh\necho 'no socket'\nexit 255\n").unwrap();
        let unanswered = run("now");
        assert_eq!(unanswered.status.code(), Some(1));
        assert!(String::from_utf8_lossy(&unanswered.stderr).contains("does not answer: nothing was done"));
    }
}
