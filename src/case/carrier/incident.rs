//! A trunk's secret used elsewhere: the carrier bills calls that this phone system never made.
//!
//! That the carrier alone tells a call is not enough. Other calls of the trunk have to match, or the records may be of
//! another customer. Three readings are weighed: the secret was used elsewhere; the calls went through this phone
//! system and their records are gone; the carrier booked another's calls. What tells them apart is where the calls came
//! from by the carrier's records, whether the phone system's own numbering of channels has room for them, and whether
//! the house ever called such places.

use std::collections::BTreeSet;

use super::{CarrierSide, Judged, cell, shown};
use crate::carrier::{Billed, Direction};
use crate::case::build::Case;
use crate::case::incidents::would_refute;
use crate::case::losses::{BilledCall, Cost};
use crate::event::{Citation, Instant};
use crate::numbering;
use crate::pbx::Weakness;
use crate::reconstruct::vectors;
use crate::report::document::counted;
use crate::report::model::{
    Alternative, CarrierClass, Entry, FraudCall, Incident, Likelihood, Loss, PhaseSpan, Proof, Role, Source,
    Totals, Vector,
};
use crate::untrusted::{Untrusted, visible};

/// Calls of the trunk that have to match before the rest says anything.
pub(super) const LEAST_MATCHED: usize = 3;
/// Points from which on the calls are held for fraud.
const LEAST_POINTS: i32 = 3;
/// Points for numbers of channels without room for the calls, or against it where there is room.
const ROOM_POINTS: i32 = 2;
/// Lines shown as proof of the whole.
const MOST_PROOFS: usize = 4;

/// What speaks for a reading and against it.
#[derive(Debug, Default)]
struct Weighed {
    points: i32,
    because: Vec<String>,
    against: Vec<String>,
}

impl Weighed {
    fn add(&mut self, points: i32, why: String) {
        self.points += points;
        if points >= 0 { self.because.push(why) } else { self.against.push(why) }
    }
}

/// Room for calls in the numbering of channels, where the carrier alone tells calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Room {
    /// No record numbers channels.
    Unknown,
    /// So many of so many calls would fit between the numbers that are there.
    For { fitting: u64, of: u64 },
}

