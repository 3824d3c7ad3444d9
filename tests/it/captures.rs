//! SIP captures: every link, packet and file form that is read, what each message tells, and damage.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::Ipv6Addr;
use std::path::Path;

use tolltrace::case::{self, Options, Progress};
use tolltrace::evidence::Evidence;
use tolltrace::report::model::{Report, TimelineRow};

use crate::scratch::Scratch;
use crate::support::shared;

struct Silent;

impl Progress for Silent {
    fn begin(&self, _: u64) {}
    fn advance(&self, _: &str, _: u64) {}
    fn end(&self) {}
}

fn options() -> Options {
    Options { no_hash: true, jobs: 1, ..Options::default() }
}

fn report(path: &Path) -> Report {
    let evidence = Evidence::gather(&[path.to_owned()]).unwrap();
    case::examine(&evidence, &options(), &Silent).unwrap().report
}

fn timeline(path: &Path) -> Vec<TimelineRow> {
    let evidence = Evidence::gather(&[path.to_owned()]).unwrap();
    let mut rows = Vec::new();
    case::timeline(&evidence, &options(), &Silent, &mut |row| {
        rows.push(row.clone());
        Ok(())
    })
    .unwrap();
    rows
}

/// Returns what each row tells: action, address, account and number.
fn told(rows: &[TimelineRow]) -> Vec<String> {
    let text = |text: &Option<tolltrace::untrusted::Untrusted>| {
        text.as_ref().map_or("-".to_owned(), |text| text.raw().to_string())
    };
    rows.iter()
        .map(|row| {
            let address = row.address.map_or("-".to_owned(), |address| address.to_string());
            format!("{} {address} {} {}", row.action.word(), text(&row.account), text(&row.number))
        })
        .collect()
}

#[test]
fn a_staged_attack_is_counted_exactly() {
    let Some(folder) = shared("captures") else { return };
    let expected = std::fs::read_to_string(folder.join("expected.json")).unwrap();
    let expected: serde_json::Value = serde_json::from_str(&expected).unwrap();
    let expected = &expected["sip-scan-and-guess"];
    let sip = report(&folder.join("sip-scan-and-guess.pcap.gz")).assessment.sip.unwrap();
    let counts =
        |name: &str| -> BTreeMap<String, u64> { serde_json::from_value(expected[name].clone()).unwrap() };
    assert_eq!(sip.messages, expected["sip_packets"].as_u64().unwrap());
    assert_eq!(sip.requests, counts("requests"));
    assert_eq!(sip.responses, counts("responses"));
    assert_eq!(sip.sources, expected["sources"].as_u64().unwrap());
    let agents: BTreeMap<String, u64> =
        sip.user_agents.iter().map(|(agent, count)| (agent.raw().to_string(), *count)).collect();
    for (agent, count) in counts("user_agents") {
        assert_eq!(agents.get(&agent), Some(&count), "{agent}");
    }
}

type End = ([u8; 4], u16);

const SERVER: End = ([192, 0, 2, 1], 5060);
const SCANNER: End = ([203, 0, 113, 9], 5071);
const PHONE: End = ([198, 51, 100, 7], 5060);

fn udp(from: End, to: End, text: &str) -> Vec<u8> {
    let mut packet = from.1.to_be_bytes().to_vec();
    packet.extend(to.1.to_be_bytes());
    packet.extend((text.len() as u16 + 8).to_be_bytes());
    packet.extend([0, 0]);
    packet.extend(text.as_bytes());
    packet
}

fn tcp(from: End, to: End, sequence: u32, flags: u8, text: &[u8]) -> Vec<u8> {
    let mut packet = from.1.to_be_bytes().to_vec();
    packet.extend(to.1.to_be_bytes());
    packet.extend(sequence.to_be_bytes());
    packet.extend([0, 0, 0, 0, 0x50, flags, 0, 0, 0, 0, 0, 0]);
    packet.extend(text);
    packet
}

