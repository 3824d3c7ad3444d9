//! A report for tests, with hostile text in every field that evidence can fill.

use chrono::{DateTime, Duration};

use crate::event::Action;
use crate::geoip::GeoFile;
use crate::patterns::{Level, Thresholds};
use crate::playbook;
use crate::untrusted::Untrusted;

use super::model::*;

/// Text that tries every output at once.
pub(crate) const HOSTILE: &str = "=cmd|' /C calc'!A0\x1b[2J\u{202e}`<script>|[x](http://evil)\r\n@all";

fn hostile() -> Untrusted {
    Untrusted::from(HOSTILE)
}

fn when(minutes: i64) -> Option<When> {
    let start = DateTime::parse_from_rfc3339("2026-03-07T23:14:05+01:00").unwrap();
    Some(start + Duration::minutes(minutes))
}

fn proof(line: u64) -> Proof {
    let path = "var/log/asterisk/full".to_owned();
    Proof { path, line: Some(line), offset: Some(line * 80), text: hostile() }
}

fn call(index: i64) -> Box<FraudCall> {
    Box::new(FraudCall {
        uniqueid: Some(hostile()),
        start: when(index * 7),
        end: when(index * 7),
        account: Some(hostile()),
        dialed: hostile(),
        e164: Some("+881835211000".to_owned()),
        country: None,
        number: CalledNumber::default(),
        seconds: Some(600),
        disposition: "ANSWERED",
        cost: Some("12.50".to_owned()),
        currency: Some("EUR".to_owned()),
        cost_basis: Some("rate-deck"),
        stayed_inside: false,
        why: "- dialled from a contact of the intruder, *see* <b>".to_owned(),
        address: Some("203.0.113.7".parse().unwrap()),
        caller: Some(hostile()),
        route: None,
        evidence: vec![proof(900)],
    })
}

fn source(address: &str, roles: &[Role]) -> Source {
    Source {
        address: address.parse().unwrap(),
        roles: roles.to_vec(),
        country: None,
        network: None,
        city: None,
        first: when(-600),
        last: when(80),
        events: 4_000,
        attempts: Some(1_300),
        evidence: vec![proof(17)],
    }
}

fn incident() -> Incident {
    let rival = Alternative {
        title: None,
        vector: Vector::ProvisioningLeak,
        likelihood: Likelihood::Unlikely,
        because: vec!["the phone file holds the same secret".to_owned()],
        against: vec!["no fetch of it, though the server's log is there".to_owned()],
        missing: vec!["a log of reads by TFTP".to_owned()],
        would_refute: vec!["a registration from outside that is older".to_owned()],
    };
    Incident {
        id: "incident-1".to_owned(),
        title: "Extension 201 was guessed and made 12 calls.".to_owned(),
        cannot_tell: false,
        entry: Entry {
            vector: Vector::PasswordGuess,
            likelihood: Likelihood::AlmostCertain,
            because: vec!["1,300 failed tries, then a success from the same address".to_owned()],
            against: vec!["nothing".to_owned()],
            missing: vec!["the configuration".to_owned()],
            alternatives: vec![rival],
            would_refute: vec!["a registration from elsewhere before that".to_owned()],
        },
        accounts: vec![TakenAccount { name: hostile(), how: "guessed".to_owned() }],
        sources: vec![
            source("203.0.113.7", &[Role::Guess, Role::Register, Role::Dial]),
            source("2001:db8::5", &[Role::Scan]),
        ],
        callers: vec![Caller {
            number: Some(hostile()),
            roles: vec![Role::Dial],
            first: when(0),
            last: when(1),
            calls: 1,
        }],
        phases: vec![PhaseSpan { phase: Role::Dial, first: when(0), last: when(77), events: 12, sources: 1 }],
        calls: (0..12).map(call).collect(),
        totals: Totals {
            calls: 12,
            answered: 12,
            seconds: Some(7_200),
            unmeasured: 0,
            cost: Some("150.00".into()),
            currency: Some("EUR".into()),
        },
        loss: loss(),
        breach: when(-5),
        proof: vec![proof(800)],
        not_blocked: vec![NotBlocked {
            defence: format!("fail2ban, jail {}", crate::untrusted::visible(HOSTILE)),
            verdict: Verdict::WrongLog,
            why: "it reads another log".to_owned(),
            evidence: vec![proof(3)],
        }],
        still_registered: Vec::new(),
        routes: Vec::new(),
        unknown: vec!["how the number of the extension was known".to_owned()],
    }
}

