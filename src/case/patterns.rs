//! The patterns in the calls that went out, with the proof of their first calls.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::iter::{Enumerate, Peekable};
use std::net::IpAddr;

use ipnet::IpNet;
use rayon::prelude::*;

use super::build::Case;
use crate::event::{Citation, Disposition, Instant, Place};
use crate::evidence::cite;
use crate::numbering::{Class, Region};
use crate::patterns::{self, Calls, Names, OutCall, Thresholds};
use crate::reconstruct::calls::Call;
use crate::reconstruct::world::World;
use crate::report::model::{self, When};
use crate::untrusted::Untrusted;

/// The digits of a number's end, as prefixes before it are tried.
const TAIL: usize = 9;
/// Lines that prove an observation.
const MOST_PROOFS: usize = 2;
/// Calls given at a time: enough for all threads, and few enough to stay near the processor.
const BLOCK: usize = 4_096;
/// Numbers whose reading is remembered; those that are called again and again are met early.
const MOST_READ: usize = 16_384;

/// What a number was read as, once for all calls to it.
#[derive(Clone, Copy)]
struct Number {
    number: u64,
    region: Option<&'static Region>,
    is_costly: bool,
}

impl Case<'_> {
    /// Returns what stands out.
    pub(super) fn observations(&self, thresholds: &Thresholds) -> Vec<model::Observation> {
        let observed = patterns::look(&mut OutCalls::new(self), thresholds);
        let places: BTreeSet<Place> = observed.iter().flat_map(|observed| self.proving(observed)).collect();
        // All at once: what is packed is unpacked from its beginning for each look.
        let cited = cite::lines(self.evidence, &places);
        observed.into_iter().map(|observed| self.observation(observed, &cited)).collect()
    }

    /// Returns the places of the first calls of an observation.
    fn proving(&self, observed: &patterns::Observation) -> Vec<Place> {
        let most = if self.options.figures_only { 0 } else { MOST_PROOFS };
        let calls = observed.rows.iter().take(most).filter_map(|&index| self.world.calls.list.get(index));
        calls.filter_map(|call| self.world.places(call).into_iter().next()).collect()
    }

    fn observation(
        &self,
        observed: patterns::Observation,
        cited: &BTreeMap<Place, Citation>,
    ) -> model::Observation {
        let places = self.proving(&observed);
        let calls: Vec<&Call> =
            observed.rows.iter().filter_map(|&index| self.world.calls.list.get(index)).collect();
        let when = |seconds: i64| -> Option<When> { self.when(Instant::from_seconds(seconds)) };
        model::Observation {
            id: observed.id,
            level: observed.level,
            subject: Untrusted::from(observed.subject.as_str()),
            what: observed.what,
            threshold: observed.threshold,
            first: when(observed.first),
            last: when(observed.last),
            calls: observed.calls,
            rows: calls.iter().map(|call| self.row_of(call)).collect(),
            evidence: self.proofs(places.iter().filter_map(|place| cited.get(place))),
        }
    }

    fn row_of(&self, call: &Call) -> model::ObservedCall {
        let dialed = self.world.dialed(call);
        model::ObservedCall {
            start: self.when(self.world.begun(call)),
            account: self.world.account_of(call).map(Untrusted::from),
            dialed: Untrusted::from_bytes(dialed),
            e164: self.numbers.of(dialed).e164.clone(),
            seconds: self.world.billed(call),
            uniqueid: self.world.uniqueid(call).map(Untrusted::from_bytes),
        }
    }

    fn read_number(&self, dialed: &[u8]) -> Number {
        let reading = self.numbers.best(dialed);
        let home = self.numbers.site.home();
        let is_abroad = reading.region.is_some_and(|region| home.is_none_or(|home| home.code != region.code));
        let is_dear =
            matches!(reading.class, Class::Premium | Class::Satellite | Class::IntlNetwork | Class::Personal);
        let digits = reading.e164.as_deref().map_or(dialed, |e164| e164.trim_start_matches('+').as_bytes());
        let number = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
        Number { number: number.unwrap_or(0), region: reading.region, is_costly: is_abroad || is_dear }
    }
}

