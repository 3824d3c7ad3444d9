//! SIP proxies: Kamailio and OpenSIPS of several versions and sites, attacked or only made to look so.

use chrono::{DateTime, TimeZone};
use rusqlite::Connection;
use tolltrace::case::Options;
use tolltrace::untrusted::Untrusted;

use super::people::{DAY, HOUR};
use super::truth::{Truth, compare, examine_folder};
use crate::scratch::Scratch;

/// How a site's proxy writes.
#[derive(Clone, Copy)]
struct Site {
    zone: chrono_tz::Tz,
    /// Syslog's stamp.
    stamp: &'static str,
    /// What stands behind the host's name, up to the module.
    head: fn(&str, &str) -> String,
    /// The columns that the site adds to its accounting.
    extra: fn(&Call) -> String,
}

/// Debian's Kamailio 5, with the stock prefix.
const KAMAILIO: Site = Site {
    zone: chrono_tz::Europe::Paris,
    stamp: "%b %e %H:%M:%S",
    head: |method, id| {
        format!("/usr/sbin/kamailio[871]: NOTICE: {{2 2 {method} {id}}} acc [acc.c:287]: acc_log_request(): ")
    },
    extra: |call| {
        format!(
            "src_user={};src_domain=pbx.example;src_ip={};dst_ouser={};dst_user={};dst_domain=192.0.2.200",
            call.account, call.peer, call.dialed, call.dialed
        )
    },
};

/// OpenSIPS 3, which accounts no address unless its site adds it.
const OPENSIPS: Site = Site {
    zone: chrono_tz::America::Bogota,
    stamp: "%Y-%m-%dT%H:%M:%S%.6f%:z",
    head: |_, _| "/usr/sbin/opensips[9]: NOTICE:acc:acc_log_request: ".to_owned(),
    extra: |call| format!("caller_ip={};caller={};callee={}", call.peer, call.account, call.dialed),
};

struct Call {
    id: String,
    account: String,
    peer: String,
    dialed: String,
}

/// A syslog file while it is written.
struct Log {
    site: Site,
    lines: Vec<(i64, String)>,
    calls: u32,
}

impl Log {
    fn new(site: Site) -> Self {
        Log { site, lines: Vec::new(), calls: 0 }
    }

    fn at(&self, text: &str) -> i64 {
        let time = chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").unwrap();
        self.site.zone.from_local_datetime(&time).unwrap().timestamp()
    }

    fn line(&mut self, at: i64, text: &str) {
        let time = DateTime::from_timestamp(at, 0).unwrap().with_timezone(&self.site.zone);
        self.lines.push((at, format!("{} edge {text}\n", time.format(self.site.stamp))));
    }

    fn script(&mut self, at: i64, text: &str) {
        let is_kamailio = (self.site.head)("", "").contains("kamailio");
        let head = if is_kamailio { "kamailio[1]: NOTICE: <script>: " } else { "opensips[1]: " };
        self.line(at, &format!("{head}{text}"));
    }

    /// A call that is answered at `at`; returns its Call-ID.
    fn call(&mut self, account: &str, peer: &str, dialed: &str, at: i64, seconds: i64) -> String {
        self.calls += 1;
        let id = format!("{:08x}@ua", self.calls);
        let call = Call { id: id.clone(), account: account.into(), peer: peer.into(), dialed: dialed.into() };
        for (method, at) in [("INVITE", at), ("BYE", at + seconds)] {
            let text = format!(
                "{}ACC: transaction answered: timestamp={at};method={method};from_tag=f{};to_tag=t{};call_id={};code=200;reason=OK;{}",
                (self.site.head)(method, &call.id),
                self.calls,
                self.calls,
                call.id,
                (self.site.extra)(&call)
            );
            self.line(at, &text);
        }
        id
    }

    fn office(&mut self, monday: i64, days: i64) {
        for day in 0..days {
            for (index, (phone, peer)) in
                [("101", "192.168.5.11"), ("102", "192.168.5.12")].iter().enumerate()
            {
                for hour in 0..8 {
                    let at = monday + day * DAY + (9 + hour) * HOUR + index as i64 * 700;
                    let number = ["0145550101", "0145550102", "0562550103", "102"][(hour % 4) as usize];
                    self.call(phone, peer, number, at, 60 + hour * 20);
                }
            }
        }
    }

