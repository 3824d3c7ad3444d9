//! `kamailio.cfg`, `opensips.cfg` and the list of the dispatcher: own addresses, gateways, where the
//! accounts are kept.
//!
//! The file is a program; only its definitions and settings are read. `#!define`, `#!ifdef` and the
//! rest are obeyed as far as one file goes (`core/cfg.lex`); an included file counts by itself.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::super::listeners;
use super::super::model::{Problem, ProxyScript};
use super::super::read::Collector;
use super::{extras, peer, secrets};
use crate::event::{Citation, Place};
use crate::evidence::{Evidence, Kind, Source};

/// The stock file has forty thousand bytes, generated ones ten times that.
const LONGEST: usize = 4 * 1024 * 1024;
const MOST_DEFINITIONS: usize = 10_000;
/// A definition may name another.
const MOST_REPLACED: usize = 8;

/// Returns whether a file is configuration of a SIP proxy.
pub fn is_configuration(path: &str, head: &[u8]) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    if name == "dispatcher.list" {
        return true;
    }
    let has = |text: &[u8]| memchr::memmem::find(head, text).is_some();
    let is_marked = [&b"#!KAMAILIO"[..], b"#!SER", b"#!OPENSER", b"#!OPENSIPS", b"#!MAXCOMPAT"]
        .iter()
        .any(|mark| head.starts_with(mark));
    let is_program = has(b"loadmodule") && has(b"modparam(");
    let is_part = name.ends_with(".cfg") && (has(b"modparam(") || has(b"#!define WITH_"));
    is_marked || is_program || is_part
}

/// Reads every such file.
pub(super) fn read_all(evidence: &Evidence, collector: &mut Collector) {
    let sources = evidence.sources.iter().filter(|source| source.kind == Kind::ProxyConfiguration);
    for source in sources.filter(|source| source.duplicate_of.is_none()) {
        match evidence.read_small(source, LONGEST) {
            Ok(bytes) => read(source, &String::from_utf8_lossy(&bytes), collector),
            Err(error) => {
                let what = format!("cannot be read: {error}");
                collector.pbx.problems.push(Problem { path: source.file.path.clone(), what });
            }
        }
    }
}

fn read(source: &Source, text: &str, collector: &mut Collector) {
    if source.file.path.ends_with("dispatcher.list") {
        return dispatcher(source, text, collector);
    }
    let lower = source.file.path.to_ascii_lowercase();
    let is_opensips = text.starts_with("#!OPENSIPS") || lower.contains("opensips");
    collector.pbx.proxy.get_or_insert(if is_opensips { "OpenSIPS" } else { "Kamailio" });
    collector.pbx.call_records.accounting_columns.extend(extras::columns(text));
    let mut definitions = Definitions::default();
    let mut in_comment = false;
    let mut offset = 0_u64;
    for (number, raw) in text.split_inclusive('\n').enumerate() {
        let line = uncommented(raw.trim(), &mut in_comment);
        let at = offset;
        offset += raw.len() as u64;
        if definitions.is_open() {
            let place = Place { source: source.id, offset: at, line: number as u32 + 1 };
            secrets::note(line, place, collector);
        }
        if line.is_empty() || definitions.directive(line) || !definitions.is_open() {
            continue;
        }
        let place = Place { source: source.id, offset: at, line: number as u32 + 1 };
        let place = || Citation::new(place, raw.trim_end().as_bytes());
        note_guards(line, &place, &mut collector.pbx.proxy_script);
        setting(&definitions, line, place, collector);
    }
    if let Some(kind) = definitions.database() {
        let what = format!("accounts are kept in {kind}: those that stand only there are not known");
        collector.pbx.problems.push(Problem { path: source.file.path.clone(), what });
    }
}

/// Functions that ask for or check credentials, of `auth`, `auth_db`, `auth_ephemeral`, `auth_radius` and the like.
const AUTHENTICATE: [&str; 8] = [
    "www_authenticate",
    "proxy_authenticate",
    "www_authorize",
    "proxy_authorize",
    "auth_check",
    "pv_auth_check",
    "www_challenge",
    "proxy_challenge",
];
/// Functions that shut out whoever sends too much: `pike`, `ratelimit`, `pipelimit`, `secfilter`.
const LIMIT: [&str; 6] = ["pike_check_req", "rl_check", "pl_check", "secf_check", "sht_get", "$sht(ipban"];

/// Notes whether the routing script asks for credentials and limits floods.
fn note_guards(line: &str, place: &dyn Fn() -> Citation, script: &mut Option<ProxyScript>) {
    let is_route = ["route{", "route {", "request_route{", "request_route {", "request_route"]
        .iter()
        .any(|head| line.starts_with(head));
    if is_route && script.as_ref().is_none_or(|script| script.route.is_none()) {
        script.get_or_insert_default().route = Some(place());
    }
    let calls = |names: &[&str]| names.iter().any(|name| line.contains(name));
    if calls(&AUTHENTICATE) {
        script.get_or_insert_default().authenticates = true;
    }
    if calls(&LIMIT) {
        script.get_or_insert_default().limits = true;
    }
}

/// Reads lines like `1 sip:192.0.2.1:5060 0 0 weight=50`.
fn dispatcher(source: &Source, text: &str, collector: &mut Collector) {
    let mut offset = 0_u64;
    for (number, raw) in text.split_inclusive('\n').enumerate() {
        let place = Place { source: source.id, offset, line: number as u32 + 1 };
        offset += raw.len() as u64;
        let line = raw.split('#').next().unwrap_or_default();
        if let Some(uri) = line.split_whitespace().nth(1).filter(|uri| uri.starts_with("sip")) {
            peer(uri, None, Citation::new(place, raw.trim_end().as_bytes()), collector);
        }
    }
}