/// An IPv4 packet, or a fragment of one: `offset` in bytes, and whether more follow.
fn ip(from: End, to: End, protocol: u8, payload: &[u8], offset: usize, more: bool) -> Vec<u8> {
    let mut packet = vec![0x45, 0];
    packet.extend((payload.len() as u16 + 20).to_be_bytes());
    packet.extend([0x12, 0x34]);
    packet.extend(((offset as u16 / 8) | (u16::from(more) << 13)).to_be_bytes());
    packet.extend([64, protocol, 0, 0]);
    packet.extend(from.0);
    packet.extend(to.0);
    packet.extend(payload);
    packet
}

fn whole(from: End, to: End, text: &str) -> Vec<u8> {
    ip(from, to, 17, &udp(from, to, text), 0, false)
}

/// A pcap file of frames, a second apart.
fn pcap(link: u32, frames: &[Vec<u8>]) -> Vec<u8> {
    let mut file = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0];
    file.extend(link.to_le_bytes());
    for (number, frame) in frames.iter().enumerate() {
        file.extend((1_795_194_000 + number as u32).to_le_bytes());
        file.extend(250_000_u32.to_le_bytes());
        file.extend((frame.len() as u32).to_le_bytes());
        file.extend((frame.len() as u32).to_le_bytes());
        file.extend(frame);
    }
    file
}

fn block(kind: u32, body: &[u8]) -> Vec<u8> {
    let padded = body.len().next_multiple_of(4);
    let length = (padded as u32 + 12).to_be_bytes();
    let mut block = kind.to_be_bytes().to_vec();
    block.extend(length);
    block.extend(body);
    block.resize(8 + padded, 0);
    block.extend(length);
    block
}

/// A pcapng file of big-endian order, in nanoseconds.
fn pcapng(link: u16, frames: &[Vec<u8>]) -> Vec<u8> {
    let mut file =
        block(0x0a0d_0d0a, &[0x1a, 0x2b, 0x3c, 0x4d, 0, 1, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255]);
    let mut interface = link.to_be_bytes().to_vec();
    interface.extend([0, 0, 0, 4, 0, 0, 0, 9, 0, 1, 9, 0, 0, 0, 0, 0, 0, 0]);
    file.extend(block(1, &interface));
    for (number, frame) in frames.iter().enumerate() {
        let time = (1_795_194_000 + number as u64) * 1_000_000_000 + 250_000_000;
        let mut body = vec![0; 4];
        body.extend(time.to_be_bytes());
        body.extend((frame.len() as u32).to_be_bytes());
        body.extend((frame.len() as u32).to_be_bytes());
        body.extend(frame);
        file.extend(block(6, &body));
    }
    file
}

fn message(first: &str, call_id: &str, sequence: &str, more: &str) -> String {
    format!(
        "{first}\r\nVia: SIP/2.0/UDP 10.9.9.9:5060\r\nFrom: \"x\" <sip:101@pbx>;tag=a1\r\nTo: <sip:101@pbx>\r\nCall-ID: {call_id}\r\nCSeq: {sequence}\r\nUser-Agent: Tester\r\n{more}Content-Length: 0\r\n\r\n"
    )
}

fn options_request() -> String {
    message("OPTIONS sip:100@192.0.2.1 SIP/2.0", "o1", "1 OPTIONS", "")
}

const CREDENTIALS: &str =
    "Authorization: Digest username=\"101\", realm=\"pbx\", nonce=\"n\", uri=\"sip:pbx\", response=\"r\"\r\n";

#[test]
fn every_link_and_file_form_is_opened() {
    let bare = whole(SCANNER, SERVER, &options_request());
    let with = |front: &[u8]| [front, &bare].concat();
    let frames: [(u16, Vec<u8>); 8] = [
        (1, with(&[&[0; 12][..], &[8, 0]].concat())),
        (1, with(&[&[0; 12][..], &[0x81, 0, 0, 5, 8, 0]].concat())),
        (113, with(&[&[0; 14][..], &[8, 0]].concat())),
        (276, with(&[&[8, 0][..], &[0; 18]].concat())),
        (101, bare.clone()),
        (228, bare.clone()),
        (0, with(&[2, 0, 0, 0])),
        (108, with(&[0, 0, 0, 2])),
    ];
    for (link, frame) in frames {
        let frames = std::slice::from_ref(&frame);
        for file in [pcap(u32::from(link), frames), pcapng(link, frames)] {
            let scratch = Scratch::new();
            let path = scratch.path().join("x.cap");
            std::fs::write(&path, &file).unwrap();
            let rows = timeline(&path);
            assert_eq!(told(&rows), ["probe 203.0.113.9 101 100"], "link {link}");
            assert_eq!(rows[0].datetime.as_deref(), Some("2026-11-20T17:00:00.250000Z"), "link {link}");
            let offset = rows[0].offset.unwrap() as usize;
            assert_eq!(&file[offset..offset + frame.len()], frame, "link {link}");
        }
    }
}

