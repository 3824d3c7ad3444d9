//! Two runs give the same bytes, whatever the threads and wherever a file is cut; and whatever the
//! bytes, every reader and the whole inquiry come to an end.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use tempfile::TempDir;
use tolltrace::case::{self, Options, Progress};
use tolltrace::clock::{Clock, ClockOptions, SourceFacts};
use tolltrace::event::{Action, Entry, Span};
use tolltrace::evidence::Evidence;
use tolltrace::fold::budget::Budget;
use tolltrace::fold::{Fold, Known, Window};
use tolltrace::pbx::Pbx;
use tolltrace::readers::{Chunk, reader_for};
use tolltrace::report::json;
use tolltrace::scan::{self, Base, Coverage, How, Sink, Task};

use crate::scratch::{Scratch, code, stderr, stdout};
use crate::support::{read_at_once, read_in_steps, reader_named};

struct Silent;

impl Progress for Silent {
    fn begin(&self, _total: u64) {}
    fn advance(&self, _path: &str, _bytes: u64) {}
    fn end(&self) {}
}

fn staged() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/pbx/bruteforce/root")
}

fn case_files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_dir() {
            let inner = case_files(&entry.path()).into_iter();
            files.extend(inner.map(|(inner, bytes)| (format!("{name}/{inner}"), bytes)));
        } else if name != "manifest.json" {
            files.insert(name, fs::read(entry.path()).unwrap());
        }
    }
    files
}

#[test]
fn threads_change_no_byte_of_a_case() {
    let scratch = Scratch::new();
    std::os::unix::fs::symlink(staged(), scratch.path().join("pbx")).unwrap();
    let mut first = None;
    for (number, jobs) in ["1", "2", "4", "2"].into_iter().enumerate() {
        let case = format!("case{number}");
        let output = scratch.run(&["run", "pbx", "-q", "-j", jobs, "-o", &case]);
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        let files = case_files(&scratch.path().join(case));
        let first = first.get_or_insert_with(|| files.clone());
        assert!(
            files.contains_key("contain/README.md") && files.keys().eq(first.keys()),
            "{:?}",
            files.keys()
        );
        for (name, bytes) in &files {
            assert!(first[name] == *bytes, "{name} with -j {jobs}");
        }
    }
}

#[test]
fn threads_change_no_row_of_a_timeline() {
    let scratch = Scratch::new();
    std::os::unix::fs::symlink(staged(), scratch.path().join("pbx")).unwrap();
    for form in [&["--format", "jsonl"][..], &["--format", "csv"], &["--fold"]] {
        let rows = ["1", "2", "4"].map(|jobs| {
            let output = scratch.run(&[&["timeline", "pbx", "-j", jobs][..], form].concat());
            assert_eq!(code(&output), 0, "{}", stderr(&output));
            stdout(&output)
        });
        assert!(rows[0].len() > 1_000 && rows[0] == rows[1] && rows[1] == rows[2], "{form:?}");
    }
}

/// Takes every entry and row as text, with its place in the file.
#[derive(Default)]
struct Collected(Vec<String>);

impl Sink for Collected {
    fn take(&mut self, chunk: &Chunk, base: Base) {
        for entry in &chunk.entries {
            self.0.push(told(chunk, entry, base));
        }
        for row in &chunk.rows {
            let columns = [row.src, row.dst, row.channel, row.uniqueid, row.last_data];
            let columns = columns.map(|span| text(chunk, span));
            let place = base.offset + u64::from(row.offset);
            self.0.push(format!("{:?} {place} {} {columns:?}", row.start, base.line + u64::from(row.line)));
        }
    }
}

fn text(chunk: &Chunk, span: Span) -> Option<String> {
    chunk.text(span).map(|text| text.escape_ascii().to_string())
}

fn told(chunk: &Chunk, entry: &Entry, base: Base) -> String {
    let spans = [entry.account, entry.number, entry.detail, entry.session, entry.channel, entry.context]
        .map(|span| text(chunk, span));
    let place = (base.offset + u64::from(entry.offset), base.line + u64::from(entry.line), entry.length);
    let when = (entry.stamp, entry.exact, entry.call);
    let peer = (entry.address, entry.port);
    format!("{:?} {} {when:?} {peer:?} {spans:?} {place:?}", entry.action, entry.reason)
}

