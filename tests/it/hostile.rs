//! Text that an attacker wrote into the evidence, and every output that carries it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::scratch::{Scratch, code, prose, stderr, stdout};

/// What an attacker may send as a user, a caller's name, a number, a Call-ID or a user agent. The
/// logger writes such bytes as they came.
const WORDS: [&str; 11] = [
    "\u{1b}[2J\u{1b}[31mred",
    "\u{1b}]8;;http://evil.example\u{7}click\u{1b}]8;;\u{7}",
    "\u{9b}31m\u{202e}drow\u{2066}ssap\u{200b}",
    "a|b|c",
    "`rm -rf`",
    "$(id);'\"&&x",
    "<script>alert(1)</script>",
    "=cmd|'/c calc'!A0",
    "@SUM(1+1)*cmd",
    "-2+3+cmd",
    "[x](http://evil.example) ![y](http://evil.example/z.png) @team #1",
];

/// A server on which an extension with a hostile name was taken over, and calls were made with it.
fn attacked(scratch: &Scratch, word: &str) {
    let mut full = String::new();
    let mut calls = String::new();
    for minute in 0..40 {
        full.push_str(&format!(
            "[2026-03-07 02:{minute:02}:07] NOTICE[12] chan_sip.c: Registration from '\"{word}\" <sip:{word}@192.0.2.1>' failed for '198.51.100.4:5060' - Wrong password\n\
             [2026-03-07 02:{minute:02}:08] NOTICE[12] chan_sip.c: Registration from '<sip:205@192.0.2.1>' failed for '198.51.100.4:5060' - Wrong password\n\
             [2026-03-07 02:{minute:02}:09] NOTICE[13][C-000000{minute:02}] chan_sip.c: Call from '{word}' (198.51.100.9:5060) to extension '{word}' rejected because extension not found in context 'default'.\n\
             [2026-03-07 02:{minute:02}:10] NOTICE[14] res_pjsip/pjsip_distributor.c: Request 'REGISTER' from '\"{word}\" <sip:{word}@192.0.2.1>' failed for '198.51.100.7:5060' (callid: {word}) - No matching endpoint found\n"
        ));
    }
    full.push_str(&format!(
        "[2026-03-07 03:00:00] VERBOSE[12] chan_sip.c:     -- Registered SIP '205' at 198.51.100.4:5060\n\
         [2026-03-07 03:00:00] VERBOSE[12] chan_sip.c:        > Saved useragent \"{word}\" for peer 205\n\
         [2026-03-07 03:00:01] VERBOSE[12] chan_sip.c:     -- Registered SIP '{word}' at 198.51.100.4:5060\n"
    ));
    let quoted = word.replace('"', "\"\"");
    for call in 0..30 {
        full.push_str(&format!(
            "[2026-03-07 03:{call:02}:01] VERBOSE[99][C-0000{call:04}] pbx.c: Executing [00882998008753{word}@from-internal:1] Dial(\"SIP/205-0000{call:04}\", \"SIP/trunk/00882998008753{word}\") in new stack\n"
        ));
        calls.push_str(&format!(
            "\"\",\"205\",\"00882998008753{quoted}\",\"from-internal\",\"\"\"{quoted}\"\" <205>\",\"SIP/205-0000{call:04}\",\"SIP/trunk-0001{call:04}\",\"Dial\",\"SIP/trunk/00882998008753{quoted}\",\"2026-03-07 03:{call:02}:01\",\"2026-03-07 03:{call:02}:03\",\"2026-03-07 03:{call:02}:59\",58,56,\"ANSWERED\",\"DOCUMENTATION\",\"{}.{call}\",\"\"\n",
            1_772_852_401 + call * 60
        ));
    }
    scratch.file("e/var/log/asterisk/full", &full);
    scratch.file("e/var/log/asterisk/cdr-csv/Master.csv", &calls);
    scratch.file(
        "e/etc/asterisk/sip.conf",
        &format!("[general]\ncontext=default\n[205]\ntype=friend\nhost=dynamic\nsecret=205\ncontext=from-internal\ncallerid=\"{word}\" <205>\n[{word}]\ntype=friend\nhost=dynamic\nsecret=1\n"),
    );
    let file_name = word.replace('/', "_");
    scratch.file(&format!("e/{file_name}/full-{file_name}.log"), &full[..full.len() / 2]);
}