/// The calls that went out, in the form that patterns are looked for in.
struct OutCalls<'c> {
    case: &'c Case<'c>,
    names: Names,
    /// Indices of names, by the account's, the address's and the text's own, in the order of the first use.
    accounts: Vec<u32>,
    networks: Vec<u32>,
    network_ids: HashMap<IpNet, u32>,
    callers: HashMap<&'c [u8], u32>,
    places: HashMap<&'static str, u16>,
    read: HashMap<&'c [u8], Number>,
}

impl<'c> OutCalls<'c> {
    fn new(case: &'c Case<'c>) -> Self {
        OutCalls {
            case,
            names: Names::default(),
            accounts: Vec::new(),
            networks: Vec::new(),
            network_ids: HashMap::new(),
            callers: HashMap::new(),
            places: HashMap::new(),
            read: HashMap::new(),
        }
    }

    /// Reads the numbers of a block of calls, each once.
    fn read_numbers(&mut self, calls: &[(u32, &'c Call)]) -> Vec<Number> {
        let world = self.case.world;
        let read: Vec<(&[u8], Number, bool)> = calls
            .par_iter()
            .map(|(_, call)| {
                let dialed = world.dialed(call);
                match self.read.get(dialed) {
                    Some(known) => (dialed, *known, false),
                    None => (dialed, self.case.read_number(dialed), true),
                }
            })
            .collect();
        for (dialed, number, is_new) in &read {
            if *is_new && self.read.len() < MOST_READ {
                self.read.insert(dialed, *number);
            }
        }
        read.into_iter().map(|(_, number, _)| number).collect()
    }

    /// Makes a block of the next calls.
    fn make(&mut self, calls: &mut (dyn Iterator<Item = (u32, &'c Call)> + Send), block: &mut Vec<OutCall>) {
        let calls: Vec<(u32, &Call)> = calls.take(BLOCK).collect();
        let numbers = self.read_numbers(&calls);
        let each = calls.into_iter().zip(numbers);
        block.clear();
        block.extend(each.map(|((index, call), number)| self.out_call(index, call, number)));
    }

    fn out_call(&mut self, index: u32, call: &'c Call, number: Number) -> OutCall {
        let case = self.case;
        let start = case.world.begun(call).seconds();
        OutCall {
            start,
            end: call.end().seconds().max(start),
            local: start + i64::from(case.clock.zone().offset_at(start)),
            is_answered: call.disposition() == Disposition::Answered,
            seconds: case.world.billed(call).and_then(|seconds| u32::try_from(seconds).ok()),
            account: self.account(call),
            number: number.number,
            tail: tail(case.world.dialed(call)),
            place: self.place(number.region),
            is_costly: number.is_costly,
            caller: self.caller(call),
            network: self.network(call),
            index,
        }
    }

    fn account(&mut self, call: &Call) -> u32 {
        let Some(name) = self.case.world.account_of(call) else { return u32::MAX };
        let names = &mut self.names.accounts;
        index_of(&mut self.accounts, call.account_index(), || {
            names.push(name.to_owned());
            (names.len() - 1) as u32
        })
    }

    fn network(&mut self, call: &Call) -> u32 {
        let Some(address) = self.case.world.address_of(call) else { return u32::MAX };
        let names = &mut self.names.networks;
        // Many addresses are of one network.
        index_of(&mut self.networks, call.address_index(), || {
            let network = network(address);
            *self.network_ids.entry(network).or_insert_with(|| {
                names.push(network.to_string());
                (names.len() - 1) as u32
            })
        })
    }

    fn caller(&mut self, call: &'c Call) -> u32 {
        let caller = self.case.world.caller(call);
        if !is_number(caller) {
            return u32::MAX;
        }
        let names = &mut self.names.callers;
        *self.callers.entry(caller).or_insert_with(|| {
            names.push(String::from_utf8_lossy(caller).into_owned());
            (names.len() - 1) as u32
        })
    }

    fn place(&mut self, region: Option<&'static Region>) -> u16 {
        let name = region.map_or("a place not known", |region| region.name);
        let names = &mut self.names.places;
        *self.places.entry(name).or_insert_with(|| {
            names.push(name);
            u16::try_from(names.len() - 1).unwrap_or(u16::MAX)
        })
    }
}

impl Calls for OutCalls<'_> {
    fn each(&mut self, take: &mut (dyn FnMut(&[OutCall]) + Send)) {
        let mut outward = Outward::new(self.case.world);
        let (mut block, mut next) = (Vec::new(), Vec::new());
        loop {
            // The next block is made while this one is looked at.
            rayon::join(|| take(&block), || self.make(&mut outward, &mut next));
            if next.is_empty() {
                return;
            }
            std::mem::swap(&mut block, &mut next);
        }
    }

    fn names(&self) -> &Names {
        &self.names
    }
}

/// The calls that leave the house in the order in which they began: behind a dial tone one is younger than the
/// caller's own, by whose start all calls are in order.
struct Outward<'c> {
    world: &'c World<'c>,
    all: Peekable<Enumerate<std::slice::Iter<'c, Call>>>,
    /// Those that began later than their caller's, the last first.
    late: Vec<(Instant, u32, &'c Call)>,
}

impl<'c> Outward<'c> {
    fn new(world: &'c World<'c>) -> Self {
        let late = (0_u32..).zip(world.calls.iter()).filter(|(_, call)| is_late(world, call));
        let mut late: Vec<_> = late.map(|(index, call)| (world.begun(call), index, call)).collect();
        late.sort_by_key(|(begun, index, _)| std::cmp::Reverse((*begun, *index)));
        Outward { world, all: world.calls.iter().enumerate().peekable(), late }
    }
}

/// Returns whether a call out began later than the call that it came by.
fn is_late(world: &World<'_>, call: &Call) -> bool {
    call.is_outward() && call.from_trunk() && call.by_trunk() && world.begun(call) > call.start()
}

impl<'c> Iterator for Outward<'c> {
    type Item = (u32, &'c Call);

    fn next(&mut self) -> Option<Self::Item> {
        let world = self.world;
        while self.all.next_if(|(_, call)| !call.is_outward() || is_late(world, call)).is_some() {}
        let next = self.all.peek().map(|(_, call)| call.start());
        let is_first = |(begun, ..): &mut (Instant, u32, &Call)| next.is_none_or(|start| *begun <= start);
        if let Some((_, index, call)) = self.late.pop_if(is_first) {
            return Some((index, call));
        }
        self.all.next().map(|(index, call)| (index as u32, call))
    }
}

/// Returns the index that stands for `own`, made anew where there is none yet.
fn index_of(all: &mut Vec<u32>, own: usize, make: impl FnOnce() -> u32) -> u32 {
    const NONE: u32 = u32::MAX;
    if all.len() <= own {
        all.resize(own + 1, NONE);
    }
    match all.get_mut(own) {
        Some(known) if *known == NONE => {
            *known = make();
            *known
        }
        known => known.map_or(NONE, |known| *known),
    }
}

/// Returns the last digits of a number and what stands before them; zeros for a short one.
fn tail(dialed: &[u8]) -> (u32, u32) {
    let Some((prefix, tail)) = dialed.len().checked_sub(TAIL).map(|at| dialed.split_at(at)) else {
        return (0, 0);
    };
    let number = std::str::from_utf8(tail).ok().and_then(|tail| tail.parse().ok()).unwrap_or(0);
    if prefix.is_empty() {
        return (number, 1);
    }
    let mut hasher = DefaultHasher::new();
    prefix.hash(&mut hasher);
    (number, (hasher.finish() as u32).max(2))
}

fn is_number(text: &[u8]) -> bool {
    text.len() >= 3 && text.iter().all(|byte| byte.is_ascii_digit() || *byte == b'+')
}

/// Returns the network of an address, as calls come from.
fn network(address: IpAddr) -> IpNet {
    let bits = if address.is_ipv4() { 24 } else { 48 };
    IpNet::new(address, bits).map_or_else(|_| IpNet::from(address), |network| network.trunc())
}
