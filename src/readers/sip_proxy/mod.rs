//! Kamailio and OpenSIPS: what they write into syslog, and what their databases hold.
//!
//! Both write `LEVEL` first. Kamailio follows with `module [file:line]: function(): message`, and with
//! `<script>: text` for what the site's own routing script prints; before that stands whatever the
//! site's `log_prefix` puts there, by Debian's default `{1 2 REGISTER call-id}`: request or reply, CSeq,
//! Call-ID (`core/dprint.h`). OpenSIPS writes `LEVEL:module:function: message` and prints the script's
//! text bare (`dprint.h`).
//!
//! A stock server prints neither failed nor accepted logins: what is known of them is the script's. Calls
//! are told by the accounting module, one line per transaction ([`accounting`]).
//!
//! The Call-ID in the prefix and the user agent behind it are the sender's words, and may spell out a
//! second head, the Call-ID before the true one and the user agent behind it. A line with two heads is
//! read both ways: a login that failed or went well stays one, unless one way tells the opposite of the
//! other, but the address is then nobody's.

mod accounting;
mod database;
mod fields;
mod script;
mod table;
mod text_table;

pub(super) use database::FORMAT as DATABASE;
pub(crate) use database::exact_time;
pub(super) use table::ProxyTable;
pub(super) use text_table::FORMAT as TEXT_TABLE;
pub(crate) use text_table::{heading as text_table_heading, values as text_table_values};

use super::found::Found;
use super::syslog::{Message, Program};
use super::text;
use crate::event::{Action, Service};

/// Kamailio.
pub(super) static KAMAILIO: Program = Program {
    word: "kamailio",
    names: &["kamailio", "openser", "ser"],
    read: |message| found(message, Service::Kamailio),
};

/// OpenSIPS.
pub(super) static OPENSIPS: Program =
    Program { word: "opensips", names: &["opensips"], read: |message| found(message, Service::Opensips) };

/// Reads a message of a program of any name that writes as Kamailio does: sites name its instances.
///
/// The level and the head must begin the message, where no stranger's words stand.
pub(super) fn by_form<'a>(message: &Message<'a>) -> Option<Found<'a>> {
    let rest = behind_level(behind_process(message.text))?.strip_prefix(b" ")?;
    let (start, _, _) = heads(rest).next()?;
    let prefix = rest.get(..start)?;
    if !prefix.is_empty() && call_id(prefix).is_none() {
        return None;
    }
    found(message, Service::Kamailio)
}

/// Bytes of a module's name, and of the place in its source.
const LONGEST_HEAD: usize = 128;

/// Levels of both, as printed.
const LEVELS: [&[u8]; 9] =
    [b"ALERT", b"BUG", b"CRITICAL", b"ERROR", b"WARNING", b"NOTICE", b"INFO", b"DEBUG", b"DBG"];

/// A line, taken apart.
#[derive(Clone, Copy, Debug)]
struct Said<'a> {
    /// The module that speaks; `None` for the routing script.
    module: Option<&'a [u8]>,
    /// What it says.
    text: &'a [u8],
    /// The Call-ID of the request at hand, where the prefix tells it.
    call_id: Option<&'a [u8]>,
    /// What it says if its last head is the true one: the module and its text.
    again: Option<(Option<&'a [u8]>, &'a [u8])>,
}

fn found<'a>(message: &Message<'a>, service: Service) -> Option<Found<'a>> {
    let said = match service {
        Service::Opensips => of_opensips(message.text),
        _ => of_kamailio(message.text)?,
    };
    let told = |module: Option<&[u8]>, text| match module {
        Some(module) => of_module(module, text, service),
        None => script::found(text, service),
    };
    let first = told(said.module, said.text);
    if let Some((module, text)) = said.again {
        return of_two(first, told(module, text), service);
    }
    let mut found = first?;
    found.session = found.session.or(said.call_id);
    Some(found)
}

