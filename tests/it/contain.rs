//! The files of containment: whom the rules name, what the programs they are for say of them, what reaches them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use regex::Regex;
use tolltrace::case::{self, Examined, Options, Progress};
use tolltrace::contain::{self, Asked};
use tolltrace::evidence::Evidence;
use tolltrace::fail2ban::{self, Heard};
use tolltrace::pbx;
use tolltrace::report::model::Vector;

use crate::scratch::{Scratch, code, stderr, stdout};
use crate::support::shared;

struct Silent;

impl Progress for Silent {
    fn begin(&self, _: u64) {}
    fn advance(&self, _: &str, _: u64) {}
    fn end(&self) {}
}

fn examine(paths: &[PathBuf], carrier: Option<PathBuf>) -> Examined {
    let evidence = Evidence::gather(paths).unwrap();
    let mut options = Options { no_hash: true, jobs: 1, contain: true, ..Options::default() };
    options.carrier.files = carrier.into_iter().collect();
    case::examine(&evidence, &options, &Silent).unwrap()
}

/// The files by name.
fn written(examined: &Examined, end_calls: bool) -> BTreeMap<String, String> {
    let files = contain::files(&examined.containment, Asked { end_calls });
    files.into_iter().map(|file| (file.path, file.text)).collect()
}

/// One attacked server: its name, its files, what is known of it, and what was examined.
struct Server {
    name: String,
    root: PathBuf,
    answers: serde_json::Value,
    examined: Examined,
}

/// Every server that was attacked on purpose, where they are there; examined once for all tests.
fn servers() -> &'static [Server] {
    static SERVERS: LazyLock<Vec<Server>> = LazyLock::new(examine_servers);
    &SERVERS
}

fn examine_servers() -> Vec<Server> {
    let Some(folder) = shared("evidence") else { return Vec::new() };
    let mut servers = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let folder = entry.unwrap().path();
        let Ok(answers) = fs::read_to_string(folder.join("answers.json")) else { continue };
        let mut root = folder.join("rootfs");
        if !root.exists() {
            root = folder.join("rootfs.tar.gz");
        }
        let carrier = Some(folder.join("carrier/telnyx_cdr.csv")).filter(|file| file.exists());
        servers.push(Server {
            name: folder.file_name().unwrap().to_string_lossy().into_owned(),
            examined: examine(std::slice::from_ref(&root), carrier),
            answers: serde_json::from_str(&answers).unwrap(),
            root,
        });
    }
    servers
}

fn is_remark(line: &str) -> bool {
    line.trim_start().starts_with(['#', ';'])
}

/// The addresses that rules shut out, as they stand outside remarks.
fn shut_out(files: &BTreeMap<String, String>) -> BTreeSet<String> {
    let nft = files.get("block-intruders.nft").map(String::as_str).unwrap_or_default();
    let tables: String = ["iptables.v4", "iptables.v6"]
        .iter()
        .filter_map(|name| files.get(*name))
        .flat_map(|text| text.lines())
        .filter(|line| line.ends_with("-j DROP"))
        .map(|line| format!("{line}\n"))
        .collect();
    let addresses = |text: &str| -> BTreeSet<String> {
        let lines = text.lines().filter(|line| !is_remark(line));
        let words = lines.flat_map(|line| line.split([' ', ',', '{', '}']));
        words.filter(|word| word.parse::<IpAddr>().is_ok()).map(str::to_owned).collect()
    };
    let (of_nft, of_tables) = (addresses(nft), addresses(&tables));
    assert_eq!(of_nft, of_tables, "both sets of rules shut out the same");
    of_nft
}

#[test]
fn rules_name_every_intruder_and_nobody_innocent() {
    for server in servers() {
        let files = written(&server.examined, false);
        let shut = shut_out(&files);
        let empty = serde_json::Map::new();
        for incident in server.answers["incidents"].as_array().unwrap() {
            for (address, roles) in incident["sources"].as_object().unwrap_or(&empty) {
                let is_sure =
                    roles.as_array().unwrap().iter().any(|role| !role.as_str().unwrap().ends_with('?'));
                assert!(!is_sure || shut.contains(address), "{}: {address} is not shut out", server.name);
            }
        }
        for address in server.answers["innocent"]["sources"].as_array().unwrap() {
            let address = address.as_str().unwrap();
            assert!(!shut.contains(address), "{}: {address} is innocent", server.name);
        }
        if server.answers["incidents"].as_array().unwrap().is_empty() {
            assert!(shut.is_empty(), "{}: nobody got in", server.name);
            assert!(!files.keys().any(|name| name.starts_with("end-calls")), "{}", server.name);
        }
    }
}

