//! Calls: what the dialplan did with them, how they ended, and their records.

use super::super::calls::{Key, Passed, Step};
use super::super::ordered::shown_trunk;
use super::super::rows::{Row, RowText};
use super::Fold;
use super::told::{Told, door, tells_transactions};
use crate::event::{Action, CallRow, Citation, Place, Resolution, Service};
use crate::readers::Chunk;
use crate::scan::Base;

/// Trunks noted where no configuration names any.
const MOST_TRUNKS: usize = 256;

impl Fold {
    pub(super) fn step(&mut self, told: &Told<'_>) {
        let entry = told.entry;
        if tells_transactions(entry.service) {
            return;
        }
        // Channel events tell every leg of a call; the log's steps tell the caller's.
        if entry.service == Service::Cel {
            self.caller(told);
            if let Some(door) = door(entry.reason.as_bytes()) {
                self.ledger.calls.pass(told.call_key(), door);
            }
        }
        let is_callers = entry.service == Service::Core || told.begins_call();
        if !is_callers || entry.channel.is_none() {
            return;
        }
        let place = told.place();
        let step = Step {
            at: told.at,
            call: entry.call,
            channel: told.text(entry.channel),
            account: told.text(entry.account),
            number: told.text(entry.number),
            context: told.text(entry.context),
            offset: place.offset,
            line: place.line,
        };
        self.ledger.calls.step(&step, &mut self.ledger.names);
        if let Some(passed) = door(told.text(entry.detail)) {
            self.ledger.calls.pass(Some(step.key()), passed);
        }
    }

    pub(super) fn dialed(&mut self, told: &Told<'_>) {
        let entry = told.entry;
        let call = told.call_key();
        // Channel events have all that `Dial` was given: seconds and options behind the target.
        let target = told.text(entry.number).split(|&byte| byte == b',').next().unwrap_or_default();
        // Without any configuration the form of what is called shows what a trunk is.
        let shown = shown_trunk(target).filter(|_| self.known.trunks.is_empty());
        let trunks = &mut self.ledger.trunks;
        if let Some(name) = shown.filter(|name| trunks.len() < MOST_TRUNKS && !trunks.contains(*name)) {
            trunks.insert(name.to_vec());
        }
        let by_trunk = self.known.is_trunk(target) || shown.is_some();
        self.ledger.calls.progress(call, false, by_trunk);
        if by_trunk {
            let (known, seen) = (&self.known.trunks, &self.ledger.trunks);
            let is_trunk = |part: &[u8]| known.contains(part) || seen.contains(part);
            match call {
                Some(call) => self.ledger.calls.sent_on(call, target, is_trunk, &self.ledger.names),
                None => self.waiting.call(told.line(), told.at, target, is_trunk),
            }
            self.ledger.calls.dialed_out(call, told.at);
        }
        match entry.reason {
            "forwarded" => self.ledger.calls.pass(call, Passed::Forwarded),
            "by a mailbox" => self.ledger.calls.pass(call, Passed::ByMailbox),
            _ => {}
        }
    }

    /// Notes that a call was answered: a caller's, or one that the server itself was told to place.
    pub(super) fn answered(&mut self, told: &Told<'_>) {
        let entry = told.entry;
        if !entry.channel.is_none() || entry.service != Service::Core {
            return self.ledger.calls.progress(told.call_key(), true, false);
        }
        let Some((at, number)) = self.waiting.answer(told.line(), told.at) else { return };
        let place = told.place();
        let step = Step {
            at,
            call: None,
            channel: told.text(entry.detail),
            account: told.text(entry.account),
            number: &number,
            context: b"",
            offset: place.offset,
            line: place.line,
        };
        self.ledger.calls.place_ordered(&step, &mut self.ledger.names);
    }

    /// Notes a wrong PIN; whoever gave it came by telephone and has no address.
    pub(super) fn wrong_pin(&mut self, told: &Told<'_>) {
        let call = told.entry.call.map(Key::Id);
        self.ledger.calls.wrong_pin(call);
        if told.entry.reason == "wrong DISA password" {
            self.flood(told);
        }
    }

    pub(super) fn row(&mut self, chunk: &Chunk, row: &CallRow, base: Base) {
        let text = |span| chunk.text(span).unwrap_or_default();
        let told = row.exact.map(|at| (at, Resolution::Exact));
        let created = crate::pbx_id::epoch(text(row.uniqueid));
        let by_stamp =
            told.or_else(|| row.start.and_then(|stamp| self.resolver.resolve_unordered(&stamp, created)));
        let by_id = || created.map(|at| (at, Resolution::Exact));
        let Some((start, resolution)) = by_stamp.or_else(by_id) else { return };
        let end = start.plus_seconds(i64::from(row.duration));
        let place = Place {
            source: self.source,
            offset: base.offset + u64::from(row.offset),
            line: (base.line + u64::from(row.line) + 1) as u32,
        };
        let from = row.offset as usize;
        let line = || chunk.records_bytes().get(from..from + row.length as usize).unwrap_or_default();
        self.ledger.deleted.call(chunk.is_deleted, start, || Citation::new(place, line()));
        self.ledger.reaches(start);
        self.ledger.reaches(end);
        if !self.window.holds(start) {
            return;
        }
        self.ledger.marked.caller(text(row.caller_id), start, &|| Citation::new(place, line()));
        self.ledger.seen(start, resolution);
        self.ledger.seen(end, resolution);
        *self.ledger.actions.entry(Action::Call).or_default() += 1;
        self.turned_away(chunk, row, start, base);
        let names = &mut self.ledger.names;
        let mut kept = Row::blank(start);
        kept.offset = base.offset + u64::from(row.offset);
        kept.line = if self.has_lines { (base.line + u64::from(row.line) + 1) as u32 } else { 0 };
        kept.length = row.length;
        kept.duration = row.duration;
        kept.billsec = row.billsec;
        kept.sequence = row.sequence.unwrap_or(u32::MAX);
        kept.context = names.id(text(row.context));
        kept.last_app = names.id(text(row.last_app));
        kept.account_code = names.id(text(row.account_code));
        kept.account = names.id(text(row.account));
        kept.trunk = names.id(text(row.trunk));
        (kept.leg, kept.is_claim) = (row.leg, row.is_claim);
        kept.disposition = row.disposition;
        let texts = RowText {
            src: text(row.src),
            dst: text(row.dst),
            channel: text(row.channel),
            dst_channel: text(row.dst_channel),
            uniqueid: text(row.uniqueid),
            linkedid: text(row.linkedid),
        };
        self.ledger.rows.push(kept, texts, row.address);
    }
}
