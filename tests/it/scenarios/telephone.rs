//! Callers from the telephone network who go out again by a trunk: intruders, and those who may.

use tolltrace::case::Options;
use tolltrace::report::model::{Report, Role};

use super::truth::{Truth, compare, examine_folder};
use crate::scratch::Scratch;

const PJSIP: &str = "[carrier]\ntype=endpoint\ncontext=in\naors=carrier\n[carrier]\ntype=aor\ncontact=sip:240.7.7.7\n[carrier]\ntype=identify\nendpoint=carrier\nmatch=240.7.7.7\n[201]\ntype=endpoint\ncontext=phones\nauth=201\naors=201\n[201]\ntype=auth\nusername=201\npassword=Vx8201qPz71LmKw\n[201]\ntype=aor\nmax_contacts=1\n";

const EXTENSIONS: &str = "
[in]
exten => 4930555,1,Goto(menu,s,1)
[menu]
exten => s,1,Background(hello)
 same => n,WaitExten(8)
exten => 201,1,Dial(PJSIP/201,20)
exten => 8,1,DISA(4711,far)
[far]
exten => _0.,1,Dial(PJSIP/${EXTEN}@carrier)
[phones]
exten => 201,1,Dial(PJSIP/201,20)
exten => _0.,1,Dial(PJSIP/${EXTEN}@carrier)
";

/// A server whose call records are written by hand.
struct Server {
    scratch: Scratch,
    rows: Vec<(i64, String)>,
    serial: u32,
    log: String,
    options: Options,
}

fn time(at: i64, format: &str) -> String {
    chrono::DateTime::from_timestamp(at, 0).unwrap().format(format).to_string()
}

/// 2 March 2026, a Monday, in UTC.
const MONDAY: i64 = 1_772_409_600;
const DAY: i64 = 86_400;
const HOUR: i64 = 3_600;

impl Server {
    fn new(extensions: &str) -> Self {
        let scratch = Scratch::new();
        scratch.file("etc/asterisk/pjsip.conf", PJSIP);
        scratch.file("etc/asterisk/extensions.conf", extensions);
        scratch.file("etc/timezone", "Etc/UTC\n");
        let mut server =
            Server { scratch, rows: Vec::new(), serial: 0, log: String::new(), options: Options::default() };
        for day in 0..4 {
            for call in 0..6 {
                let at = MONDAY + day * DAY + 8 * HOUR + call * 1_500;
                server.row(("201", "030444555", "phones"), ("PJSIP/201", "PJSIP/carrier"), at, 200, "");
                server.row(("0301234567", "201", "menu"), ("PJSIP/carrier", "PJSIP/201"), at + 300, 100, "");
            }
        }
        server
    }

    /// Adds a call of one row and returns its id: source, number and context; the two channels.
    fn row(
        &mut self,
        (source, number, context): (&str, &str, &str),
        (from, to): (&str, &str),
        at: i64,
        seconds: i64,
        code: &str,
    ) -> String {
        self.serial += 2;
        let id = format!("{at}.{}", self.serial);
        let (from, to) = (format!("{from}-{:08x}", self.serial), format!("{to}-{:08x}", self.serial + 1));
        self.leg((source, number, context), (&from, &to), (at, seconds), (&id, &id), code);
        id
    }

    fn leg(
        &mut self,
        (source, number, context): (&str, &str, &str),
        (from, to): (&str, &str),
        (at, seconds): (i64, i64),
        (id, linked): (&str, &str),
        code: &str,
    ) {
        let stamp = |at| time(at, "%Y-%m-%d %H:%M:%S");
        let (start, end) = (stamp(at), stamp(at + seconds));
        let row = format!(
            "\"{code}\",\"{source}\",\"{number}\",\"{context}\",\"\"\"\"\" <{source}>\",\"{from}\",\"{to}\",\"Dial\",\"x\",\
             \"{start}\",\"{start}\",\"{end}\",{seconds},{seconds},\"ANSWERED\",\"DOCUMENTATION\",\"{id}\",\"\",\"\",\"{linked}\",{}\n",
            self.serial
        );
        self.rows.push((at + seconds, row));
    }

