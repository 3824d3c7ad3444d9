//! Calls as a person counts them, in a few dozen bytes each: there may be a million.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use super::behaviour::Destination;
use crate::event::{Disposition, Instant, ShortInstant};

/// One call.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// When it began.
    pub(super) start: ShortInstant,
    /// How long it lasted.
    pub(super) length: Length,
    /// The account that made it, among [`Calls::accounts`].
    pub(super) account: Id,
    /// The address it came from, among [`Calls::addresses`].
    pub(super) address: Id,
    /// Its first row.
    pub(super) row: At,
    /// How many rows behind the first, or before it, the one stands that tells what was dialled.
    pub(super) dialed: i8,
    /// Its first line in a log.
    pub(super) log: At,
    /// How that address is known.
    pub origin: Origin,
    /// Where it goes to.
    pub destination: Destination,
    /// How it ended, and what else is true of it.
    pub(super) facts: Facts,
}

/// How long a call lasted, in seven bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Length {
    /// Seconds from start to end, half a year at most.
    whole: [u8; 3],
    /// Billed seconds: of the answered leg that lasted longest.
    billed: [u8; 4],
}

impl Length {
    /// Of a call of which no record tells it.
    pub(super) const UNKNOWN: Length = Length { whole: [0; 3], billed: [0; 4] };

    pub(super) fn new(seconds: u32, billed: u32) -> Self {
        let [_, whole @ ..] = seconds.min(0xff_ffff).to_be_bytes();
        Length { whole, billed: billed.to_be_bytes() }
    }
}

/// How a call ended, in the lowest three bits, and what else is true of it or not, a bit for each [`Mark`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Facts(u8);

/// What is true of a call or not.
#[derive(Clone, Copy, Debug)]
pub(super) enum Mark {
    ByTrunk = 1 << 3,
    FromTrunk = 1 << 4,
    Outward = 1 << 5,
    Originated = 1 << 6,
    Claim = 1 << 7,
}

impl Facts {
    const ENDING: u8 = 0b111;

    /// Begins with how the call ended; nothing else is true of it yet.
    pub(super) fn new(disposition: Disposition) -> Self {
        Facts(disposition as u8 & Facts::ENDING)
    }

    /// Returns the same with a mark set if it holds, and else taken away.
    pub(super) fn with(self, mark: Mark, holds: bool) -> Self {
        let Facts(all) = self;
        Facts(if holds { all | mark as u8 } else { all & !(mark as u8) })
    }

    fn has(self, mark: Mark) -> bool {
        self.0 & mark as u8 != 0
    }

    fn disposition(self) -> Disposition {
        let all = Disposition::ALL;
        all.get(usize::from(self.0 & Facts::ENDING)).copied().unwrap_or(Disposition::Unknown)
    }
}

/// The index of a name or of an address in its list, in three bytes, with a value for none: there are no more of
/// them than calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Id([u8; 3]);

impl Id {
    pub(super) const NONE: Id = Id([u8::MAX; 3]);

    /// Returns the id of an index; that of one beyond sixteen million is none.
    pub(super) fn new(index: usize) -> Self {
        match u32::try_from(index).map(u32::to_be_bytes) {
            Ok([0, bytes @ ..]) => Id(bytes),
            _ => Id::NONE,
        }
    }

    /// Returns the index; of none, one that lies beyond every list.
    pub(super) fn index(self) -> usize {
        let Id([a, b, c]) = self;
        u32::from_be_bytes([0, a, b, c]) as usize
    }
}

/// The place of a row or line among all that was told: which source, and which of its records.
///
/// There may be a million calls, so that it takes five bytes and has a value for none: two for the source
/// and three for the record, since no source keeps more than [`Budget::WHOLE`].
///
/// [`Budget::WHOLE`]: crate::fold::budget::Budget::WHOLE
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct At([u8; 5]);

impl At {
    pub(super) const NONE: At = At([u8::MAX; 5]);

    pub(super) fn new(source: usize, index: usize) -> Self {
        let [.., a, b] = source.to_be_bytes();
        let [.., c, d, e] = index.to_be_bytes();
        At([a, b, c, d, e])
    }

    /// Returns source and index, unless it is none.
    pub(super) fn get(self) -> Option<(usize, usize)> {
        let At([a, b, c, d, e]) = self;
        let source = u16::from_be_bytes([a, b]);
        let index = u32::from_be_bytes([0, c, d, e]);
        (source != u16::MAX).then_some((usize::from(source), index as usize))
    }

