//! Whole plans of time, from facts made by hand.

mod staged;

use proptest::prelude::*;

use super::*;
use crate::event::{Instant, Resolution, SourceId, Stamp};
use crate::evidence::{Evidence, Kind, MemoryFile, Root};

/// Returns the kind of sources of the format `word`.
fn records(word: &str) -> Kind {
    Kind::Records(crate::readers::format(word).expect("the format exists"))
}

fn stamp(text: &str) -> Stamp {
    let format = if text.as_bytes()[0].is_ascii_digit() { "%F %T" } else { DateFormat::DEFAULT };
    let format = DateFormat::from_strftime(format).expect("a known format");
    format.parse(text.as_bytes()).expect("a stamp").0
}

fn utc(text: &str) -> Instant {
    Instant::from_seconds(calendar::local_seconds(&stamp(text), i32::from(stamp(text).year)))
}

fn log(id: u16, path: &str, first: &str, last: &str) -> SourceFacts {
    let mut facts = SourceFacts::new(SourceId(id), path, records("asterisk-log"));
    facts.first = Some(stamp(first));
    facts.last = Some(stamp(last));
    facts.has_year = stamp(first).year != 0;
    facts
}

fn plan_in(zone: Option<&str>, facts: Vec<SourceFacts>) -> Clock {
    let options = ClockOptions { zone: zone.map(str::to_owned), year: None };
    Clock::plan(&Evidence::default(), facts, None, &options).expect("a known zone")
}

fn first_instant(clock: &Clock, id: u16, text: &str) -> Instant {
    clock.of(SourceId(id)).resolver().resolve(&stamp(text)).expect("a date").0
}

fn resolver(zone: &str, texts: &[&str]) -> Vec<(String, Resolution)> {
    let first = texts.first().expect("a text");
    let clock = plan_in(Some(zone), vec![log(0, "full", first, texts.last().expect("a text"))]);
    let mut resolver = clock.of(SourceId(0)).resolver();
    texts
        .iter()
        .map(|text| {
            let (instant, resolution) = resolver.resolve(&stamp(text)).expect("a date");
            let shown = calendar::stamp_of(instant.seconds(), 0);
            let (hour, minute) = (shown.second / 3_600, shown.second / 60 % 60);
            (format!("{}-{}-{} {hour:02}:{minute:02}", shown.year, shown.month, shown.day), resolution)
        })
        .collect()
}

fn instants(zone: &str, texts: &[&str]) -> Vec<String> {
    resolver(zone, texts).into_iter().map(|(text, _)| text).collect()
}

#[test]
fn the_doubled_hour_is_told_by_the_step_back() {
    let texts = ["2026-10-25 01:59:00", "2026-10-25 02:10:00", "2026-10-25 02:50:00", "2026-10-25 02:45:00"];
    let wanted = ["2026-10-24 23:59", "2026-10-25 00:10", "2026-10-25 00:50", "2026-10-25 00:45"];
    assert_eq!(instants("Europe/Madrid", &texts), wanted);
    let texts = ["2026-10-25 02:50:00", "2026-10-25 02:05:00", "2026-10-25 02:55:00", "2026-10-25 03:00:00"];
    let wanted = ["2026-10-25 00:50", "2026-10-25 01:05", "2026-10-25 01:55", "2026-10-25 02:00"];
    assert_eq!(instants("Europe/Madrid", &texts), wanted);
    let texts = ["2026-11-01 01:40:00", "2026-11-01 01:10:00", "2026-11-01 02:00:00"];
    let wanted = ["2026-11-1 06:40", "2026-11-1 07:10", "2026-11-1 08:00"];
    assert_eq!(instants("America/Chicago", &texts), wanted);
    // Lord Howe turns its clocks by half an hour.
    let texts = ["2026-04-05 01:29:00", "2026-04-05 01:55:00", "2026-04-05 01:31:00", "2026-04-05 02:00:00"];
    let wanted = ["2026-4-4 14:29", "2026-4-4 14:55", "2026-4-4 15:01", "2026-4-4 15:30"];
    assert_eq!(instants("Australia/Lord_Howe", &texts), wanted);
}