fn outputs(scratch: &Scratch) -> BTreeMap<String, String> {
    let mut outputs = BTreeMap::new();
    let mut keep = |name: &str, arguments: &[&str]| {
        let output = scratch.run(arguments);
        assert_eq!(code(&output), 0, "{name}: {}", stderr(&output));
        outputs.insert(name.to_owned(), stdout(&output));
        outputs.insert(format!("{name} (stderr)"), stderr(&output));
    };
    keep("terminal", &["run", "e", "-v", "--color", "never", "-o", "case"]);
    keep("inventory", &["inventory", "e", "-v", "--color", "never"]);
    keep("assess", &["assess", "e", "-v", "--color", "never"]);
    keep("investigate", &["investigate", "e", "-v", "--color", "never"]);
    keep("report.json", &["run", "e", "--format", "json"]);
    keep("timeline.csv", &["timeline", "e", "--format", "csv"]);
    keep("timeline.jsonl", &["timeline", "e"]);
    keep("redacted", &["run", "e", "-v", "--color", "never", "--redact", "-o", "shared"]);
    for case in ["case", "shared"] {
        for (name, text) in written(&scratch.path().join(case)) {
            outputs.insert(format!("{case}/{name}"), text);
        }
    }
    outputs
}

/// Reads every file of a case, with the lines that abuse reports carry in base64.
fn written(case: &Path) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for folder in [case.to_owned(), case.join("abuse")] {
        for entry in fs::read_dir(&folder).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_file())
        {
            let path = entry.path();
            let text = fs::read_to_string(&path).unwrap();
            let name = path.strip_prefix(case).unwrap().to_string_lossy().into_owned();
            if folder.ends_with("abuse") && name.ends_with(".json") {
                let report: serde_json::Value = serde_json::from_str(&text).unwrap();
                for (index, item) in report["evidence"].as_array().unwrap().iter().enumerate() {
                    let line = String::from_utf8(decoded(item["payload"].as_str().unwrap())).unwrap();
                    files.insert(format!("{name} line {index}"), line);
                }
            }
            files.insert(name, text);
        }
    }
    files
}

/// Returns what stands in base64.
fn decoded(text: &str) -> Vec<u8> {
    const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits = text.trim_end_matches('=').chars().map(|letter| LETTERS.find(letter).unwrap() as u32);
    let bits: Vec<u32> = bits.collect();
    let groups = bits.chunks(4).flat_map(|group| {
        let number = (0..4).fold(0, |number, place| number << 6 | group.get(place).copied().unwrap_or(0));
        number.to_be_bytes()[1..group.len()].to_vec()
    });
    groups.collect()
}

fn acts(character: char) -> bool {
    (character.is_control() && character != '\n')
        || matches!(character, '\u{200b}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Returns a Markdown text without its code spans and fences, in which nothing is interpreted.
fn outside_code(text: &str) -> String {
    let mut plain = String::new();
    let mut is_fenced = false;
    for line in text.lines() {
        if line.starts_with("```") {
            is_fenced = !is_fenced;
        } else if !is_fenced && !line.starts_with("    ") {
            push_interpreted(line, &mut plain);
            plain.push('\n');
        }
    }
    plain
}

/// Adds what a reader of Markdown interprets of a line: neither code nor escaped characters.
pub(crate) fn push_interpreted(line: &str, plain: &mut String) {
    // How many backticks the code was opened with: as many close it.
    let mut opened = 0;
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '`' => {
                let run = 1 + std::iter::from_fn(|| characters.next_if_eq(&'`')).count();
                opened = if opened == run {
                    0
                } else if opened == 0 {
                    run
                } else {
                    opened
                };
            }
            _ if opened > 0 => {}
            '\\' => _ = characters.next(),
            other => plain.push(other),
        }
    }
    assert_eq!(opened, 0, "an open code span: {line}");
}

#[test]
fn no_output_carries_an_attackers_words_raw() {
    for word in WORDS {
        let scratch = Scratch::new();
        attacked(&scratch, word);
        for (name, text) in outputs(&scratch) {
            let found = text.chars().find(|&character| acts(character));
            assert_eq!(found, None, "{name} for {word:?}");
            if name.ends_with(".csv") {
                cells_run_nothing(&name, &text);
            }
            if name.ends_with(".md") {
                let plain = outside_code(&text);
                let raw = ["<script", "](http", "![", "\u{1b}"].iter().find(|raw| plain.contains(**raw));
                assert_eq!(raw, None, "{name} for {word:?}: {plain}");
            }
            if name.ends_with(".jsonl") {
                for line in text.lines() {
                    assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "{name}: {line}");
                }
            }
        }
    }
}

fn cells_run_nothing(name: &str, text: &str) {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    for record in reader.records() {
        let record = record.unwrap();
        for cell in &record {
            let runs = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
            let is_number = cell
                .strip_prefix(['+', '-'])
                .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()));
            assert!(!runs || is_number || cell == "-", "{name}: {cell:?}");
        }
    }
}

