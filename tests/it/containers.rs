//! The same evidence in every wrapping, and wrappings that are damaged, lie or mean harm.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use tolltrace::evidence::Evidence;
use zip::CompressionMethod;
use zip::write::SimpleFileOptions;

use crate::scratch::{Scratch, code, stderr, stdout};

pub(crate) fn staged() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/pbx/bruteforce/root")
}

pub(crate) fn write(scratch: &Scratch, name: &str, bytes: &[u8]) -> PathBuf {
    let path = scratch.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, bytes).unwrap();
    path
}

pub(crate) fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn bz2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let options = lzma_rust2::XzOptions::with_preset(0);
    let mut writer = lzma_rust2::XzWriter::new(Vec::new(), options).unwrap();
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

fn zst(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

/// The tar of a folder, below `prefix`.
fn tar_of(folder: &Path, prefix: &str) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    builder.follow_symlinks(false);
    builder.append_dir_all(prefix, folder).unwrap();
    builder.into_inner().unwrap()
}

/// A tar of files by name.
pub(crate) fn tar_with(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        builder.append_data(&mut header(bytes.len()), name, *bytes).unwrap();
    }
    builder.into_inner().unwrap()
}

fn header(size: usize) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_size(size as u64);
    header.set_mode(0o644);
    header.set_mtime(1_772_900_000);
    header
}

/// A tar of one entry whose name is taken as it is, however odd.
fn raw_tar(name: &[u8], kind: tar::EntryType, target: &[u8], bytes: &[u8]) -> Vec<u8> {
    let mut header = header(bytes.len());
    header.set_entry_type(kind);
    header.as_mut_bytes()[..name.len()].copy_from_slice(name);
    header.as_mut_bytes()[157..157 + target.len()].copy_from_slice(target);
    header.set_cksum();
    let mut tar = header.as_bytes().to_vec();
    tar.extend_from_slice(bytes);
    tar.resize(tar.len().next_multiple_of(512), 0);
    tar
}

/// The zip of files by name.
fn zip_with(files: &[(&str, &[u8])], method: CompressionMethod) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        let options =
            SimpleFileOptions::default().compression_method(method).large_file(bytes.len() > 40_000);
        writer.start_file(*name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// The files below a folder, by path.
pub(crate) fn files_below(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            let kind = fs::symlink_metadata(&path).unwrap().file_type();
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file() {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                files.insert(name, fs::read(path).unwrap());
            }
        }
    }
    files
}

fn line(number: usize) -> String {
    format!(
        "[2026-03-07 {:02}:{:02}:{:02}] NOTICE[1] chan_sip.c: Registration from '<sip:{}@pbx>' failed for \
         '198.51.100.4' - Wrong password\n",
        number / 3_600 % 24,
        number / 60 % 60,
        number % 60,
        100 + number % 7
    )
}

fn log(lines: usize) -> Vec<u8> {
    (0..lines).map(line).collect::<String>().into_bytes()
}

/// A log too large to be kept in memory.
fn large_log() -> Vec<u8> {
    log(45_000)
}

pub(crate) fn report(scratch: &Scratch, verb: &str, evidence: &[&str]) -> Value {
    let output = scratch.run(&[&[verb, "--format", "json"], evidence].concat());
    assert_eq!(code(&output), 0, "{evidence:?}: {}", stderr(&output));
    serde_json::from_str(&stdout(&output)).unwrap()
}

pub(crate) fn inventory(scratch: &Scratch, evidence: &str) -> Value {
    report(scratch, "inventory", &[evidence])
}

/// Returns each source's records and note by its path.
fn sources(report: &Value) -> BTreeMap<String, (u64, String)> {
    let row = |row: &Value| {
        let note = row["note"].as_str().unwrap_or_default().to_owned();
        (row["path"].as_str().unwrap().to_owned(), (row["records"].as_u64().unwrap(), note))
    };
    report["evidence"].as_array().unwrap().iter().map(row).collect()
}

