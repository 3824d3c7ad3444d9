//! The web panel as a way in: who used a hole or a page left behind, what came to be of it, and since when.
//!
//! Everybody who is on the Internet is asked for such pages every day, so that a request alone is nothing. An
//! intrusion it is where something came of it: a page that bears a campaign's mark lies in the web root, a
//! page that was not there is used, an administrator or a job stands in the database that was not there the
//! night before, or a panel's login came off after many that did not.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::same_network;
use super::world::World;
use crate::artifacts::{Artifact, Change, Held, HeldRow};
use crate::event::{Citation, Instant};
use crate::fold::web::{Attack, Visits};
use crate::indicators::{self, Confidence, Means};

/// What a request brought about shows within so many seconds.
const CREATED_SECONDS: i64 = 86_400;
/// Wrong passwords before a login that was accepted, from which the password was guessed.
const GUESSED: u64 = 5;
/// Clocks of files and of logs are one machine's; a stamp is cut to the second.
const SLACK_SECONDS: i64 = 2;

/// What came of requests.
#[derive(Clone, Debug)]
pub struct Made {
    /// What it is, in words.
    pub what: String,
    /// When, as far as anything tells.
    pub at: Option<Instant>,
    /// The line or file.
    pub line: Citation,
}

/// One party at the web server.
#[derive(Clone, Debug)]
pub struct WebDoor {
    /// Since when it was in.
    pub first: Instant,
    /// Did it use a hole or a page left behind? Else it logged in at the panel.
    pub by_hole: bool,
    /// Who took part, with lines.
    pub addresses: BTreeMap<IpAddr, Vec<Citation>>,
    /// When pages left behind were used, in order.
    pub orders: Vec<(Instant, IpAddr)>,
    /// What came of it.
    pub made: Vec<Made>,
    /// Panel users that it made or took over.
    pub accounts: BTreeMap<String, String>,
    /// What speaks for it.
    pub because: Vec<String>,
    /// What speaks against it, or is missing.
    pub against: Vec<String>,
    /// What cannot be told.
    pub unknown: Vec<String>,
    /// How sure it is, in points.
    pub score: i32,
}

/// Finds the party that came in by the web server.
pub fn find(world: &World<'_>) -> Option<WebDoor> {
    let shells = shells(world);
    let exploits = exploits(world);
    let users = users(world, &shells, &exploits);
    let rows = rows(world, &exploits);
    let logins = guessed(world);
    let has_result = !users.is_empty() || !rows.is_empty() && !exploits.is_empty();
    let is_left = shells.iter().any(|shell| shell.is_sure());
    if has_result || is_left {
        return Some(of_hole(world, &shells, &exploits, &users, &rows));
    }
    of_login(&logins, &rows)
}

/// A page that an intruder left: it lies there, or it came to be and was used.
struct Shell<'w> {
    /// Its path as requests are kept by it.
    key: Vec<u8>,
    /// The file, where it is in the evidence.
    file: Option<&'w Artifact>,
    /// When it was not there yet.
    missing: Option<&'w (Instant, Citation)>,
}

impl Shell<'_> {
    /// Returns whether the file proves by itself what it is.
    fn is_sure(&self) -> bool {
        self.file.is_some_and(|file| {
            // A hidden script among pages is no page; it was put there by somebody who could.
            file.marks.iter().any(|mark| mark.confidence == Confidence::High)
        })
    }

    fn name(&self) -> String {
        let name = String::from_utf8_lossy(&self.key);
        crate::untrusted::visible(self.file.map_or(&*name, |file| &file.on_disk))
    }
}

/// Pages with marks, and pages that were not there and then were used as no browser does.
fn shells<'w>(world: &'w World<'_>) -> Vec<Shell<'w>> {
    let missing = |path: &str| {
        let ends = |asked: &&Box<[u8]>| path.as_bytes().ends_with(asked);
        world.web.missing.iter().find(|(asked, _)| ends(asked)).map(|(_, first)| first)
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
        let mut later = world.web.visitors(path).filter(|(_, visits)| visits.first > *at);
        later.next()?;
        Some(Shell { key: path.to_vec(), file: None, missing: world.web.missing.get(path) })
    });
    marked.chain(came).collect()
}

fn is_suspect(file: &Artifact) -> bool {
    file.is_newer || file.confidence().is_some_and(|confidence| confidence >= Confidence::Medium)
}

/// Requests from outside that use a hole and were not turned away, the surest kind only.
fn exploits<'w>(world: &'w World<'_>) -> BTreeMap<IpAddr, Vec<(&'static str, &'w Attack)>> {
    let mut exploits: BTreeMap<IpAddr, Vec<(&'static str, &'w Attack)>> = BTreeMap::new();
    for ((address, mark), attack) in &world.web.attacks {
        let Some(indicator) = indicators::all().get(*mark) else { continue };
        let counts = indicator.means == Means::Exploit && indicator.confidence == Confidence::High;
        if counts && attack.answered > 0 && world.neighbours.is_outside(*address) {
            exploits.entry(*address).or_default().push((&indicator.says, attack));
        }
    }
    exploits
}

