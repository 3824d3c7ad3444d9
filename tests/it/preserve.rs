//! A copy of the evidence, and what whoever tampers with it leaves behind.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::scratch::{Scratch, code, prose, stderr, stdout};

const LINES: &str = "[2026-03-07 20:00:01] NOTICE[1] chan_sip.c: Registration from '<sip:100@192.0.2.1>' failed for '198.51.100.7:5060' - Wrong password\n";

/// A server with a log, its rotation, a link that tells the zone, and a file of no meaning.
fn server(scratch: &Scratch) -> PathBuf {
    scratch.file("pbx/var/log/asterisk/full", &LINES.repeat(3));
    scratch.file("pbx/var/log/asterisk/full.1", &LINES.repeat(2));
    scratch.file("pbx/etc/asterisk/sip.conf", "[general]\nallowguest=no\n[100]\nsecret=x\n");
    scratch.file("pbx/usr/share/zoneinfo/Europe/Madrid", "no zone");
    scratch.file("pbx/etc/asterisk/acl.conf", "");
    scratch.file("pbx/home/me/holiday.txt", "sun and sea");
    symlink("/usr/share/zoneinfo/Europe/Madrid", scratch.path().join("pbx/etc/localtime")).unwrap();
    scratch.path().join("pbx")
}

fn preserved(scratch: &Scratch) -> (PathBuf, String) {
    server(scratch);
    let output =
        scratch.run(&["preserve", "pbx", "-o", "kept", "--examiner", "A. *Smith*", "--color", "never"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    (scratch.path().join("kept"), stdout(&output))
}

/// Runs `verify` and returns its status and what it said.
fn verified(scratch: &Scratch, more: &[&str]) -> (i32, String) {
    let output = scratch.run(&[&["verify", "kept"], more].concat());
    (code(&output), prose(&output) + &stderr(&output))
}

fn set_time(path: &Path, seconds: u64) {
    set_mode(path, 0o600);
    let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
    fs::File::options().append(true).open(path).unwrap().set_modified(time).unwrap();
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Copies a folder as `cp -r` does: the copies bear the time of the copying.
fn copy_without_times(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let place = to.join(entry.file_name());
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            copy_without_times(&entry.path(), &place);
        } else if kind.is_symlink() {
            symlink(fs::read_link(entry.path()).unwrap(), &place).unwrap();
        } else {
            fs::write(&place, fs::read(entry.path()).unwrap()).unwrap();
        }
    }
}

fn edit(path: &Path, change: impl Fn(String) -> String) {
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    let text = fs::read_to_string(path).unwrap();
    let changed = change(text.clone());
    assert_ne!(text, changed, "the tampering has to change something");
    fs::write(path, changed).unwrap();
}

/// Returns the lines of a text whose numbers, from 0 on, are in a range.
fn some_lines(text: &str, range: std::ops::Range<usize>) -> String {
    let kept = text.lines().enumerate().filter(|(number, _)| range.contains(number));
    kept.map(|(_, line)| format!("{line}\n")).collect()
}

/// Puts two lines of a text in each other's place.
fn swapped(text: &str, one: usize, other: usize) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.swap(one, other);
    lines.join("\n") + "\n"
}

#[test]
fn just_the_evidence_is_kept_and_anybody_can_check_it() {
    let scratch = Scratch::new();
    let (kept, told) = preserved(&scratch);
    assert!(told.starts_with("4 files of evidence preserved, "), "{told}");
    assert!(told.contains("bytes, and 1 link.") && told.contains("2 other files hold nothing"), "{told}");
    assert!(!kept.join("evidence/home").exists());
    let link = fs::read_link(kept.join("evidence/etc/localtime")).unwrap();
    assert_eq!(link, Path::new("/usr/share/zoneinfo/Europe/Madrid"));
    let sums =
        scratch.command("sha256sum").args(["-c", "--quiet", "manifest.sha256"]).current_dir(&kept).output();
    match sums {
        Ok(sums) => assert!(sums.status.success(), "{}", stderr(&sums)),
        Err(error) => eprintln!("passed over: sha256sum: {error}"),
    }
    let (status, told) = verified(&scratch, &[]);
    assert_eq!(status, 0, "{told}");
    assert!(told.contains("5 files and 1 link are as they were"), "{told}");
    let form = fs::read_to_string(kept.join("custody-form.md")).unwrap();
    assert!(
        form.contains("A. \\*Smith\\*") && form.contains("Signature") || form.contains("signature"),
        "{form}"
    );
}