#[test]
fn a_time_that_never_was_is_shifted_and_said() {
    let found =
        resolver("Europe/Madrid", &["2026-03-29 01:59:59", "2026-03-29 02:30:00", "2026-03-29 03:00:00"]);
    assert_eq!(found[1], ("2026-3-29 01:30".to_owned(), Resolution::ZoneAssumed));
    assert_eq!(found[2], ("2026-3-29 01:00".to_owned(), Resolution::ZoneKnown));
    let found = instants("Australia/Lord_Howe", &["2026-10-04 02:15:00", "2026-10-04 02:30:00"]);
    assert_eq!(found, ["2026-10-3 15:45", "2026-10-3 15:30"]);
}

#[test]
fn an_exact_record_settles_the_fold() {
    let clock = plan_in(Some("Europe/Madrid"), vec![]);
    let mut resolver = clock.of(SourceId(0)).resolver();
    resolver.observe(utc("2026-10-25 01:20:00"), &stamp("2026-10-25 02:20:00"));
    let (instant, _) = resolver.resolve(&stamp("2026-10-25 02:21:00")).expect("a date");
    assert_eq!(instant, utc("2026-10-25 01:21:00"));
    let (start, _) = resolver.resolve_unordered(&stamp("2026-10-25 02:21:00"), None).expect("a date");
    assert_eq!(start, utc("2026-10-25 00:21:00"));
}

#[test]
fn the_id_of_a_call_settles_the_fold() {
    let clock = plan_in(Some("Europe/Madrid"), vec![]);
    let mut resolver = clock.of(SourceId(0)).resolver();
    for (created, started) in [
        ("2026-10-25 00:21:00", "2026-10-25 00:21:00"),
        ("2026-10-25 01:20:58", "2026-10-25 01:21:00"),
        // A row may begin long after its channel, and its second may be rounded down.
        ("2026-10-25 00:50:00", "2026-10-25 01:21:00"),
        ("2026-10-25 01:21:01", "2026-10-25 01:21:00"),
    ] {
        let created = Some(utc(created));
        let start = resolver.resolve_unordered(&stamp("2026-10-25 02:21:00"), created).expect("a date").0;
        assert_eq!(start, utc(started), "{created:?}");
    }
}

#[test]
fn new_year_inside_a_file_is_counted_once() {
    let mut facts = log(0, "full", "Dec 30 10:00:00", "Jan  2 10:00:00");
    facts.modified = Some(utc("2026-01-02 10:00:05"));
    let clock = plan_in(Some("UTC"), vec![facts]);
    let mut resolver = clock.of(SourceId(0)).resolver();
    let mut at = |text: &str| resolver.resolve(&stamp(text)).expect("a date").0;
    assert_eq!(at("Dec 31 23:59:58"), utc("2025-12-31 23:59:58"));
    assert_eq!(at("Jan  1 00:00:01"), utc("2026-01-01 00:00:01"));
    assert_eq!(at("Dec 31 23:59:59"), utc("2025-12-31 23:59:59"));
    assert_eq!(at("Jan  1 00:00:02"), utc("2026-01-01 00:00:02"));
    assert_eq!(at("Dec  3 00:00:02"), utc("2026-12-03 00:00:02"));
}

#[test]
fn the_leap_day_has_a_leap_year() {
    let mut facts = log(0, "full", "Feb 29 10:00:00", "Mar  2 10:00:00");
    facts.modified = Some(utc("2024-03-02 10:00:05"));
    let clock = plan_in(Some("UTC"), vec![facts]);
    assert_eq!(first_instant(&clock, 0, "Feb 29 10:00:00"), utc("2024-02-29 10:00:00"));
    let newest = log(0, "messages", "2026-01-01 00:00:00", "2026-06-01 00:00:00");
    let clock = plan_in(Some("UTC"), vec![newest, log(1, "full", "Feb 29 10:00:00", "Mar  2 10:00:00")]);
    assert_eq!(first_instant(&clock, 1, "Feb 29 10:00:00"), utc("2024-02-29 10:00:00"));
}