/// Who used pages left behind.
struct User<'w> {
    address: IpAddr,
    shell: usize,
    visits: &'w Visits,
}

/// Finds who sent something to a page left behind and was answered.
///
/// A scanner finds such a page too, and looks; and a page that merely came to be may be the owner's new one.
/// That counts where its user, or a neighbour, used a hole within the hours before.
fn users<'w>(
    world: &'w World<'_>,
    shells: &'w [Shell<'_>],
    exploits: &BTreeMap<IpAddr, Vec<(&'static str, &'w Attack)>>,
) -> Vec<User<'w>> {
    let mut users = Vec::new();
    for (number, shell) in shells.iter().enumerate() {
        let visitors = world.web.visitors(&shell.key);
        let all: Vec<(IpAddr, &Visits)> = visitors
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
        let is_theirs = shell.is_sure() || all.iter().any(|(address, visits)| is_led_to(*address, visits));
        users.extend(all.into_iter().filter(|_| is_theirs).map(|(address, visits)| User {
            address,
            shell: number,
            visits,
        }));
    }
    users
}

/// Rows that bear a mark, or that came to be in the night of an answered attack.
fn rows<'w>(
    world: &'w World<'_>,
    exploits: &BTreeMap<IpAddr, Vec<(&'static str, &'w Attack)>>,
) -> Vec<(&'w HeldRow, Option<&'w Change>)> {
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

/// Logins at the panel from outside that came off after many that did not.
fn guessed<'w>(world: &'w World<'_>) -> Vec<(IpAddr, &'w [u8], u64, &'w (Instant, Citation))> {
    let outside = world.web.logins.iter().filter(|((address, _), _)| world.neighbours.is_outside(*address));
    let mut refused: BTreeMap<IpAddr, u64> = BTreeMap::new();
    for ((address, _), logins) in outside.clone() {
        *refused.entry(*address).or_default() += logins.refused;
    }
    outside
        .filter_map(|((address, user), logins)| {
            let refused = refused.get(address).copied().unwrap_or(0);
            Some((*address, user.as_ref(), refused, logins.accepted.as_ref()?))
        })
        .collect()
}