    fn write(mut self, scratch: &Scratch, path: &str) {
        self.lines.sort_by_key(|(at, _)| *at);
        let text: String = self.lines.into_iter().map(|(_, line)| line).collect();
        scratch.file(path, &text);
    }
}

fn options(site: Site) -> Options {
    Options { zone: Some(site.zone.name().to_owned()), year: Some(2026), ..Options::default() }
}

const ABROAD: [&str; 4] = ["00881512345601", "0025261234567", "0037127000001", "0024390011122"];

/// The calls of a night: forty, twelve seconds apart.
fn night(log: &mut Log, account: &str, peer: &str, from: i64) -> Vec<String> {
    let call = |number: i64| {
        let dialed = ABROAD[(number % 4) as usize];
        log.call(account, peer, &format!("{dialed}{}", number % 7), from + number * 12, 300)
    };
    (0..40).map(call).collect()
}

#[test]
fn accounting_alone_tells_a_stolen_secret() {
    let scratch = Scratch::new();
    let mut log = Log::new(KAMAILIO);
    let monday = log.at("2026-03-02 00:00:00");
    log.office(monday, 6);
    let saturday = log.at("2026-03-07 02:10:00");
    let calls = night(&mut log, "101", "203.0.113.50", saturday);
    log.write(&scratch, "var/log/daemon.log");
    scratch.file("etc/kamailio/kamailio.cfg", "#!KAMAILIO\nlisten=udp:198.51.100.1:5060\n");
    let report = examine_folder(scratch.path(), &options(KAMAILIO));
    assert_eq!(report.case.product.as_ref().map(Untrusted::raw), Some("Kamailio"));
    let truth = Truth {
        vectors: vec!["unknown", "stolen-credential"],
        accounts: vec!["101"],
        sources: vec![("203.0.113.50".into(), "dial")],
        calls,
    };
    compare(&report, &[truth], &[]);
    assert!(report.incidents[0].calls.iter().all(|call| call.seconds == Some(300)));
}

#[test]
fn a_site_that_prints_failures_shows_the_guess() {
    for site in [KAMAILIO, OPENSIPS] {
        let scratch = Scratch::new();
        let mut log = Log::new(site);
        let monday = log.at("2026-03-02 00:00:00");
        log.office(monday, 6);
        let from = log.at("2026-03-06 22:00:00");
        for guess in 0..60 {
            log.script(
                from + guess * 7,
                &format!("Auth failed: REGISTER user=102 from 203.0.113.66:{} ua=x", 5060 + guess),
            );
        }
        let calls = night(&mut log, "102", "203.0.113.66", from + HOUR);
        log.write(&scratch, "var/log/syslog");
        let truth = Truth {
            vectors: vec!["password-guess"],
            accounts: vec!["102"],
            sources: vec![("203.0.113.66".into(), "dial guess")],
            calls,
        };
        compare(&examine_folder(scratch.path(), &options(site)), &[truth], &[]);
    }
}

#[test]
fn a_tool_that_keeps_one_call_id_is_no_phone() {
    let scratch = Scratch::new();
    let mut log = Log::new(KAMAILIO);
    let monday = log.at("2026-03-02 00:00:00");
    log.office(monday, 6);
    let from = log.at("2026-03-06 22:00:00");
    for guess in 0..90 {
        log.line(from + guess / 20, "kamailio[1]: NOTICE: {1 2 REGISTER 1124095506} <script>: Auth failed: REGISTER user=102 from 203.0.113.66:5060 ua=x");
    }
    let calls = night(&mut log, "102", "203.0.113.66", from + HOUR);
    log.write(&scratch, "var/log/syslog");
    let truth = Truth {
        vectors: vec!["password-guess"],
        accounts: vec!["102"],
        sources: vec![("203.0.113.66".into(), "dial guess")],
        calls,
    };
    compare(&examine_folder(scratch.path(), &options(KAMAILIO)), &[truth], &[]);
}