#[test]
fn the_copy_tells_the_same_story_as_the_disk() {
    let scratch = Scratch::new();
    preserved(&scratch);
    let story = |evidence: &str| {
        let output = scratch.run(&["run", evidence, "--format", "json"]);
        let mut report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        report["case"]["evidence"] = serde_json::Value::Null;
        for key in ["not_read", "unrecognised_files"] {
            report[key] = serde_json::Value::Null;
        }
        report
    };
    assert_eq!(story("pbx"), story("kept/evidence"));
}

#[test]
fn the_manifest_vouches_for_the_request_and_the_form() {
    let scratch = Scratch::new();
    let (kept, told) = preserved(&scratch);
    let hash: String = Sha256::digest(fs::read(kept.join("manifest.sha256")).unwrap())
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    assert!(told.contains(&hash), "{told}");
    assert!(fs::read_to_string(kept.join("custody-form.md")).unwrap().contains(&hash));
    assert_eq!(verified(&scratch, &["--expect", &hash]).0, 0);
    let (status, told) = verified(&scratch, &["--expect", &"0".repeat(64)]);
    assert_eq!(status, 1, "{told}");
    let shown =
        scratch.command("openssl").args(["ts", "-query", "-text", "-in", "kept/manifest.tsq"]).output();
    match shown {
        Ok(shown) => {
            let text = stdout(&shown);
            assert!(
                text.contains("Hash Algorithm: sha256") && text.contains("Certificate required: yes"),
                "{text}"
            );
        }
        Err(error) => eprintln!("passed over: openssl: {error}"),
    }
}

