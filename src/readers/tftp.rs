//! What TFTP servers write into syslog when a phone, or somebody else, asks for a file.
//!
//! `in.tftpd` (tftpd-hpa, and the one of Red Hat's family) writes the address before the file's name,
//! `atftpd` and `dnsmasq` behind it. The name is whatever the client sent and may hold any of the
//! words around it, so it is always cut at the end that the server wrote. `in.tftpd` tells a refusal
//! by a line of its own, `sending NAK`, which has no name; the process number pairs the two.
//! `atftpd` at its usual verbosity writes `Serving` for files that are not there, too.

use std::net::IpAddr;

use super::found::Found;
use super::syslog::{Message, Program};
use crate::event::{Action, Service};

/// The TFTP servers of the usual distributions.
pub(super) static PROGRAM: Program = Program {
    word: "tftp",
    names: &["in.tftpd", "tftpd", "tftpd-hpa", "atftpd", "in.atftpd", "dnsmasq-tftp"],
    read: found,
};

fn found<'a>(message: &Message<'a>) -> Option<Found<'a>> {
    let line = read(message.name(), message.text)?;
    let mut found = Found::new(line.action, Service::Tftp).because(line.reason);
    found.address = line.address;
    found.port = line.port;
    found.detail = line.path;
    // A request and its refusal are written by one process, whose number is all that pairs them.
    found.session = message.process();
    Some(found)
}

/// What one message of a TFTP server says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TftpLine<'a> {
    /// [`Action::FileFetched`] for a request, [`Action::FileMissing`] for one that was refused.
    pub action: Action,
    /// The client's address.
    pub address: Option<IpAddr>,
    /// The client's port; only `atftpd` tells it.
    pub port: Option<u16>,
    /// The file's name as asked for, or as found on the disk by `dnsmasq`: the client's words.
    pub path: Option<&'a [u8]>,
    /// Why there was no file, or how far the request got; empty where the line does not say.
    pub reason: &'static str,
}

impl<'a> TftpLine<'a> {
    fn asked(address: IpAddr, path: &'a [u8]) -> Self {
        TftpLine {
            action: Action::FileFetched,
            address: Some(address),
            port: None,
            path: Some(path),
            reason: "",
        }
    }

    fn missing(address: Option<IpAddr>, path: Option<&'a [u8]>, reason: &'static str) -> Self {
        TftpLine { action: Action::FileMissing, address, port: None, path, reason }
    }
}

/// Reads the message of a TFTP server, syslog's prefix taken off.
///
/// `program` is the name before the process number, or with it. Returns `None` for programs that are
/// no TFTP server and for messages that tell of no file.
pub(super) fn read<'a>(program: &[u8], message: &'a [u8]) -> Option<TftpLine<'a>> {
    let name = program.split(|&byte| byte == b'[').next().unwrap_or_default();
    let message = message.trim_ascii();
    match name {
        b"in.tftpd" | b"tftpd" | b"tftpd-hpa" => of_in_tftpd(message),
        b"atftpd" | b"in.atftpd" => of_atftpd(message),
        b"dnsmasq-tftp" => of_dnsmasq(message),
        _ => None,
    }
}

fn of_in_tftpd(message: &[u8]) -> Option<TftpLine<'_>> {
    if let Some(rest) = message.strip_prefix(b"sending NAK (") {
        return nak(rest);
    }
    // Red Hat's server tells the outcome by a line of its own.
    if let Some(rest) = message.strip_prefix(b"Client ") {
        let (client, rest) = word(rest)?;
        let path = rest.strip_prefix(b"File not found ")?;
        return Some(TftpLine::missing(Some(address(client)?), Some(path), "file not found"));
    }
    let (operation, rest) = word(message)?;
    let action = match operation {
        b"RRQ" => Action::FileFetched,
        b"WRQ" => Action::FileWritten,
        _ => return None,
    };
    let (client, rest) = word(rest.strip_prefix(b"from ")?)?;
    let name = rest.strip_prefix(b"filename ")?;
    let mut line = TftpLine { action, ..TftpLine::asked(address(client)?, name) };
    if let Some(end) = memchr::memmem::rfind(name, b" remapped to ") {
        line.path = name.get(..end);
        line.reason = "remapped";
    }
    Some(line)
}