/// Returns why something was not read, or all reasons.
fn reasons(report: &Value) -> String {
    let rows = report["not_read"].as_array().unwrap();
    rows.iter()
        .map(|row| format!("{}: {}\n", row["path"].as_str().unwrap(), row["why"].as_str().unwrap()))
        .collect()
}

/// Takes the paths out of a report, which the wrapping changes.
pub(crate) fn without_paths(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.remove("path");
            fields.remove("place");
            fields.values_mut().for_each(without_paths);
        }
        Value::Array(items) => items.iter_mut().for_each(without_paths),
        _ => {}
    }
}

#[test]
fn one_case_has_the_same_incidents_in_every_wrapping() {
    let scratch = Scratch::new();
    let tar = tar_of(&staged(), ".");
    let files = files_below(&staged());
    let listed: Vec<(&str, &[u8])> =
        files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    write(&scratch, "disk.tar", &tar);
    write(&scratch, "disk.tar.gz", &gz(&tar));
    write(&scratch, "disk.tar.zst", &zst(&tar));
    write(&scratch, "disk.zip", &zip_with(&listed, CompressionMethod::Deflated));
    write(&scratch, "stored.zip", &zip_with(&listed, CompressionMethod::Stored));
    write(&scratch, "uac-pbx-linux-20260310.tar.gz", &gz(&tar_of(&staged(), "[root]")));
    // What FreePBX left in the folder of its backups, and that in the zip of a collector.
    let backup = gz(&tar_of(&staged(), "files"));
    write(
        &scratch,
        "spool/var/spool/asterisk/backup/nightly/20260310-010000-1773104400-16.0.40-1.tar.gz",
        &backup,
    );
    let velociraptor = [("uploads/auto/var/spool/asterisk/backup/1.tar.gz", backup.as_slice())];
    write(&scratch, "collection.zip", &zip_with(&velociraptor, CompressionMethod::Deflated));
    // Old collections escape the slashes too; what their artifacts reported lies beside.
    let escaped: Vec<(String, &[u8])> = listed
        .iter()
        .map(|(name, bytes)| (format!("uploads/auto/%2F{}", name.replace('/', "%2F")), *bytes))
        .collect();
    let mut old: Vec<(&str, &[u8])> = escaped.iter().map(|(name, bytes)| (name.as_str(), *bytes)).collect();
    old.extend([
        ("results/Linux.Sys.Users.json", &b"{\"User\":\"root\"}\n"[..]),
        ("uploads.json", b"{\"vfs_path\":\"/etc/passwd\"}\n"),
    ]);
    write(&scratch, "old-collection.zip", &zip_with(&old, CompressionMethod::Deflated));
    write(&scratch, "old-collection.tar.gz", &gz(&tar_with(&old)));
    let folder = staged();
    let mut expected = report(&scratch, "run", &[folder.to_str().unwrap()])["incidents"].take();
    assert!(!expected.as_array().unwrap().is_empty());
    without_paths(&mut expected);
    for wrapped in [
        "disk.tar",
        "disk.tar.gz",
        "disk.tar.zst",
        "disk.zip",
        "stored.zip",
        "uac-pbx-linux-20260310.tar.gz",
        "spool",
        "collection.zip",
        "old-collection.zip",
        "old-collection.tar.gz",
    ] {
        let mut incidents = report(&scratch, "run", &[wrapped])["incidents"].take();
        let shown = incidents.to_string();
        assert!(shown.contains("!/"), "{wrapped}: {shown}");
        without_paths(&mut incidents);
        assert!(incidents == expected, "{wrapped}: {incidents:#}");
    }
    for (name, bytes) in &old {
        write(&scratch, &format!("unpacked/{name}"), bytes);
    }
    let whole = inventory(&scratch, "unpacked");
    let paths: Vec<&str> =
        whole["evidence"].as_array().unwrap().iter().filter_map(|row| row["path"].as_str()).collect();
    assert!(paths.contains(&"uploads/auto/etc/asterisk/logger.conf"), "{paths:?}");
    let shown = whole.to_string();
    assert!(shown.contains("escaped: uploads/auto/%2Fetc%2Fasterisk%2Flogger.conf"), "{shown}");
    assert!(shown.contains("what a collector's artifact Linux.Sys.Users reported"), "{shown}");
    assert!(shown.contains("a collector's own record of what it did"), "{shown}");
}

