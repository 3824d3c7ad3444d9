//! Accounting and registrations in the tables of a database, wherever its rows were found: a dump, a data directory,
//! text tables.
//!
//! The columns decide, not the name: `acc` and `missed_calls` are alike, and sites copy old calls elsewhere.

use super::super::found::Found;
use super::super::table_rows::RowPlace;
use super::accounting::{self, About};
use super::database::{Time, contact, time_of_text};
use super::fields::Fields;
use crate::event::{Entry, Service, Span, Stamp};
use crate::readers::Chunk;

/// A table of which each row is a transaction, a call or a contact.
#[derive(Clone, Debug)]
pub(in crate::readers) struct ProxyTable {
    holds: Holds,
    service: Service,
    names: Vec<String>,
    time: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holds {
    Accounting(About),
    Contacts,
}

/// The columns by which a table is told, and those that may hold its time.
const TELLING: [(Holds, &[&str], &[&str]); 3] = [
    (
        Holds::Accounting(About::Transaction),
        &["method", "from_tag", "to_tag", "callid", "sip_code"],
        &["time"],
    ),
    // Without its Call-ID a row of a whole call would tell the call a second time.
    (Holds::Accounting(About::Call), &["callid", "duration"], &["start_time", "call_start_time"]),
    (Holds::Contacts, &["username", "contact", "callid", "cseq", "expires"], &["last_modified"]),
];

impl ProxyTable {
    /// Tells from its columns' names what a table holds, if it is a SIP proxy's.
    pub(in crate::readers) fn of<'a>(names: impl Iterator<Item = &'a str>) -> Option<Self> {
        let names: Vec<String> = names.map(str::to_ascii_lowercase).collect();
        let place = |wanted: &str| names.iter().position(|name| name == wanted);
        TELLING.into_iter().find_map(|(holds, wanted, times)| {
            let time = times.iter().find_map(|time| place(time))?;
            let is_one = wanted.iter().all(|wanted| place(wanted).is_some());
            // Columns that OpenSIPS alone has.
            let is_opensips =
                ["setuptime", "contact_id", "ms_duration"].iter().any(|mark| place(mark).is_some());
            let service = if is_opensips { Service::Opensips } else { Service::Kamailio };
            is_one.then(|| ProxyTable { holds, service, names: names.clone(), time })
        })
    }

    /// Returns which column holds the time.
    pub(in crate::readers) fn time(&self) -> Option<usize> {
        Some(self.time)
    }

    /// Returns whether its rows tell of calls, and not of where phones are.
    pub(in crate::readers) fn is_accounting(&self) -> bool {
        self.holds != Holds::Contacts
    }

    /// Reads a row into the chunk; returns whether it was understood.
    pub(in crate::readers) fn read(
        &self,
        values: &[Option<&[u8]>],
        stamp: impl Fn(&[u8]) -> Option<Stamp>,
        place: RowPlace,
        chunk: &mut Chunk,
    ) -> bool {
        let mut fields = Fields::default();
        for (name, value) in self.names.iter().zip(values) {
            fields.add(name.as_bytes(), value.unwrap_or_default());
        }
        let Some(time) = values.get(self.time).copied().flatten().and_then(|text| time_of_text(text, stamp))
        else {
            return false;
        };
        chunk.records += 1;
        let found = match self.holds {
            Holds::Accounting(about) => accounting::found(&fields, about, self.service),
            Holds::Contacts => contact(&fields, self.service),
        };
        let Some(found) = found else { return true };
        let mut entry = kept(&found, chunk);
        match time {
            Time::Exact(at) => entry.exact = Some(at),
            Time::Local(stamp) => {
                entry.stamp = Some(stamp);
                chunk.first_stamp = chunk.first_stamp.or(Some(stamp));
                chunk.last_stamp = Some(stamp);
            }
        }
        (entry.offset, entry.length, entry.line) = (place.offset, place.length, place.line);
        chunk.entries.push(entry);
        true
    }
}

/// Makes the entry of what a row tells; its texts are kept in the chunk.
fn kept(found: &Found<'_>, chunk: &mut Chunk) -> Entry {
    let mut keep = |text: Option<&[u8]>| text.map_or(Span::NONE, |text| chunk.keep(text));
    Entry {
        reason: found.reason,
        address: found.address,
        port: found.port,
        account: keep(found.account),
        number: keep(found.number),
        detail: keep(found.detail),
        session: keep(found.session),
        channel: keep(found.channel),
        context: keep(found.context),
        seconds: found.seconds.filter(|seconds| *seconds > 0),
        ..Entry::new(found.action, found.service)
    }
}