#[test]
fn a_scan_that_the_flood_detector_stops_is_no_breach() {
    let scratch = Scratch::new();
    let mut log = Log::new(KAMAILIO);
    let monday = log.at("2026-03-02 00:00:00");
    log.office(monday, 6);
    let from = log.at("2026-03-04 03:00:00");
    for guess in 0..30 {
        log.script(from, &format!("Auth failed: REGISTER user={} from 203.0.113.20:5060 ua=x", 100 + guess));
    }
    log.line(from + 1, "kamailio[1]: WARNING: pike [pike_funcs.c:135]: pike_check_ipaddr(): PIKE - BLOCKing ip 203.0.113.20, node=0x7f");
    log.script(from + 1, "ALERT: pike blocking REGISTER from sip:1@x (IP:203.0.113.20:5060)");
    log.line(
        from + 9,
        "kamailio[1]: WARNING: pike [pike_funcs.c:315]: refresh_node(): PIKE - UNBLOCKing node 0x7f",
    );
    // One who only knocked, and an office of many phones behind one address.
    log.line(from + 50, "kamailio[1]: WARNING: pike [pike_funcs.c:135]: pike_check_ipaddr(): PIKE - BLOCKing ip 203.0.113.21, node=0x8f");
    log.line(from + 60, "kamailio[1]: WARNING: pike [pike_funcs.c:135]: pike_check_ipaddr(): PIKE - BLOCKing ip 198.51.100.40, node=0x9f");
    for day in 0..4 {
        log.call("102", "198.51.100.40", "0145550101", monday + day * DAY + 11 * HOUR, 90);
    }
    // A phone on the road with a stale secret, mended after two tries.
    log.script(from + DAY, "Auth failed: REGISTER user=102 from 198.51.100.9:5060 ua=Yealink");
    log.script(from + DAY + 5, "Auth failed: REGISTER user=102 from 198.51.100.9:5060 ua=Yealink");
    log.script(from + DAY + 60, "REGISTER ok user=102 from 198.51.100.9:5060 ua=Yealink");
    log.call("102", "198.51.100.9", "0145550101", from + DAY + 900, 120);
    log.write(&scratch, "var/log/syslog");
    compare(&examine_folder(scratch.path(), &options(KAMAILIO)), &[], &["203.0.113.20", "203.0.113.21"]);
}

#[test]
fn one_line_at_the_end_of_a_call_tells_all_of_it() {
    let scratch = Scratch::new();
    let mut log = Log::new(OPENSIPS);
    let monday = log.at("2026-03-02 00:00:00");
    log.office(monday, 6);
    let saturday = log.at("2026-03-07 02:10:00");
    let mut calls = Vec::new();
    for call in 0..40_i64 {
        let (from, seconds) = (saturday + call * 12, 200 + call);
        let dialed = format!("{}{}", ABROAD[call as usize % 4], call % 7);
        log.line(from + seconds, &format!("/usr/sbin/opensips[9]: NOTICE:acc:acc_log_cdrs: ACC: call ended: created={};call_start_time={from};duration={seconds};ms_duration={}000;setuptime=3;method=INVITE;from_tag=f{call};to_tag=t;call_id=e{call}@ua;code=200;reason=OK;caller_ip=203.0.113.50;caller=102;callee={dialed}", from - 3, seconds));
        calls.push(format!("e{call}@ua"));
    }
    log.write(&scratch, "var/log/syslog");
    let report = examine_folder(scratch.path(), &Options::default());
    let truth = Truth {
        vectors: vec!["unknown", "stolen-credential"],
        accounts: vec!["102"],
        sources: vec![("203.0.113.50".into(), "dial")],
        calls,
    };
    compare(&report, &[truth], &[]);
    let first = &report.incidents[0].calls[0];
    assert_eq!((first.seconds, first.start.unwrap().timestamp()), (Some(200), saturday));
}

#[test]
fn a_call_within_which_both_sides_ask_anew_is_one() {
    let scratch = Scratch::new();
    let mut log = Log::new(KAMAILIO);
    let monday = log.at("2026-03-02 10:00:00");
    for (number, (method, from, to, at)) in
        [("INVITE", "a", "b", 0), ("INVITE", "b", "a", 20), ("INVITE", "a", "b", 40), ("BYE", "b", "a", 90)]
            .into_iter()
            .enumerate()
    {
        log.line(monday + at, &format!("kamailio[{number}]: NOTICE: acc [acc.c:287]: acc_log_request(): ACC: transaction answered: timestamp={};method={method};from_tag={from};to_tag={to};call_id=one@ua;code=200;reason=OK;src_user=101;src_ip=192.168.5.11;dst_user=0145550101", monday + at));
    }
    log.write(&scratch, "var/log/syslog");
    let day = examine_folder(scratch.path(), &options(KAMAILIO)).assessment.last_day;
    assert_eq!((day.totals.calls, day.totals.seconds), (1, Some(90)));
}

