//! Plans of time of staged servers, whose records tell whether they are right.

use std::path::{Path, PathBuf};

use super::records;
use crate::clock::{Clock, ClockOptions, DateFormat, SourceFacts, any_stamp, calendar, survey};
use crate::event::{Action, Entry, Instant, Service, SourceId};
use crate::evidence::{Evidence, Packing, Source};
use crate::readers::{Chunk, Reader};

/// Reads stamps, EventTV and call records, as far as the tests need.
struct Lines(DateFormat);

impl Reader for Lines {
    fn read(&self, chunk: &mut Chunk) {
        let records = chunk.records_bytes().to_vec();
        for line in records.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
            let text = String::from_utf8_lossy(line);
            let stamp = self.0.parse(&line[1..]).map(|(stamp, _)| stamp);
            chunk.first_stamp = chunk.first_stamp.or(stamp);
            chunk.last_stamp = stamp.or(chunk.last_stamp);
            let mut entry = Entry::new(Action::Probe, Service::Sip);
            entry.stamp = stamp;
            entry.exact = text.split_once("EventTV=\"").and_then(|(_, rest)| event_time(rest));
            chunk.entries.push(entry);
        }
    }
}

fn event_time(text: &str) -> Option<Instant> {
    let value = text.split_once('"')?.0;
    if let Some((seconds, micros)) = value.split_once('-').filter(|(seconds, _)| seconds.len() == 10) {
        let (seconds, micros): (i64, i64) = (seconds.parse().ok()?, micros.parse().ok()?);
        return Some(Instant(seconds * Instant::SECOND + micros));
    }
    let (stamp, _) = any_stamp(value.as_bytes())?;
    let local = calendar::local_seconds(&stamp, i32::from(stamp.year));
    Some(Instant::from_seconds(local - i64::from(stamp.offset_minutes?) * 60))
}

/// Reads what the tests need of call records: start and uniqueid.
struct Rows;

impl Reader for Rows {
    fn read(&self, chunk: &mut Chunk) {
        let records = chunk.records_bytes().to_vec();
        let mut csv = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(&records[..]);
        for row in csv.byte_records().flatten() {
            let start = row.get(9).and_then(|text| DateFormat::from_strftime("%F %T")?.parse(text));
            let mut entry = Entry::new(Action::Call, Service::Cdr);
            entry.stamp = start.map(|(stamp, _)| stamp);
            entry.exact = row.get(16).and_then(survey::instant_of_uniqueid);
            chunk.entries.push(entry);
        }
    }
}

fn evidence(scenario: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/evidence").join(scenario).join("rootfs");
    if !path.is_dir() {
        eprintln!("passed over: {} is not there", path.display());
        return None;
    }
    Some(path)
}

fn source(root: &Path, id: u16, path: &str) -> Source {
    let bytes = std::fs::read(root.join(path)).expect("a file of the scenario");
    let is_csv = path.ends_with(".csv");
    let from = bytes.len().saturating_sub(crate::evidence::HEAD);
    Source {
        id: SourceId(id),
        file: crate::evidence::File {
            path: path.to_owned(),
            bytes: bytes.len() as u64,
            modified: None,
            mode: None,
            placed: path.to_owned(),
            reach: crate::evidence::Reach::Found { root: 0, relative: path.into(), identity: (0, 0) },
            container: None,
            stored_as: None,
        },
        kind: if is_csv { records("call-records") } else { records("asterisk-log") },
        packing: Packing::Plain,
        duplicate_of: None,
        hole: 0,
        is_head_all: bytes.len() <= crate::evidence::HEAD,
        digest: None,
        tail: bytes[from..].to_vec(),
        head: bytes[..bytes.len().min(crate::evidence::HEAD)].to_vec(),
    }
}

/// Plans a scenario and resolves every record; returns how many of those with an instant are wrong.
fn score(scenario: &str, format: &str, paths: &[&str]) -> Option<(usize, usize, Clock)> {
    let root = evidence(scenario)?;
    let found = Evidence::gather(std::slice::from_ref(&root)).expect("a folder");
    let lines = Lines(DateFormat::from_strftime(format).expect("a known format"));
    let reader = |path: &str| -> &dyn Reader { if path.ends_with(".csv") { &Rows } else { &lines } };
    let sources: Vec<Source> =
        paths.iter().enumerate().map(|(id, path)| source(&root, id as u16, path)).collect();
    let facts = sources.iter().map(|it| SourceFacts::survey(it, reader(&it.file.path))).collect();
    let clock = Clock::plan(&found, facts, None, &ClockOptions::default()).expect("no zone given");
    let (mut right, mut wrong) = (0, 0);
    for source in &sources {
        let bytes = std::fs::read(root.join(&source.file.path)).expect("a file of the scenario");
        let mut chunk = Chunk { bytes, at_end: true, ..Chunk::default() };
        reader(&source.file.path).read(&mut chunk);
        let mut resolver = clock.of(source.id).resolver();
        for entry in &chunk.entries {
            let Some(stamp) = entry.stamp else { continue };
            let (instant, _) = match source.kind {
                kind if kind == records("call-records") => resolver.resolve_unordered(&stamp, None)?,
                _ => resolver.resolve(&stamp)?,
            };
            let off = entry.exact.map(|exact| instant.seconds_since(exact).abs());
            let is_right = match off {
                Some(off) => off <= 120,
                None => calendar::date(instant.seconds() / 86_400).0 == 2026,
            };
            *if is_right { &mut right } else { &mut wrong } += 1;
        }
    }
    Some((right, wrong, clock))
}