impl CarrierSide<'_> {
    /// Returns the incident that these records show, if they show one; it has no number yet.
    pub(in crate::case) fn incident(&self, case: &Case<'_>) -> Option<Incident> {
        let matched: Vec<&Judged<'_>> = self.calls.iter().filter(|judged| judged.leg.is_some()).collect();
        let alone: Vec<&Judged<'_>> = self
            .calls
            .iter()
            .filter(|judged| {
                judged.class == CarrierClass::CarrierOnly && judged.direction != Direction::Inbound
            })
            .collect();
        if matched.len() < LEAST_MATCHED || alone.is_empty() {
            return None;
        }
        let room = self.room(case, &alone);
        let is_wiped = matches!(room, Room::For { fitting, of } if fitting * 2 >= of && of > 0);
        let mut way = weigh(&matched, &alone, room, self.log_is_silent(case, &alone));
        let given = given_before(case, &alone);
        way.because.extend(given.iter().map(|given| given.why.clone()));
        // That records may be gone speaks against the secret, not against the fraud.
        if way.points + if is_wiped { ROOM_POINTS } else { 0 } < LEAST_POINTS {
            return None;
        }
        let blamed = blamed(&matched, &alone);
        let mut incident = (!blamed.is_empty()).then(|| self.build(case, &blamed, way, is_wiped))?;
        if !given.is_empty() {
            let has_it = given.iter().find(|given| self.holds_the_secret(case, &given.path));
            incident.unknown = vec![match has_it {
                Some(given) => format!(
                    "whether the secret was taken from {}, in which the trunk's secret in force stands as the file was \
                     copied, or came from elsewhere all the same: the web panel, the carrier's portal",
                    given.shown()
                ),
                None => FROM_A_FILE.to_owned(),
            }];
            incident.entry.because.extend(has_it.map(|given| {
                format!("the trunk's secret in force stands in {}, as the file was copied", given.shown())
            }));
            incident.proof.extend(case.proofs(given.iter().map(|given| &given.line)));
        }
        Some(incident)
    }

    /// Returns whether a secret in force of these trunks stands in the file that a path of the web server names.
    fn holds_the_secret(&self, case: &Case<'_>, path: &str) -> bool {
        let trunks = self.trunk_list();
        let path = path.split('?').next().unwrap_or_default();
        let of_trunks = case.world.pbx.held_secrets.iter().filter(|held| {
            held.weaknesses.contains(&Weakness::StillInForce) && trunks.contains(&visible(&held.owner))
        });
        let mut sources = of_trunks.filter_map(|held| case.evidence.source(held.place.place.source));
        // Of a member of an archive, the archive is what was fetched.
        sources.any(|source| {
            let file = source.file.path.split("!/").next().unwrap_or_default();
            path.len() > 1 && path.starts_with('/') && format!("/{file}").ends_with(path)
        })
    }

    fn build(&self, case: &Case<'_>, blamed: &[&Judged<'_>], way: Weighed, is_wiped: bool) -> Incident {
        let entry = entry(way, is_wiped);
        let told = |judged: &&Judged<'_>| Box::new(self.fraud_call(case, judged, is_wiped));
        let calls: Vec<_> = blamed.iter().map(told).collect();
        let first = calls.iter().filter_map(|call| call.start).min();
        let last = calls.iter().filter_map(|call| call.start).max();
        let sources = sources(case, blamed);
        Incident {
            id: String::new(),
            title: self.title(&calls, is_wiped),
            cannot_tell: false,
            entry,
            accounts: Vec::new(),
            phases: vec![PhaseSpan {
                phase: Role::Dial,
                first,
                last,
                events: calls.len() as u64,
                sources: sources.len() as u64,
            }],
            sources,
            callers: Vec::new(),
            totals: totals(blamed, &calls),
            loss: self.loss(case, blamed),
            routes: Vec::new(),
            not_blocked: Vec::new(),
            still_registered: Vec::new(),
            breach: first,
            proof: calls.iter().flat_map(|call| call.evidence.iter().cloned()).take(MOST_PROOFS).collect(),
            unknown: vec![
                "where the trunk's secret came from: a backup, the web panel, a configuration file, the carrier's portal"
                    .to_owned(),
            ],
            calls,
        }
    }

    fn loss(&self, case: &Case<'_>, blamed: &[&Judged<'_>]) -> Loss {
        let trunk = self.trunk_list().join(", ");
        case.loss_of_billed(blamed.iter().map(|judged| {
            let currency = judged.call.currency.as_deref().map(visible);
            let found = shown::country(judged.call.to_number).and_then(|code| numbering::plan().region(code));
            BilledCall {
                start: judged.call.begin().unwrap_or(Instant(0)),
                is_answered: judged.call.is_answered,
                cost: judged.call.cost.map(|amount| Cost { basis: "carrier", amount, currency }),
                place: found.map_or("not known", |region| region.name),
                account: &trunk,
            }
        }))
    }

    fn title(&self, calls: &[Box<FraudCall>], is_wiped: bool) -> String {
        // A name may be any word of the language, "carrier" among them.
        let trunks: Vec<String> = self.trunk_list().into_iter().map(|name| format!("\"{name}\"")).collect();
        let calls = billed_calls(calls);
        if is_wiped {
            return format!(
                "The carrier {calls} on {} of which this phone system has no record, and its numbering of channels has room for them: they may have gone through it and been removed.",
                trunks.join(", ")
            );
        }
        format!(
            "Somebody used the secret of the trunk {} elsewhere: the carrier {calls} that this phone system never made.",
            trunks.join(", ")
        )
    }

    fn trunk_list(&self) -> Vec<String> {
        let names = self.trunks.iter().filter_map(|&trunk| self.legs.trunks.get(trunk as usize));
        names.map(|name| visible(name)).collect()
    }

    fn fraud_call(&self, case: &Case<'_>, judged: &Judged<'_>, is_wiped: bool) -> FraudCall {
        let call = judged.call;
        let e164 = (call.to_number > 0).then(|| format!("+{}", call.to_number));
        let called =
            e164.as_deref().map(|number| case.numbers.of(number.as_bytes()).into_owned()).unwrap_or_default();
        let id = record_id(call);
        let mut told = FraudCall {
            uniqueid: (!id.is_empty()).then(|| cell(id)),
            start: case.maybe(call.begin()),
            end: case.maybe(call.end.or(call.begin())),
            account: self
                .trunk_list()
                .first()
                .filter(|_| self.trunks.len() == 1)
                .map(|name| name.as_str().into()),
            dialed: cell(&call.to),
            e164,
            country: shown::country(call.to_number),
            number: called.number,
            seconds: call.seconds_billed().map(u64::from),
            disposition: if call.is_answered { "ANSWERED" } else { "NO ANSWER" },
            cost: call.cost.map(|cost| cost.to_string()),
            currency: call.currency.as_deref().map(visible),
            cost_basis: call.cost.map(|_| "carrier"),
            stayed_inside: false,
            why: String::new(),
            address: call.source,
            caller: None,
            route: None,
            evidence: vec![proof(judged)],
        };
        let how =
            if is_billed(&told) { "billed by the carrier" } else { "listed by the carrier, not billed" };
        let lacks = if is_wiped {
            "no record of it here, where other calls of the trunk have theirs"
        } else {
            "never made by this phone system, whose other calls of the trunk match"
        };
        told.why = format!("{how}, and {lacks}");
        told
    }

    /// Returns whether calls would fit between the numbers of channels that records have.
    ///
    /// Asterisk numbers its channels one after the other and writes the number into each record: where the records before
    /// and after a time have numbers in a row, no channel was made between them, whatever became of the records.
    fn room(&self, case: &Case<'_>, alone: &[&Judged<'_>]) -> Room {
        let serials = case.world.channel_serials();
        let steps = || serials.windows(2).filter_map(|pair| pair[1].1.checked_sub(pair[0].1));
        let mut usual: Vec<u64> = steps().collect();
        usual.sort_unstable();
        let Some(usual) = usual.get(usual.len() / 2).copied().filter(|_| serials.len() >= 10) else {
            return Room::Unknown;
        };
        let ahead = self.matched.clock.seconds.unwrap_or(0);
        let begun = alone.iter().filter_map(|judged| judged.call.begin());
        let gaps = super::count(begun.map(|at| {
            let at = at.plus_seconds(-ahead).seconds();
            serials.partition_point(|(second, _)| *second < at)
        }));
        let (mut fitting, mut of) = (0, 0);
        for (after, calls) in gaps {
            let before = after.checked_sub(1).and_then(|before| serials.get(before));
            let Some((before, after)) = before.zip(serials.get(after)) else { continue };
            // A server that was started anew counts from zero.
            let Some(step) = after.1.checked_sub(before.1) else { continue };
            of += calls;
            // A call over a trunk has two channels.
            fitting += calls.min(step.saturating_sub(usual) / 2);
        }
        if of == 0 { Room::Unknown } else { Room::For { fitting, of } }
    }

    /// Returns whether a log that prints every step of the dialplan covers the calls.
    fn log_is_silent(&self, case: &Case<'_>, alone: &[&Judged<'_>]) -> bool {
        let begun = || alone.iter().filter_map(|judged| judged.call.begin());
        let Some((first, last)) = begun().min().zip(begun().max()) else { return false };
        let logs = case.world.told.iter().filter(|told| told.ledger.has_dialplan).map(|told| &told.ledger);
        let (from, to) = logs.fold((None, None), |(from, to): (Option<Instant>, Option<Instant>), ledger| {
            (crate::reconstruct::world::earliest(from, ledger.first), to.max(ledger.last))
        });
        from.zip(to).is_some_and(|(from, to)| from <= first && to >= last)
    }
}

