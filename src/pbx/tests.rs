//! The whole of `read` on configurations in memory, and on trees that lie beside the project.

use std::path::{Path, PathBuf};

use super::*;
use crate::evidence::{Evidence, MemoryFile, Root};

/// Reads files that are given as path and text.
pub(super) fn read_texts(files: &[(&str, &str)]) -> Pbx {
    let files: Vec<(&str, &[u8])> = files.iter().map(|(path, text)| (*path, text.as_bytes())).collect();
    read_files(&files)
}

/// Reads files that are given as path and bytes.
fn read_files(files: &[(&str, &[u8])]) -> Pbx {
    let files: Vec<MemoryFile> = files
        .iter()
        .map(|(path, bytes)| MemoryFile {
            path: Box::leak((*path).to_owned().into_boxed_str()),
            bytes: Box::leak(bytes.to_vec().into_boxed_slice()),
            is_link: false,
        })
        .collect();
    read(&Evidence::from_roots(
        vec!["memory".into()],
        vec![Root::Memory(Box::leak(files.into_boxed_slice()))],
    ))
}

pub(super) fn shared(path: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared").join(path);
    if !path.exists() {
        eprintln!("passed over: {} is not there", path.display());
        return None;
    }
    Some(path)
}

fn read_folder(path: &Path) -> Pbx {
    read(&Evidence::gather(&[path.to_owned()]).unwrap())
}

fn names<'a>(names: impl Iterator<Item = &'a String>) -> Vec<&'a str> {
    names.map(String::as_str).collect()
}

/// Returns all text that a report could show.
fn all_text(pbx: &Pbx) -> String {
    let mut places: Vec<&crate::event::Citation> = Vec::new();
    places.extend(pbx.accounts.iter().map(|held| &held.place));
    places.extend(pbx.trunks.iter().map(|held| &held.place));
    places.extend(pbx.manager_users.iter().map(|held| &held.place));
    places.extend(pbx.bindings.iter().map(|held| &held.place));
    places.extend(pbx.phone_files.iter().flat_map(|file| &file.accounts).map(|held| &held.place));
    let cited: String = places.iter().map(|place| String::from_utf8_lossy(&place.text)).collect();
    format!("{pbx:?}{cited}")
}

/// Returns the values of all settings that are named after a secret, below a folder.
fn secrets_below(folder: &Path, secrets: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap().filter_map(Result::ok) {
        let path = entry.path();
        if entry.file_type().unwrap().is_dir() {
            secrets_below(&path, secrets);
        } else if let Ok(text) = std::fs::read_to_string(&path).map_err(|_| ()) {
            let settings = text.lines().filter_map(|line| line.split_once('='));
            let hidden = settings
                .filter(|(name, _)| ["secret", "password"].iter().any(|word| name.trim().ends_with(word)));
            secrets.extend(hidden.map(|(_, value)| value.trim().to_owned()).filter(|value| value.len() > 5));
        }
    }
}

const SIP: &[u8] = b"[general]\ncontext=from-sip-external\nallowguest=yes\nudpbindaddr=192.0.2.5:5060\n\
register => 900:hidden@carrier.example/900\n#include peers.d/*.conf\n#exec /bin/true\n\
[phone](!)\ntype=friend\nhost=dynamic\ncontext=from-internal\ndeny=0.0.0.0/0.0.0.0\npermit=10.0.0.0/255.0.0.0\n\
[101](phone)\nsecret=101\ncallerid=\"Front\" <101>\n[102](phone)\nsecret=kT9vwQ2mZp4r\n[carrier]\ntype=peer\nhost=198.51.100.9\n\
context=from-trunk\n[101](+)\npermit=0.0.0.0/0.0.0.0\n";