    /// A caller from outside goes on to a number outside.
    fn through(&mut self, caller: &str, number: &str, at: i64, seconds: i64) -> String {
        self.row((caller, number, "far"), ("PJSIP/carrier", "PJSIP/carrier"), at, seconds, "4711")
    }

    /// A caller of extension 201 is sent on by a forward.
    fn forwarded(&mut self, caller: &str, number: &str, at: i64, seconds: i64) -> String {
        self.serial += 4;
        let serial = self.serial;
        let id = format!("{at}.{serial}");
        let from = format!("PJSIP/carrier-{serial:08x}");
        let local = format!("Local/{number}@phones-{serial:08x}");
        let (first, second) = (format!("{local};1"), format!("{local};2"));
        let to = format!("PJSIP/carrier-{:08x}", serial + 1);
        let times = (at, seconds);
        self.leg((caller, "201", "menu"), (&from, &first), times, (&id, &id), "");
        let own = format!("{at}.{}", serial + 2);
        self.leg((caller, number, "phones"), (&second, &to), times, (&own, &id), "");
        id
    }

    fn examine(mut self) -> Report {
        self.rows.sort();
        let rows: String = self.rows.iter().map(|(_, row)| row.as_str()).collect();
        self.scratch.file("var/log/asterisk/cdr-csv/Master.csv", &rows);
        if !self.log.is_empty() {
            self.scratch.file("var/log/asterisk/full", &self.log);
        }
        examine_folder(self.scratch.path(), &self.options)
    }
}

fn abroad(call: i64) -> String {
    format!("00252{}", 612_000_000 + call * 7_919)
}

#[test]
fn a_second_dial_tone_is_abused_and_its_owner_is_not_blamed() {
    let mut server = Server::new(EXTENSIONS);
    let owner = "01715550199";
    for day in 0..4 {
        server.through(owner, "0306667788", MONDAY + day * DAY + 18 * HOUR, 120);
    }
    // The owner travels: one call after the other, some of them abroad.
    for call in 0..5 {
        let at = MONDAY + 2 * DAY + 19 * HOUR + call * 700;
        server.through(owner, &format!("0033140{}", 500_100 + call), at, 500);
    }
    let night = MONDAY + 3 * DAY + HOUR;
    let mut calls = vec![server.through("0018005550100", &abroad(90), night - 5 * HOUR, 20)];
    for call in 0..20 {
        let caller = ["0018005550100", "00442071838750", "anonymous"][call as usize % 3];
        calls.push(server.through(caller, &abroad(call), night + call * 40, 400));
    }
    let report = server.examine();
    let truth = Truth { vectors: vec!["voicemail-or-disa"], calls, ..Truth::default() };
    compare(&report, &[truth], &[]);
    let callers: Vec<_> = report.incidents[0]
        .callers
        .iter()
        .map(|caller| caller.number.as_ref().map(|n| n.raw().to_owned()))
        .collect();
    assert_eq!(callers, [None, Some("0018005550100".to_owned()), Some("00442071838750".to_owned())]);
    assert!(report.incidents[0].callers.iter().all(|caller| caller.roles == [Role::Dial]));
    let [route] = report.incidents[0].routes.as_slice() else { panic!("one route") };
    assert_eq!((route.route.pattern.raw(), route.route.context.raw(), route.calls), ("_0.", "far", 21));
    assert_eq!(route.route.place, "etc/asterisk/extensions.conf:10");
    assert!(report.incidents[0].calls.iter().all(|call| call.route.as_deref() == Some(&route.route)));
    let shown = serde_json::to_string(&report.incidents[0].entry).unwrap();
    assert!(shown.contains("DISA in [menu] has"), "{shown}");
}

