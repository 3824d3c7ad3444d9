//! Numbers, money and what stands out, on the evidence built into the program.

use serde_json::Value;

use crate::scratch::{Scratch, code, stderr, stdout};

fn report(scratch: &Scratch, options: &[&str]) -> Value {
    let output = scratch.run(&[&["demo", "--no-hash", "--format", "json"], options].concat());
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    serde_json::from_str(&stdout(&output)).unwrap()
}

/// Returns a decimal string in whole millionths.
fn millionths(text: &Value) -> i64 {
    let text = text.as_str().unwrap();
    let (whole, fraction) = text.split_once('.').unwrap();
    format!("{whole}{fraction:0<6}").parse().unwrap()
}

#[test]
fn each_number_is_explained() {
    let report = report(&Scratch::new(), &[]);
    assert_eq!(report["case"]["home_country"], "ES");
    assert_eq!(report["dialling"]["certainty"], "almost-certain");
    assert!(!report["dialling"]["table_version"].as_str().unwrap().is_empty());
    let calls = report["incidents"][0]["calls"].as_array().unwrap();
    let cuba = calls.iter().find(|call| call["dialed"] == "0053590468420").unwrap();
    assert_eq!((&cuba["e164"], &cuba["country"]), (&"+53590468420".into(), &"CU".into()));
    assert_eq!(cuba["country_name"], "Cuba");
    assert_eq!((&cuba["number_kind"], &cuba["risk"]), (&"invalid_for_plan".into(), &"high".into()));
    let numbers = report["dialling"]["numbers"].as_array().unwrap();
    assert!(numbers.iter().all(|number| number["steps"][0] == "international prefix 00"), "{numbers:?}");
    let dear = numbers.iter().find(|number| number["e164"] == "+882998002487").unwrap();
    assert_eq!((&dear["class"], &dear["risk"]), (&"intl_network".into(), &"high".into()));
}

#[test]
fn without_rates_there_is_a_range_and_no_sum() {
    let report = report(&Scratch::new(), &[]);
    let incident = &report["incidents"][0];
    assert!(incident["totals"]["cost"].is_null() && incident["calls"][0]["cost"].is_null());
    let range = &incident["loss"]["illustrative"];
    assert!(0 < millionths(&range["low"]) && millionths(&range["low"]) < millionths(&range["high"]));
    assert!(range["caveat"].as_str().unwrap().contains("not what the carrier charges"));
}

#[test]
fn what_the_deck_tells_adds_up_and_the_rest_stays_apart() {
    let scratch = Scratch::new();
    scratch.file("deck.csv", "prefix,rate,increments,connect fee,currency\n53,0.9,60/60,0.05,EUR\n");
    let report = report(&scratch, &["--rates", "deck.csv"]);
    let incident = &report["incidents"][0];
    let calls = incident["calls"].as_array().unwrap();
    let rated: Vec<&Value> = calls.iter().filter(|call| !call["cost"].is_null()).collect();
    assert!(rated.iter().all(|call| call["country"] == "CU" && call["cost_basis"] == "rate-deck"));
    let expected: u64 =
        rated.iter().map(|call| call["seconds"].as_u64().unwrap().div_ceil(60) * 900_000 + 50_000).sum();
    let sum = millionths(&incident["totals"]["cost"]);
    assert_eq!(sum, expected as i64);
    assert_eq!(sum, rated.iter().map(|call| millionths(&call["cost"])).sum::<i64>());
    assert_eq!(incident["totals"]["currency"], "EUR");
    let loss = &incident["loss"];
    let mut hours = loss["by_hour"].as_array().unwrap().iter().filter(|row| !row["cost"].is_null());
    assert_eq!(hours.clone().map(|row| millionths(&row["cost"])).sum::<i64>(), sum);
    assert_eq!(millionths(&hours.next_back().unwrap()["cost_so_far"]), sum);
    let all =
        loss["illustrative"]["calls"].as_u64().unwrap() + loss["calls_without_figure"].as_u64().unwrap();
    let answered = calls.iter().filter(|call| call["disposition"] == "ANSWERED").count();
    assert_eq!(all as usize + rated.len(), answered);
}

#[test]
fn a_file_that_cannot_be_used_is_named() {
    let scratch = Scratch::new();
    scratch.file("deck.csv", "a,b\n1,2\n");
    scratch.file("list.txt", "no numbers\n");
    scratch.file("wrong.toml", "nihgt_from = 1\n");
    for (option, file, what) in [
        ("--rates", "deck.csv", "no column of prefixes"),
        ("--rates", "missing.csv", "cannot be read"),
        ("--numbers", "list.txt", "no number in it"),
        ("--thresholds", "wrong.toml", "nihgt_from"),
    ] {
        let output = scratch.run(&["demo", option, file]);
        let error = stderr(&output);
        assert_eq!(code(&output), 2, "{error}");
        assert!(error.starts_with(&format!("error: {option} cannot be used")), "{error}");
        assert!(error.contains(file) && error.contains(what) && error.contains("hint:"), "{error}");
    }
}

