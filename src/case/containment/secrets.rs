//! Which secrets to change, why, where they are kept, and where phones get them.

use std::collections::{BTreeMap, BTreeSet};

use super::{is_host_broken, place};
use crate::case::build::Case;
use crate::checks::provisioning;
use crate::contain::{Credential, Plan, Turn};
use crate::pbx::dialplan::Pin;
use crate::pbx::{HeldSecret, SecretKind, Standing, Technology};
use crate::report::model::{Report, Severity, Vector};
use crate::untrusted::Untrusted;

/// Secrets listed; a list of more is no list that anybody works off.
const MOST_LISTED: usize = 2_000;
/// Places told of one secret.
const MOST_PLACES: usize = 6;

/// Why secrets are changed, as the report tells it.
struct Grounds<'a> {
    taken: BTreeSet<&'a str>,
    made: BTreeSet<&'a str>,
    /// Accounts whose phone files strangers read.
    handed_out: BTreeSet<&'a str>,
    /// Accounts whose phone files lie where strangers can fetch them.
    exposed: BTreeSet<&'a str>,
    has_intrusion: bool,
    is_host_broken: bool,
    /// Did strangers download files of the configuration?
    is_downloaded: bool,
    by_manager: bool,
    by_telephone: bool,
}

impl<'a> Grounds<'a> {
    fn of(case: &Case<'a>, report: &'a Report) -> Self {
        let subjects = |id: &'static str| {
            let of_it = report.findings.iter().filter(move |finding| finding.id == id);
            of_it.filter(|finding| finding.severity <= Severity::High).map(|finding| finding.subject.raw())
        };
        let sure = report.incidents.iter().filter(|incident| !incident.cannot_tell);
        let vectors: BTreeSet<Vector> = sure.clone().map(|incident| incident.entry.vector).collect();
        Grounds {
            taken: sure
                .flat_map(|incident| incident.accounts.iter().map(|account| account.name.raw()))
                .collect(),
            made: subjects("account-made-by-intruder").chain(subjects("unknown-admin")).collect(),
            handed_out: subjects("provisioning-leaked").collect(),
            exposed: provisioning::exposed_accounts(case.world.pbx, &report.findings),
            has_intrusion: !vectors.is_empty(),
            is_host_broken: is_host_broken(report),
            is_downloaded: report.findings.iter().any(|finding| finding.id == "secrets-downloaded"),
            by_telephone: vectors.contains(&Vector::VoicemailOrDisa),
            by_manager: vectors.contains(&Vector::ManagerInterface),
        }
    }

    /// Returns in which turn a secret is changed, and why; `None` where it may stay.
    fn turn(&self, held: &HeldSecret) -> Option<(Turn, String)> {
        use SecretKind as Kind;
        let weakness = held.gravest().map(|weakness| format!("it is {}", weakness.words()));
        let is_control =
            matches!(held.kind, Kind::Manager | Kind::Ari | Kind::Panel | Kind::Database | Kind::EventSocket);
        let is_account = matches!(held.kind, Kind::Sip | Kind::Pjsip | Kind::Iax);
        let owner = held.owner.as_str();
        if self.made.contains(owner) && (is_account || is_control) {
            return None;
        }
        if self.taken.contains(owner) && (is_account || is_control) {
            return Some((Turn::Taken, "the intruder has it".to_owned()));
        }
        if held.kind == Kind::Trunk {
            let why = if self.is_host_broken || self.is_downloaded {
                Some("a stranger may have read it".to_owned())
            } else if self.has_intrusion {
                Some(
                    "who reads the configuration has it; whether the intruder did, cannot be told".to_owned(),
                )
            } else {
                None
            };
            return why.or(weakness).map(|why| (Turn::Trunk, why));
        }
        if is_control && (self.is_host_broken || self.is_downloaded) {
            return Some((Turn::Control, "a stranger may have read it".to_owned()));
        }
        if is_control && self.by_manager && matches!(held.kind, Kind::Manager | Kind::EventSocket) {
            return Some((Turn::Control, "the intruder came in by such a user".to_owned()));
        }
        if is_control && weakness.is_some() {
            return weakness.map(|why| (Turn::Control, why));
        }
        if is_account && self.handed_out.contains(owner) {
            return Some((Turn::Read, "its phone file was handed to a stranger".to_owned()));
        }
        if is_account && self.exposed.contains(owner) {
            return Some((Turn::Read, "its phone file lies where strangers can fetch it".to_owned()));
        }
        if held.kind == Kind::FileServer && !self.handed_out.is_empty() {
            let why = "it stands in phones' files, and a stranger was given some of these";
            return Some((Turn::Read, why.to_owned()));
        }
        if held.kind == Kind::FileServer && !self.exposed.is_empty() {
            let why = "it stands in phones' files, some of which lie where strangers can fetch them";
            return Some((Turn::Read, why.to_owned()));
        }
        if self.is_downloaded && (is_account || held.kind == Kind::FileServer) {
            return Some((Turn::Read, "a stranger downloaded files that hold secrets like it".to_owned()));
        }
        if let Some(why) = weakness {
            return Some((Turn::Weak, why));
        }
        let why = match (self.is_host_broken, self.has_intrusion) {
            (true, _) => "somebody was in this host",
            (false, true) if held.kind == Kind::Voicemail && self.by_telephone => {
                "the intruder came by telephone, where PINs are tried"
            }
            (false, true) => "whoever has one secret has tried the others",
            (false, false) => return None,
        };
        Some((Turn::Rest, why.to_owned()))
    }
}

