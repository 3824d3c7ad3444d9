//! Access logs of web servers: who asked for what, and what was answered.
//!
//! The common log form of NCSA and what grew of it: `ADDRESS IDENT USER [TIME] "REQUEST" STATUS BYTES`,
//! with `"REFERRER" "AGENT"` behind (Apache's and nginx's `combined`), the virtual host before (Apache's
//! `other_vhosts_access.log`), or as `[TIME] ADDRESS PROTOCOL CIPHER "REQUEST" BYTES` (Apache's
//! `ssl_request_log`, which tells no status).
//!
//! User, request, referrer and agent are the client's words. Both servers write a quote in them so that
//! it cannot be taken for their own (`\"`, `\x22`): the line's first bare quote begins the request, and
//! the bracket right before it closes the time, whatever a user's name holds.
//!
//! A phone's file that was given out is told as fetched, one that is not there as missing, so that a
//! secret leaks here in the same words as by TFTP. Everything else is a request.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::event::{Action, Service, Stamp};
use crate::pbx::{Asked, Pbx, PhoneFile};
use crate::readers::by_line::{self, ByLine, Line, Lines};
use crate::readers::found::Found;
use crate::readers::{Cites, Content, Format, Opened, REFUSED, Tells, text};

/// How an access log is told and read.
pub(in crate::readers) static FORMAT: Format = Format {
    word: "web-access-log",
    tells: Tells::Host,
    content: Content::Text,
    cites: Cites::Line,
    looks_like: |_, head| by_line::most_fit(head, |line| Record::read(line).is_some()),
    open: |opening| Some(Opened::certain(ByLine(WebAccess::new(opening.pbx)))),
};

/// No file that a provisioning script makes is shorter, in bytes; what it says instead of one is.
const LEAST_MADE: u64 = 24;

/// Reads access logs.
struct WebAccess {
    /// Names of the phone files in the evidence, which phones and strangers may ask for.
    phone_files: BTreeSet<String>,
}

impl WebAccess {
    fn new(pbx: &Pbx) -> Self {
        let names = pbx.phone_files.iter().flat_map(PhoneFile::names);
        WebAccess { phone_files: names.map(str::to_owned).collect() }
    }

    fn action(&self, record: &Record<'_>) -> (Action, &'static str) {
        let told = outcome(record.method(), record.status);
        let (Some(status), Ok(target)) = (record.status, std::str::from_utf8(record.target())) else {
            return (Action::WebRequest, told);
        };
        let asked = Asked::of(target);
        if !asked.is_for_phones() && !self.phone_files.contains(&*asked.name) {
            return (Action::WebRequest, told);
        }
        // FusionPBX says "access denied" with the status of success.
        let is_short = record.size.is_some_and(|size| size < LEAST_MADE);
        if status == 200 && is_short && memchr::memmem::find(record.target(), b"/provision").is_some() {
            return (Action::FileMissing, REFUSED);
        }
        match (record.method(), status) {
            (b"GET" | b"POST", 200 | 206) => (Action::FileFetched, told),
            (b"PUT", 200..=204) => (Action::FileWritten, told),
            (_, 401 | 403 | 407) => (Action::FileMissing, REFUSED),
            (b"GET" | b"POST" | b"HEAD", 404 | 410) => (Action::FileMissing, "file not found"),
            _ => (Action::WebRequest, told),
        }
    }
}

impl Lines for WebAccess {
    // Apache takes 8,190 bytes for each of request, referrer and agent, and writes one as up to four.
    const LONGEST: usize = 128 * 1024;

    fn line<'a>(&self, line: &'a [u8]) -> Option<Line<'a>> {
        let record = Record::read(line)?;
        let (action, reason) = self.action(&record);
        let mut found = Found::new(action, Service::Web).because(reason);
        found.address = record.peer.map(|(address, _)| address);
        found.port = record.peer.and_then(|(_, port)| port);
        found.account = record.user;
        found.detail = Some(record.target()).filter(|target| !target.is_empty());
        found.context = record.host;
        (found.referrer, found.agent) = (record.referrer, record.agent);
        Some(Line { stamp: Some(record.stamp), found: Some(found) })
    }
}

/// One line of an access log.
struct Record<'a> {
    stamp: Stamp,
    peer: Option<(IpAddr, Option<u16>)>,
    host: Option<&'a [u8]>,
    user: Option<&'a [u8]>,
    request: &'a [u8],
    status: Option<u16>,
    size: Option<u64>,
    referrer: Option<&'a [u8]>,
    agent: Option<&'a [u8]>,
}

impl<'a> Record<'a> {
    fn read(line: &'a [u8]) -> Option<Self> {
        let quote = memchr::memchr(b'"', line)?;
        let (before, quoted) = (line.get(..quote)?, line.get(quote + 1..)?);
        let (request, rest) = quoted_text(quoted)?;
        if line.first() == Some(&b'[') {
            return Self::of_ssl_requests(before, request, rest);
        }
        let before = before.strip_suffix(b"] ")?;
        let open = memchr::memrchr(b'[', before)?;
        let stamp = whole_stamp(before.get(open + 1..)?)?;
        let (peer, host, user) = client(before.get(..open)?.trim_ascii_end())?;
        let rest = rest.strip_prefix(b" ")?;
        let (status, rest) = rest.split_at_checked(3)?;
        let status = Some(text::number(status)?).filter(|status| (100..=599).contains(status));
        let size = rest.strip_prefix(b" ")?;
        let end = memchr::memchr(b' ', size).unwrap_or(size.len());
        let (size, rest) = size.split_at_checked(end)?;
        if size != b"-" && !size.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let size = text::number(size);
        let (referrer, rest) = next_quoted(rest);
        let (agent, _) = next_quoted(rest);
        Some(Record { stamp, peer, host, user, request, status, size, referrer, agent })
    }

