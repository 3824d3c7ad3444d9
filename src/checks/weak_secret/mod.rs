//! Secrets that are guessed: none, the account's own name, a product's default, short ones and more.
//!
//! A server with sixteen hundred of them needs one remedy, not sixteen hundred findings: they are grouped by
//! what they protect and by their gravest weakness. No secret is ever shown.

mod groups;
mod guessed;
mod pace;
mod severity;

pub(crate) use groups::subject;

use std::collections::BTreeSet;

use self::groups::Group;
use self::guessed::Guessed;
use self::pace::Pace;
use super::Show;
use crate::pbx::{HeldSecret, SecretKind, Standing, Weakness};
use crate::reconstruct::incident::Incident;
use crate::reconstruct::world::World;
use crate::report::model::{Finding, Proof, Severity};
use crate::untrusted::Untrusted;

/// Lines shown for one group.
const MOST_PROOFS: usize = 12;

/// Yields a finding for each group of weak secrets in force, and two for those that stand in copies.
pub(super) fn check(world: &World<'_>, incidents: &[Incident], show: &Show<'_>) -> Vec<Finding> {
    let guessed = Guessed::by_incidents(world, incidents);
    let seen = Pace::seen_in(world);
    let all = world.pbx.held_secrets.as_slice();
    let in_force = all.iter().filter(|held| held.standing == Standing::InForce);
    let mut findings: Vec<Finding> =
        groups::sort(in_force).iter().map(|group| finding(group, &seen, &guessed, show)).collect();
    findings.extend(still_in_force(all, show));
    findings.extend(aside(all, &seen, &guessed, show));
    findings
}

fn finding(group: &Group<'_>, seen: &Pace, guessed: &Guessed, show: &Show<'_>) -> Finding {
    let by_telephone = Pace::by_telephone();
    let pace = if group.kind.is_pin() { &by_telephone } else { seen };
    // MITRE ATT&CK: Valid Accounts: Default Accounts; Brute Force: Password Cracking; Password Guessing.
    let technique = match group.weakness {
        Weakness::Shipped => "T1078.001",
        Weakness::UnsaltedHash => "T1110.002",
        _ => "T1110.001",
    };
    Finding {
        id: "weak-secret",
        severity: group.severity(pace),
        subject: Untrusted::from(group.subject().as_str()),
        title: group.title(),
        detail: group.detail(pace, guessed),
        remedy: remedy(group.kind).to_owned(),
        attack: vec![technique],
        evidence: proofs(&group.held, show),
    }
}

/// Copies of the configuration in which a secret stands that is in force.
fn still_in_force(all: &[HeldSecret], show: &Show<'_>) -> Option<Finding> {
    let held: Vec<&HeldSecret> =
        all.iter().filter(|held| held.weaknesses.contains(&Weakness::StillInForce)).collect();
    let files: BTreeSet<_> = held.iter().map(|held| held.place.place.source).collect();
    let group = Group { kind: held.first()?.kind, weakness: Weakness::StillInForce, held };
    Some(Finding {
        id: "secret-in-old-copy",
        severity: Severity::Medium,
        subject: Untrusted::from("copies of the configuration"),
        title: format!(
            "Secrets in force stand in files that nothing in force includes: {} in {}",
            group.held.len(),
            crate::report::document::counted(files.len() as u64, "file")
        ),
        detail: format!(
            "Copies, or files whose include is not in the evidence; whoever reads one of them can log in. {}",
            group.named()
        ),
        remedy: "Delete the copies, or let only root read them, and set new secrets where others could read \
                 the copies."
            .to_owned(),
        // MITRE ATT&CK: Unsecured Credentials: Credentials In Files.
        attack: vec!["T1552.001"],
        evidence: proofs(&group.held, show),
    })
}

/// Weak secrets in files that nothing in force includes, of what no file in force has a secret of.
fn aside(all: &[HeldSecret], seen: &Pace, guessed: &Guessed, show: &Show<'_>) -> Option<Finding> {
    let known: BTreeSet<(SecretKind, &str)> = all
        .iter()
        .filter(|held| held.standing == Standing::InForce)
        .map(|held| (held.kind, held.owner.as_str()))
        .collect();
    let is_open = |held: &&HeldSecret| {
        held.standing == Standing::Aside
            && !held.weaknesses.contains(&Weakness::StillInForce)
            && held.weaknesses.first().is_some_and(|weakness| weakness.is_of_the_secret())
            && !known.contains(&(held.kind, held.owner.as_str()))
    };
    let held: Vec<&HeldSecret> = all.iter().filter(is_open).collect();
    let group = Group { kind: held.first()?.kind, weakness: Weakness::Short, held };
    Some(Finding {
        id: "weak-secret",
        severity: Severity::Low,
        subject: Untrusted::from("copies of the configuration: weak secrets"),
        title: format!("Weak secrets stand in files that nothing in force includes: {}", group.held.len()),
        detail: format!(
            "Whether they are in force cannot be told: the files may be old copies, or what includes them is \
             missing. {}",
            group.detail(seen, guessed)
        ),
        remedy: "If any is in force, set a random one of at least 16 characters; else delete the file."
            .to_owned(),
        attack: vec!["T1552.001"],
        evidence: proofs(&group.held, show),
    })
}

fn proofs(held: &[&HeldSecret], show: &Show<'_>) -> Vec<Proof> {
    let mut seen = BTreeSet::new();
    // Of a template one line stands for all that take their secret from it.
    let places = held.iter().filter(|held| seen.insert(held.place.place)).take(MOST_PROOFS);
    places.filter_map(|held| show(&held.place)).collect()
}

/// Returns what to do about weak secrets of a kind.
fn remedy(kind: SecretKind) -> &'static str {
    match kind {
        SecretKind::Sip | SecretKind::Pjsip | SecretKind::Iax => {
            "Set a random secret of at least 16 characters for each, on the server and on the phone."
        }
        SecretKind::Voicemail => {
            "Set a PIN of at least 8 digits for each that is neither the number nor a sequence, and let no \
             mailbox call out that need not."
        }
        SecretKind::Manager => {
            "Set a random secret of at least 16 characters for each, in manager.conf and in the program that \
             uses it, and permit only that program's address."
        }
        SecretKind::Ari => {
            "Set a random password of at least 16 characters for each, kept as a hash of crypt(3), and in the \
             program that uses it."
        }
        SecretKind::Trunk => {
            "Agree with the carrier on a random secret of at least 16 characters, set it on the server, and \
             have the carrier take calls from this server's address only."
        }
        SecretKind::Panel => {
            "Set a new long password for each in the panel, delete the users that nobody knows, and let only \
             trusted networks reach the panel."
        }
        SecretKind::Database => {
            "Set a random password in the database and in the files that name it, and let the database listen \
             on this host only."
        }
        SecretKind::EventSocket => {
            "Set a random password of at least 16 characters, and let it listen on 127.0.0.1 or behind an \
             access list only."
        }
        SecretKind::PhonePage => {
            "Set a random password in the files that phones are provisioned from, and restart the phones."
        }
        SecretKind::FileServer => {
            "Set a random password of at least 16 characters at the server that hands out phone files and in \
             those files, and let only your own networks reach that server."
        }
        SecretKind::Host => {
            "Set a long new password for each, or lock it (`passwd -l`) and log in by key, and let only trusted \
             networks reach SSH."
        }
    }
}