/// Reads a folder of evidence in pieces of one size, and returns what each source told.
fn scanned(evidence: &Evidence, piece: usize, jobs: usize) -> Vec<(Vec<String>, Coverage)> {
    let tasks = evidence.sources.iter().map(|source| Task {
        source,
        reader: reader_for(source, &Pbx::default(), None).map(|opened| opened.reader),
        sink: Collected::default(),
    });
    let how = How { jobs, sparse: false, piece };
    let done = scan::scan(evidence, tasks.collect(), how, &Silent).unwrap();
    done.into_iter().map(|done| (done.sink.0, done.coverage)).collect()
}

/// Returns all that a folding sink keeps of a log, as text.
fn folded(evidence: &Evidence, piece: usize, jobs: usize, sparse: bool) -> String {
    let pbx = Pbx::default();
    let readers: Vec<_> = evidence
        .sources
        .iter()
        .filter_map(|source| Some((source, reader_for(source, &pbx, None)?.reader)))
        .collect();
    let facts = readers.iter().map(|(source, reader)| SourceFacts::survey(source, reader.as_ref()));
    let clock = Clock::plan(evidence, facts.collect(), None, &ClockOptions::default()).unwrap();
    let known = Arc::new(Known::default());
    let tasks = readers.into_iter().map(|(source, reader)| {
        let resolver = clock.of(source.id).resolver();
        let sink = Fold::new(source, resolver, Arc::clone(&known), Window::default(), Budget::WHOLE);
        Task { source, reader: Some(reader), sink }
    });
    let how = How { jobs, sparse, piece };
    let done = scan::scan(evidence, tasks.collect(), how, &Silent).unwrap();
    let mut kept = String::new();
    for done in done {
        let mut ledger = done.sink.finish();
        // A call's steps but the first are told once for each piece, and its end not at all.
        ledger.actions.remove(&Action::Dialplan);
        ledger.actions.remove(&Action::HungUp);
        kept.push_str(&format!(
            "{:#?}\n{:#?}\n{:#?}\n{:#?}\n{:#?}\n",
            ledger.tries.parties,
            ledger.tries.failure_records,
            ledger.uses.runs,
            ledger.calls.calls,
            ledger.actions
        ));
        let rest = (ledger.banned, ledger.agents, ledger.version, ledger.limits, ledger.has_dialplan);
        kept.push_str(&format!("{rest:#?}\n"));
    }
    kept
}

const PIECES: [&str; 18] = [
    "[2026-03-07 02:13:07] NOTICE[12] chan_sip.c: Registration from '<sip:1@x>' failed for '198.51.100.4' - Wrong password\n",
    "[2026-03-07 02:13:08] VERBOSE[12][C-0000002f] pbx.c: Executing [0044@ctx:1] Dial(\"SIP/1-0\", \"a\") in new stack\n",
    "[2026-03-07 02:13:09] VERBOSE[12] res_pjsip_logger.c: <--- Received SIP request (330 bytes) from UDP:198.51.100.4:5060 --->\n",
    "<--- SIP read from UDP:198.51.100.4:5060 --->\n",
    "<------------->\n",
    "{\"hostname\":\"\",\"timestamp\":\"2026-03-07 07:43:37\",\"identifiers\":{\"lwp\":3,\"callid\":\"[C-0000001f]\"},\"logmsg\":{\"location\":{\"filename\":\"chan_sip.c\",\"function\":\"x\",\"line\":2},\"level\":\"NOTICE\",\"message\":\"Registration from '<sip:2@x>' failed for '198.51.100.5' - Wrong password\\n\"}}\n",
    "[2026-03-07 02:13:10] \x1b[1;33mNOTICE\x1b[0m[12] chan_sip.c: Registration from '<sip:3@x>' failed for '198.51.100.4' - Wrong password\r\n",
    "    -- Called SIP/trunk/0044\n",
    "a line of its own\n",
    "\n",
    "\r\n",
    "\0\0\0",
    "[2026-03-07 02:13:11] Asterisk 18.26.4 built by root @ host on a x86_64 running Linux on 2025-01-01 00:00:00 UTC\n",
    "INVITE sip:1@192.0.2.1 SIP/2.0\r\n",
    "asterisk_1  | [2026-03-07 02:13:12] NOTICE[12] chan_sip.c: Registration from '<sip:4@x>' failed for '198.51.100.4' - Wrong password\n",
    "[2026-03-07 02:13:13] NOTICE[12] chan_sip.c: Registra",
    "[2026-03-07 02:13:14] VERBOSE[12][C-0000002f] pbx.c: Executing [0049@ctx:2] NoOp(\"SIP/2-0\", \"a\") in new stack\n",
    "[2026-03-07 02:13:15] VERBOSE[12] res_pjsip_registrar.c: Added contact 'sip:7@10.0.0.5' to AOR '7' with expiration of 60 seconds\n",
];