#[test]
fn a_forward_to_numbers_that_cost_is_told_from_one_to_a_mobile() {
    let mut server = Server::new(EXTENSIONS);
    let night = MONDAY + 3 * DAY + 2 * HOUR;
    let mut calls = Vec::new();
    for call in 0..18 {
        calls.push(server.forwarded("0018005550100", "0088216555001", night + call * 50, 900));
    }
    // All day long customers are sent on to somebody's mobile, at home and in the country next to it.
    for day in 0..4 {
        for call in 0..30 {
            let caller = format!("030777{:04}", day * 30 + call);
            let number = if call % 2 == 0 { "01715550123" } else { "0041791234567" };
            server.forwarded(&caller, number, MONDAY + day * DAY + 9 * HOUR + call * 700, 300);
        }
    }
    let report = server.examine();
    let truth = Truth { vectors: vec!["call-forward"], calls, ..Truth::default() };
    compare(&report, &[truth], &[]);
    let dialed: Vec<_> = report.incidents[0].calls.iter().map(|call| call.dialed.raw().to_owned()).collect();
    assert!(dialed.iter().all(|number| number == "0088216555001"), "{dialed:?}");
}

#[test]
fn records_of_two_rows_tell_a_second_dial_tone_from_a_forward() {
    let mut server = Server::new(EXTENSIONS);
    let night = MONDAY + 3 * DAY + 2 * HOUR;
    let mut calls = Vec::new();
    for call in 0..12 {
        let at = night + call * 40;
        let id = server.through("00442071838750", &abroad(call), at + 20, 300);
        // The row of the tone itself, which Asterisk writes first.
        let from = format!("PJSIP/carrier-{:08x}", server.serial);
        server.leg(("00442071838750", "8", "menu"), (&from, ""), (at, 19), (&id, &id), "");
        let (_, row) = server.rows.last_mut().unwrap();
        *row = row.replace("\"Dial\"", "\"DISA\"");
        calls.push(id);
    }
    let truth = Truth { vectors: vec!["voicemail-or-disa"], calls, ..Truth::default() };
    compare(&server.examine(), &[truth], &[]);
}

#[test]
fn a_hole_in_the_dialplan_lets_callers_out() {
    let hole = "[in]\nexten => s,1,WaitExten(5)\ninclude => phones\n[phones]\nexten => 201,1,Dial(PJSIP/201)\nexten => _0.,1,Dial(PJSIP/${EXTEN}@carrier)\n";
    let mut server = Server::new(hole);
    let night = MONDAY + 3 * DAY + 2 * HOUR;
    let mut calls = Vec::new();
    for call in 0..20 {
        let at = night + call * 30;
        let who = ("00442071838750", abroad(call));
        calls.push(server.row((who.0, &who.1, "phones"), ("PJSIP/carrier", "PJSIP/carrier"), at, 600, ""));
    }
    let truth = Truth { vectors: vec!["dialplan-hole"], calls, ..Truth::default() };
    compare(&server.examine(), &[truth], &[]);
}

#[test]
fn a_server_that_passes_calls_on_is_no_hole() {
    let mut server = Server::new(EXTENSIONS);
    for day in 0..6 {
        for call in 0..80 {
            let number =
                format!("00{}{}", [33, 44, 252, 91, 221][call as usize % 5], 612_000_000 + call * 977);
            let at = MONDAY + day * DAY + 7 * HOUR + call * 120;
            let caller = format!("49305{call:05}");
            server.row((&caller, &number, "transit"), ("PJSIP/carrier", "PJSIP/far"), at, 700, "");
        }
    }
    compare(&server.examine(), &[], &[]);
}

