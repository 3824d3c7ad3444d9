//! One report in the form of XARF 4.2.0, of the type of what was done ([`Attack`]).
//!
//! Some releases of the schema take no `login_attack` without the sender's port, which web logs and call records do not
//! tell. What is not known is not made up: such a report is of another type, and its description says the rest.

use chrono::SecondsFormat;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::report::document::{counted, place};
use crate::report::model::{Proof, Report, Role, When};
use crate::untrusted::visible;

use super::attack::{self, Attack};
use super::{Reported, base64, identifier};

/// What stands for the mail of the reporter, whom this program does not know; `.invalid` exists nowhere (RFC 2606).
pub(super) const FILL_IN_MAIL: &str = "fill-in@example.invalid";
const FILL_IN_DOMAIN: &str = "example.invalid";
/// The longest name of an organisation that the schema allows, in characters.
const MOST_NAME: usize = 200;

/// A report. Keys and their order are XARF's.
#[derive(Serialize)]
pub(super) struct Xarf {
    xarf_version: &'static str,
    report_id: String,
    timestamp: String,
    reporter: Contact,
    sender: Contact,
    source_identifier: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_port: Option<u16>,
    category: &'static str,
    r#type: &'static str,
    protocol: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    scan_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    probed_resources: Option<Vec<&'static str>>,
    first_seen: String,
    last_seen: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempt_count: Option<u64>,
    evidence_source: &'static str,
    description: String,
    evidence: Vec<Item>,
    tags: Vec<&'static str>,
}

#[derive(Clone, Serialize)]
struct Contact {
    org: String,
    contact: &'static str,
    domain: &'static str,
}

#[derive(Serialize)]
struct Item {
    content_type: &'static str,
    description: String,
    payload: String,
    hash: String,
}

/// Returns the report of one address.
pub(super) fn report(report: &Report, one: &Reported<'_>) -> Xarf {
    let (first_seen, last_seen) = (instant(one.first), instant(one.last));
    let number = report.case.number.as_deref().unwrap_or_default();
    let name = format!("{} {first_seen} {last_seen} {number}", one.address);
    let contact = Contact {
        org: match &report.case.organisation {
            Some(name) => name.chars().take(MOST_NAME).collect(),
            None => "(name of the organisation)".to_owned(),
        },
        contact: FILL_IN_MAIL,
        domain: FILL_IN_DOMAIN,
    };
    let transport = Transport::logged(one);
    let port = transport.as_ref().and_then(|transport| transport.port);
    let attack = Attack::of(one, port);
    let logged =
        transport.as_ref().and_then(|transport| transport.protocol).or(attack::transport(one.evidence));
    Xarf {
        xarf_version: "4.2.0",
        report_id: identifier::of(&name),
        timestamp: last_seen.clone(),
        reporter: contact.clone(),
        sender: contact,
        source_identifier: one.address.to_string(),
        source_port: port,
        category: "connection",
        r#type: attack.word(),
        protocol: logged.unwrap_or(usual(one)),
        scan_type: (attack == Attack::Exploit).then_some("web_vuln_scan"),
        probed_resources: (attack == Attack::Reconnaissance).then(|| resources(one)),
        description: description(one, attack, logged.is_some()),
        first_seen,
        last_seen,
        attempt_count: one.attempts.filter(|attempts| *attempts > 0),
        evidence_source: "server_logs",
        evidence: one.evidence.iter().map(item).collect(),
        tags: tags(one),
    }
}