/// What is not known of a secret where files that may hold it were handed out.
const FROM_A_FILE: &str = "whether the trunk's secret stood in the files that the web server gave away, or came from elsewhere: the web panel, the carrier's portal";

/// A file that the web server gave to a stranger.
struct Given {
    /// As it was asked for.
    path: String,
    first: Instant,
    why: String,
    line: Citation,
}

impl Given {
    fn shown(&self) -> String {
        visible(&self.path)
    }
}

/// Returns the copies of configuration that the web server gave to strangers before the first of the calls, with the
/// line of each. They say where the secret may come from, not that somebody used it.
fn given_before(case: &Case<'_>, alone: &[&Judged<'_>]) -> Vec<Given> {
    /// Files that are named.
    const MOST_NAMED: usize = 3;
    let Some(first) = alone.iter().filter_map(|judged| judged.call.begin()).min() else { return Vec::new() };
    let world = case.world;
    let given =
        world.web.downloads.given.iter().filter(|((address, _), download)| {
            download.first < first && world.neighbours.is_outside(*address)
        });
    let told = given.map(|((address, path), download)| {
        let path = String::from_utf8_lossy(path).into_owned();
        let shown = visible(&path);
        let why = format!(
            "before that, the web server gave {shown} to {address}, a file whose name says that secrets stand in it"
        );
        Given { path, first: download.first, why, line: download.line.clone() }
    });
    let mut told: Vec<Given> = told.collect();
    told.sort_by(|left, right| (left.first, &left.why).cmp(&(right.first, &right.why)));
    told.truncate(MOST_NAMED);
    told
}