/// What a line of the rules may look like; the programs themselves are asked where they are installed.
fn check_grammar(server: &str, name: &str, text: &str) {
    let address = r"[0-9a-fA-F.:]+(?:/\d{1,3})?";
    let ports = r"\d{1,5}(?:, \d{1,5})*";
    let of_nft = format!(
        r"^(?:|table inet tolltrace_\w+(?: \{{)?|delete table inet tolltrace_\w+| *\}}|    (?:set|chain) \w+ \{{|        type ipv[46]_addr|        flags interval|        elements = \{{ {address}(?:, {address})*(?:,| \}})|            {address}(?:, {address})*(?:,| \}})|        type filter hook (?:input|output|forward|prerouting) priority -\d+; policy accept;|        [io]ifname .lo. return|        ct state established,related return|        ip6? [sd]addr @\w+ (?:counter drop|return|jump refused)|        (?:udp|tcp) dport \{{ {ports} \}} (?:jump known|counter reject)|        jump refused|        counter(?: drop)?)$"
    );
    let of_tables = format!(
        r"^(?:\*filter|COMMIT|:TOLLTRACE-\w+-\w+ - \[0:0\]|-A TOLLTRACE-\w+-\w+(?: -[sd] {address}| -[io] lo| -p (?:udp|tcp) -m multiport --dports \d+(?:,\d+){{0,14}}| -m conntrack --ctstate ESTABLISHED,RELATED)? -j (?:DROP|RETURN|REJECT|TOLLTRACE-\w+-\w+))$"
    );
    let form = match name.rsplit('.').next() {
        Some("nft") => Regex::new(&of_nft).unwrap(),
        Some("v4" | "v6") => Regex::new(&of_tables).unwrap(),
        _ => return,
    };
    for line in text.lines().filter(|line| !is_remark(line)) {
        assert!(form.is_match(line), "{server}/{name}: {line:?}");
    }
}

/// Asks a program whether it takes a text; `None` where it is not installed or may not be run here.
fn is_taken(program: &str, arguments: &[&str], text: &str) -> Option<bool> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let Ok(mut child) = command.spawn() else {
        eprintln!("passed over: {program} is not installed");
        return None;
    };
    // A program that refuses to run at all reads nothing.
    let _ = child.stdin.take().unwrap().write_all(text.as_bytes());
    let output = child.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).to_lowercase();
    if ["permitted", "permission denied", "protocol not supported", "cannot initialize"]
        .iter()
        .any(|word| told.contains(word))
    {
        eprintln!("passed over: {program} may not be run here: {told}");
        return None;
    }
    if !output.status.success() {
        eprintln!("{told}");
    }
    Some(output.status.success())
}

/// A whole script of Kamailio's that a route is part of.
fn routing_script(route: &str) -> String {
    let modules: String =
        ["tm", "sl", "pv", "textops"].iter().map(|name| format!("loadmodule \"{name}.so\"\n")).collect();
    let call = "request_route {\n    if (is_method(\"INVITE\")) { route(TOLLTRACE_OUT); }\n}\n";
    format!("#!KAMAILIO\nlisten=udp:127.0.0.1:5999\n{modules}{call}{route}")
}

#[test]
fn the_programs_take_the_files_that_are_for_them() {
    for server in servers() {
        for end_calls in [false, true] {
            for (name, text) in written(&server.examined, end_calls) {
                check_grammar(&server.name, &name, &text);
                let answer = match name.rsplit('.').next() {
                    Some("sh") => is_taken("sh", &["-n"], &text),
                    Some("nft") => is_taken("nft", &["-c", "-f", "-"], &text),
                    Some("v4") => is_taken("iptables-restore", &["--test", "--noflush"], &text),
                    Some("v6") => is_taken("ip6tables-restore", &["--test", "--noflush"], &text),
                    Some("cfg") => is_taken("kamailio", &["-c", "-f", "-"], &routing_script(&text)),
                    _ => None,
                };
                assert_ne!(answer, Some(false), "{}/{name}", server.name);
            }
        }
    }
}

#[test]
fn every_file_says_what_it_changes_how_to_undo_and_how_to_check_it() {
    let of_ssh = Regex::new(r"dports?[^#]*\b22\b").unwrap();
    for server in servers() {
        let files = written(&server.examined, false);
        for (name, text) in files.iter().filter(|(name, _)| name.ends_with(".md") && *name != "README.md") {
            for words in ["\n- How to undo it: ", "\n- How to check it: "] {
                assert!(text.contains(words), "{}/{name}: {words}", server.name);
            }
        }
        let sip = files.get("sip-only-from-known.nft");
        let counts_only = sip.is_some_and(|text| !text.contains("counter drop"));
        assert_eq!(files["README.md"].contains("the rule only COUNTS"), counts_only, "{}", server.name);
        let came_by_telephone =
            server.examined.report.incidents.iter().any(|one| one.entry.vector == Vector::VoicemailOrDisa);
        assert_eq!(
            files["README.md"].contains("he comes by telephone"),
            came_by_telephone,
            "{}",
            server.name
        );
        for (name, text) in files.iter().filter(|(name, _)| !name.ends_with(".md")) {
            for words in ["What it changes: ", "How to undo it: ", "How to check it: "] {
                let head: Vec<&str> = text.lines().take(14).collect();
                assert!(head.iter().any(|line| line.contains(words)), "{}/{name}: {words}", server.name);
            }
            let is_of_ssh = |line: &&str| of_ssh.is_match(line);
            assert_eq!(
                text.lines().find(|line| !is_remark(line) && is_of_ssh(line)),
                None,
                "{}/{name}",
                server.name
            );
        }
    }
}

