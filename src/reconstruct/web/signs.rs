//! What speaks of an intruder at the web server: pages left behind, requests that use holes, rows of the database,
//! logins at the panel.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::{CREATED_SECONDS, ORDER_SECONDS, TAKEN_SECONDS, Takers};
use crate::artifacts::{Artifact, Change, Held, HeldRow, Mark};
use crate::event::{Citation, Instant};
use crate::fold::web::{Attack, Visits};
use crate::indicators::{self, Confidence, Means};
use crate::reconstruct::same_network;
use crate::reconstruct::world::World;

/// Requests that use a hole and were answered, by address: what they do, and how often.
pub(super) type Exploits<'w> = BTreeMap<IpAddr, Vec<(&'static str, &'w Attack)>>;

/// A row, and how it came to be.
pub(super) type Row<'w> = (&'w HeldRow, Option<&'w Change>);

/// A login at the panel that was accepted.
pub(super) struct Login<'w> {
    pub(super) address: IpAddr,
    pub(super) user: &'w [u8],
    /// Wrong passwords of the same address before.
    pub(super) refused: u64,
    pub(super) at: Instant,
    pub(super) line: &'w Citation,
}

/// Wrong passwords after which work in the panel is not that of somebody who mistyped.
const MANY_WRONG: u64 = 10;

/// All signs.
pub(super) struct Signs<'w> {
    pub(super) shells: Vec<Shell<'w>>,
    pub(super) exploits: Exploits<'w>,
    /// Requests that administrators send too, right before something came of them.
    pub(super) maybe: Exploits<'w>,
    /// Did somebody who sent such requests use an account soon after?
    pub(super) has_taker: bool,
    /// Did calls that no phone made begin right after such requests?
    pub(super) has_calls: bool,
    pub(super) users: Vec<User<'w>>,
    pub(super) rows: Vec<Row<'w>>,
    pub(super) logins: Vec<Login<'w>>,
    /// Marks of campaigns on files that are no pages.
    pub(super) left: Vec<(&'w Artifact, &'w Mark)>,
}

impl<'w> Signs<'w> {
    /// Collects them; `takers` used accounts in a way that nothing else explains.
    pub(super) fn of(world: &'w World<'_>, takers: &Takers) -> Self {
        let shells = shells(world);
        let exploits = exploits(world, Confidence::High);
        let users = users(world, &shells, &exploits);
        let rows = rows(world, &exploits);
        let maybe = maybe(world, &shells, &users);
        let has_calls = ordered_calls(world, &exploits);
        let (logins, left) = (logins(world), left(world));
        let mut signs =
            Signs { users, rows, logins, left, maybe, has_taker: false, has_calls, shells, exploits };
        if !signs.tell_of_a_hole() {
            // Everybody tries holes: of those who did, the ones count who got in.
            let by_takers = of_takers(&signs.exploits, takers);
            signs.has_taker = !by_takers.is_empty();
            if signs.has_taker {
                (signs.exploits, signs.maybe) = (by_takers, Exploits::new());
            }
        }
        signs
    }

    /// Returns whether something came of requests, or something lies there that only an intruder leaves.
    pub(super) fn tell_of_a_hole(&self) -> bool {
        let is_admin = |row: &HeldRow| row.held == Held::Administrator && is_of_campaign(&row.marks);
        !self.users.is_empty()
            || (!self.rows.is_empty() && !self.exploits.is_empty())
            || self.rows.iter().any(|(row, _)| is_admin(row))
            || self.shells.iter().any(Shell::is_sure)
            || !self.left.is_empty()
            || self.has_calls
            || self.has_taker
    }
}

/// Returns the attacks of those who used an account from the same network within days after.
fn of_takers<'w>(exploits: &Exploits<'w>, takers: &Takers) -> Exploits<'w> {
    let mut theirs = exploits.clone();
    theirs.retain(|address, attacks| {
        attacks.retain(|(_, attack)| {
            attack.reached.as_ref().is_some_and(|(first, _)| {
                takers.iter().any(|(taker, breach)| {
                    let after = breach.seconds_since(*first);
                    same_network(*taker, *address) && (0..=TAKEN_SECONDS).contains(&after)
                })
            })
        });
        !attacks.is_empty()
    });
    theirs
}

fn is_of_campaign(marks: &[&'static indicators::Indicator]) -> bool {
    marks.iter().any(|mark| mark.confidence == Confidence::High && mark.campaign != "generic")
}

/// Marks that are a campaign's own, on jobs, users, keys and loaders. What many share, an owner may have written.
fn left<'w>(world: &'w World<'_>) -> Vec<(&'w Artifact, &'w Mark)> {
    let files = world.artifacts.files.iter().filter(|file| !file.is_page());
    files
        .filter_map(|file| {
            let own = |mark: &&Mark| mark.indicator.is_some_and(|known| is_of_campaign(&[known]));
            Some((file, file.marks.iter().find(own)?))
        })
        .collect()
}

