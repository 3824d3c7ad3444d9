//! Evidence as it comes: packed, copied twice, linked, forbidden, damaged, changing, oddly named.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use crate::scratch::{Scratch, code, stderr, stdout};

/// A line of Asterisk's log, the `number`th of a minute.
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

fn log(lines: usize) -> String {
    (0..lines).map(line).collect()
}

fn gz(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn write(scratch: &Scratch, name: &str, bytes: &[u8]) -> PathBuf {
    let path = scratch.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, bytes).unwrap();
    path
}

fn rows(scratch: &Scratch, evidence: &str) -> Vec<Value> {
    let output = scratch.run(&["timeline", evidence]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn inventory(scratch: &Scratch, evidence: &str) -> Value {
    let output = scratch.run(&["inventory", evidence, "--format", "json"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    serde_json::from_str(&stdout(&output)).unwrap()
}

/// Returns path, records, lines passed over and note of each source.
fn sources(inventory: &Value) -> BTreeMap<String, (u64, u64, String)> {
    let row = |row: &Value| {
        let number = |key: &str| row[key].as_u64().unwrap();
        let note = row["note"].as_str().unwrap_or_default().to_owned();
        (row["path"].as_str().unwrap().to_owned(), (number("records"), number("unparsed"), note))
    };
    inventory["evidence"].as_array().unwrap().iter().map(row).collect()
}

#[test]
fn a_gz_of_several_members_is_read_to_its_end() {
    let scratch = Scratch::new();
    let text = log(300);
    let (first, rest) = text.split_at(5_000);
    let (second, third) = rest.split_at(1);
    let packed = [gz(first.as_bytes()), gz(second.as_bytes()), gz(b""), gz(third.as_bytes())].concat();
    write(&scratch, "e/full.1.gz", &packed);
    let rows = rows(&scratch, "e");
    assert_eq!(rows.len(), 300);
    let second_line = text.find('\n').unwrap() as u64 + 1;
    assert_eq!((rows[1]["line"].as_u64(), rows[1]["offset"].as_u64()), (Some(2), Some(second_line)));
}

#[test]
fn a_file_that_is_broken_from_the_beginning_is_told_to_be_that() {
    let scratch = Scratch::new();
    let broken = [&gz(log(50).as_bytes())[..12], b"\xff\xff\xff\xff\xff\xff"].concat();
    write(&scratch, "full.1.gz", &broken);
    let output = scratch.run(&["run", "full.1.gz", "-o", "case"]);
    assert_eq!(code(&output), 3);
    assert!(stderr(&output).contains("full.1.gz: gz broken after 0 unpacked bytes"), "{}", stderr(&output));
    write(&scratch, "photo", b"\x89PNG\r\n\0\0\x1a");
    let output = scratch.run(&["run", "photo", "-o", "case"]);
    assert!(!stderr(&output).contains("of no known kind"), "{}", stderr(&output));
}

#[test]
fn a_log_that_begins_with_a_hole_is_read_from_behind_it() {
    let scratch = Scratch::new();
    let text = log(600);
    let holed = |hole: usize| [vec![0; hole], text.clone().into_bytes()].concat();
    write(&scratch, "evidence/small/full", &holed(5));
    write(&scratch, "evidence/large/full", &holed(300_000));
    write(&scratch, "evidence/packed/full.1.gz", &gz(&holed(200_001)));
    let mut tar = tar::Builder::new(Vec::new());
    let bytes = holed(150_000);
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes.len() as u64);
    header.set_mode(0o644);
    tar.append_data(&mut header, "log/full", bytes.as_slice()).unwrap();
    write(&scratch, "evidence/backup.tar.gz", &gz(&tar.into_inner().unwrap()));
    // Nothing but a hole, and a hole before what is no text.
    write(&scratch, "evidence/empty/full", &vec![0; 100_000]);
    write(&scratch, "evidence/binary/full", &[vec![0; 10_000], vec![1, 0, 2, 0, 255]].concat());
    let sources = sources(&inventory(&scratch, "evidence"));
    let expected = [
        ("backup.tar.gz!/log/full", 150_000),
        ("large/full", 300_000),
        ("packed/full.1.gz", 200_001),
        ("small/full", 5),
    ];
    for (path, hole) in expected {
        let (records, skipped, note) = &sources[path];
        assert_eq!((*records, *skipped), (600, 0), "{path}");
        assert!(note.contains(&format!("begins with {hole} NUL bytes")), "{path}: {note}");
    }
    assert!(
        !sources.keys().any(|path| path.starts_with("empty") || path.starts_with("binary")),
        "{sources:?}"
    );
}

#[test]
fn a_gz_that_ends_anywhere_gives_what_it_holds_and_says_so() {
    let text = log(400);
    let packed = gz(text.as_bytes());
    let mut last = 0;
    for end in (20..packed.len()).step_by((packed.len() / 12).max(1)) {
        let scratch = Scratch::new();
        write(&scratch, "e/full.gz", &packed[..end]);
        // One more file, so that there is something to read wherever the gz breaks.
        write(&scratch, "e/messages", line(5_000).as_bytes());
        let inventory = inventory(&scratch, "e");
        let Some((records, _, note)) = sources(&inventory).remove("full.gz") else {
            assert_eq!((last, &inventory["unrecognised_files"]), (0, &Value::from(1)), "{end}");
            continue;
        };
        assert!(note.contains("gz broken"), "{end}: {note}");
        assert!(records >= last, "{end}");
        last = records;
    }
    assert!(last > 200, "{last}");
}

#[test]
fn a_line_without_end_in_a_gz_is_reported_once_and_what_follows_is_read() {
    let scratch = Scratch::new();
    // No time in it: it is passed over as a whole.
    let endless = [&b"x "[..], &b"A".repeat(20_000_000), b"\n"].concat();
    let text = [log(40).as_bytes(), &endless, log(30).as_bytes()].concat();
    write(&scratch, "packed/full.gz", &gz(&text));
    write(&scratch, "plain/full", &text);
    for folder in ["packed", "plain"] {
        let inventory = inventory(&scratch, folder);
        let row = &inventory["evidence"][0];
        let places = row["unparsed_places"].as_array().unwrap();
        let too_long: Vec<&Value> =
            places.iter().filter(|place| place["why"] == "longer than any record of its kind").collect();
        assert_eq!(row["records"], 70, "{folder}: {row}");
        assert_eq!(too_long.len(), 1, "{folder}: {row}");
        assert_eq!(too_long[0]["first_lines"][0], 41, "{folder}: {row}");
    }
}

#[test]
fn a_damaged_gz_gives_what_comes_before_the_damage() {
    let scratch = Scratch::new();
    let packed = gz(log(4_000).as_bytes());
    let mut broken = packed.clone();
    let middle = broken.len() / 2;
    broken[middle..middle + 64].fill(0xff);
    write(&scratch, "e/full.1.gz", &broken);
    write(&scratch, "e/full.2.gz", &[packed.as_slice(), b"\0\0\0trailing"].concat());
    write(&scratch, "e/full.3.gz", &gz(b""));
    write(&scratch, "e/full.4.gz", b"\x1f\x8b\x08");
    write(&scratch, "e/full.5.gz", b"");
    let inventory = inventory(&scratch, "e");
    let sources = sources(&inventory);
    assert!(sources["full.1.gz"].2.contains("broken"), "{sources:#?}");
    assert_eq!(sources["full.2.gz"].0, 4_000, "{sources:#?}");
    assert!(!sources.contains_key("full.3.gz") && !sources.contains_key("full.5.gz"));
}

#[test]
fn what_was_copied_twice_counts_once() {
    let scratch = Scratch::new();
    let text = log(200);
    write(&scratch, "e/var/log/asterisk/full", text.as_bytes());
    write(&scratch, "e/backup/full", text.as_bytes());
    write(&scratch, "e/old/full.start", &text.as_bytes()[..text.len() / 2]);
    write(&scratch, "e/packed/full.gz", &gz(text.as_bytes()));
    fs::hard_link(scratch.path().join("e/var/log/asterisk/full"), scratch.path().join("e/hard")).unwrap();
    assert_eq!(rows(&scratch, "e").len(), 200);
    let sources = sources(&inventory(&scratch, "e"));
    assert_eq!(sources.values().filter(|(records, ..)| *records == 200).count(), 1, "{sources:#?}");
    assert_eq!(sources.values().map(|(records, ..)| records).sum::<u64>(), 200);
}

#[test]
fn logs_that_only_begin_alike_both_count() {
    let scratch = Scratch::new();
    write(&scratch, "e/full.1", format!("{}{}", log(100), line(1_000)).as_bytes());
    write(&scratch, "e/full.2", format!("{}{}", log(100), line(2_000)).as_bytes());
    assert_eq!(rows(&scratch, "e").len(), 202);
}

#[test]
fn links_are_named_and_never_followed() {
    let scratch = Scratch::new();
    let outside = write(&scratch, "outside/full", log(50).as_bytes());
    write(&scratch, "e/var/full", log(10).as_bytes());
    let at = |name: &str| scratch.path().join("e").join(name);
    symlink(&outside, at("absolute")).unwrap();
    symlink("../outside/full", at("climbing")).unwrap();
    symlink("../outside", at("folder")).unwrap();
    symlink("nowhere", at("dangling")).unwrap();
    symlink("loop", at("loop")).unwrap();
    symlink(".", at("self")).unwrap();
    symlink("var/full", at("inside")).unwrap();
    assert_eq!(rows(&scratch, "e").len(), 10);
}

#[test]
fn a_link_given_by_hand_is_followed() {
    let scratch = Scratch::new();
    write(&scratch, "real/full", log(10).as_bytes());
    symlink("real", scratch.path().join("folder")).unwrap();
    symlink("real/full", scratch.path().join("file")).unwrap();
    assert_eq!(rows(&scratch, "folder").len(), 10);
    assert_eq!(rows(&scratch, "file").len(), 10);
}

#[test]
fn what_is_no_regular_file_is_never_opened() {
    let scratch = Scratch::new();
    write(&scratch, "e/full", log(10).as_bytes());
    let made = scratch.command("/usr/bin/mkfifo").arg("e/fifo").status();
    let _socket = std::os::unix::net::UnixListener::bind(scratch.path().join("e/socket")).unwrap();
    // A device node takes more rights than tests usually have.
    let _ = scratch.command("/usr/bin/mknod").args(["e/device", "c", "1", "5"]).output();
    assert_eq!(rows(&scratch, "e").len(), 10);
    let unread = inventory(&scratch, "e")["not_read"].to_string();
    assert!(unread.contains("e/socket") || unread.contains("\"socket\""), "{unread}");
    if made.is_ok_and(|status| status.success()) {
        let output = scratch.run(&["timeline", "e/fifo"]);
        assert_eq!(code(&output), 2);
        assert!(stderr(&output).contains("neither a file nor a folder"), "{}", stderr(&output));
    } else {
        eprintln!("passed over: no fifo can be made here");
    }
}

/// Runs the program as somebody who may read only what everybody may.
fn run_as_nobody(scratch: &Scratch, arguments: &[&str]) -> Option<std::process::Output> {
    if !is_root() {
        return Some(scratch.run(arguments));
    }
    fs::set_permissions(scratch.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let program = scratch.path().join("tolltrace");
    fs::copy(env!("CARGO_BIN_EXE_tolltrace"), &program).unwrap();
    let mut command = scratch.command(program.to_str().unwrap());
    let output = command.args(arguments).uid(65_534).gid(65_534).output();
    if output.is_err() {
        eprintln!("passed over: the program cannot be run as another user here");
    }
    output.ok()
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|metadata| metadata.uid() == 0)
}

#[test]
fn what_may_not_be_read_is_told() {
    let scratch = Scratch::new();
    write(&scratch, "e/full", log(10).as_bytes());
    let file = write(&scratch, "e/messages", log(20).as_bytes());
    write(&scratch, "e/closed/security", log(30).as_bytes());
    let folder = scratch.path().join("e/closed");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o0)).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o0)).unwrap();
    let listed = run_as_nobody(&scratch, &["inventory", "e", "--format", "json"]);
    let whole = run_as_nobody(&scratch, &["timeline", "e/closed"]);
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    let (Some(listed), Some(whole)) = (listed, whole) else { return };
    assert_eq!(code(&listed), 0, "{}", stderr(&listed));
    let inventory: Value = serde_json::from_str(&stdout(&listed)).unwrap();
    assert_eq!(sources(&inventory)["full"].0, 10);
    let unread = inventory["not_read"].to_string();
    assert!(unread.contains("messages") && unread.contains("closed"), "{unread}");
    assert_eq!(code(&whole), 2);
    assert!(stderr(&whole).starts_with("error: e/closed: "), "{}", stderr(&whole));
    assert!(stderr(&whole).contains("\n\nhint: "), "{}", stderr(&whole));
}

