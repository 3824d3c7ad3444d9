//! A staged FreeSWITCH: what it would have written, from what happened.

use std::fmt::Write;

use chrono::DateTime;

use crate::scratch::Scratch;

/// A server on which things happen.
pub(crate) struct Switch {
    /// Does the SIP profile log challenges and wrong secrets? As shipped it does not.
    pub(crate) logs_wrong_secrets: bool,
    /// Are there CSV files of calls?
    pub(crate) csv: bool,
    /// Is there a JSON record of each leg?
    pub(crate) json: bool,
    /// Is there a log?
    pub(crate) log: bool,
    /// Does the prefix of a line have the idle column, as from 1.10.7 on?
    pub(crate) idle: bool,
    /// Domains, each with the same users.
    pub(crate) domains: Vec<&'static str>,
    pub(crate) lines: Vec<(i64, String)>,
    pub(crate) rows: Vec<(i64, String)>,
    pub(crate) files: Vec<(String, String)>,
    pub(crate) serial: u32,
}

/// One call to stage.
pub(crate) struct Staged<'a> {
    /// `user@domain`; without domain for a call that nobody's credentials made.
    pub(crate) caller: &'a str,
    pub(crate) peer: &'a str,
    pub(crate) number: &'a str,
    pub(crate) at: i64,
    pub(crate) seconds: u32,
    /// Does it leave by the carrier?
    pub(crate) by_trunk: bool,
    /// The number that it is sent on to, where that is another.
    pub(crate) sent_on: Option<&'a str>,
}

/// Returns seconds since 1970 of `2026-03-02 10:00:00`, in UTC.
pub(crate) fn at(text: &str) -> i64 {
    chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").unwrap().and_utc().timestamp()
}

fn stamp(at: i64) -> String {
    DateTime::from_timestamp(at, 0).unwrap().format("%Y-%m-%d %H:%M:%S").to_string()
}

impl Switch {
    pub(crate) fn new() -> Self {
        Switch {
            logs_wrong_secrets: true,
            csv: true,
            json: false,
            log: true,
            idle: true,
            domains: vec!["pbx.example"],
            lines: Vec::new(),
            rows: Vec::new(),
            files: Vec::new(),
            serial: 0,
        }
    }

    fn uuid(&mut self) -> String {
        self.serial += 1;
        format!("{:08x}-1234-4321-8888-{:012x}", self.serial, u64::from(self.serial) * 7)
    }

    fn head(&self, at: i64, rest: &str) -> String {
        let idle = if self.idle { " 87.57%" } else { "" };
        format!("{}.012345{idle} {rest}", stamp(at))
    }

    /// Writes a line of the log as it stands.
    pub(crate) fn line(&mut self, at: i64, text: &str) {
        let line = self.head(at, text);
        self.lines.push((at, line));
    }

    /// Writes lines of a session, of which those that begin with `[` have a stamp.
    fn session(&mut self, uuid: &str, at: i64, texts: &[String]) {
        for text in texts {
            let line = if text.starts_with('[') { self.head(at, text) } else { text.clone() };
            self.lines.push((at, format!("{uuid} {line}")));
        }
    }

    fn asked(&mut self, method: &str, name: &str, peer: &str, at: i64, outcome: &str) {
        if self.logs_wrong_secrets {
            self.line(at, &format!("[WARNING] sofia_reg.c:1787 SIP auth {outcome} ({method}) on sofia profile 'internal' for [{name}] from ip {peer}"));
        }
    }

    /// A phone registers: it is asked for its secret, and nothing more is told.
    pub(crate) fn register(&mut self, name: &str, peer: &str, at: i64) {
        self.asked("REGISTER", name, peer, at, "challenge");
    }

    /// A wrong secret.
    pub(crate) fn wrong(&mut self, name: &str, peer: &str, at: i64) {
        self.asked("REGISTER", name, peer, at, "challenge");
        self.asked("REGISTER", name, peer, at, "failure");
    }

