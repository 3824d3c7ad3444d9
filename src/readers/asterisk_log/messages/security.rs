//! Security events: `res/res_security_log.c` and `main/security_events.c`, 1.8 and later.
//!
//! Values are printed without escaping, so an AccountID or SessionID may hold what looks like further
//! fields. Two things are the server's own: the order (LocalAddress, then RemoteAddress, directly one
//! after the other), and that a quoted string of a digest answer keeps its backslashes.

use crate::event::{Action, Instant, Service};
use crate::readers::found::Found;
use crate::readers::text::{address, number, positions, sip_user, split_last, split_once, until};

/// Reads the fields of one event.
pub(super) fn read(message: &[u8]) -> Option<Found<'_>> {
    let rest = message.strip_prefix(b"SecurityEvent=\"")?;
    let (event, rest) = split_once(rest, b"\"")?;
    let (action, reason) = meaning(event)?;
    let service = value(rest, b",Service=\"");
    let mut found = Found::new(action, service_of(service)).because(reason);
    found.exact = value(rest, b",EventTV=\"").and_then(event_time);
    let (before_peer, peer, after_peer) = peer(rest);
    if let Some((family, rest)) = peer.and_then(|peer| split_once(peer, b"/")) {
        let _ = family;
        let (_transport, socket) = split_once(rest, b"/")?;
        let (host, port) = split_last(socket, b"/")?;
        found = found.from(address(host).map(|address| (address, number(port))));
    }
    if is_doubtful(found.service, rest) {
        found = found.from(None);
    }
    identities(&mut found, before_peer, after_peer);
    if found.service == Service::Manager && action == Action::AuthOk {
        found.action = Action::ManagerLogin;
    }
    Some(found)
}

fn meaning(event: &[u8]) -> Option<(Action, &'static str)> {
    Some(match event {
        b"ChallengeSent" => (Action::Challenge, ""),
        b"SuccessfulAuth" => (Action::AuthOk, ""),
        b"FailedACL" => (Action::AuthFailed, "FailedACL"),
        b"InvalidAccountID" => (Action::AuthFailed, "InvalidAccountID"),
        b"InvalidPassword" => (Action::AuthFailed, "InvalidPassword"),
        b"ChallengeResponseFailed" => (Action::AuthFailed, "ChallengeResponseFailed"),
        b"AuthMethodNotAllowed" => (Action::AuthFailed, "AuthMethodNotAllowed"),
        b"UnexpectedAddress" => (Action::AuthFailed, "UnexpectedAddress"),
        b"InvalidTransport" => (Action::AuthFailed, "InvalidTransport"),
        b"RequestNotAllowed" => (Action::AuthFailed, "RequestNotAllowed"),
        b"SessionLimit" => (Action::Probe, "SessionLimit"),
        b"MemoryLimit" => (Action::Probe, "MemoryLimit"),
        b"LoadAverageLimit" => (Action::Probe, "LoadAverageLimit"),
        b"RequestNotSupported" => (Action::Probe, "RequestNotSupported"),
        b"RequestBadFormat" => (Action::Probe, "RequestBadFormat"),
        _ => return None,
    })
}

fn service_of(service: Option<&[u8]>) -> Service {
    match service {
        Some(b"PJSIP") => Service::Pjsip,
        Some(b"AMI") => Service::Manager,
        Some(b"IAX2") => Service::Iax2,
        _ => Service::Sip,
    }
}

fn value<'a>(text: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    let (_, rest) = split_once(text, key)?;
    until(rest, b"\"")
}

/// Returns whether nothing tells which address of a manager's event is the peer's.
///
/// The action's name (RequestType) stands behind the addresses, and who has not logged in yet may
/// already choose it.
fn is_doubtful(service: Service, text: &[u8]) -> bool {
    let mut peers = positions(text, b"\",RemoteAddress=\"", 2);
    service == Service::Manager
        && peers.next().is_some()
        && peers.next().is_some()
        && split_once(text, b",RequestType=\"").is_some()
}

/// Splits at the true RemoteAddress: the last one that no backslash marks as part of a quoted string,
/// if one directly behind a LocalAddress; else the last there is.
fn peer(text: &[u8]) -> (&[u8], Option<&[u8]>, &[u8]) {
    const KEY: &[u8] = b"\",RemoteAddress=\"";
    let mut best: Option<(usize, bool)> = None;
    for at in positions(text, KEY, 2) {
        let before = &text[..at];
        let is_quoted = before.ends_with(b"\\");
        let follows_local =
            split_last(before, b",LocalAddress=\"").is_some_and(|(_, local)| !local.contains(&b'"'));
        let trust = !is_quoted && follows_local;
        if best.is_none_or(|(_, trusted)| trust || !trusted) {
            best = Some((at, trust));
        }
    }
    // An event whose fields come in another order still has its key.
    let Some((at, _)) = best else {
        return match split_last(text, b"RemoteAddress=\"") {
            Some((before, rest)) => (before, until(rest, b"\""), rest),
            None => (text, None, b""),
        };
    };
    let rest = &text[at + KEY.len()..];
    (&text[..at], until(rest, b"\""), rest)
}