#[test]
fn every_packing_is_read_to_its_last_stream() {
    let scratch = Scratch::new();
    let text = log(400);
    let (first, second) = text.split_at(20_000);
    for (name, pack) in [("a.bz2", bz2 as fn(&[u8]) -> Vec<u8>), ("b.xz", xz), ("c.zst", zst), ("d", bz2)] {
        write(&scratch, &format!("e/{name}"), &[pack(first), pack(second)].concat());
        write(&scratch, &format!("cut/{name}"), &[pack(first), pack(second)[..20].to_vec()].concat());
    }
    // All are one log: one is read, and the others are known for its copies.
    let whole = inventory(&scratch, "e");
    let copies = whole["evidence"].as_array().unwrap().iter().filter(|row| row["duplicate_of"].is_string());
    assert_eq!(copies.count(), 3, "{whole:#}");
    assert_eq!(sources(&whole)["a.bz2"].0, 400, "{whole:#}");
    let cut = inventory(&scratch, "cut");
    let broken: Vec<_> =
        sources(&cut).into_values().filter(|(_, note)| note.contains("broken after")).collect();
    assert!(!broken.is_empty() && broken.iter().all(|(records, _)| *records > 150), "{cut:#}");
}

#[test]
fn a_large_member_is_read_line_by_line_as_a_file_is() {
    let scratch = Scratch::new();
    let text = large_log();
    let path = "var/log/asterisk/full";
    write(&scratch, &format!("plain/{path}"), &text);
    let tar = tar_with(&[(path, &text), ("etc/timezone", b"UTC\n"), ("var/log/asterisk/full.1", &log(50))]);
    write(&scratch, "tar/a.tar", &tar);
    write(&scratch, "gz/a.tar.gz", &gz(&tar));
    let zip = zip_with(&[(path, &text)], CompressionMethod::Deflated);
    write(&scratch, "zip/a.zip", &zip);
    write(
        &scratch,
        "nested/outer.tar.gz",
        &gz(&tar_with(&[("inner/a.tar.gz", &gz(&tar)), ("inner/b.zip", &zip)])),
    );
    let rows = |evidence: &str| {
        let output = scratch.run(&["timeline", evidence]);
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        stdout(&output)
    };
    let plain = rows("plain");
    assert_eq!(plain.lines().count(), 45_000);
    for (evidence, at) in [
        ("tar", "a.tar!/"),
        ("gz", "a.tar.gz!/"),
        ("zip", "a.zip!/"),
        ("nested", "outer.tar.gz!/inner/a.tar.gz!/"),
    ] {
        let told: Vec<String> = rows(evidence)
            .lines()
            .filter(|row| row.contains("asterisk/full\""))
            .map(|row| row.replace(at, ""))
            .collect();
        assert!(told.iter().eq(plain.lines()), "{evidence}: {} rows", told.len());
    }
    let nested = inventory(&scratch, "nested");
    let row = nested["evidence"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["path"] == "outer.tar.gz!/inner/a.tar.gz!/var/log/asterisk/full");
    let row = row.unwrap_or_else(|| panic!("{nested:#}"));
    assert_eq!(row["container"], "outer.tar.gz!/inner/a.tar.gz");
    assert_eq!(row["bytes"], text.len() as u64);
    let plain = inventory(&scratch, "plain");
    assert_eq!(row["sha256"], plain["evidence"][0]["sha256"]);
    let containers = nested["evidence"].as_array().unwrap().iter().filter(|row| row["kind"] == "archive");
    assert!(containers.clone().all(|row| row["sha256"].as_str().is_some_and(|hash| hash.len() == 64)));
    assert_eq!(containers.count(), 3, "{nested:#}");
}