#[test]
fn a_live_log_that_is_cut_or_grows_harms_nothing() {
    let scratch = Scratch::new();
    let long = log(60_000);
    let path = write(&scratch, "e/full", long.as_bytes());
    write(&scratch, "e/messages", log(10).as_bytes());
    for grows in [false, true] {
        fs::write(&path, &long).unwrap();
        let child = scratch
            .command(env!("CARGO_BIN_EXE_tolltrace"))
            .args(["run", "e", "--format", "json", "-j", "2"])
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        for step in 0..200 {
            let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
            if grows {
                file.write_all(line(step).as_bytes()).unwrap();
            } else {
                file.set_len((long.len() - step * 1_000) as u64).unwrap();
            }
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        let output = child.wait_with_output().unwrap();
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        let report: Value = serde_json::from_str(&stdout(&output)).unwrap();
        assert_eq!(sources(&report)["messages"].0, 10);
    }
}

#[test]
fn names_of_any_bytes_are_read_and_shown_harmless() {
    let scratch = Scratch::new();
    for (number, name) in
        [&b"a\nb"[..], b"c\x1b[31md", b"e\xff\xfef", b"-rf", "\u{202e}gnp".as_bytes(), b"`|<b>"]
            .iter()
            .enumerate()
    {
        let name = std::ffi::OsString::from_vec([b"e/", *name].concat());
        fs::create_dir_all(scratch.path().join("e")).unwrap();
        fs::write(scratch.path().join(name), log(number + 1)).unwrap();
    }
    let found = rows(&scratch, "e");
    assert_eq!(found.len(), 1 + 2 + 3 + 4 + 5 + 6);
    for arguments in
        [&["run", "e", "-v"][..], &["inventory", "e", "-v"], &["run", "e", "--format", "markdown"]]
    {
        let output = scratch.run(arguments);
        assert_eq!(code(&output), 0);
        for text in [stdout(&output), stderr(&output)] {
            assert!(!text.contains(['\u{1b}', '\u{202e}']), "{arguments:?}: {text}");
            assert!(!text.contains("a\nb"), "{arguments:?}: {text}");
        }
    }
}

#[test]
fn folders_as_deep_as_they_come_are_reported() {
    let scratch = Scratch::new();
    write(&scratch, "e/full", log(10).as_bytes());
    let deep = (0..300).fold(scratch.path().join("e"), |path, _| path.join("d"));
    fs::create_dir_all(&deep).unwrap();
    fs::write(deep.join("full"), log(5)).unwrap();
    assert_eq!(rows(&scratch, "e").len(), 10);
    assert!(inventory(&scratch, "e")["not_read"].to_string().contains("nest deeper"));
}

#[test]
fn thousands_of_small_files_are_looked_at() {
    let scratch = Scratch::new();
    write(&scratch, "e/full", log(10).as_bytes());
    for number in 0..10_000 {
        let folder = scratch.path().join(format!("e/{}", number / 500));
        if number % 500 == 0 {
            fs::create_dir_all(&folder).unwrap();
        }
        fs::write(folder.join(format!("{number}")), "no log\n").unwrap();
    }
    let inventory = inventory(&scratch, "e");
    assert_eq!(inventory["unrecognised_files"], 10_000);
    assert_eq!(sources(&inventory).len(), 1);
}

/// Lists everything below a folder with size and times.
fn listing(folder: &Path) -> BTreeMap<PathBuf, (u64, i64, i64, u32)> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let metadata = fs::symlink_metadata(&path).unwrap();
            if metadata.is_dir() {
                folders.push(path.clone());
            }
            found.insert(path, (metadata.size(), metadata.mtime(), metadata.mtime_nsec(), metadata.mode()));
        }
    }
    found
}