fn of_hole(
    world: &World<'_>,
    shells: &[Shell<'_>],
    exploits: &BTreeMap<IpAddr, Vec<(&'static str, &Attack)>>,
    users: &[User<'_>],
    rows: &[(&HeldRow, Option<&Change>)],
) -> WebDoor {
    let mut door = WebDoor {
        first: Instant(i64::MAX),
        by_hole: true,
        addresses: BTreeMap::new(),
        orders: Vec::new(),
        made: Vec::new(),
        accounts: BTreeMap::new(),
        because: Vec::new(),
        against: Vec::new(),
        unknown: Vec::new(),
        score: 2,
    };
    add_exploits(world, exploits, users, &mut door);
    add_users(shells, users, &mut door);
    add_files(shells, users, &mut door);
    add_rows(rows, &mut door);
    if door.first == Instant(i64::MAX) {
        // Nothing but the file tells when.
        let made = door.made.iter().filter_map(|made| made.at).min();
        door.first = made.or(world.first).unwrap_or(Instant(0));
    }
    if exploits.is_empty() {
        say_what_is_missing(world, &mut door);
    }
    door.orders.sort_unstable();
    door
}

/// Adds those whose attack led to something; another's attack on the same hole is as good a beginning.
fn add_exploits(
    world: &World<'_>,
    exploits: &BTreeMap<IpAddr, Vec<(&'static str, &Attack)>>,
    users: &[User<'_>],
    door: &mut WebDoor,
) {
    let used_until = users.iter().map(|user| user.visits.last).max();
    for (address, attacks) in exploits {
        for (says, attack) in attacks {
            let Some((first, _)) = attack.reached else { continue };
            // Who tries it after all is done had no part in it.
            if used_until.is_some_and(|last| first > last) {
                continue;
            }
            door.first = door.first.min(first);
            door.score += 2;
            door.because.push(format!(
                "{address} sent {} requests that the server did not turn away, of a kind that {says}",
                attack.answered
            ));
            door.addresses.entry(*address).or_default().extend(attack.lines.iter().cloned());
        }
        if let Some((_, line)) =
            world.web.failed.get(address).filter(|_| door.addresses.contains_key(address))
        {
            door.because
                .push("the web server's error log shows its words in the database's query".to_owned());
            door.addresses.entry(*address).or_default().push(line.clone());
        }
    }
    door.because.dedup();
    door.score = door.score.min(6);
}

fn add_users(shells: &[Shell<'_>], users: &[User<'_>], door: &mut WebDoor) {
    for user in users {
        let Some(shell) = shells.get(user.shell) else { continue };
        door.first = door.first.min(user.visits.first);
        door.orders.extend(user.visits.instants.iter().map(|at| (*at, user.address)));
        let asked =
            if user.visits.uses == 1 { "once".to_owned() } else { format!("{} times", user.visits.uses) };
        door.because.push(format!(
            "{} sent something to {} {asked} and was answered",
            user.address,
            shell.name()
        ));
        door.addresses.entry(user.address).or_default().extend(user.visits.lines.iter().cloned());
        door.score += 1;
    }
    for shell in
        shells.iter().enumerate().filter(|(number, _)| users.iter().any(|user| user.shell == *number))
    {
        if let Some((at, line)) =
            shell.1.missing.filter(|(at, _)| users.iter().any(|user| user.visits.last > *at))
        {
            door.because.push(format!(
                "{} was not there when it was asked for first, and then it was",
                shell.1.name()
            ));
            door.made.push(Made {
                what: format!("{} was not there yet", shell.1.name()),
                at: Some(*at),
                line: line.clone(),
            });
        }
    }
}

/// Adds the pages that lie in the web root: those that were used, and those whose marks are sure.
fn add_files(shells: &[Shell<'_>], users: &[User<'_>], door: &mut WebDoor) {
    for (number, shell) in shells.iter().enumerate() {
        let Some(file) = shell.file else { continue };
        if !shell.is_sure() && users.iter().all(|user| user.shell != number) {
            continue;
        }
        let line = file.marks.first().map_or_else(|| file.whole.clone(), |mark| mark.line.clone());
        door.score += 1;
        door.because.push(format!("{} lies in the web root and bears marks of an intruder's", shell.name()));
        let is_timely = file.modified.filter(|at| {
            let after = at.seconds_since(door.first);
            door.first != Instant(i64::MAX) && (-SLACK_SECONDS..=CREATED_SECONDS).contains(&after)
        });
        if is_timely.is_some() {
            door.because
                .push(format!("{} was written within a day after the first of these requests", shell.name()));
        }
        door.made.push(Made { what: format!("{} was written", shell.name()), at: file.modified, line });
    }
}

fn add_rows(rows: &[(&HeldRow, Option<&Change>)], door: &mut WebDoor) {
    for (row, change) in rows {
        let name = crate::untrusted::visible(&row.name);
        let what = match row.held {
            Held::Administrator => format!("panel user {name} was made"),
            Held::Job => format!("job {name} was written into the panel's database"),
            Held::ManagerUser => format!("user {name} of the manager interface was made"),
            Held::Extension => format!("extension {name} was made"),
            Held::Setting | Held::Module => format!("setting {name} was changed"),
        };
        let since = change.map(|change| crate::untrusted::visible(&change.without.1));
        door.because.push(match since {
            Some(before) => format!("{what}, which is not in {before} yet"),
            None => what.clone(),
        });
        door.score += 1;
        if row.held == Held::Administrator {
            door.accounts.insert(row.name.clone(), "made in the panel's database by the intruder".to_owned());
        }
        door.made.push(Made { what, at: None, line: row.line.clone() });
    }
}

/// Says why it is not known by which hole: requests were not logged, or not those.
fn say_what_is_missing(world: &World<'_>, door: &mut WebDoor) {
    door.score -= 1;
    door.unknown.push("by which hole the page came to be: no request that used one is on record".to_owned());
    door.against.push(if world.web.has_requests {
        "the web server's logs show no request that used a known hole and was answered; what a form sends is not logged".to_owned()
    } else {
        "no log of the web server is in the evidence, so that requests cannot be seen".to_owned()
    });
}

/// A panel's password that was guessed, and what was made after it.
fn of_login(
    logins: &[(IpAddr, &[u8], u64, &(Instant, Citation))],
    rows: &[(&HeldRow, Option<&Change>)],
) -> Option<WebDoor> {
    let made: BTreeSet<&str> = rows
        .iter()
        .filter(|(row, _)| row.held == Held::Administrator)
        .map(|(row, _)| row.name.as_str())
        .collect();
    let theirs = |user: &[u8], refused: u64| {
        refused >= GUESSED || std::str::from_utf8(user).is_ok_and(|user| made.contains(user))
    };
    let taken: Vec<_> = logins.iter().filter(|(_, user, refused, _)| theirs(user, *refused)).collect();
    let first = taken.iter().map(|(_, _, _, (at, _))| *at).min()?;
    let mut door = WebDoor {
        first,
        by_hole: false,
        addresses: BTreeMap::new(),
        orders: Vec::new(),
        made: Vec::new(),
        accounts: BTreeMap::new(),
        because: Vec::new(),
        against: Vec::new(),
        unknown: Vec::new(),
        score: 4,
    };
    for (address, user, refused, (_, line)) in taken {
        let user = crate::untrusted::visible(&String::from_utf8_lossy(user));
        door.because
            .push(format!("{address} logged in at the panel as {user} after {refused} wrong passwords"));
        door.addresses.entry(*address).or_default().push(line.clone());
        door.accounts.insert(user, "logged in at the panel from outside".to_owned());
    }
    add_rows(rows, &mut door);
    Some(door)
}

/// Returns the extensions and manager users that came to be between two dumps.
pub fn new_accounts<'w>(world: &'w World<'_>) -> BTreeSet<&'w str> {
    let new = world.artifacts.appeared.iter().map(|change| &change.row);
    new.filter(|row| matches!(row.held, Held::Extension | Held::ManagerUser))
        .map(|row| row.name.as_str())
        .collect()
}