/// Puts the generated jail and filter where fail2ban has its own, and reads them as fail2ban does.
fn filter_of(files: &BTreeMap<String, String>) -> Option<fail2ban::Filter> {
    let scratch = Scratch::new();
    for (name, text) in files.iter().filter(|(name, _)| name.starts_with("fail2ban/")) {
        scratch.file(&format!("etc/{name}"), text);
    }
    scratch.file("etc/fail2ban/jail.conf", "[DEFAULT]\nbanaction_allports = iptables-allports\n");
    let evidence = Evidence::gather(&[scratch.path().to_owned()]).unwrap();
    let configuration = fail2ban::read(&evidence)?;
    let jail = configuration.jails.iter().find(|jail| jail.name == "tolltrace-sip")?;
    assert!(jail.is_enabled && jail.has_action);
    jail.filter.clone()
}

/// Returns whether a line tells of a failed login that a jail should count, and of whose.
fn failing(line: &str) -> Option<IpAddr> {
    static FORMS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
        let forms = [
            r"^\[[^\]]*\] NOTICE\[\d+\](?:\[C-\w+\])? \S+: (?:Registration|Request) .*failed for '([0-9.]+):\d+' ",
            r"^\d{4}-\S+ \S+ [0-9.]+% \[WARNING\] sofia_reg\.c:\d+ (?:SIP auth failure|Can't find user) .*from (?:ip )?([0-9.]+)$",
            r"kamailio\[\d+\]: NOTICE: \{[^}]*\} <script>: Auth failed: .* from ([0-9.]+):5060 ua=",
        ];
        forms.iter().map(|form| Regex::new(form).unwrap()).collect()
    });
    let found = FORMS.iter().find_map(|form| form.captures(line))?;
    found.get(1)?.as_str().parse().ok()
}

#[test]
fn the_generated_filter_hears_the_failures_of_its_own_log_and_nothing_else() {
    let mut heard = 0;
    for server in servers().iter().filter(|server| server.root.is_dir()) {
        let Some(jail) = &server.examined.containment.jail else { continue };
        let filter = filter_of(&written(&server.examined, false)).expect("jail and filter are read");
        assert_eq!(filter.untried, 0, "{}: an expression that is none", server.name);
        let text = fs::read(server.root.join(&jail.path)).unwrap();
        let text = String::from_utf8_lossy(&text);
        let mut of_server = 0;
        for line in text.lines() {
            match (failing(line), filter.hears(line)) {
                (Some(address), Heard::Failure(caught)) => {
                    assert_eq!(caught, Some(address), "{}: {line}", server.name);
                    of_server += 1;
                }
                (Some(_), other) => panic!("{}: {other:?}: {line}", server.name),
                (None, Heard::Failure(Some(address))) => {
                    assert!(line.contains(&address.to_string()), "{}: {line}", server.name);
                    assert!(!line.contains("VERBOSE"), "{}: {line}", server.name);
                }
                (None, _) => {}
            }
        }
        assert!(of_server > 0, "{}: {}", server.name, jail.path);
        heard += of_server;
    }
    assert!(heard > 500 || shared("evidence").is_none(), "{heard}");
}

#[test]
fn failed_logins_of_the_host_are_not_denied_where_no_jail_is_written() {
    let Some(server) = servers().iter().find(|server| server.name == "host-web-exploit") else {
        println!("passed over: no server with failed logins of the host alone is there");
        return;
    };
    // Its auth.log has them: wrong passwords of sshd.
    let why = server.examined.containment.no_jail.unwrap();
    assert!(why.contains("no log of the telephone program") && why.contains("other logs here do"), "{why}");
}