#[test]
fn a_log_and_its_backups_count_once() {
    let text = large_log();
    for lines in [45_000, 300] {
        let scratch = Scratch::new();
        let full = &text[..log(lines).len()];
        // Yesterday's backup lacks today's lines.
        let (yesterday, today) = (&full[..full.len() * 3 / 4], &full[..full.len() * 9 / 10]);
        write(&scratch, "e/backup/1.tar.gz", &gz(&tar_with(&[("./var/log/asterisk/full", yesterday)])));
        write(&scratch, "e/backup/2.tar.gz", &gz(&tar_with(&[("./var/log/asterisk/full", today)])));
        let zip = zip_with(&[("full", yesterday)], CompressionMethod::Deflated);
        write(&scratch, "e/backup/3.zip", &zip);
        let shown = |report: &Value| {
            let rows = report["evidence"].as_array().unwrap().clone();
            let rows = rows.iter().filter(|row| row["kind"] != "archive");
            rows.map(|row| (row["path"].to_string(), row["duplicate_of"].clone())).collect::<Vec<_>>()
        };
        let only_backups = shown(&inventory(&scratch, "e"));
        let kept = only_backups.iter().filter(|(_, original)| original.is_null()).count();
        assert_eq!(kept, 1, "{lines}: {only_backups:?}");
        write(&scratch, "e/var/log/asterisk/full", full);
        let all = shown(&inventory(&scratch, "e"));
        assert_eq!(all.len(), 4);
        let original = |(_, original): &(String, Value)| original == "var/log/asterisk/full";
        assert_eq!(all.iter().filter(|row| original(row)).count(), 3, "{lines}: {all:?}");
    }
}

#[test]
fn an_archive_that_ends_anywhere_gives_what_it_holds_and_says_so() {
    let text = log(300);
    let files: Vec<(String, Vec<u8>)> = (0..6)
        .map(|number| (format!("log/full.{number}"), [line(9 * number).as_bytes(), &text].concat()))
        .collect();
    let files: Vec<(&str, &[u8])> =
        files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    let tar = tar_with(&files);
    let forms = [
        ("a.tar", tar.clone()),
        ("a.tar.gz", gz(&tar)),
        ("a.tar.zst", zst(&tar)),
        ("a.zip", zip_with(&files, CompressionMethod::Deflated)),
        ("b.zip", zip_with(&files, CompressionMethod::Stored)),
    ];
    for (name, whole) in forms {
        let mut last = 0;
        for part in 3..10 {
            let scratch = Scratch::new();
            write(&scratch, &format!("e/{name}"), &whole[..whole.len() * part / 10]);
            // One more file, so that there is something to read wherever the archive breaks.
            write(&scratch, "e/messages", line(5_000).as_bytes());
            let inventory = inventory(&scratch, "e");
            let records: u64 = sources(&inventory).values().map(|(records, _)| records).sum();
            assert!(records >= last, "{name} {part}");
            let said = reasons(&inventory) + &format!("{:?}", sources(&inventory));
            assert!(
                ["ends at", "broken", "missing", "cannot be read"].iter().any(|word| said.contains(word)),
                "{name} {part}: {said}"
            );
            last = records;
        }
        // zstd's last block, of up to 128 KiB, is not whole.
        assert!(last > 1_000, "{name}: {last}");
    }
}