const ROWS: [&str; 6] = [
    "\"\",\"206\",\"201\",\"from-internal\",\"\"\"RRHH\"\" <206>\",\"SIP/206-0\",\"SIP/201-1\",\"Dial\",\"SIP/201,15\",\"2026-11-11 08:12:55\",\"2026-11-11 08:12:56\",\"2026-11-11 08:14:43\",107,106,\"ANSWERED\",\"DOCUMENTATION\",\"1794381175.0\",\"\"\n",
    "\"\",\"206\",\"00442079460000\",\"from-internal\",\"x\",\"SIP/206-2\",\"\",\"Dial\",\"a\nb\",\"2026-11-11 09:12:55\",,\"2026-11-11 09:14:43\",107,0,\"NO ANSWER\",\"DOCUMENTATION\",\"1794384775.2\",\"\"\r\n",
    "\"\",\"206\",\"201\",\"from-internal,\"x\n",
    "\n",
    "no row at all\n",
    "\0\0\n",
];

/// A log of such pieces, some of them very long lines, that ends anywhere.
fn a_log() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        12 => (0..PIECES.len()).prop_map(|index| PIECES[index].as_bytes().to_vec()),
        1 => (1_usize..30_000).prop_map(|length| [vec![b'x'; length], b"\n".to_vec()].concat()),
        1 => proptest::collection::vec(any::<u8>(), 0..60),
    ];
    (proptest::collection::vec(piece, 1..60), 0_usize..3).prop_map(|(pieces, cut)| {
        let log = [PIECES[0].as_bytes().to_vec(), pieces.concat()].concat();
        log[..log.len() - cut.min(log.len())].to_vec()
    })
}