    /// A wrong secret for a call.
    pub(crate) fn wrong_call(&mut self, name: &str, number: &str, peer: &str, at: i64) {
        let uuid = self.uuid();
        let channel = format!("sofia/internal/{name}");
        let invite = format!(
            "[INFO] sofia.c:10460 {channel} receiving invite from {peer}:5060 version: 1.10.9-release 64bit call-id: c{uuid}"
        );
        let begin = format!("[NOTICE] switch_channel.c:1142 New Channel {channel} [{uuid}]");
        self.session(&uuid, at, &[begin, invite.clone()]);
        let dialed = format!("{number}@pbx.example");
        self.asked("INVITE", &dialed, peer, at, "challenge");
        self.session(&uuid, at, &[invite]);
        self.asked("INVITE", &dialed, peer, at, "failure");
    }

    /// A name that nobody has.
    pub(crate) fn unknown(&mut self, name: &str, peer: &str, at: i64) {
        self.asked("REGISTER", name, peer, at, "challenge");
        self.line(at, &format!("[WARNING] sofia_reg.c:3210 Can't find user [{name}] from {peer}"));
        self.lines.push((at, "You must define a domain called 'x' in your directory".to_owned()));
        self.lines.push((at, String::new()));
        self.asked("REGISTER", name, peer, at, "failure");
    }

    /// A call; returns its uuid.
    pub(crate) fn call(&mut self, call: &Staged<'_>) -> String {
        let uuid = self.uuid();
        let called = self.uuid();
        self.log_call(&uuid, call);
        self.record(&uuid, &called, call);
        uuid
    }

    fn log_call(&mut self, uuid: &str, call: &Staged<'_>) {
        let is_known = call.caller.contains('@');
        let (profile, context) = if is_known { ("internal", "default") } else { ("external", "public") };
        let user = call.caller.split('@').next().unwrap();
        let host = call.caller.split('@').nth(1).unwrap_or("pbx.example");
        let channel = format!("sofia/{profile}/{user}@{host}");
        let invite = format!(
            "[INFO] sofia.c:10460 {channel} receiving invite from {}:5060 version: 1.10.9-release 64bit call-id: c{uuid}",
            call.peer
        );
        self.session(
            uuid,
            call.at,
            &[format!("[NOTICE] switch_channel.c:1142 New Channel {channel} [{uuid}]"), invite.clone()],
        );
        if is_known {
            let name = format!("{}@{host}", call.number);
            self.asked("INVITE", &name, call.peer, call.at, "challenge");
            self.session(uuid, call.at, &[invite]);
        }
        let mut texts = vec![
            format!(
                "[INFO] mod_dialplan_xml.c:639 Processing {user} <{user}>->{} in context {context}",
                call.number
            ),
            format!("Dialplan: {channel} parsing [default->global] continue=true"),
        ];
        if call.by_trunk {
            texts.push(format!(
                "EXECUTE [depth=0] {channel} bridge(sofia/gateway/carrier/{})",
                call.sent_on.unwrap_or(call.number)
            ));
        }
        if call.seconds > 0 {
            texts.push(format!("[NOTICE] switch_ivr_originate.c:3855 Channel [{channel}] has been answered"));
        }
        self.session(uuid, call.at, &texts);
        let hangup = format!("[NOTICE] sofia.c:1065 Hangup {channel} [CS_EXECUTE] [NORMAL_CLEARING]");
        self.session(uuid, call.at + i64::from(call.seconds), &[hangup]);
    }

