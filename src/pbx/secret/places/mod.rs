//! Where secrets stand, one file for each sort of place, and whose they are there.
//!
//! What each of Asterisk's files holds is told by its name, so that a copy (`manager.conf.bak`) and a file of
//! one's own (`sip_providers.conf`) are read like the file they are named after.

mod databases;
mod drivers;
mod interfaces;
pub(in crate::pbx) mod old_copies;
pub(in crate::pbx) mod panel_database;
pub(in crate::pbx) mod panel_files;
mod pjsip;
#[cfg(test)]
mod tests;
mod voicemail;

use super::{Bearer, Reach, SecretKind, Standing};
use crate::event::Citation;
use crate::pbx::access::permitted;
use crate::pbx::language::{Document, Part, Section, Setting};
use crate::pbx::model::Technology;
use crate::pbx::read::{Collector, Lists};

/// Files of Asterisk's that hold secrets and that no driver reads, with what belongs to them.
pub(in crate::pbx) const OTHER_FILES: &[(&str, &[Part])] = &[
    ("voicemail.conf", &[(None, "voicemail_additional.conf"), (None, "voicemail_custom.conf")]),
    ("ari.conf", &[(None, "ari_additional.conf"), (None, "ari_additional_custom.conf")]),
    ("res_odbc.conf", &[(None, "res_odbc_additional.conf"), (None, "res_odbc_custom.conf")]),
    ("cdr_mysql.conf", &[]),
    ("cdr_pgsql.conf", &[]),
    ("cel_pgsql.conf", &[]),
    ("cdr_tds.conf", &[]),
    ("cel_tds.conf", &[]),
    ("res_mysql.conf", &[]),
    ("res_config_mysql.conf", &[]),
    ("res_pgsql.conf", &[]),
    ("res_config_pgsql.conf", &[]),
    ("res_ldap.conf", &[]),
];

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Peers(Technology),
    Users,
    Pjsip,
    Wizard,
    Manager,
    Ari,
    Voicemail,
    Database,
}

/// The roles by the stems of names, the longer stems first.
const ROLES: &[(&str, Role)] = &[
    ("pjsip_wizard", Role::Wizard),
    ("pjsip", Role::Pjsip),
    ("sip", Role::Peers(Technology::Sip)),
    ("iax", Role::Peers(Technology::Iax2)),
    ("users", Role::Users),
    ("manager", Role::Manager),
    ("ari", Role::Ari),
    ("voicemail", Role::Voicemail),
    ("res_odbc", Role::Database),
    ("cdr_mysql", Role::Database),
    ("cdr_pgsql", Role::Database),
    ("cel_pgsql", Role::Database),
    ("cdr_tds", Role::Database),
    ("cel_tds", Role::Database),
    ("res_mysql", Role::Database),
    ("res_config_mysql", Role::Database),
    ("res_pgsql", Role::Database),
    ("res_config_pgsql", Role::Database),
    ("res_ldap", Role::Database),
];

/// Files whose names begin like those and that hold no secrets.
const OTHERS: [&str; 2] = ["sip_notify", "pjsip_notify"];

/// Tells what a file holds from its name.
fn role_of(name: &str) -> Option<Role> {
    let is_of = |stem: &str| {
        name.strip_prefix(stem).is_some_and(|rest| rest.starts_with(['.', '_', '-']) || rest.is_empty())
    };
    if OTHERS.iter().any(|other| is_of(other)) {
        return None;
    }
    ROLES.iter().find(|(stem, _)| is_of(stem)).map(|(_, role)| *role)
}

/// What is the same for all secrets of one file.
#[derive(Clone, Copy)]
struct Scope<'a> {
    standing: Standing,
    lists: &'a Lists<'a>,
}

/// Notes the secrets of a document that stands in, or is named after, `name`.
pub(in crate::pbx) fn gather(
    name: &str,
    document: &Document,
    standing: Standing,
    lists: &Lists<'_>,
    collector: &mut Collector,
) {
    let scope = Scope { standing, lists };
    match role_of(name) {
        Some(Role::Peers(technology)) => drivers::peers(document, technology, scope, collector),
        Some(Role::Users) => drivers::users(document, scope, collector),
        Some(Role::Pjsip) => pjsip::auths(document, scope, collector),
        Some(Role::Wizard) => pjsip::wizards(document, scope, collector),
        Some(Role::Manager) => interfaces::manager(document, scope, collector),
        Some(Role::Ari) => interfaces::ari(document, scope, collector),
        Some(Role::Voicemail) => voicemail::mailboxes(document, scope, collector),
        Some(Role::Database) => databases::users(document, scope, collector),
        None => {}
    }
}

/// Begins a bearer whose secret stands in a setting of a section.
fn bearer(kind: SecretKind, owner: &str, section: &Section, setting: &Setting, scope: Scope<'_>) -> Bearer {
    Bearer {
        kind,
        owner: owner.to_owned(),
        other_names: if owner == section.name { Vec::new() } else { vec![section.name.clone()] },
        reach: reach_of(section, scope.lists),
        standing: scope.standing,
        place: masked(section, setting),
    }
}

/// Cites the line of a secret without the secret.
fn masked(section: &Section, setting: &Setting) -> Citation {
    Citation::new(setting.place, format!("[{}] {} = ***", section.name, setting.name).as_bytes())
}

/// Returns the setting of a name that counts, the last one, if it is not empty.
fn last<'a>(section: &'a Section, name: &str) -> Option<&'a Setting> {
    let held = section.settings.iter().rev().find(|held| held.name.eq_ignore_ascii_case(name))?;
    Some(held).filter(|held| !held.value.is_empty())
}

/// Tells from a section's access list from where its secret can be tried.
pub(in crate::pbx) fn reach_of(section: &Section, lists: &Lists<'_>) -> Reach {
    let networks = permitted(section, lists.access);
    if networks.is_empty() {
        Reach::Anywhere
    } else if networks.iter().all(|network| network.addr().is_loopback() || network.addr().is_unspecified()) {
        Reach::Local
    } else {
        Reach::Listed
    }
}

#[cfg(test)]
mod roles {
    use super::*;

    #[test]
    fn roles_are_told_by_name() {
        for (name, role) in [
            ("sip.conf", Some(Role::Peers(Technology::Sip))),
            ("sip_eContact.conf", Some(Role::Peers(Technology::Sip))),
            ("sip.conf_hard", Some(Role::Peers(Technology::Sip))),
            ("pjsip.auth.conf", Some(Role::Pjsip)),
            ("pjsip_wizard.conf.old", Some(Role::Wizard)),
            ("manager.conf.bkp070226", Some(Role::Manager)),
            ("manager-2019.conf", Some(Role::Manager)),
            ("sip_notify.conf", None),
            ("sipura.conf", None),
            ("extensions.conf", None),
        ] {
            assert_eq!(role_of(name), role, "{name}");
        }
    }

    #[test]
    fn every_other_file_has_a_role() {
        assert!(OTHER_FILES.iter().all(|(name, _)| role_of(name).is_some()));
    }
}
