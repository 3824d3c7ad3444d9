//! The gate before service is restored: repaired copies of staged servers, then one hole opened again.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::scratch::{Scratch, code, stderr, stdout};
use crate::support::shared;

/// A secret that no guesser finds.
pub(crate) const NEW_SECRET: &str = "Zt7-qPw4-Lm92-Xk5v";

/// A server that was broken into, its case, and a copy of it that is repaired.
pub(crate) struct Repair {
    pub(crate) scratch: Scratch,
}

impl Repair {
    /// Makes the case of a folder and copies it; `leave_out` is what the copies need not have.
    pub(crate) fn of(folder: &Path, leave_out: &[&str]) -> Self {
        let scratch = Scratch::new();
        copy(folder, &scratch.path().join("before"), leave_out);
        copy(folder, &scratch.path().join("after"), leave_out);
        let output = scratch.run(&["run", "before", "-o", "case", "-q"]);
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        Repair { scratch }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.scratch.path().join("after").join(name)
    }

    /// Changes a text of a file of the copy, which must be there.
    pub(crate) fn change(&self, name: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.path(name)).unwrap();
        assert!(text.contains(from), "{name}: {from}");
        fs::write(self.path(name), text.replacen(from, to, 1)).unwrap();
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn append(&self, name: &str, text: &str) {
        let mut all = fs::read_to_string(self.path(name)).unwrap();
        all.push_str(text);
        fs::write(self.path(name), all).unwrap();
    }

    /// Judges the copy; returns the exit status and the gates that keep it shut.
    pub(crate) fn judge(&self, more: &[&str]) -> (i32, Vec<String>) {
        let arguments = [&["restore", "after", "--format", "json"][..], more].concat();
        let output = self.scratch.run(&arguments);
        assert_eq!(stderr(&output), "", "{more:?}");
        let told: Value = serde_json::from_str(&stdout(&output)).unwrap();
        assert_eq!(told["schema"], "tolltrace.restore/1");
        let gates = told["gates"].as_array().unwrap();
        let shut = gates.iter().filter(|gate| {
            gate["required"] == true && gate["state"] != "closed" && gate["accepted"].is_null()
        });
        let shut: Vec<String> = shut
            .map(|gate| format!("{} {}", gate["id"].as_str().unwrap(), gate["state"].as_str().unwrap()))
            .collect();
        assert_eq!(told["holds"], shut.is_empty());
        for gate in gates {
            let id = gate["id"].as_str().unwrap();
            let is_rule = include_str!("../../playbooks/rules.toml").contains(&format!("id = \"{id}\"\n"));
            assert!(is_rule || tolltrace::restore::known_gate(id).is_ok(), "--accept knows no gate {id}");
        }
        for gate in gates.iter().filter(|gate| gate["state"] != "closed") {
            assert!(!gate["to_do"].as_str().unwrap().is_empty(), "{gate}");
            assert!(!gate["why"].as_array().unwrap().is_empty(), "{gate}");
        }
        (code(&output), shut)
    }

    /// Gives each account whose secret stands in a phone's file a new one, on the server and in the file.
    fn change_secrets_of_phones(&self, server: &str, folder: &str) {
        let mut accounts = fs::read_to_string(self.path(server)).unwrap();
        for (number, file) in fs::read_dir(self.path(folder)).unwrap().enumerate() {
            let file = file.unwrap().path();
            let text = fs::read_to_string(&file).unwrap();
            let secret = text.lines().find_map(|line| line.strip_prefix("account.1.password = "));
            let Some(secret) = secret.filter(|secret| *secret != NEW_SECRET) else { continue };
            let new = format!("{number}-{NEW_SECRET}");
            let modified = fs::metadata(&file).unwrap().modified().unwrap();
            fs::write(&file, text.replace(secret, &new)).unwrap();
            fs::File::options().write(true).open(&file).unwrap().set_modified(modified).unwrap();
            accounts = accounts.replace(secret, &new);
        }
        fs::write(self.path(server), accounts).unwrap();
    }

    /// Returns the state of one gate.
    fn state(&self, id: &str) -> String {
        let output = self.scratch.run(&["restore", "after", "--case", "case", "--format", "json"]);
        let told: Value = serde_json::from_str(&stdout(&output)).unwrap();
        let gates = told["gates"].as_array().unwrap();
        let gate = gates.iter().find(|gate| gate["id"] == id).unwrap_or_else(|| panic!("{id}: {told}"));
        gate["state"].as_str().unwrap().to_owned()
    }

