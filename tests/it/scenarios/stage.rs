//! A staged server: what Asterisk would have written, from what happened.
//!
//! Every record is kept once and written to each log that is switched on, as `logger.conf` would have it:
//! `full`, `messages`, `security` and the JSON copy tell the same.

use std::collections::BTreeMap;
use std::io::Write;

use chrono::{Offset, TimeZone};
use chrono_tz::Tz;

use crate::scratch::Scratch;

/// The channel driver that phones speak to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Driver {
    Sip,
    Pjsip,
    Iax2,
}

/// Which files the logger writes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Logs {
    pub(crate) full: bool,
    pub(crate) messages: bool,
    pub(crate) security: bool,
    pub(crate) json: bool,
}

/// One record of the logger.
struct Record {
    at: i64,
    level: &'static str,
    call: Option<u32>,
    file: &'static str,
    message: String,
}

/// Shows those records that a log keeps.
type Pick<'a> = dyn Fn(&dyn Fn(&Record) -> bool, &dyn Fn(&Record) -> String) -> String + 'a;

/// A server on which things happen.
pub(crate) struct Stage {
    pub(crate) zone: Tz,
    pub(crate) driver: Driver,
    pub(crate) logs: Logs,
    /// Dates as FreePBX writes them, and not the built-in form without a year.
    pub(crate) long_dates: bool,
    /// Are call records written?
    pub(crate) records: bool,
    /// Is the configuration there?
    pub(crate) configuration: bool,
    /// Does the log name the far end of the caller's audio, as 16 and later do?
    pub(crate) media: bool,
    /// The carrier's host in the configuration.
    pub(crate) carrier: &'static str,
    /// Account and secret.
    pub(crate) accounts: Vec<(String, String)>,
    pub(crate) context: &'static str,
    /// Rotated `full` files begin anew at these instants; the older ones are packed.
    pub(crate) rotations: Vec<i64>,
    entries: Vec<Record>,
    rows: Vec<(i64, String)>,
    files: BTreeMap<String, String>,
    /// Registrations of PJSIP: what it prints depends on what was bound before.
    contacts: Vec<(i64, String, String)>,
    serial: u32,
}

impl Stage {
    pub(crate) fn new(driver: Driver, zone: &str) -> Self {
        Stage {
            zone: zone.parse().unwrap(),
            driver,
            logs: Logs { full: true, messages: false, security: driver != Driver::Iax2, json: false },
            long_dates: true,
            records: true,
            configuration: true,
            media: driver != Driver::Iax2,
            carrier: "240.7.7.7",
            accounts: Vec::new(),
            context: "from-internal",
            rotations: Vec::new(),
            entries: Vec::new(),
            rows: Vec::new(),
            files: BTreeMap::new(),
            contacts: Vec::new(),
            serial: 0,
        }
    }

    /// Adds accounts with a secret that nobody guesses.
    pub(crate) fn with(mut self, accounts: &[&str]) -> Self {
        for account in accounts {
            self.accounts.push(((*account).to_owned(), format!("Vx8-{account}-qPz71LmKw")));
        }
        self
    }

    /// Returns the instant of a local time.
    pub(crate) fn at(&self, text: &str) -> i64 {
        let local = chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").unwrap();
        self.zone.from_local_datetime(&local).earliest().unwrap().timestamp()
    }

    fn local(&self, at: i64, format: &str) -> String {
        self.zone.timestamp_opt(at, 0).unwrap().format(format).to_string()
    }