#[test]
fn wrong_pins_are_counted_for_whoever_gave_them() {
    let mut server = Server::new(EXTENSIONS);
    let night = MONDAY + 3 * DAY + 2 * HOUR;
    let stamp = |at| time(at, "%Y-%m-%d %H:%M:%S");
    server.log.push_str(&format!(
        "[{}] Asterisk 20.5.0 built by root @ host on a x86_64 running Linux on 2025-01-01 00:00:00 UTC\n",
        stamp(MONDAY)
    ));
    for call in 0..4 {
        let at = night + call * 60;
        server.row(("00442071838750", "8", "menu"), ("PJSIP/carrier", ""), at, 20, "");
        let channel = format!("PJSIP/carrier-{:08x}", server.serial);
        let id = format!("C-{:08x}", server.serial);
        let lines = format!(
            "[{0}] VERBOSE[99][{id}] pbx.c: Executing [4930555@in:1] Goto(\"{channel}\", \"menu,s,1\") in new stack\n\
             [{0}] VERBOSE[99][{id}] pbx.c: Executing [8@menu:1] DISA(\"{channel}\", \"4711,far\") in new stack\n\
             [{0}] WARNING[99][{id}] app_disa.c: DISA on chan {channel} got bad password 1234\n",
            stamp(at)
        );
        server.log.push_str(&lines);
    }
    let call = server.through("00442071838750", &abroad(1), night + 300, 40);
    let report = server.examine();
    let truth = Truth { vectors: vec!["voicemail-or-disa"], calls: vec![call], ..Truth::default() };
    compare(&report, &[truth], &[]);
    let caller = &report.incidents[0].callers[0];
    assert_eq!((caller.roles.as_slice(), caller.calls), (&[Role::Guess, Role::Dial][..], 5));
    let shown = serde_json::to_string(&report).unwrap();
    assert!(!shown.contains("4711,far") && !shown.contains("bad password 1234"), "a PIN is shown");
}

/// A caller may listen to a menu for minutes before he dials: what stands out is told by the call out.
#[test]
fn patterns_count_a_call_from_when_its_number_was_dialled() {
    let mut server = Server::new(EXTENSIONS);
    let night = MONDAY + 3 * DAY + 2 * HOUR;
    let stamp = |at| time(at, "%Y-%m-%d %H:%M:%S");
    server.log.push_str(&format!(
        "[{}] Asterisk 20.5.0 built by root @ host on a x86_64 running Linux on 2025-01-01 00:00:00 UTC\n",
        stamp(MONDAY)
    ));
    for call in 0..12 {
        let (at, number) = (night + call * 40, abroad(call));
        server.through("00442071838750", &number, at, 400);
        let channel = format!("PJSIP/carrier-{:08x}", server.serial);
        let id = format!("C-{:08x}", server.serial);
        server.log.push_str(&format!(
            "[{0}] VERBOSE[99][{id}] pbx.c: Executing [8@menu:1] DISA(\"{channel}\", \"4711,far\") in new stack\n\
             [{1}] VERBOSE[99][{id}] pbx.c: Executing [{number}@far:1] Dial(\"{channel}\", \"PJSIP/{number}@carrier\") in new stack\n\
             [{1}] VERBOSE[99][{id}] app_dial.c: Called PJSIP/{number}@carrier\n",
            stamp(at),
            stamp(at + 70)
        ));
    }
    let report = server.examine();
    let [incident] = report.incidents.as_slice() else { panic!("one incident") };
    let starts: std::collections::BTreeMap<_, _> = incident
        .calls
        .iter()
        .filter_map(|call| Some((call.uniqueid.as_ref()?.raw().to_owned(), call.start?.timestamp())))
        .collect();
    assert!(starts.values().any(|start| *start == night + 70), "{starts:?}");
    let rows: Vec<_> = report.observations.iter().flat_map(|observed| &observed.rows).collect();
    let told = rows
        .iter()
        .filter_map(|row| Some((starts.get(row.uniqueid.as_ref()?.raw())?, row.start?.timestamp())));
    let told: Vec<_> = told.collect();
    assert!(!told.is_empty() && told.iter().all(|(call, row)| **call == *row), "{told:?}");
}