#[test]
fn calls_whose_end_was_never_written_are_found_too() {
    let scratch = Scratch::new();
    let mut log = Log::new(KAMAILIO);
    let monday = log.at("2026-03-02 09:00:00");
    for (phone, minute) in [("101", 0), ("102", 1), ("103", 2)] {
        log.script(
            monday + minute,
            &format!("REGISTER ok user={phone} from 192.168.5.{}:5060 ua=x", 11 + minute),
        );
        log.call(phone, &format!("192.168.5.{}", 11 + minute), "0145550101", monday + 60 + minute, 30);
    }
    // The log begins only minutes before the guessing.
    for guess in 0..40 {
        log.script(monday + 120 + guess, "Auth failed: REGISTER user=103 from 203.0.113.66:5060 ua=x");
    }
    log.script(monday + 161, "REGISTER ok user=103 from 203.0.113.66:5060 ua=x");
    log.script(monday + 162, "REGISTER ok user=103 from 198.51.100.66:5060 ua=y");
    let calls: Vec<String> = (0..20)
        .map(|call| {
            log.call(
                "103",
                "198.51.100.66",
                &format!("{}{call}", ABROAD[call as usize % 4]),
                monday + 165 + call,
                9,
            )
        })
        .collect();
    log.lines.retain(|(at, line)| *at < monday + 165 || !line.contains("method=BYE"));
    log.write(&scratch, "var/log/syslog");
    let truth = Truth {
        vectors: vec!["password-guess"],
        accounts: vec!["103"],
        sources: vec![("203.0.113.66".into(), "guess register"), ("198.51.100.66".into(), "dial register")],
        calls,
    };
    let report = examine_folder(scratch.path(), &options(KAMAILIO));
    compare(&report, &[truth], &[]);
    let unmeasured = report.incidents[0].calls.iter().filter(|call| call.seconds.is_none()).count();
    assert_eq!((unmeasured, report.incidents[0].totals.seconds), (20, None));
}

#[test]
fn a_carrier_that_no_file_names_is_no_intruder() {
    let scratch = Scratch::new();
    let site = Site {
        extra: |call| {
            let hop = if call.account.len() > 4 { "192.168.5.9" } else { "203.0.113.200" };
            format!(
                "src_user={};src_ip={};dst_ouser={};dst_user={};dst_domain={hop}",
                call.account, call.peer, call.dialed, call.dialed
            )
        },
        ..KAMAILIO
    };
    let mut log = Log::new(site);
    let monday = log.at("2026-03-02 00:00:00");
    log.office(monday, 5);
    for call in 0..60 {
        // A busy customer, many times in one minute, and others.
        let caller =
            if call % 2 == 0 { "+33612345678".to_owned() } else { format!("+3361234{:04}", call * 7) };
        let at = monday + DAY + 10 * HOUR + call * 9;
        log.call(&caller, "203.0.113.200", "+33145559900", at, 200);
    }
    log.write(&scratch, "var/log/syslog");
    compare(&examine_folder(scratch.path(), &options(site)), &[], &[]);
}

