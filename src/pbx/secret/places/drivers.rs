//! Secrets in `sip.conf`, `iax.conf` and `users.conf`: of accounts, of trunks, of lines that register.

use super::super::{Bearer, Reach, SecretKind, Standing, hold_behind};
use super::{Scope, bearer, last, masked};
use crate::pbx::address::host_and_port;
use crate::pbx::language::{Document, Section, Setting, is_true};
use crate::pbx::model::Technology;
use crate::pbx::read::Collector;
use crate::pbx::sip::is_trunk;

/// The server that the sample of `iax.conf` calls to show what it can.
const DEMONSTRATION: &str = "216.207.245.47";

/// Notes the secrets of peers, of `register` lines and of the realms of `[authentication]`.
pub(super) fn peers(
    document: &Document,
    technology: Technology,
    scope: Scope<'_>,
    collector: &mut Collector,
) {
    for section in document.sections() {
        let named = |name: &str| section.name.eq_ignore_ascii_case(name);
        if named("general") || named("authentication") {
            for setting in &section.settings {
                let of_carrier =
                    ["register", "auth"].iter().any(|name| setting.name.eq_ignore_ascii_case(name));
                if of_carrier {
                    presented(section, setting, scope, collector);
                }
            }
        } else {
            peer(section, technology, scope, collector);
        }
    }
}

fn peer(section: &Section, technology: Technology, scope: Scope<'_>, collector: &mut Collector) {
    let names = ["host", "username", "defaultuser", "fromuser"];
    let other_names = || names.iter().filter_map(|name| section.filled(name)).map(str::to_owned);
    let is_trunk = is_trunk(section);
    let kind = match technology {
        _ if is_trunk => SecretKind::Trunk,
        Technology::Iax2 => SecretKind::Iax,
        _ => SecretKind::Sip,
    };
    if let Some(setting) = last(section, "secret") {
        let mut bearer = bearer(kind, &section.name, section, setting, scope);
        if is_trunk {
            bearer.other_names.extend(other_names());
            bearer.reach = Reach::Presented;
        }
        if section.filled("host") == Some(DEMONSTRATION) {
            bearer.standing = Standing::Off;
        }
        collector.hold(bearer, &setting.value);
    } else if let Some(setting) = last(section, "md5secret") {
        let name = section.filled("defaultuser").unwrap_or(&section.name);
        let bearer = bearer(kind, &section.name, section, setting, scope);
        hold_behind(collector, bearer, name, None, &setting.value);
    }
    if let Some(setting) = last(section, "remotesecret") {
        let mut bearer = bearer(SecretKind::Trunk, &section.name, section, setting, scope);
        bearer.other_names.extend(other_names());
        bearer.reach = Reach::Presented;
        collector.hold(bearer, &setting.value);
    }
}

/// Notes the secret in `user:secret:name@host`, perhaps with `section?transport://` before it; in
/// `user:secret@realm`; IAX2 puts the name of a key into brackets.
fn presented(section: &Section, setting: &Setting, scope: Scope<'_>, collector: &mut Collector) {
    let line = setting.value.split_once("://").map_or(setting.value.as_str(), |(_, rest)| rest);
    let Some((login, target)) = line.rsplit_once('@') else { return };
    let mut parts = login.split(':');
    let (user, secret) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    if secret.is_empty() || secret.starts_with('[') {
        return;
    }
    let host = host_and_port(target.split(['/', '~', '?']).next().unwrap_or_default()).0;
    let mut other_names = vec![user.to_owned(), host.to_owned()];
    other_names.extend(parts.next().map(str::to_owned));
    let bearer = Bearer {
        kind: SecretKind::Trunk,
        owner: format!("{user}@{host}"),
        other_names,
        reach: Reach::Presented,
        standing: scope.standing,
        place: masked(section, setting),
    };
    collector.hold(bearer, secret);
}

/// Notes the secrets of `users.conf`, whose `[general]` says what a section does not.
pub(super) fn users(document: &Document, scope: Scope<'_>, collector: &mut Collector) {
    for section in document.sections().filter(|section| !section.name.eq_ignore_ascii_case("general")) {
        let says =
            |name: &str| section.filled(name).or_else(|| document.last("general", name)).is_some_and(is_true);
        let is_trunk = section.filled("trunkname").is_some();
        let kind = match () {
            () if is_trunk => SecretKind::Trunk,
            () if says("hasiax") && !says("hassip") => SecretKind::Iax,
            () if says("hasmanager") && !says("hassip") => SecretKind::Manager,
            () => SecretKind::Sip,
        };
        if let Some(setting) = last(section, "secret") {
            let mut bearer = bearer(kind, &section.name, section, setting, scope);
            if is_trunk {
                bearer.reach = Reach::Presented;
            }
            collector.hold(bearer, &setting.value);
        }
        if let Some(setting) = last(section, "vmsecret") {
            let mut bearer = bearer(SecretKind::Voicemail, &section.name, section, setting, scope);
            bearer.reach = Reach::Unknown;
            collector.hold(bearer, &setting.value);
        }
    }
}