/// Returns whether the carrier asks money for a call, or may: its record tells of no time and of no charge otherwise.
fn is_billed(call: &FraudCall) -> bool {
    let costs =
        call.cost.as_deref().is_some_and(|cost| cost.bytes().any(|digit| matches!(digit, b'1'..=b'9')));
    costs || call.seconds != Some(0)
}

/// Says what the carrier did with calls: those that it asks nothing for it only lists.
fn billed_calls(calls: &[Box<FraudCall>]) -> String {
    let all = counted(calls.len() as u64, "call");
    match calls.iter().filter(|call| is_billed(call)).count() {
        billed if billed == calls.len() => format!("billed {all}"),
        0 => format!("lists {all}, not billed,"),
        billed => format!("lists {all}, {billed} of them billed,"),
    }
}

/// Weighs that the trunk's secret was used elsewhere.
fn weigh(matched: &[&Judged<'_>], alone: &[&Judged<'_>], room: Room, log_is_silent: bool) -> Weighed {
    let mut way = Weighed::default();
    way.add(
        1,
        format!(
            "{} of the trunk match the phone system's records; {} to numbers outside match none, at times of which it has records",
            counted(matched.len() as u64, "call"),
            counted(alone.len() as u64, "call")
        ),
    );
    weigh_sources(matched, alone, &mut way);
    weigh_call_ids(matched, alone, &mut way);
    let places = |calls: &[&Judged<'_>]| -> BTreeSet<&str> {
        let outward = calls.iter().filter(|judged| judged.direction != Direction::Inbound);
        outward.filter_map(|judged| shown::country(judged.call.to_number)).collect()
    };
    let known = places(matched);
    let novel: Vec<&str> = places(alone).into_iter().filter(|place| !known.contains(place)).collect();
    if !novel.is_empty() {
        way.add(2, format!("no matched call went to {}", novel.join(", ")));
    } else if !known.is_empty() {
        way.add(-1, "they go to countries that the phone system itself calls".to_owned());
    }
    match room {
        Room::Unknown => way.against.push(
            "whether records were removed here cannot be told from the numbers of channels: no record has them".to_owned(),
        ),
        Room::For { fitting, of } if fitting * 2 < of => way.add(
            ROOM_POINTS,
            format!(
                "the phone system numbers its channels one by one, and between the numbers before and after {of} of these calls {} would fit: none of their records was removed",
                if fitting == 0 { "none".to_owned() } else { format!("{fitting}") }
            ),
        ),
        Room::For { fitting, of } => way.add(
            -ROOM_POINTS,
            format!("the phone system's numbers of channels have room for {fitting} of {of} of them: records may have been removed"),
        ),
    }
    if log_is_silent {
        way.add(
            1,
            "the log that prints every step of the dialplan covers these times and shows none of them"
                .to_owned(),
        );
    }
    way
}

