//! A real server whose trunk's secret was used elsewhere, with the carrier's own records of it in two layouts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::scratch::{Scratch, code, stderr, stdout};

fn staged(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/carrier/trunk-credential").join(name)
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Runs `run` on a server with a carrier's file, and returns the report.
fn report(scratch: &Scratch, root: &Path, carrier: &Path, more: &[&str]) -> Value {
    let case = scratch.path().join("case");
    let mut arguments = vec!["run", text(root), "--carrier-cdr", text(carrier), "-q", "-o", text(&case)];
    arguments.extend(more);
    let output = scratch.run(&arguments);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    serde_json::from_slice(&std::fs::read(case.join("report.json")).unwrap()).unwrap()
}

fn lines(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// What is known of each of the carrier's calls: class, number, own record.
fn expected(key: &str) -> BTreeMap<String, (String, String, Option<String>)> {
    let mut reader = csv::Reader::from_path(staged("expected.csv")).unwrap();
    let header = reader.headers().unwrap().clone();
    let at = |name: &str| header.iter().position(|title| title == name).unwrap();
    reader
        .records()
        .map(Result::unwrap)
        .map(|row| {
            let field = |name: &str| row.get(at(name)).unwrap().to_owned();
            let own = field("pbx_uniqueid");
            (field(key), (field("class"), field("e164"), (!own.is_empty()).then_some(own)))
        })
        .collect()
}

/// A phone system on which 205 was guessed, with thirty calls abroad.
fn guessed(scratch: &Scratch) {
    let mut full = String::new();
    for minute in 0..40 {
        full.push_str(&format!(
            "[2026-03-07 02:{minute:02}:08] NOTICE[12] chan_sip.c: Registration from '<sip:205@192.0.2.1>' failed for '198.51.100.4:5060' - Wrong password\n"
        ));
    }
    full.push_str(
        "[2026-03-07 03:00:00] VERBOSE[12] chan_sip.c:     -- Registered SIP '205' at 198.51.100.4:5060\n",
    );
    let mut calls = String::new();
    for minute in 0..30 {
        let id = 1_772_852_401 + minute * 60;
        calls.push_str(&format!(
            "\"\",\"205\",\"00882998008753\",\"from-internal\",\"<205>\",\"SIP/205-0000{minute:04}\",\"SIP/line-0001{minute:04}\",\"Dial\",\"SIP/line/00882998008753\",\"2026-03-07 03:{minute:02}:01\",\"2026-03-07 03:{minute:02}:03\",\"2026-03-07 03:{minute:02}:59\",58,56,\"ANSWERED\",\"DOCUMENTATION\",\"{id}.{minute}\",\"\"\n"
        ));
    }
    scratch.file("pbx/var/log/asterisk/full", &full);
    scratch.file("pbx/var/log/asterisk/cdr-csv/Master.csv", &calls);
    scratch.file(
        "pbx/etc/asterisk/sip.conf",
        "[general]\ncontext=default\n[205]\ntype=friend\nhost=dynamic\nsecret=205\ncontext=from-internal\n[206]\ntype=friend\nhost=dynamic\nsecret=206\n[line]\ntype=peer\nhost=203.0.113.99\nsecret=abcdefgh\n",
    );
}

#[test]
fn a_copy_that_was_fetched_is_looked_into() {
    let scratch = Scratch::new();
    let root = staged("root");
    let names = ["cdr.conf", "extensions.conf", "logger.conf", "pjsip.conf"]
        .map(|name| format!("etc/asterisk/{name}"));
    for name in
        names.into_iter().chain(["etc/timezone", "var/log/asterisk/cdr-csv/Master.csv"].map(str::to_owned))
    {
        scratch.file(&format!("pbx/{name}"), &std::fs::read_to_string(root.join(&name)).unwrap());
    }
    let conf = std::fs::read_to_string(root.join("etc/asterisk/pjsip.conf")).unwrap();
    scratch.file("pbx/var/www/html/backup/pjsip.conf.bak", &conf);
    let fetched = "198.51.100.77 - - [04/May/2026:23:20:36 -0600] \"GET /backup/pjsip.conf.bak HTTP/1.1\" 200 1957 \"-\" \"Wget/1.21.3\"\n";
    scratch.file("pbx/var/log/apache2/access.log", fetched);
    let report = report(&scratch, &scratch.path().join("pbx"), &staged("telnyx_cdr.csv"), &[]);
    let incident = &report["incidents"][0];
    let unknown = incident["unknown"].to_string();
    assert!(
        unknown.contains("taken from /backup/pjsip.conf.bak, in which the trunk's secret in force"),
        "{unknown}"
    );
    let because = incident["entry"]["because"].to_string();
    assert!(because.contains("secret in force stands in /backup/pjsip.conf.bak"), "{because}");
    let asked = std::fs::read_to_string(scratch.path().join("case/preservation_request.md")).unwrap();
    assert!(asked.contains("- 198.51.100.77\n"), "who fetched it is named: {asked}");
}

#[test]
fn the_letter_has_room_for_what_only_people_know() {
    let scratch = Scratch::new();
    guessed(&scratch);
    let output = scratch.run(&["dispute", "pbx", "-q", "-o", "packet", "--organisation", "Acme Ltd"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let letter = std::fs::read_to_string(scratch.path().join("packet/letter.md")).unwrap();
    for field in [
        "| to (carrier's fraud desk, or hoster's abuse desk) |  |",
        "| from | Acme Ltd |",
        "| customer number, trunk or account there |  |",
        "| date |  |",
        "| signature |  |",
    ] {
        assert!(letter.contains(field), "{field}: {letter}");
    }
    // The carrier has never seen the phone system's id of a call.
    assert!(letter.contains("| our call id |") && !letter.contains("trunk call id"), "{letter}");

    assert_eq!(code(&scratch.run(&["run", "pbx", "-q", "-o", "case"])), 0);
    let refused = scratch.run(&["dispute", "pbx", "-o", "case"]);
    assert_eq!(code(&refused), 2);
    assert!(
        stderr(&refused).contains("give the packet for the carrier a folder of its own"),
        "{}",
        stderr(&refused)
    );
}

#[test]
fn every_row_of_both_layouts_is_told_as_it_was() {
    for (file, of_row, key) in
        [("telnyx_cdr.csv", "row", "row"), ("twilio_console.csv", "call_id", "call_sid")]
    {
        let scratch = Scratch::new();
        let report = report(&scratch, &staged("root"), &staged(file), &[]);
        let found = &report["reconciliation"];
        let expected = expected(key);
        let rows = lines(&found["rows"]);
        assert_eq!(rows.len(), 188, "{file}");
        for row in rows {
            let name = row[of_row].as_str().map_or_else(|| row[of_row].to_string(), str::to_owned);
            let (class, e164, own) = &expected[&name];
            let told =
                (row["class"].as_str().unwrap(), row["e164"].as_str().unwrap(), row["pbx_uniqueid"].as_str());
            assert_eq!(told, (class.as_str(), e164.as_str(), own.as_deref()), "{file}: {row}");
        }
        assert_eq!(found["clock"]["carrier_ahead_seconds"], 37, "{file}");
        assert_eq!(lines(&found["pbx_only"]).len(), 0, "{file}");
        let other: Vec<(&str, u64)> = lines(&found["pbx_other"])
            .iter()
            .map(|own| (own["why"].as_str().unwrap(), own["calls"].as_u64().unwrap()))
            .collect();
        assert_eq!(other.iter().map(|(_, calls)| calls).sum::<u64>(), 96, "{file}: {other:?}");
        assert!(other.contains(&("by another trunk: isdn-gw", 27)), "{file}: {other:?}");
    }
}

#[test]
fn classes_add_up_to_the_invoice() {
    let scratch = Scratch::new();
    let report = report(&scratch, &staged("root"), &staged("telnyx_cdr.csv"), &[]);
    let found = &report["reconciliation"];
    let sum = |key: &str| lines(&found["totals"]).iter().map(|sum| sum[key].as_u64().unwrap()).sum::<u64>();
    assert_eq!(sum("calls"), found["invoice"]["calls"].as_u64().unwrap());
    assert_eq!(sum("seconds_billed"), found["invoice"]["seconds_billed"].as_u64().unwrap());
    // The column of costs, added up by hand in ten-thousandths of a dollar.
    let text = std::fs::read_to_string(staged("telnyx_cdr.csv")).unwrap();
    let costs = text.lines().skip(1).map(|line| line.split(',').nth(9).unwrap());
    let parts: u64 = costs.map(|cost| cost.replace('.', "").parse::<u64>().unwrap()).sum();
    assert_eq!(found["invoice"]["cost"][0]["amount"], format!("{}.{:04}", parts / 10_000, parts % 10_000));
    let file = lines(&report["evidence"]).iter().find(|row| row["kind"] == "carrier-cdr").unwrap();
    assert_eq!((file["records"].as_u64(), file["sha256"].as_str().map(str::len)), (Some(188), Some(64)));
}

#[test]
fn calls_never_made_here_are_one_incident() {
    let scratch = Scratch::new();
    let report = report(&scratch, &staged("root"), &staged("telnyx_cdr.csv"), &[]);
    let [incident] = lines(&report["incidents"]) else { panic!("{}", report["incidents"]) };
    assert_eq!(incident["entry"]["vector"], "trunk-credential");
    let because: Vec<&str> = lines(&incident["entry"]["because"]).iter().filter_map(Value::as_str).collect();
    assert!(because.iter().any(|why| why.contains("end in 240.97.3.3")), "{because:?}");
    assert_eq!(lines(&incident["calls"]).len(), 80);
    assert_eq!(report["assessment"]["incident"]["totals"]["calls"], 80);
    for call in lines(&incident["calls"]) {
        assert!(call["uniqueid"].as_str().unwrap().ends_with("@240.97.3.3"), "{call}");
        assert!(call["evidence"][0]["line"].as_u64().unwrap() > 1, "{call}");
    }
    // Whoever wrote the Call-ID wrote that address into it.
    assert_eq!(lines(&incident["sources"]).len(), 0);
}

/// Copies the server, with some rows of its call records left out.
fn without(scratch: &Scratch, is_kept: impl Fn(&str) -> bool) -> PathBuf {
    let root = scratch.path().join("root");
    for file in ["etc/timezone", "etc/asterisk/pjsip.conf", "etc/asterisk/extensions.conf"] {
        scratch.file(&format!("root/{file}"), &std::fs::read_to_string(staged("root").join(file)).unwrap());
    }
    let name = "var/log/asterisk/cdr-csv/Master.csv";
    let records = std::fs::read_to_string(staged("root").join(name)).unwrap();
    let kept: String = records.split_inclusive('\n').filter(|row| is_kept(row)).collect();
    scratch.file(&format!("root/{name}"), &kept);
    root
}

/// Writes the carrier's records of the calls that the server made, and of no others.
fn honest(scratch: &Scratch) -> PathBuf {
    let all = std::fs::read_to_string(staged("telnyx_cdr.csv")).unwrap();
    let kept: String = all.split_inclusive('\n').filter(|row| !row.contains("@240.97.3.3")).collect();
    scratch.file("carrier.csv", &kept)
}

/// Leaves out the calls that went out by the trunk on the second day, whose channels' numbers then are missing.
fn wiped(scratch: &Scratch) -> PathBuf {
    let is_outward = |row: &str| row.contains("\"PJSIP/carrier-") && row.contains("\"from-internal\"");
    without(scratch, |row| !(row.contains("\"2026-05-05 ") && is_outward(row)))
}

#[test]
fn records_removed_here_are_no_secret_used_elsewhere() {
    let scratch = Scratch::new();
    let root = wiped(&scratch);
    let carrier = honest(&scratch);
    let report = report(&scratch, &root, &carrier, &[]);
    let sums = lines(&report["reconciliation"]["totals"]);
    let alone = sums.iter().find(|sum| sum["class"] == "carrier-only").expect("some are missing");
    assert!(alone["calls"].as_u64().unwrap() > 3, "{alone}");
    assert_eq!(report["incidents"], Value::Array(Vec::new()), "to numbers that the house calls anyway");
}

#[test]
fn removed_records_of_calls_to_new_places_are_told() {
    let scratch = Scratch::new();
    let root = wiped(&scratch);
    let records = std::fs::read_to_string(honest(&scratch)).unwrap();
    // The same calls, to Sierra Leone.
    let moved = records.split_inclusive('\n').map(|row| match row.contains("outbound,2026-05-05") {
        true => row.replacen(",+1", ",+2327", 1),
        false => row.to_owned(),
    });
    let carrier = scratch.file("carrier.csv", &moved.collect::<String>());
    let report = report(&scratch, &root, &carrier, &[]);
    let [incident] = lines(&report["incidents"]) else { panic!("{}", report["incidents"]) };
    assert_eq!(incident["entry"]["vector"], "unknown");
    assert!(incident["entry"]["against"].to_string().contains("have room for"), "{}", incident["entry"]);
    assert!(lines(&incident["calls"]).iter().all(|call| call["country"] == "SL"), "{}", incident["calls"]);
}

#[test]
fn honest_records_dispute_nothing() {
    let scratch = Scratch::new();
    let carrier = honest(&scratch);
    let report = report(&scratch, &staged("root"), &carrier, &[]);
    assert_eq!(report["incidents"], Value::Array(Vec::new()));
    assert_eq!(lines(&report["dispute"]["calls"]).len(), 0);
}

#[test]
fn another_customers_records_blame_nobody() {
    let scratch = Scratch::new();
    let all = std::fs::read_to_string(staged("telnyx_cdr.csv")).unwrap();
    let kept: String =
        all.split_inclusive('\n').filter(|row| row.contains("@240.97.3.3") || row.contains("cost")).collect();
    let carrier = scratch.file("carrier.csv", &kept);
    let report = report(&scratch, &staged("root"), &carrier, &[]);
    assert_eq!(report["incidents"], Value::Array(Vec::new()));
    let limits = report["limits"].to_string();
    assert!(
        limits.contains("whether these records are of this phone system's trunk cannot be told"),
        "{limits}"
    );
}

#[test]
fn a_time_without_own_records_is_not_checked() {
    let scratch = Scratch::new();
    let root = without(&scratch, |row| row.contains("\"2026-05-07 "));
    let report = report(&scratch, &root, &staged("telnyx_cdr.csv"), &[]);
    let rows = lines(&report["reconciliation"]["rows"]);
    let is_early = |row: &&Value| row["start"].as_str().unwrap() < "2026-05-07T06:00";
    assert!(rows.iter().filter(is_early).all(|row| row["class"] == "not-covered"));
    assert!(rows.iter().any(|row| row["class"] == "matched"));
    assert!(report["limits"].to_string().contains("was not checked"), "{}", report["limits"]);
}

#[test]
fn two_exports_of_one_period_count_once() {
    let scratch = Scratch::new();
    let twilio = staged("twilio_console.csv");
    let report =
        report(&scratch, &staged("root"), &staged("telnyx_cdr.csv"), &["--carrier-cdr", text(&twilio)]);
    assert_eq!(report["reconciliation"]["invoice"]["calls"], 188);
    let [incident] = lines(&report["incidents"]) else { panic!("{}", report["incidents"]) };
    assert_eq!(lines(&incident["calls"]).len(), 80);
}

#[test]
fn the_packet_is_written_and_checks() {
    let scratch = Scratch::new();
    let all = std::fs::read_to_string(staged("telnyx_cdr.csv")).unwrap();
    let hostile =
        all.replace("dd72bb87b16c51fab22f@240.97.3.3", "=cmd|' /C calc'!A0\u{1b}[2J`<script>@240.97.3.3");
    let carrier = scratch.file("carrier.csv", &hostile);
    let root = staged("root");
    let arguments = ["dispute", text(&root), "--carrier-cdr", text(&carrier), "-o", "packet"];
    let output = scratch.run(&arguments);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert!(stdout(&output).contains("and 70 more, in disputed-calls.csv"), "{}", stdout(&output));
    assert!(!stdout(&output).contains('\u{1b}'));
    let file = |name: &str| std::fs::read_to_string(scratch.path().join("packet").join(name)).unwrap();
    let sums = file("SHA256SUMS");
    assert_eq!(sums.lines().count(), 3, "{sums}");
    for name in ["disputed-calls.csv", "reconciliation.csv"] {
        let rows = file(name);
        let mut reader = csv::Reader::from_reader(rows.as_bytes());
        let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
        assert_eq!(rows.len(), if name.starts_with('d') { 80 } else { 188 });
        for cell in rows.iter().flatten() {
            assert!(!cell.starts_with(['=', '-', '@']) && !cell.chars().any(char::is_control), "{cell:?}");
        }
    }
    let letter = file("letter.md");
    // This carrier's file has no id of its own for a call, and not every call that it lists was billed.
    assert!(letter.contains("| SIP Call-ID |") && !letter.contains("carrier's call id"), "{letter}");
    assert!(letter.contains("the carrier lists 80 calls, 71 of them billed, that"), "{letter}");
    assert!(
        letter.contains("2026-05-06 04:50:45") && letter.contains("2026-05-05 22:50:45-06:00"),
        "{letter}"
    );
    assert!(
        letter.contains("Hold back payment") && !letter.contains("<script>@") || letter.contains("`"),
        "{letter}"
    );
    // A second packet may take the place of the first, and of nothing else.
    assert_eq!(code(&scratch.run(&arguments)), 0);
    scratch.file("packet/thesis.txt", "mine");
    assert_eq!(code(&scratch.run(&arguments)), 2);
}

#[test]
fn a_carriers_file_is_asked_about_before_anything_is_read() {
    let scratch = Scratch::new();
    let carrier = scratch.file("carrier.csv", "date,source,destination,seconds,callerid,disposition,cost\n");
    let root = staged("root");
    for verb in ["run", "dispute", "assess", "investigate", "inventory"] {
        let output = scratch.run(&[verb, text(&root), "--carrier-cdr", text(&carrier)]);
        assert_eq!(code(&output), 2, "{verb}");
        assert!(stderr(&output).contains("--carrier-tz America/New_York"), "{verb}: {}", stderr(&output));
    }
}

#[test]
fn the_timeline_has_the_carriers_records_between_ones_own() {
    let scratch = Scratch::new();
    let (root, carrier) = (staged("root"), staged("telnyx_cdr.csv"));
    let output = scratch.run(&["timeline", text(&root), "--carrier-cdr", text(&carrier)]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let rows: Vec<Value> = stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let theirs: Vec<&Value> = rows.iter().filter(|row| row["action"] == "carrier-record").collect();
    assert_eq!(theirs.len(), 188);
    assert!(rows.iter().any(|row| row["action"] == "call"));
    assert!(rows.windows(2).all(|pair| pair[0]["datetime"].as_str() <= pair[1]["datetime"].as_str()));
    // The 66th line of the file, a call of somebody else's.
    let told = theirs.iter().find(|row| row["line"] == 66).expect("each has its line");
    assert_eq!(
        (&told["number"], &told["reason"]),
        (&"+13125550199".into(), &"60 s billed, 0.0085 USD".into())
    );
    assert_eq!(told["datetime"], "2026-05-06T04:50:45.000000Z");
    assert!(told["path"].as_str().unwrap().ends_with("telnyx_cdr.csv"));
    assert!(told["message"].as_str().unwrap().contains("dd72bb87b16c51fab22f@240.97.3.3"));
    let wrong = scratch.file("wrong.csv", "a,b\n1,2\n");
    let output = scratch.run(&["timeline", text(&root), "--carrier-cdr", text(&wrong)]);
    assert_eq!((code(&output), stdout(&output)), (2, String::new()));
}

#[test]
fn a_secret_in_a_carriers_call_id_is_shown_nowhere() {
    let scratch = Scratch::new();
    let all = std::fs::read_to_string(staged("telnyx_cdr.csv")).unwrap();
    let carrier = scratch.file("carrier.csv", &all.replace("dd72bb87b16c51fab22f@", "44718:Xk9vQw2@"));
    let root = staged("root");
    let run = scratch.run(&["dispute", text(&root), "--carrier-cdr", text(&carrier), "-v", "-o", "packet"]);
    assert_eq!(code(&run), 0, "{}", stderr(&run));
    let shown = |name: &str| std::fs::read_to_string(scratch.path().join("packet").join(name)).unwrap();
    let calls = shown("disputed-calls.csv");
    assert!(calls.contains("44718:***@240.97.3.3") && calls.contains("a8aa94143cf2487d5dbe@240.97.3.3"));
    let timeline = stdout(&scratch.run(&["timeline", text(&root), "--carrier-cdr", text(&carrier)]));
    let json =
        stdout(&scratch.run(&["dispute", text(&root), "--carrier-cdr", text(&carrier), "--format", "json"]));
    let packet = [calls, shown("letter.md"), shown("reconciliation.csv")];
    for (index, output) in [stdout(&run), timeline, json].into_iter().chain(packet).enumerate() {
        assert!(!output.contains("Xk9vQw2"), "output {index}");
    }
}