fn summary() -> CallSummary {
    let hour = HourCount { hour: when(0).unwrap(), count: 12, seconds: Some(7_200) };
    let sum = CallRowSum { name: hostile(), calls: 12, answered: 12, seconds: Some(7_200), place: None };
    CallSummary {
        first: when(0),
        last: when(77),
        totals: Totals { calls: 12, answered: 12, seconds: Some(7_200), ..Totals::default() },
        by_hour: vec![hour],
        by_destination: vec![sum.clone()],
        by_country: vec![sum.clone()],
        by_class: vec![sum.clone()],
        by_account: vec![sum.clone()],
        by_source: vec![sum.clone()],
        by_caller: vec![sum],
    }
}

fn loss() -> Loss {
    let row = LossRow {
        name: hostile(),
        hour: when(0),
        calls: 12,
        currency: Some(HOSTILE.to_owned()),
        cost: Some("150.00".to_owned()),
        cost_so_far: Some("150.00".to_owned()),
        illustrative_low: None,
        illustrative_high: None,
    };
    Loss {
        known: vec![KnownLoss {
            basis: "rate-deck",
            currency: Some(HOSTILE.to_owned()),
            cost: "150.00".to_owned(),
            calls: 12,
        }],
        by_hour: vec![row.clone()],
        by_destination: vec![row.clone()],
        by_account: vec![row],
        ..Loss::default()
    }
}

fn dialling() -> Dialling {
    let row = NumberRow {
        dialed: hostile(),
        e164: Some("+881835211000".to_owned()),
        country: None,
        number: CalledNumber::default(),
        steps: vec!["+881 is Global satellite".to_owned()],
        alternatives: Vec::new(),
        risk_because: vec!["satellite numbers are dear by their class".to_owned()],
        calls: 12,
        seconds: Some(7_200),
    };
    Dialling { table_version: "0", numbers: vec![row], ..Dialling::default() }
}

fn assessment() -> Assessment {
    let party = |address: &str| FailureRow {
        address: address.parse().unwrap(),
        place: Some("NL, Utrecht".to_owned()),
        attempts: 1_300,
        records: 4_000,
        first: when(-600),
        last: when(-5),
    };
    Assessment {
        last_day: summary(),
        incident: summary(),
        all_calls: 900,
        failure_records: 4_000,
        failed_attempts: 1_300,
        failures_by_log: vec![("security".to_owned(), 4_000)],
        failures_by_hour: vec![HourCount { hour: when(-600).unwrap(), count: 1_300, seconds: None }],
        failures_by_source: vec![party("203.0.113.7")],
        failures_by_account: vec![(hostile(), 1_300)],
        scanners: vec![party("2001:db8::5")],
        sip: Some(SipSummary {
            messages: 2,
            requests: [("OPTIONS".to_owned(), 2)].into(),
            user_agents: vec![(hostile(), 2)],
            user_agent_count: 1,
            sources: 1,
            ..SipSummary::default()
        }),
    }
}

/// Returns a report of one intrusion, the steps of the built-in playbooks judged by it.
pub(crate) fn report() -> Report {
    let mut report = unjudged();
    playbook::judge::add(&playbook::load::load(&[]).unwrap(), &mut report);
    report
}

