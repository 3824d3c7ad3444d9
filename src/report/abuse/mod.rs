//! `abuse/`: a report for the owner of each network that attacks came from, in XARF version 4 (<https://xarf.org>).
//!
//! A report names one address, which stands for a network's customer and never for a person: whoever runs the network
//! finds out who it was. Nobody is reported whose part cannot be told for certain, nobody at an address that no network
//! has alone, and none of those who only asked a few times. Whose network it is, RDAP tells; this program asks nobody,
//! so the note beside the reports says how. Reports are written as files and sent by nobody but the user.

mod attack;
mod base64;
mod identifier;
mod xarf;

use std::io;
use std::net::IpAddr;

use super::document::{Block, Line, counted};
use super::json;
use super::markdown;
use super::model::{Proof, Report, Role, Vector, When};

/// The note on where to send them.
pub const NOTE: &str = "abuse/README.md";
/// Reports of one case; abuse desks and users can work with no more.
const MOST_REPORTS: usize = 100;
/// One who got nothing is reported from so many records on: fewer may be a mistyped number or a survey.
const LEAST_RECORDS: u64 = 10;

/// What is reported of one address.
struct Reported<'r> {
    address: IpAddr,
    roles: &'r [Role],
    first: &'r When,
    last: &'r When,
    records: u64,
    attempts: Option<u64>,
    evidence: &'r [Proof],
    /// Did it get in, or make calls?
    got_in: bool,
    /// Was the way in of its incident a hole of the web server?
    by_a_hole: bool,
}

impl<'r> Reported<'r> {
    /// Tells of one who, as far as is told here, tried and got nothing.
    fn of(
        address: IpAddr,
        roles: &'r [Role],
        (first, last): (&'r When, &'r When),
        records: u64,
        evidence: &'r [Proof],
    ) -> Self {
        Reported {
            address,
            roles,
            first,
            last,
            records,
            attempts: None,
            evidence,
            got_in: false,
            by_a_hole: false,
        }
    }
}

/// Returns the reports and the note, as paths below the case folder and contents; nothing where nobody is reported.
pub fn files(report: &Report) -> io::Result<Vec<(String, Vec<u8>)>> {
    let all = reported(report);
    let shown = all.get(..MOST_REPORTS).unwrap_or(&all);
    if shown.is_empty() {
        return Ok(Vec::new());
    }
    let mut files = vec![(NOTE.to_owned(), note(report, shown, all.len()).into_bytes())];
    for one in shown {
        let mut bytes = Vec::new();
        json::write_pretty(&mut bytes, &xarf::report(report, one))?;
        files.push((file_name(one.address), bytes));
    }
    Ok(files)
}

/// Returns the addresses that are reported, in the order of the reports.
pub fn addresses(report: &Report) -> Vec<IpAddr> {
    reported(report).into_iter().take(MOST_REPORTS).map(|one| one.address).collect()
}

fn file_name(address: IpAddr) -> String {
    format!("abuse/{}.json", address.to_string().replace(':', "-"))
}

/// Intruders in the order of their incidents, then those who got nothing, most tries first.
fn reported(report: &Report) -> Vec<Reported<'_>> {
    let certain = report.incidents.iter().filter(|incident| !incident.cannot_tell);
    let sources = certain.flat_map(|incident| incident.sources.iter().map(move |source| (incident, source)));
    let intruders = sources.filter_map(|(incident, source)| {
        let inside = |role: &Role| matches!(role, Role::Register | Role::Dial | Role::Manager);
        let span = (source.first.as_ref()?, source.last.as_ref()?);
        let told = Reported::of(source.address, &source.roles, span, source.events, &source.evidence);
        Some(Reported {
            attempts: source.attempts,
            got_in: source.roles.iter().any(inside),
            by_a_hole: incident.entry.vector == Vector::WebExploit,
            ..told
        })
    });
    let enough = report.failed_attackers.iter().filter(|attacker| attacker.events >= LEAST_RECORDS);
    let mut failed: Vec<_> = enough
        .filter_map(|one| {
            let span = (one.first.as_ref()?, one.last.as_ref()?);
            let told = Reported::of(one.address, &one.roles, span, one.events, &one.evidence);
            Some(Reported { attempts: one.attempts, ..told })
        })
        .collect();
    failed.sort_by_key(|one| (std::cmp::Reverse(one.attempts), std::cmp::Reverse(one.records), one.address));
    let mut seen = std::collections::BTreeSet::new();
    intruders.chain(failed).filter(|one| has_a_network(one.address) && seen.insert(one.address)).collect()
}