#[test]
fn forged_lines_blame_nobody() {
    let scratch = Scratch::new();
    let mut log = Log::new(KAMAILIO);
    let monday = log.at("2026-03-02 00:00:00");
    log.office(monday, 6);
    let from = log.at("2026-03-04 03:00:00");
    let innocent = "198.51.100.5";
    for number in 0..60 {
        let at = from + number;
        log.line(at, &format!("kamailio[1]: NOTICE: {{1 2 REGISTER x}} <script>: Auth failed: REGISTER user=101 from {innocent}:5060 ua=a}} <script>: Auth failed: REGISTER user=101 from 203.0.113.9:5060 ua=b"));
        log.line(at, &format!("kamailio[1]: NOTICE: acc [acc.c:287]: acc_log_request(): ACC: transaction answered: timestamp={at};method=INVITE;from_tag=a;to_tag=b;call_id=x{number};code=200;reason=OK;src_user=101;src_ip={innocent};dst_ouser=0088151234567;code=404;reason=No;src_user=z;src_ip=203.0.113.9;dst_ouser=1"));
        log.script(at, &format!("Auth failed: REGISTER user=101 [203.0.113.9] UserAgent: x from {innocent}"));
        log.script(
            at,
            &format!("Auth failed: REGISTER user=101 from 203.0.113.9:5060 ua=x ua= from {innocent}"),
        );
        log.line(at, &format!("kamailio[1]: NOTICE: {{1 2 REGISTER x}} <script>: REGISTER ok user=101 from {innocent} y}} <script>: Auth failed: REGISTER user=101 from 203.0.113.9:5060 ua=b"));
        log.line(at, &format!("sshd[5]: Invalid user NOTICE: <script>: REGISTER ok user=101 from {innocent}:5060 from 203.0.113.9 port 4"));
    }
    log.write(&scratch, "var/log/syslog");
    compare(&examine_folder(scratch.path(), &options(KAMAILIO)), &[], &[]);
}

/// Seconds since 1970 as Kamailio's driver keeps them.
fn julian(at: i64) -> f64 {
    (at as f64 - 0.5) / 86_400.0 + 2_440_587.5
}

#[test]
fn a_database_tells_calls_accounts_and_gateways() {
    let scratch = Scratch::new();
    let path = scratch.file("var/lib/kamailio/kamailio.db", "");
    std::fs::remove_file(&path).unwrap();
    let database = Connection::open(&path).unwrap();
    let tables = "CREATE TABLE version (table_name TEXT, table_version INTEGER);
        CREATE TABLE acc (id INTEGER PRIMARY KEY, method TEXT, from_tag TEXT, to_tag TEXT, callid TEXT, sip_code TEXT,
            sip_reason TEXT, time REAL, src_user TEXT, src_ip TEXT, dst_ouser TEXT, dst_user TEXT, dst_domain TEXT);
        CREATE TABLE subscriber (id INTEGER PRIMARY KEY, username TEXT, domain TEXT, password TEXT, ha1 TEXT);
        CREATE TABLE dispatcher (id INTEGER PRIMARY KEY, setid INTEGER, destination TEXT);
        INSERT INTO subscriber VALUES (1, '101', 'x', 'kT7-uLq92mXw', ''), (2, '102', 'x', '', '715d66a0cfcd867309d3328434704807');
        INSERT INTO dispatcher VALUES (1, 1, 'sip:203.0.113.200:5060');";
    database.execute_batch(tables).unwrap();
    let begin = Log::new(KAMAILIO).at("2026-03-02 09:00:00");
    let mut row = 0;
    let mut call = |account: &str, peer: &str, dialed: &str, at: i64, seconds: i64| {
        row += 1;
        let id = format!("{row}@ua");
        for (method, at) in [("INVITE", at), ("BYE", at + seconds)] {
            let values = rusqlite::params![
                method,
                format!("f{row}"),
                format!("t{row}"),
                id,
                julian(at),
                account,
                peer,
                dialed
            ];
            let insert = "INSERT INTO acc VALUES (NULL, ?1, ?2, ?3, ?4, '200', 'OK', ?5, ?6, ?7, ?8, ?8, '203.0.113.200')";
            database.execute(insert, values).unwrap();
        }
        id
    };
    for day in 0..5 {
        for hour in 0..6 {
            call("101", "192.168.5.11", "0145550101", begin + day * DAY + hour * HOUR, 90);
            // The carrier brings calls in, under any number.
            call("0033612345678", "203.0.113.200", "0145559900", begin + day * DAY + hour * HOUR + 60, 30);
        }
    }
    let night = begin + 4 * DAY + 16 * HOUR;
    let calls = (0..30)
        .map(|n| call("102", "198.51.100.77", &format!("{}{n}", ABROAD[n as usize % 4]), night + n * 10, 240))
        .collect();
    drop(database);
    let report = examine_folder(scratch.path(), &options(KAMAILIO));
    let truth = Truth {
        vectors: vec!["default-credential", "unknown", "stolen-credential"],
        accounts: vec!["102"],
        sources: vec![("198.51.100.77".into(), "dial")],
        calls,
    };
    compare(&report, &[truth], &[]);
    let proof = &report.incidents[0].calls[0].evidence[0];
    assert!(proof.text.raw().starts_with("acc row "), "{}", proof.text.raw());
    assert_eq!((proof.line, proof.offset), (None, None));
    assert!(report.findings.iter().any(|finding| finding.id == "weak-secret"));
    let whole = serde_json::to_string(&report).unwrap();
    assert!(!whole.contains("kT7-uLq92mXw"));
}

