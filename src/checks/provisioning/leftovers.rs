//! Phone files that nobody needs: of softphones, and of accounts that are gone.

use std::collections::{BTreeMap, BTreeSet};

use super::{may_be_live, some};
use crate::checks::Show;
use crate::event::Citation;
use crate::pbx::{Binding, PhoneAccount, PhoneFile};
use crate::reconstruct::world::World;
use crate::report::document::counted;
use crate::report::model::{Finding, Severity};
use crate::untrusted::{Untrusted, visible};

/// What softphones call themselves, lower case, a name a line; a program that is set up by hand takes
/// nothing from a phone file.
const SOFTPHONES: &[&str] = &[
    "3cxphone",
    "acrobits",
    "baresip",
    "blink",
    "bria",
    "csipsimple",
    "cloudsoftphone",
    "ekiga",
    "eyebeam",
    "groundwire",
    "jitsi",
    "linphone",
    "microsip",
    "mizuphone",
    "ninjalite",
    "phonerlite",
    "portsip",
    "sip.js",
    "sipnetic",
    "softphone",
    "telephone 1",
    "twinkle",
    "x-lite",
    "zoiper",
    "z 5",
];

/// The accounts of phone files whose secrets may be in use, by name.
fn phones<'w>(world: &'w World<'_>) -> BTreeMap<&'w str, Vec<(&'w PhoneFile, &'w PhoneAccount)>> {
    let mut phones: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for file in &world.pbx.phone_files {
        for phone in &file.accounts {
            phones.entry(&phone.name).or_default().push((file, phone));
        }
    }
    phones
}

fn softphone(binding: &Binding) -> Option<&str> {
    let agent = binding.user_agent.as_deref()?;
    let lower = agent.to_ascii_lowercase();
    SOFTPHONES.iter().any(|name| lower.contains(name)).then_some(agent)
}

/// Yields one finding about accounts that only softphones use and that still have a phone file.
pub(super) fn softphones(world: &World<'_>, show: &Show<'_>) -> Option<Finding> {
    let phones = phones(world);
    let mut told: BTreeMap<&str, (String, Vec<&Citation>)> = BTreeMap::new();
    for (account, held) in &phones {
        let bindings: Vec<&Binding> =
            world.pbx.bindings.iter().filter(|binding| binding.account == *account).collect();
        let agents: Vec<&str> = bindings.iter().filter_map(|binding| softphone(binding)).collect();
        // A desk phone beside the softphone needs its file.
        if agents.is_empty() || agents.len() < bindings.len() {
            continue;
        }
        let Some((file, phone)) = held.iter().find(|(_, phone)| may_be_live(phone)) else { continue };
        let lines = bindings.iter().map(|binding| &binding.place).chain([&phone.place]).collect();
        let agent = agents.first().copied().unwrap_or_default();
        told.insert(
            account,
            (format!("{} ({}, {})", visible(account), visible(agent), visible(&file.path)), lines),
        );
    }
    let count = counted(told.len() as u64, "account");
    (!told.is_empty()).then(|| Finding {
        id: "provisioning-softphone-file",
        severity: Severity::Medium,
        subject: Untrusted::from("phone files"),
        title: format!("{count} registered by a softphone still with a desk phone's file"),
        detail: format!(
            "Nothing reads these files any longer but whoever looks for secrets: {}.",
            some(told.values().map(|(text, _)| text.clone()))
        ),
        remedy: "Delete the files, and change the secrets if the folder could be read from outside.".into(),
        // MITRE ATT&CK: Unsecured Credentials: Credentials In Files.
        attack: vec!["T1552.001"],
        evidence: told.values().flat_map(|(_, lines)| lines).take(6).filter_map(|line| show(line)).collect(),
    })
}

/// Yields one finding about phone files of accounts that the configuration does not know.
pub(super) fn unknown_accounts(world: &World<'_>, show: &Show<'_>) -> Option<Finding> {
    let pbx = world.pbx;
    let mut known: BTreeSet<&str> = pbx.accounts.iter().map(|account| account.name.as_str()).collect();
    known.extend(pbx.accounts.iter().filter_map(|account| account.auth_name.as_deref()));
    known.extend(pbx.trunks.iter().map(|trunk| trunk.name.as_str()));
    // Without a list of accounts, or where some exist that no file lists, nothing is said to be gone.
    if pbx.accounts.is_empty() || pbx.proxy.is_some() {
        return None;
    }
    let phones = phones(world);
    let gone: Vec<_> = phones
        .iter()
        .filter(|(account, _)| !known.contains(*account) && !world.uses.contains_key(**account))
        .collect();
    let count = counted(gone.len() as u64, "account");
    (!gone.is_empty()).then(|| Finding {
        id: "provisioning-orphan-file",
        severity: Severity::Low,
        subject: Untrusted::from("phone files"),
        title: format!("Phone files of {count} that this server does not have"),
        detail: format!(
            "Left over, or of another server's accounts, whose secrets they then give away: {}.",
            some(gone.iter().flat_map(|(account, held)| {
                held.iter().take(1).map(|(file, _)| format!("{} ({})", visible(account), visible(&file.path)))
            }))
        ),
        remedy: "Delete the files of phones that are gone.".into(),
        attack: vec!["T1552.001"],
        evidence: gone
            .iter()
            .flat_map(|(_, held)| held.first())
            .take(4)
            .filter_map(|(_, phone)| show(&phone.place))
            .collect(),
    })
}