fn evidence_of(folder: &Path) -> Evidence {
    Evidence::gather(&[folder.to_owned()]).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn pieces_and_threads_change_nothing(
        log in a_log(),
        piece in prop_oneof![1_usize..64, 64_usize..5_000, Just(1_usize << 20)],
        jobs in 1_usize..=4,
    ) {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("full"), &log).unwrap();
        let evidence = evidence_of(folder.path());
        let whole = scanned(&evidence, scan::PIECE, 1);
        prop_assert_eq!(scanned(&evidence, piece, jobs), whole);
    }

    #[test]
    fn packed_logs_tell_what_plain_ones_do(log in a_log(), piece in 64_usize..5_000) {
        let read = |name: &str, bytes: &[u8], piece| {
            let folder = TempDir::new().unwrap();
            fs::write(folder.path().join(name), bytes).unwrap();
            let mut told = scanned(&evidence_of(folder.path()), piece, 2);
            told.pop().map(|(told, coverage)| (told, coverage.records, coverage.unparsed))
        };
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&log).unwrap();
        let packed = encoder.finish().unwrap();
        let plain = read("full", &log, scan::PIECE);
        prop_assert_eq!(read("full.gz", &packed, scan::PIECE), plain.clone());
        prop_assert_eq!(read("full.gz", &packed, piece), plain);
    }

    #[test]
    fn call_records_are_read_alike_in_any_pieces(
        rows in proptest::collection::vec(0_usize..ROWS.len(), 1..40),
        piece in 1_usize..3_000,
        jobs in 1_usize..=4,
    ) {
        let folder = TempDir::new().unwrap();
        let text: String = rows.iter().map(|&row| ROWS[row]).collect();
        fs::write(folder.path().join("Master.csv"), format!("{}{text}", ROWS[0])).unwrap();
        let evidence = evidence_of(folder.path());
        let whole = scanned(&evidence, scan::PIECE, 1);
        prop_assert_eq!(scanned(&evidence, piece, jobs), whole);
    }

    #[test]
    fn folding_depends_on_no_cut(
        log in a_log(),
        piece in prop_oneof![1_usize..64, 64_usize..5_000],
        jobs in 1_usize..=4,
    ) {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("full"), &log).unwrap();
        let evidence = evidence_of(folder.path());
        let whole = folded(&evidence, scan::PIECE, 1, true);
        // Rules of users may ask for every step: nothing else may come of that.
        prop_assert!(folded(&evidence, scan::PIECE, 1, false) == whole);
        let cut = folded(&evidence, piece, jobs, true);
        let line = whole.lines().zip(cut.lines()).find(|(whole, cut)| whole != cut);
        prop_assert!(cut == whole, "{line:?}");
    }

    #[test]
    fn any_cut_of_a_log_gives_the_same(log in a_log(), step in 1_usize..3_000) {
        if let Some(reader) = reader_named("asterisk_log", &log) {
            let whole = read_at_once(reader.as_ref(), &log);
            prop_assert_eq!(read_in_steps(reader.as_ref(), &log, step), whole);
        }
    }

    #[test]
    fn whatever_the_bytes_an_inquiry_ends(
        files in proptest::collection::vec((0_usize..NAMES.len(), any_file()), 1..6),
    ) {
        let folder = TempDir::new().unwrap();
        for (name, bytes) in &files {
            let path = folder.path().join(NAMES[*name]);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        let evidence = evidence_of(folder.path());
        let reports = [1, 3].map(|jobs| {
            let options = Options { jobs, ..Options::default() };
            let examined = case::examine(&evidence, &options, &Silent).unwrap();
            let mut bytes = Vec::new();
            json::write_pretty(&mut bytes, &examined.report).unwrap();
            let mut rows = 0;
            case::timeline(&evidence, &options, &Silent, &mut |_| { rows += 1; Ok(()) }).unwrap();
            (bytes, rows)
        });
        prop_assert!(reports[0] == reports[1]);
    }

    #[test]
    fn any_bytes_are_no_harm_to_the_log_reader(
        bytes in proptest::collection::vec(any::<u8>(), 0..600),
        piece in 0..PIECES.len(),
        at in 0_usize..200,
    ) {
        let mut text = PIECES[piece].as_bytes().to_vec();
        let at = at.min(text.len());
        text.splice(at..at, bytes);
        let text = [PIECES[0].as_bytes(), &text].concat();
        if let Some(reader) = reader_named("asterisk_log", &text) {
            let _ = read_at_once(reader.as_ref(), &text);
        }
    }
}

const NAMES: [&str; 14] = [
    "var/log/asterisk/full",
    "var/log/asterisk/full.1.gz",
    "var/log/asterisk/cdr-csv/Master.csv",
    "var/log/asterisk/cel-custom/Master.csv",
    "var/log/asterisk/queue_log",
    "var/log/fail2ban.log",
    "var/log/syslog",
    "var/lib/asterisk/astdb.sqlite3",
    "etc/asterisk/sip.conf",
    "etc/asterisk/pjsip.conf",
    "etc/asterisk/extensions.conf",
    "etc/asterisk/logger.conf",
    "etc/localtime",
    "tftpboot/SEP001122334455.cnf.xml",
];