/// A page that an intruder left: it lies there, or it came to be and was used.
pub(super) struct Shell<'w> {
    /// Its path as requests are kept by it.
    key: Vec<u8>,
    /// The file, where it is in the evidence.
    pub(super) file: Option<&'w Artifact>,
    /// When it was not there yet.
    pub(super) missing: Option<&'w (Instant, Citation)>,
}

impl Shell<'_> {
    /// Returns whether the file proves by itself what it is.
    pub(super) fn is_sure(&self) -> bool {
        self.file.is_some_and(|file| file.confidence() == Some(Confidence::High))
    }

    /// Returns whether it is odd, and came to be later than what is beside it.
    fn is_odd_newcomer(&self) -> bool {
        let is_odd = self.file.is_some_and(|file| file.confidence() == Some(Confidence::Medium));
        is_odd && (self.missing.is_some() || self.file.is_some_and(|file| file.is_newer))
    }

    pub(super) fn name(&self) -> String {
        let name = String::from_utf8_lossy(&self.key);
        crate::untrusted::visible(self.file.map_or(&*name, |file| &file.on_disk))
    }
}

/// Pages with marks, and pages that were not there and then were used as no browser does.
fn shells<'w>(world: &'w World<'_>) -> Vec<Shell<'w>> {
    let missing = |path: &str| {
        let mut missing = world.web.missing.iter();
        missing.find(|(asked, _)| path.as_bytes().ends_with(asked)).map(|(_, first)| first)
    };
    let marked = world.artifacts.files.iter().filter(|file| file.is_page());
    let marked = marked.filter(|file| is_suspect(file)).map(|file| {
        let path = file.on_disk.to_ascii_lowercase();
        Shell { missing: missing(&path), key: path.into_bytes(), file: Some(file) }
    });
    let known: BTreeSet<Vec<u8>> =
        world.artifacts.files.iter().map(|file| file.on_disk.to_ascii_lowercase().into_bytes()).collect();
    let came = world.web.asked().into_iter().filter(|path| !known.contains(*path)).filter_map(|path| {
        let (at, _) = world.web.missing.get(path)?;
        if !world.web.visitors(path).iter().any(|(_, visits)| visits.first > *at) {
            return None;
        }
        Some(Shell { key: path.to_vec(), file: None, missing: world.web.missing.get(path) })
    });
    marked.chain(came).collect()
}

fn is_suspect(file: &Artifact) -> bool {
    file.is_newer || file.confidence().is_some_and(|confidence| confidence >= Confidence::Medium)
}

/// Requests from outside that use a hole and were not turned away: the surest kind only, or those that
/// administrators send as well.
fn exploits<'w>(world: &'w World<'_>, confidence: Confidence) -> Exploits<'w> {
    let mut exploits: Exploits<'w> = BTreeMap::new();
    for ((address, mark), attack) in &world.web.attacks {
        let Some(indicator) = indicators::all().get(*mark) else { continue };
        let counts = indicator.means == Means::Exploit && indicator.confidence == confidence;
        if counts && attack.answered > 0 && world.neighbours.is_outside(*address) {
            exploits.entry(*address).or_default().push((&indicator.says, attack));
        }
    }
    exploits
}

/// Requests of the less sure kind that belong to a page left behind: from those who used it or from beside them,
/// or in the minutes before it was written.
fn maybe<'w>(world: &'w World<'_>, shells: &[Shell<'_>], users: &[User<'_>]) -> Exploits<'w> {
    const MINUTES: i64 = 600;
    let mut maybe = exploits(world, Confidence::Medium);
    let written: Vec<Instant> =
        shells.iter().filter(|shell| shell.is_sure()).filter_map(|shell| shell.file?.modified).collect();
    maybe.retain(|address, attacks| {
        let is_near =
            users.iter().any(|user| user.address == *address || same_network(user.address, *address));
        attacks.retain(|(_, attack)| {
            let before = |at: &Instant| {
                attack.instants.iter().any(|sent| (-2..=MINUTES).contains(&at.seconds_since(*sent)))
            };
            let is_first =
                users.iter().any(|user| attack.reached.is_some_and(|(first, _)| first <= user.visits.last));
            (is_near && is_first) || written.iter().any(before)
        });
        !attacks.is_empty()
    });
    maybe
}

/// Returns whether calls that no phone made left the house right after requests that use a hole: one abroad, or several.
fn ordered_calls(world: &World<'_>, exploits: &Exploits<'_>) -> bool {
    let mut sent: Vec<Instant> =
        exploits.values().flatten().flat_map(|(_, attack)| &attack.instants).copied().collect();
    sent.sort_unstable();
    let follows = |start: Instant| {
        let end = sent.partition_point(|at| *at <= start.plus_seconds(1));
        let before = sent.get(..end).and_then(<[Instant]>::last);
        before.is_some_and(|before| start.seconds_since(*before) <= ORDER_SECONDS)
    };
    let ordered =
        world.calls.iter().filter(|call| call.is_originated() && !call.from_trunk() && follows(call.start()));
    let (mut abroad, mut outward) = (0, 0);
    for call in ordered {
        abroad += usize::from(call.destination.is_abroad());
        outward += usize::from(call.by_trunk());
    }
    abroad > 0 || outward > 1
}

/// Who used pages left behind.
pub(super) struct User<'w> {
    pub(super) address: IpAddr,
    pub(super) shell: usize,
    pub(super) visits: &'w Visits,
}

