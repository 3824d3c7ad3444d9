//! Phone files that others publish, beside the accounts that a phone would log in with.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use tolltrace::evidence::Evidence;
use tolltrace::pbx::{Pbx, PhoneFile, read};

use crate::scratch::Scratch;
use crate::support::shared;

fn read_folder(folder: &Path) -> Pbx {
    read(&Evidence::gather(&[folder.to_owned()]).unwrap())
}

fn accounts(file: &PhoneFile) -> Vec<&str> {
    file.accounts.iter().map(|held| held.name.as_str()).collect()
}

/// `expected.tsv` lists the rendered files; a row without an account is a common file without a secret.
#[test]
fn published_phone_files_give_their_accounts() {
    let Some(folder) = shared("corpora/provisioning") else { return };
    let mut expected: BTreeMap<String, Vec<(String, usize)>> = BTreeMap::new();
    for row in fs::read_to_string(folder.join("expected.tsv")).unwrap().lines().skip(1) {
        let fields: Vec<&str> = row.split('\t').collect();
        let held = expected.entry(fields[0].to_owned()).or_default();
        if let Some(account) = fields.get(2).filter(|account| !account.is_empty()) {
            held.push(((*account).to_owned(), fields[3].parse().unwrap()));
        }
    }
    let pbx = read_folder(&folder);
    for (name, wanted) in &expected {
        let file = pbx.phone_files.iter().find(|file| &file.path == name);
        let names: Vec<&str> = wanted.iter().map(|(account, _)| account.as_str()).collect();
        assert_eq!(file.map(accounts).unwrap_or_default(), names, "{name}");
        let text = fs::read_to_string(folder.join(name)).unwrap();
        for phone in file.into_iter().flat_map(|file| &file.accounts) {
            let line = text.lines().nth(phone.place.place.line as usize - 1).unwrap();
            assert!(line.contains(&phone.name), "{name}: {line}");
        }
    }
    // What stands beside them are templates, but for copies, one in which somebody left a real secret, and
    // the one that was made for the binary form.
    let others =
        pbx.phone_files.iter().filter(|file| !expected.contains_key(&file.path) && !file.accounts.is_empty());
    let others: Vec<&str> = others.map(|file| file.path.as_str()).collect();
    assert_eq!(
        others,
        [
            "atcom/fusionpbx_ag198_MAC.cfg",
            "grandstream/cfg000b82aabbcc",
            "real-klobes5-tftpboot/tftpboot/SIP001563BC753D.cnf"
        ]
    );
}

/// Fills a template in as its server would: every word for a secret, every word for an account.
fn rendered(template: &str, secret: &str) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let (inner, behind) = after.split_once('}').unwrap_or((after, ""));
        if let Some(variable) = inner.strip_prefix('$') {
            let is_account = ["auth", "user_id", "userid", "line_number", "label"]
                .iter()
                .any(|word| variable.contains(word));
            text.push_str(match variable {
                _ if variable.contains("password")
                    && !variable.contains("admin")
                    && !variable.contains("http") =>
                {
                    secret
                }
                _ if is_account => "4711",
                _ => "x1",
            });
        } else if !["if", "else", "/if", "foreach", "/foreach"].iter().any(|word| inner.starts_with(word)) {
            text.push('{');
            text.push_str(inner);
            text.push('}');
        }
        rest = behind;
    }
    text + rest
}

