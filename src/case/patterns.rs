//! The patterns in the calls that went out, with the proof of their first calls.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;

use ipnet::IpNet;
use rayon::prelude::*;

use super::build::Case;
use crate::event::{Citation, Disposition, Instant, Place};
use crate::evidence::cite;
use crate::numbering::{self, Class, Region};
use crate::patterns::{self, Calls, OutCall, Thresholds};
use crate::reconstruct::calls::Call;
use crate::report::model::{self, When};
use crate::untrusted::Untrusted;

/// The digits of a number's end, as prefixes before it are tried.
const TAIL: usize = 9;
/// Lines that prove an observation.
const MOST_PROOFS: usize = 2;

/// Gives each text an index, in the order of the first use.
struct Index<K> {
    ids: HashMap<K, u32>,
}

impl<K: Eq + Hash> Index<K> {
    fn new() -> Self {
        Index { ids: HashMap::new() }
    }

    /// Returns the index of a key, and whether it is new.
    fn id(&mut self, key: K) -> (u32, bool) {
        let next = self.ids.len() as u32;
        let id = *self.ids.entry(key).or_insert(next);
        (id, id == next)
    }

    /// Returns the index of a key, and keeps its name when it is new.
    fn id_of(&mut self, key: K, names: &mut Vec<String>, name: impl Fn() -> String) -> u32 {
        let (id, is_new) = self.id(key);
        if is_new {
            names.push(name());
        }
        id
    }
}

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
        let calls = self.out_calls();
        let observed = patterns::look(&calls, thresholds);
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
            start: self.when(call.start),
            account: self.world.account_of(call).map(Untrusted::from),
            dialed: Untrusted::from_bytes(dialed),
            e164: self.numbers.of(dialed).e164,
            seconds: self.world.billed(call),
            uniqueid: self.world.uniqueid(call).map(Untrusted::from_bytes),
        }
    }

    /// Puts the calls that went out in the form that patterns are looked for in.
    fn out_calls(&self) -> Calls {
        let world = self.world;
        let mut calls = Calls::default();
        let (mut accounts, mut callers, mut networks) = (Index::new(), Index::new(), Index::new());
        let mut places = Index::new();
        let read = self.read_numbers();
        for (index, call) in world.calls.list.iter().enumerate().filter(|(_, call)| call.is_outward) {
            let dialed = world.dialed(call);
            let Some(&Number { number, region, is_costly }) = read.get(dialed) else { continue };
            let name = region.map_or("a place not known", |region| region.name);
            let (place, is_new) = places.id(name);
            if is_new {
                calls.places.push(name);
            }
            let account = world.account_of(call);
            let account = account
                .map_or(u32::MAX, |name| accounts.id_of(name, &mut calls.accounts, || name.to_owned()));
            let caller = Some(world.caller(call)).filter(|caller| is_number(caller));
            let text = |caller: &[u8]| String::from_utf8_lossy(caller).into_owned();
            let caller =
                caller.map_or(u32::MAX, |caller| callers.id_of(caller, &mut calls.callers, || text(caller)));
            let network = world.address_of(call).map(network).map_or(u32::MAX, |network| {
                networks.id_of(network, &mut calls.networks, || network.to_string())
            });
            let start = call.start.seconds();
            calls.list.push(OutCall {
                start,
                end: call.end().seconds().max(start),
                local: start + i64::from(self.clock.zone().offset_at(start)),
                is_answered: call.disposition == Disposition::Answered,
                seconds: world.billed(call).and_then(|seconds| u32::try_from(seconds).ok()),
                account,
                number,
                tail: tail(dialed),
                place: u16::try_from(place).unwrap_or(u16::MAX),
                is_costly,
                caller,
                network,
                index: index as u32,
            });
        }
        calls
    }

    /// Reads each number that was dialled once.
    fn read_numbers(&self) -> HashMap<&[u8], Number> {
        let world = self.world;
        let outward = world.calls.list.par_iter().filter(|call| call.is_outward);
        let mut dialed: Vec<&[u8]> = outward.map(|call| world.dialed(call)).collect();
        dialed.par_sort_unstable();
        dialed.dedup();
        dialed.into_par_iter().map(|dialed| (dialed, self.read_number(dialed))).collect()
    }

    fn read_number(&self, dialed: &[u8]) -> Number {
        let reading = numbering::read(&self.numbers.site, dialed);
        let home = self.numbers.site.home();
        let is_abroad = reading.region.is_some_and(|region| home.is_none_or(|home| home.code != region.code));
        let is_dear =
            matches!(reading.class, Class::Premium | Class::Satellite | Class::IntlNetwork | Class::Personal);
        let digits = reading.e164.as_deref().map_or(dialed, |e164| e164.trim_start_matches('+').as_bytes());
        let number = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
        Number { number: number.unwrap_or(0), region: reading.region, is_costly: is_abroad || is_dear }
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