    fn name(&self) -> &'static str {
        match self.driver {
            Driver::Sip => "SIP",
            Driver::Pjsip => "PJSIP",
            Driver::Iax2 => "IAX2",
        }
    }

    pub(crate) fn note(
        &mut self,
        at: i64,
        level: &'static str,
        call: Option<u32>,
        file: &'static str,
        message: String,
    ) {
        self.entries.push(Record { at, level, call, file, message });
    }

    fn event(&mut self, at: i64, event: &str, account: &str, session: &str, peer: &str, rest: &str) {
        let offset = self.zone.timestamp_opt(at, 0).unwrap().offset().fix().local_minus_utc();
        let zone = format!(
            "{}{:02}{:02}",
            if offset < 0 { '-' } else { '+' },
            offset.abs() / 3600,
            offset.abs() / 60 % 60
        );
        let time = format!("{}.120{zone}", self.local(at, "%Y-%m-%dT%H:%M:%S"));
        let is_good = matches!(event, "ChallengeSent" | "SuccessfulAuth");
        let severity = if is_good { "Informational" } else { "Error" };
        let family = if peer.contains(':') { "IPV6" } else { "IPV4" };
        let service = self.name();
        let message = format!(
            "SecurityEvent=\"{event}\",EventTV=\"{time}\",Severity=\"{severity}\",Service=\"{service}\",\
             EventVersion=\"1\",AccountID=\"{account}\",SessionID=\"{session}\",\
             LocalAddress=\"{family}/UDP/192.0.2.1/5060\",RemoteAddress=\"{family}/UDP/{peer}/5060\"{rest}"
        );
        self.note(at, "SECURITY", None, "res_security_log.c", message);
    }

    fn socket(peer: &str) -> String {
        if peer.contains(':') { format!("[{peer}]:5060") } else { format!("{peer}:5060") }
    }

    fn session(&mut self) -> String {
        self.serial += 1;
        match self.driver {
            Driver::Pjsip => format!("{:08x}a9c34f", self.serial.wrapping_mul(2_654_435_761)),
            _ => format!("0x7f87880{:05x}", self.serial % 64),
        }
    }

    fn challenged(&mut self, at: i64, account: &str, session: &str, peer: &str) {
        self.event(at, "ChallengeSent", account, session, peer, ",Challenge=\"\"");
    }

    fn accepted(&mut self, at: i64, account: &str, session: &str, peer: &str) {
        self.event(at, "SuccessfulAuth", account, session, peer, ",UsingPassword=\"1\"");
    }

    /// A phone registers, or renews its registration.
    pub(crate) fn register(&mut self, account: &str, peer: &str, at: i64) {
        let session = self.session();
        if self.driver != Driver::Iax2 {
            self.challenged(at, account, &session, peer);
            self.accepted(at, account, &session, peer);
        }
        let socket = Self::socket(peer);
        match self.driver {
            Driver::Sip => {
                let message = format!("Registered SIP '{account}' at {socket}");
                self.note(at, "VERBOSE", None, "chan_sip.c", message);
            }
            Driver::Iax2 => {
                let message = format!("Registered IAX2 '{account}' (AUTHENTICATED) at {peer}:4569");
                self.note(at, "VERBOSE", None, "chan_iax2.c", message);
            }
            Driver::Pjsip => {
                self.contacts.push((at, account.to_owned(), socket));
            }
        }
    }

    /// Prints the contacts that came and went; a renewal prints nothing.
    fn bind(&mut self) {
        let mut contacts = std::mem::take(&mut self.contacts);
        contacts.sort();
        let mut bound: BTreeMap<String, String> = BTreeMap::new();
        for (at, account, socket) in contacts {
            let before = bound.insert(account.clone(), socket.clone());
            if before.as_ref() == Some(&socket) {
                continue;
            }
            if let Some(before) = before {
                let message = format!(
                    "Removed contact 'sip:{account}@{before}' from AOR '{account}' due to remove existing"
                );
                self.note(at, "VERBOSE", None, "res_pjsip_registrar.c", message);
            }
            let message = format!(
                "Added contact 'sip:{account}@{socket}' to AOR '{account}' with expiration of 3600 seconds"
            );
            self.note(at, "VERBOSE", None, "res_pjsip_registrar.c", message);
        }
    }

    /// A phone registers every so often, from one instant to another.
    pub(crate) fn keep(&mut self, account: &str, peer: &str, from: i64, to: i64, every: usize) {
        for at in (from..=to).step_by(every) {
            self.register(account, peer, at);
        }
    }

    /// A wrong secret for an account that exists.
    pub(crate) fn wrong(&mut self, account: &str, peer: &str, at: i64) {
        let session = self.session();
        self.wrong_in(account, peer, at, &session);
    }

    /// A wrong secret under a Call-ID of its own, as a phone keeps one for all its registrations.
    pub(crate) fn wrong_in(&mut self, account: &str, peer: &str, at: i64, session: &str) {
        let socket = Self::socket(peer);
        match self.driver {
            Driver::Sip => {
                self.challenged(at, account, session, peer);
                self.event(at, "InvalidPassword", account, session, peer, ",Challenge=\"1\"");
                let message = format!(
                    "Registration from '\"{account}\" <sip:{account}@192.0.2.1>' failed for '{socket}' - Wrong password"
                );
                self.note(at, "NOTICE", None, "chan_sip.c", message);
            }
            Driver::Pjsip => {
                self.challenged(at, account, session, peer);
                self.event(
                    at,
                    "ChallengeResponseFailed",
                    account,
                    session,
                    peer,
                    ",Challenge=\"1/2\",Response=\"a\",ExpectedResponse=\"\"",
                );
                self.distributor(account, peer, at, session, "Failed to authenticate");
            }
            Driver::Iax2 => {
                let message = format!("Host {peer} failed MD5 authentication for '{account}' (ab12 != cd34)");
                self.note(at, "NOTICE", None, "chan_iax2.c", message);
            }
        }
    }

    fn distributor(&mut self, account: &str, peer: &str, at: i64, session: &str, reason: &str) {
        let socket = Self::socket(peer);
        let message = format!(
            "Request 'REGISTER' from '<sip:{account}@192.0.2.1>' failed for '{socket}' (callid: {session}) - {reason}"
        );
        self.note(at, "NOTICE", None, "res_pjsip/pjsip_distributor.c", message);
    }

    /// A secret for an account that does not exist.
    pub(crate) fn unknown(&mut self, name: &str, peer: &str, at: i64) {
        let session = self.session();
        let socket = Self::socket(peer);
        match self.driver {
            Driver::Sip => {
                let message = format!(
                    "Registration from '<sip:{name}@192.0.2.1>' failed for '{socket}' - No matching peer found"
                );
                self.note(at, "NOTICE", None, "chan_sip.c", message);
                self.event(at, "InvalidAccountID", name, &session, peer, "");
            }
            Driver::Pjsip => {
                self.event(at, "InvalidAccountID", name, &session, peer, "");
                self.challenged(at, "<unknown>", &session, peer);
                self.distributor(name, peer, at, &session, "No matching endpoint found");
                self.event(at, "InvalidAccountID", name, &session, peer, "");
                self.distributor(name, peer, at, &session, "No matching endpoint found");
                self.event(
                    at,
                    "ChallengeResponseFailed",
                    "<unknown>",
                    &session,
                    peer,
                    ",Challenge=\"1/2\",Response=\"a\",ExpectedResponse=\"\"",
                );
                self.distributor(name, peer, at, &session, "Failed to authenticate");
            }
            Driver::Iax2 => {
                let message = format!("No registration for peer '{name}' (from {peer})");
                self.note(at, "NOTICE", None, "chan_iax2.c", message);
            }
        }
    }

    /// A call without an account that is turned away.
    pub(crate) fn turned_away(&mut self, name: &str, number: &str, peer: &str, at: i64) {
        let socket = Self::socket(peer);
        let message = match self.driver {
            Driver::Pjsip => format!(
                "Request 'INVITE' from '<sip:{name}@192.0.2.1>' failed for '{socket}' (callid: {number}-{at}) - No matching endpoint found"
            ),
            _ => format!(
                "Call from '{name}' ({socket}) to extension '{number}' rejected because extension not found in context 'public'."
            ),
        };
        let file = if self.driver == Driver::Pjsip { "res_pjsip/pjsip_distributor.c" } else { "chan_sip.c" };
        self.note(at, "NOTICE", None, file, message);
    }

    fn channel(&mut self, account: &str) -> String {
        self.serial += 1;
        format!("{}/{account}-{:08x}", self.name(), self.serial)
    }

    fn row(&mut self, row: &Row<'_>) -> String {
        let uniqueid = row.uniqueid.map_or_else(
            || {
                self.serial += 1;
                format!("{}.{}", row.at, self.serial)
            },
            str::to_owned,
        );
        let date = |at: i64| self.local(at, "%Y-%m-%d %H:%M:%S");
        let answered = row.disposition == "ANSWERED";
        let answer = if answered { format!("\"{}\"", date(row.at + 1)) } else { String::new() };
        let duration = if answered { row.seconds + 1 } else { 3 };
        let text = format!(
            "\"\",\"{}\",\"{}\",\"{}\",\"\"\"{}\"\" <{}>\",\"{}\",\"{}\",\"Dial\",\"{},60\",\"{}\",{answer},\"{}\",{duration},{},\"{}\",\"DOCUMENTATION\",\"{uniqueid}\",\"\"",
            row.src,
            row.dst,
            row.context,
            row.name,
            row.src,
            row.channel,
            row.to,
            row.to,
            date(row.at),
            date(row.at + i64::from(duration)),
            if answered { row.seconds } else { 0 },
            row.disposition,
        );
        if self.records {
            self.rows.push((row.at + i64::from(duration), text));
        }
        uniqueid
    }

    /// An account calls out by the carrier; returns the call's id.
    pub(crate) fn call(&mut self, account: &str, peer: &str, number: &str, at: i64, seconds: u32) -> String {
        self.call_that(account, peer, number, at, seconds, "ANSWERED")
    }

    /// A call with a given end.
    pub(crate) fn call_that(
        &mut self,
        account: &str,
        peer: &str,
        number: &str,
        at: i64,
        seconds: u32,
        disposition: &str,
    ) -> String {
        let session = self.session();
        match self.driver {
            Driver::Sip => {
                self.challenged(at, &format!("sip:{account}@192.0.2.1"), &session, peer);
                self.accepted(at, number, &session, peer);
            }
            Driver::Pjsip => {
                self.challenged(at, account, &session, peer);
                self.accepted(at, account, &session, peer);
            }
            Driver::Iax2 => {}
        }
        self.leave(account, Some(peer), number, at, seconds, disposition)
    }

    /// A channel goes out by the carrier, as dialplan and records tell it.
    pub(crate) fn leave(
        &mut self,
        account: &str,
        peer: Option<&str>,
        number: &str,
        at: i64,
        seconds: u32,
        disposition: &str,
    ) -> String {
        let channel = self.channel(account);
        let out = self.channel("carrier");
        let call = Some(self.serial);
        let context = self.context;
        if let Some(peer) = peer.filter(|_| self.media) {
            let message = format!(
                "0x7f74c0 -- Strict RTP learning after remote address set to: {}",
                Self::socket(peer)
            );
            self.note(at, "VERBOSE", call, "res_rtp_asterisk.c", message);
        }
        let step = |priority: u32, application: &str| {
            format!("Executing [{number}@{context}:{priority}] {application} in new stack")
        };
        let driver = self.name();
        let dial = format!("Dial(\"{channel}\", \"{driver}/{number}@carrier,60\")");
        self.note(at, "VERBOSE", call, "pbx.c", step(1, &format!("NoOp(\"{channel}\", \"\")")));
        self.note(at, "VERBOSE", call, "pbx.c", step(2, &dial));
        self.note(at, "VERBOSE", call, "app_dial.c", format!("Called {driver}/{number}@carrier"));
        if disposition == "ANSWERED" {
            self.note(at + 1, "VERBOSE", call, "app_dial.c", format!("{out} answered {channel}"));
        }
        self.row(&Row {
            at,
            seconds,
            src: account,
            name: "Büro 1",
            dst: number,
            context,
            channel: &channel,
            to: &out,
            disposition,
            uniqueid: None,
        })
    }

    /// One account calls another.
    pub(crate) fn inside(&mut self, account: &str, other: &str, at: i64, seconds: u32) -> String {
        let channel = self.channel(account);
        let to = self.channel(other);
        let context = self.context;
        self.row(&Row {
            at,
            seconds,
            src: account,
            name: "Büro 1",
            dst: other,
            context,
            channel: &channel,
            to: &to,
            disposition: "ANSWERED",
            uniqueid: None,
        })
    }

    /// The carrier brings a call for an account.
    pub(crate) fn incoming(&mut self, account: &str, from: &str, at: i64, seconds: u32) -> String {
        let channel = self.channel("carrier");
        let to = self.channel(account);
        self.row(&Row {
            at,
            seconds,
            src: from,
            name: "",
            dst: "4930555010",
            context: "from-trunk",
            channel: &channel,
            to: &to,
            disposition: "ANSWERED",
            uniqueid: None,
        })
    }

    /// A row as given.
    pub(crate) fn record(&mut self, row: &Row<'_>) -> String {
        self.row(row)
    }

    /// The log of everything until now is lost; call records are kept.
    pub(crate) fn forget_log(&mut self) {
        self.entries.clear();
        self.contacts.clear();
    }

    /// Writes every `each`-th row to another file as well, as `accountlogs` does.
    pub(crate) fn copy_records(&mut self, path: &str, each: usize) {
        let rows: String = self.rows.iter().step_by(each).map(|(_, row)| format!("{row}\n")).collect();
        self.file(path, &rows);
    }

    /// A line of syslog.
    pub(crate) fn syslog(&mut self, at: i64, message: &str) {
        let line = format!("{} pbx {message}\n", self.local(at, "%b %e %H:%M:%S"));
        self.files.entry("var/log/syslog".to_owned()).or_default().push_str(&line);
    }

    /// A line of a web server's access log, without its time: the client, then what stands behind it.
    pub(crate) fn web(&mut self, at: i64, client: &str, behind: &str) {
        let line = format!("{client} - - [{}] {behind}\n", self.local(at, "%d/%b/%Y:%H:%M:%S %z"));
        self.files.entry("var/log/apache2/access.log".to_owned()).or_default().push_str(&line);
    }

    /// A file as given.
    pub(crate) fn file(&mut self, path: &str, text: &str) {
        self.files.insert(path.to_owned(), text.to_owned());
    }

    fn line(&self, record: &Record) -> String {
        let date =
            self.local(record.at, if self.long_dates { "%Y-%m-%d %H:%M:%S" } else { "%b %e %H:%M:%S" });
        let call = record.call.map_or_else(String::new, |call| format!("[C-{call:08x}]"));
        format!("[{date}] {}[2214]{call} {}: {}\n", record.level, record.file, record.message)
    }

    fn json(&self, record: &Record) -> String {
        let date = self.local(record.at, "%Y-%m-%d %H:%M:%S");
        let call = record.call.map_or_else(String::new, |call| format!("[C-{call:08x}]"));
        let value = serde_json::json!({
            "hostname": "pbx", "timestamp": date,
            "identifiers": {"lwp": 2214, "callid": call},
            "logmsg": {"location": {"filename": record.file, "function": "f", "line": 1},
                       "level": record.level, "message": format!("{}\n", record.message)},
        });
        format!("{value}\n")
    }

    fn configure(&self, scratch: &Scratch) {
        let mut peers = String::new();
        match self.driver {
            Driver::Pjsip => {
                peers.push_str("[transport-udp]\ntype=transport\nprotocol=udp\nbind=192.0.2.1:5060\n\n");
                peers.push_str(&format!(
                    "[carrier]\ntype=endpoint\ncontext=from-trunk\naors=carrier\n\n[carrier]\ntype=aor\ncontact=sip:{0}:5060\n\n\
                     [carrier]\ntype=identify\nendpoint=carrier\nmatch={0}\n\n",
                    self.carrier
                ));
                for (name, secret) in &self.accounts {
                    peers.push_str(&format!(
                        "[{name}]\ntype=endpoint\ncontext={}\nauth={name}\naors={name}\n\n[{name}]\ntype=auth\n\
                         auth_type=userpass\nusername={name}\npassword={secret}\n\n[{name}]\ntype=aor\nmax_contacts=1\n\n",
                        self.context
                    ));
                }
            }
            Driver::Sip | Driver::Iax2 => {
                peers.push_str("[general]\ncontext=public\nallowguest=no\nalwaysauthreject=yes\n\n");
                peers.push_str(&format!(
                    "[carrier]\ntype=peer\nhost={}\ncontext=from-trunk\ninsecure=port,invite\n\n",
                    self.carrier
                ));
                for (name, secret) in &self.accounts {
                    peers.push_str(&format!(
                        "[{name}]\ntype=friend\nsecret={secret}\nhost=dynamic\ncontext={}\n\n",
                        self.context
                    ));
                }
            }
        }
        let file = match self.driver {
            Driver::Pjsip => "pjsip.conf",
            Driver::Sip => "sip.conf",
            Driver::Iax2 => "iax.conf",
        };
        let path = format!("etc/asterisk/{file}");
        if !self.files.contains_key(&path) {
            scratch.file(&path, &peers);
        }
        scratch.file("etc/timezone", &format!("{}\n", self.zone.name()));
        scratch.file("etc/asterisk/cdr.conf", "[csv]\nusegmtime=no\nloguniqueid=yes\nloguserfield=yes\n");
        if !self.long_dates {
            return;
        }
        scratch.file("etc/asterisk/logger.conf", "[general]\ndateformat=%F %T\n[logfiles]\nfull => notice,warning,error,verbose\nsecurity => security\n");
    }

    /// Writes everything.
    pub(crate) fn write(&mut self, scratch: &Scratch) {
        if self.configuration {
            self.configure(scratch);
        }
        for (path, text) in &self.files {
            scratch.file(path, text);
        }
        self.bind();
        self.entries.sort_by_key(|record| record.at);
        self.rows.sort();
        let folder = "var/log/asterisk";
        let pick = |keep: &dyn Fn(&Record) -> bool, show: &dyn Fn(&Record) -> String| -> String {
            self.entries.iter().filter(|record| keep(record)).map(show).collect()
        };
        let line = |record: &Record| self.line(record);
        if self.logs.full {
            self.write_full(scratch, &pick);
        }
        if self.logs.messages {
            let text = pick(&|record| matches!(record.level, "NOTICE" | "WARNING" | "ERROR"), &line);
            scratch.file(&format!("{folder}/messages"), &text);
        }
        if self.logs.security {
            scratch.file(&format!("{folder}/security"), &pick(&|record| record.level == "SECURITY", &line));
        }
        if self.logs.json {
            scratch.file(&format!("{folder}/full-json.log"), &pick(&|_| true, &|record| self.json(record)));
        }
        if self.records {
            let rows: String = self.rows.iter().map(|(_, row)| format!("{row}\n")).collect();
            scratch.file(&format!("{folder}/cdr-csv/Master.csv"), &rows);
        }
    }

    fn write_full(&self, scratch: &Scratch, pick: &Pick<'_>) {
        let mut edges = vec![i64::MIN];
        edges.extend(&self.rotations);
        edges.push(i64::MAX);
        let files = edges.len() - 1;
        for (index, edge) in edges.windows(2).enumerate() {
            let text = pick(
                &|record| record.level != "SECURITY" && record.at >= edge[0] && record.at < edge[1],
                &|record| self.line(record),
            );
            let age = files - 1 - index;
            if age == 0 {
                scratch.file("var/log/asterisk/full", &text);
                continue;
            }
            let path = scratch.file(&format!("var/log/asterisk/full.{age}.gz"), "");
            let mut packed = flate2::write::GzEncoder::new(
                std::fs::File::create(path).unwrap(),
                flate2::Compression::fast(),
            );
            packed.write_all(text.as_bytes()).unwrap();
            packed.finish().unwrap();
        }
    }
}

/// One row of call records.
pub(crate) struct Row<'a> {
    pub(crate) at: i64,
    pub(crate) seconds: u32,
    pub(crate) src: &'a str,
    pub(crate) name: &'a str,
    pub(crate) dst: &'a str,
    pub(crate) context: &'a str,
    pub(crate) channel: &'a str,
    pub(crate) to: &'a str,
    pub(crate) disposition: &'a str,
    pub(crate) uniqueid: Option<&'a str>,
}