/// A small database of a proxy.
fn small_database() -> Vec<u8> {
    let mut database = Connection::open_in_memory().unwrap();
    let tables = "CREATE TABLE version (table_name TEXT, table_version INTEGER);
        CREATE TABLE acc (method TEXT, from_tag TEXT, to_tag TEXT, callid TEXT, sip_code TEXT, sip_reason TEXT, time REAL, src_ip TEXT);
        CREATE TABLE subscriber (username TEXT, domain TEXT, password TEXT, ha1 TEXT);
        CREATE TABLE location (username TEXT, contact TEXT, received TEXT, callid TEXT, last_modified REAL);
        INSERT INTO acc VALUES ('INVITE', 'a', 'b', 'c', '200', 'OK', 2461365.2, '192.0.2.7');
        INSERT INTO subscriber VALUES ('101', 'x', 'y', 'z');
        INSERT INTO location VALUES ('101', 'sip:101@10.0.0.1', 'sip:192.0.2.8:5060', 'd', 2461365.3);";
    database.execute_batch(tables).unwrap();
    database.serialize("main").unwrap().to_vec()
}

#[test]
fn a_registration_has_the_address_it_was_received_from() {
    let scratch = Scratch::new();
    std::fs::write(scratch.path().join("k.db"), small_database()).unwrap();
    let report = examine_folder(scratch.path(), &options(KAMAILIO));
    assert_eq!(report.evidence[0].records, 2);
    assert_eq!(report.evidence[0].last.unwrap().timestamp(), 1_795_201_920);
    assert_eq!(report.assessment.all_calls, 1);
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(48))]
    #[test]
    fn a_damaged_database_is_survived(at in 0_usize..30_000, byte in proptest::num::u8::ANY, cut in 100_usize..30_000) {
        let scratch = Scratch::new();
        let mut bytes = small_database();
        if let Some(hit) = bytes.get_mut(at) {
            *hit = byte;
        }
        bytes.truncate(cut);
        scratch.file("var/log/syslog", "Mar  2 10:00:00 edge kamailio[1]: INFO: <script>: x\n");
        std::fs::write(scratch.path().join("k.db"), &bytes).unwrap();
        let _ = examine_folder(scratch.path(), &options(KAMAILIO));
    }
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(64))]
    #[test]
    fn any_line_of_a_proxy_is_survived(text in "[ -~]{0,200}", program in "kamailio|opensips") {
        let reader = crate::support::reader_named(&program, b"").unwrap();
        let line = format!("{program}[1]: NOTICE: acc [a.c:1]: ACC: {text}\n{program}[1]: INFO: <script>: {text}\n{program}[1]: {text}\n");
        let whole = crate::support::read_at_once(reader.as_ref(), line.as_bytes());
        proptest::prop_assert_eq!(crate::support::read_in_steps(reader.as_ref(), line.as_bytes(), 17), whole);
    }
}

/// What a site's tables hold, by table: columns, and rows.
struct Tables {
    acc: Vec<Vec<String>>,
    calls: Vec<String>,
}

/// A week of honest calls and a night of others, by 102, whose secret is its name.
fn tables() -> Tables {
    let mut tables = Tables { acc: Vec::new(), calls: Vec::new() };
    let begin = Log::new(KAMAILIO).at("2026-03-02 09:00:00");
    let mut call = |peer: &str, dialed: String, at: i64| {
        let id = format!("{}@ua", tables.acc.len());
        for (method, at) in [("INVITE", at), ("BYE", at + 90)] {
            let tag = format!("t{}", tables.acc.len() / 2);
            let row = [method, &tag, &tag, &id, "200", "OK", &at.to_string(), "102", peer, &dialed];
            tables.acc.push(row.map(str::to_owned).to_vec());
        }
        id
    };
    for hour in (0..5).flat_map(|day| (0..6).map(move |hour| day * DAY + hour * HOUR)) {
        call("192.168.5.12", "0145550101".to_owned(), begin + hour);
    }
    let night = begin + 4 * DAY + 16 * HOUR;
    let calls =
        (0..30).map(|n| call("198.51.100.77", format!("{}{n}", ABROAD[n as usize % 4]), night + n * 10));
    let calls: Vec<String> = calls.collect();
    tables.calls = calls;
    tables
}