#[test]
fn names_decide_nothing() {
    let scratch = Scratch::new();
    let tar = tar_with(&[("var/log/asterisk/full", &log(20))]);
    write(&scratch, "e/photo.jpg", &gz(&tar));
    write(&scratch, "e/letter.tar.gz", &[line(70).into_bytes(), log(30)].concat());
    write(&scratch, "e/disk.tgz", &zip_with(&[("messages", &log(40)[200..])], CompressionMethod::Stored));
    write(&scratch, "e/none.zip", b"PK\x03\x04 and no zip at all");
    write(&scratch, "e/none.tar", &[0; 10_240]);
    write(&scratch, "e/none.tar.gz", &gz(&[0; 10_240]));
    let inventory = inventory(&scratch, "e");
    let found = sources(&inventory);
    let paths: Vec<&str> = found.keys().map(String::as_str).collect();
    let expected =
        ["disk.tgz", "disk.tgz!/messages", "letter.tar.gz", "photo.jpg", "photo.jpg!/var/log/asterisk/full"];
    assert_eq!(paths, expected, "{inventory:#}");
    // Nothing that is known in an archive is nothing that is known.
    let output = scratch.run(&["run", "e/none.tar.gz"]);
    assert_eq!(code(&output), 3, "{}", stderr(&output));
}

#[test]
fn odd_entries_stay_below_the_archive_and_are_named() {
    let scratch = Scratch::new();
    let text = log(30);
    let long = format!("{}/full", "deep".repeat(60));
    let kinds = [
        raw_tar(b"../../../../tmp/etc/asterisk/full", tar::EntryType::Regular, b"", &text),
        raw_tar(b"/var/log/\x1b[2Jfull", tar::EntryType::Regular, b"", &log(31)),
        raw_tar(b"dev/null", tar::EntryType::Char, b"", b""),
        raw_tar(b"run/fifo", tar::EntryType::Fifo, b"", b""),
        raw_tar(b"etc/localtime", tar::EntryType::Symlink, b"/usr/share/zoneinfo/Europe/Madrid", b""),
        raw_tar(b"etc/out", tar::EntryType::Symlink, b"../../../../etc/passwd", b""),
        raw_tar(b"var/second", tar::EntryType::Link, b"var/first", b""),
        raw_tar(b"var/first", tar::EntryType::Regular, b"", &log(32)),
        raw_tar(b"same", tar::EntryType::Regular, b"", &log(33)),
        raw_tar(b"same", tar::EntryType::Regular, b"", &log(34)[150..]),
        raw_tar(b"SAME", tar::EntryType::Regular, b"", &log(36)[300..]),
        tar_with(&[(&long, &log(35)[450..])]),
    ];
    write(&scratch, "e/a.tar", &kinds.concat());
    let report = inventory(&scratch, "e");
    let reasons = reasons(&report);
    assert_eq!(report["case"]["timezone"], "Europe/Madrid", "{reasons}");
    let found = sources(&report);
    for path in [
        "a.tar!/tmp/etc/asterisk/full",
        "a.tar!/var/log/\u{1b}[2Jfull",
        "a.tar!/var/first",
        "a.tar!/same",
        "a.tar!/same (overwritten 1)",
        "a.tar!/SAME",
        &format!("a.tar!/{long}"),
    ] {
        assert!(found.contains_key(path), "{path}: {found:#?} {reasons}");
    }
    assert!(!reasons.contains("var/second"), "{reasons}");
    for said in [
        "a.tar!/tmp/etc/asterisk/full: its name climbs out of the archive",
        "a.tar!/dev/null: a device or fifo",
        "a.tar!/run/fifo: a device or fifo",
        "a.tar!/etc/out: a link to ../../../../etc/passwd, which is not in the evidence",
        "a later member has this name too",
    ] {
        assert!(reasons.contains(said), "{said}: {reasons}");
    }
    let text = stdout(&scratch.run(&["inventory", "e"]));
    assert!(!text.contains('\u{1b}'), "{text}");
}