    /// Opens something again, asserts that exactly one gate keeps it shut, and closes it.
    pub(crate) fn reopened(&self, gate: &str, name: &str, from: &str, to: &str) {
        self.change(name, from, to);
        assert_eq!(self.judge(&["--case", "case"]), (1, vec![gate.to_owned()]), "{name}: {to}");
        self.change(name, to, from);
    }
}

pub(crate) fn copy(from: &Path, to: &Path, leave_out: &[&str]) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if leave_out.iter().any(|name| entry.file_name() == *name) {
            continue;
        }
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            copy(&from, &to, leave_out);
        } else if kind.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(&from).unwrap(), &to).unwrap();
        } else {
            // The times of files tell what was written while an intruder was in.
            fs::write(&to, fs::read(&from).unwrap()).unwrap();
            let modified = entry.metadata().unwrap().modified().unwrap();
            fs::File::options().write(true).open(&to).unwrap().set_modified(modified).unwrap();
        }
    }
}

const ACCOUNTS: &str = "etc/asterisk/sip_additional.conf";
const GENERAL: &str = "etc/asterisk/sip_general_additional.conf";
const JAIL: &str = "etc/fail2ban/jail.local";

/// The brute force, with all that let it in mended.
pub(crate) fn bruteforce() -> Repair {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/pbx/bruteforce/root");
    let repair = Repair::of(&folder, &["cel-custom", "cdr-custom", "full"]);
    repair.change(ACCOUNTS, "secret=verano2019", &format!("secret={NEW_SECRET}"));
    repair.change(ACCOUNTS, OWNER_OPEN, OWNER_LISTED);
    repair.change(GENERAL, "allowguest=yes", "allowguest=no");
    repair.write(JAIL, "[asterisk]\nenabled = true\nlogpath = /var/log/asterisk/messages\n");
    repair
}

const OWNER_OPEN: &str = "dial=SIP/205\npermit=0.0.0.0/0.0.0.0";
const OWNER_LISTED: &str = "dial=SIP/205\npermit=172.16.20.0/255.255.255.0";

#[test]
fn a_repaired_server_passes_and_one_open_hole_is_told_alone() {
    let repair = bruteforce();
    assert_eq!(repair.judge(&["--case", "case"]), (0, vec![]));
    assert_eq!(repair.judge(&[]), (0, vec![]), "what was guessed is told from the evidence alone");
    let secret = format!("secret={NEW_SECRET}");
    repair.reopened("secrets-taken open", ACCOUNTS, &secret, "secret=verano2019");
    repair.reopened("secrets-taken open", ACCOUNTS, &secret, "secret=invierno2020");
    repair.reopened("secrets-guessable open", ACCOUNTS, "secret=k6be1679fQ9zP101!", "secret=101");
    repair.reopened("access-limited open", ACCOUNTS, OWNER_LISTED, OWNER_OPEN);
    repair.reopened("guest-calls-off open", GENERAL, "allowguest=no", "allowguest=yes");
    repair.reopened("bans-match open", JAIL, "enabled = true", "enabled = false");
    repair.reopened("bans-match open", JAIL, "enabled = true", "enabled = true\nmaxretry = 100000");
    let logger = "etc/asterisk/logger_logfiles_additional.conf";
    repair.reopened("security-log-on open", logger, "security => security", "security => notice");
    let records = "etc/asterisk/cdr.conf";
    let text = fs::read_to_string(repair.path(records)).unwrap();
    repair.write(records, "[general]\nenable=no\n");
    assert_eq!(repair.judge(&["--case", "case"]), (1, vec!["call-records-on open".to_owned()]));
    repair.write(records, &text);
    repair.change(ACCOUNTS, OWNER_LISTED, OWNER_OPEN);
    let accept = ["--case", "case", "--accept", "access-limited=our staff travel"];
    assert_eq!(repair.judge(&accept).0, 0, "somebody answers for it");
    repair.change(ACCOUNTS, OWNER_OPEN, OWNER_LISTED);
    fs::remove_file(repair.path(JAIL)).unwrap();
    assert_eq!(repair.judge(&["--case", "case"]), (1, vec!["bans-match cannot-tell".to_owned()]));
}