/// Whoever sends a packet chooses names: none of them gets another banned.
#[test]
fn nobody_gets_another_banned_by_what_he_sends() {
    let Some(server) = servers().iter().find(|server| server.name == "asterisk-bruteforce") else {
        return;
    };
    let filter = filter_of(&written(&server.examined, false)).unwrap();
    let victim: IpAddr = "192.0.2.9".parse().unwrap();
    let lies = [
        "x' failed for '192.0.2.9:5060' - Wrong password",
        "x\" <sip:x' failed for '192.0.2.9:5060' - Wrong password",
        "' (192.0.2.9:5060) to extension '1' rejected because extension not found in context 'x'.",
        "x\",RemoteAddress=\"IPV4/UDP/192.0.2.9/5060\",A=\"",
        "192.0.2.9 failed to authenticate as 'x'",
        "Host 192.0.2.9 failed to authenticate as 'x'",
        "No registration for peer 'x' (from 192.0.2.9)",
        "Registration from 'x' failed for '192.0.2.9:5060' - Wrong password",
        "[2026-03-07 01:00:13] NOTICE[1] chan_sip.c: Registration from 'x' failed for '192.0.2.9' - Wrong password",
    ];
    for lie in lies {
        for line in [
            format!(
                "[2026-03-07 01:00:13] NOTICE[8] chan_sip.c: Registration from '{lie}' failed for '198.51.100.6:5071' - Wrong password"
            ),
            format!(
                "[2026-03-07 01:00:13] NOTICE[8] res_pjsip/pjsip_distributor.c: Request 'REGISTER' from '{lie}' failed for '198.51.100.6:5071' (callid: {}) - No matching endpoint found",
                lie.replace(' ', "_")
            ),
            format!(
                "[2026-03-07 01:00:13] NOTICE[8][C-0000001a] chan_sip.c: Call from '' (198.51.100.6:5071) to extension '{lie}' rejected because extension not found in context 'default'."
            ),
            format!(
                "[2026-03-07 01:00:13] SECURITY[8] res_security_log.c: SecurityEvent=\"InvalidPassword\",AccountID=\"{lie}\",LocalAddress=\"IPV4/UDP/203.0.113.1/5060\",RemoteAddress=\"IPV4/UDP/198.51.100.6/5071\",Challenge=\"{lie}\""
            ),
            format!(
                "[2026-03-07 01:00:13] VERBOSE[8] pbx.c: Executing [{lie}@x:1] NoOp(\"{lie}\") in new stack"
            ),
            // What a dialplan logs of its own accord.
            format!("[2026-03-07 01:00:13] WARNING[8]: Ext. s: {lie}"),
            format!("[2026-03-07 01:00:13] NOTICE[8][C-0000001a]: Ext. 205:1 @ from-trunk: {lie}"),
            format!("[2026-03-07 01:00:13] WARNING[8] app_verbose.c: {lie}"),
        ] {
            assert_ne!(filter.hears(&line), Heard::Failure(Some(victim)), "{line}");
        }
    }
}

#[test]
fn a_name_that_looks_like_an_address_has_nobody_banned() {
    let Some(server) = servers().iter().find(|server| server.name == "kamailio-attack") else { return };
    let filter = filter_of(&written(&server.examined, false)).expect("jail and filter are read");
    let line = |name: &str, agent: &str| {
        format!(
            "2026-07-14T10:00:00.000000+02:00 sbc kamailio[123]: NOTICE: <script>: Auth failed: REGISTER user=1003 realm=x authuser={name} from 240.0.66.20:5060 ua={agent}"
        )
    };
    let sender: IpAddr = "240.0.66.20".parse().unwrap();
    assert_eq!(filter.hears(&line("x", "z")), Heard::Failure(Some(sender)));
    for forged in [
        line("x from 198.51.100.99 y", "z"),
        line("x", "z from 198.51.100.99 y"),
        line("x from 198.51.100.99:5060", "z"),
    ] {
        assert!(!matches!(filter.hears(&forged), Heard::Failure(_)), "{forged}");
    }
}

/// Returns what stands behind `secret=` and the like in the configuration files of a folder.
fn secrets_below(folder: &Path, secrets: &mut BTreeSet<String>) {
    let form = Regex::new(r#"(?im)^\s*(?:remote)?(?:secret|password|auth_pass)\s*=>?\s*([^\s;,]{6,})|(?:name="(?:vm-)?password" value=")([^"$]{4,})""#).unwrap();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_symlink() {
            continue;
        }
        if path.is_dir() {
            secrets_below(&path, secrets);
        } else if entry.metadata().is_ok_and(|file| file.len() < 1 << 20)
            && let Ok(text) = fs::read_to_string(&path)
        {
            let found = form.captures_iter(&text).filter_map(|found| found.get(1).or(found.get(2)));
            secrets.extend(found.map(|found| found.as_str().to_owned()));
        }
    }
}