    fn of_ssl_requests(before: &'a [u8], request: &'a [u8], rest: &[u8]) -> Option<Self> {
        let (stamp, words) = text::split_once(before.strip_prefix(b"[")?, b"] ")?;
        let stamp = whole_stamp(stamp)?;
        let mut words = words.split(|&byte| byte == b' ');
        let peer = text::endpoint(words.next()?);
        let protocol = words.next()?;
        let is_protocol = protocol == b"-" || [&b"TLS"[..], b"SSL"].iter().any(|it| protocol.starts_with(it));
        let size = rest.strip_prefix(b" ")?;
        if !is_protocol || (size != b"-" && text::number::<u64>(size).is_none()) {
            return None;
        }
        let nothing = (None, None, None);
        let (host, user, status) = nothing;
        let size = text::number(size);
        Some(Record { stamp, peer, host, user, request, status, size, referrer: None, agent: None })
    }

    /// Returns the method, if it has the form of one.
    fn method(&self) -> &'a [u8] {
        let word = self.request.split(|&byte| byte == b' ').next().unwrap_or_default();
        let is_method = word.len() <= 20 && word.iter().all(u8::is_ascii_uppercase);
        if is_method { word } else { b"" }
    }

    /// Returns what was asked for: what stands between method and protocol, or the whole where a client
    /// sent something else.
    fn target(&self) -> &'a [u8] {
        let method = self.method();
        if method.is_empty() {
            return self.request;
        }
        let rest = self.request.get(method.len()..).unwrap_or_default().trim_ascii_start();
        text::split_last(rest, b" HTTP/").map_or(rest, |(target, _)| target)
    }
}

/// Reads a stamp that takes the whole text.
fn whole_stamp(text: &[u8]) -> Option<Stamp> {
    crate::clock::any_stamp(text).filter(|(_, used)| *used == text.len()).map(|(stamp, _)| stamp)
}

type Client<'a> = (Option<(IpAddr, Option<u16>)>, Option<&'a [u8]>, Option<&'a [u8]>);

/// Reads `[HOST] ADDRESS IDENT USER`; a client whose name was looked up has no address.
fn client(words: &[u8]) -> Option<Client<'_>> {
    let (first, rest) = text::split_once(words, b" ")?;
    let (host, name, rest) = match (text::endpoint(first), text::split_once(rest, b" ")) {
        (None, Some((second, after))) if text::endpoint(second).is_some() => (Some(first), second, after),
        _ => (None, first, rest),
    };
    // A list of addresses is what a client wrote into X-Forwarded-For.
    let (_, user) = text::split_once(rest, b" ")?;
    let user = Some(user).filter(|user| !matches!(*user, b"-" | b""));
    Some((text::endpoint(name), host, user))
}

/// Splits a text at the first quote that is not written with a backslash.
fn quoted_text(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut at = 0;
    loop {
        at += memchr::memchr2(b'"', b'\\', text.get(at..)?)?;
        if text.get(at) == Some(&b'"') {
            return Some((text.get(..at)?, text.get(at + 1..)?));
        }
        at += 2;
    }
}

/// Returns the next quoted text, unless it is `-`, and what follows it.
fn next_quoted(text: &[u8]) -> (Option<&[u8]>, &[u8]) {
    let quoted = text.strip_prefix(b" \"").and_then(quoted_text);
    let Some((inside, rest)) = quoted else { return (None, b"") };
    (Some(inside).filter(|inside| !matches!(*inside, b"-" | b"")), rest)
}

/// Names method and status out of a closed list.
macro_rules! outcomes {
    ($status:expr, $method:literal, $($code:literal)+) => {
        match $status {
            $(Some($code) => concat!($method, " ", $code),)+
            Some(_) => concat!($method, " with another status"),
            None => concat!($method, " without a status"),
        }
    };
}

macro_rules! outcomes_of {
    ($method:expr, $status:expr, $($name:literal $bytes:literal)+) => {
        match $method {
            $($bytes => outcomes!($status, $name,
                200 201 202 204 206 207 301 302 303 304 307 308
                400 401 402 403 404 405 406 407 408 409 410 411 412 413 414 415 416 417 421 422 426 429 444 495 499
                500 501 502 503 504 505 507),)+
            _ => outcomes!($status, "other method",
                200 201 202 204 206 207 301 302 303 304 307 308
                400 401 402 403 404 405 406 407 408 409 410 411 412 413 414 415 416 417 421 422 426 429 444 495 499
                500 501 502 503 504 505 507),
        }
    };
}

/// Returns method and status as the reason of a request: `POST 302`.
fn outcome(method: &[u8], status: Option<u16>) -> &'static str {
    outcomes_of!(method, status,
        "GET" b"GET" "POST" b"POST" "HEAD" b"HEAD" "PUT" b"PUT" "DELETE" b"DELETE" "PATCH" b"PATCH"
        "OPTIONS" b"OPTIONS" "PROPFIND" b"PROPFIND" "CONNECT" b"CONNECT" "TRACE" b"TRACE" "no method" b"")
}