#[test]
fn a_blocker_that_is_not_there_is_told_alike_before_and_after() {
    let repair = bruteforce();
    fs::remove_file(repair.path(JAIL)).unwrap();
    let of_run = || {
        assert_eq!(code(&repair.scratch.run(&["run", "after", "-o", "now", "-q"])), 0);
        let report = fs::read(repair.scratch.path().join("now/report.json")).unwrap();
        fs::remove_dir_all(repair.scratch.path().join("now")).unwrap();
        let report: Value = serde_json::from_slice(&report).unwrap();
        let judged = report["incidents"][0]["not_blocked"].as_array().unwrap();
        let blocker =
            judged.iter().find(|one| one["defence"] == "fail2ban").unwrap_or_else(|| panic!("{report}"));
        blocker["verdict"].as_str().unwrap().to_owned()
    };
    assert_eq!((of_run().as_str(), repair.state("bans-match").as_str()), ("not-checked", "cannot-tell"));
    repair.write("etc/passwd", "root:x:0:0:root:/root:/bin/bash\n");
    repair.write("usr/bin/env", "");
    assert_eq!((of_run().as_str(), repair.state("bans-match").as_str()), ("off", "open"));
}

/// Rules that let private networks in, and nobody else.
const RULES: &str = "table inet filter {\n chain input {\n  type filter hook input priority 0; policy drop;\n  ct state established,related accept\n  iif \"lo\" accept\n  ip saddr { 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 } accept\n }\n}\n";

#[test]
fn a_repaired_second_dial_tone_passes_and_each_hole_is_told_alone() {
    let Some(folder) = shared("evidence/asterisk-disa-voicemail/rootfs") else { return };
    let repair = Repair::of(&folder, &["cel-custom", "cdr-custom"]);
    let (plan, boxes) = ("etc/asterisk/extensions.conf", "etc/asterisk/voicemail.conf");
    let old = fs::read_to_string(repair.path(plan)).unwrap();
    let cut = |text: &str, from: &str, to: &str| {
        let (at, end) = (text.find(from).unwrap(), text.find(to).unwrap());
        format!("{}{}", &text[..at], &text[end..])
    };
    let new = cut(&cut(&old, "[disa]", "[disa-out]"), "[disa-out]", "[outbound]");
    let is_way_in = |line: &str| line.contains("Goto(disa,") || line.contains("?disa,");
    let new: Vec<&str> = new.lines().filter(|line| !is_way_in(line)).collect();
    repair.write(plan, &new.join("\n"));
    let text = fs::read_to_string(repair.path(boxes)).unwrap().replace("|dialout=vm-out", "");
    repair.write(boxes, &text.replace("305 => 305,", "305 => 82715046,"));
    assert_eq!(repair.judge(&["--case", "case"]), (0, vec![]));
    repair.reopened("secrets-guessable open", boxes, "305 => 82715046,", "305 => 305,");
    repair.reopened(
        "disa-weak-pin open",
        plan,
        "[from-internal]",
        "[disa]\nexten => 1,1,DISA(1234,from-internal)\n[from-trunk]\nexten => 7,1,Goto(disa,1,1)\n[from-internal]",
    );
    // A strong PIN may be one that the intruder knows: no case keeps it, so somebody has to answer for it.
    let strong = "[disa]\nexten => 1,1,DISA(82749163,from-internal)\n[from-internal]";
    repair.reopened("disa-pin-changed cannot-tell", plan, "[from-internal]", strong);
    repair.change(plan, "[from-internal]", strong);
    let accept = ["--case", "case", "--accept", "disa-pin-changed=new ones were handed out on Monday"];
    assert_eq!(repair.judge(&accept).0, 0);
    let before = repair.scratch.path().join("before").join(plan);
    fs::write(before, fs::read(repair.path(plan)).unwrap()).unwrap();
    assert_eq!(code(&repair.scratch.run(&["run", "before", "-o", "case", "-q"])), 0);
    assert_eq!(repair.judge(&["--case", "case"]).1, ["disa-pin-changed open"], "the same file as then");
}

/// Changes every place of a text in several files of the copy.
fn change_in(repair: &Repair, files: &[&str], from: &str, to: &str) {
    files.iter().for_each(|name| repair.change(name, from, to));
}

