//! Secrets in tables: of accounts and trunks that no file tells, of panel users, and older ones that are kept.
//!
//! FreePBX keeps `sha1(password)` in `ampusers` (up to 2.10 the password itself) and `crypt(3)` hashes in
//! `userman_users`, where an old one may still be SHA-1; FusionPBX `md5(salt password)` in `v_users`, newer
//! versions bcrypt. `secret_origional` (so spelled) in `sip` holds what an extension's secret was before.

use super::gather::{Item, Settings};
use super::holds::Holds;
use crate::event::Citation;
use crate::pbx::read::Collector;
use crate::pbx::secret::{Bearer, Reach, SecretKind, Standing};

/// Where names and secrets stand in a table.
struct Place {
    holds: Holds,
    kind: SecretKind,
    reach: Reach,
    secret: &'static [&'static str],
    other_names: &'static [&'static str],
}

const fn place(
    holds: Holds,
    kind: SecretKind,
    reach: Reach,
    secret: &'static [&'static str],
    other_names: &'static [&'static str],
) -> Place {
    Place { holds, kind, reach, secret, other_names }
}

/// Tables of accounts and trunks.
const OF_ACCOUNTS: [Place; 9] = [
    place(Holds::Peers, SecretKind::Sip, Reach::Anywhere, &["secret"], &["defaultuser", "username"]),
    place(Holds::IaxPeers, SecretKind::Iax, Reach::Anywhere, &["secret"], &["username"]),
    place(Holds::Object("auth"), SecretKind::Pjsip, Reach::Unknown, &["password"], &["username"]),
    place(Holds::Extensions, SecretKind::Sip, Reach::Anywhere, &["password"], &[]),
    place(
        Holds::Gateways,
        SecretKind::Trunk,
        Reach::Presented,
        &["password"],
        &["username", "proxy", "realm"],
    ),
    place(Holds::Mailboxes, SecretKind::Voicemail, Reach::Unknown, &["password"], &[]),
    place(Holds::FusionMailboxes, SecretKind::Voicemail, Reach::Unknown, &["voicemail_password"], &[]),
    place(
        Holds::Pjsip,
        SecretKind::Trunk,
        Reach::Presented,
        &["secret"],
        &["username", "trunk_name", "sip_server"],
    ),
    place(Holds::Iax, SecretKind::Iax, Reach::Anywhere, &["secret"], &["account", "username", "host"]),
];

/// Notes the secrets of accounts, trunks and mailboxes that a dump tells of.
pub(super) fn of_accounts(settings: &Settings, holds: impl Fn(Holds) -> bool, collector: &mut Collector) {
    for place in OF_ACCOUNTS.iter().filter(|place| holds(place.holds)) {
        for item in settings.of(place.holds) {
            let Some(secret) = place.secret.iter().find_map(|name| item.filled(name)) else { continue };
            collector.hold(bearer(place, item), secret);
        }
    }
    if holds(Holds::Sip) {
        settings.of(Holds::Sip).for_each(|item| extension(item, collector));
    }
}

/// Returns whether a table is one of FreePBX's.
pub(super) fn is_of_freepbx(holds: Holds) -> bool {
    matches!(holds, Holds::Sip | Holds::Pjsip | Holds::Iax)
}

/// Returns whether a table is one of FusionPBX's.
pub(super) fn is_of_fusionpbx(holds: Holds) -> bool {
    matches!(holds, Holds::Extensions | Holds::Gateways | Holds::FusionMailboxes)
}

/// Returns whether a table is one that Asterisk asks at every call.
pub(super) fn is_realtime(holds: Holds) -> bool {
    matches!(holds, Holds::Peers | Holds::IaxPeers | Holds::Object(_) | Holds::Mailboxes)
}

/// An extension of either driver, or a part of a trunk.
fn extension(item: &Item, collector: &mut Collector) {
    let is_trunk = item.name.starts_with("tr-");
    let is_pjsip = item.filled("sipdriver").is_some_and(|driver| driver.eq_ignore_ascii_case("chan_pjsip"));
    let (kind, reach) = match (is_trunk, is_pjsip) {
        (true, _) => (SecretKind::Trunk, Reach::Presented),
        (false, true) => (SecretKind::Pjsip, Reach::Anywhere),
        (false, false) => (SecretKind::Sip, Reach::Anywhere),
    };
    let place = place(Holds::Sip, kind, reach, &["secret"], &["account", "username", "host"]);
    if let Some(secret) = item.filled("secret") {
        collector.hold(bearer(&place, item), secret);
    }
}

/// Notes the secrets of panel users, whoever else tells of accounts.
pub(super) fn of_panel_users(settings: &Settings, collector: &mut Collector) {
    const HELD: [Holds; 4] = [Holds::PanelUsers, Holds::PanelMembers, Holds::FusionUsers, Holds::AclUsers];
    for item in HELD.into_iter().flat_map(|holds| settings.of(holds)) {
        let place =
            place(Holds::PanelUsers, SecretKind::Panel, Reach::Unknown, &[], &["email", "default_extension"]);
        let mut bearer = bearer(&place, item);
        // Some tables have a number for the key.
        if let Some(name) = item.filled("username") {
            bearer.owner = name.to_owned();
        }
        let is_off = item.filled("user_enabled").is_some_and(|on| matches!(on, "false" | "f" | "0"));
        if is_off {
            bearer.standing = Standing::Off;
        }
        let columns = ["password_sha1", "md5_password", "password"];
        let Some(held) = columns.iter().find_map(|name| item.filled(name)) else { continue };
        let is_digest = matches!(held.len(), 32 | 40) && held.bytes().all(|byte| byte.is_ascii_hexdigit());
        match item.filled("salt") {
            Some(salt) if is_digest => collector.hold_salted(bearer, salt, held),
            _ if is_digest => collector.hold_digest(bearer, held),
            // `$2y$...`, `$6$...`: salted, and slow on purpose.
            _ if held.starts_with('$') => collector.hold_slow(bearer, held, item.table()),
            _ => collector.hold(bearer, held),
        }
    }
}

/// Notes the secrets that extensions had before.
pub(super) fn older_ones(settings: &Settings, collector: &mut Collector) {
    for item in settings.of(Holds::Sip) {
        let older = item.filled("secret_origional").filter(|older| item.filled("secret") != Some(older));
        if let Some(older) = older {
            let place = place(Holds::Sip, SecretKind::Sip, Reach::Unknown, &[], &[]);
            collector.hold_older(bearer(&place, item), older);
        }
    }
}

fn bearer(place: &Place, item: &Item) -> Bearer {
    let other_names = place.other_names.iter().filter_map(|name| item.filled(name)).map(str::to_owned);
    let cited: Citation = item.section(&item.name).citation();
    Bearer {
        kind: place.kind,
        owner: item.name.clone(),
        other_names: other_names.collect(),
        reach: place.reach,
        standing: Standing::InForce,
        place: cited,
    }
}