#[test]
fn a_zip_that_lies_loses_nothing_but_the_lie() {
    let scratch = Scratch::new();
    let (first, second) = (log(40), log(50)[300..].to_vec());
    let whole = zip_with(&[("first", &first), ("second", &second)], CompressionMethod::Stored);
    let central = |number: usize| memchr::memmem::find_iter(&whole, b"PK\x01\x02").nth(number).unwrap();
    // The second entry of the directory points into the first member's bytes.
    let mut overlapping = whole.clone();
    overlapping[central(1) + 42..central(1) + 46].copy_from_slice(&60_u32.to_le_bytes());
    write(&scratch, "e/overlap.zip", &overlapping);
    // Both entries point to one member.
    let mut twice = whole.clone();
    twice[central(1) + 42..central(1) + 46].copy_from_slice(&0_u32.to_le_bytes());
    write(&scratch, "e/twice.zip", &twice);
    let mut encrypted = whole.clone();
    encrypted[central(0) + 8] |= 1;
    write(&scratch, "e/encrypted.zip", &encrypted);
    let mut method = whole.clone();
    method[central(0) + 10] = 99;
    write(&scratch, "e/method.zip", &method);
    let mut damaged = whole.clone();
    damaged[central(1)] = b'X';
    write(&scratch, "e/damaged.zip", &damaged);
    // The directory says that ten bytes are packed to what is there.
    let other = &log(45)[100..];
    let mut size = zip_with(&[("first", other)], CompressionMethod::Deflated);
    let at = memchr::memmem::find(&size, b"PK\x01\x02").unwrap();
    size[at + 24..at + 28].copy_from_slice(&10_u32.to_le_bytes());
    write(&scratch, "e/size.zip", &size);
    let inventory = inventory(&scratch, "e");
    let (found, reasons) = (sources(&inventory), reasons(&inventory));
    for path in [
        "overlap.zip!/first",
        "twice.zip!/first",
        "encrypted.zip!/second",
        "method.zip!/second",
        "damaged.zip!/first",
        "size.zip!/first",
    ] {
        assert!(found.contains_key(path), "{path}: {found:#?} {reasons}");
    }
    assert_eq!(
        found["size.zip!/first"].1,
        format!("holds {} bytes, though the archive says 10", other.len())
    );
    for said in [
        "overlap.zip!/second: its bytes are those of other members: not read",
        "twice.zip!/second: its bytes are those of other members: not read",
        "encrypted.zip!/first: encrypted: not read",
        "method.zip!/first: packed by method 99",
        "damaged.zip: its directory is damaged at byte",
    ] {
        assert!(reasons.contains(said), "{said}: {reasons}");
    }
}

#[test]
fn a_zip_written_as_a_stream_is_read_with_and_without_its_directory() {
    let mut writer = zip::ZipWriter::new_stream(Vec::new());
    for (number, method) in [CompressionMethod::Deflated, CompressionMethod::Deflated].into_iter().enumerate()
    {
        let options = SimpleFileOptions::default().compression_method(method);
        writer.start_file(format!("full.{number}"), options).unwrap();
        writer.write_all(&log(60)[100 * number..]).unwrap();
    }
    let whole = writer.finish().unwrap().into_inner();
    let end = memchr::memmem::find(&whole, b"PK\x01\x02").unwrap();
    for (bytes, said) in
        [(&whole[..], ""), (&whole[..end], "its directory, which stands at the end, is missing")]
    {
        let scratch = Scratch::new();
        write(&scratch, "e/a.zip", bytes);
        let inventory = inventory(&scratch, "e");
        let found = sources(&inventory);
        assert!(found.contains_key("a.zip!/full.0") && found.contains_key("a.zip!/full.1"), "{inventory:#}");
        assert!(reasons(&inventory).contains(said), "{inventory:#}");
    }
}