#[test]
fn the_tables_of_a_report_keep_their_columns() {
    let scratch = Scratch::new();
    attacked(&scratch, "a|b|c");
    let mut outputs = outputs(&scratch);
    let markdown = ["report", "statement", "preservation_request", "abuse/README"];
    let text: Vec<_> =
        markdown.iter().map(|name| outputs.remove(&format!("case/{name}.md")).unwrap()).collect();
    let mut columns = None;
    for line in text.iter().flat_map(|text| text.lines().chain([""])) {
        let is_row = line.starts_with('|');
        let count = line.replace("\\|", "").matches('|').count();
        if !is_row {
            columns = None;
        } else {
            assert_eq!(*columns.get_or_insert(count), count, "{line}");
        }
    }
}

#[test]
fn the_files_of_a_case_are_hostile_to_nobody_when_a_path_is() {
    let scratch = Scratch::new();
    let folder = "e'$(touch pwned)`touch pwned`;\u{1b}[31m";
    scratch.file(
        &format!("{folder}/full"),
        "[2026-03-07 02:00:07] NOTICE[12] chan_sip.c: Registration from '<sip:1@x>' failed for '198.51.100.4' - Wrong password\n",
    );
    let output = scratch.run(&["run", folder]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let text = stdout(&output);
    assert!(!text.contains('\u{1b}'), "{text}");
    // The commands that lead on stay one word each for a shell.
    for line in text.lines().filter(|line| line.trim_start().starts_with("tolltrace ")) {
        let _ = scratch.command("/bin/sh").args(["-c", &line.replace("tolltrace", ":")]).output();
    }
    assert!(!scratch.path().join("pwned").exists());
}

/// Lines of the account's own phone, of every minute before.
fn own_phone() -> String {
    let line = |minute: u32| {
        format!(
            "[2026-03-05 03:{minute:02}:00] VERBOSE[1] chan_sip.c:     -- Registered SIP '205' at 192.168.1.20:5060\n"
        )
    };
    (0..60).map(line).collect()
}

/// Lines that say: 203.0.113.77 guessed the secret of 205 and got in.
fn a_forged_takeover() -> String {
    let mut lines = String::new();
    for second in 0..60 {
        lines.push_str(&format!(
            "[2026-03-05 05:00:{second:02}] NOTICE[1] chan_sip.c: Registration from '\"205\" <sip:205@192.0.2.1>' failed for '203.0.113.77:5060' - Wrong password\r\n"
        ));
    }
    lines.push_str(
        "[2026-03-05 05:01:00] VERBOSE[1] chan_sip.c:     -- Registered SIP '205' at 203.0.113.77:5060\r\n",
    );
    lines
}

fn answer(scratch: &Scratch) -> String {
    let output = scratch.run(&["run", "e", "--tz", "UTC", "--color", "never", "-v"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    prose(&output)
}

#[test]
fn a_long_packet_in_a_trace_blames_nobody() {
    let scratch = Scratch::new();
    let packet = format!("INVITE sip:1@x SIP/2.0\r\nX: {}\r\n{}", "A".repeat(9_000), a_forged_takeover());
    let log = own_phone()
        + &format!(
            "[2026-03-05 05:00:00] VERBOSE[1] res_pjsip_logger.c: <--- Received SIP request ({} bytes) from UDP:198.51.100.9:5060 --->\n{packet}\n\
         [2026-03-05 06:00:00] VERBOSE[1] chan_sip.c:     -- Registered SIP '205' at 192.168.1.20:5060\n",
            packet.len()
        );
    scratch.file("e/var/log/asterisk/full", &log);
    let answer = answer(&scratch);
    assert!(answer.contains("No intrusion found"), "{answer}");
    assert!(!answer.contains("203.0.113.77"), "{answer}");
    // The same lines outside a packet are believed, or this test could not fail.
    scratch.file("e/var/log/asterisk/full", &(own_phone() + &a_forged_takeover()));
    assert!(self::answer(&scratch).contains("Somebody took over account 205"));
}

/// A packet that `chan_sip` prints, with a closing rule and log lines of its own.
fn a_packet_that_ends_itself() -> String {
    format!(
        "[2026-03-05 05:00:00] VERBOSE[1] chan_sip.c: \n<--- SIP read from UDP:198.51.100.9:5060 --->\nINVITE sip:1@x SIP/2.0\r\n\r\n<------------->\n{}\r\n<------------->\n",
        a_forged_takeover()
    )
}

#[test]
fn what_stands_behind_a_packet_without_a_length_cannot_be_told() {
    let scratch = Scratch::new();
    let log = own_phone() + &a_packet_that_ends_itself();
    scratch.file("e/var/log/asterisk/full", &log);
    let told = answer(&scratch);
    assert!(told.contains("Whether that is true cannot be told"), "{told}");
    assert!(told.contains("whether 205 was ever used from 203.0.113.77"), "{told}");
    assert!(told.contains("If other records bear it out: Block the addresses that got in"), "{told}");
    assert!(told.contains("1 of its accepted logins and registrations stand close behind one"), "{told}");
    assert!(!told.contains(", almost-certain)"), "{told}");
    assert!(told.contains("may have been used by an intruder"), "{told}");
    // Lines that no packet reaches are believed, whatever was printed long before.
    let far =
        "[2026-03-05 04:00:00] VERBOSE[1] chan_sip.c:     -- Registered SIP '205' at 192.168.1.20:5060\n";
    let log = own_phone() + &a_packet_that_ends_itself() + &far.repeat(800) + &a_forged_takeover();
    scratch.file("e/var/log/asterisk/full", &log);
    assert!(!answer(&scratch).contains("Whether that is true cannot be told"));
}

#[test]
fn lines_that_other_programs_quote_blame_nobody() {
    let quoted = "Invalid user NOTICE[1]: chan_sip.c: Registration from '<sip:205@x>' failed for '203.0.113.77:5060' - Wrong password";
    let forms = [
        "<38>1 2026-03-05T05:00:00Z pbx sshd 77 - - ",
        "Thu 2026-03-05 05:00:00 UTC pbx sshd[77]: ",
        "<38>Mar  5 05:00:00 pbx sshd[77]: ",
        "Mar  5 05:00:00 pbx sshd[77] ",
        "2026-03-05T05:00:00Z sshd[77]: ",
        "1772686800.000001 pbx sshd[77]: ",
    ];
    for form in forms {
        let scratch = Scratch::new();
        let own = "[2026-03-05 04:00:00] NOTICE[1] chan_sip.c: Registration from '<sip:205@x>' failed for '198.51.100.66:5060' - Wrong password\n";
        scratch.file("e/var/log/asterisk/full", &own.repeat(40));
        scratch.file(
            "e/var/log/messages",
            &format!("Mar  5 04:00:00 pbx asterisk[5]: {own}{}", format!("{form}{quoted}\n").repeat(40)),
        );
        let answer = answer(&scratch);
        assert!(!answer.contains("203.0.113.77"), "{form}: {answer}");
        assert!(answer.contains("198.51.100.66"), "{form}: {answer}");
    }
}

#[test]
fn a_managers_action_does_not_choose_the_address() {
    let scratch = Scratch::new();
    let line = "[2026-03-05 05:00:00] SECURITY[1] res_security_log.c: SecurityEvent=\"RequestNotAllowed\",EventTV=\"2026-03-05T05:00:00.000+0000\",Severity=\"Error\",Service=\"AMI\",EventVersion=\"1\",AccountID=\"\",SessionID=\"0x7f00\",LocalAddress=\"IPV4/TCP/10.0.0.1/5038\",RemoteAddress=\"IPV4/TCP/198.51.100.9/4000\",RequestType=\"action:\",LocalAddress=\"\",RemoteAddress=\"I/T/203.0.113.77/1\",SessionTV=\"2026-03-05T05:00:00.000+0000\"\n";
    scratch.file("e/var/log/asterisk/security", &line.repeat(60));
    let answer = answer(&scratch);
    assert!(!answer.contains("I/T") && !answer.contains(" 203.0.113.77 "), "{answer}");
}

#[test]
fn a_flood_of_forged_addresses_does_not_hide_the_one_that_guesses() {
    let scratch = Scratch::new();
    let mut log = own_phone();
    for address in 0..70_000_u32 {
        let [_, high, middle, low] = address.to_be_bytes();
        log.push_str(&format!(
            "[2026-03-05 04:00:00] NOTICE[1] chan_sip.c: Registration from '<sip:205@x>' failed for '100.{high}.{middle}.{low}:5060' - Wrong password\n"
        ));
    }
    log.push_str(&a_forged_takeover());
    scratch.file("e/var/log/asterisk/full", &log);
    let answer = answer(&scratch);
    assert!(answer.contains("Somebody took over account 205"), "{}", &answer[..400]);
    assert!(answer.contains("203.0.113.77"));
    assert!(answer.contains("more attacking addresses than are counted one by one"));
}

#[test]
fn one_absurd_stamp_does_not_end_the_evidence() {
    let scratch = Scratch::new();
    let odd = [
        "[9999-12-31 23:59:59] NOTICE[1] chan_sip.c: Peer '299' is now UNREACHABLE!  Last qualify: 0\n",
        "[2088-12-31 23:59:59] VERBOSE[1] chan_sip.c:     -- Registered SIP '299' at 192.168.1.30:5060\n",
    ];
    scratch.file("e/var/log/asterisk/full", &(own_phone() + &a_forged_takeover() + odd[0] + odd[1]));
    let answer = answer(&scratch);
    assert!(answer.contains("Somebody took over account 205"), "{answer}");
    assert!(answer.contains("the evidence goes on for 0s"), "{answer}");
    assert!(answer.contains("far behind all others"), "{answer}");
}

#[test]
fn a_flood_of_invented_names_does_not_hide_the_guesses_at_one_account() {
    // Accounts of a database stand in no file, so that any name may be one.
    let scratch = Scratch::new();
    let mut log = own_phone();
    for name in 0..6_000_u32 {
        log.push_str(&format!(
            "[2026-03-05 04:00:00] NOTICE[1] chan_sip.c: Registration from '<sip:user{name}@x>' failed for '198.51.100.{}:5060' - Wrong password\n",
            name % 200
        ));
    }
    log.push_str(&a_forged_takeover());
    scratch.file("e/var/log/asterisk/full", &log);
    let answer = answer(&scratch);
    assert!(
        answer.contains("Somebody took over account 205 on 5 March 2026 after guessing its secret"),
        "{answer}"
    );
    assert!(
        answer.contains("60 wrong secrets for 205") || answer.contains("59 wrong secrets for 205"),
        "{answer}"
    );
}

#[test]
fn a_row_that_repeats_itself_is_one_call() {
    let scratch = Scratch::new();
    let row = |call: u32| {
        format!(
            "\"\",\"101\",\"0012345678901\",\"from-internal\",\"101\",\"SIP/101-{call:08x}\",\"SIP/trunk-00000002\",\"Dial\",\"SIP/trunk/00\",\"2026-03-01 00:00:00\",\"2026-03-01 00:00:00\",\"2026-03-01 00:00:10\",20,10,\"ANSWERED\",\"DOCUMENTATION\",\"1772323200.{call}\",\"\"\n"
        )
    };
    let rows = row(1).repeat(5_000) + &(row(2) + &row(3)).repeat(5_000);
    scratch.file("e/Master.csv", &rows);
    let output = scratch.run(&["run", "e", "--tz", "UTC", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(report["assessment"]["all_calls"], 3, "{report}");
    assert_eq!(report["evidence"][0]["records"], 15_000, "{report}");
    let note = report["evidence"][0]["note"].to_string();
    assert!(note.contains("14997 call records repeat one before them"), "{note}");
    assert!(!report["limits"].to_string().contains("repeat one before"), "{report}");
}

#[test]
fn a_list_that_an_attacker_makes_long_is_cut_and_says_so() {
    let scratch = Scratch::new();
    let mut log = String::new();
    for address in 0..10_500_u32 {
        let [_, _, middle, low] = address.to_be_bytes();
        log.push_str(&format!(
            "[2026-03-05 04:00:00] NOTICE[1] chan_sip.c: Registration from '<sip:nobody@x>' failed for '100.1.{middle}.{low}:5060' - No matching peer found\n"
        ));
    }
    log.extend(a_forged_takeover().split_inclusive('\n').filter(|line| line.contains("Wrong")));
    scratch.file("e/var/log/asterisk/full", &log);
    let accounts = (0..5_050).map(|number| format!("[{number}]\ntype=friend\nhost=dynamic\nsecret=1\n"));
    scratch.file("e/etc/asterisk/sip.conf", &accounts.collect::<String>());
    let output = scratch.run(&["run", "e", "--tz", "UTC", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    let listed = report["failed_attackers"].as_array().unwrap();
    assert_eq!((listed.len() as u64, report["failed_attackers_count"].as_u64()), (10_000, Some(10_501)));
    assert!(listed.iter().any(|attacker| attacker["address"] == "203.0.113.77"), "who tried most is listed");
    // What is wrong with thousands of accounts is one finding, that names some and counts the rest.
    let findings = report["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 2);
    let many = findings.iter().find(|finding| finding["title"].to_string().contains("5049 SIP accounts"));
    assert!(many.unwrap()["detail"].to_string().contains("5019 more."), "{findings:?}");
    let limits = report["limits"].to_string();
    assert!(limits.contains("10501 addresses tried and got nothing: the 10000 that tried most"), "{limits}");
}