fn unjudged() -> Report {
    Report {
        schema: SCHEMA,
        tool: Tool { name: "tolltrace", version: "0.0.0" },
        case: Case {
            evidence: vec!["copy\x1b[2J".to_owned()],
            number: Some("2026-17".to_owned()),
            examiner: None,
            organisation: None,
            redacted: false,
            timezone: "Europe/Madrid".to_owned(),
            timezone_origin: "etc/localtime".to_owned(),
            home_country: None,
            evidence_ends: when(300),
            product: Some(hostile()),
            machines: Vec::new(),
            systems: vec![System {
                evidence: HOSTILE.to_owned(),
                prefix: "root1/".to_owned(),
                timezone: "Europe/Berlin".to_owned(),
                product: Some(hostile()),
            }],
            filters: Vec::new(),
        },
        evidence: vec![EvidenceRow {
            path: "var/log/asterisk/full\x1b]0;x\x07".to_owned(),
            kind: "asterisk-log",
            container: None,
            bytes: 4_096,
            sha256: Some("ab".repeat(32)),
            first: when(-600),
            last: when(300),
            records: 1_000,
            unparsed: 2,
            note: None,
            unparsed_places: vec![UnparsedPlaces { why: "not text", lines: 2, first_lines: vec![4, 9] }],
            duplicate_of: None,
        }],
        incidents: vec![incident()],
        judged: Judged {
            logins: true,
            by_calls_alone: false,
            calls: true,
            dialplan: true,
            firewall: false,
            pages: false,
            panel_tables: false,
            channels: false,
            whole_disk: false,
            not_judged: Judged::NOT_JUDGED,
        },
        failed_attackers_count: 1,
        hole_seekers: Vec::new(),
        failed_attackers: vec![FailedAttacker {
            address: "198.51.100.9".parse().unwrap(),
            roles: vec![Role::Guess],
            country: Some("NL".to_owned()),
            network: None,
            city: None,
            first: when(-900),
            last: when(-800),
            events: 30,
            attempts: Some(10),
            accounts_tried: vec![hostile()],
            accounts_tried_count: 10,
            evidence: vec![proof(3)],
        }],
        to_confirm: vec![ToConfirm {
            account: hostile(),
            address: Some("198.51.100.7".parse().unwrap()),
            addresses: 2,
            uses: 0,
            calls: 0,
            first: when(-900),
            last: when(-800),
            why: "used from a network it was not used from before".to_owned(),
            evidence: vec![proof(700)],
        }],
        to_confirm_left_out: 0,
        findings: vec![Finding {
            id: "weak-secret",
            severity: Severity::Critical,
            subject: hostile(),
            title: "the secret is the extension's number".to_owned(),
            detail: "three digits".to_owned(),
            remedy: "give it a long random secret".to_owned(),
            attack: vec!["T1110.001"],
            evidence: vec![proof(5)],
        }],
        steps: Vec::new(),
        playbooks: Vec::new(),
        rules: Vec::new(),
        settings: SettingsLookedAt { looked_at: vec!["sip.conf"], not_checked: vec!["http.conf"] },
        gaps: vec![Gap {
            what: "web server logs".to_owned(),
            why_it_matters: "a fetched phone file would not be seen".to_owned(),
            how_to_get_it: "copy var/log/httpd".to_owned(),
        }],
        assessment: assessment(),
        reconciliation: None,
        dispute: None,
        dialling: dialling(),
        observations: vec![Observation {
            id: "total-calls",
            level: Level::Warning,
            subject: hostile(),
            what: "40 calls in a day to Latvia".to_owned(),
            threshold: "warning from 30, critical from 100".to_owned(),
            first: when(0),
            last: when(77),
            calls: 10,
            rows: Vec::new(),
            evidence: vec![proof(900)],
        }],
        thresholds: Thresholds::default(),
        geoip: vec![GeoFile {
            path: "city.mmdb".to_owned(),
            database: Some("Test-City".to_owned()),
            built: Some("2026-03-08".to_owned()),
            trouble: None,
        }],
        clocks: vec![ClockNote {
            path: "var/log/asterisk/full".to_owned(),
            notes: vec!["the year was worked out".to_owned()],
        }],
        not_read: vec![NotRead {
            path: "tmp/\u{202e}x".to_owned(),
            bytes: Some(7),
            why: "no known kind".to_owned(),
        }],
        unrecognised_files: 1,
        limits: vec!["names tried are counted up to 10,000".to_owned()],
        hashing_off: false,
        likelihoods: vec![LikelihoodMeaning {
            likelihood: Likelihood::AlmostCertain,
            meaning: "several independent records say so and none speaks against it",
        }],
    }
}

/// Returns a story of two rows, one without a time.
pub(crate) fn story() -> Vec<TimelineRow> {
    let row = TimelineRow {
        message: hostile(),
        datetime: Some("2026-03-07T22:14:05.000000Z".to_owned()),
        timestamp_desc: "Event Logged",
        action: Action::AuthFailed,
        address: Some("203.0.113.7".parse().unwrap()),
        port: Some(5060),
        account: Some(hostile()),
        number: Some(hostile()),
        reason: Some(hostile()),
        path: "var/log/asterisk/full".to_owned(),
        line: Some(7),
        offset: Some(500),
    };
    let timeless = TimelineRow { datetime: None, line: None, ..row.clone() };
    vec![row, timeless]
}