#[test]
fn archives_in_archives_end_at_a_depth_that_is_said() {
    let scratch = Scratch::new();
    for (name, wrap) in [("gz", gz as fn(&[u8]) -> Vec<u8>), ("plain", <[u8]>::to_vec)] {
        let mut inner = log(20);
        for depth in 0..8 {
            let name = if depth == 0 { "full" } else { "inner.tar" };
            inner =
                wrap(&tar_with(&[(name, &inner), (&format!("messages.{depth}"), &log(21 + depth)[depth..])]));
        }
        write(&scratch, &format!("{name}/a.tar"), &inner);
        let inventory = inventory(&scratch, name);
        let found = sources(&inventory);
        let deepest = found.keys().map(|path| path.matches("!/").count()).max();
        assert_eq!(deepest, Some(5), "{name}: {found:#?}");
        assert!(reasons(&inventory).contains("more than 4 archives inside one another"), "{inventory:#}");
    }
}

#[test]
fn holes_in_a_member_are_read_as_zeros() {
    let scratch = Scratch::new();
    // A log that logrotate cut to nothing while its writer kept its place: a hole, then lines.
    let text = log(30);
    let mut header = header(text.len());
    header.set_entry_type(tar::EntryType::GNUSparse);
    header.as_mut_bytes()[..4].copy_from_slice(b"full");
    let octal = |value: usize| format!("{value:011o}\0").into_bytes();
    header.as_mut_bytes()[386..398].copy_from_slice(&octal(0));
    header.as_mut_bytes()[398..410].copy_from_slice(&octal(line(0).len()));
    header.as_mut_bytes()[410..422].copy_from_slice(&octal(8_192));
    header.as_mut_bytes()[422..434].copy_from_slice(&octal(text.len() - line(0).len()));
    header.as_mut_bytes()[483..495].copy_from_slice(&octal(8_192 + text.len() - line(0).len()));
    header.set_cksum();
    let mut tar = header.as_bytes().to_vec();
    tar.extend_from_slice(&text);
    tar.resize(tar.len().next_multiple_of(512), 0);
    // What follows is found where it stands.
    tar.extend_from_slice(&tar_with(&[("messages", &log(40)[200..])]));
    write(&scratch, "e/a.tar", &tar);
    let inventory = inventory(&scratch, "e");
    let found = sources(&inventory);
    assert!(found["a.tar!/messages"].0 >= 37, "{inventory:#}");
    let row = inventory["evidence"].as_array().unwrap().iter().find(|row| row["path"] == "a.tar!/full");
    assert!(
        row.is_none_or(|row| row["bytes"] == (8_192 + text.len() - line(0).len()) as u64),
        "{inventory:#}"
    );
}

#[test]
fn includes_are_found_where_the_folder_looks_like_a_pattern() {
    let scratch = Scratch::new();
    let files: [(&str, &[u8]); 2] = [
        ("[root]/etc/asterisk/sip.conf", b"[general]\nbindport=5060\n#include sip.d/*.conf\n"),
        ("[root]/etc/asterisk/sip.d/phones.conf", b"[205]\ntype=friend\nsecret=205\nhost=dynamic\n"),
    ];
    for (name, bytes) in files {
        write(&scratch, &format!("folder/{name}"), bytes);
    }
    let path = write(&scratch, "uac-pbx.tar.gz", &gz(&tar_with(&files)));
    for evidence in [path, scratch.path().join("folder")] {
        let pbx = tolltrace::pbx::read(&Evidence::gather(&[evidence]).unwrap());
        let names: Vec<&str> = pbx.accounts.iter().map(|account| account.name.as_str()).collect();
        assert_eq!(names, ["205"]);
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(48))]

    #[test]
    fn damage_anywhere_ends_in_a_list(
        form in 0..6_usize,
        damage in proptest::collection::vec((0..100_000_usize, 0..=255_u8), 0..8),
        end in 0..100_000_usize,
    ) {
        let files: Vec<(&str, &[u8])> = vec![("etc/asterisk/sip.conf", b"[general]\n[205]\nsecret=x\n"), ("empty", b"")];
        let text = log(12);
        let files = [&files[..], &[("var/log/asterisk/full", &text)]].concat();
        let tar = tar_with(&files);
        let mut bytes = match form {
            0 => tar,
            1 => gz(&tar),
            2 => zst(&tar),
            3 => zip_with(&files, CompressionMethod::Deflated),
            4 => zip_with(&[("inner.zip", &zip_with(&files, CompressionMethod::Stored)), ("inner.tgz", &gz(&tar))], CompressionMethod::Deflated),
            _ => xz(&tar),
        };
        let length = bytes.len();
        for (at, value) in damage {
            bytes[at % length] = value;
        }
        bytes.truncate(if end % 4 == 0 { end % length } else { length });
        let scratch = Scratch::new();
        let path = write(&scratch, "e/archive", &bytes);
        let evidence = Evidence::gather(&[path]).unwrap();
        for source in &evidence.sources {
            let _ = evidence.read_small(source, 1 << 20);
        }
    }
}