/// Reads `1, File not found) to 192.0.2.9`; the codes are those of RFC 1350.
fn nak(rest: &[u8]) -> Option<TftpLine<'_>> {
    let (code, _) = rest.split_at_checked(memchr::memchr(b',', rest)?)?;
    let end = memchr::memmem::rfind(rest, b") to ")?;
    let client = address(rest.get(end + 5..)?)?;
    let reason = match code {
        b"1" => "file not found",
        b"2" => "access violation",
        b"3" => "disk full",
        b"4" => "illegal operation",
        b"6" => "file already exists",
        _ => "refused",
    };
    Some(TftpLine::missing(Some(client), None, reason))
}

fn of_atftpd(message: &[u8]) -> Option<TftpLine<'_>> {
    if let Some(rest) = message.strip_prefix(b"Serving ") {
        let end = memchr::memmem::rfind(rest, b" to ")?;
        let (client, port) = address_and_port(rest.get(end + 4..)?)?;
        return Some(TftpLine { port, ..TftpLine::asked(client, rest.get(..end)?) });
    }
    if let Some(rest) = message.strip_prefix(b"Fetching from ") {
        let (client, rest) = word(rest)?;
        let (client, port) = address_and_port(client)?;
        let path = rest.strip_prefix(b"to ")?;
        return Some(TftpLine { action: Action::FileWritten, port, ..TftpLine::asked(client, path) });
    }
    let path = message.strip_prefix(b"File ")?.strip_suffix(b" not found")?;
    Some(TftpLine::missing(None, Some(path), "file not found"))
}

fn of_dnsmasq(message: &[u8]) -> Option<TftpLine<'_>> {
    if let Some(rest) = message.strip_prefix(b"sent ") {
        let end = memchr::memmem::rfind(rest, b" to ")?;
        let client = address(rest.get(end + 4..)?)?;
        return Some(TftpLine { reason: "sent", ..TftpLine::asked(client, rest.get(..end)?) });
    }
    if let Some(rest) = message.strip_prefix(b"failed sending ") {
        let end = memchr::memmem::rfind(rest, b" to ")?;
        let client = address(rest.get(end + 4..)?)?;
        return Some(TftpLine { reason: "failed sending", ..TftpLine::asked(client, rest.get(..end)?) });
    }
    if let Some(rest) = message.strip_prefix(b"cannot access ") {
        let end = memchr::memmem::rfind(rest, b": ").unwrap_or(rest.len());
        return Some(TftpLine::missing(None, rest.get(..end), "access violation"));
    }
    let rest = message.strip_prefix(b"file ")?;
    if let Some(path) = rest.strip_suffix(b" not found") {
        return Some(TftpLine::missing(None, Some(path), "file not found"));
    }
    let end = memchr::memmem::rfind(rest, b" not found for ")?;
    let client = address(rest.get(end + 15..)?)?;
    Some(TftpLine::missing(Some(client), rest.get(..end), "file not found"))
}

/// Splits the first word off; the rest begins behind one space.
fn word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let space = memchr::memchr(b' ', text)?;
    Some((text.get(..space)?, text.get(space + 1..)?))
}

/// Reads an address; one of IPv4 in IPv6's clothes comes out as IPv4.
fn address(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?.trim_matches(['[', ']']);
    let without_scope = text.split('%').next().unwrap_or(text);
    without_scope.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

fn address_and_port(text: &[u8]) -> Option<(IpAddr, Option<u16>)> {
    if let Some(colon) = memchr::memrchr(b':', text) {
        let (before, port) = (text.get(..colon)?, text.get(colon + 1..)?);
        let port = std::str::from_utf8(port).ok().and_then(|port| port.parse().ok());
        if let (Some(client), Some(port)) = (address(before), port) {
            return Some((client, Some(port)));
        }
    }
    address(text).map(|client| (client, None))
}