#[test]
fn sip_accounts_trunks_and_guests_are_told_apart() {
    let pbx = read_files(&[
        ("etc/asterisk/sip.conf", SIP),
        ("etc/asterisk/peers.d/one.conf", b"[103]\ntype=friend\nhost=dynamic\nsecret=1234\n"),
        ("backup/sip.conf", b"[old]\ntype=friend\nhost=dynamic\nsecret=x\n"),
    ]);
    assert_eq!(names(pbx.accounts.iter().map(|account| &account.name)), ["101", "102", "103"]);
    assert_eq!(names(pbx.trunks.iter().map(|trunk| &trunk.name)), ["900@carrier.example", "carrier"]);
    let strengths: Vec<_> = pbx.accounts.iter().map(|account| account.secret).collect();
    let wanted = [SecretStrength::Default, SecretStrength::Fair, SecretStrength::Default].map(Some);
    assert_eq!(strengths, wanted);
    assert_eq!(pbx.accounts[0].display_name.as_deref(), Some("Front"));
    assert!(pbx.accounts[0].permit.is_empty());
    assert_eq!(pbx.accounts[1].permit, ["10.0.0.0/8".parse().unwrap()]);
    assert_eq!(&*pbx.accounts[1].place.text, b"[102](phone)");
    assert_eq!(pbx.allow_guest, Some(true));
    assert_eq!(pbx.guest_contexts, ["from-sip-external"]);
    assert_eq!(pbx.own_addresses, ["192.0.2.5".parse::<std::net::IpAddr>().unwrap()]);
    assert!(pbx.problems.iter().any(|problem| problem.what.contains("#exec")));
    assert!(!all_text(&pbx).contains("hidden"));
}

const PJSIP: &[u8] = b"[udp]\ntype=transport\nbind=192.0.2.5\n[carrier]\ntype=endpoint\naors=carrier\ncontext=from-trunk\n\
[carrier]\ntype=aor\ncontact=sip:198.51.100.9:5060\n[301]\ntype=endpoint\nauth=301-auth\naors=301\ncontext=from-internal\n\
[301]\ntype=aor\nmax_contacts=1\n[301-auth]\ntype=auth\nusername=desk301\npassword=Zx81#Spectrum\n\
[anonymous]\ntype=endpoint\ncontext=public\n[gw]\ntype=endpoint\noutbound_auth=gw\n[gw]\ntype=registration\noutbound_auth=gw\n\
server_uri=sip:gw.example:5061\n[peer]\ntype=endpoint\ncontext=in\n[x]\ntype=identify\nendpoint=peer\nmatch=203.0.113.0/24,host.example\n";

#[test]
fn pjsip_objects_are_joined() {
    let phone =
        b"account.1.user_name = 301\naccount.1.auth_name = desk301\naccount.1.password = Zx81#Spectrum\n";
    let pbx = read_files(&[("etc/asterisk/pjsip.conf", PJSIP), ("srv/tftp/001565aabbcc.cfg", phone)]);
    assert_eq!(names(pbx.accounts.iter().map(|account| &account.name)), ["301"]);
    assert_eq!(pbx.accounts[0].auth_name.as_deref(), Some("desk301"));
    assert_eq!(pbx.accounts[0].secret, Some(SecretStrength::Fair));
    assert_eq!(names(pbx.trunks.iter().map(|trunk| &trunk.name)), ["carrier", "gw", "peer"]);
    assert_eq!(pbx.trunks[1].hosts, ["gw.example"]);
    assert_eq!(pbx.trunks[2].networks, ["203.0.113.0/24".parse().unwrap()]);
    assert_eq!(
        (pbx.allow_guest, pbx.guest_contexts.as_slice()),
        (Some(true), ["public".to_owned()].as_slice())
    );
    let file = pbx.phone_files.first().unwrap();
    assert_eq!((file.vendor, file.accounts[0].secret_is_live), ("yealink", Some(true)));
    assert!(!all_text(&pbx).contains("Spectrum"));
}