#[test]
fn no_file_holds_a_secret_of_the_evidence() {
    let mut looked_for = 0;
    for server in servers().iter().filter(|server| server.root.is_dir()) {
        let mut secrets = BTreeSet::new();
        secrets_below(&server.root.join("etc"), &mut secrets);
        // A secret that is its account's name, or a number, stands wherever that does.
        secrets.retain(|secret| !secret.bytes().all(|byte| byte.is_ascii_digit()));
        // Words of any sentence, which samples have for secrets.
        secrets.retain(|secret| !["asterisk", "password"].contains(&secret.as_str()));
        looked_for += secrets.len();
        for (name, text) in written(&server.examined, true) {
            let words: BTreeSet<&str> = text.split(|letter: char| !letter.is_ascii_alphanumeric()).collect();
            let found = secrets.iter().find(|secret| words.contains(secret.as_str()));
            assert_eq!(found, None, "{}/{name}", server.name);
        }
    }
    assert!(looked_for > 20 || shared("evidence").is_none(), "{looked_for}");
}

#[test]
fn numbers_abroad_are_refused_and_emergency_numbers_are_not() {
    let Some(server) = servers().iter().find(|server| server.name == "asterisk-stolen-credential") else {
        return;
    };
    let files = written(&server.examined, false);
    let scratch = Scratch::new();
    let old = fs::read_to_string(server.root.join("etc/asterisk/extensions.conf")).unwrap();
    scratch.file("etc/asterisk/extensions.conf", &format!("{old}\n{}", files["outbound-allow.conf"]));
    let read = pbx::read(&Evidence::gather(&[scratch.path().to_owned()]).unwrap());
    let leads = |number: &str| {
        let found = read.dialplan.find("tolltrace-from-internal", number, None, None);
        found
            .map(|found| found.extension.steps.values().next().unwrap().arguments.clone())
            .unwrap_or_default()
    };
    for abroad in [
        "01125261000000",
        "0025261000000",
        "+25261000000",
        "18765550123",
        "8765550123",
        "+18765550123",
        "+19005550123",
    ] {
        assert_eq!(leads(abroad), "tolltrace-refused,s,1", "{abroad}");
    }
    // The dialplan has no route for it: nothing is claimed to go out.
    assert_eq!(leads("911"), "");
    assert!(files["outbound-allow.conf"].contains("; 911 has no route in from-internal."));
    for own in ["3125550123", "+13125550123", "01113125550123", "0013125550123"] {
        assert!(!leads(own).contains("refused"), "{own}");
    }
}

/// Names that break out of shells, rules, Markdown and terminals, where a name is free.
const HOSTILE: [&str; 8] = [
    "$(touch pwned)",
    "`touch pwned`",
    "'; touch pwned; '",
    "x\u{1b}[2Jpwned",
    "-rf pwned",
    "[pwned](http://evil.example)<img src=x>",
    "pwned } table inet x {",
    "pwned --> <x>",
];

/// A server on which accounts, trunks, contexts, agents, files and logs have hostile names.
pub(crate) fn hostile_server(word: &str) -> Scratch {
    let scratch = Scratch::new();
    let peers = format!(
        "[general]\ncontext=from-internal\nallowguest=yes\n[205]\ntype=friend\nhost=dynamic\nsecret=205\ncontext={word}\n\
         [{word}]\ntype=friend\nhost=dynamic\nsecret=guessable1\n[out{word}]\ntype=peer\nhost={word}.example\nsecret=Tr0nkS3cr3tWord\n"
    );
    scratch.file("e/etc/asterisk/sip.conf", &peers);
    scratch.file(
        "e/etc/asterisk/extensions.conf",
        &format!(
            "[{word}]\nexten => _00.,1,Dial(SIP/out{word}/${{EXTEN}})\n[from-internal]\ninclude => {word}\n"
        ),
    );
    scratch.file("e/var/www/html/admin/config.php", "<?php // the panel\n");
    // More than an hour before the first use: whoever used an account at once was there before.
    let mut full = String::new();
    for minute in 0..40 {
        for account in 201..210 {
            let second = account * 7 % 60;
            full.push_str(&format!("[2026-03-07 01:{minute:02}:{second:02}] NOTICE[12] chan_sip.c: Registration from '<sip:{account}@192.0.2.1>' failed for '198.51.100.4:5060' - Wrong password\n"));
        }
        full.push_str(&format!("[2026-03-07 01:{minute:02}:59] NOTICE[12] chan_sip.c: Registration from '\"{word}\" <sip:{word}@192.0.2.1>' failed for '198.51.100.4:5060' - Wrong password\n"));
    }
    let mut calls = String::new();
    full.push_str(&format!(
        "[2026-03-07 03:00:00] VERBOSE[12] chan_sip.c:     -- Registered SIP '205' at 198.51.100.4:5060\n\
         [2026-03-07 03:00:00] VERBOSE[12] chan_sip.c:        > Saved useragent \"{word}\" for peer 205\n\
         [2026-03-07 03:00:01] VERBOSE[12] chan_sip.c:     -- Registered SIP '{word}' at 198.51.100.4:5060\n"
    ));
    let quoted = word.replace('"', "\"\"");
    for call in 0..30 {
        calls.push_str(&format!(
            "\"\",\"205\",\"0088299800875{call:02}\",\"from-internal\",\"\"\"{quoted}\"\" <205>\",\"SIP/205-0000{call:04}\",\"SIP/out-0001{call:04}\",\"Dial\",\"SIP/out/008829980087{quoted}\",\"2026-03-07 03:{call:02}:01\",\"2026-03-07 03:{call:02}:03\",\"2026-03-07 03:{call:02}:59\",58,56,\"ANSWERED\",\"DOCUMENTATION\",\"{}.{call}\",\"\"\n",
            1_772_852_401 + call * 60
        ));
    }
    scratch.file("e/var/log/asterisk/full", &full);
    scratch.file("e/var/log/asterisk/cdr-csv/Master.csv", &calls);
    scratch
}