#[test]
fn a_repaired_freeswitch_passes_and_each_hole_is_told_alone() {
    let Some(folder) = shared("evidence/freeswitch-attack/rootfs") else { return };
    let repair = Repair::of(&folder, &["cdr-csv", "json_cdr", "xml_cdr"]);
    // Of the log only the end is needed, which is read in no time.
    let log = "var/log/freeswitch/freeswitch.log";
    let lines = String::from_utf8_lossy(&fs::read(repair.path(log)).unwrap()).into_owned();
    let end: Vec<&str> = lines.lines().rev().take(40).collect();
    repair.write(log, &end.into_iter().rev().map(|line| format!("{line}\n")).collect::<String>());
    let whole = "var/log/freeswitch/freeswitch.xml.fsxml";
    let socket = "etc/freeswitch/autoload_configs/event_socket.conf.xml";
    let external = "etc/freeswitch/sip_profiles/external.xml";
    let phone = "etc/freeswitch/directory/default/1007.xml";
    change_in(&repair, &[whole, socket], "\"listen-ip\" value=\"::\"", "\"listen-ip\" value=\"127.0.0.1\"");
    change_in(&repair, &[whole, socket], "ClueCon", &format!("c-{NEW_SECRET}"));
    let asks = "\"auth-calls\" value=\"true\"/>\n    <param name=\"log-auth-failures\" value=\"true\"/>";
    change_in(&repair, &[whole, external], "\"auth-calls\" value=\"false\"/>", asks);
    change_in(
        &repair,
        &[whole, phone],
        "\"password\" value=\"3978\"",
        &format!("\"password\" value=\"{NEW_SECRET}\""),
    );
    let stock = "<params>\n      <param name=\"password\" value=\"password\"/>";
    repair.change(whole, stock, &stock.replace("value=\"password\"", "value=\"q7-Wm93-kLx2-Rt8v\""));
    for number in 1000..1020 {
        let own = format!("etc/freeswitch/directory/default/{number}.xml");
        let (old, new) = (
            format!("\"vm-password\" value=\"{number}\""),
            format!("\"vm-password\" value=\"{}\"", number * 7919 + 41),
        );
        change_in(&repair, &[whole, &own], &old, &new);
    }
    repair.write("etc/nftables.conf", RULES);
    repair.write(JAIL, "");
    let records = shared("evidence/freeswitch-attack/rootfs/var/log/freeswitch/cdr-csv").unwrap();
    copy(&records, &repair.path("var/log/freeswitch/cdr-csv"), &[]);
    assert_eq!(repair.judge(&["--case", "case"]), (0, vec![]));
    repair.reopened(
        "secrets-taken open",
        whole,
        &format!("\"password\" value=\"{NEW_SECRET}\""),
        "\"password\" value=\"3978\"",
    );
    // FreeSWITCH itself lets in nobody else where no list is set: advised, and no reason to stay shut.
    repair.change(socket, "127.0.0.1", "::");
    assert_eq!(repair.judge(&["--case", "case"]), (0, vec![]));
    repair.reopened(
        "event-socket-listens-everywhere open",
        socket,
        "<!--<param name=\"apply-inbound-acl\" value=\"loopback.auto\"/>-->",
        "<param name=\"apply-inbound-acl\" value=\"any_v4.auto\"/>",
    );
    repair.change(socket, "::", "127.0.0.1");
    repair.reopened(
        "guest-calls-off open",
        external,
        "\"auth-calls\" value=\"true\"",
        "\"auth-calls\" value=\"false\"",
    );
}

#[test]
fn whoever_comes_back_is_seen_and_silence_must_be_in_the_evidence() {
    let repair = bruteforce();
    let day_after = ["--case", "case", "--clean-since", "2026-11-14 09:00"];
    let (status, shut) = repair.judge(&day_after);
    assert_eq!((status, shut), (1, vec!["no-new-sign cannot-tell".to_owned()]), "the logs end before that");
    let line = |at: &str, address: &str| {
        format!(
            "[2026-11-14 {at}] SECURITY[18672] res_security_log.c: SecurityEvent=\"SuccessfulAuth\",\
             EventTV=\"2026-11-14T{at}.250+0100\",Severity=\"Informational\",Service=\"SIP\",EventVersion=\"1\",\
             AccountID=\"101\",SessionID=\"0x7f1\",LocalAddress=\"IPV4/UDP/172.16.20.5/5060\",\
             RemoteAddress=\"IPV4/UDP/{address}/5060\",UsingPassword=\"1\"\n"
        )
    };
    repair.append("var/log/asterisk/security", &line("10:00:00", "172.16.20.31"));
    assert_eq!(repair.judge(&day_after), (0, vec![]));
    repair.append("var/log/asterisk/security", &line("10:02:00", "240.77.7.7"));
    for more in [&day_after[..], &["--case", "case"]] {
        let (status, shut) = repair.judge(more);
        assert_eq!(status, 1);
        assert!(shut.contains(&"no-new-sign open".to_owned()), "{shut:?}");
    }
}

