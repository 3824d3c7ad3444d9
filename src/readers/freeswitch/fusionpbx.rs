//! FusionPBX's tables, whichever copy of its database holds them: `v_xml_cdr` with a call's leg a row,
//! `v_user_logs` with the logins of its web pages, `v_event_guard_logs` with what its own blocker did.
//!
//! FusionPBX takes the legs from `mod_xml_cdr`, which encodes what callers send, and asks for no more than it
//! needs: `network_addr` is the socket's address, `extension_uuid` the extension that the leg is of.
//! `caller_id_number` may be the number shown abroad. `direction` is that of the whole call: of one that came in,
//! the extension was called. Since 5.2.0 `duration` holds the answered seconds; the epochs tell the others. Columns
//! differ from version to version, so that names alone count.

use super::accounts::Accounts;
use super::leg::LegText;
use crate::clock::any_stamp;
use crate::event::{Action, Entry, Service, Span, Stamp};
use crate::readers::Chunk;
use crate::readers::table_rows::RowPlace;
use crate::readers::text;

/// What one of FusionPBX's tables holds.
#[derive(Clone, Debug)]
pub(in crate::readers) struct FusionTable {
    holds: Holds,
    names: Vec<String>,
    accounts: Accounts,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holds {
    Legs,
    Logins,
    Blocks,
}

/// The columns by which a table is told.
const TELLING: [(Holds, &[&str]); 3] = [
    (Holds::Legs, &["xml_cdr_uuid", "start_epoch", "destination_number", "hangup_cause"]),
    (Holds::Logins, &["user_log_uuid", "timestamp", "username", "result", "remote_address"]),
    (Holds::Blocks, &["log_date", "filter", "ip_address", "log_status"]),
];

/// A row's values by name.
struct Row<'r> {
    names: &'r [String],
    values: &'r [Option<&'r [u8]>],
}

impl<'r> Row<'r> {
    fn get(&self, name: &str) -> &'r [u8] {
        let at = self.names.iter().position(|known| known == name);
        at.and_then(|at| self.values.get(at)).copied().flatten().unwrap_or_default()
    }

    fn number(&self, name: &str) -> i64 {
        text::number(self.get(name)).unwrap_or(0)
    }
}