/// Takes comments off; `#!` begins none.
fn uncommented<'l>(line: &'l str, in_comment: &mut bool) -> &'l str {
    let mut line = line;
    if *in_comment {
        let Some((_, rest)) = line.split_once("*/") else { return "" };
        *in_comment = false;
        line = rest.trim_start();
    }
    if let Some((before, rest)) = line.split_once("/*") {
        // What stands behind a comment on the same line is no setting of these.
        *in_comment = !rest.contains("*/");
        line = before.trim_end();
    }
    let is_comment = (line.starts_with('#') && !line.starts_with("#!")) || line.starts_with("//");
    if is_comment { "" } else { line }
}

/// Reads `listen=udp:192.0.2.1:5060`, and gateways such as `pstn.gw_ip = "192.0.2.9" desc "..."`.
fn setting(
    definitions: &Definitions<'_>,
    line: &str,
    place: impl Fn() -> Citation,
    collector: &mut Collector,
) {
    let Some((name, value)) = line.split_once('=') else { return };
    let (name, value) = (name.trim(), value.trim());
    match name {
        "listen" | "socket" => {
            let value = definitions.replaced(value.trim_matches('"'));
            let words = value.split_whitespace().filter_map(listening);
            collector.own_addresses(words);
            listeners::of_socket(&value, &mut collector.pbx.listeners);
        }
        _ if name.ends_with(".gw_ip") || name.ends_with(".srv_ip") => {
            let value = value.strip_prefix('"').and_then(|value| value.split('"').next()).unwrap_or(value);
            peer(&definitions.replaced(value), None, place(), collector);
        }
        _ => {}
    }
}

/// Reads `udp:192.0.2.1:5060`, `tls:[2001:db8::1]:5061`, `192.0.2.1`.
fn listening(word: &str) -> Option<IpAddr> {
    let bare = ["udp:", "tcp:", "tls:", "sctp:", "ws:", "wss:", "hep_udp:", "hep_tcp:", "bin:"]
        .iter()
        .find_map(|protocol| word.strip_prefix(protocol))
        .unwrap_or(word);
    let host = match bare.strip_prefix('[') {
        Some(inner) => inner.split(']').next()?,
        None => bare.split(':').next()?,
    };
    host.parse().ok()
}

/// What is defined, and whether the lines at hand count.
#[derive(Default)]
struct Definitions<'t> {
    values: BTreeMap<&'t str, &'t str>,
    /// One for each condition that is open: does it hold?
    conditions: Vec<bool>,
}

impl<'t> Definitions<'t> {
    fn is_open(&self) -> bool {
        self.conditions.iter().all(|holds| *holds)
    }

    /// Reads a line of the preprocessor; returns whether it was one.
    fn directive(&mut self, line: &'t str) -> bool {
        let Some(rest) = line.strip_prefix("#!").or_else(|| line.strip_prefix("!!")) else { return false };
        let (word, rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let (name, value) = rest.trim().split_once(char::is_whitespace).unwrap_or((rest.trim(), ""));
        match word {
            "define" | "def" | "redefine" | "redef" if self.is_open() => self.define(name, value.trim()),
            "trydefine" | "trydef" if self.is_open() && !self.values.contains_key(name) => {
                self.define(name, value.trim());
            }
            "ifdef" => self.conditions.push(self.values.contains_key(name)),
            "ifndef" => self.conditions.push(!self.values.contains_key(name)),
            // What an expression comes to is not worked out: its lines count.
            "ifexp" => self.conditions.push(true),
            "else" => {
                if let Some(last) = self.conditions.last_mut() {
                    *last = !*last;
                }
            }
            "endif" => {
                self.conditions.pop();
            }
            "substdef" | "subst" | "substdefs" if self.is_open() => self.substitute(rest.trim()),
            _ => {}
        }
        true
    }

    fn define(&mut self, name: &'t str, value: &'t str) {
        if self.values.len() < MOST_DEFINITIONS {
            self.values.insert(name, value.trim_matches('"'));
        }
    }

    /// Reads `"!NAME!value!g"`: the first character is the mark between the parts.
    fn substitute(&mut self, text: &'t str) {
        let text = text.trim_matches('"');
        let Some(mark) = text.chars().next() else { return };
        let mut parts = text.split(mark).skip(1);
        if let (Some(name), Some(value)) = (parts.next(), parts.next()) {
            self.define(name, value);
        }
    }

    /// Puts definitions in the place of their names.
    fn replaced(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for _ in 0..MOST_REPLACED {
            let next: Vec<&str> =
                text.split_whitespace().map(|word| self.values.get(word).copied().unwrap_or(word)).collect();
            let next = next.join(" ");
            if next == text {
                break;
            }
            text = next;
            text.truncate(text.floor_char_boundary(1_024));
        }
        text
    }

    /// Returns what kind of server the accounts are kept on, where it is none whose files are read here.
    fn database(&self) -> Option<&'static str> {
        let url = self.values.get("DBURL")?;
        [
            ("mysql:", "a MySQL or MariaDB database"),
            ("postgres:", "a PostgreSQL database"),
            ("text:", "text tables"),
            ("unixodbc:", "a database behind ODBC"),
            ("redis:", "Redis"),
            ("mongodb:", "MongoDB"),
        ]
        .iter()
        .find_map(|(scheme, kind)| url.starts_with(scheme).then_some(*kind))
    }
}