    fn record(&mut self, uuid: &str, called: &str, call: &Staged<'_>) {
        let is_known = call.caller.contains('@');
        let user = call.caller.split('@').next().unwrap();
        let realm = call.caller.split('@').nth(1).unwrap_or_default();
        let end = call.at + i64::from(call.seconds);
        let answer = if call.seconds > 0 { stamp(call.at) } else { String::new() };
        let (context, code) = if is_known { ("default", user) } else { ("public", "") };
        let leg = if call.by_trunk { called } else { "" };
        self.rows.push((
            end,
            format!(
                "\"{user}\",\"{user}\",\"{}\",\"{context}\",\"{}\",\"{answer}\",\"{}\",\"{}\",\"{}\",\"NORMAL_CLEARING\",\"{uuid}\",\"{leg}\",\"{code}\",\"PCMA\",\"PCMA\"\n",
                call.number, stamp(call.at), stamp(end), call.seconds, call.seconds
            ),
        ));
        let login = if is_known {
            format!(
                "\"sip_authorized\":\"true\",\"sip_auth_username\":\"{user}\",\"sip_auth_realm\":\"{realm}\",\"accountcode\":\"{user}\","
            )
        } else {
            String::new()
        };
        let bridge = if call.by_trunk {
            format!(
                "\"last_app\":\"bridge\",\"last_arg\":\"sofia/gateway/carrier/{}\",",
                call.sent_on.unwrap_or(call.number)
            )
        } else {
            String::new()
        };
        let common = format!(
            "\"start_epoch\":\"{}\",\"answer_epoch\":\"{}\",\"duration\":\"{}\",\"billsec\":\"{}\",\"hangup_cause\":\"NORMAL_CLEARING\"",
            call.at,
            if call.seconds > 0 { call.at } else { 0 },
            call.seconds,
            call.seconds
        );
        let flow = format!(
            "\"callflow\":[{{\"caller_profile\":{{\"caller_id_number\":\"{user}\",\"destination_number\":\"{}\",\"context\":\"{context}\"}}}}]",
            call.number
        );
        let own = format!(
            "{{\"core-uuid\":\"x\",\"channel_data\":{{\"direction\":\"inbound\"}},\"variables\":{{\"direction\":\"inbound\",\"uuid\":\"{uuid}\",\"sip_network_ip\":\"{}\",{login}{bridge}{common}}},{flow}}}\n",
            call.peer
        );
        self.files.push((format!("json_cdr/{uuid}.cdr.json"), own));
        if call.by_trunk {
            let other = format!(
                "{{\"core-uuid\":\"x\",\"channel_data\":{{\"direction\":\"outbound\"}},\"variables\":{{\"direction\":\"outbound\",\"uuid\":\"{called}\",\"originating_leg_uuid\":\"{uuid}\",\"sip_network_ip\":\"198.51.100.1\",{common}}},{flow}}}\n"
            );
            self.files.push((format!("json_cdr/{called}.cdr.json"), other));
        }
    }

    /// A call that the server begins by itself.
    pub(crate) fn originate(&mut self, number: &str, at: i64, seconds: u32) -> String {
        let uuid = self.uuid();
        let channel = format!("sofia/external/{number}");
        self.session(&uuid, at, &[format!("[NOTICE] switch_channel.c:1142 New Channel {channel} [{uuid}]")]);
        let end = at + i64::from(seconds);
        self.session(
            &uuid,
            end,
            &[format!("[NOTICE] sofia.c:1065 Hangup {channel} [CS_EXECUTE] [NORMAL_CLEARING]")],
        );
        self.rows.push((
            end,
            format!(
                "\"\",\"0000000000\",\"{number}\",\"default\",\"{0}\",\"{0}\",\"{1}\",\"{seconds}\",\"{seconds}\",\"NORMAL_CLEARING\",\"{uuid}\",\"\",\"\",\"PCMA\",\"PCMA\"\n",
                stamp(at), stamp(end)
            ),
        ));
        self.files.push((
            format!("json_cdr/{uuid}.cdr.json"),
            format!(
                "{{\"core-uuid\":\"x\",\"channel_data\":{{\"direction\":\"outbound\"}},\"variables\":{{\"direction\":\"outbound\",\"uuid\":\"{uuid}\",\"sip_gateway_name\":\"carrier\",\"start_epoch\":\"{at}\",\"answer_epoch\":\"{at}\",\"duration\":\"{seconds}\",\"billsec\":\"{seconds}\",\"hangup_cause\":\"NORMAL_CLEARING\"}},\"callflow\":[{{\"caller_profile\":{{\"destination_number\":\"{number}\",\"context\":\"default\"}}}}]}}\n"
            ),
        ));
        uuid
    }

