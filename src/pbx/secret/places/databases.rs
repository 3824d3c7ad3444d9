//! Passwords for databases in Asterisk's files: `res_odbc.conf` and what writes call records to one.
//!
//! Which settings name the user and the password differs by file; none uses the words of another otherwise.

use super::super::{Reach, SecretKind, Standing};
use super::{Scope, bearer, last};
use crate::pbx::language::{Document, Section, is_true};
use crate::pbx::read::Collector;

const PASSWORDS: [&str; 3] = ["password", "dbpass", "pass"];
const USERS: [&str; 3] = ["username", "user", "dbuser"];
const HOSTS: [&str; 3] = ["hostname", "dbhost", "server"];
/// Sections that are named for no database.
const NAMELESS: [&str; 4] = ["global", "general", "_general", "read"];

/// Notes the password of each section.
pub(super) fn users(document: &Document, scope: Scope<'_>, collector: &mut Collector) {
    for section in document.sections() {
        let Some(setting) = PASSWORDS.iter().find_map(|name| last(section, name)) else { continue };
        let user = USERS.iter().find_map(|name| section.filled(name));
        let mut bearer = bearer(SecretKind::Database, user.unwrap_or(&section.name), section, setting, scope);
        bearer.other_names.retain(|name| !NAMELESS.contains(&name.to_ascii_lowercase().as_str()));
        bearer.reach = reach(section);
        let is_off = section.filled("enabled").is_some_and(|value| !is_true(value));
        if is_off {
            bearer.standing = Standing::Off;
        }
        collector.hold(bearer, &setting.value);
    }
}

fn reach(section: &Section) -> Reach {
    let host = HOSTS.iter().find_map(|name| section.filled(name));
    let is_local = |host: &str| matches!(host, "localhost" | "127.0.0.1" | "::1") || host.starts_with('/');
    if host.is_some_and(is_local) || section.filled("sock").is_some() { Reach::Local } else { Reach::Unknown }
}
