//! What an address did, in the words of XARF's types, and over which transport: told by its own lines.

use crate::indicators::{self, Means};
use crate::report::model::{Proof, Role};

use super::Reported;

/// The type of a report, each a schema of XARF 4's category `connection`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attack {
    /// Tried or used secrets; the schema takes none without the sender's port.
    Login,
    /// Wrote SQL into a parameter of a page.
    SqlInjection,
    /// Used a hole of the web server, or a page that an intruder left there: XARF has no narrower type for whom the
    /// order came from, and its scans are those with "automated exploit attempts" as well.
    Exploit,
    /// Looked for what is there.
    Reconnaissance,
}

impl Attack {
    /// Judges by what was done last to best effect: secrets, then holes, then looking.
    pub(super) fn of(one: &Reported<'_>, port: Option<u16>) -> Self {
        let used_secrets = has(one, &[Role::Guess, Role::Register, Role::Dial, Role::Manager]);
        if used_secrets && port.is_some() {
            return Attack::Login;
        }
        let used = requests(one.evidence);
        if used.contains(&Used::Sql) {
            return Attack::SqlInjection;
        }
        let was_web = one.roles.contains(&Role::Web);
        if used.contains(&Used::Hole) || was_web && one.by_a_hole {
            return Attack::Exploit;
        }
        Attack::Reconnaissance
    }

    /// Returns the word of the schema.
    pub(super) fn word(self) -> &'static str {
        match self {
            Attack::Login => "login_attack",
            Attack::SqlInjection => "sql_injection",
            Attack::Exploit => "vulnerability_scan",
            Attack::Reconnaissance => "reconnaissance",
        }
    }

    /// Returns what is said of the use of the web server.
    pub(super) fn of_web(self) -> &'static str {
        match self {
            Attack::SqlInjection => "sent SQL to a page of our web server (SQL injection)",
            Attack::Exploit => {
                "used a hole of our web server or a page that an intruder had left there (web shell)"
            }
            Attack::Login | Attack::Reconnaissance => "asked for pages of our web server",
        }
    }
}

fn has(one: &Reported<'_>, roles: &[Role]) -> bool {
    one.roles.iter().any(|role| roles.contains(role))
}

/// What a request does that published marks fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Used {
    Sql,
    Hole,
}

fn requests(lines: &[Proof]) -> Vec<Used> {
    let requests = lines.iter().filter_map(|line| request(line.text.raw()));
    requests.filter_map(|(method, target)| used(method, target)).collect()
}

fn used(method: &str, target: &str) -> Option<Used> {
    /// Words of a statement, decoded and in small letters, that no page's own address holds.
    const SQL: [&str; 7] = [
        "insert into ",
        "union select",
        "union all select",
        "(select ",
        "delete from ",
        "sleep(",
        "extractvalue(",
    ];
    let decoded = indicators::decoded(method.as_bytes(), target.as_bytes());
    let all = indicators::all();
    let marks = indicators::of_request(&decoded);
    let does = |means| marks.iter().filter_map(|&mark| all.get(mark)).any(|mark| mark.means == means);
    if !does(Means::Exploit) {
        return does(Means::Shell).then_some(Used::Hole);
    }
    let text = String::from_utf8_lossy(&decoded);
    Some(if SQL.iter().any(|words| text.contains(words)) { Used::Sql } else { Used::Hole })
}

/// Returns method and target of `"GET /path HTTP/1.1"` in a line of a web server's log.
fn request(line: &str) -> Option<(&str, &str)> {
    let (before, _) = line.split_once(" HTTP/")?;
    let (_, request) = before.rsplit_once('"')?;
    let (method, target) = request.split_once(' ')?;
    let is_method = !method.is_empty() && method.bytes().all(|letter| letter.is_ascii_uppercase());
    is_method.then_some((method, target))
}

/// Returns the transport that the service of the lines always has: HTTP goes over TCP, TFTP over UDP (RFC 1350).
pub(super) fn transport(lines: &[Proof]) -> Option<&'static str> {
    lines.iter().find_map(|line| {
        let text = line.text.raw();
        if request(text).is_some() {
            return Some("tcp");
        }
        // `in.tftpd[2959]: RRQ from ...`, `dnsmasq-tftp[812]: sent ...`: the program's name stands before its number.
        let (program, _) = text.split_once("]:")?;
        let program = program.rsplit(' ').next()?;
        let program = program.split('[').next()?;
        program.contains("tftp").then_some("udp")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_told_by_what_they_do() {
        let of = |line: &str| request(line).and_then(|(method, target)| used(method, target));
        let injected = r#"192.0.2.1 - - [x] "GET /admin/ajax.php?module=FreePBX%5Cmodules%5Cendpoint%5Cajax&command=model&template=x&model=model&brand=x%27;INSERT%20INTO%20cron_jobs%20(a)%20VALUES%20(1)%20--%20- HTTP/1.1" 500 185"#;
        assert_eq!(of(injected), Some(Used::Sql));
        assert_eq!(of(r#"192.0.2.1 - - [x] "GET /admin/config.php HTTP/1.1" 200 185"#), None);
        assert_eq!(of("no request at all"), None);
    }

    #[test]
    fn the_service_tells_the_transport() {
        let of = |text: &str| {
            transport(&[Proof { path: "x".to_owned(), line: None, offset: None, text: text.into() }])
        };
        assert_eq!(
            of("2026-09-09T01:12:28-05:00 pbx in.tftpd[2959]: RRQ from 192.0.2.1 filename a.cfg"),
            Some("udp")
        );
        assert_eq!(
            of("Mar  7 02:00:00 pbx dnsmasq-tftp[812]: sent /srv/tftp/a.cfg to 192.0.2.1"),
            Some("udp")
        );
        assert_eq!(of(r#"192.0.2.1 - - [x] "GET /a.cfg HTTP/1.1" 200 544"#), Some("tcp"));
        assert_eq!(of("Mar  7 02:00:00 pbx sshd[1]: Failed password for tftp from 192.0.2.1"), None);
    }
}