/// Where they came from by the carrier's own records.
fn weigh_sources(matched: &[&Judged<'_>], alone: &[&Judged<'_>], way: &mut Weighed) {
    let own: BTreeSet<_> = matched.iter().filter_map(|judged| judged.call.source).collect();
    let other: BTreeSet<_> = alone.iter().filter_map(|judged| judged.call.source).collect();
    if own.is_empty() || other.is_empty() {
        way.against.push(
            "the carrier's records do not tell from which address the calls came: ask for it".to_owned(),
        );
        return;
    }
    let foreign: Vec<String> = other.difference(&own).take(3).map(ToString::to_string).collect();
    if foreign.is_empty() {
        way.add(-4, "the carrier saw them come from the address that the matched calls came from".to_owned());
    } else {
        way.add(4, format!("the carrier saw them come from {}, and no matched call did", foreign.join(", ")));
    }
}

/// Whose Call-IDs they have: the caller writes them, so they speak for another program, never for an address.
fn weigh_call_ids(matched: &[&Judged<'_>], alone: &[&Judged<'_>], way: &mut Weighed) {
    let host = |judged: &&Judged<'_>| -> Option<String> {
        let id = &judged.call.sip_call_id;
        (!id.is_empty()).then(|| id.rsplit_once('@').map_or_else(String::new, |(_, host)| host.to_owned()))
    };
    let own: BTreeSet<String> = matched.iter().filter_map(host).collect();
    let other: BTreeSet<String> = alone.iter().filter_map(host).collect();
    let new: Vec<String> = other.difference(&own).take(3).map(|host| visible(host)).collect();
    if own.is_empty() || other.is_empty() || new.len() < other.len().min(3) {
        return;
    }
    let shown = if new.iter().all(String::is_empty) { "no host".to_owned() } else { new.join(", ") };
    way.add(
        2,
        format!("their Call-IDs, which the caller's program makes, end in {shown}, and those of the matched calls never do"),
    );
}

/// Leaves out calls to numbers that the house calls itself, unless the carrier saw them come from elsewhere: a second
/// device of the owner's, or a forward at the carrier, calls these.
fn blamed<'j, 'a>(matched: &[&'j Judged<'a>], alone: &[&'j Judged<'a>]) -> Vec<&'j Judged<'a>> {
    let numbers: BTreeSet<u64> = matched.iter().map(|judged| judged.call.to_number).collect();
    let sources: BTreeSet<_> = matched.iter().filter_map(|judged| judged.call.source).collect();
    let is_elsewhere = |judged: &Judged<'_>| {
        !sources.is_empty() && judged.call.source.is_some_and(|source| !sources.contains(&source))
    };
    let is_blamed = |judged: &&&Judged<'_>| !numbers.contains(&judged.call.to_number) || is_elsewhere(judged);
    alone.iter().filter(is_blamed).copied().collect()
}