#[test]
fn version_six_is_opened() {
    let text = options_request();
    let payload = udp(SCANNER, SERVER, &text);
    let mut packet = vec![0x60, 0, 0, 0];
    packet.extend((payload.len() as u16 + 8).to_be_bytes());
    // A header of destination options stands between.
    packet.extend([60, 64]);
    packet.extend("2001:db8::9".parse::<Ipv6Addr>().unwrap().octets());
    packet.extend("2001:db8::1".parse::<Ipv6Addr>().unwrap().octets());
    packet.extend([17, 0, 1, 4, 0, 0, 0, 0]);
    packet.extend(payload);
    let scratch = Scratch::new();
    let path = scratch.path().join("x.pcap");
    std::fs::write(&path, pcap(101, &[packet])).unwrap();
    assert_eq!(told(&timeline(&path)), ["probe 2001:db8::9 101 100"]);
}

#[test]
fn fragments_and_streams_are_put_together() {
    let text = options_request();
    let payload = udp(SCANNER, SERVER, &text);
    let fragments = [
        ip(SCANNER, SERVER, 17, &payload[64..], 64, false),
        ip(SCANNER, SERVER, 17, &payload[..64], 0, true),
    ];
    let bytes = text.as_bytes();
    let segment =
        |at: u32, flags, text: &[u8]| ip(PHONE, SERVER, 6, &tcp(PHONE, SERVER, at, flags, text), 0, false);
    let twice = [bytes, b"\r\n\r\n", bytes].concat();
    let stream = [
        segment(9, 2, b""),
        segment(10, 0, &twice[..30]),
        // Out of order, and once more.
        segment(110, 0, &twice[100..]),
        segment(40, 0, &twice[30..100]),
        segment(40, 0, &twice[30..100]),
    ];
    let scratch = Scratch::new();
    let path = scratch.path().join("x.pcap.gz");
    let frames: Vec<Vec<u8>> = fragments.into_iter().chain(stream).collect();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&pcap(101, &frames)).unwrap();
    std::fs::write(&path, packed.finish().unwrap()).unwrap();
    let rows = timeline(&path);
    assert_eq!(
        told(&rows),
        ["probe 203.0.113.9 101 100", "probe 198.51.100.7 101 100", "probe 198.51.100.7 101 100"]
    );
}

