//! The tables of Kamailio and OpenSIPS, where they lie in a database server: `subscriber`, `location`, `dispatcher`,
//! `address`, `trusted`.

use rusqlite::types::ValueRef;

use super::gather::{Item, Settings};
use super::holds::Holds;
use crate::pbx::model::Technology;
use crate::pbx::proxy::{self, Row};
use crate::pbx::read::Collector;

/// Adds accounts, contacts and gateways, unless a file of the proxy's own has told the accounts.
pub(super) fn collect(settings: &Settings, collector: &mut Collector) {
    if collector.pbx.accounts.iter().any(|account| account.technology == Technology::Proxy) {
        return;
    }
    for (table, _) in proxy::TABLES {
        for (number, item) in settings.of(Holds::Proxy(table)).enumerate() {
            let values: Vec<(&str, ValueRef<'_>)> = values(item);
            let number = number as i64 + 1;
            proxy::take(&Row { table, number, place: item.place, values: &values }, collector);
        }
    }
}

/// OpenSIPS keeps times as seconds since 1970, others as local time, whose zone no table tells.
fn values(item: &Item) -> Vec<(&str, ValueRef<'_>)> {
    fn value(text: &str) -> ValueRef<'_> {
        match text.parse() {
            Ok(number) if text.len() == 10 => ValueRef::Integer(number),
            _ => ValueRef::Text(text.as_bytes()),
        }
    }
    item.settings.iter().map(|held| (held.name.as_str(), value(&held.value))).collect()
}