#[test]
fn every_tampering_is_found() {
    type Tampering = (&'static str, fn(&Path), &'static str);
    let tamperings: [Tampering; 23] = [
        (
            "a byte",
            |kept| edit(&kept.join("evidence/var/log/asterisk/full"), |text| text.replacen('7', "8", 1)),
            "full has changed",
        ),
        (
            "a cut",
            |kept| edit(&kept.join("evidence/var/log/asterisk/full"), |text| text[..9].to_owned()),
            "full has changed",
        ),
        (
            "a file gone",
            |kept| fs::remove_file(kept.join("evidence/var/log/asterisk/full.1")).unwrap(),
            "full.1 is missing",
        ),
        (
            "a file more",
            |kept| fs::write(kept.join("evidence/var/log/asterisk/full.2"), LINES).unwrap(),
            "full.2 was added",
        ),
        (
            "a link more",
            |kept| symlink("/etc/passwd", kept.join("evidence/etc/passwd")).unwrap(),
            "passwd was added",
        ),
        (
            "files changed about",
            |kept| {
                let (one, other) = (
                    kept.join("evidence/var/log/asterisk/full"),
                    kept.join("evidence/var/log/asterisk/full.1"),
                );
                let (first, second) =
                    (fs::read_to_string(&one).unwrap(), fs::read_to_string(&other).unwrap());
                edit(&one, |_| second.clone());
                edit(&other, |_| first.clone());
            },
            "full.1 has changed",
        ),
        (
            "a link turned",
            |kept| {
                fs::remove_file(kept.join("evidence/etc/localtime")).unwrap();
                symlink("/usr/share/zoneinfo/UTC", kept.join("evidence/etc/localtime")).unwrap();
            },
            "localtime is a link to another place",
        ),
        (
            "a file for a link",
            |kept| {
                fs::remove_file(kept.join("evidence/var/log/asterisk/full.1")).unwrap();
                symlink("full", kept.join("evidence/var/log/asterisk/full.1")).unwrap();
            },
            "full.1 cannot be read",
        ),
        (
            "lines of the manifest moved",
            |kept| edit(&kept.join("manifest.sha256"), |text| swapped(&text, 0, 1)),
            "another order",
        ),
        (
            "the manifest cut",
            |kept| edit(&kept.join("manifest.sha256"), |text| some_lines(&text, 0..3)),
            "cut short",
        ),
        (
            "lines of the log moved",
            |kept| edit(&kept.join("custody.jsonl"), |text| swapped(&text, 1, 2)),
            "does not follow",
        ),
        (
            "a line of the log gone",
            |kept| edit(&kept.join("custody.jsonl"), |text| some_lines(&text, 1..usize::MAX)),
            "does not follow",
        ),
        (
            "the end of the log gone",
            |kept| edit(&kept.join("custody.jsonl"), |text| some_lines(&text, 0..4)),
            "has no end",
        ),
        (
            "another examiner",
            |kept| edit(&kept.join("custody.jsonl"), |text| text.replacen("Smith", "Jones", 1)),
            "does not follow",
        ),
        (
            "the request",
            |kept| fs::write(kept.join("manifest.tsq"), [0; 59]).unwrap(),
            "manifest.tsq does not speak",
        ),
        (
            "the time of a file",
            |kept| set_time(&kept.join("evidence/var/log/asterisk/full"), 1_000_000_000),
            "so it was set, or a clock was wrong",
        ),
        (
            "rights to act for the owner",
            |kept| set_mode(&kept.join("evidence/etc/asterisk/sip.conf"), 0o4777),
            "acts as its owner",
        ),
        (
            "another fingerprint on the form",
            |kept| {
                let hash = Sha256::digest(fs::read(kept.join("manifest.sha256")).unwrap());
                let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
                edit(&kept.join("custody-form.md"), |text| text.replace(&hash, &"0".repeat(64)));
            },
            "custody-form.md does not name the SHA-256",
        ),
        (
            "the copies elsewhere",
            |kept| {
                fs::rename(kept.join("evidence"), kept.join("../elsewhere")).unwrap();
                symlink("../elsewhere", kept.join("evidence")).unwrap();
            },
            "evidence is no folder",
        ),
        (
            "a folder more",
            |kept| fs::create_dir_all(kept.join("evidence/var/spool/asterisk")).unwrap(),
            "spool/asterisk was added",
        ),
        (
            "the manifest gone",
            |kept| fs::remove_file(kept.join("manifest.sha256")).unwrap(),
            "manifest.sha256 is missing",
        ),
        (
            "a case's manifest for the manifest",
            |kept| {
                fs::remove_file(kept.join("manifest.sha256")).unwrap();
                fs::write(kept.join("manifest.json"), r#"{"schema":"tolltrace.manifest/1"}"#).unwrap();
            },
            "manifest.sha256 is missing",
        ),
        (
            "file and manifest",
            |kept| {
                edit(&kept.join("evidence/var/log/asterisk/full.1"), |_| LINES.to_owned());
                let hash: String = Sha256::digest(LINES).iter().map(|b| format!("{b:02x}")).collect();
                edit(&kept.join("manifest.sha256"), |text| {
                    text.lines()
                        .map(|line| {
                            if line.ends_with("full.1") {
                                format!("{hash}{}\n", &line[64..])
                            } else {
                                format!("{line}\n")
                            }
                        })
                        .collect()
                });
            },
            "one of them was changed",
        ),
    ];
    for (what, tamper, expected) in tamperings {
        let scratch = Scratch::new();
        let (kept, _) = preserved(&scratch);
        assert_eq!(verified(&scratch, &[]).0, 0);
        tamper(&kept);
        let (status, told) = verified(&scratch, &[]);
        assert_eq!(status, 1, "{what}: {told}");
        assert!(told.contains(expected), "{what}: {told}");
    }
}

#[test]
fn a_case_is_checked_too() {
    let scratch = Scratch::new();
    server(&scratch);
    assert_eq!(code(&scratch.run(&["run", "pbx", "-q", "-o", "kept"])), 0);
    let (status, told) = verified(&scratch, &[]);
    assert_eq!(status, 0, "{told}");
    scratch.file("kept/notes.txt", "called the carrier");
    let (status, told) = verified(&scratch, &[]);
    assert!(status == 0 && told.contains("notes.txt was added"), "{told}");
    edit(&scratch.path().join("kept/report.md"), |text| text.replacen('e', "E", 1));
    let (status, told) = verified(&scratch, &[]);
    assert!(status == 1 && told.contains("report.md has changed"), "{told}");
}

#[test]
fn a_list_that_was_emptied_or_added_to_is_no_case() {
    type Tampering = (&'static str, fn(&Path), &'static str);
    let tamperings: [Tampering; 6] = [
        (
            "no list",
            |case| fs::write(case.join("manifest.json"), r#"{"schema":"tolltrace.manifest/1"}"#).unwrap(),
            "report.md is not in the manifest",
        ),
        (
            "a file of the list",
            |case| {
                edit(&case.join("manifest.json"), |text| text.replacen("\"calls.csv\"", "\"calls.old\"", 1));
                fs::rename(case.join("calls.csv"), case.join("calls.old")).unwrap();
                fs::write(case.join("calls.csv"), "number\n").unwrap();
            },
            "calls.csv is not in the manifest",
        ),
        (
            "a script",
            |case| fs::write(case.join("contain/end-calls-now.sh"), "rm -rf /").unwrap(),
            "contain/end-calls-now.sh was added",
        ),
        (
            "a report of abuse",
            |case| {
                fs::create_dir_all(case.join("abuse")).unwrap();
                fs::write(case.join("abuse/192.0.2.1.eml"), "an innocent").unwrap();
            },
            "abuse/192.0.2.1.eml was added",
        ),
        (
            "a folder of scripts",
            |case| fs::create_dir(case.join("contain/more")).unwrap(),
            "contain/more was added",
        ),
        (
            "the scripts elsewhere",
            |case| {
                fs::rename(case.join("contain"), case.join("../elsewhere")).unwrap();
                symlink("../elsewhere", case.join("contain")).unwrap();
            },
            "contain was added",
        ),
    ];
    let scratch = Scratch::new();
    server(&scratch);
    for (what, tamper, expected) in tamperings {
        let case = scratch.path().join("kept");
        assert_eq!(code(&scratch.run(&["run", "pbx", "-q", "-o", "kept"])), 0);
        fs::write(case.join("notes.txt"), "called the carrier").unwrap();
        assert_eq!(verified(&scratch, &[]).0, 0, "{what}");
        tamper(&case);
        let (status, told) = verified(&scratch, &[]);
        assert!(status == 1 && told.contains(expected), "{what}: {told}");
        for left in ["kept", "elsewhere"] {
            let _ = fs::remove_dir_all(scratch.path().join(left));
        }
    }
}

#[test]
fn a_copy_that_was_carried_without_its_times_tells_the_same_story() {
    let scratch = Scratch::new();
    let log = "[Mar  7 20:00:01] NOTICE[1] chan_sip.c: Registration from '<sip:100@192.0.2.1>' failed for '198.51.100.7:5060' - Wrong password\n";
    server(&scratch);
    for name in ["full", "full.1"] {
        let path = scratch.file(&format!("pbx/var/log/asterisk/{name}"), &log.repeat(name.len()));
        set_time(&path, 1_773_000_000);
    }
    let preserved = scratch.run(&["preserve", "pbx", "-o", "first"]);
    assert_eq!(code(&preserved), 0, "{}", stderr(&preserved));
    copy_without_times(&scratch.path().join("first"), &scratch.path().join("kept"));
    let (status, told) = verified(&scratch, &[]);
    assert!(status == 0 && told.contains("with another time than when it was copied"), "{told}");
    assert!(told.contains("has to be read from custody.jsonl"), "{told}");
    let story = |evidence: &str| {
        let output = scratch.run(&["timeline", evidence]);
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        stdout(&output)
    };
    let told = story("pbx");
    assert!(told.contains("2026-03-07T"), "{told}");
    for name in ["full", "full.1"] {
        set_time(&scratch.path().join("kept/evidence/var/log/asterisk").join(name), 1_727_740_800);
    }
    assert_eq!(verified(&scratch, &[]).0, 1, "such a time was set");
    assert_eq!(told, story("kept/evidence"));
    for part in ["kept/evidence/var/log", "kept/evidence/var/log/asterisk/full", "kept"] {
        assert!(story(part).contains("2026-03-07T"), "{part}");
    }
    edit(&scratch.path().join("kept/custody.jsonl"), |text| swapped(&text, 1, 2));
    assert!(!story("kept/evidence").contains("2026-03-07T"), "a log that does not hold is not relied on");
    let output = scratch.run(&["run", "kept/evidence", "--format", "json"]);
    assert!(stdout(&output).contains("those of the file system"), "and that is said");
}

#[test]
fn a_path_that_is_too_long_stops_nothing() {
    let scratch = Scratch::new();
    server(&scratch);
    let folders = format!("{}x/", "\n".repeat(80)).repeat(20);
    scratch.file(&format!("pbx/var/log/asterisk/{folders}full"), &LINES.repeat(7));
    let output = scratch.run(&["preserve", "pbx", "-o", "kept"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert!(stdout(&output).starts_with("5 files of evidence preserved"), "{}", stdout(&output));
    let (status, told) = verified(&scratch, &[]);
    assert_eq!(status, 0, "{told}");
    // Where the folder's own path leaves no room, that file is told and the rest is copied.
    let deep = format!("{}/", "d".repeat(250)).repeat(15);
    scratch.file("pbx/var/log/asterisk/full.2", &LINES.repeat(5));
    let output = scratch.run(&["preserve", "pbx", "-o", &deep]);
    let told = prose(&output);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert!(told.starts_with("5 files of evidence preserved"), "{told}");
    assert!(told.contains("no copy of it can be made there: File name too long"), "{told}");
}

#[test]
fn the_text_of_a_link_keeps_its_bytes() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    let scratch = Scratch::new();
    let folder = server(&scratch).join("var/log/asterisk");
    let target = OsStr::from_bytes(b"x\xff");
    for name in [b"one\xfe", b"one\xff"] {
        symlink(target, folder.join(OsStr::from_bytes(name))).unwrap();
    }
    assert_eq!(code(&scratch.run(&["preserve", "pbx", "-o", "kept"])), 0);
    let copies = scratch.path().join("kept/evidence/var/log/asterisk");
    for name in ["one%FE", "one%FF"] {
        assert_eq!(fs::read_link(copies.join(name)).unwrap(), target);
    }
    let (status, told) = verified(&scratch, &[]);
    assert!(status == 0 && told.contains("3 links"), "{told}");
    fs::remove_file(copies.join("one%FF")).unwrap();
    symlink("x\u{fffd}", copies.join("one%FF")).unwrap();
    let (status, told) = verified(&scratch, &[]);
    assert!(status == 1 && told.contains("a link to another place"), "{told}");
}

#[test]
fn names_that_act_do_not_reach_the_copy() {
    let scratch = Scratch::new();
    server(&scratch);
    scratch.file("pbx/var/log/asterisk/full-\u{1b}[2J\n%$(rm -rf)", &LINES.repeat(7));
    scratch.file("pbx/var/log/asterisk/full-%1B[2J%0A%25$(rm -rf)", &LINES.repeat(8));
    let output = scratch.run(&["preserve", "pbx", "-o", "kept"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let copies = scratch.path().join("kept/evidence/var/log/asterisk");
    assert!(copies.join("full-%1B[2J%0A%25$(rm -rf)").is_file());
    assert!(copies.join("full-%251B[2J%250A%2525$(rm -rf)").is_file());
    for name in ["manifest.sha256", "custody.jsonl", "custody-form.md"] {
        let text = fs::read_to_string(scratch.path().join("kept").join(name)).unwrap();
        assert!(!text.chars().any(|c| c != '\n' && c.is_control()), "{name}");
    }
    let (status, told) = verified(&scratch, &[]);
    assert_eq!(status, 0, "{told}");
}

#[test]
fn a_fifo_in_the_place_of_a_file_holds_nobody_up() {
    let scratch = Scratch::new();
    let (kept, _) = preserved(&scratch);
    for name in ["evidence/var/log/asterisk/full", "custody.jsonl", "manifest.tsq"] {
        fs::remove_file(kept.join(name)).unwrap();
        let made = scratch.command("mkfifo").arg(kept.join(name)).status().unwrap();
        assert!(made.success());
        let (status, told) = verified(&scratch, &[]);
        assert_eq!(status, 1, "{name}: {told}");
    }
}

#[test]
fn holes_take_no_room() {
    use std::os::unix::fs::MetadataExt as _;
    let scratch = Scratch::new();
    server(&scratch);
    let log = scratch.path().join("pbx/var/log/asterisk/full");
    fs::OpenOptions::new().append(true).open(&log).unwrap().set_len(200 << 20).unwrap();
    let output = scratch.run(&["preserve", "pbx", "-o", "kept", "--everything"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let copy = fs::metadata(scratch.path().join("kept/evidence/var/log/asterisk/full")).unwrap();
    assert!(copy.len() == 200 << 20 && copy.blocks() * 512 < 8 << 20, "{copy:?}");
}

#[test]
fn what_cannot_be_read_or_written_is_said() {
    let scratch = Scratch::new();
    server(&scratch);
    scratch.file("full/already", "mine");
    let refused = |arguments: &[&str], expected: &str| {
        let output = scratch.run(arguments);
        let told = stderr(&output);
        assert_eq!(code(&output), 2, "{told}");
        assert!(told.contains(expected) && told.contains("\nhint: "), "{told}");
    };
    refused(&["preserve", "pbx", "-o", "full"], "full: is not empty");
    refused(&["preserve", "pbx", "-o", "pbx/kept"], "lies inside the evidence");
    refused(&["verify", "full"], "holds neither preserved evidence nor a case");
    refused(&["verify", "nowhere"], "holds neither preserved evidence nor a case");
    scratch.file("full/manifest.sha256", &"x".repeat(200_000));
    let output = scratch.run(&["verify", "full"]);
    assert_eq!(code(&output), 1, "{}", stderr(&output));
}

#[test]
fn a_path_out_of_the_folder_is_not_followed() {
    let scratch = Scratch::new();
    let (kept, _) = preserved(&scratch);
    let hash: String = Sha256::digest("sun and sea").iter().map(|b| format!("{b:02x}")).collect();
    edit(&kept.join("manifest.sha256"), |text| {
        format!("{hash}  evidence/../../pbx/home/me/holiday.txt\n{text}")
    });
    let (status, told) = verified(&scratch, &[]);
    assert!(status == 1 && told.contains("line 1 is none that was written"), "{told}");
}
