//! Kamailio and OpenSIPS: what their configuration and their tables say of accounts, contacts and trunks.
//!
//! The tables hold the accounts (`subscriber`), who is registered (`location`), the servers that calls are sent to
//! (`dispatcher`) and the addresses that call without a password (`address`, `trusted`: the `permissions` module). They
//! lie in a database of SQLite's, in text files, or in a server's, of which a dump or a data directory is read elsewhere.

mod configuration;
mod extras;
mod secrets;
mod text_table;

use std::net::IpAddr;

use rusqlite::types::ValueRef;

use super::access;
use super::address::{host_and_port, of_uri};
use super::model::{Account, Binding, Problem, Technology, Trunk};
use super::read::Collector;
use super::secret::{Bearer, Reach, SecretKind, Standing, behind_digest};
use crate::event::{Citation, Place};
use crate::evidence::{Evidence, Kind, Source};
use crate::readers::{self, SIP_PROXY_DATABASE, SIP_PROXY_TEXT_TABLE};
use crate::sqlite;

pub use configuration::is_configuration;

/// Hexadecimal digits of an MD5 sum.
const DIGEST_DIGITS: usize = 32;
/// No installation has more; a damaged database may seem to.
const MOST_ROWS: usize = 100_000;

/// The tables that tell of accounts, contacts and gateways, and the columns by which one is told.
pub(super) const TABLES: [(&str, &[&str]); 5] = [
    ("subscriber", &["username", "domain"]),
    ("location", &["username", "contact", "expires"]),
    ("dispatcher", &["setid", "destination"]),
    ("address", &["ip_addr", "mask"]),
    ("trusted", &["src_ip", "proto"]),
];

/// One row of such a table, wherever it was found.
pub(super) struct Row<'r> {
    /// The table's name.
    pub(super) table: &'r str,
    /// The row's number, from 1.
    pub(super) number: i64,
    /// Where it stands.
    pub(super) place: Place,
    /// Its values by their columns' names.
    pub(super) values: &'r [(&'r str, ValueRef<'r>)],
}

impl Row<'_> {
    fn text(&self, name: &str) -> Option<String> {
        text(self.values, name)
    }

    /// Returns proof of the row that shows what of it is no secret.
    fn proof(&self, shown: &str) -> Citation {
        Citation::new(self.place, format!("{} row {}{shown}", self.table, self.number).as_bytes())
    }
}

/// Reads all configuration files, databases and text tables of SIP proxies.
pub(super) fn read_all(evidence: &Evidence, collector: &mut Collector) {
    configuration::read_all(evidence, collector);
    let sources = || evidence.sources.iter().filter(|source| source.duplicate_of.is_none());
    for source in sources().filter(|source| source.kind == Kind::Records(SIP_PROXY_DATABASE)) {
        if let Err(what) = read_database(evidence, source, collector) {
            collector.pbx.problems.push(Problem { path: source.file.path.clone(), what });
        }
    }
    for source in sources().filter(|source| source.kind == Kind::Records(SIP_PROXY_TEXT_TABLE)) {
        if let Err(what) = text_table::read(evidence, source, collector) {
            collector.pbx.problems.push(Problem { path: source.file.path.clone(), what });
        }
    }
}

fn read_database(evidence: &Evidence, source: &Source, collector: &mut Collector) -> Result<(), String> {
    let handle = evidence.open(&source.file).map_err(|error| format!("cannot be opened: {error}"))?;
    let bytes = sqlite::read(&handle).map_err(|why| format!("accounts are not known: {why}"))?;
    let in_part = |error: rusqlite::Error| format!("accounts and trunks were read in part: {error}");
    let connection = sqlite::open(bytes).map_err(in_part)?;
    let place = Place { source: source.id, offset: 0, line: 0 };
    for (table, _) in TABLES {
        let mut left = MOST_ROWS + 1;
        sqlite::each_row(&connection, table, |number, values| {
            left = left.saturating_sub(1);
            if left > 0 {
                take(&Row { table, number, place, values }, collector);
            }
        })
        .map_err(in_part)?;
        if left == 0 {
            let what = format!("more than {MOST_ROWS} rows of {table}: the rest is not known");
            collector.pbx.problems.push(Problem { path: source.file.path.clone(), what });
        }
    }
    Ok(())
}

/// Takes a row of one of [`TABLES`].
pub(super) fn take(row: &Row<'_>, collector: &mut Collector) {
    let gateway = |host: &str, mask: Option<&str>, collector: &mut Collector| {
        if let Some(host) = row.text(host) {
            let mask = mask.and_then(|mask| row.text(mask));
            peer(&host, mask.as_deref(), row.proof(""), collector);
        }
    };
    match row.table {
        "subscriber" => account(row, collector),
        "location" => collector.pbx.bindings.extend(contact(row)),
        "dispatcher" => gateway("destination", None, collector),
        "address" => gateway("ip_addr", Some("mask"), collector),
        "trusted" => gateway("src_ip", None, collector),
        _ => {}
    }
}

/// Reads a contact. `received` is the socket that a registration came from; without NAT handling the server keeps none,
/// and the contact, which is the phone's own word, is all there is.
fn contact(row: &Row<'_>) -> Option<Binding> {
    let account = row.text("username").filter(|name| !name.is_empty())?;
    let contact = row.text("contact").unwrap_or_default();
    let received = row.text("received").filter(|socket| !socket.is_empty());
    let (host, port) = host_and_port(of_uri(received.as_deref().unwrap_or(&contact)));
    let expires = row.values.iter().find(|(name, _)| *name == "expires");
    Some(Binding {
        address: Some(host.parse::<IpAddr>().ok()?),
        port,
        user_agent: row.text("user_agent").filter(|agent| !agent.is_empty()),
        expires: expires.and_then(|(_, at)| readers::exact_time(*at)),
        place: row.proof(&format!(": username={account};contact={contact}")),
        account,
    })
}

fn account(row: &Row<'_>, collector: &mut Collector) {
    let Some(name) = row.text("username").filter(|name| !name.is_empty()) else { return };
    let domain = row.text("domain").unwrap_or_default();
    let password = row.text("password").filter(|password| !password.is_empty());
    let place = row.proof(&format!(": username={name};domain={domain}"));
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
    let digest = row.text("ha1").filter(|digest| digest.len() == DIGEST_DIGITS);
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
        None => collector.hold_hidden(bearer, "MD5 with name and domain"),
    }
    collector.account(account, password.as_deref().or(behind));
}

/// Adds a server that calls are sent to or taken from: `sip:192.0.2.1:5060`, `192.0.2.0` with a mask.
pub(super) fn peer(host: &str, mask: Option<&str>, place: Citation, collector: &mut Collector) {
    let (name, port) = match host.parse::<IpAddr>() {
        Ok(_) => (host, None),
        Err(_) => host_and_port(of_uri(host)),
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
        ports: port.into_iter().collect(),
        context: None,
        place,
    });
}

fn text(row: &[(&str, ValueRef<'_>)], name: &str) -> Option<String> {
    match row.iter().find(|(known, _)| *known == name)?.1 {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        ValueRef::Integer(number) => Some(number.to_string()),
        _ => None,
    }
}