const EXTRA: &str = "modparam(\"acc\", \"db_extra\", \"src_user=$fU;src_ip=$si;dst_ouser=$tU\")\n";

#[test]
fn accounting_is_read_from_text_tables_flat_files_and_dumps() {
    let Tables { acc, calls } = tables();
    let texts = |row: &[String], between: &str| row.join(between);
    let columns = "method(string) from_tag(string) to_tag(string) callid(string) sip_code(string) sip_reason(string) time(time) src_user(string) src_ip(string) dst_ouser(string)\n";
    let db_text: String =
        std::iter::once(columns.to_owned()).chain(acc.iter().map(|row| texts(row, ":") + "\n")).collect();
    let flat: String = acc.iter().map(|row| texts(row, "|") + "\n").collect();
    let values = |row: &Vec<String>| {
        let mut row = row.clone();
        let at = DateTime::from_timestamp(row[6].parse().unwrap(), 0).unwrap().with_timezone(&KAMAILIO.zone);
        row[6] = at.format("%Y-%m-%d %H:%M:%S").to_string();
        format!("('{}')", row.join("','"))
    };
    let rows: Vec<String> = acc.iter().map(values).collect();
    let dump = format!(
        "-- MySQL dump 10.13  Distrib 10.11\n\
         CREATE TABLE `acc` (`method` varchar(16), `from_tag` varchar(128), `to_tag` varchar(128), `callid` varchar(255), `sip_code` varchar(3), `sip_reason` varchar(128), `time` datetime, `src_user` varchar(64), `src_ip` varchar(64), `dst_ouser` varchar(64));\n\
         INSERT INTO `acc` VALUES {};\n\
         CREATE TABLE `subscriber` (`id` int, `username` varchar(64), `domain` varchar(64), `password` varchar(64), `ha1` varchar(128));\n\
         INSERT INTO `subscriber` VALUES (1,'101','x','kT7-uLq92mXw',''),(2,'102','x','102','');\n",
        rows.join(",")
    );
    let accounts = "id(int,auto) username(string) domain(string) password(string) ha1(string)\n1:101:x:kT7-uLq92mXw:\n2:102:x:102:\n";
    let cases: [&[(&str, &str)]; 3] = [
        &[("dbtext/acc", &db_text), ("dbtext/subscriber", accounts)],
        &[("log/acc_1.log", &flat), ("etc/kamailio/kamailio.cfg", EXTRA), ("dbtext/subscriber", accounts)],
        &[("backup/kamailio.sql", &dump)],
    ];
    for files in cases {
        let scratch = Scratch::new();
        for (path, text) in files {
            scratch.file(path, text);
        }
        let report = examine_folder(scratch.path(), &options(KAMAILIO));
        let truth = Truth {
            vectors: vec!["default-credential", "unknown"],
            accounts: vec!["102"],
            sources: vec![("198.51.100.77".into(), "dial")],
            calls: calls.clone(),
        };
        compare(&report, &[truth], &[]);
        assert!(report.findings.iter().any(|finding| finding.id == "weak-secret"), "{}", files[0].0);
        assert!(!serde_json::to_string(&report).unwrap().contains("kT7-uLq92mXw"));
    }
}

#[test]
fn a_flat_file_without_its_script_says_what_is_not_known() {
    let scratch = Scratch::new();
    let flat: String = tables().acc.iter().map(|row| row.join("|") + "\n").collect();
    scratch.file("acc_1.log", &flat);
    let report = examine_folder(scratch.path(), &options(KAMAILIO));
    let whole = serde_json::to_string(&report).unwrap();
    assert!(whole.contains("3 columns of the site's own"), "{whole}");
    assert!(report.incidents.is_empty());
}