#[test]
fn neighbours_tell_the_year() {
    let mut security = log(0, "var/log/asterisk/security", "Sep  8 06:50:01", "Sep  9 10:00:00");
    security.ties = vec![(stamp("Sep  8 06:50:01"), utc("2025-09-08 11:50:01"))];
    let messages = log(1, "var/log/asterisk/messages", "Sep  8 06:50:01", "Sep  9 10:00:00");
    let older = log(2, "var/log/asterisk/messages.1", "Dec 20 06:50:01", "Sep  8 06:50:00");
    let oldest = log(3, "var/log/asterisk/messages.2.gz", "Jan  3 06:50:01", "Dec 20 06:50:00");
    let clock = plan_in(Some("America/Chicago"), vec![security, messages, older, oldest]);
    for (id, text, wanted) in [
        (0, "Sep  8 06:50:01", "2025-09-08 11:50:01"),
        (1, "Sep  8 06:50:01", "2025-09-08 11:50:01"),
        (2, "Dec 20 06:50:01", "2024-12-20 12:50:01"),
        (3, "Jan  3 06:50:01", "2024-01-03 12:50:01"),
    ] {
        assert_eq!(first_instant(&clock, id, text), utc(wanted), "{id}");
        assert_eq!(clock.of(SourceId(id)).notes().len(), 1);
    }
}

#[test]
fn file_names_and_times_tell_the_year() {
    let named = log(0, "full-20240110", "Dec  9 00:00:00", "Jan 10 00:00:00");
    let clock = plan_in(Some("UTC"), vec![named]);
    assert_eq!(first_instant(&clock, 0, "Dec  9 00:00:00"), utc("2023-12-09 00:00:00"));
    let alone = log(0, "full", "Dec  9 00:00:00", "Dec 10 00:00:00");
    let options = ClockOptions { zone: None, year: Some(2021) };
    let clock = Clock::plan(&Evidence::default(), vec![alone.clone()], None, &options).expect("no zone");
    assert_eq!(first_instant(&clock, 0, "Dec  9 00:00:00"), utc("2021-12-09 00:00:00"));
    assert_eq!(clock.of(SourceId(0)).notes().len(), 2, "the zone and the year are assumptions");
    // Two files of one copy: their times tell only that nothing is later.
    let (mut full, mut other) = (alone, log(1, "other", "Nov  9 00:00:00", "Nov 10 00:00:00"));
    full.modified = Some(utc("2026-11-20 00:00:00"));
    other.modified = Some(utc("2026-11-20 00:00:01"));
    let clock = plan_in(Some("UTC"), vec![full, other]);
    assert_eq!(first_instant(&clock, 0, "Dec  9 00:00:00"), utc("2025-12-09 00:00:00"));
    // Beside a log of December 2025, one of November is of the same year.
    assert_eq!(first_instant(&clock, 1, "Nov  9 00:00:00"), utc("2025-11-09 00:00:00"));
}

#[test]
fn ties_overrule_the_zone() {
    let mut security = log(0, "log/security", "2026-09-08 06:50:01", "2026-09-09 10:00:00");
    security.ties = vec![(stamp("2026-09-08 06:50:01"), utc("2026-09-08 03:50:01"))];
    let full = log(1, "log/full", "2026-09-08 06:50:01", "2026-09-09 10:00:00");
    let clock = plan_in(Some("America/Chicago"), vec![security.clone(), full.clone()]);
    assert_eq!(first_instant(&clock, 0, "2026-09-08 06:50:01"), utc("2026-09-08 03:50:01"));
    assert_eq!(first_instant(&clock, 1, "2026-09-08 06:50:01"), utc("2026-09-08 03:50:01"));
    assert!(clock.of(SourceId(0)).notes()[0].contains("+03:00"));
    let clock = plan_in(None, vec![security, full]);
    assert_eq!(clock.origin(), &ZoneOrigin::Ties);
    assert_eq!(clock.zone().offset_at(0), 3 * 3_600);
    assert!(clock.of(SourceId(1)).notes().is_empty());
}

#[test]
fn logs_tell_the_zone_beside_call_records_in_gmt() {
    let mut security = log(0, "security", "Sep 10 00:16:52", "Sep 10 10:00:00");
    security.ties = vec![(stamp("Sep 10 00:16:52"), utc("2026-09-10 05:16:52"))];
    let full = log(1, "full", "Sep 10 00:00:06", "Sep 10 10:00:00");
    // Given by themselves, they have lost the folder that tells who wrote them.
    let mut rows = SourceFacts::new(SourceId(2), "Master.csv", records("call-records"));
    (rows.first, rows.has_year) = (Some(stamp("2026-09-10 05:20:57")), true);
    rows.ties = vec![(stamp("2026-09-10 05:20:57"), utc("2026-09-10 05:20:57")); 8];
    let clock = plan_in(None, vec![security, full, rows.clone()]);
    assert_eq!(clock.origin(), &ZoneOrigin::Ties);
    assert_eq!(clock.zone().offset_at(0), -5 * 3_600);
    assert_eq!(first_instant(&clock, 1, "Sep 10 00:16:52"), utc("2026-09-10 05:16:52"));
    assert_eq!(first_instant(&clock, 2, "2026-09-10 05:20:57"), utc("2026-09-10 05:20:57"));
    // By themselves they tell no zone.
    assert_eq!(plan_in(None, vec![rows]).origin(), &ZoneOrigin::Assumed);
}

