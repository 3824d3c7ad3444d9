//! Error logs of web servers: what a client asked for that failed, and when the server started.
//!
//! Apache 2.4: `[Mon Aug 25 00:00:03.032413 2025] [php:error] [pid 9:tid 9] [client 192.0.2.7:51324] TEXT`;
//! 2.2 has no module, process and port. nginx: `2025/08/25 08:21:26 [error] 12#12: *7 TEXT, client:
//! 192.0.2.7, server: pbx, request: "GET / HTTP/1.1", host: "pbx"`. The text may quote what the client
//! sent; its address stands before that in Apache's lines and between it in nginx's, where only the place
//! right before the request is the server's own.

use std::net::IpAddr;

use crate::event::{Action, Service, Stamp};
use crate::readers::by_line::{self, ByLine, Line, Lines};
use crate::readers::found::Found;
use crate::readers::{Cites, Content, Format, Opened, Tells, text};

/// How an error log is told and read.
pub(in crate::readers) static FORMAT: Format = Format {
    word: "web-error-log",
    tells: Tells::Host,
    content: Content::Text,
    cites: Cites::Line,
    looks_like: |_, head| by_line::most_fit(head, |line| of_server(line).is_some()),
    open: |_| Some(Opened::certain(ByLine(WebError))),
};

struct WebError;

/// What one line says.
struct Told<'a> {
    stamp: Stamp,
    level: &'a [u8],
    /// Does it tell of a client, though perhaps not of which?
    is_of_client: bool,
    client: Option<(IpAddr, Option<u16>)>,
    said: &'a [u8],
}

impl Lines for WebError {
    const LONGEST: usize = 64 * 1024;

    fn line<'a>(&self, line: &'a [u8]) -> Option<Line<'a>> {
        // PHP and CGI programs write into the same file as they please.
        let Some(told) = of_server(line) else {
            return memchr::memchr(0, line).is_none().then_some(Line { stamp: None, found: None });
        };
        Some(Line { stamp: Some(told.stamp), found: found(&told) })
    }
}

fn found<'a>(told: &Told<'a>) -> Option<Found<'a>> {
    if told.is_of_client {
        let mut found = Found::new(Action::WebError, Service::Web).from(told.client);
        found.detail = Some(told.said);
        found.reason = level_word(told.level);
        return Some(found);
    }
    const STARTED: [(&[u8], &str); 4] = [
        (b"resuming normal operations", "started"),
        (b"shutting down", "stopped"),
        (b"signal process started", "told to reopen its logs"),
        (b"Graceful restart requested", "told to restart"),
    ];
    let (_, reason) = STARTED.iter().find(|(words, _)| memchr::memmem::find(told.said, words).is_some())?;
    Some(Found::new(Action::Server, Service::Web).because(reason))
}

/// Returns the level as a reason of a closed list.
fn level_word(level: &[u8]) -> &'static str {
    match level {
        b"emerg" | b"alert" | b"crit" => "critical",
        b"error" => "error",
        b"warn" => "warning",
        b"notice" | b"info" => "notice",
        _ => "",
    }
}

fn of_server(line: &[u8]) -> Option<Told<'_>> {
    if line.first() == Some(&b'[') { of_apache(line) } else { of_nginx(line) }
}

fn of_apache(line: &[u8]) -> Option<Told<'_>> {
    let (stamp, mut rest) = text::split_once(line.strip_prefix(b"[")?, b"] ")?;
    let (stamp, _) = crate::clock::any_stamp(stamp).filter(|(_, used)| *used == stamp.len())?;
    let mut level = None;
    let (mut is_of_client, mut client) = (false, None);
    while let Some((inside, after)) = rest.strip_prefix(b"[").and_then(|it| text::split_once(it, b"] ")) {
        if let Some(address) = inside.strip_prefix(b"client ") {
            (is_of_client, client) = (true, text::endpoint(address));
            rest = after;
            break;
        }
        let word = inside.rsplit(|&byte| byte == b':').next().unwrap_or(inside);
        if level.is_none() && is_level(word) {
            level = Some(word);
        } else if !(inside.starts_with(b"pid ") || inside.starts_with(b"remote ")) {
            break;
        }
        rest = after;
    }
    Some(Told { stamp, level: level?, is_of_client, client, said: rest })
}

fn is_level(word: &[u8]) -> bool {
    const LEVELS: [&[u8]; 8] = [b"emerg", b"alert", b"crit", b"error", b"warn", b"notice", b"info", b"debug"];
    LEVELS.contains(&word) || word.strip_prefix(b"trace").is_some_and(|digit| digit.len() == 1)
}

fn of_nginx(line: &[u8]) -> Option<Told<'_>> {
    let (stamp, used) = crate::clock::any_stamp(line)?;
    let rest = line.get(used..)?.strip_prefix(b" [")?;
    let (level, rest) = text::split_once(rest, b"] ")?;
    if !is_level(level) {
        return None;
    }
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let rest = rest.get(digits..)?.strip_prefix(b"#")?;
    let (_, said) = text::split_once(rest, b": ")?;
    let (is_of_client, client) = client_of_nginx(said);
    Some(Told { stamp, level, is_of_client, client, said })
}

/// Tells whether a line of nginx is about a client, and about which if that is certain.
///
/// The server ends its text with `, client: IP, server: NAME, request: "..."` and more. The text before may
/// hold a file's or user's name, the request and what follows are as they were sent; so the end of the
/// text is the last such place before the request, unless the request itself may have been made up.
fn client_of_nginx(said: &[u8]) -> (bool, Option<(IpAddr, Option<u16>)>) {
    const CLIENT: &[u8] = b", client: ";
    const REQUEST: &[u8] = b", request: \"";
    let is_of_client = memchr::memmem::find(said, CLIENT).is_some();
    let mut requests = memchr::memmem::find_iter(said, REQUEST);
    let own = said.get(..requests.next().unwrap_or(said.len())).unwrap_or(said);
    if requests.next().is_some() {
        return (is_of_client, None);
    }
    let client = text::split_last(own, CLIENT).and_then(|(_, rest)| {
        let end = memchr::memchr(b',', rest).unwrap_or(rest.len());
        let (address, after) = rest.split_at_checked(end)?;
        let is_server = after.is_empty() || after.starts_with(b", server: ");
        text::endpoint(address).filter(|_| is_server)
    });
    (is_of_client, client)
}