/// Numbers of a night behind a route, as they were read: what was dialled, the number, the first step.
fn read_behind(far: &str, dialled: impl Fn(i64) -> String) -> Vec<(String, String, String)> {
    let mut server = Server::new(&EXTENSIONS.replacen("_0.,1,Dial(PJSIP/${EXTEN}@carrier)", far, 1));
    for call in 0..12 {
        server.through("00442071838750", &dialled(call), MONDAY + 3 * DAY + HOUR + call * 40, 300);
    }
    server.options = Options { home_country: Some("DE".to_owned()), ..Options::default() };
    let report = server.examine();
    let [incident] = report.incidents.as_slice() else { panic!("one incident") };
    let numbers: Vec<_> = incident.calls.iter().map(|call| call.e164.clone()).collect();
    let rows = report.dialling.numbers.iter();
    let told: Vec<_> = rows
        .map(|row| (row.dialed.raw().to_owned(), row.e164.clone().unwrap_or_default(), row.steps[0].clone()))
        .collect();
    assert!(told.iter().all(|(_, e164, _)| numbers.contains(&Some(e164.clone()))), "{told:?} {numbers:?}");
    told
}

#[test]
fn a_number_is_read_as_its_route_sends_it() {
    // Abroad as dialled in Germany; behind a route that takes a zero off for an outside line, a number at home.
    for (dialled, e164, step) in
        read_behind("_0.,1,Dial(PJSIP/${EXTEN:1}@carrier)", |call| format!("00252{}", 6_120_000 + call))
    {
        assert_eq!(e164, format!("+49{}", &dialled[2..]));
        assert_eq!(step, "its route takes 0 off");
    }
    for (dialled, e164, step) in read_behind("_00.,1,Dial(PJSIP/${EXTEN:2}@carrier)", abroad) {
        assert_eq!(e164, format!("+{}", &dialled[2..]));
        assert_eq!(step, "its route takes 00 off");
    }
    for (dialled, e164, step) in read_behind("_0.,1,Dial(PJSIP/${EXTEN}@carrier)", abroad) {
        assert_eq!(e164, format!("+{}", &dialled[2..]));
        assert_eq!(step, "international prefix 00");
    }
}

#[test]
fn callers_and_nights_stand_beside_the_calls_that_they_made() {
    let mut server = Server::new(EXTENSIONS);
    let night = MONDAY + 3 * DAY + HOUR;
    for call in 0..12 {
        let caller = ["00442071838750", "anonymous"][call as usize % 2];
        server.through(caller, &abroad(call), night + call * 40, 400);
    }
    let report = server.examine();
    let [incident] = report.incidents.as_slice() else { panic!("one incident") };
    let named = |number: &str| {
        incident.calls.iter().filter(|call| call.caller.as_ref().is_some_and(|it| it.raw() == number)).count()
    };
    assert_eq!((named("00442071838750"), incident.calls.len()), (6, 12));
    let by_caller: Vec<_> = report.assessment.incident.by_caller.iter().collect();
    let names: Vec<_> = by_caller.iter().map(|row| (row.name.raw(), row.calls)).collect();
    assert_eq!(names, [("00442071838750", 6), ("withheld", 6)]);
    let because = incident.entry.because.join("\n");
    assert!(because.contains("2026-03-05 01:00:00 to 2026-03-05 01:07:20+00:00: 12 calls, "), "{because}");
    assert!(because.contains("6 from 00442071838750"), "{because}");
}

/// The dialplan that leads to the mailboxes stands in a database that nobody copied: the log tells of the mailbox, and
/// its own settings of the context that it calls back in.
#[test]
fn a_mailbox_that_calls_back_is_no_hole_in_the_dialplan() {
    let mut server = Server::new(
        "[in]\nexten => 4930555,1,Dial(PJSIP/201,20)\n[back]\nexten => _0.,1,Dial(PJSIP/${EXTEN}@carrier)\n[phones]\nexten => _0.,1,Dial(PJSIP/${EXTEN}@carrier)\n",
    );
    server
        .scratch
        .file("etc/asterisk/voicemail.conf", "[general]\n[default]\n204 => 73915520,Ann,,,callback=back\n");
    let night = MONDAY + 3 * DAY + 2 * HOUR;
    let mut calls = Vec::new();
    for call in 0..20 {
        let at = night + call * 300;
        let number = abroad(call % 3);
        let id =
            server.row(("0018005550100", &number, "back"), ("PJSIP/carrier", "PJSIP/carrier"), at, 240, "");
        let channel = format!("PJSIP/carrier-{:08x}", server.serial);
        let line = |after: i64, text: String| {
            let stamp = time(at + after, "%Y-%m-%d %H:%M:%S");
            format!("[{stamp}] VERBOSE[99][C-{:08x}] pbx.c: Executing {text} in new stack\n", server.serial)
        };
        let lines = line(0, format!("[4930556@in:1] VoiceMailMain(\"{channel}\", \"\")"))
            + &line(20, format!("[{number}@back:1] Dial(\"{channel}\", \"PJSIP/{number}@carrier\")"));
        server.log.push_str(&lines);
        calls.push(id);
    }
    let truth = Truth { vectors: vec!["voicemail-or-disa"], calls, ..Truth::default() };
    compare(&server.examine(), &[truth], &[]);
}