#[test]
fn the_same_evidence_again_proves_nothing() {
    let repair = bruteforce();
    let output = repair.scratch.run(&["restore", "before", "--case", "case"]);
    let text = stdout(&output);
    assert_eq!(code(&output), 1);
    for told in [
        "Do not restore service yet: 5 gates do not hold.",
        "it is the same evidence",
        "[205] secret = ***",
        "tolltrace restore COPY-AFTER-REPAIR --case case",
    ] {
        assert!(text.contains(told), "{told}: {text}");
    }
    let output = repair.scratch.run(&["restore", "after", "--case", "case"]);
    assert_eq!(code(&output), 0);
    assert!(
        stdout(&output)
            .contains("tolltrace restore NEXT-DAYS-COPY --case case --clean-since 2026-11-13T09:45:38+01:00")
    );
}

#[test]
fn no_output_has_a_secret_and_a_case_keeps_none() {
    use std::os::unix::fs::PermissionsExt;
    let repair = bruteforce();
    let kept = repair.scratch.path().join("case/secrets.json");
    assert_eq!(fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
    let mut outputs = vec![fs::read_to_string(&kept).unwrap()];
    for format in ["text", "json", "markdown"] {
        for evidence in ["before", "after"] {
            let output =
                repair.scratch.run(&["restore", evidence, "--case", "case", "-v", "--format", format]);
            outputs.push(stdout(&output));
        }
    }
    for output in outputs {
        for secret in [NEW_SECRET, "verano2019", "k6be1679fQ9zP101!", "Xe8aVq0lT"] {
            assert!(!output.contains(secret), "{output}");
        }
    }
}

#[test]
fn a_case_that_was_changed_or_is_none_is_refused() {
    let repair = bruteforce();
    let case = repair.scratch.path().join("case");
    let report = fs::read(case.join("report.json")).unwrap();
    let manifest = fs::read_to_string(case.join("manifest.json")).unwrap();
    let refused = |why: &str| {
        let output = repair.scratch.run(&["restore", "after", "--case", "case"]);
        let error = stderr(&output);
        assert_eq!((code(&output), stdout(&output).as_str()), (2, ""), "{why}: {error}");
        assert!(error.contains(why) && error.contains("\n\nhint: "), "{why}: {error}");
    };
    let text = String::from_utf8(report.clone()).unwrap();
    fs::write(case.join("report.json"), text.replacen("240.77.7.7", "240.77.7.8", 1)).unwrap();
    refused("was changed after the case was written");
    fs::write(case.join("report.json"), &report[..report.len() / 2]).unwrap();
    refused("was changed after the case was written");
    fs::write(case.join("report.json"), &report).unwrap();
    for (from, to) in [("tolltrace.manifest/1", "tolltrace.manifest/9"), ("\"files\"", "\"flies\"")] {
        fs::write(case.join("manifest.json"), manifest.replacen(from, to, 1)).unwrap();
        refused("manifest.json: ");
    }
    for hostile in ["", "[", "null", "{}", "{\"schema\": 1}", "\u{0}", &"[".repeat(100_000)] {
        fs::write(case.join("manifest.json"), hostile).unwrap();
        refused("manifest.json: ");
    }
    fs::write(case.join("manifest.json"), &manifest).unwrap();
    fs::remove_file(case.join("report.json")).unwrap();
    refused("report.json: No such file");
    std::os::unix::fs::symlink("/dev/zero", case.join("report.json")).unwrap();
    refused("report.json: ");
    fs::remove_file(case.join("report.json")).unwrap();
    fs::create_dir(case.join("report.json")).unwrap();
    refused("report.json: ");
    fs::remove_dir(case.join("report.json")).unwrap();
    fs::write(case.join("report.json"), &report).unwrap();
    fs::remove_file(case.join("secrets.json")).unwrap();
    refused("secrets.json: No such file");
}

/// Signs a changed report anew, as whoever wants to deceive would.
fn forge(case: &Path, change: impl Fn(&mut Value)) {
    use sha2::Digest;
    let mut report: Value = serde_json::from_slice(&fs::read(case.join("report.json")).unwrap()).unwrap();
    change(&mut report);
    let bytes = serde_json::to_vec(&report).unwrap();
    fs::write(case.join("report.json"), &bytes).unwrap();
    let hash: String = sha2::Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let mut manifest: Value = serde_json::from_slice(&fs::read(case.join("manifest.json")).unwrap()).unwrap();
    for file in manifest["files"].as_array_mut().unwrap() {
        if file["path"] == "report.json" {
            file["sha256"] = hash.as_str().into();
        }
    }
    fs::write(case.join("manifest.json"), serde_json::to_vec(&manifest).unwrap()).unwrap();
}

#[test]
fn words_of_a_forged_case_act_on_no_output() {
    let repair = bruteforce();
    let case = repair.scratch.path().join("case");
    let hostile = "\u{1b}[2J`$(reboot)`|<script>x</script>\u{202e}";
    forge(&case, |report| {
        report["incidents"][0]["accounts"][0]["name"] = hostile.into();
        report["incidents"][0]["entry"]["vector"] = hostile.into();
        report["incidents"][0]["routes"][0]["context"] = hostile.into();
        let finding = serde_json::json!({ "id": hostile, "severity": "critical", "subject": hostile,
            "title": hostile, "detail": "", "remedy": "", "attack": [], "evidence": [] });
        let mut known = finding.clone();
        known["id"] = "web-shell".into();
        let mut other = finding.clone();
        other["id"] = "some-hole".into();
        report["findings"].as_array_mut().unwrap().extend([finding, known, other]);
    });
    for format in ["text", "markdown"] {
        let output = repair.scratch.run(&["restore", "after", "--case", "case", "--format", format]);
        let text = stdout(&output);
        assert_eq!(code(&output), 1, "{text}");
        assert!(text.contains("reboot") && !text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text}");
        assert!(format == "text" || !text.contains("<script>x"), "{text}");
    }
    forge(&case, |report| report["incidents"][0]["sources"][0]["address"] = "nowhere".into());
    let output = repair.scratch.run(&["restore", "after", "--case", "case"]);
    assert_eq!(code(&output), 2);
}

#[test]
fn phone_files_must_be_out_of_reach_and_their_secrets_new() {
    let Some(folder) = shared("evidence/asterisk-stolen-credential/rootfs") else { return };
    let repair = Repair::of(&folder, &["cel-custom"]);
    let (status, shut) = repair.judge(&["--case", "case"]);
    let wanted = [
        "access-limited open",
        "provisioning-closed open",
        "secrets-handed-out open",
        "secrets-taken open",
        "evidence-newer cannot-tell",
    ];
    assert_eq!((status, shut), (1, wanted.map(str::to_owned).to_vec()));
    let (server, phone) = ("etc/asterisk/pjsip.conf", "srv/tftp/0015654a1c45.cfg");
    repair.change(server, "password=5gcBtanqphzjrY6V", &format!("password={NEW_SECRET}"));
    repair.change(phone, "password = 5gcBtanqphzjrY6V", &format!("password = {NEW_SECRET}"));
    // One's own networks speak SIP and fetch files; who else does is dropped.
    let rules = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n\
        -A INPUT -i lo -j ACCEPT\n-A INPUT -s 172.20.8.0/24 -j ACCEPT\n-A INPUT -s 240.201.4.20/32 -p udp -m udp --dport 5060 -j ACCEPT\nCOMMIT\n";
    repair.write("etc/iptables/rules.v4", rules);
    // The files of all phones lay where strangers could fetch them, not only the one that was.
    assert_eq!(repair.judge(&["--case", "case"]), (1, vec!["secrets-handed-out open".to_owned()]));
    repair.change_secrets_of_phones(server, "srv/tftp");
    assert_eq!(repair.judge(&["--case", "case"]), (0, vec![]));
    let new = format!("password={NEW_SECRET}");
    repair.reopened("secrets-taken open", server, &new, "password=5gcBtanqphzjrY6V");
    let open = "-A INPUT -i lo -j ACCEPT\n-A INPUT -p udp -m udp --dport 69 -j ACCEPT";
    repair.change("etc/iptables/rules.v4", "-A INPUT -i lo -j ACCEPT", open);
    let (status, shut) = repair.judge(&["--case", "case"]);
    assert_eq!(status, 1);
    assert!(shut.contains(&"provisioning-closed open".to_owned()), "{shut:?}");
    assert!(!shut.iter().any(|gate| gate.starts_with("access-limited")), "{shut:?}");
}

#[test]
fn secrets_of_a_downloaded_copy_must_be_new_and_the_copy_be_gone() {
    let Some(folder) = shared("evidence/asterisk-trunk-credential/rootfs") else { return };
    let repair = Repair::of(&folder, &["cel-custom", "full"]);
    let (server, copies) = ("etc/asterisk/pjsip.conf", "var/www/html/backup");
    let old = fs::read_to_string(repair.path(server)).unwrap();
    let is_secret = |line: &str| line.starts_with("password=");
    let renewed = |(number, line): (usize, &str)| match is_secret(line) {
        true => format!("password={number}-{NEW_SECRET}\n"),
        false => format!("{line}\n"),
    };
    let new: String = old.lines().enumerate().map(renewed).collect();
    repair.write(server, &new);
    assert_eq!(repair.judge(&["--case", "case"]), (1, vec!["copies-gone open".to_owned()]));
    fs::remove_dir_all(repair.path(copies)).unwrap();
    assert_eq!(repair.judge(&["--case", "case"]), (0, vec![]));
    let pairs = || old.lines().zip(new.lines()).filter(|(line, _)| is_secret(line));
    let (was, is) = pairs().next().unwrap();
    repair.reopened("secrets-of-trunks open", server, is, was);
    let (was, is) = pairs().last().unwrap();
    repair.reopened("secrets-of-accounts open", server, is, was);
}

/// Makes the case of a server that was broken into by the web, and copies it, without some folders.
pub(crate) fn by_the_web(without: &[&str]) -> Option<Repair> {
    let folder = shared("evidence/host-web-exploit")?;
    let unpacked = Scratch::new();
    let packed = fs::File::open(folder.join("rootfs.tar.gz")).unwrap();
    tar::Archive::new(flate2::read::GzDecoder::new(packed)).unpack(unpacked.path()).unwrap();
    let root = unpacked.path().join("rootfs");
    without.iter().for_each(|folder| fs::remove_dir_all(root.join(folder)).unwrap());
    Some(Repair::of(&root, &[]))
}

#[test]
fn what_a_web_intruder_left_must_be_gone_and_the_place_be_there() {
    // The database takes most of the time, and no gate here asks for it.
    let Some(repair) = by_the_web(&["var/lib/mysql", "var/backups/mysql"]) else { return };
    let state = |id: &str| repair.state(id);
    for id in ["pages-gone", "jobs-gone", "keys-and-users-known", "dialplan-clean"] {
        assert_eq!(state(id), "open", "{id}");
    }
    for name in ["var/www/html/modular.php", "var/www/html/.clean.sh", "home/asterisk/.ssh/authorized_keys"] {
        fs::remove_file(repair.path(name)).unwrap();
    }
    let (status, shut) = repair.judge(&["--case", "case"]);
    assert_eq!(status, 1);
    assert_eq!(state("pages-gone"), "closed", "{shut:?}");
    assert_eq!(state("keys-and-users-known"), "closed", "{shut:?}");
    assert_eq!(state("jobs-gone"), "open", "{shut:?}");
    // Where the place itself was not copied, nothing is known of it.
    fs::remove_dir_all(repair.path("var/www")).unwrap();
    fs::remove_dir_all(repair.path("usr")).unwrap();
    fs::remove_dir_all(repair.path("home")).unwrap();
    assert_eq!(state("pages-gone"), "cannot-tell");
    assert_eq!(state("keys-and-users-known"), "cannot-tell");
}

#[test]
fn what_stands_where_nobody_looked_is_not_gone() {
    let repair = bruteforce();
    let accounts = fs::read_to_string(repair.path(ACCOUNTS)).unwrap();
    let (before, rest) = accounts.split_once("[205]\n").unwrap();
    let (taken, after) = rest.split_once("\n[").unwrap();
    repair.write(ACCOUNTS, &format!("{before}\n[{after}\n#include elsewhere.conf\n"));
    let wanted = ["guest-calls-off cannot-tell", "secrets-taken cannot-tell"].map(str::to_owned).to_vec();
    assert_eq!(repair.judge(&["--case", "case"]), (1, wanted.clone()), "the file is not there");
    repair.write("etc/asterisk/elsewhere.conf", &format!("[205]\n{taken}\n"));
    assert_eq!(repair.judge(&["--case", "case"]), (0, vec![]), "it is there now");
    repair.write("etc/asterisk/elsewhere.conf", &format!("[205]\n{taken}\n\0\0"));
    assert_eq!(repair.judge(&["--case", "case"]), (1, wanted), "it is no text that anybody reads");
    repair.write(ACCOUNTS, &format!("{before}\n[{after}\n"));
    fs::remove_file(repair.path("etc/asterisk/elsewhere.conf")).unwrap();
    repair.write("etc/asterisk/sip_custom_post.conf", "");
    assert_eq!(repair.judge(&["--case", "case"]), (0, vec![]), "the account was taken away");
}

#[test]
fn a_list_that_lets_half_the_world_in_limits_nothing() {
    let repair = bruteforce();
    repair.reopened("access-limited open", ACCOUNTS, OWNER_LISTED, "dial=SIP/205\npermit=0.0.0.0/1");
}

#[test]
fn a_log_that_only_its_last_line_keeps_alive_is_no_silence() {
    let repair = bruteforce();
    let later = ["--case", "case", "--clean-since", "2026-11-14 09:00"];
    let loaded = "[2026-11-16 10:00:00] NOTICE[1] loader.c: 250 modules will be loaded.\n";
    repair.append("var/log/asterisk/messages", loaded);
    assert_eq!(repair.judge(&later), (1, vec!["no-new-sign cannot-tell".to_owned()]));
}

#[test]
fn the_rules_that_contain_writes_close_what_they_are_for_and_open_nothing() {
    let repair = bruteforce();
    repair.change(ACCOUNTS, OWNER_LISTED, OWNER_OPEN);
    assert_eq!(repair.judge(&["--case", "case"]), (1, vec!["access-limited open".to_owned()]));
    let rules = repair.scratch.path().join("case/contain/sip-only-from-known.nft");
    repair.write("etc/nftables.conf", &fs::read_to_string(rules).unwrap());
    assert_eq!(repair.judge(&["--case", "case"]), (0, vec![]), "the manager listens to the host itself only");
    let report = repair.scratch.run(&["run", "after", "-o", "again", "-q"]);
    assert_eq!(code(&report), 0);
    let report = fs::read_to_string(repair.scratch.path().join("again/report.json")).unwrap();
    let report: Value = serde_json::from_str(&report).unwrap();
    let found = |id: &str| report["findings"].as_array().unwrap().iter().any(|finding| finding["id"] == id);
    assert!(!found("sip-open-to-all") && !found("manager-open-to-all"));
}

#[test]
fn a_case_of_another_server_or_one_to_be_shared_settles_nothing() {
    let repair = bruteforce();
    let text = fs::read_to_string(repair.path(ACCOUNTS)).unwrap();
    let other = regex::Regex::new(r"(?m)^\[(\d+)\]").unwrap().replace_all(&text, "[9$1]").into_owned();
    repair.write(ACCOUNTS, &other);
    let (status, shut) = repair.judge(&["--case", "case"]);
    assert_eq!(status, 1);
    assert!(shut.contains(&"evidence-newer cannot-tell".to_owned()), "{shut:?}");
    assert_eq!(code(&repair.scratch.run(&["run", "before", "-o", "shared", "--redact", "-q"])), 0);
    let output = repair.scratch.run(&["restore", "after", "--case", "shared"]);
    assert_eq!((code(&output), stderr(&output).contains("pseudonyms")), (2, true), "{}", stderr(&output));
    let output = repair.scratch.run(&["restore", "after", "--case", "nowhere"]);
    assert!(stderr(&output).contains("nowhere: no case"), "{}", stderr(&output));
    let output = repair.scratch.run(&["restore", "after", "--accept", "secrets-take=known"]);
    assert_eq!((code(&output), stderr(&output).contains("secrets-taken is")), (2, true));
    let output = repair.scratch.run(&["restore", "after", "--accept", "traces-removed=our own clean-up"]);
    assert_ne!(code(&output), 2, "a rule of a playbook is a gate too: {}", stderr(&output));
}

#[test]
fn silence_of_which_no_log_tells_is_none() {
    let repair = bruteforce();
    for name in ["security", "messages", "full"] {
        let _ = fs::remove_file(repair.path(&format!("var/log/asterisk/{name}")));
    }
    repair.write(
        "var/log/asterisk/messages",
        "[2026-11-15 10:00:00] NOTICE[18672] chan_sip.c: Peer '101' is now UNREACHABLE!  Last qualify: 9\n",
    );
    let (status, shut) = repair.judge(&["--case", "case", "--clean-since", "2026-11-14 09:00"]);
    assert_eq!(status, 1);
    assert!(shut.contains(&"no-new-sign cannot-tell".to_owned()), "{shut:?}");
}

#[test]
fn the_steps_of_the_playbook_follow_the_gates() {
    let repair = bruteforce();
    let states = |repair: &Repair| -> std::collections::BTreeMap<String, String> {
        let output = repair.scratch.run(&["restore", "after", "--case", "case", "--format", "json"]);
        let told: Value = serde_json::from_str(&stdout(&output)).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let steps = told["steps"].as_array().unwrap().iter();
        steps.map(|step| (text(&step["id"]), text(&step["state"]))).collect()
    };
    let now = states(&repair);
    for step in ["secrets-new", "way-in-closed", "doors-closed", "defences-work", "logging-on"] {
        assert_eq!(now[step], "done", "{step}: {now:?}");
    }
    repair.change(GENERAL, "allowguest=no", "allowguest=yes");
    let now = states(&repair);
    assert_eq!((now["doors-closed"].as_str(), now["secrets-new"].as_str()), ("to-do", "done"), "{now:?}");
}