#[test]
fn filled_in_templates_of_every_vendor_give_the_account() {
    let Some(folder) = shared("corpora/provisioning") else { return };
    let scratch = Scratch::new();
    let secret = "Zq8r2mT4xKpLw7";
    scratch.file(
        "etc/asterisk/sip.conf",
        &format!("[general]\n[4711]\ntype=friend\nhost=dynamic\nsecret={secret}\n"),
    );
    let files = [
        ("2n/fusionpbx_ipsolo_MAC.xml", "7c1eb3aabb01.xml", "2n"),
        ("aastra-mitel/fusionpbx_5320_MN_MAC.cfg", "MN_08000FAABB02.cfg", "aastra-mitel"),
        ("aastra-mitel/fusionpbx_673x_MAC.cfg", "00085DAABB03.cfg", "aastra-mitel"),
        ("avaya/fusionpbx_J179_MAC.cfg", "a47886aabb05.cfg", "avaya"),
        ("cisco-spa/fusionpbx_spa2102_MAC.xml", "spa000e08aabb06.xml", "cisco-spa"),
        ("cisco-spa/fusionpbx_spa504g_MAC.xml", "spa000e08aabb07.xml", "cisco-spa"),
        ("digium/fusionpbx_d40_MAC.cfg", "000fd3aabb08.cfg", "digium"),
        ("escene/fusionpbx_e3xx_MAC.xml", "00268baabb09.xml", "escene"),
        ("fanvil/fusionpbx_v62_MAC.cfg", "0c383eaabb10.cfg", "fanvil"),
        ("grandstream/fusionpbx_gxp2170_MAC.xml", "cfg000b82aabb11.xml", "grandstream"),
        ("panasonic/fusionpbx_tgp500_MAC.cfg", "Config0080F0AABB12.cfg", "panasonic"),
        ("panasonic/fusionpbx_ut113_MAC.xml", "0080f0aabb13.xml", "panasonic"),
        ("polycom/fusionpbx_6.x_MAC.cfg", "0004f2aabb14.cfg", "polycom"),
        ("polycom/fusionpbx_edge-e550_MAC.cfg", "0004f2aabb15.cfg", "polycom"),
        ("sangoma/fusionpbx_s500_MAC.xml", "cfg005058aabb16.xml", "grandstream"),
        ("snom/fusionpbx_720_MAC.xml", "000413AABB17.xml", "snom"),
        ("swissvoice/fusionpbx_cp2502_MAC.cfg", "0005b4aabb18.cfg", "fanvil"),
        ("yealink/fusionpbx_t46s_MAC.cfg", "001565aabb19.cfg", "yealink"),
        ("yeastar/fusionpbx_ta200_cfgMAC.xml", "cfgf4b549aabb20.xml", "yeastar"),
    ];
    for (template, name, _) in files {
        let text = String::from_utf8_lossy(&fs::read(folder.join(template)).unwrap()).into_owned();
        scratch.file(&format!("tftpboot/{name}"), &rendered(&text, secret));
    }
    let pbx = read_folder(scratch.path());
    for (template, name, vendor) in files {
        let path = format!("tftpboot/{name}");
        let file =
            pbx.phone_files.iter().find(|file| file.path == path).unwrap_or_else(|| panic!("{template}"));
        assert_eq!(accounts(file), ["4711"], "{template}");
        assert_eq!(file.vendor, vendor, "{template}");
        assert!(file.accounts.iter().all(|phone| phone.secret_is_live == Some(true)), "{template}");
    }
}

/// What an intruder may leave in a folder of phone files costs a bounded time, and nothing of the others.
#[test]
fn hostile_phone_files_are_bounded() {
    let scratch = Scratch::new();
    let good = "account.1.auth_name = 301\naccount.1.password = q8Zr2mT4xKpL\n";
    scratch.file("tftpboot/001565aabb00.cfg", good);
    scratch.file("tftpboot/001565aabb01.cfg", &good.repeat(40_000));
    scratch.file(
        "tftpboot/001565aabb02.cfg",
        &format!("account.1.user_name = 1 account.1.password = {}", "x ".repeat(500_000)),
    );
    scratch.file("tftpboot/snom720-000413AABB03.htm", &"<user_pass idx=\"1\">".repeat(50_000));
    scratch.file(
        "tftpboot/000413AABB04.xml",
        &("<!--".repeat(100_000) + &"<user_name>1</user_name><user_pass>2</user_pass>".repeat(9_000)),
    );
    let binary =
        [&[0, 0, 0x7f, 0xff, 1, 2, 0, 0x0b, 0x82, 1, 2, 3][..], b"\r\n\r\nP35=1&P34=", &[b'%'; 900_000]]
            .concat();
    fs::write(scratch.path().join("tftpboot/cfg000b82010203"), binary).unwrap();
    scratch.file("tftpboot/001565aabb05.cfg", &("## a comment\n".repeat(2_000) + good));
    let started = std::time::Instant::now();
    let pbx = read_folder(scratch.path());
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
    let plain = pbx.phone_files.iter().find(|file| file.path == "tftpboot/001565aabb00.cfg").unwrap();
    assert_eq!(accounts(plain), ["301"]);
    let late = pbx.phone_files.iter().find(|file| file.path == "tftpboot/001565aabb05.cfg");
    assert_eq!(late.map(accounts), Some(vec!["301"]), "behind pages of comments");
    assert!(
        pbx.problems
            .iter()
            .any(|problem| problem.path.ends_with("aabb01.cfg") && problem.what.contains("read up to"))
    );
}