#[test]
fn split_files_are_read_where_the_top_is_missing() {
    let pbx = read_files(&[
        ("copy/sip_additional.conf", b"[201]\ntype=friend\nhost=dynamic\nsecret=abc\n"),
        ("copy/logger_general_additional.conf", b"dateformat=%F %T\n"),
        (
            "copy/logger_logfiles_additional.conf",
            b"full => notice,verbose(3)\nconsole => error\nj => [json]security\n",
        ),
        (
            "copy/manager_additional.conf",
            b"[web]\nsecret=amp111\ndeny=0.0.0.0/0\npermit=127.0.0.1\nwrite=call,originate\n",
        ),
    ]);
    assert_eq!(names(pbx.accounts.iter().map(|account| &account.name)), ["201"]);
    let logger = pbx.logger.unwrap();
    assert_eq!(logger.date_format.as_deref(), Some("%F %T"));
    assert_eq!(names(logger.channels.iter().map(|channel| &channel.file)), ["full", "j"]);
    let user = &pbx.manager_users[0];
    assert_eq!(
        (user.secret, user.can_originate, user.permit.len()),
        (Some(SecretStrength::Default), true, 1)
    );
}

#[test]
fn includes_that_go_round_and_missing_ones_are_told() {
    let pbx = read_files(&[
        ("etc/asterisk/sip.conf", b"[general]\n#include a.conf\n#include gone.conf\n#tryinclude too.conf\n"),
        ("etc/asterisk/a.conf", b"#include \"/etc/asterisk/sip.conf\"\nbindaddr=192.0.2.1\n"),
    ]);
    let told: Vec<&str> = pbx.problems.iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(told, ["etc/asterisk/a.conf:1", "etc/asterisk/sip.conf:3"]);
    assert!(pbx.problems[1].what.ends_with(": gone.conf"));
    assert_eq!(pbx.own_addresses.len(), 1);
}

#[test]
fn a_secret_that_many_share_is_weak() {
    let sections = |count: usize| -> String {
        (0..count)
            .map(|index| format!("[{}]\ntype=friend\nhost=dynamic\nsecret=kT9vwQ2mZp4r\n", 100 + index))
            .collect()
    };
    let strength =
        |count| read_files(&[("etc/asterisk/sip.conf", sections(count).as_bytes())]).accounts[0].secret;
    assert_eq!(strength(2), Some(SecretStrength::Fair));
    assert_eq!(strength(5), Some(SecretStrength::Weak));
}

#[test]
fn links_are_followed_inside_the_evidence() {
    let files: &'static [MemoryFile] = &[
        MemoryFile {
            path: "etc/asterisk/sip.conf",
            bytes: b"/var/www/html/admin/modules/core/etc/sip.conf",
            is_link: true,
        },
        MemoryFile {
            path: "etc/asterisk/sip_additional.conf",
            bytes: b"[7]\ntype=friend\nhost=dynamic\n",
            is_link: false,
        },
        MemoryFile { path: "etc/asterisk/loop.conf", bytes: b"loop.conf", is_link: true },
        MemoryFile { path: "etc/asterisk/out.conf", bytes: b"../../../out.conf", is_link: true },
        MemoryFile {
            path: "var/www/html/admin/modules/core/etc/sip.conf",
            bytes: b"[general]\ncontext=outside\n#include sip_additional.conf\n",
            is_link: false,
        },
    ];
    let pbx = read(&Evidence::from_roots(vec!["memory".into()], vec![Root::Memory(files)]));
    assert_eq!(names(pbx.accounts.iter().map(|account| &account.name)), ["7"]);
    assert_eq!(pbx.guest_contexts, ["outside"]);
}

#[test]
fn a_bomb_of_templates_is_put_out() {
    let mut text = String::from("[t0](!)\na=bbbbbbbbbbbbbbbb\n");
    for level in 1..60 {
        text.push_str(&format!("[t{level}](!,t{0},t{0})\na+=bbbb\n", level - 1));
    }
    let pbx = read_files(&[("etc/asterisk/sip.conf", text.as_bytes())]);
    assert!(pbx.problems.iter().any(|problem| problem.what.contains("not inherited")));
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(48))]
    #[test]
    fn any_bytes_in_any_file_are_read(
        noise in proptest::collection::vec(proptest::num::u8::ANY, 0..80),
        at in 0_usize..400,
        length in 0_usize..40,
    ) {
        let mut files = Vec::new();
        for (name, text) in [("sip", SIP), ("pjsip", PJSIP), ("iax", SIP), ("users", SIP), ("manager", SIP), ("logger", SIP),
            ("cdr_custom", SIP), ("cel_custom", PJSIP), ("pjsip_wizard", PJSIP), ("modules", SIP), ("acl", SIP)] {
            let mut bytes = b"[general]\na=b\n".to_vec();
            bytes.extend_from_slice(text);
            let from = at.min(bytes.len());
            let to = (from + length).min(bytes.len());
            bytes.splice(from..to, noise.iter().copied().filter(|byte| *byte != 0));
            files.push((format!("etc/asterisk/{name}.conf"), bytes));
        }
        let files: Vec<(&str, &[u8])> = files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect();
        let _ = read_files(&files);
    }
}