#[test]
fn hostile_names_reach_no_file_unescaped() {
    for word in HOSTILE {
        let scratch = hostile_server(word);
        let output = scratch.run(&["contain", "e", "--generate-secrets", "-o", "case", "--color", "never"]);
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        let screen = stdout(&output);
        assert!(!screen.contains('\u{1b}'), "{screen:?}");
        assert!(screen.contains("198.51.100.4"), "{screen}");
        let files = below(&scratch.path().join("case/contain"));
        assert!(files.len() > 10, "{files:?}");
        for path in files {
            let text = fs::read_to_string(&path).unwrap();
            let name = path.file_name().unwrap().to_str().unwrap();
            let hidden =
                text.chars().find(|&letter| letter != '\n' && tolltrace::untrusted::is_hidden(letter));
            assert_eq!(hidden, None, "{name} for {word:?}");
            if name.ends_with(".md") {
                check_markdown(name, &text);
            } else if name != "new-secrets.txt" {
                check_script(name, &text, word);
                if name.ends_with(".sh") {
                    assert_eq!(is_taken("sh", &["-n"], &text), Some(true), "{name} for {word:?}");
                }
            }
            check_grammar(word, name, &text);
        }
        assert!(!scratch.path().join("pwned").exists());
    }
}

fn below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(below(&path)) } else { files.push(path) }
    }
    files
}

/// What an attacker named stands in remarks only, and there without a sign that anything reads.
fn check_script(name: &str, text: &str, word: &str) {
    let mut in_xml_remark = false;
    for line in text.lines() {
        in_xml_remark = (in_xml_remark || line.contains("<!--")) && !line.contains("-->");
        if line.contains("pwned") {
            assert!(is_remark(line) || in_xml_remark, "{name} for {word:?}: {line}");
            let said = line.trim_start().trim_start_matches(['#', ';']);
            let acts = said.chars().find(|letter| "$`'\"\\;<>|&*{}[]#".contains(*letter));
            assert_eq!(acts, None, "{name} for {word:?}: {line}");
        }
    }
}

/// Nothing of an attacker's is interpreted: it stands in code, or escaped.
fn check_markdown(name: &str, text: &str) {
    for line in text.lines() {
        let mut plain = String::new();
        crate::hostile::push_interpreted(line, &mut plain);
        for raw in ["](http", "<img", "http://"] {
            assert!(!plain.contains(raw), "{name}: {line}");
        }
    }
}

/// Who holds a backup's secrets may call elsewhere: that only the carrier sees, and the backup has to go.
#[test]
fn after_a_download_the_carrier_is_asked_and_the_files_are_taken_away() {
    let Some(server) = servers().iter().find(|server| server.name == "asterisk-trunk-credential") else {
        println!("passed over: no server whose backup was downloaded is there");
        return;
    };
    let alone = examine(std::slice::from_ref(&server.root), None);
    let files = written(&alone, false);
    let carrier = &files["carrier.md"];
    assert!(carrier.contains("change those secrets now") && carrier.contains("Trunk `carrier`"), "{carrier}");
    assert!(!carrier.contains("toll fraud"), "no fraud is known: {carrier}");
    let guide = &files["README.md"];
    assert!(guide.contains("out of the web root") && guide.contains("/backup/pjsip.conf.bak"), "{guide}");
    assert!(guide.contains("carrier.md"), "{guide}");
}