#[test]
fn call_records_in_gmt_are_told_from_a_zone_that_is_gmt_in_winter() {
    let mut rows = SourceFacts::new(SourceId(0), "cdr-csv/Master.csv", records("call-records"));
    (rows.first, rows.has_year) = (Some(stamp("2026-01-05 10:00:00")), true);
    let tie = |text: &str| (stamp(text), utc(text));
    rows.ties = vec![tie("2026-01-05 10:00:00"), tie("2026-07-05 10:00:00")];
    let plan = |csv_in_gmt, rows: &SourceFacts| {
        let options = ClockOptions { zone: Some("Europe/London".into()), year: None };
        let clock = Clock::plan(&Evidence::default(), vec![rows.clone()], csv_in_gmt, &options);
        clock.expect("a known zone").of(SourceId(0)).clone()
    };
    assert_eq!(plan(None, &rows).zone().name(), "UTC");
    assert_eq!(plan(Some(true), &rows).zone().name(), "UTC");
    rows.ties = vec![(stamp("2026-07-05 11:00:00"), utc("2026-07-05 10:00:00"))];
    assert_eq!(plan(None, &rows).zone().name(), "Europe/London");
    let contradicted = plan(Some(true), &rows);
    assert_eq!(contradicted.zone().name(), "Europe/London");
    assert!(contradicted.notes()[0].starts_with("cdr.conf says GMT"));
    rows.ties.clear();
    assert_eq!(plan(Some(true), &rows).zone().name(), "UTC");
    rows.path = "cdr-custom/Master.csv".into();
    assert_eq!(plan(Some(true), &rows).zone().name(), "Europe/London");
}

fn with_files(files: Vec<MemoryFile>) -> (String, ZoneOrigin, Vec<String>) {
    let evidence = Evidence::from_roots(vec!["memory".into()], vec![Root::Memory(files.leak())]);
    let clock = Clock::plan(&evidence, Vec::new(), None, &ClockOptions::default()).expect("no zone given");
    (clock.zone().name(), clock.origin().clone(), clock.notes().to_vec())
}

const fn file(path: &'static str, bytes: &'static [u8]) -> MemoryFile {
    MemoryFile { path, bytes, is_link: false }
}

const fn link(path: &'static str, target: &'static [u8]) -> MemoryFile {
    MemoryFile { path, bytes: target, is_link: true }
}

#[test]
fn the_evidence_tells_its_zone() {
    let from = |path: &str| ZoneOrigin::Evidence(path.to_owned());
    let (name, origin, notes) = with_files(vec![
        link("copy/etc/localtime", b"../usr/share/zoneinfo/posix/America/Argentina/Salta"),
        file("copy/etc/timezone", b"Europe/Madrid\n"),
    ]);
    assert_eq!((name.as_str(), origin), ("America/Argentina/Salta", from("copy/etc/localtime")));
    assert_eq!(notes.len(), 1);
    let (name, origin, _) = with_files(vec![file("etc/localtime", b"/usr/share/zoneinfo/America/Chicago\n")]);
    assert_eq!((name.as_str(), origin), ("America/Chicago", from("etc/localtime")));
    let (name, origin, _) =
        with_files(vec![file("etc/sysconfig/clock", b"# x\nZONE=\"America/Bogota\"\nUTC=true\n")]);
    assert_eq!((name.as_str(), origin), ("America/Bogota", from("etc/sysconfig/clock")));
    let (name, origin, notes) = with_files(vec![file("etc/localtime", b"\0\xff"), file("etc/timezone", b"")]);
    assert_eq!((name.as_str(), origin, notes.len()), ("UTC", ZoneOrigin::Assumed, 2));
}

