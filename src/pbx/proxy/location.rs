//! `location`: the contacts that a SIP proxy's registrar holds.
//!
//! `received` is the socket that a registration came from; without NAT handling the server keeps none, and the contact,
//! which is the phone's own word, is all there is. Lapsed rows are purged by the server itself.

use std::net::IpAddr;

use rusqlite::Connection;
use rusqlite::types::ValueRef;

use super::super::address::{host_and_port, of_uri};
use super::super::model::Binding;
use super::super::read::Collector;
use super::{place, text};
use crate::event::SourceId;
use crate::{readers, sqlite};

/// No installation has more; a damaged database may seem to.
const MOST_CONTACTS: usize = 100_000;

/// Reads the contacts of one database.
pub(super) fn read(
    connection: &Connection,
    source: SourceId,
    collector: &mut Collector,
) -> Result<bool, rusqlite::Error> {
    let mut left = MOST_CONTACTS;
    sqlite::each_row(connection, "location", |number, row| {
        if left > 0 {
            left -= 1;
            collector.pbx.bindings.extend(binding(source, number, row));
        }
    })
}

fn binding(source: SourceId, number: i64, row: &[(&str, ValueRef<'_>)]) -> Option<Binding> {
    let account = text(row, "username").filter(|name| !name.is_empty())?;
    let contact = text(row, "contact").unwrap_or_default();
    let received = text(row, "received").filter(|socket| !socket.is_empty());
    let (host, port) = host_and_port(of_uri(received.as_deref().unwrap_or(&contact)));
    let expires =
        row.iter().find(|(name, _)| *name == "expires").and_then(|(_, at)| readers::exact_time(*at));
    let shown = format!("location row {number}: username={account};contact={contact}");
    Some(Binding {
        address: Some(host.parse::<IpAddr>().ok()?),
        port,
        user_agent: text(row, "user_agent").filter(|agent| !agent.is_empty()),
        expires,
        place: place(source, &shown),
        account,
    })
}