/// Returns what holds of a line whichever of its two heads is the true one.
fn of_two<'a>(first: Option<Found<'a>>, last: Option<Found<'a>>, service: Service) -> Option<Found<'a>> {
    let is_login =
        |found: &Found<'_>| matches!(found.action, Action::AuthFailed | Action::AuthOk | Action::Registered);
    let is_refusal = |found: &Found<'_>| {
        matches!(found.action, Action::Banned | Action::Probe | Action::CallRejected | Action::Unregistered)
    };
    let (mut told, other) = match (first, last) {
        (None, None) => return None,
        (Some(first), Some(last)) if is_login(&first) && first.action == last.action => (first, Some(last)),
        (Some(login), other) | (other, Some(login))
            if is_login(&login) && other.as_ref().is_none_or(is_refusal) =>
        {
            (login, other)
        }
        _ => return Some(Found::new(Action::Probe, service).because("a line made to read as two")),
    };
    let agrees = other.as_ref().is_some_and(|other| other.address == told.address);
    if !agrees {
        (told.address, told.port) = (None, None);
    }
    told.account = told.account.filter(|name| other.and_then(|it| it.account).is_none_or(|it| it == *name));
    Some(told)
}

/// Takes a line of Kamailio apart.
fn of_kamailio<'a>(line: &'a [u8]) -> Option<Said<'a>> {
    let rest = behind_level(behind_process(line))?.strip_prefix(b" ")?;
    let mut heads = heads(rest);
    let Some((start, length, module)) = heads.next() else {
        // The script's mark is a parameter of the module that prints it.
        return Some(behind_prefix(rest));
    };
    let call_id = call_id(rest.get(..start)?);
    let said = |(start, length, module): (usize, usize, Option<&'a [u8]>)| {
        let text = rest.get(start + length..)?;
        Some((module, if module.is_some() { behind_function(text) } else { text }))
    };
    let again = heads.last().and_then(said);
    let (module, text) = said((start, length, module))?;
    Some(Said { module, text, call_id, again })
}

/// Takes the prefix off a line without a head; where a brace closes twice, either may end the Call-ID.
fn behind_prefix(line: &[u8]) -> Said<'_> {
    let whole = Said { module: None, text: line, call_id: None, again: None };
    let Some((prefix, text)) = text::split_once(line, b"} ").filter(|_| line.starts_with(b"{")) else {
        return whole;
    };
    let last = text::split_last(text, b"} ").map(|(_, text)| (None, text));
    let id = line.get(..prefix.len() + 1).and_then(call_id);
    Said { text, call_id: id, again: last, ..whole }
}

/// Takes a line of OpenSIPS apart.
fn of_opensips(line: &[u8]) -> Said<'_> {
    let line = behind_process(line);
    if let Some(said) = of_json(line) {
        return said;
    }
    let script = Said { module: None, text: line, call_id: None, again: None };
    let Some(rest) = behind_level(line) else { return script };
    let Some((module, rest)) = text::split_once(rest, b":") else { return script };
    let Some((function, text)) = text::split_once(rest, b": ") else { return script };
    if !is_word(module) || !is_word(function) {
        return script;
    }
    Said { module: Some(module), text, ..script }
}

/// Takes a line of OpenSIPS 3.4 apart that is JSON: `{"time": ..., "module": "acc", ..., "message": "..."}`,
/// with `@cee: ` before it or not. What is escaped in it stays so.
fn of_json(line: &[u8]) -> Option<Said<'_>> {
    let object = line.strip_prefix(b"@cee:").unwrap_or(line).trim_ascii();
    let object = object.strip_prefix(b"{")?.strip_suffix(b"}")?;
    // The message is the last member, and the only one that holds others' words.
    let (before, message) = text::split_once(object, b"\"message\":")?;
    let message = text::unquoted(message.trim_ascii(), b'"');
    let module = text::split_once(before, b"\"module\":").map(|(_, rest)| rest.trim_ascii_start());
    let module = module.and_then(|rest| rest.strip_prefix(b"\"")).and_then(|rest| text::until(rest, b"\""));
    Some(Said { module, text: message, call_id: None, again: None })
}

/// Takes ` 3(1234) ` off, which lines on standard error begin with.
fn behind_process(line: &[u8]) -> &[u8] {
    let trimmed = line.trim_ascii_start();
    let behind = || {
        let (number, rest) = text::split_once(trimmed, b"(")?;
        let (process, rest) = text::split_once(rest, b") ")?;
        let is_number = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_digit);
        (is_number(number) && is_number(process)).then_some(rest)
    };
    behind().unwrap_or(trimmed)
}