#[test]
fn a_member_that_was_changed_in_its_zip_is_told() {
    let scratch = Scratch::new();
    for (name, method) in [("stored", CompressionMethod::Stored), ("deflated", CompressionMethod::Deflated)] {
        let zip = zip_with(&[("full", &log(40)), ("other", &log(50)[300..])], method);
        write(&scratch, &format!("{name}-whole.zip"), &zip);
        // One digit of the first line, and the sum of the packed one.
        let mut changed = zip.clone();
        let at = match method {
            CompressionMethod::Stored => memchr::memmem::find(&changed, b"2026-").unwrap() + 3,
            _ => memchr::memmem::find(&changed, b"PK\x01\x02").unwrap() + 16,
        };
        changed[at] ^= 1;
        write(&scratch, &format!("{name}-changed.zip"), &changed);
        for (kind, is_told) in [("whole", false), ("changed", true)] {
            let case = format!("case-{name}-{kind}");
            let output = scratch.run(&["run", &format!("{name}-{kind}.zip"), "-o", &case, "--tz", "UTC"]);
            assert_eq!(code(&output), 0, "{}", stderr(&output));
            let report = fs::read_to_string(scratch.path().join(case).join("report.json")).unwrap();
            let report: Value = serde_json::from_str(&report).unwrap();
            let notes: Vec<String> = report["evidence"]
                .as_array()
                .unwrap()
                .iter()
                .map(|source| source["note"].to_string())
                .collect();
            let told =
                notes.iter().filter(|note| note.contains("its checksum in the archive is another")).count();
            assert_eq!(told, usize::from(is_told), "{name} {kind}: {notes:?}");
        }
    }
}

#[test]
fn what_keeps_a_packed_file_from_being_read_is_said_with_a_way_out() {
    let scratch = Scratch::new();
    let mut zip = zip_with(&[("full", &log(40))], CompressionMethod::Stored);
    let at = memchr::memmem::find(&zip, b"PK\x01\x02").unwrap();
    zip[at + 8] |= 1;
    write(&scratch, "encrypted.zip", &zip);
    let gzip = |bytes: &[u8]| {
        let mut writer = GzEncoder::new(Vec::new(), Compression::fast());
        writer.write_all(bytes).unwrap();
        writer.finish().unwrap()
    };
    write(&scratch, "full.gz.gz", &gzip(&gzip(&log(40))));
    for (name, said) in [
        ("encrypted.zip", ["encrypted: not read", "hint: unpack it with its password"]),
        ("full.gz.gz", ["packed twice: gz inside", "unpack it once"]),
    ] {
        let output = scratch.run(&["run", name, "-o", "case"]);
        assert_eq!(code(&output), 3, "{name}");
        for words in said {
            assert!(stderr(&output).contains(words), "{name}: {}", stderr(&output));
        }
    }
}
