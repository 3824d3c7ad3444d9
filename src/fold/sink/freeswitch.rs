//! FreeSWITCH's entries: sessions, refusals, and what strangers wrote.

use super::super::sessions::Entered;
use super::super::tries::{self, Try};
use super::{Fold, MOST_CALLERS, Told};
use crate::event::{Action, CallRow, Entry, Instant, Place, Service};
use crate::readers::{self, Chunk};
use crate::scan::Base;

impl Fold {
    /// Takes an entry of FreeSWITCH's log.
    pub(super) fn of_freeswitch(&mut self, chunk: &Chunk, entry: &Entry, base: Base) {
        self.ledger.is_freeswitch = true;
        let uuid = chunk.text(entry.session).unwrap_or_default();
        let is_forged = entry.action == Action::Forged;
        // What a stranger wrote tells no time.
        let at = if is_forged { self.last_at } else { self.instant(entry) };
        let Some((at, resolution)) = at else { return };
        if !is_forged {
            self.shows(entry);
            self.ledger.reaches(at);
        }
        if !self.window.holds(at) {
            return;
        }
        *self.ledger.actions.entry(entry.action).or_default() += 1;
        let told = Told { chunk, entry, base, at, source: self.source, has_lines: self.has_lines };
        if is_forged || (!uuid.is_empty() && self.sessions.is_doubted(uuid)) {
            return self.forged(&told, uuid);
        }
        self.ledger.seen(at, resolution);
        match entry.action {
            Action::AuthFailed | Action::Challenge | Action::CallRejected => {
                // Both are told only where the profile says so.
                let tells = entry.action == Action::Challenge || entry.reason == readers::REFUSED;
                self.ledger.has_wrong_secrets |= tells;
                let name = self.tried_name(&told);
                self.asked(&told, &name);
                self.flood_at(&told, &name);
            }
            Action::CallAttempt if entry.reason == readers::NEW_SESSION => {
                self.sessions.begin(uuid, at, told.place());
            }
            Action::CallAttempt if entry.reason == readers::INVITE => {
                let version = told.text(entry.detail);
                self.ledger.version.get_or_insert_with(|| [b"FreeSWITCH ", version].concat());
                let user = self.ledger.names.id(told.text(entry.account));
                if let Some(address) = entry.address
                    && (self.callers.len() < MOST_CALLERS || self.callers.contains_key(&address))
                {
                    self.callers.insert(address, (user, at));
                }
                self.sessions.begin(uuid, at, told.place());
                self.sessions.invite(uuid, entry.address, user);
            }
            Action::Dialplan if !uuid.is_empty() => self.entered(&told, uuid),
            Action::Dialed => {
                let target = told.text(entry.number);
                let by_trunk = readers::is_to_carrier(target) || self.known.is_trunk(target);
                self.sessions.dial(uuid, target, by_trunk, &mut self.ledger.calls);
            }
            Action::Answered => self.sessions.answer(uuid, &mut self.ledger.calls),
            Action::HungUp => self.ended(&told, uuid),
            _ => {}
        }
    }

    /// Returns the name that a record of FreeSWITCH's registrar is about. Of an INVITE it tells what was dialled;
    /// whose secret was tried stands in the line of the INVITE itself, just before.
    fn tried_name(&self, told: &Told<'_>) -> Vec<u8> {
        let entry = told.entry;
        let is_refused_call = entry.action == Action::AuthFailed && told.text(entry.detail) == b"INVITE";
        let caller = entry.address.filter(|_| is_refused_call).and_then(|address| self.callers.get(&address));
        let caller = caller.filter(|(_, at)| told.at.seconds_since(*at).abs() <= 2);
        let name = caller.map_or_else(|| told.text(entry.account), |(user, _)| self.ledger.names.text(*user));
        name.to_vec()
    }

    /// Notes that an address was asked for the secret of an account, to register, or gave a wrong one.
    fn asked(&mut self, told: &Told<'_>, name: &[u8]) {
        let Some(address) = told.entry.address.filter(|_| told.text(told.entry.detail) == b"REGISTER") else {
            return;
        };
        // Names are the sender's choice: where a configuration lists them, the others do not matter.
        if !self.known.accounts.is_empty() && !self.known.has(name) {
            return;
        }
        let account = self.ledger.names.id(name);
        match told.entry.action {
            Action::Challenge => self.ledger.asked.challenge(address, account, told.at, told.citation()),
            _ => self.ledger.asked.refused(address, account, told.at),
        }
    }

    /// Counts a record that a stranger wrote, and doubts the session that printed it.
    fn forged(&mut self, told: &Told<'_>, uuid: &[u8]) {
        const KEPT: usize = 3;
        if told.entry.reason == readers::BROKEN_OFF && !uuid.is_empty() {
            self.sessions.doubt(uuid, told.at, told.place());
        }
        self.ledger.forged.0 += 1;
        if self.ledger.forged.1.len() < KEPT {
            self.ledger.forged.1.push(told.citation());
        }
    }

    fn entered(&mut self, told: &Told<'_>, uuid: &[u8]) {
        self.ledger.has_dialplan = true;
        let context = told.text(told.entry.context);
        self.sessions.begin(uuid, told.at, told.place());
        let entered = Entered {
            uuid,
            number: told.text(told.entry.number),
            context,
            is_for_guests: self.known.is_for_guests(context),
            nobody: b"anonymous",
        };
        self.sessions.enter(&entered, &mut self.ledger.calls, &mut self.ledger.names);
    }

    /// A session ended: whoever was turned away is counted.
    fn ended(&mut self, told: &Told<'_>, uuid: &[u8]) {
        let parts = (&mut self.ledger.calls, &mut self.ledger.names);
        let Some(turned_away) = self.sessions.end(uuid, told.at, told.place(), parts) else { return };
        let event = Try {
            kind: tries::Kind::Rejected,
            at: told.at,
            address: Some(turned_away.address),
            service: told.entry.service,
            name: b"",
            number: b"",
            session: b"",
            reason: told.entry.reason,
            is_invite: true,
            is_options: false,
            is_other_method: false,
        };
        let line = if self.keeps_text { told.line() } else { b"" };
        self.ledger.tries.count(&event, |_| false, told.place(), line);
    }

    /// Counts a call that no account made and nobody answered, where its record tells where it came from.
    pub(super) fn turned_away(&mut self, chunk: &Chunk, row: &CallRow, at: Instant, base: Base) {
        let is_nobodys = chunk.text(row.account) == Some(b"anonymous");
        if !is_nobodys || row.answered || row.is_claim || row.address.is_none() || !row.trunk.is_none() {
            return;
        }
        let event = Try {
            kind: tries::Kind::Rejected,
            at,
            address: row.address,
            service: Service::FreeSwitch,
            name: b"",
            number: chunk.text(row.dst).unwrap_or_default(),
            session: b"",
            reason: "a call that no account made",
            is_invite: true,
            is_options: false,
            is_other_method: false,
        };
        let place = Place {
            source: self.source,
            offset: base.offset + u64::from(row.offset),
            line: (base.line + u64::from(row.line) + 1) as u32,
        };
        self.ledger.tries.count(&event, |_| false, place, b"");
    }
}