/// New secrets that are read the way the old ones were are lost the same hour, and a change writes over the proof.
#[test]
fn the_way_in_is_closed_and_a_copy_is_made_before_secrets_are_changed() {
    let Some(server) = servers().iter().find(|server| server.name == "asterisk-stolen-credential") else {
        println!("passed over: no server whose phone files were read is there");
        return;
    };
    let guide = &written(&server.examined, false)["README.md"];
    let words = [
        "`nft -f block-intruders.nft`",
        "phone files by TFTP from one's own networks only",
        "Copy what is to be changed before it is changed",
        "Change what the intruder uses",
        "in the order of the list (credentials.md)",
    ];
    let places: Vec<Option<usize>> = words.iter().map(|word| guide.find(word)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?}: {guide}");
    let steps: Vec<_> = server.examined.report.steps.iter().filter(|step| step.phase == "contain").collect();
    let place = |id: &str| steps.iter().position(|step| step.id == id).expect(id);
    let ids = ["block-sources", "close-phone-files", "keep-a-copy", "new-secret-first", "new-secrets"];
    assert!(ids.map(place).is_sorted(), "{:?}", ids.map(place));
    for id in ["new-secret-first", "new-secrets"] {
        let waits = &steps[place(id)].waits_for;
        for first in ["close-phone-files", "keep-a-copy"] {
            assert!(waits.iter().any(|other| other == first), "{id} waits for {waits:?}");
        }
    }
}

/// A call that was set up goes from phone to gateway, whatever becomes of the proxy that showed the way.
#[test]
fn to_stop_a_proxy_is_not_said_to_end_calls() {
    for (name, is_proxy) in [("kamailio-attack", true), ("asterisk-stolen-credential", false)] {
        let Some(server) = servers().iter().find(|server| server.name == name) else {
            println!("passed over: {name} is not there");
            continue;
        };
        let guide = &written(&server.examined, false)["README.md"];
        assert_eq!(!guide.contains("That ends every call"), is_proxy, "{guide}");
        assert_eq!(guide.contains("Calls that are up go on, and a hang-up"), is_proxy, "{guide}");
        let steps = &server.examined.report.steps;
        let stop = steps.iter().find(|step| step.id == "stop-service").expect("the step is there");
        let told = stop.text.guidance.as_deref().unwrap_or_default();
        assert_eq!(told.contains("ends none"), is_proxy, "{told}");
    }
}

/// What a gate of `restore` asks for stands in the files that are worked through before it.
#[test]
fn commands_like_an_intruders_are_listed_to_be_kept() {
    let scratch = Scratch::new();
    scratch.file("e/etc/asterisk/sip.conf", "[general]\ncontext=default\n");
    scratch.file("e/home/asterisk/.bash_history", "id\nrm -f ~/.bash_history\nunset HISTFILE\n");
    assert_eq!(code(&scratch.run(&["contain", "e", "-o", "case"])), 0);
    let folder = scratch.path().join("case/contain");
    let list = fs::read_to_string(folder.join("remove.md")).unwrap_or_default();
    let (_, signs) = list.split_once("## Signs of commands: keep them").expect(&list);
    assert!(signs.contains("home/asterisk/.bash_history:"), "{list}");
    assert!(!folder.join("set-aside.sh").exists(), "they are evidence");
}

/// A page that an intruder left, under a name that breaks out of shells.
#[test]
fn a_hostile_file_is_left_to_a_person() {
    for (name, is_moved) in [("x$(touch pwned)'; id #.php", false), ("modular.php", true)] {
        let scratch = Scratch::new();
        scratch.file("e/etc/asterisk/sip.conf", "[general]\ncontext=default\n");
        scratch.file("e/var/www/html/admin/config.php", "<?php // the panel\n");
        scratch.file(&format!("e/var/www/html/{name}"), "<?php @eval($_POST['x']); system($_GET['c']); ?>");
        assert_eq!(code(&scratch.run(&["contain", "e", "-o", "case"])), 0);
        let folder = scratch.path().join("case/contain");
        let list = fs::read_to_string(folder.join("remove.md")).unwrap();
        assert!(list.contains("pwned") || is_moved, "{list}");
        check_markdown("remove.md", &list);
        let script = fs::read_to_string(folder.join("set-aside.sh")).unwrap_or_default();
        assert_eq!(script.contains("\nset_aside '/var/www/html/modular.php'\n"), is_moved, "{script}");
        check_script("set-aside.sh", &script, name);
    }
}

#[test]
fn calls_of_the_taken_account_are_ended_and_no_others() {
    let scratch = hostile_server("$(touch pwned)");
    assert_eq!(code(&scratch.run(&["contain", "e", "-o", "case"])), 0);
    let stub = scratch.file(
        "bin/asterisk",
        "#!/bin/sh\ncase \"$2\" in\n'core show channels concise') printf '%s\\n' 'SIP/205-00000001!a!b' 'SIP/2050-00000002!a!b' 'SIP/102-00000003!a!b' 'SIP/205-$(touch pwned)!a!b' 'SIP/205-00000004;2!a!b' ;;\n*) echo \"$2\" >>done ;;\nesac\n",
    );
    fs::set_permissions(&stub, fs::Permissions::from_mode(0o755)).unwrap();
    let run = |words: &[&str]| {
        let path = format!("{}:/usr/bin:/bin", scratch.path().join("bin").display());
        let mut command = scratch.command("sh");
        command.arg("case/contain/end-calls-asterisk.sh").args(words).env("PATH", path);
        command.output().unwrap()
    };
    let shown = stdout(&run(&[]));
    assert!(shown.contains("channel request hangup SIP/205-00000001"), "{shown}");
    assert!(!scratch.path().join("done").exists(), "nothing is done without the word");
    let done = run(&["now"]);
    assert_eq!(code(&done), 0, "{}", stderr(&done));
    let told = fs::read_to_string(scratch.path().join("done")).unwrap();
    assert_eq!(
        told,
        "channel request hangup SIP/205-00000001\nchannel request hangup SIP/205-00000004;2\nsip unregister 205\n"
    );
    assert!(stdout(&done).contains("1 channels have odd names"), "{}", stdout(&done));
    assert!(!scratch.path().join("pwned").exists());
    assert_eq!(code(&run(&["later"])), 2);
}