/// A phone that logs in and calls, one with a wrong secret, and a scanner.
fn conversation() -> Vec<Vec<u8>> {
    let register = |id: &str, sequence: &str, more: &str| {
        message("REGISTER sip:pbx SIP/2.0", id, &format!("{sequence} REGISTER"), more)
    };
    let answer = |first: &str, id: &str, sequence: &str| {
        message(first, id, sequence, "WWW-Authenticate: Digest realm=\"pbx\", nonce=\"n\"\r\n")
            .replace("User-Agent", "Server")
    };
    let invite = |sequence: &str, more: &str| {
        message("INVITE sip:90025261550014@pbx SIP/2.0", "c1", &format!("{sequence} INVITE"), more)
    };
    let in_dialog = |text: String| text.replace("<sip:101@pbx>\r\n", "<sip:101@pbx>;tag=b2\r\n");
    let wrong = ([203, 0, 113, 77], 5060);
    vec![
        whole(PHONE, SERVER, &register("r1", "1", "")),
        whole(SERVER, PHONE, &answer("SIP/2.0 401 Unauthorized", "r1", "1 REGISTER")),
        whole(PHONE, SERVER, &register("r1", "2", CREDENTIALS)),
        whole(SERVER, PHONE, &answer("SIP/2.0 200 OK", "r1", "2 REGISTER")),
        whole(SERVER, PHONE, &message("OPTIONS sip:101@198.51.100.7 SIP/2.0", "k1", "1 OPTIONS", "")),
        whole(PHONE, SERVER, &invite("1", "")),
        whole(SERVER, PHONE, &answer("SIP/2.0 407 Proxy Authentication Required", "c1", "1 INVITE")),
        whole(PHONE, SERVER, &invite("2", CREDENTIALS)),
        whole(SERVER, PHONE, &in_dialog(answer("SIP/2.0 200 OK", "c1", "2 INVITE"))),
        // The same answer once more is no other call.
        whole(SERVER, PHONE, &in_dialog(answer("SIP/2.0 200 OK", "c1", "2 INVITE"))),
        whole(PHONE, SERVER, &in_dialog(message("BYE sip:x@pbx SIP/2.0", "c1", "3 BYE", ""))),
        whole(wrong, SERVER, &register("w1", "1", CREDENTIALS)),
        whole(SERVER, wrong, &answer("SIP/2.0 401 Unauthorized", "w1", "1 REGISTER")),
        whole(SCANNER, SERVER, &options_request()),
    ]
}

#[test]
fn each_message_tells_what_it_came_to() {
    let scratch = Scratch::new();
    let path = scratch.path().join("x.pcap");
    std::fs::write(&path, pcap(101, &conversation())).unwrap();
    let wanted = [
        "challenge 198.51.100.7 101 -",
        "registered 198.51.100.7 101 -",
        "keep-alive 192.0.2.1 101 101",
        "call-attempt 198.51.100.7 101 90025261550014",
        "challenge 198.51.100.7 101 90025261550014",
        "call-attempt 198.51.100.7 101 90025261550014",
        "auth-ok 198.51.100.7 101 90025261550014",
        "call 198.51.100.7 101 90025261550014",
        "hung-up 198.51.100.7 101 x",
        "auth-failed 203.0.113.77 101 -",
        "probe 203.0.113.9 101 100",
    ];
    assert_eq!(told(&timeline(&path)), wanted);
    let report = report(&path);
    assert_eq!(report.assessment.all_calls, 1);
    assert_eq!(report.assessment.last_day.totals.seconds, Some(2));
    let failed: Vec<String> =
        report.failed_attackers.iter().map(|failed| failed.address.to_string()).collect();
    assert_eq!(failed, ["203.0.113.9"]);
    let sip = report.assessment.sip.unwrap();
    assert_eq!((sip.messages, sip.sources, sip.requests["REGISTER"], sip.responses["200"]), (14, 4, 3, 3));
    assert_eq!(sip.user_agents[0].0.raw(), "Tester");
}

/// A packet in the form of a sensor's, which names whom it likes.
fn sensed(sent: (End, End), named: (End, End), text: &str) -> Vec<u8> {
    let chunk = |kind: u16, value: &[u8]| {
        let mut chunk = vec![0, 0];
        chunk.extend(kind.to_be_bytes());
        chunk.extend((value.len() as u16 + 6).to_be_bytes());
        chunk.extend(value);
        chunk
    };
    let chunks = [
        chunk(3, &named.0.0),
        chunk(4, &named.1.0),
        chunk(7, &named.0.1.to_be_bytes()),
        chunk(8, &named.1.1.to_be_bytes()),
        chunk(9, &1_795_190_400_u32.to_be_bytes()),
        chunk(10, &[0, 0, 0, 5]),
        chunk(15, text.as_bytes()),
    ]
    .concat();
    let mut payload = udp(sent.0, sent.1, "");
    payload.extend(b"HEP3");
    payload.extend((chunks.len() as u16 + 6).to_be_bytes());
    payload.extend(chunks);
    ip(sent.0, sent.1, 17, &payload, 0, false)
}

fn rows_of(frames: &[Vec<u8>]) -> Vec<TimelineRow> {
    let scratch = Scratch::new();
    let path = scratch.path().join("x.pcap");
    std::fs::write(&path, pcap(101, frames)).unwrap();
    timeline(&path)
}

