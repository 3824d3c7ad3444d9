//! What the messages of Asterisk's log mean, one file for each module that writes them.
//!
//! To add a message: find its format string in Asterisk's source, add a parser for it to the file of
//! the module that writes it, and a case to `testdata/lines/asterisk_log.toml`. A parser is anchored
//! at the message's beginning and takes attacker-written parts from between server-written ones.

mod chan_sip;
mod dialplan;
mod iax2;
mod manager;
mod pjsip;
mod security;

pub(in crate::readers::asterisk_log) use dialplan::{begins_door, closes_extension, is_door, tells_door};

use super::head::{Head, Level};
use crate::readers::found::Found;

/// Reads the message behind a head.
pub(super) fn read<'a>(head: &Head<'a>) -> Option<Found<'a>> {
    let message = head.message;
    match head.level {
        Level::Security => security::read(message),
        Level::Verbose => verbose(head.file, without_mark(message)),
        Level::Notice | Level::Warning | Level::Error => complaint(head.file, message),
        Level::Debug | Level::Other => None,
    }
}

/// Returns whether a verbose message tells no more than that a channel rings, joins or ends, which
/// folding does not keep: of a busy log's lines, the most after the steps themselves.
pub(super) fn only_ends_calls(file: &[u8], message: &[u8]) -> bool {
    match file {
        b"app_macro.c" | b"features.c" | b"bridge_channel.c" | b"netsock2.c" | b"pbx_builtins.c" => true,
        b"app_dial.c" | b"app_queue.c" => message.ends_with(b" is ringing"),
        _ => false,
    }
}

/// Reads a line of a copied console, which shows neither stamp nor level but a mark.
pub(super) fn read_console<'a>(line: &'a [u8]) -> Option<Found<'a>> {
    let text = line.trim_ascii_start();
    let message = without_mark(text);
    if message.len() == text.len() {
        return None;
    }
    dialplan::read_verbose(message)
        .or_else(|| chan_sip::read_verbose(message))
        .or_else(|| pjsip::read_verbose(message))
        .or_else(|| manager::read(message))
        .or_else(|| iax2::read_verbose(message))
}

/// Takes off the mark that 1.8 and 11 write into files and every console shows.
fn without_mark(message: &[u8]) -> &[u8] {
    let text = message.trim_ascii_start();
    [&b"-- "[..], b"== ", b"> "].into_iter().find_map(|mark| text.strip_prefix(mark)).unwrap_or(text)
}

fn verbose<'a>(file: &[u8], message: &'a [u8]) -> Option<Found<'a>> {
    match file {
        b"pbx.c"
        | b"app_dial.c"
        | b"app_queue.c"
        | b"dial.c"
        | b"res_rtp_asterisk.c"
        | b"app_macro.c"
        | b"features.c" => dialplan::read_verbose(message),
        b"chan_sip.c" => chan_sip::read_verbose(message),
        _ if file.starts_with(b"app_voicemail") => dialplan::read_mailbox(message),
        b"manager.c" => manager::read(message),
        b"chan_iax2.c" => iax2::read_verbose(message),
        _ if file.starts_with(b"res_pjsip") => pjsip::read_verbose(message),
        _ if file.starts_with(b"Ext.") => dialplan::read_logged(message),
        _ => None,
    }
}

fn complaint<'a>(file: &[u8], message: &'a [u8]) -> Option<Found<'a>> {
    match file {
        b"chan_sip.c" => chan_sip::read(message),
        b"manager.c" => manager::read(message),
        b"chan_iax2.c" => iax2::read(message),
        b"app_disa.c" => dialplan::read_disa(message),
        _ if file.starts_with(b"res_pjsip") => pjsip::read(message),
        // FreePBX's own code for SIP from nowhere also writes through Log(): `Ext. s: "..."`.
        _ if file.starts_with(b"Ext.") => dialplan::read_logged(message),
        b"" => chan_sip::read(message).or_else(|| pjsip::read(message)).or_else(|| manager::read(message)),
        _ => None,
    }
}