    /// Returns the place some rows further on in the same source, or before.
    pub(super) fn plus(self, rows: i8) -> At {
        let moved = |(source, index): (usize, usize)| {
            Some(At::new(source, index.checked_add_signed(isize::from(rows))?))
        };
        self.get().and_then(moved).unwrap_or(At::NONE)
    }

    /// Returns how many rows this one stands behind another of the same source, if that is few; the leg that
    /// ended first was written first.
    pub(super) fn behind(self, first: At) -> i8 {
        match (self.get(), first.get()) {
            (Some((source, index)), Some((same, start))) if source == same => {
                let rows = index as i64 - start as i64;
                i8::try_from(rows).unwrap_or(0)
            }
            _ => 0,
        }
    }

    pub(super) fn or(self, other: At) -> At {
        if self == At::NONE { other } else { self }
    }
}

impl Call {
    /// Returns when it began.
    pub fn start(&self) -> Instant {
        self.start.into()
    }

    /// Returns when it ended; where no record tells how long it lasted, when it began.
    pub fn end(&self) -> Instant {
        self.start().plus_seconds(i64::from(self.duration()))
    }

    /// Returns the seconds from start to end.
    pub(super) fn duration(&self) -> u32 {
        let [a, b, c] = self.length.whole;
        u32::from_be_bytes([0, a, b, c])
    }

    /// Returns the billed seconds: of the answered leg that lasted longest.
    pub fn billsec(&self) -> u32 {
        u32::from_be_bytes(self.length.billed)
    }

    /// Returns how it ended, answered if any leg was.
    pub fn disposition(&self) -> Disposition {
        self.facts.disposition()
    }

    /// Returns whether it went out by a trunk.
    pub fn by_trunk(&self) -> bool {
        self.facts.has(Mark::ByTrunk)
    }

    /// Returns whether it came in by a trunk.
    pub fn from_trunk(&self) -> bool {
        self.facts.has(Mark::FromTrunk)
    }

    /// Returns whether it leaves the house.
    pub fn is_outward(&self) -> bool {
        self.facts.has(Mark::Outward)
    }

    /// Returns whether no phone made it, as with a Local channel or an originated call.
    pub fn is_originated(&self) -> bool {
        self.facts.has(Mark::Originated)
    }

    /// Returns whether nothing but a record tells of it that one packet from a stranger can write.
    pub fn is_claim(&self) -> bool {
        self.facts.has(Mark::Claim)
    }

    /// Sets a mark, or takes it away.
    pub(super) fn mark(&mut self, mark: Mark, holds: bool) {
        self.facts = self.facts.with(mark, holds);
    }

    /// Returns the index of its account in [`Calls::accounts`]; beyond it if it has none.
    pub(crate) fn account_index(&self) -> usize {
        self.account.index()
    }

    /// Takes its address for unknown.
    pub(super) fn forget_address(&mut self) {
        (self.address, self.origin) = (Id::NONE, Origin::Unknown);
    }

    /// Returns the index of its address among [`Calls::addresses`]; beyond them if it has none.
    pub(crate) fn address_index(&self) -> usize {
        self.address.index()
    }
}

/// How the address of a call is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// It is not.
    Unknown,
    /// The account was registered from there.
    Registration,
    /// Several addresses held the account; the place called tells which of them.
    Place,
    /// Credentials were accepted from there at that moment.
    Authentication,
    /// The caller's audio came from there.
    Media,
    /// Its INVITE came from there.
    Signalling,
    /// The call's own record says from where its request came.
    Record,
}

impl Origin {
    /// Returns whether nothing but who held the account tells the address.
    pub(super) fn is_inferred(self) -> bool {
        matches!(self, Origin::Registration | Origin::Place)
    }
}

/// All calls.
#[derive(Debug, Default)]
pub struct Calls {
    /// In the order of their start.
    pub list: Vec<Call>,
    /// Accounts that made calls.
    pub accounts: Vec<String>,
    /// Addresses that calls came from.
    pub(super) addresses: Addresses,
    /// Calls that one record claims and a source denies that would know of them.
    pub unproven: Vec<Call>,
}

/// Which calls of the list: shared, and in half the room of indices, for an account may have made all that there are.
#[derive(Clone, Debug, Default)]
pub struct Chosen(Arc<[u32]>);

impl Chosen {
    /// Returns their indices, in the order in which they were chosen.
    pub fn iter(&self) -> impl Iterator<Item = usize> + Clone + '_ {
        self.0.iter().map(|&index| index as usize)
    }

    /// Returns how many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the call that was chosen first.
    pub fn first<'c>(&self, calls: &'c Calls) -> Option<&'c Call> {
        calls.list.get(self.iter().next()?)
    }
}