const HEADS: [&[u8]; 8] = [
    b"",
    b"\x1f\x8b\x08\0\0\0\0\0\0\x03",
    b"SQLite format 3\0\x10\0\x01\x01",
    b"TZif2\0\0\0",
    b"[general]\n",
    b"1794381450|1794381450.17|600|NONE|ENTERQUEUE||935550931|1\n",
    b"\"\",\"206\",\"201\",\"from-internal\",\"x\",\"SIP/206-0\",\"SIP/201-1\",\"Dial\",\"SIP/201,15\",\"2026-11-11 08:12:55\",\"2026-11-11 08:12:56\",\"2026-11-11 08:14:43\",107,106,\"ANSWERED\",\"DOCUMENTATION\",\"1794381175.0\",\"\"\n",
    b"<?xml version=\"1.0\"?><device><line><authName>100</authName>",
];

fn any_file() -> impl Strategy<Value = Vec<u8>> {
    let body = prop_oneof![
        a_log(),
        proptest::collection::vec(any::<u8>(), 0..400),
        proptest::collection::vec(
            proptest::sample::select(b"[]()=;,\"|\n\r \0=>!<&x0123456789:/@\\${}#".to_vec()),
            0..400
        ),
    ];
    (0..HEADS.len(), body).prop_map(|(head, body)| [HEADS[head].to_vec(), body].concat())
}

#[test]
fn a_log_cut_in_its_last_record_keeps_all_before() {
    for last in [0, 1, 5, 6, 12] {
        let text = [PIECES[0].repeat(3), PIECES[last].to_owned()].concat();
        let reader = reader_named("asterisk_log", text.as_bytes()).unwrap();
        let whole = read_at_once(reader.as_ref(), text.as_bytes());
        let from = PIECES[0].len() * 3;
        for end in from..text.len() {
            let cut = read_at_once(reader.as_ref(), &text.as_bytes()[..end]);
            assert!((3..=4).contains(&cut.entries.len()), "{end}");
            assert_eq!(cut.entries[..3], whole.entries[..3], "{end}");
            for entry in &cut.entries[3..] {
                let address = entry.get("address");
                assert!(address.is_none() || address == whole.entries[3].get("address"), "{end}: {entry:#?}");
            }
        }
    }
}

#[test]
fn packets_that_never_close_are_the_same_in_any_cut() {
    let long = |length: usize| format!("{}\n", "x".repeat(length));
    let opened = "<--- SIP read from UDP:198.51.100.4:5060 --->\n";
    let measured = "[2026-03-07 02:13:09] VERBOSE[12] res_pjsip_logger.c: <--- Received SIP request (330 bytes) from UDP:198.51.100.4:5060 --->\n";
    // The second announcement lies in the first's packet; both end for want of a closing rule only.
    let log = [
        PIECES[0].to_owned(),
        opened.to_owned(),
        long(14_821) + &long(28_059),
        opened.to_owned(),
        long(13_750) + &long(24_039),
        measured.to_owned(),
        long(28_057) + &long(22_124) + &long(586),
    ]
    .concat();
    let reader = reader_named("asterisk_log", log.as_bytes()).unwrap();
    let whole = read_at_once(reader.as_ref(), log.as_bytes());
    for step in [1, 997, 30_000, 65_536] {
        assert_eq!(read_in_steps(reader.as_ref(), log.as_bytes(), step), whole, "steps of {step}");
    }
}

#[test]
fn a_line_without_an_end_is_bounded() {
    let folder = TempDir::new().unwrap();
    let long = [PIECES[0].as_bytes(), &vec![b'y'; 20 << 20], b"\n", PIECES[1].as_bytes()].concat();
    fs::write(folder.path().join("full"), &long).unwrap();
    let evidence = evidence_of(folder.path());
    let whole = scanned(&evidence, scan::PIECE, 1);
    assert_eq!(scanned(&evidence, scan::PIECE, 3), whole);
    assert_eq!(whole[0].0.len(), 2, "{whole:#?}");
    assert!(whole[0].0[1].starts_with(&format!("{:?}", Action::Dialplan)));
}