fn note_of(frames: &[Vec<u8>]) -> String {
    let scratch = Scratch::new();
    let path = scratch.path().join("x.pcap");
    std::fs::write(&path, pcap(101, frames)).unwrap();
    report(&path).evidence[0].note.clone().unwrap_or_default()
}

const SENSOR: End = ([192, 0, 2, 200], 40_000);
const COLLECTOR: End = ([192, 0, 2, 201], 9060);

#[test]
fn what_a_sensor_sent_to_homer_has_the_senders_own_addresses() {
    let frames = [sensed((SENSOR, COLLECTOR), (SCANNER, SERVER), &options_request())];
    let rows = rows_of(&frames);
    assert_eq!(told(&rows), ["probe 203.0.113.9 101 100"]);
    assert_eq!(rows[0].datetime.as_deref(), Some("2026-11-20T16:00:00.000005Z"));
    let note = note_of(&frames);
    assert!(note.contains("1 messages are as a sensor told them"), "{note}");
}

/// Frames of a scanner that claims that a phone's secret was guessed, before and after real ones.
fn accusation() -> Vec<Vec<u8>> {
    let ask = message("REGISTER sip:pbx SIP/2.0", "f1", "1 REGISTER", CREDENTIALS);
    let refused = message("SIP/2.0 401 Unauthorized", "f1", "1 REGISTER", "");
    let innocent = ([198, 51, 100, 200], 5060);
    vec![
        sensed((SCANNER, SERVER), (innocent, SERVER), &ask),
        sensed((SCANNER, SERVER), (SERVER, innocent), &refused),
    ]
}

#[test]
fn no_sensor_is_believed_where_sip_itself_was_captured() {
    let wanted = told(&rows_of(&conversation()));
    for frames in [[accusation(), conversation()].concat(), [conversation(), accusation()].concat()] {
        assert_eq!(told(&rows_of(&frames)), wanted);
        let note = note_of(&frames);
        assert!(note.contains("2 messages in the form of a sensor's (HEP) were not believed"), "{note}");
    }
}

/// A request for an account with a branch, and with credentials if they are wanted.
fn guess(account: &str, branch: &str, credentials: &str) -> String {
    message("REGISTER sip:pbx SIP/2.0", "g1", "2 REGISTER", credentials)
        .replace("10.9.9.9:5060", &format!("10.9.9.9:5060;branch={branch}"))
        .replace("sip:101@", &format!("sip:{account}@"))
}

fn verdict(first: &str, account: &str, branch: &str) -> String {
    guess(account, branch, "").replace("REGISTER sip:pbx SIP/2.0", first)
}

#[test]
fn an_answer_goes_to_the_request_that_it_repeats() {
    let real = whole(SCANNER, SERVER, &guess("101", "z9hG4bKreal", CREDENTIALS));
    let decoy = whole(SCANNER, SERVER, &guess("105", "z9hG4bKdecoy", "Expires: 0\r\n"));
    let answers = |frames: [&Vec<u8>; 2]| {
        let refused = "SIP/2.0 401 Unauthorized";
        let challenged = whole(SERVER, SCANNER, &verdict(refused, "105", "z9hG4bKdecoy"));
        let refused = whole(SERVER, SCANNER, &verdict(refused, "101", "z9hG4bKreal"));
        told(&rows_of(&[frames[0].clone(), frames[1].clone(), refused, challenged]))
    };
    let wanted = ["auth-failed 203.0.113.9 101 -", "challenge 203.0.113.9 105 -"];
    assert_eq!(answers([&real, &decoy]), wanted);
    assert_eq!(answers([&decoy, &real]), wanted);
}

