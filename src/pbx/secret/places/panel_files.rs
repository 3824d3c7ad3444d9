//! Files in which panels keep the passwords they work with: `amportal.conf`, `freepbx.conf`, `issabel.conf`,
//! `elastix.conf`, FusionPBX's `config.php` and `config.conf`, `odbc.ini`.
//!
//! All are lines of a name and a value; some are PHP. Which names hold whose password is data.

use std::collections::BTreeMap;

use super::super::{Bearer, Reach, SecretKind, Standing};
use crate::event::{Citation, Place};
use crate::evidence::{Evidence, Kind, Source, ends_with_path};
use crate::pbx::model::Problem;
use crate::pbx::read::Collector;
use crate::untrusted::Untrusted;

/// The longest, a generated `amportal.conf`, has sixty thousand bytes.
const LONGEST: usize = 1024 * 1024;

/// Where the files lie.
const PATHS: [&str; 9] = [
    "etc/amportal.conf",
    "etc/freepbx.conf",
    "etc/issabelpbx.conf",
    "etc/issabel.conf",
    "etc/elastix.conf",
    "etc/fusionpbx/config.php",
    "etc/fusionpbx/config.conf",
    "fusionpbx/resources/config.php",
    "etc/odbc.ini",
];

/// The name of a password, what it is for, the name of the setting that tells whose, and whose it is without.
const NAMES: [(&str, SecretKind, &str, &str); 10] = [
    ("ampdbpass", SecretKind::Database, "ampdbuser", "asteriskuser"),
    ("ampmgrpass", SecretKind::Manager, "ampmgruser", "admin"),
    ("ari_admin_password", SecretKind::Panel, "ari_admin_username", "admin"),
    ("fpbx_ari_password", SecretKind::Ari, "fpbx_ari_user", "freepbxuser"),
    ("foppassword", SecretKind::Panel, "", "operator panel"),
    ("mysqlrootpwd", SecretKind::Database, "", "root"),
    ("amiadminpwd", SecretKind::Manager, "", "admin"),
    ("db_password", SecretKind::Database, "db_username", "fusionpbx"),
    ("database.0.password", SecretKind::Database, "database.0.username", "fusionpbx"),
    ("password", SecretKind::Database, "username", "odbc"),
];

/// Returns whether a panel keeps passwords in a file.
pub fn is_panel_file(path: &str) -> bool {
    PATHS.iter().any(|ending| ends_with_path(path, ending))
}

/// One line with a name and a value.
struct Line<'a> {
    name: String,
    value: &'a str,
    place: Place,
}

/// Notes the passwords of every such file.
pub(in crate::pbx) fn gather_all(evidence: &Evidence, collector: &mut Collector) {
    for source in evidence.sources.iter().filter(|source| source.kind == Kind::PanelFile) {
        match evidence.read_small(source, LONGEST) {
            Ok(bytes) => gather(source, Untrusted::from_bytes(&bytes).raw(), collector),
            Err(error) => {
                let what = format!("cannot be read: {error}");
                collector.pbx.problems.push(Problem { path: source.file.path.clone(), what });
            }
        }
    }
}

fn gather(source: &Source, text: &str, collector: &mut Collector) {
    let mut users: BTreeMap<String, &str> = BTreeMap::new();
    for line in lines(source, text) {
        // In `odbc.ini` the user stands before the password, or behind it.
        users.insert(line.name, line.value);
    }
    for line in lines(source, text) {
        let known = NAMES.iter().find(|(name, ..)| *name == line.name);
        let Some((_, kind, user, owner)) = known else { continue };
        let owner = users.get(*user).copied().filter(|user| !user.is_empty()).unwrap_or(owner);
        let bearer = Bearer {
            kind: *kind,
            owner: owner.to_owned(),
            other_names: Vec::new(),
            // The panel itself logs in from the server; who else may stands in the other's own file.
            reach: match kind {
                SecretKind::Panel => Reach::Unknown,
                _ => Reach::Local,
            },
            standing: Standing::InForce,
            place: Citation::new(line.place, format!("{} = ***", line.name).as_bytes()),
        };
        if !line.value.is_empty() {
            collector.hold(bearer, line.value);
        }
    }
}

/// Returns the lines `NAME=value`, `name: value`, `$name = 'value';` and `$array['NAME'] = "value";`.
fn lines<'a>(source: &'a Source, text: &'a str) -> impl Iterator<Item = Line<'a>> {
    let mut offset = 0_u64;
    text.split_inclusive('\n').zip(1_u32..).filter_map(move |(raw, number)| {
        let place = Place { source: source.id, offset, line: number };
        offset += raw.len() as u64;
        let line = raw.trim();
        if ["#", ";", "//", "*", "/*"].iter().any(|comment| line.starts_with(comment)) {
            return None;
        }
        let line = line.strip_prefix("<?php").map_or(line, str::trim_start);
        let (name, value) = line.split_once('=')?;
        let name = name.trim().trim_start_matches('$');
        // `amp_conf['AMPDBPASS']`
        let name = name.split_once(['[']).map_or(name, |(_, key)| key);
        let name = name.trim_matches(|mark| matches!(mark, '\'' | '"' | ']' | ' ')).to_ascii_lowercase();
        Some(Line { name, value: unquoted(value.trim()), place })
    })
}

/// Takes quotes off, and what stands behind the closing one.
fn unquoted(value: &str) -> &str {
    match value.chars().next() {
        Some(quote @ ('\'' | '"')) => {
            value.get(1..).unwrap_or_default().split(quote).next().unwrap_or_default()
        }
        _ => value.trim_end_matches(';').trim_end(),
    }
}