#[test]
fn rotated_logs_without_years_and_call_records_in_gmt_are_dated() {
    let paths = [
        "var/log/asterisk/full.log",
        "var/log/asterisk/full.log.0",
        "var/log/asterisk/full.log.1",
        "var/log/asterisk/full.log.2",
        "var/log/asterisk/messages.log.2",
        "var/log/asterisk/security.log",
        "var/log/asterisk/security.log.2",
        "var/log/asterisk/cdr-csv/Master.csv",
        "var/log/asterisk/cdr-csv/sales.csv",
    ];
    let Some((right, wrong, clock)) = score("asterisk-stolen-credential", "%b %e %T", &paths) else { return };
    assert_eq!(clock.zone().name(), "America/Chicago");
    assert!(right > 5_000 && wrong * 200 < right, "{right} right, {wrong} wrong");
    assert_eq!(clock.of(SourceId(7)).zone().name(), "UTC");
    assert_eq!(clock.of(SourceId(7)).notes(), ["its times are in GMT, as its records show"]);
    assert_eq!(clock.of(SourceId(3)).notes().len(), 1);
}

#[test]
fn epochs_of_security_events_date_the_logs_beside_them() {
    let paths =
        ["full", "messages", "security", "cdr-csv/Master.csv"].map(|name| format!("var/log/asterisk/{name}"));
    let paths = paths.each_ref().map(String::as_str);
    let Some((right, wrong, clock)) = score("asterisk-11-slow-guess", "%b %e %T", &paths) else { return };
    assert_eq!(clock.zone().name(), "America/Bogota");
    assert!(right > 5_000 && wrong * 200 < right, "{right} right, {wrong} wrong");
    assert!(clock.of(SourceId(3)).notes().is_empty());
}

#[test]
fn a_format_of_its_own_is_dated() {
    let paths = ["full", "security"].map(|name| format!("var/log/asterisk/{name}"));
    let paths = paths.each_ref().map(String::as_str);
    let format = "%d/%m/%Y %H:%M:%S.%3q";
    let Some((right, wrong, clock)) = score("asterisk-clean", format, &paths) else { return };
    assert!(right > 3_000 && wrong == 0, "{right} right, {wrong} wrong");
    assert!(clock.of(SourceId(1)).notes().is_empty());
}

/// Finds the format of a scenario's logs from what stands in their brackets.
fn format_of(root: &Path, paths: &[String]) -> DateFormat {
    let texts: Vec<Vec<u8>> = paths.iter().filter_map(|path| std::fs::read(root.join(path)).ok()).collect();
    let samples: Vec<&[u8]> = texts
        .iter()
        .flat_map(|text| text.split(|&byte| byte == b'\n').take(400))
        .filter_map(|line| line.strip_prefix(b"[")?.split(|&byte| byte == b']').next())
        .collect();
    let (format, assumption) = DateFormat::detect(&samples).expect("a format");
    assert_eq!(assumption, None);
    format
}

#[test]
fn every_staged_server_is_dated() {
    let Some(first) = evidence("asterisk-clean") else { return };
    let all = first.parent().and_then(Path::parent).expect("a folder of scenarios");
    for folder in std::fs::read_dir(all).expect("a folder").flatten() {
        let scenario = folder.file_name().to_string_lossy().into_owned();
        let logs = folder.path().join("rootfs/var/log/asterisk");
        let Ok(listing) = std::fs::read_dir(&logs) else { continue };
        let mut paths: Vec<String> = listing
            .flatten()
            .map(|file| file.file_name().to_string_lossy().into_owned())
            .filter(|name| ["full", "messages", "security"].iter().any(|start| name.starts_with(start)))
            .filter(|name| !name.ends_with(".gz") && !name.contains("json"))
            .map(|name| format!("var/log/asterisk/{name}"))
            .collect();
        paths.sort();
        if paths.is_empty() {
            continue;
        }
        let format = format_of(&folder.path().join("rootfs"), &paths);
        if logs.join("cdr-csv/Master.csv").is_file() {
            paths.push("var/log/asterisk/cdr-csv/Master.csv".to_owned());
        }
        let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
        let (right, wrong, clock) = score(&scenario, format.text(), &paths).expect("stamps");
        eprintln!("{scenario}: {} {} {right} right, {wrong} wrong", format.text(), clock.zone().name());
        assert!(right > 0 && wrong * 100 <= right, "{scenario}: {right} right, {wrong} wrong");
    }
}