/// Fills in account, session and number from what stands before the addresses.
fn identities<'a>(found: &mut Found<'a>, before: &'a [u8], after: &'a [u8]) {
    const SESSION: &[u8] = b"\",SessionID=\"";
    let before = split_last(before, b"\",LocalAddress=\"").map_or(before, |(before, _)| before);
    let account = split_once(before, b",AccountID=\"").map(|(_, rest)| rest);
    // chan_sip's session is a pointer of the server's own, so what looks like one before it is part
    // of the account; with PJSIP it is the Call-ID, and the account comes first.
    let split = if found.service == Service::Pjsip { split_once } else { split_last };
    let (account, session) = match account.map(|text| split(text, SESSION).ok_or(text)) {
        Some(Ok((account, session))) => (Some(account), Some(session)),
        Some(Err(account)) => (Some(account), None),
        None => {
            (value(after, b",AccountID=\""), split_once(before, b",SessionID=\"").map(|(_, session)| session))
        }
    };
    found.session = session.filter(|session| !session.is_empty());
    let Some(account) = account.filter(|account| !account.is_empty() && *account != b"<unknown>") else {
        return;
    };
    match sip_user(account) {
        // An INVITE's challenge names the From URI; the detail tells it from a registration's.
        Some(user) if account.starts_with(b"sip") => {
            found.account = Some(user);
            found.detail = Some(account);
        }
        _ => found.account = Some(account),
    }
}

/// Reads `1368439853-500975` (to 11) and `2026-11-12T03:58:44.244+0100` (13 and later).
fn event_time(text: &[u8]) -> Option<Instant> {
    if text.get(4) != Some(&b'-') {
        let (seconds, micros) = split_once(text, b"-")?;
        let seconds: i64 = number(seconds)?;
        let micros: i64 = number(micros)?;
        // The clock of a real server stands between 1970 and 2106, where 32 bits end.
        let is_real = (0..=i64::from(u32::MAX)).contains(&seconds) && (0..Instant::SECOND).contains(&micros);
        return is_real.then(|| Instant(seconds * Instant::SECOND + micros));
    }
    let field = |from: usize, to: usize| number::<i64>(text.get(from..to)?);
    let (year, month, day) = (field(0, 4)?, field(5, 7)?, field(8, 10)?);
    let (hour, minute, second) = (field(11, 13)?, field(14, 16)?, field(17, 19)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let (millis, zone) = match text.get(19) {
        Some(b'.') => (field(20, 23)?, text.get(23..)?),
        _ => (0, text.get(19..)?),
    };
    let sign = match zone.first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let offset = sign * (number::<i64>(zone.get(1..3)?)? * 60 + number::<i64>(zone.get(zone.len() - 2..)?)?);
    let seconds = days_from_civil(year, month, day) * 86_400 + hour * 3_600 + (minute - offset) * 60 + second;
    Some(Instant(seconds * Instant::SECOND + millis * 1_000))
}

/// Days from 1970-01-01 to a date of the Gregorian calendar, by the usual shift of the year to March.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn event_times_of_both_forms() {
        assert_eq!(event_time(b"1368439853-500975"), Some(Instant(1_368_439_853_500_975)));
        assert_eq!(event_time(b"2015-03-11T22:21:07.504+0200"), Some(Instant(1_426_105_267_504_000)));
        assert_eq!(event_time(b"1970-01-01T03:00:00.000+0300"), Some(Instant(0)));
        assert_eq!(event_time(b"2015-13-11T22:21:07.504+0200"), None);
        assert_eq!(event_time(b""), None);
    }

    #[test]
    fn the_address_is_the_socket_s_whatever_the_sender_wrote() {
        let read = |text: &str| read(text.as_bytes()).and_then(|found| found.address).map(|a| a.to_string());
        let forged = concat!(
            "SecurityEvent=\"InvalidAccountID\",EventTV=\"1-0\",Severity=\"Error\",Service=\"PJSIP\",",
            "EventVersion=\"1\",AccountID=\"1\",SessionID=\"\",LocalAddress=\"IPV4/UDP/127.0.0.1/5060\",",
            "RemoteAddress=\"IPV4/UDP/5.6.7.8/1111\"\",LocalAddress=\"IPV4/UDP/1.2.3.4/5060\",",
            "RemoteAddress=\"IPV4/UDP/10.250.251.252/5061\""
        );
        assert_eq!(read(forged).as_deref(), Some("10.250.251.252"));
        let answer = concat!(
            "SecurityEvent=\"ChallengeResponseFailed\",EventTV=\"1-0\",Severity=\"Error\",Service=\"PJSIP\",",
            "EventVersion=\"1\",AccountID=\"1\",SessionID=\"x\",LocalAddress=\"IPV4/UDP/1.2.3.4/5060\",",
            "RemoteAddress=\"IPV4/UDP/10.9.9.9/5061\",Challenge=\"1/2\",Response=\"a\\\",LocalAddress=\\\"IPV4/UDP/1.1.1.1/1\\\",",
            "RemoteAddress=\"IPV4/UDP/6.6.6.6/1\",ExpectedResponse=\"\""
        );
        assert_eq!(read(answer).as_deref(), Some("10.9.9.9"));
    }
}