/// Finds who sent something to a page left behind and was answered.
///
/// A scanner finds such a page too, and looks; and a page that merely came to be may be the owner's new one.
/// That counts where its user, or a neighbour, used a hole within the hours before.
fn users<'w>(world: &'w World<'_>, shells: &[Shell<'_>], exploits: &Exploits<'w>) -> Vec<User<'w>> {
    let mut users = Vec::new();
    for (number, shell) in shells.iter().enumerate() {
        let visitors = world.web.visitors(&shell.key);
        let all: Vec<(IpAddr, &Visits)> = visitors
            .into_iter()
            .filter(|(address, visits)| visits.uses > 0 && world.neighbours.is_outside(*address))
            .collect();
        let is_led_to = |address: IpAddr, visits: &Visits| {
            exploits.iter().any(|(other, attacks)| {
                let is_near = *other == address || same_network(*other, address);
                let before = |attack: &Attack| {
                    let after = attack.reached.map(|(first, _)| visits.last.seconds_since(first));
                    after.is_some_and(|seconds| (0..=CREATED_SECONDS).contains(&seconds))
                };
                is_near && attacks.iter().any(|(_, attack)| before(attack))
            })
        };
        let is_theirs = shell.is_sure()
            || shell.is_odd_newcomer()
            || all.iter().any(|(address, visits)| is_led_to(*address, visits));
        users.extend(all.into_iter().filter(|_| is_theirs).map(|(address, visits)| User {
            address,
            shell: number,
            visits,
        }));
    }
    users
}

/// Rows that bear a mark, or that came to be in the night of an answered attack.
fn rows<'w>(world: &'w World<'_>, exploits: &Exploits<'w>) -> Vec<(&'w HeldRow, Option<&'w Change>)> {
    let reached: Vec<Instant> = exploits
        .values()
        .flatten()
        .filter_map(|(_, attack)| attack.reached)
        .map(|(first, _)| first)
        .collect();
    let marked = |row: &HeldRow| row.marks.iter().any(|mark| mark.confidence == Confidence::High);
    let gives_power = |row: &HeldRow| matches!(row.held, Held::Administrator | Held::Job | Held::ManagerUser);
    let mut rows: BTreeMap<(&str, &str), (&HeldRow, Option<&Change>)> = BTreeMap::new();
    for change in &world.artifacts.appeared {
        let is_between = reached.iter().any(|at| {
            let is_after = change.without.0.is_none_or(|without| *at >= without);
            is_after && change.with.is_none_or(|with| *at <= with)
        });
        if marked(&change.row) || (gives_power(&change.row) && is_between) {
            rows.insert((change.row.table, &change.row.name), (&change.row, Some(change)));
        }
    }
    for row in world.artifacts.snapshots.iter().flat_map(|snapshot| &snapshot.rows).filter(|row| marked(row))
    {
        rows.entry((row.table, &row.name)).or_insert((row, None));
    }
    rows.into_values().collect()
}

/// Logins at the panel from outside that were accepted.
fn logins<'w>(world: &'w World<'_>) -> Vec<Login<'w>> {
    let outside = world.web.logins.iter().filter(|((address, _), _)| world.neighbours.is_outside(*address));
    let mut refused: BTreeMap<IpAddr, u64> = BTreeMap::new();
    for ((address, _), logins) in outside.clone() {
        *refused.entry(*address).or_default() += logins.refused;
    }
    let accepted = outside.clone().filter_map(|((address, user), logins)| {
        let (at, line) = logins.accepted.as_ref()?;
        let refused = refused.get(address).copied().unwrap_or(0);
        Some(Login { address: *address, user, refused, at: *at, line })
    });
    // FreePBX logs no login that was accepted: work in the panel that begins after many wrong passwords tells of one.
    let worked = outside.filter_map(|((address, user), logins)| {
        let (at, line) = world.web.sessions.get(address)?;
        let is_after = logins.first_refused.is_some_and(|first| first < *at);
        let is_told = logins.accepted.is_some() || logins.refused < MANY_WRONG || !is_after;
        (!is_told).then_some(Login { address: *address, user, refused: logins.refused, at: *at, line })
    });
    accepted.chain(worked).collect()
}