impl FusionTable {
    /// Tells from its columns' names what a table holds, if it is one of FusionPBX's that count.
    pub(in crate::readers) fn of<'a>(
        names: impl Iterator<Item = &'a str>,
        accounts: &Accounts,
    ) -> Option<Self> {
        let names: Vec<String> = names.map(str::to_ascii_lowercase).collect();
        let has = |wanted: &&str| names.iter().any(|name| name == wanted);
        let (holds, _) = TELLING.into_iter().find(|(_, wanted)| wanted.iter().all(has))?;
        Some(FusionTable { holds, names, accounts: accounts.clone() })
    }

    /// Returns which column holds the time.
    pub(in crate::readers) fn time(&self) -> Option<usize> {
        let wanted = match self.holds {
            Holds::Legs => "start_stamp",
            Holds::Logins => "timestamp",
            Holds::Blocks => "log_date",
        };
        self.names.iter().position(|name| name == wanted)
    }

    /// Reads a row into the chunk; returns whether it was understood.
    pub(in crate::readers) fn read(
        &self,
        values: &[Option<&[u8]>],
        place: RowPlace,
        chunk: &mut Chunk,
    ) -> bool {
        let row = Row { names: &self.names, values };
        let entry = match self.holds {
            Holds::Legs => {
                let at = (place.offset as usize, place.length as usize, place.line);
                return self.leg(&row).into_row(chunk, &self.accounts, at);
            }
            Holds::Logins => login(&row, chunk),
            Holds::Blocks => block(&row, chunk),
        };
        let Some(entry) = entry else { return false };
        chunk.first_stamp = chunk.first_stamp.or(entry.stamp);
        chunk.last_stamp = entry.stamp.or(chunk.last_stamp);
        chunk.records += 1;
        chunk.entries.push(Entry { offset: place.offset, length: place.length, line: place.line, ..entry });
        true
    }

    fn leg(&self, row: &Row<'_>) -> LegText {
        let mut leg = LegText::default();
        for (ours, theirs) in [
            ("uuid", "xml_cdr_uuid"),
            ("start_stamp", "start_stamp"),
            ("end_stamp", "end_stamp"),
            ("start_epoch", "start_epoch"),
            ("answer_epoch", "answer_epoch"),
            ("billsec", "billsec"),
            ("hangup_cause", "hangup_cause"),
            ("sip_network_ip", "network_addr"),
            ("accountcode", "accountcode"),
            ("last_app", "last_app"),
            ("last_arg", "last_arg"),
            ("originating_leg_uuid", "originating_leg_uuid"),
        ] {
            leg.put_plain(ours, row.get(theirs));
        }
        let is_second = row.get("leg") == b"b";
        leg.put_plain("direction", if is_second { b"outbound" } else { b"inbound" });
        let lasted = row.number("end_epoch").saturating_sub(row.number("start_epoch"));
        let lasted = if lasted > 0 { lasted } else { row.number("duration") };
        leg.put_plain("duration", lasted.to_string().as_bytes());
        leg.destination = row.get("destination_number").to_vec();
        leg.caller = row.get("caller_id_number").to_vec();
        leg.caller_name = row.get("caller_id_name").to_vec();
        leg.context = row.get("context").to_vec();
        leg.account = Some(self.account(row));
        leg
    }

    /// Returns the account that made the call, if the row tells it.
    fn account(&self, row: &Row<'_>) -> Vec<u8> {
        if row.get("direction") == b"inbound" {
            return Vec::new();
        }
        let by_id = self.accounts.by_id(row.get("extension_uuid"));
        let code = row.get("accountcode");
        let by_code = || self.accounts.has(code).then_some(code);
        by_id.or_else(by_code).unwrap_or_default().to_vec()
    }
}

/// Reads a login of the web pages.
fn login(row: &Row<'_>, chunk: &mut Chunk) -> Option<Entry> {
    let stamp = stamp(row.get("timestamp"))?;
    let action = match row.get("result") {
        b"success" => Action::AuthOk,
        b"failure" => Action::AuthFailed,
        _ => return None,
    };
    let mut entry = Entry::new(action, Service::Panel);
    entry.stamp = Some(stamp);
    entry.reason = if action == Action::AuthFailed { "login refused" } else { "" };
    entry.address = text::address(row.get("remote_address"));
    entry.account = keep(chunk, row.get("username"));
    entry.agent = keep(chunk, row.get("user_agent"));
    Some(entry)
}

/// Reads what the blocker did: `blocked`, `pending` (somebody asked to lift it), `unblocked`.
fn block(row: &Row<'_>, chunk: &mut Chunk) -> Option<Entry> {
    let stamp = stamp(row.get("log_date"))?;
    let action = match row.get("log_status") {
        b"blocked" => Action::Banned,
        b"pending" => Action::Noticed,
        b"unblocked" => Action::Unbanned,
        _ => return None,
    };
    let mut entry = Entry::new(action, Service::Fail2ban);
    (entry.stamp, entry.reason) = (Some(stamp), "by FusionPBX's event guard");
    entry.address = text::address(row.get("ip_address"));
    entry.detail = keep(chunk, row.get("filter"));
    entry.agent = keep(chunk, row.get("user_agent"));
    Some(entry)
}

fn keep(chunk: &mut Chunk, text: &[u8]) -> Span {
    if text.is_empty() { Span::NONE } else { chunk.keep(text) }
}

fn stamp(text: &[u8]) -> Option<Stamp> {
    any_stamp(text).map(|(stamp, _)| stamp)
}