#[test]
fn staged_servers_are_read() {
    let Some(folder) = shared("evidence") else { return };
    let mut scenarios: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    scenarios.sort();
    for scenario in scenarios {
        let root = scenario.join("rootfs");
        if !root.join("etc/asterisk").is_dir() {
            continue;
        }
        let pbx = read_folder(&root);
        assert!(!pbx.accounts.is_empty(), "{}", scenario.display());
        assert!(pbx.logger.is_some(), "{}", scenario.display());
        let mut secrets = Vec::new();
        for folder in ["etc/asterisk", "tftpboot", "srv/tftp"].map(|folder| root.join(folder)) {
            if folder.is_dir() {
                secrets_below(&folder, &mut secrets);
            }
        }
        let text = all_text(&pbx);
        assert!(
            !secrets.is_empty() && secrets.iter().all(|secret| !text.contains(secret)),
            "{}",
            scenario.display()
        );
        if std::env::var_os("SHOW").is_some() {
            show(&scenario, &pbx);
        }
    }
}

/// `expected-secrets.jsonl` beside a tree classes each secret, without templates and includes.
#[test]
fn published_trees_agree_on_weak_secrets() {
    let Some(folder) = shared("corpora/trees") else { return };
    let mut trees: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    trees.sort();
    let mut compared = 0;
    for tree in trees.iter().filter(|path| path.is_dir()) {
        let pbx = read_folder(tree);
        if std::env::var_os("SHOW").is_some() {
            show(tree, &pbx);
        }
        let Ok(expected) = std::fs::read_to_string(tree.join("expected-secrets.jsonl")) else { continue };
        for line in expected.lines() {
            let row: serde_json::Value = serde_json::from_str(line).unwrap();
            let text = |name: &str| row[name].as_str().unwrap_or_default();
            let yes = |name: &str| row[name].as_bool().unwrap_or_default();
            let file = text("file");
            let is_sip = ["sip.conf", "sip_additional.conf", "sip_custom.conf"]
                .iter()
                .any(|name| file.ends_with(name));
            let mut named = pbx.accounts.iter().filter(|account| account.name == text("section"));
            let (Some(account), None, true) =
                (named.next(), named.next(), is_sip && !file.contains("backup"))
            else {
                continue;
            };
            compared += 1;
            let wanted = if yes("equals_section") || yes("known_default") {
                SecretStrength::Default
            } else if row["len"].as_u64().unwrap_or_default() < 8 || yes("numeric") {
                SecretStrength::Weak
            } else {
                SecretStrength::Fair
            };
            let held = account.secret.unwrap();
            assert!(held <= wanted, "{}: {line} is {held:?}", tree.display());
        }
    }
    eprintln!("{compared} secrets compared");
}

/// `EXPECTED.md` beside the file says what Asterisk makes of it.
#[test]
fn the_torture_file_is_read_as_asterisk_reads_it() {
    let Some(folder) = shared("corpora/syntax-torture") else { return };
    let bytes = |name: &str| std::fs::read(folder.join(name)).unwrap();
    let torture = bytes("torture.conf");
    let torture_inc = bytes("torture_inc.conf");
    let torture_glob = bytes("torture_glob_a.conf");
    let files: &[(&str, &[u8])] = &[
        ("etc/asterisk/sip.conf", &torture),
        ("etc/asterisk/torture_inc.conf", &torture_inc),
        ("etc/asterisk/torture_glob_a.conf", &torture_glob),
    ];
    let pbx = read_files(files);
    let accounts: Vec<_> =
        pbx.accounts.iter().map(|account| (account.name.as_str(), account.secret_weakness)).collect();
    // `[dup]` has no host: `chan_sip` takes it for a peer that may register.
    assert_eq!(accounts.first(), Some(&("1001", Some("the same as its name"))));
    assert_eq!(names(pbx.accounts.iter().map(|account| &account.name)), ["1001", "1002", "1003", "dup"]);
    assert!(pbx.accounts[0].permit.is_empty());
    assert_eq!(pbx.accounts[1].permit.len(), 1);
    assert_eq!(pbx.guest_contexts, ["public"]);
    assert_eq!(pbx.own_addresses, ["203.0.113.1".parse::<std::net::IpAddr>().unwrap()]);
    let told = |what: &str| pbx.problems.iter().filter(|problem| problem.what.contains(what)).count();
    assert_eq!((told("#exec"), told("ends nowhere")), (2, 1));
    assert!(!format!("{pbx:?}").contains("must-not-be-seen"));
}

