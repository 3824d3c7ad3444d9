//! Kamailio and OpenSIPS: what their configuration and their SQLite database say of accounts and trunks.
//!
//! The database holds the accounts (`subscriber`), the servers that calls are sent to (`dispatcher`)
//! and the addresses that call without a password (`address`, `trusted`: the `permissions` module).

mod configuration;
mod location;
mod secrets;

use std::net::IpAddr;

use rusqlite::types::ValueRef;

use super::access;
use super::address::{host_and_port, of_uri};
use super::model::{Account, Problem, Technology, Trunk};
use super::read::Collector;
use super::secret::{Bearer, Reach, SecretKind, Standing, behind_digest};
use crate::event::{Citation, Place, SourceId};
use crate::evidence::{Evidence, Kind, Source};
use crate::readers::SIP_PROXY_DATABASE;
use crate::sqlite;

pub use configuration::is_configuration;

/// Hexadecimal digits of an MD5 sum.
const DIGEST_DIGITS: usize = 32;
/// No installation has more; a damaged database may seem to.
const MOST_ACCOUNTS: usize = 100_000;

/// Reads all configuration files and databases of SIP proxies.
pub(super) fn read_all(evidence: &Evidence, collector: &mut Collector) {
    configuration::read_all(evidence, collector);
    let sources = evidence.sources.iter().filter(|source| source.kind == Kind::Records(SIP_PROXY_DATABASE));
    for source in sources.filter(|source| source.duplicate_of.is_none()) {
        if let Err(what) = read_database(evidence, source, collector) {
            collector.pbx.problems.push(Problem { path: source.file.path.clone(), what });
        }
    }
}

fn read_database(evidence: &Evidence, source: &Source, collector: &mut Collector) -> Result<(), String> {
    let handle = evidence.open(&source.file).map_err(|error| format!("cannot be opened: {error}"))?;
    let bytes = sqlite::read(&handle).map_err(|why| format!("accounts are not known: {why}"))?;
    let in_part = |error: rusqlite::Error| format!("accounts and trunks were read in part: {error}");
    let connection = sqlite::open(bytes).map_err(in_part)?;
    let mut left = MOST_ACCOUNTS + 1;
    sqlite::each_row(&connection, "subscriber", |number, row| {
        left = left.saturating_sub(1);
        if left > 0 {
            account(source.id, number, row, collector);
        }
    })
    .map_err(in_part)?;
    if left == 0 {
        let what = format!("more than {MOST_ACCOUNTS} subscribers: the rest is not known");
        collector.pbx.problems.push(Problem { path: source.file.path.clone(), what });
    }
    location::read(&connection, source.id, collector).map_err(in_part)?;
    for (table, columns) in
        [("dispatcher", ["destination", ""]), ("address", ["ip_addr", "mask"]), ("trusted", ["src_ip", ""])]
    {
        sqlite::each_row(&connection, table, |number, row| {
            let place = place(source.id, &format!("{table} row {number}"));
            let value = |name: &str| text(row, name);
            let (Some(host), mask) = (value(columns[0]), value(columns[1])) else { return };
            peer(&host, mask.as_deref(), place, collector);
        })
        .map_err(in_part)?;
    }
    Ok(())
}

fn account(source: SourceId, number: i64, row: &[(&str, ValueRef<'_>)], collector: &mut Collector) {
    let Some(name) = text(row, "username").filter(|name| !name.is_empty()) else { return };
    let domain = text(row, "domain").unwrap_or_default();
    let password = text(row, "password").filter(|password| !password.is_empty());
    let place = place(source, &format!("subscriber row {number}: username={name};domain={domain}"));
    let account = Account {
        name,
        technology: Technology::Proxy,
        context: None,
        auth_name: None,
        display_name: None,
        secret: None,
        secret_weakness: None,
        permit: Vec::new(),
        place,
    };
    // With a digest alone, only whether the secret is a default can be told.
    let name = account.name.clone();
    let digest = text(row, "ha1").filter(|digest| digest.len() == DIGEST_DIGITS);
    let behind = digest.as_deref().and_then(|digest| behind_digest(&name, &domain, digest));
    let bearer = Bearer {
        kind: SecretKind::Sip,
        owner: name.clone(),
        other_names: Vec::new(),
        reach: Reach::Anywhere,
        standing: Standing::InForce,
        place: account.place.clone(),
    };
    match password.as_deref().or(behind) {
        Some(secret) => collector.hold(bearer, secret),
        None => collector.hold_hidden(bearer),
    }
    collector.account(account, password.as_deref().or(behind));
}

/// Adds a server that calls are sent to or taken from: `sip:192.0.2.1:5060`, `192.0.2.0` with a mask.
pub(super) fn peer(host: &str, mask: Option<&str>, place: Citation, collector: &mut Collector) {
    let name = match host.parse::<IpAddr>() {
        Ok(_) => host,
        Err(_) => host_and_port(of_uri(host)).0,
    };
    if name.is_empty() || name == "any" {
        return;
    }
    let masked = mask.map_or_else(|| name.to_owned(), |mask| format!("{name}/{mask}"));
    let network = access::network(&masked).filter(|network| network.prefix_len() > 0);
    collector.trunk(Trunk {
        name: name.to_owned(),
        technology: Technology::Proxy,
        networks: network.into_iter().collect(),
        hosts: if network.is_none() { vec![name.to_owned()] } else { Vec::new() },
        context: None,
        place,
    });
}

fn place(source: SourceId, shown: &str) -> Citation {
    Citation::new(Place { source, offset: 0, line: 0 }, shown.as_bytes())
}

fn text(row: &[(&str, ValueRef<'_>)], name: &str) -> Option<String> {
    match row.iter().find(|(known, _)| *known == name)?.1 {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        ValueRef::Integer(number) => Some(number.to_string()),
        _ => None,
    }
}