#[test]
fn a_missing_database_of_addresses_stops_nothing() {
    let report = report(&Scratch::new(), &["--geoip", "missing.mmdb"]);
    assert!(report["geoip"][0]["trouble"].as_str().unwrap().starts_with("cannot be read"));
    let limits = report["limits"].as_array().unwrap();
    assert!(limits.iter().any(|limit| limit.as_str().unwrap().starts_with("missing.mmdb: cannot be read")));
    assert_eq!(report["incidents"].as_array().unwrap().len(), 1);
}

#[test]
fn listed_numbers_and_thresholds_are_the_users() {
    let scratch = Scratch::new();
    scratch.file("feed.csv", "number\n+53590468420\n882*\n");
    scratch.file("limits.toml", "[calls_per_minute]\nwarning = 0\ncritical = 0\n");
    let report = report(&scratch, &["--numbers", "feed.csv", "--thresholds", "limits.toml"]);
    let calls = report["incidents"][0]["calls"].as_array().unwrap();
    let listed = calls.iter().filter(|call| call["listed"][0] == "feed.csv");
    let is_listed = |call: &&Value| {
        let e164 = call["e164"].as_str().unwrap_or_default();
        e164 == "+53590468420" || e164.starts_with("+882")
    };
    assert_eq!(listed.count(), calls.iter().filter(is_listed).count());
    let observed = report["observations"].as_array().unwrap();
    assert!(!observed.is_empty() && observed.iter().all(|one| one["id"] != "calls-per-minute"));
    assert!(observed.iter().all(|one| !one["rows"].as_array().unwrap().is_empty()), "each has its rows");
    assert_eq!(report["thresholds"]["calls_per_minute"]["critical"], 0);
}

#[test]
fn an_outside_line_may_be_given() {
    let scratch = Scratch::new();
    let given = report(&scratch, &["--outside-prefix", "9", "--home-country", "us"]);
    assert_eq!(given["dialling"]["outside_lines"][0], "9");
    assert_eq!(given["case"]["home_country"], "US");
    assert_eq!(given["dialling"]["certainty"], "given");
    assert_eq!(code(&scratch.run(&["demo", "--outside-prefix", "nine"])), 2);
    assert_eq!(code(&scratch.run(&["demo", "--home-country", "XX"])), 2);
}

/// A database of addresses that has one place for all of them.
#[test]
fn those_who_failed_have_a_country_and_a_network_too() {
    let scratch = Scratch::new();
    let mut log = String::new();
    for name in 100..130 {
        log.push_str(&format!(
            "[2026-03-07 10:00:{:02}] NOTICE[100] chan_sip.c: Registration from '\"{name}\" <sip:{name}@192.0.2.1>' failed for '198.51.100.7:5060' - Wrong password\n",
            name - 100
        ));
    }
    scratch.file("pbx/var/log/asterisk/messages", &log);
    let line = "203.0.113.5 - - [07/Mar/2026:03:10:02 +0000] \"GET /vtigercrm/graph.php?current_language=../../../../../..//etc/amportal.conf%00&module=Accounts&action HTTP/1.1\" 404 1 \"-\" \"x\"\n";
    scratch.file("pbx/var/log/apache2/access.log", line);
    let places = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/geoip/one-place.mmdb");
    let run = |more: &[&str]| {
        let output = scratch.run(&[&["investigate", "pbx", "--geoip", places], more].concat());
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        stdout(&output)
    };
    let report: Value = serde_json::from_str(&run(&["--format", "json"])).unwrap();
    let place = |one: &Value| {
        let word = |key: &str| one[key].as_str().unwrap_or_default().to_owned();
        [word("address"), word("country"), word("city"), word("network")]
    };
    let [failed] = report["failed_attackers"].as_array().unwrap().as_slice() else { panic!("{report}") };
    assert_eq!(place(failed), ["198.51.100.7", "NL", "Utrecht", "AS64500 Example Net"]);
    let [seeker] = report["hole_seekers"].as_array().unwrap().as_slice() else { panic!("{report}") };
    assert_eq!(place(seeker), ["203.0.113.5", "NL", "Utrecht", "AS64500 Example Net"]);
    assert_eq!((&seeker["events"], &seeker["evidence"][0]["line"]), (&1.into(), &1.into()));
    assert_eq!(report["geoip"][0]["built"], "2026-01-01");
    let shown = run(&[]);
    assert!(shown.contains("Places of addresses are by Example-All, built 2026-01-01"), "{shown}");
    let figures = stdout(&scratch.run(&["assess", "pbx", "--geoip", places]));
    assert!(figures.contains("NL, Utrecht, AS64500 Example Net"), "{figures}");
    assert!(figures.contains("built 2026-01-01"), "{figures}");
    assert!(shown.contains("Asked the web server for known holes"), "{shown}");
    for address in ["198.51.100.7", "203.0.113.5"] {
        let row = shown.lines().find(|line| line.trim_start().starts_with(address));
        assert!(row.is_some_and(|row| row.contains("NL, Utrecht,")), "{shown}");
    }
}
