//! FTP servers that write into syslog.

use super::vsftpd;
use crate::event::{Action, Service};
use crate::readers::found::Found;
use crate::readers::syslog::{Message, Program};
use crate::readers::text;

/// vsftpd with `syslog_enable`.
pub(in crate::readers) static VSFTPD: Program =
    Program { word: "vsftpd", names: &["vsftpd"], read: |message| vsftpd::found(message.text.trim_ascii()) };

/// ProFTPD: `host (name[192.0.2.7]) - USER bob: Login successful.`
pub(in crate::readers) static PROFTPD: Program =
    Program { word: "proftpd", names: &["proftpd"], read: of_proftpd };

/// Pure-FTPd: `(bob@192.0.2.7) [NOTICE] /srv/a.cfg downloaded  (23 bytes, 9.00KB/sec)`.
pub(in crate::readers) static PURE_FTPD: Program =
    Program { word: "pure_ftpd", names: &["pure-ftpd"], read: of_pure_ftpd };

fn of_proftpd<'a>(message: &Message<'a>) -> Option<Found<'a>> {
    // The client's looked-up name stands before its address, so the last bracket before the end counts.
    let (client, said) = text::split_once(message.text, b")")?;
    let (_, address) = text::split_last(client.strip_suffix(b"]")?, b"[")?;
    let said = said.strip_prefix(b": ").or_else(|| said.strip_prefix(b" - "))?;
    let (action, user, reason) = if let Some(rest) = said.strip_prefix(b"USER ") {
        if let Some((user, _)) = text::split_once(rest, b": Login successful") {
            (Action::AuthOk, user, "")
        } else if let Some((user, _)) = text::split_once(rest, b" (Login failed)") {
            (Action::AuthFailed, user, "wrong password")
        } else {
            (Action::AuthFailed, text::until(rest, b": no such user")?, "no such user")
        }
    } else {
        let rest = said.strip_prefix(b"ANON ").or_else(|| said.strip_prefix(b"ANONYMOUS "))?;
        (Action::AuthOk, text::until(rest, b": Login successful")?, "anonymous")
    };
    let mut found = Found::new(action, Service::Ftp).because(reason).of(user);
    found.address = text::address(address);
    Some(found)
}

fn of_pure_ftpd<'a>(message: &Message<'a>) -> Option<Found<'a>> {
    let (client, said) = text::split_once(message.text.strip_prefix(b"(")?, b") [")?;
    let (user, address) = text::split_last(client, b"@")?;
    let (_, said) = text::split_once(said, b"] ")?;
    let mut found = if let Some(name) = said.strip_suffix(b" is now logged in") {
        Found::new(Action::AuthOk, Service::Ftp).of(name)
    } else if let Some(rest) = said.strip_prefix(b"Authentication failed for user [") {
        Found::new(Action::AuthFailed, Service::Ftp).of(rest.strip_suffix(b"]").unwrap_or(rest))
    } else if let Some((path, _)) = text::split_last(said, b" downloaded ") {
        Found { detail: Some(path), ..Found::new(Action::FileFetched, Service::Ftp).of(user) }
    } else {
        let (path, _) = text::split_last(said, b" uploaded ")?;
        Found { detail: Some(path), ..Found::new(Action::FileWritten, Service::Ftp).of(user) }
    };
    found.address = text::address(address);
    Some(found)
}
