//! Secrets of `pjsip.conf` and `pjsip_wizard.conf`: of those who log in here, and of those we log in to.
//!
//! An `auth` object is named by the endpoints that ask for it and, as `outbound_auth`, by the endpoints and
//! registrations that present it. One may be named by many.

use std::collections::BTreeMap;

use super::super::{Reach, SecretKind, hold_behind};
use super::{Scope, bearer, last, reach_of};
use crate::pbx::language::{Document, Section};
use crate::pbx::model::Technology;
use crate::pbx::read::Collector;

/// Who names an auth object.
#[derive(Default)]
struct Users<'a> {
    asking: Vec<&'a Section>,
    presenting: Vec<&'a Section>,
}

/// Notes the secret of each `auth` object, for each that uses it.
pub(super) fn auths(document: &Document, scope: Scope<'_>, collector: &mut Collector) {
    let users = users_by_auth(document);
    let nobody = Users::default();
    for auth in document.sections().filter(|section| is_of_type(section, &["auth"])) {
        let users = users.get(auth.name.as_str()).unwrap_or(&nobody);
        let asking = users.asking.iter().map(|user| (*user, false));
        let presenting = users.presenting.iter().map(|user| (*user, true));
        let mut is_used = false;
        for (user, presents) in asking.chain(presenting) {
            is_used = true;
            let is_trunk = presents || is_trunk(&user.name, collector);
            let reach = if presents { Reach::Presented } else { reach_of(user, scope.lists) };
            one(auth, &user.name, is_trunk, reach, scope, collector);
        }
        if !is_used {
            let owner = auth.filled("username").unwrap_or(&auth.name);
            one(auth, owner, false, Reach::Unknown, scope, collector);
        }
    }
}

fn one(
    auth: &Section,
    owner: &str,
    is_trunk: bool,
    reach: Reach,
    scope: Scope<'_>,
    collector: &mut Collector,
) {
    let kind = if is_trunk { SecretKind::Trunk } else { SecretKind::Pjsip };
    if let Some(setting) = last(auth, "password") {
        let mut bearer = bearer(kind, owner, auth, setting, scope);
        bearer.other_names.extend(auth.filled("username").map(str::to_owned));
        bearer.reach = reach;
        collector.hold(bearer, &setting.value);
    } else if let Some(setting) = last(auth, "md5_cred").or_else(|| last(auth, "password_digest")) {
        let name = auth.filled("username").unwrap_or(owner);
        let digest = setting.value.rsplit(':').next().unwrap_or_default();
        let bearer = bearer(kind, owner, auth, setting, scope);
        hold_behind(collector, bearer, name, auth.filled("realm"), digest);
    }
}

fn users_by_auth(document: &Document) -> BTreeMap<&str, Users<'_>> {
    let mut users: BTreeMap<&str, Users<'_>> = BTreeMap::new();
    for section in document.sections().filter(|section| is_of_type(section, &["endpoint", "registration"])) {
        let names =
            |setting: &'static str| section.filled(setting).unwrap_or_default().split(',').map(str::trim);
        if is_of_type(section, &["endpoint"]) {
            for name in names("auth") {
                users.entry(name).or_default().asking.push(section);
            }
        }
        for name in names("outbound_auth") {
            let known = &mut users.entry(name).or_default().presenting;
            // The endpoint of a registration presents the same.
            if !known.iter().any(|held| held.name == section.name) {
                known.push(section);
            }
        }
    }
    users
}

/// Notes the secrets of wizards.
pub(super) fn wizards(document: &Document, scope: Scope<'_>, collector: &mut Collector) {
    for section in document.sections().filter(|section| is_of_type(section, &["wizard"])) {
        let is_trunk = is_trunk(&section.name, collector);
        for (setting, presents) in [("inbound_auth/password", false), ("outbound_auth/password", true)] {
            let Some(setting) = last(section, setting) else { continue };
            let kind = if presents || is_trunk { SecretKind::Trunk } else { SecretKind::Pjsip };
            let mut bearer = bearer(kind, &section.name, section, setting, scope);
            let user = if presents { "outbound_auth/username" } else { "inbound_auth/username" };
            bearer.other_names.extend(section.filled(user).map(str::to_owned));
            if presents {
                bearer.reach = Reach::Presented;
            }
            collector.hold(bearer, &setting.value);
        }
    }
}

fn is_trunk(name: &str, collector: &Collector) -> bool {
    let mut trunks = collector.pbx.trunks.iter();
    trunks.any(|trunk| trunk.technology == Technology::Pjsip && trunk.name == name)
}

fn is_of_type(section: &Section, types: &[&str]) -> bool {
    section.last("type").is_some_and(|kind| types.iter().any(|wanted| kind.eq_ignore_ascii_case(wanted)))
}
