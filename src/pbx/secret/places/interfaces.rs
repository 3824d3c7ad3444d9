//! Secrets of those who steer Asterisk by a program: `manager.conf` and `ari.conf`.
//!
//! Neither lets anybody in without `enabled = yes` (`ari.conf` says so unless told otherwise); the manager
//! interface takes a login only where a secret is set (`main/manager.c`). ARI may keep the hash of `crypt(3)`.

use super::super::{Reach, SecretKind, Standing};
use super::{Scope, bearer, last, reach_of};
use crate::pbx::language::{Document, is_true};
use crate::pbx::read::Collector;

/// Notes the secrets of manager users.
pub(super) fn manager(document: &Document, mut scope: Scope<'_>, collector: &mut Collector) {
    if document.named("general").next().is_some()
        && !document.last("general", "enabled").is_some_and(is_true)
        && scope.standing == Standing::InForce
    {
        scope.standing = Standing::Off;
    }
    let is_local = document.last("general", "bindaddr").is_some_and(is_loopback);
    for section in document.sections().filter(|section| !section.name.eq_ignore_ascii_case("general")) {
        let Some(setting) = last(section, "secret") else { continue };
        let mut bearer = bearer(SecretKind::Manager, &section.name, section, setting, scope);
        bearer.reach = if is_local { Reach::Local } else { reach_of(section, scope.lists) };
        collector.hold(bearer, &setting.value);
    }
}

/// Notes the secrets of ARI users.
pub(super) fn ari(document: &Document, mut scope: Scope<'_>, collector: &mut Collector) {
    let is_off = document.last("general", "enabled").is_some_and(|value| !is_true(value));
    if is_off && scope.standing == Standing::InForce {
        scope.standing = Standing::Off;
    }
    for section in document.sections().filter(|section| !section.name.eq_ignore_ascii_case("general")) {
        let Some(setting) = last(section, "password") else { continue };
        let mut bearer = bearer(SecretKind::Ari, &section.name, section, setting, scope);
        // Which addresses the web server listens on stands elsewhere.
        bearer.reach = Reach::Unknown;
        let is_hashed =
            section.filled("password_format").is_some_and(|form| form.eq_ignore_ascii_case("crypt"));
        if is_hashed {
            collector.hold_slow(bearer, &setting.value, "ari.conf");
        } else {
            collector.hold(bearer, &setting.value);
        }
    }
}

fn is_loopback(text: &str) -> bool {
    text.trim().parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}