#[test]
fn requests_that_cannot_be_told_apart_hide_no_credentials() {
    let real = guess("101", "z9hG4bKsame", CREDENTIALS);
    let decoy = guess("105", "z9hG4bKsame", "Expires: 0\r\n");
    let unmarked = |text: &str| text.replace(";branch=z9hG4bKsame", "");
    for [first, second] in [[&real, &decoy], [&decoy, &real]] {
        for mark in [|text: &str| text.to_owned(), unmarked] {
            let frames = [
                whole(SCANNER, SERVER, &mark(first)),
                whole(SCANNER, SERVER, &mark(second)),
                whole(SERVER, SCANNER, &verdict("SIP/2.0 401 Unauthorized", "101", "z9hG4bKsame")),
                whole(SERVER, SCANNER, &verdict("SIP/2.0 200 OK", "101", "z9hG4bKsame")),
            ];
            let wanted = ["auth-failed 203.0.113.9 101 -", "registered 203.0.113.9 101 -"];
            assert_eq!(told(&rows_of(&frames)), wanted);
        }
    }
}

#[test]
fn an_answer_to_the_port_that_via_names_is_an_answer() {
    let ask = guess("101", "z9hG4bKa", CREDENTIALS).replace("CSeq: 2 R", "CSeq: 02\t R");
    let frames = [
        whole(SCANNER, SERVER, &ask),
        whole(SERVER, (SCANNER.0, 5060), &verdict("SIP/2.0 401 Unauthorized", "101", "z9hG4bKa")),
    ];
    assert_eq!(told(&rows_of(&frames)), ["auth-failed 203.0.113.9 101 -"]);
}

#[test]
fn credentials_are_found_behind_any_padding() {
    let many: String = (0..3_000).map(|number| format!("X{number}: a\r\n")).collect();
    let long = format!("X: {}\r\n", "a".repeat(60_000));
    let parameters: String = (0..3_000).map(|number| format!("x{number}=a, ")).collect();
    let attempts = [
        format!("{many}{CREDENTIALS}"),
        format!("{long}{CREDENTIALS}"),
        CREDENTIALS.replace("Digest ", &format!("Digest {parameters}")),
        CREDENTIALS.replace("Authorization: ", "Authorization:\r\n\t"),
    ];
    for attempt in attempts {
        let frames = [
            // The account is what the credentials say.
            whole(SCANNER, SERVER, &guess("105", "z9hG4bKa", &attempt)),
            whole(SERVER, SCANNER, &verdict("SIP/2.0 401 Unauthorized", "105", "z9hG4bKa")),
        ];
        assert_eq!(told(&rows_of(&frames)), ["auth-failed 203.0.113.9 101 -"], "{attempt:.80}");
    }
}

#[test]
fn a_message_that_is_too_long_is_reported() {
    let text = guess("101", "z9hG4bKa", &format!("X: {}\r\n", "a".repeat(70_000)));
    let frames: Vec<Vec<u8>> = (0..)
        .step_by(1_000)
        .zip(text.as_bytes().chunks(1_000))
        .map(|(at, piece)| ip(PHONE, SERVER, 6, &tcp(PHONE, SERVER, at, 0, piece), 0, false))
        .collect();
    let note = note_of(&frames);
    assert!(note.contains("1 messages over TCP are longer than 64 KiB and were not read"), "{note}");
}

#[test]
fn a_capture_that_ends_early_is_read_as_far_as_it_goes() {
    let scratch = Scratch::new();
    let path = scratch.path().join("x.pcap");
    let mut file = pcap(101, &conversation());
    file.truncate(file.len() - 40);
    std::fs::write(&path, &file).unwrap();
    let report = report(&path);
    assert_eq!(report.evidence[0].records, 13);
    assert!(report.evidence[0].note.as_deref().unwrap().contains("ends in the middle of the packet"));
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(48))]
    #[test]
    fn damage_is_survived(at in 0_usize..9_000, byte in proptest::num::u8::ANY, cut in 30_usize..9_000, ng in proptest::bool::ANY) {
        let scratch = Scratch::new();
        let path = scratch.path().join("x.pcap");
        let mut file = if ng { pcapng(101, &conversation()) } else { pcap(101, &conversation()) };
        if let Some(hit) = file.get_mut(at) {
            *hit = byte;
        }
        file.truncate(cut);
        std::fs::write(&path, &file).unwrap();
        let evidence = Evidence::gather(&[path]).unwrap();
        let _ = case::examine(&evidence, &options(), &Silent);
    }
}