#[test]
fn the_evidence_is_as_it_was() {
    let scratch = Scratch::new();
    write(&scratch, "e/var/log/asterisk/full", log(100).as_bytes());
    write(&scratch, "e/var/log/asterisk/full.1.gz", &gz(log(100).as_bytes()));
    write(&scratch, "e/etc/asterisk/sip.conf", b"[100]\ntype=friend\nsecret=1234\nhost=dynamic\n");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/pbx/bruteforce/root/var/lib");
    write(
        &scratch,
        "e/var/lib/asterisk/astdb.sqlite3",
        &fs::read(source.join("asterisk/astdb.sqlite3")).unwrap(),
    );
    let before = listing(&scratch.path().join("e"));
    for arguments in [
        &["run", "e", "-o", "case"][..],
        &["inventory", "e"],
        &["assess", "e"],
        &["investigate", "e"],
        &["timeline", "e", "-o", "timeline.jsonl"],
    ] {
        assert_eq!(code(&scratch.run(arguments)), 0, "{arguments:?}");
        assert_eq!(listing(&scratch.path().join("e")), before, "{arguments:?}");
    }
}

#[test]
fn an_output_inside_the_evidence_is_refused_by_whatever_way() {
    let scratch = Scratch::new();
    write(&scratch, "e/var/log/full", log(10).as_bytes());
    symlink("e/var", scratch.path().join("way")).unwrap();
    let absolute = scratch.path().join("e/x").to_string_lossy().into_owned();
    let before = listing(&scratch.path().join("e"));
    let outputs = [
        "e/x",
        "e",
        "e/a/b/c",
        "way/x",
        "way/../x",
        "e/../e/x",
        "./e//x",
        absolute.as_str(),
        "e/var/log/full",
    ];
    for verb in ["run", "timeline", "inventory"] {
        for output in outputs {
            let result = scratch.run(&[verb, "e", "-o", output]);
            assert_eq!(code(&result), 2, "{verb} -o {output}: {}", stderr(&result));
            assert!(stderr(&result).contains("lies inside the evidence"), "{output}: {}", stderr(&result));
        }
        // Two pieces of evidence, the output in the second.
        write(&scratch, "other/messages", log(3).as_bytes());
        assert_eq!(code(&scratch.run(&[verb, "other", "e", "-o", "e/x"])), 2, "{verb}");
    }
    // A file given as evidence must not be written over.
    assert_eq!(code(&scratch.run(&["timeline", "e/var/log/full", "-o", "e/var/log/full"])), 2);
    assert_eq!(listing(&scratch.path().join("e")), before);
}