#[test]
fn secrets_are_written_when_asked_for_and_for_nobody_else() {
    let scratch = hostile_server("pwned } table inet x {");
    assert_eq!(code(&scratch.run(&["contain", "e", "-o", "case"])), 0);
    let path = scratch.path().join("case/contain/new-secrets.txt");
    assert!(!path.exists());
    assert_eq!(code(&scratch.run(&["contain", "e", "-o", "case", "--generate-secrets"])), 0);
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let text = fs::read_to_string(&path).unwrap();
    let first = text.lines().find(|line| line.ends_with("  205")).unwrap();
    let secret = first.split(' ').next().unwrap();
    assert!(secret.len() >= 20, "{first}");
    assert!(!fs::read_to_string(scratch.path().join("case/manifest.json")).unwrap().contains(secret));
    let again = scratch.run(&["contain", "e", "--generate-secrets"]);
    assert_eq!(code(&again), 2, "a file is needed for them");
}

#[test]
fn two_runs_write_the_same_and_leave_nothing_stale() {
    let scratch = hostile_server("-rf pwned");
    let folder = scratch.path().join("case/contain");
    assert_eq!(code(&scratch.run(&["run", "e", "-o", "case"])), 0);
    let read = || {
        below(&folder)
            .into_iter()
            .map(|path| (path.clone(), fs::read(path).unwrap()))
            .collect::<BTreeMap<_, _>>()
    };
    let first = read();
    fs::write(folder.join("set-aside.sh"), "an earlier run's").unwrap();
    assert_eq!(code(&scratch.run(&["contain", "e", "-o", "case"])), 0);
    assert!(read() == first, "run and contain write the same");
    fs::remove_dir_all(scratch.path().join("e")).unwrap();
    scratch.file(
        "e/var/log/asterisk/full",
        "[2026-03-07 03:00:00] NOTICE[12] chan_sip.c: Peer '205' is now UNREACHABLE!  Last qualify: 9\n",
    );
    let output = scratch.run(&["contain", "e", "-o", "case"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert!(stdout(&output).contains("Whether anybody got in cannot be told"), "{}", stdout(&output));
    let names: BTreeSet<String> =
        read().into_keys().map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect();
    assert_eq!(names, ["README.md", "save-first.sh"].map(str::to_owned).into());
}

#[test]
fn end_calls_is_asked_for() {
    let scratch = hostile_server("-rf pwned");
    for (option, is_cut) in [(None, false), (Some("--end-calls"), true)] {
        let arguments: Vec<&str> = ["contain", "e", "-o", "case"].into_iter().chain(option).collect();
        assert_eq!(code(&scratch.run(&arguments)), 0);
        let rules = fs::read_to_string(scratch.path().join("case/contain/sip-only-from-known.nft")).unwrap();
        assert_eq!(!rules.contains("ct state established"), is_cut);
        let tables = fs::read_to_string(scratch.path().join("case/contain/iptables.v4")).unwrap();
        assert_eq!(!tables.contains("ESTABLISHED"), is_cut);
    }
}

/// The record of a call names the trunk that it left by; that today's dialplan keeps its number inside is no route.
#[test]
fn a_call_that_left_by_a_trunk_is_disputed_and_has_no_route_within_the_house() {
    let Some(server) = servers().iter().find(|server| server.name == "host-web-exploit") else {
        println!("passed over: no server with such a call is there");
        return;
    };
    let report = &server.examined.report;
    let calls = &report.incidents[0].calls;
    let call = calls.iter().find(|call| call.dialed.raw() == "9998").unwrap();
    assert!(call.route.is_none() && !call.stayed_inside, "{call:?}");
    assert!(call.why.ends_with("yet its record has it leave by a trunk"), "{}", call.why);
    assert!(report.incidents[0].routes.iter().all(|used| used.route.context.raw() != "ext-local"));
    let disputed = &report.dispute.as_ref().unwrap().calls;
    assert_eq!(disputed.len(), calls.len());
}