/// Channel events are all there is: no configuration names the carrier's line.
#[test]
fn channel_events_alone_tell_of_a_second_dial_tone() {
    let scratch = Scratch::new();
    scratch.file("etc/timezone", "Etc/UTC\n");
    let mut text = String::new();
    let mut serial = 0;
    let mut call = |who: &str,
                    (came, door): (&str, &str),
                    number: &str,
                    (from, to): (&str, &str),
                    at: i64| {
        serial += 2;
        let (channel, called) =
            (format!("PJSIP/{from}-{serial:08x}"), format!("PJSIP/{to}-{:08x}", serial + 1));
        let id = format!("{at}.{serial}");
        let dial = format!("PJSIP/{number}@{to},60");
        let dial = if to == "carrier" { dial } else { format!("PJSIP/{to},20") };
        let mut event = |event: &str,
                         after: i64,
                         channel: &str,
                         exten: &str,
                         app: (&str, &str),
                         own: &str| {
            text.push_str(&format!(
                "\"{event}\",\"{}.100000\",\"\",\"{who}\",\"{who}\",\"\",\"{exten}\",\"{exten}\",\"x\",\"{channel}\",\"{}\",\"{}\",\"3\",\"\",\"{own}\",\"{id}\",\"\",\"\",\"\",\"\"\n",
                at + after, app.0, app.1
            ));
        };
        event("CHAN_START", 0, &channel, came, ("", ""), &id);
        if !door.is_empty() {
            event("APP_START", 1, &channel, came, (door, "no-password,far"), &id);
            event("ANSWER", 1, &channel, came, (door, "no-password,far"), &id);
        }
        event("APP_START", 12, &channel, number, ("Dial", &dial), &id);
        let other = format!("{}.{}", at + 12, serial + 1);
        event("CHAN_START", 12, &called, "s", ("", ""), &other);
        event("ANSWER", 15, &called, number, ("AppDial", "(Outgoing Line)"), &other);
        event("HANGUP", 300, &called, number, ("AppDial", "(Outgoing Line)"), &other);
        event("HANGUP", 300, &channel, number, ("", ""), &id);
    };
    for day in 0..5 {
        for n in 0..6 {
            let at = MONDAY + day * DAY + 8 * HOUR + n * 1_500;
            call("201", ("030444555", ""), "030444555", ("201", "carrier"), at);
            call("0301234567", ("201", ""), "201", ("carrier", "201"), at + 500);
        }
    }
    let night = MONDAY + 3 * DAY + 2 * HOUR;
    for n in 0..25 {
        call("0018005550100", ("4930599", "DISA"), &abroad(n % 4), ("carrier", "carrier"), night + n * 400);
    }
    scratch.file("var/log/asterisk/cel-custom/Master.csv", &text);
    let report = examine_folder(scratch.path(), &Options::default());
    assert_eq!(report.incidents.len(), 1);
    let incident = &report.incidents[0];
    let vector = serde_json::to_value(&incident.entry).unwrap()["vector"].clone();
    assert_eq!((vector.as_str(), incident.calls.len()), (Some("voicemail-or-disa"), 25));
    assert!(incident.accounts.is_empty());
}