/// Fills in the secrets to change.
pub(super) fn fill(case: &Case<'_>, report: &Report, plan: &mut Plan) {
    let pbx = case.world.pbx;
    let grounds = Grounds::of(case, report);
    let mut listed: BTreeMap<(Turn, &str, SecretKind), Credential> = BTreeMap::new();
    let in_force = pbx.held_secrets.iter().filter(|held| held.standing == Standing::InForce);
    for held in in_force {
        let Some((turn, why)) = grounds.turn(held) else { continue };
        let stored = place(case, &held.place);
        let known = listed.entry((turn, &held.owner, held.kind)).or_insert_with(|| Credential {
            turn,
            kind: held.kind.word(),
            owner: Untrusted::from(held.owner.as_str()),
            why,
            stored: Vec::new(),
            phone_files: phone_files(case, &held.owner, held.kind),
            is_pin: held.kind.is_pin(),
            is_carriers: held.kind == SecretKind::Trunk,
        });
        if known.stored.len() < MOST_PLACES && !known.stored.contains(&stored) {
            known.stored.push(stored);
        }
    }
    add_unheld(case, &grounds, &mut listed);
    let tones = tones(case, report, &grounds);
    plan.credentials_left_out = (listed.len() + tones.len()).saturating_sub(MOST_LISTED);
    let mut all: Vec<Credential> = listed.into_values().chain(tones).collect();
    all.sort_by_key(|one| one.turn);
    all.truncate(MOST_LISTED);
    plan.credentials = all;
}

/// Returns the PINs of second dial tones that are weak, or that whoever came by telephone may know.
fn tones(case: &Case<'_>, report: &Report, grounds: &Grounds<'_>) -> Vec<Credential> {
    let pbx = case.world.pbx;
    let is_weak = |context: &str| {
        let weak = report.findings.iter().filter(|finding| finding.id == "disa-weak-pin");
        weak.filter(|finding| finding.subject.raw() == context).count() > 0
    };
    let of_dialplan = pbx.dialplan.contexts.iter().flat_map(|(name, context)| {
        let steps = context.extensions.iter().flat_map(|extension| extension.steps.values());
        let tones = steps.filter(|step| step.application.eq_ignore_ascii_case("DISA"));
        tones.filter_map(move |step| Some((name.as_str(), step.pin?, &step.place)))
    });
    let of_panel = pbx.panel.tones.iter().map(|tone| (tone.name.as_str(), tone.pin, &tone.place));
    let mut found: Vec<Credential> = Vec::new();
    for (owner, pin, cited) in of_dialplan.chain(of_panel) {
        let (turn, why) = match (grounds.by_telephone, is_weak(owner) || matches!(pin, Pin::Weak(_))) {
            _ if pin == Pin::None => continue,
            (true, _) => (Turn::Taken, "the intruder came by telephone and may know it"),
            (false, true) => (Turn::Weak, "it is guessed within a few tries"),
            (false, false) if grounds.has_intrusion => {
                (Turn::Rest, "whoever has one secret has tried the others")
            }
            (false, false) => continue,
        };
        let stored = place(case, cited);
        if found.len() < MOST_LISTED && !found.iter().any(|known| known.stored.contains(&stored)) {
            found.push(Credential {
                turn,
                kind: "second dial tone (DISA)",
                owner: Untrusted::from(owner),
                why: why.to_owned(),
                stored: vec![stored],
                phone_files: Vec::new(),
                is_pin: true,
                is_carriers: false,
            });
        }
    }
    found
}

/// Adds accounts that were taken over, or whose phone files strangers read, and whose secret no file here holds.
fn add_unheld<'a>(
    case: &'a Case<'_>,
    grounds: &Grounds<'_>,
    listed: &mut BTreeMap<(Turn, &'a str, SecretKind), Credential>,
) {
    let of_turn = |name: &str| {
        if grounds.made.contains(name) {
            None
        } else if grounds.taken.contains(name) {
            Some((Turn::Taken, "the intruder has it"))
        } else {
            grounds
                .handed_out
                .contains(name)
                .then_some((Turn::Read, "its phone file was handed to a stranger"))
        }
    };
    for name in case.world.accounts.iter().filter(|name| of_turn(name).is_some()) {
        let is_listed = listed.keys().any(|(_, owner, kind)| {
            *owner == name.as_str() && matches!(kind, SecretKind::Sip | SecretKind::Pjsip | SecretKind::Iax)
        });
        let Some((turn, why)) = of_turn(name).filter(|_| !is_listed) else { continue };
        let account = case.world.pbx.accounts.iter().find(|account| account.name == *name);
        let kind = match account.map(|account| account.technology) {
            Some(Technology::Pjsip) => SecretKind::Pjsip,
            Some(Technology::Iax2) => SecretKind::Iax,
            _ => SecretKind::Sip,
        };
        let credential = Credential {
            turn,
            kind: kind.word(),
            owner: Untrusted::from(name.as_str()),
            why: why.to_owned(),
            stored: account.map(|account| place(case, &account.place)).into_iter().collect(),
            phone_files: phone_files(case, name, kind),
            is_pin: false,
            is_carriers: false,
        };
        listed.insert((turn, name, kind), credential);
    }
}

/// Returns the files from which phones take the secret of an account.
fn phone_files(case: &Case<'_>, name: &str, kind: SecretKind) -> Vec<String> {
    if !matches!(kind, SecretKind::Sip | SecretKind::Pjsip | SecretKind::Iax) {
        return Vec::new();
    }
    let files = case.world.pbx.phone_files.iter();
    let places = files.flat_map(|file| file.accounts.iter().filter(|account| account.name == name));
    places.take(MOST_PLACES).map(|account| place(case, &account.place)).collect()
}