/// Returns whether an address can belong to somebody's network on the Internet.
fn has_a_network(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [first, second, ..] = v4.octets();
            // Shared space behind a carrier's own translation (RFC 6598) is nobody's alone.
            let is_shared = first == 100 && (64..128).contains(&second);
            !(first == 0
                || is_shared
                || v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_multicast()
                || v4.is_broadcast())
        }
        IpAddr::V6(v6) => {
            !(v6.is_loopback()
                || v6.is_unspecified()
                || v6.is_multicast()
                || v6.is_unique_local()
                || v6.is_unicast_link_local())
        }
    }
}

/// Says what to fill in, whom to send each report to, and how to find out who that is.
fn note(report: &Report, shown: &[Reported<'_>], all: usize) -> String {
    let mut blocks = vec![
        Block::Paragraph("One report for each address, for the abuse desk of the network that it belongs to. Nothing has been sent.".into()),
        Block::heading("Before you send one"),
        Block::List(vec![
            Line::default().words("Fill in who reports: org, contact and domain stand twice in each file. ").words(xarf::FILL_IN_MAIL).words(" is no address."),
            "Read the evidence in it: it is in base64, which base64 -d shows, and holds lines of your logs with names and numbers. With --redact pseudonyms stand for them.".into(),
            "Ask the police first where a case is filed: a warned intruder deletes what he has.".into(),
            "Do not write to the address's owner as if he were the intruder: it may be a relay, or somebody else's hacked machine.".into(),
        ]),
        Block::heading("Where to send it"),
        Block::Paragraph(
            "RDAP tells the abuse contact of each address: the mail of the entity with the role abuse. On a machine with a network:".into(),
        ),
        Block::Commands(vec![format!(
            "curl -sL https://rdap.org/ip/{}",
            shown.first().map(|one| one.address.to_string()).unwrap_or_default()
        )]),
    ];
    let rows = shown.iter().map(|one| {
        let part: Vec<&str> = one.roles.iter().map(|role| role.word()).collect();
        vec![
            one.address.to_string().into(),
            Line::path(&file_name(one.address)),
            part.join(", ").into(),
            if one.got_in { "got in".into() } else { "tried".into() },
            one.records.into(),
        ]
    });
    blocks.extend(Block::table(&["address", "file", "part", "outcome", "#records"], rows.collect()));
    let left = all.saturating_sub(shown.len());
    if left > 0 {
        blocks.push(Block::Paragraph(
            format!(
                "{} more attacked and are not reported here: iocs.csv lists them.",
                counted(left as u64, "address")
            )
            .into(),
        ));
    }
    blocks.push(Block::Paragraph(
        format!("Not reported: who left fewer than {LEAST_RECORDS} records and got nothing, private addresses, and whose part cannot be told for certain.").into(),
    ));
    let title = match &report.case.number {
        Some(number) => format!("Abuse reports, case {number}"),
        None => "Abuse reports".to_owned(),
    };
    markdown::render(&title, &blocks)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::report::sample;

    fn reports(report: &Report) -> Vec<Value> {
        let files = files(report).unwrap();
        let reports = files.iter().filter(|(name, _)| name.ends_with(".json"));
        reports.map(|(_, bytes)| serde_json::from_slice(bytes).unwrap()).collect()
    }

    /// What the schemas of XARF 4.2.0 ask for: `xarf-core`, `connection-login-attack`, `connection-reconnaissance`.
    fn holds_to_the_schema(report: &Value) {
        let object = report.as_object().unwrap();
        for key in [
            "xarf_version",
            "report_id",
            "timestamp",
            "source_identifier",
            "category",
            "type",
            "protocol",
            "first_seen",
        ] {
            assert!(object[key].is_string(), "{key}: {report}");
        }
        for who in ["reporter", "sender"] {
            let keys: Vec<_> = object[who].as_object().unwrap().keys().collect();
            assert_eq!(keys, ["contact", "domain", "org"], "and nothing else");
        }
        assert!(["tcp", "udp"].contains(&object["protocol"].as_str().unwrap()));
        let id = object["report_id"].as_str().unwrap();
        assert!(id.len() == 36 && id.as_bytes()[14] == b'5' && b"89ab".contains(&id.as_bytes()[19]), "{id}");
        for key in ["timestamp", "first_seen", "last_seen"] {
            chrono::DateTime::parse_from_rfc3339(object[key].as_str().unwrap()).unwrap();
        }
        assert!(object["description"].as_str().unwrap().len() <= 1000);
        let evidence = object["evidence"].as_array().unwrap();
        assert!(evidence.len() <= 50);
        for item in evidence {
            assert!(item["content_type"].is_string() && item["payload"].is_string());
            assert!(
                item["hash"].as_str().unwrap().strip_prefix("sha256:").is_some_and(|hash| hash.len() == 64)
            );
        }
        if object["type"] == "login_attack" {
            assert!((1..=65535).contains(&object["source_port"].as_u64().unwrap()));
        }
        if object["type"] == "reconnaissance" {
            assert!(!object["probed_resources"].as_array().unwrap().is_empty());
        }
        assert_eq!(object["type"] == "vulnerability_scan", object.contains_key("scan_type"));
    }

    #[test]
    fn each_attacker_has_one_report_and_innocents_have_none() {
        let mut report = sample::report();
        report.incidents[0].sources[0].evidence[0].text = "'203.0.113.7:5099' - Wrong password".into();
        let reports = reports(&report);
        let addresses: Vec<_> =
            reports.iter().map(|one| one["source_identifier"].as_str().unwrap()).collect();
        assert_eq!(addresses, ["203.0.113.7", "2001:db8::5", "198.51.100.9"]);
        assert_eq!(reports[0]["type"], "login_attack");
        assert_eq!(reports[1]["type"], "reconnaissance");
        assert_eq!(reports[2]["type"], "reconnaissance", "no port is on record");
        reports.iter().for_each(holds_to_the_schema);
        assert_eq!(reports, self::reports(&report), "and the same the next time");
    }

    #[test]
    fn the_type_is_what_was_done() {
        let mut report = sample::report();
        report.incidents[0].entry.vector = Vector::WebExploit;
        let source = &mut report.incidents[0].sources[0];
        source.roles = vec![Role::Manager, Role::Web, Role::Dial];
        source.evidence[0].text = "203.0.113.7 - - [x] \"POST /modular.php HTTP/1.1\" 200 168".into();
        let source = &mut report.incidents[0].sources[1];
        source.roles = vec![Role::Provision];
        source.evidence[0].text =
            "Mar  7 02:00:00 pbx in.tftpd[2959]: RRQ from 2001:db8::5 filename a.cfg".into();
        let reports = reports(&report);
        reports.iter().for_each(holds_to_the_schema);
        let told = |index: usize| (&reports[index]["type"], &reports[index]["protocol"]);
        assert_eq!(told(0), (&"vulnerability_scan".into(), &"tcp".into()));
        assert_eq!(reports[0]["scan_type"], "web_vuln_scan");
        let description = reports[0]["description"].as_str().unwrap();
        assert!(description.contains("(web shell)") && description.contains("It got in."), "{description}");
        assert!(!description.contains("used the manager interface"), "{description}");
        assert_eq!(told(1), (&"reconnaissance".into(), &"udp".into()));
        assert!(!reports[1]["description"].as_str().unwrap().contains("transport"));
    }

    #[test]
    fn who_may_be_innocent_is_not_reported() {
        let mut report = sample::report();
        report.failed_attackers[0].events = LEAST_RECORDS - 1;
        report.incidents[0].cannot_tell = true;
        assert!(files(&report).unwrap().is_empty());
        for address in
            ["10.1.2.3", "100.64.9.9", "127.0.0.1", "0.0.0.7", "fe80::1", "fd00::1", "::ffff:192.168.1.1"]
        {
            assert!(!has_a_network(address.parse().unwrap()), "{address}");
        }
        assert!(has_a_network("2001:db8::5".parse().unwrap()));
    }

    #[test]
    fn there_is_an_end_to_them() {
        let mut report = sample::report();
        let one = report.failed_attackers[0].clone();
        report.failed_attackers = (0..300u32)
            .map(|number| super::super::model::FailedAttacker {
                address: IpAddr::from((0xc633_0000u32 + number).to_be_bytes()),
                ..one.clone()
            })
            .collect();
        let files = files(&report).unwrap();
        assert_eq!(files.len(), MOST_REPORTS + 1);
        let note = String::from_utf8(files[0].1.clone()).unwrap();
        assert!(note.contains("202 addresses more attacked"), "{note}");
    }
}