fn behind_level(line: &[u8]) -> Option<&[u8]> {
    LEVELS.iter().find_map(|level| line.strip_prefix(*level)?.strip_prefix(b":"))
}

fn is_word(text: &[u8]) -> bool {
    !text.is_empty()
        && text.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}

/// Returns every place that may be the head of a message: start, length, and the module's name.
fn heads(line: &[u8]) -> impl Iterator<Item = (usize, usize, Option<&[u8]>)> {
    const SCRIPT: &[u8] = b"<script>: ";
    memchr::memchr_iter(b':', line).filter_map(|colon| {
        let end = colon + 2;
        let before = line.get(..end).filter(|before| before.ends_with(b": "))?;
        if before.ends_with(SCRIPT) {
            return Some((end - SCRIPT.len(), SCRIPT.len(), None));
        }
        // `acc [acc.c:287]: `, `<core> [core/tcp_main.c:5073]: `.
        let inside = before.strip_suffix(b"]: ")?;
        let nearest = inside.len().saturating_sub(LONGEST_HEAD);
        let open = nearest + memchr::memrchr(b'[', inside.get(nearest..)?)?;
        let (file, number) = text::split_last(inside.get(open + 1..)?, b":")?;
        let is_place = !number.is_empty()
            && number.iter().all(u8::is_ascii_digit)
            && file.contains(&b'.')
            && !file.contains(&b' ');
        let module = inside.get(..open)?.strip_suffix(b" ")?;
        let nearest = module.len().saturating_sub(LONGEST_HEAD);
        let module_start =
            memchr::memrchr(b' ', module.get(nearest..)?).map_or(nearest, |space| nearest + space + 1);
        is_place.then_some((module_start, end - module_start, module.get(module_start..)))
    })
}

/// Takes `function(): ` off; Kamailio before 3.3 prints none.
fn behind_function(text: &[u8]) -> &[u8] {
    match text::split_once(text, b"(): ") {
        Some((name, rest)) if is_word(name) => rest,
        _ => text,
    }
}

/// Reads the Call-ID out of `{1 2 REGISTER call-id} `; the server prints whatever the sender put there,
/// blanks and braces too.
fn call_id(prefix: &[u8]) -> Option<&[u8]> {
    let inside = prefix.trim_ascii().strip_prefix(b"{")?.strip_suffix(b"}")?;
    let mut words = inside.splitn(4, |&byte| byte == b' ');
    let (kind, sequence, method, call_id) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let is_plain = matches!(kind, b"1" | b"2") && sequence.iter().all(u8::is_ascii_digit) && is_word(method);
    (is_plain && !call_id.is_empty()).then_some(call_id)
}

/// Reads what a module says, if it tells of an event.
fn of_module<'a>(module: &[u8], text: &'a [u8], service: Service) -> Option<Found<'a>> {
    match module {
        b"acc" => accounting::of_line(text.strip_prefix(b"ACC: ")?, service),
        b"pike" => flood(text, service),
        b"secfilter" => {
            let is_injection = text.starts_with(b"Possible SQL injection found");
            is_injection.then(|| Found::new(Action::Probe, service).because("SQL injection"))
        }
        b"auth" if text.starts_with(b"Credentials are not filled properly") => {
            Some(Found::new(Action::AuthFailed, service).because("malformed credentials"))
        }
        _ => None,
    }
}

/// Reads what the flood detector says; the line that lifts a block names only its own node.
fn flood<'a>(text: &'a [u8], service: Service) -> Option<Found<'a>> {
    if let Some(rest) = text.strip_prefix(b"PIKE - BLOCKing ip ") {
        let (address, node) = text::split_once(rest, b", node=")?;
        let found = Found { session: Some(node), ..Found::new(Action::Banned, service) };
        return Some(found.from(text::endpoint(address)).because("too many requests"));
    }
    let node = text.strip_prefix(b"PIKE - UNBLOCKing node ")?;
    Some(Found { session: Some(node), ..Found::new(Action::Unbanned, service) })
}