impl From<Vec<u32>> for Chosen {
    fn from(indices: Vec<u32>) -> Self {
        Chosen(indices.into())
    }
}

impl FromIterator<usize> for Chosen {
    fn from_iter<I: IntoIterator<Item = usize>>(indices: I) -> Self {
        Chosen(indices.into_iter().map(|index| u32::try_from(index).unwrap_or(u32::MAX)).collect())
    }
}

/// Addresses, each kept once: calls are many, callers few.
#[derive(Debug, Default)]
pub(super) struct Addresses {
    all: Vec<IpAddr>,
    ids: HashMap<IpAddr, Id>,
    /// The one that was asked for last: a caller makes many calls.
    last: Id,
}

impl Addresses {
    pub(super) fn id(&mut self, address: Option<IpAddr>) -> Id {
        let Some(address) = address else { return Id::NONE };
        if self.get(self.last) != Some(address) {
            self.last = *self.ids.entry(address).or_insert_with(|| {
                self.all.push(address);
                Id::new(self.all.len() - 1)
            });
        }
        self.last
    }

    pub(super) fn get(&self, id: Id) -> Option<IpAddr> {
        self.all.get(id.index()).copied()
    }

    /// Returns all of them, in the order of their ids.
    pub(super) fn all(&self) -> &[IpAddr] {
        &self.all
    }
}

impl Calls {
    /// Goes over all calls in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Call> {
        self.list.iter()
    }

    /// Returns the account that made a call.
    pub fn account(&self, call: &Call) -> Option<&str> {
        self.accounts.get(call.account.index()).map(String::as_str)
    }

    /// Returns the address that a call came from.
    pub fn address(&self, call: &Call) -> Option<IpAddr> {
        self.addresses.get(call.address)
    }

    /// Settles where a call came from, and how that is known.
    pub(super) fn place(&mut self, index: usize, address: Option<IpAddr>, origin: Origin) {
        let id = self.addresses.id(address);
        if let Some(call) = self.list.get_mut(index) {
            (call.address, call.origin) = (id, origin);
        }
    }
}

const _: () = {
    use crate::fold::budget::Budget;
    assert!(
        Budget::WHOLE.rows < 1 << 24 && Budget::WHOLE.calls < 1 << 24,
        "`At` has three bytes for a record"
    );
    assert!(size_of::<Call>() <= 38, "there may be a million calls");
};

#[cfg(test)]
mod tests {
    use super::{At, Facts, Id, Length, Mark};
    use crate::event::Disposition;

    #[test]
    fn a_place_comes_back_and_keeps_its_order() {
        for (source, index) in [(0, 0), (1, 255), (300, 65_536), (65_534, 1_999_999)] {
            assert_eq!(At::new(source, index).get(), Some((source, index)));
        }
        assert_eq!(At::NONE.get(), None);
        assert!(At::new(0, 255) < At::new(0, 256) && At::new(0, 70_000) < At::new(1, 0));
        assert!(At::new(9, 9) < At::NONE);
    }

    #[test]
    fn an_id_comes_back_and_none_lies_beyond_all() {
        for index in [0, 255, 256, 70_000, 16_777_214] {
            assert_eq!(Id::new(index).index(), index);
        }
        for beyond in [16_777_215, 16_777_216, 1 << 32, usize::MAX] {
            assert_eq!(Id::new(beyond), Id::NONE);
        }
    }

    #[test]
    fn a_length_is_told_to_the_second_and_a_forged_one_is_bounded() {
        let lasting = |length: Length| {
            let [a, b, c] = length.whole;
            (u32::from_be_bytes([0, a, b, c]), u32::from_be_bytes(length.billed))
        };
        assert_eq!(lasting(Length::new(86_401, 86_399)), (86_401, 86_399));
        assert_eq!(
            lasting(Length::new(u32::MAX, u32::MAX)),
            (0xff_ffff, u32::MAX),
            "bills are told as they are"
        );
    }

    #[test]
    fn how_a_call_ended_and_each_mark_stand_apart() {
        for disposition in Disposition::ALL {
            let mut facts = Facts::new(disposition);
            let marks = [Mark::ByTrunk, Mark::FromTrunk, Mark::Outward, Mark::Originated, Mark::Claim];
            for mark in marks {
                assert!(!facts.has(mark));
                facts = facts.with(mark, true);
                assert!(facts.has(mark) && facts.disposition() == disposition);
            }
            let bare = marks.into_iter().fold(facts, |facts, mark| facts.with(mark, false));
            assert_eq!(bare, Facts::new(disposition));
        }
    }
}