#[test]
fn logs_are_known_by_what_they_hold() {
    let names =
        ["full.pbx6", "asterisk-full.txt", "full-20261120", "full.1", "a/b/c/d/e/f/log", "FULL", "x.bak"];
    let scratch = Scratch::new();
    for (number, name) in names.iter().enumerate() {
        write(&scratch, &format!("e/{name}"), line(number).as_bytes());
    }
    assert_eq!(rows(&scratch, "e").len(), names.len());
}

#[test]
fn texts_about_logs_are_no_logs() {
    let scratch = Scratch::new();
    let prose = "This is how one reads a log, and what it has to say to whoever looks at it.\n".repeat(20);
    write(&scratch, "e/README", format!("{prose}{}{prose}", line(1)).as_bytes());
    write(
        &scratch,
        "e/filter.conf",
        format!("# matches\n# {}[Definition]\nfailregex = x\n{prose}", line(1)).as_bytes(),
    );
    write(&scratch, "e/notes.csv", b"date,what\n2026-03-07,phoned the carrier\n");
    write(&scratch, "e/binary", &[0; 5_000]);
    let output = scratch.run(&["timeline", "e"]);
    assert_eq!((code(&output), stdout(&output)), (3, String::new()), "{}", stderr(&output));
}

#[test]
fn many_files_that_only_begin_alike_are_told_apart_soon() {
    let scratch = Scratch::new();
    let alike = log(600);
    for number in 0..400 {
        write(&scratch, &format!("e/full.{number}"), format!("{alike}{}", line(10_000 + number)).as_bytes());
    }
    write(&scratch, "e/copy", format!("{alike}{}", line(10_007)).as_bytes());
    let sources = sources(&inventory(&scratch, "e"));
    assert_eq!(sources.values().map(|(records, ..)| records).sum::<u64>(), 400 * 601);
}
