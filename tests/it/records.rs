//! Whatever the bytes: readers neither panic nor depend on where a text is cut.

use proptest::prelude::*;
use tolltrace::readers::{FORMATS, Reader};

use crate::lines::first_cases;
use crate::support::{opened, read_at_once, read_in_steps, reader_named};

const NAMES: [&str; 4] = ["call_records", "channel_events", "queue_log", "fail2ban_log"];

const CALLS: &str = concat!(
    r#""","206","201","from-internal","""RRHH"" <206>","SIP/206-00000000","SIP/201-00000001","Dial","SIP/201,15,Ttr","2026-11-11 08:12:55","2026-11-11 08:12:56","2026-11-11 08:14:43",107,106,"ANSWERED","DOCUMENTATION","1794381175.0","""#,
    "\n",
    r#""","935550931","600","ext-queues",""""" <935550931>","SIP/Movilnet-00000002","SIP/101-00000003","Queue","600,t,,,60","2026-11-11 08:17:30",,"2026-11-11 08:17:31",1,0,"NO ANSWER","DOCUMENTATION","1794381450.17","a ""b"", c""#,
    "\n",
);
const EVENTS: &str = concat!(
    r#""CHAN_START","1794381175.648100","RRHH","206","","","","201","from-internal","SIP/206-00000000","","","3","","1794381175.0","1794381175.0","","","","""#,
    "\n",
);

fn sample(name: &str) -> &'static str {
    match name {
        "call_records" => CALLS,
        "channel_events" => EVENTS,
        "queue_log" => "1794381450|1794381450.17|600|NONE|ENTERQUEUE||935550931|1\n",
        _ => "2025-08-22 03:11:10,123 fail2ban.actions [1]: NOTICE [pbx-gui] Ban 203.0.113.9\n",
    }
}

fn reader(name: &str) -> Box<dyn Reader> {
    reader_named(name, sample(name).as_bytes()).expect("a reader knows its own lines")
}

#[test]
fn a_file_cut_anywhere_in_its_last_record_keeps_all_before() {
    for name in NAMES {
        let reader = reader(name);
        let text = sample(name).repeat(3);
        let whole = read_at_once(reader.as_ref(), text.as_bytes());
        let last = text.trim_end().rfind('\n').map_or(0, |newline| newline + 1);
        for end in last..text.len() {
            let cut = read_at_once(reader.as_ref(), &text.as_bytes()[..end]);
            let (kept, all) = (cut.rows.len() + cut.entries.len(), whole.rows.len() + whole.entries.len());
            assert!(kept == all || kept + 1 == all, "{name} cut at {end}");
            for (cut, whole) in cut.rows.iter().zip(&whole.rows) {
                // The last column of a row without a line end may be cut; what counts stands before it.
                for key in ["start", "dst", "channel", "billsec", "disposition"] {
                    assert_eq!(cut[key], whole[key], "{name} cut at {end}");
                }
            }
            if end == last {
                assert!(cut.skipped.is_empty());
            } else {
                assert_eq!(cut.records + cut.skipped.len() as u64, whole.records, "{name} cut at {end}");
            }
        }
    }
}

#[test]
fn a_stray_quote_costs_its_own_line_only() {
    let reader = reader("call_records");
    let line = CALLS.lines().next().expect("a line");
    let stray = line.replacen("from-internal\"", "from-internal", 1);
    for count in [1, 2, 3, 7, 20] {
        let text = format!("{line}\n{}{}", format!("{stray}\n{line}\n").repeat(count), CALLS.repeat(10));
        let whole = read_at_once(reader.as_ref(), text.as_bytes());
        assert_eq!((whole.rows.len(), whole.skipped.len()), (1 + count + 20, count), "{count} stray quotes");
        for step in [1, 100, 1_000] {
            assert_eq!(read_in_steps(reader.as_ref(), text.as_bytes(), step), whole, "steps of {step}");
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        for format in FORMATS {
            let _ = opened(format.word, &bytes);
        }
        for case in first_cases() {
            let reader = reader_named(&case.reader, case.input.as_bytes()).expect("a case is recognised");
            let _ = read_at_once(reader.as_ref(), &bytes);
            let after = [case.input.as_bytes(), &bytes].concat();
            let _ = read_at_once(reader.as_ref(), &after);
        }
    }

    #[test]
    fn any_cut_gives_the_same_records(
        pieces in proptest::collection::vec(
            prop_oneof![
                3 => Just(0_usize),
                1 => 1_usize..12,
            ],
            1..40,
        ),
        step in 1_usize..700,
    ) {
        const SPOILS: [&str; 12] =
            ["\"", "\"\"", "\n", "\r\n", ",", "\",\"", "\u{feff}", "|", "\r", "x\"y,", "\0", "\"\n\""];
        for name in NAMES {
            let reader = reader(name);
            let mut text = String::new();
            for &piece in &pieces {
                match piece {
                    0 => text.push_str(sample(name)),
                    other => text.push_str(SPOILS[other]),
                }
            }
            let whole = read_at_once(reader.as_ref(), text.as_bytes());
            prop_assert_eq!(read_in_steps(reader.as_ref(), text.as_bytes(), step), whole);
        }
    }
}