fn entry(way: Weighed, is_wiped: bool) -> Entry {
    let vector = if is_wiped { Vector::Unknown } else { Vector::TrunkCredential };
    let wiped = Alternative {
        title: Some("the calls went through this phone system, and their records were removed"),
        vector: Vector::Unknown,
        likelihood: if is_wiped { Likelihood::Likely } else { Likelihood::Unlikely },
        because: vec!["whoever is on the server can remove records of calls".to_owned()],
        against: if is_wiped {
            Vec::new()
        } else {
            vec!["records before, between and after them are there, and match".to_owned()]
        },
        missing: vec!["a backup or another copy of the call records".to_owned()],
        would_refute: vec!["a copy of the records from before, without these calls".to_owned()],
    };
    let misbilled = Alternative {
        title: Some("the carrier booked another customer's calls on this trunk"),
        vector: Vector::Unknown,
        likelihood: Likelihood::Unlikely,
        because: vec!["only the carrier's own records tell of the calls".to_owned()],
        against: vec!["its other records of the trunk match; its signalling logs would settle it".to_owned()],
        missing: vec!["the carrier's signalling records".to_owned()],
        would_refute: vec![
            "the carrier's signalling records, with logins of this trunk for these calls".to_owned(),
        ],
    };
    let elsewhere = Alternative {
        title: None,
        vector: Vector::TrunkCredential,
        likelihood: Likelihood::Possible,
        because: way.because.clone(),
        against: way.against.clone(),
        missing: Vec::new(),
        would_refute: would_refute(Vector::TrunkCredential),
    };
    Entry {
        vector,
        likelihood: if is_wiped {
            Likelihood::Possible
        } else {
            vectors::likelihood(way.points, 1, way.points)
        },
        because: way.because,
        against: way.against,
        alternatives: if is_wiped { vec![elsewhere, misbilled] } else { vec![wiped, misbilled] },
        missing: vec!["the carrier's signalling records, which tell where these calls came from".to_owned()],
        would_refute: would_refute(Vector::TrunkCredential),
    }
}

/// Lists the addresses that the carrier saw such calls come from, and no other.
fn sources(case: &Case<'_>, alone: &[&Judged<'_>]) -> Vec<Source> {
    let addresses: BTreeSet<_> = alone.iter().filter_map(|judged| judged.call.source).collect();
    let of = |address| {
        let calls: Vec<_> = alone.iter().filter(|judged| judged.call.source == Some(address)).collect();
        let begun = || calls.iter().filter_map(|judged| judged.call.begin());
        let whereabouts = case.geoip.look(address);
        Source {
            address,
            roles: vec![Role::Dial],
            country: whereabouts.country,
            network: whereabouts.network,
            city: whereabouts.city,
            first: case.maybe(begun().min()),
            last: case.maybe(begun().max()),
            events: calls.len() as u64,
            attempts: None,
            evidence: calls.iter().take(1).map(|judged| proof(judged)).collect(),
        }
    };
    addresses.into_iter().map(of).collect()
}

fn totals(blamed: &[&Judged<'_>], calls: &[Box<FraudCall>]) -> Totals {
    let mut totals = Totals::of(calls.iter().map(|call| (call.disposition == "ANSWERED", call.seconds)));
    let mut cost = super::sums::Purse::default();
    blamed.iter().for_each(|judged| cost.add(judged.call.cost, judged.call.currency.as_deref()));
    // Of several currencies there is no one sum.
    if let [only] = cost.shown().as_slice() {
        totals.cost = Some(only.amount.clone());
        totals.currency.clone_from(&only.currency);
    }
    totals
}

/// Returns the name of a call that the carrier alone tells: its SIP Call-ID, else the carrier's own.
pub(super) fn record_id(call: &Billed) -> &str {
    if call.sip_call_id.is_empty() { &call.call_id } else { &call.sip_call_id }
}

/// Returns the carrier's record as proof.
pub(super) fn proof(judged: &Judged<'_>) -> Proof {
    let call = judged.call;
    Proof {
        path: judged.file.path.clone(),
        line: Some(if call.line > 0 { call.line } else { call.row }),
        offset: (call.line > 0).then_some(call.offset),
        text: cell(Untrusted::from_bytes(&call.text).raw()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_costs_nothing_is_listed_and_not_billed() {
        let call = |seconds: Option<u64>, cost: Option<&str>| {
            let mut call = crate::report::sample::report().incidents[0].calls[0].clone();
            (call.seconds, call.cost) = (seconds, cost.map(str::to_owned));
            call
        };
        let free = || call(Some(0), Some("0.00"));
        assert_eq!(billed_calls(&[call(Some(60), None), call(None, None)]), "billed 2 calls");
        assert_eq!(billed_calls(&[call(Some(0), Some("0.05")), free()]), "lists 2 calls, 1 of them billed,");
        assert_eq!(billed_calls(&[free(), call(Some(0), None)]), "lists 2 calls, not billed,");
    }
}