/// Compiled data of a zone that is five hours behind, by its rule alone (RFC 8536, version 2).
const BEHIND_BY_FIVE: &[u8] = b"TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\x04\0\0\0\0\0\0UTC\0\
TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\x04\xff\xff\xb9\xb0\0\0-05\0\n<-05>5\n";

#[test]
fn zone_data_is_read() {
    let (name, _, _) = with_files(vec![file("etc/localtime", BEHIND_BY_FIVE)]);
    assert_eq!(name, "etc/localtime (<-05>5)");
    let (name, _, notes) =
        with_files(vec![file("etc/localtime", BEHIND_BY_FIVE), file("etc/timezone", b"America/Bogota")]);
    assert_eq!((name.as_str(), notes.len()), ("America/Bogota", 0));
    let unknown = ClockOptions { zone: Some("Mars/Base".into()), year: None };
    assert!(Clock::plan(&Evidence::default(), Vec::new(), None, &unknown).is_err());
}

prop_compose! {
    fn any_stamp_at_all()(
        year in prop_oneof![Just(0_i16), any::<i16>()], month: u8, day: u8, second: u32, micros: u32,
        offset_minutes: Option<i16>,
    ) -> Stamp {
        Stamp { year, month, day, second, micros, offset_minutes }
    }
}

proptest! {
    #[test]
    fn any_stamps_are_survived(
        stamps in prop::collection::vec((any_stamp_at_all(), any::<i64>()), 1..20),
        path in "[a-z]{1,3}([.-][0-9]{0,10})?(.gz)?",
    ) {
        let mut facts = SourceFacts::new(SourceId(0), &path, records("asterisk-log"));
        facts.first = stamps.first().map(|(stamp, _)| *stamp);
        facts.last = stamps.last().map(|(stamp, _)| *stamp);
        facts.ties = stamps.iter().map(|(stamp, exact)| (*stamp, Instant(*exact))).collect();
        facts.told = Some((Instant(stamps[0].1), Instant(i64::MAX)));
        facts.modified = Some(Instant(stamps[0].1));
        let mut other = facts.clone();
        other.id = SourceId(1);
        other.ties.clear();
        let clock = plan_in(None, vec![facts, other]);
        let mut resolver = clock.of(SourceId(0)).resolver();
        for (stamp, exact) in &stamps {
            let _ = resolver.resolve(stamp);
            let _ = resolver.resolve_unordered(stamp, None);
            resolver.observe(Instant(*exact), stamp);
        }
    }

    #[test]
    fn what_was_written_is_read_back(
        start in 946_684_800_i64..4_000_000_000,
        steps in prop::collection::vec(0_i64..40 * 86_400, 1..40),
        zone in prop::sample::select(vec!["Europe/Madrid", "America/Chicago", "Asia/Kolkata", "UTC", "+05:45"]),
        has_year: bool,
    ) {
        let zone_of = Zone::from_text(zone).expect("a known zone");
        let mut at = start;
        let instants: Vec<i64> = steps.iter().map(|step| { at += step; at }).collect();
        let written: Vec<Stamp> = instants.iter().map(|&instant| {
            let stamp = calendar::stamp_of(instant + i64::from(zone_of.offset_at(instant)), 0);
            if has_year { stamp } else { Stamp { year: 0, ..stamp } }
        }).collect();
        let mut facts = SourceFacts::new(SourceId(0), "full", records("asterisk-log"));
        facts.first = written.first().copied();
        facts.last = written.last().copied();
        facts.ties = [0, 0, 0].map(|_| (written[0], Instant::from_seconds(instants[0]))).to_vec();
        let end = (written[written.len() - 1], Instant::from_seconds(instants[instants.len() - 1]));
        facts.ties.extend([end; 3]);
        let clock = plan_in(Some(zone), vec![facts]);
        let mut resolver = clock.of(SourceId(0)).resolver();
        for (stamp, &instant) in written.iter().zip(&instants) {
            let local = instant + i64::from(zone_of.offset_at(instant));
            let (found, _) = resolver.resolve(stamp).expect("a date");
            match zone_of.candidates(local) {
                LocalTime::Fold { earlier, later } => {
                    prop_assert!(found.seconds() == earlier || found.seconds() == later);
                }
                _ => prop_assert_eq!(found.seconds(), instant),
            }
        }
    }
}