/// Returns an instant as the schema wants it, in UTC.
fn instant(when: &When) -> String {
    when.to_utc().to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn is_sip(one: &Reported<'_>) -> bool {
    one.roles.iter().any(|role| matches!(role, Role::Scan | Role::Guess | Role::Register | Role::Dial))
}

/// The transport that a service usually has, where no line tells it: the schema asks for one.
fn usual(one: &Reported<'_>) -> &'static str {
    if is_sip(one) { "udp" } else { "tcp" }
}

fn resources(one: &Reported<'_>) -> Vec<&'static str> {
    let resource = |role: &Role| match role {
        Role::Provision => "configuration files of telephones",
        Role::Web => "pages of the web server",
        Role::Manager => "the manager interface",
        _ => "SIP accounts",
    };
    let mut resources: Vec<_> = one.roles.iter().map(resource).collect();
    resources.dedup();
    if resources.is_empty() { vec!["SIP accounts"] } else { resources }
}

fn description(one: &Reported<'_>, attack: Attack, is_logged: bool) -> String {
    let did = |role: &Role| match role {
        Role::Scan => "looked for accounts or a way out",
        Role::Guess => "tried secrets",
        Role::Provision => "asked for configuration files of telephones",
        Role::Manager if one.roles.contains(&Role::Web) => "had the manager interface make calls",
        Role::Manager => "used the manager interface",
        Role::Web => attack.of_web(),
        Role::Register => "registered with an account that is not its own",
        Role::Dial => "made calls at our expense (toll fraud)",
    };
    let parts: Vec<_> = one.roles.iter().map(did).collect();
    let tries = one.attempts.filter(|tries| *tries > 0).map(|tries| format!(", {tries} failed tries"));
    let transport = if is_logged {
        ""
    } else {
        " The transport is not in our logs; the usual one of the service is given."
    };
    let outcome = if one.got_in { "It got in." } else { "" };
    format!(
        "As logged by our phone system, this address {}: {}{}. {outcome} The address may be a relay or a hacked machine.{transport}",
        parts.join(", "),
        counted(one.records, "record"),
        tries.unwrap_or_default()
    )
    .replace(".  ", ". ")
}

fn tags(one: &Reported<'_>) -> Vec<&'static str> {
    let mut tags = Vec::new();
    if is_sip(one) {
        tags.push("service:sip");
    }
    if one.roles.contains(&Role::Guess) {
        tags.push("attack:brute-force");
    }
    if one.roles.contains(&Role::Dial) {
        tags.push("attack:toll-fraud");
    }
    tags
}

/// A line of a log, as text in which nothing acts.
fn item(proof: &Proof) -> Item {
    let line = visible(proof.text.raw());
    let hash: String = Sha256::digest(&line).iter().map(|byte| format!("{byte:02x}")).collect();
    Item {
        content_type: "text/plain",
        description: format!("line of {}", visible(&place(proof))).chars().take(500).collect(),
        payload: base64::encoded(line.as_bytes()),
        hash: format!("sha256:{hash}"),
    }
}

/// What lines tell of the transport and the port of the sender.
struct Transport {
    protocol: Option<&'static str>,
    port: Option<u16>,
}

impl Transport {
    /// Reads `IPV4/UDP/203.0.113.7/5071` of Asterisk's security log and `'203.0.113.7:5071'` of chan_sip; the last
    /// line that tells wins. What follows `@` in a contact or a Call-ID is what the sender wrote.
    fn logged(one: &Reported<'_>) -> Option<Self> {
        let address = one.address.to_string();
        let places = one.evidence.iter().rev().flat_map(|proof| {
            let text = proof.text.raw();
            text.match_indices(&address)
                .map(move |(at, found)| (text.get(..at), text.get(at + found.len()..)))
        });
        let told: Vec<Self> = places.filter_map(|(before, after)| Self::beside(before?, after?)).collect();
        let whole = told.iter().position(|transport| transport.protocol.is_some()).unwrap_or(0);
        told.into_iter().nth(whole)
    }

    /// Reads what stands before and after an address.
    fn beside(before: &str, after: &str) -> Option<Self> {
        let port = |rest: &str| {
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            digits.parse().ok().filter(|port| *port > 0)
        };
        if let Some(before) = before.strip_suffix('/') {
            let protocol = match before.rsplit('/').next() {
                Some("UDP") => Some("udp"),
                Some("TCP" | "TLS" | "WS" | "WSS") => Some("tcp"),
                _ => None,
            };
            let port = after.strip_prefix('/').and_then(port);
            return protocol.is_some().then_some(Transport { protocol, port });
        }
        // chan_sip puts the address of the socket in quotes.
        before.strip_suffix('\'')?;
        let port = after.strip_prefix(':').and_then(port)?;
        Some(Transport { protocol: None, port: Some(port) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;
    use crate::untrusted::Untrusted;

    fn of(line: &str) -> Xarf {
        let mut report = sample::report();
        report.incidents[0].sources[0].evidence[0].text = Untrusted::from(line);
        let reported = super::super::reported(&report);
        super::report(&report, &reported[0])
    }

    #[test]
    fn transport_and_port_are_those_that_were_logged() {
        let told = of(
            r#"AccountID="201",LocalAddress="IPV4/TLS/192.0.2.1/5061",RemoteAddress="IPV4/TLS/203.0.113.7/5071""#,
        );
        assert_eq!((told.protocol, told.source_port), ("tcp", Some(5071)));
        assert!(!told.description.contains("transport"));
        let told = of("Registration from '<sip:1@x>' failed for '203.0.113.7:5099' - Wrong password");
        assert_eq!((told.protocol, told.source_port), ("udp", Some(5099)));
        assert!(told.description.contains("The transport is not in our logs"), "{}", told.description);
        let told =
            of("Added contact 'sip:201@203.0.113.7:6070', or a port that is none: '203.0.113.7:99999'");
        assert_eq!((told.protocol, told.source_port), ("udp", None));
    }
}