    /// Writes a row of the CSV file as it stands; `at` is its place among the others.
    pub(crate) fn row(&mut self, at: i64, text: &str) {
        self.rows.push((at, format!("{text}\n")));
    }

    /// Writes a line of the log as it stands; `at` is its place among the others.
    pub(crate) fn raw(&mut self, at: i64, text: &str) {
        self.lines.push((at, text.to_owned()));
    }

    /// Writes all files.
    pub(crate) fn write(&mut self, scratch: &Scratch) {
        let folder = "var/log/freeswitch";
        scratch.file("etc/timezone", "Etc/UTC\n");
        self.configure(scratch);
        self.lines.sort_by_key(|(at, _)| *at);
        self.rows.sort_by_key(|(at, _)| *at);
        if self.log {
            let text: String = self.lines.iter().fold(String::new(), |mut text, (_, line)| {
                let _ = writeln!(text, "{line}");
                text
            });
            scratch.file(&format!("{folder}/freeswitch.log"), &text);
        }
        if self.csv {
            let text: String = self.rows.iter().map(|(_, row)| row.as_str()).collect();
            scratch.file(&format!("{folder}/cdr-csv/Master.csv"), &text);
        }
        for (path, text) in self.files.iter().filter(|_| self.json) {
            scratch.file(&format!("{folder}/{path}"), text);
        }
    }

    fn configure(&self, scratch: &Scratch) {
        let home = "etc/freeswitch";
        scratch.file(
            &format!("{home}/vars.xml"),
            "<include>\n<!-- <X-PRE-PROCESS cmd=\"set\" data=\"default_password=1234\"/> -->\n</include>\n",
        );
        let tells = self.logs_wrong_secrets;
        scratch.file(
            &format!("{home}/sip_profiles/internal.xml"),
            &format!("<profile name=\"internal\">\n<settings>\n<param name=\"sip-port\" value=\"5060\"/>\n<param name=\"sip-ip\" value=\"192.0.2.1\"/>\n<param name=\"auth-calls\" value=\"true\"/>\n<param name=\"log-auth-failures\" value=\"{tells}\"/>\n<param name=\"context\" value=\"public\"/>\n</settings>\n</profile>\n"),
        );
        scratch.file(
            &format!("{home}/sip_profiles/external.xml"),
            "<profile name=\"external\">\n<gateways><gateway name=\"carrier\"><param name=\"proxy\" value=\"198.51.100.1:5060\"/></gateway></gateways>\n<settings>\n<param name=\"sip-port\" value=\"5080\"/>\n<param name=\"auth-calls\" value=\"false\"/>\n<param name=\"context\" value=\"public\"/>\n</settings>\n</profile>\n",
        );
        for domain in &self.domains {
            let users: String = [("1000", "$${default_password}"), ("1001", "h7Gk2mPq9sTz4"), ("1007", "73914")]
                .iter()
                .map(|(user, secret)| {
                    format!("<user id=\"{user}\">\n<params><param name=\"password\" value=\"{secret}\"/></params>\n<variables><variable name=\"user_context\" value=\"default\"/></variables>\n</user>\n")
                })
                .collect();
            scratch.file(
                &format!("{home}/directory/{domain}.xml"),
                &format!("<include>\n<domain name=\"{domain}\"><groups><group name=\"default\"><users>\n{users}</users></group></groups></domain>\n</include>\n"),
            );
        }
    }
}