fn show(path: &Path, pbx: &Pbx) {
    eprintln!("== {}", path.display());
    for account in &pbx.accounts {
        eprintln!(
            "  account {} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
            account.name,
            account.technology,
            account.context,
            account.auth_name,
            account.display_name,
            account.secret,
            account.secret_weakness,
            account.permit,
            String::from_utf8_lossy(&account.place.text)
        );
    }
    for trunk in &pbx.trunks {
        eprintln!(
            "  trunk {} {:?} {:?} {:?} {:?}",
            trunk.name, trunk.technology, trunk.networks, trunk.hosts, trunk.context
        );
    }
    for user in &pbx.manager_users {
        eprintln!("  manager {} {:?} {:?} {}", user.name, user.permit, user.secret, user.can_originate);
    }
    for file in &pbx.phone_files {
        eprintln!("  phone {} {}", file.path, file.vendor);
        for account in &file.accounts {
            eprintln!(
                "     {} {:?} line {} {:?}",
                account.name,
                account.secret_is_live,
                account.place.place.line,
                String::from_utf8_lossy(&account.place.text)
            );
        }
    }
    for binding in &pbx.bindings {
        eprintln!(
            "  binding {} {:?}:{:?} {:?} {:?}",
            binding.account, binding.address, binding.port, binding.user_agent, binding.expires
        );
    }
    eprintln!(
        "  guest {:?} {:?} own {:?} name {:?} manager {:?}",
        pbx.allow_guest, pbx.guest_contexts, pbx.own_addresses, pbx.system_name, pbx.manager_enabled
    );
    eprintln!("  logger {:?}", pbx.logger.as_ref().map(|logger| (&logger.date_format, &logger.channels)));
    eprintln!("  records {:?}", pbx.call_records);
    for problem in &pbx.problems {
        eprintln!("  problem {}: {}", problem.path, problem.what);
    }
}

#[test]
fn accounts_of_published_dumps_are_known() {
    let Some(file) = shared("corpora/config-samples/sql/realtime_ps_mysqldump80.sql") else { return };
    let pbx = read_folder(&file);
    assert_eq!(names(pbx.accounts.iter().map(|held| &held.name)), ["200", "300", "400"]);
    assert_eq!(names(pbx.trunks.iter().map(|held| &held.name)), ["015158000"]);
    assert!(pbx.accounts.iter().all(|held| held.context.as_deref() == Some("internal")));
    assert!(!all_text(&pbx).contains("test$098z"));
}

#[test]
fn accounts_of_a_panels_dump_are_known() {
    let Some(file) = shared("databases/innodb-clean-stop/asterisk.sql.gz") else { return };
    let pbx = read_folder(&file);
    let wanted = ["301", "302", "303", "304", "305", "306", "307", "308"];
    assert_eq!(names(pbx.accounts.iter().map(|held| &held.name)), wanted);
    assert!(pbx.accounts.iter().all(|held| held.secret == Some(SecretStrength::Fair)));
    assert_eq!(names(pbx.trunks.iter().map(|held| &held.name)), ["carrier"]);
    assert_eq!(names(pbx.manager_users.iter().map(|held| &held.name)), ["cxpanel", "firewall"]);
    assert!(!all_text(&pbx).contains("cxmanager"));
}
