//! A party at the web server, put together from its signs, with what speaks for and against it.

use std::collections::{BTreeMap, BTreeSet};

use super::signs::{Exploits, Login, Row, Shell, Signs, User};
use super::{CREATED_SECONDS, Made, WebDoor};
use crate::artifacts::{Artifact, Held, Mark};
use crate::event::Instant;
use crate::reconstruct::world::World;

/// Wrong passwords before a login that was accepted, from which the password was guessed.
const GUESSED: u64 = 5;
/// Clocks of files and of logs are one machine's; a stamp is cut to the second.
const SLACK_SECONDS: i64 = 2;

/// Tells of a party that used a hole or left something behind.
pub(super) fn of_hole(world: &World<'_>, signs: &Signs<'_>) -> WebDoor {
    let Signs { shells, exploits, users, rows, .. } = signs;
    let mut door = blank(Instant(i64::MAX), true, 2);
    add_exploits(world, exploits, users, &mut door);
    add_exploits(world, &signs.maybe, users, &mut door);
    if signs.has_taker {
        door.because.push(
            "from the same network an account was used soon after, whose secret no log shows to be guessed"
                .to_owned(),
        );
    }
    add_users(shells, users, &mut door);
    add_files(shells, users, &mut door);
    add_rows(rows, &mut door);
    add_left(&signs.left, &mut door);
    if door.first == Instant(i64::MAX) {
        // Nothing but the file tells when.
        // A copy that did not keep times has them from after all that happened.
        let is_real = |at: &Instant| world.last.is_none_or(|last| *at <= last);
        let made = door.made.iter().filter_map(|made| made.at).filter(is_real).min();
        door.is_dated = made.is_some();
        door.first = made.or(world.first).unwrap_or(Instant(0));
        if !door.is_dated {
            door.unknown
                .push("when somebody first got in: nothing that was left behind bears a time".to_owned());
        }
    }
    if exploits.is_empty() && signs.maybe.is_empty() {
        say_what_is_missing(world, &mut door);
    }
    door.orders.sort_unstable();
    door.orders.dedup();
    door
}

/// Adds those whose attack led to something; another's attack on the same hole is as good a beginning.
fn add_exploits(world: &World<'_>, exploits: &Exploits<'_>, users: &[User<'_>], door: &mut WebDoor) {
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
            door.orders.extend(attack.instants.iter().map(|at| (*at, *address)));
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

fn add_rows(rows: &[Row<'_>], door: &mut WebDoor) {
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

/// Adds what a campaign leaves that is no page.
fn add_left(left: &[(&Artifact, &Mark)], door: &mut WebDoor) {
    for (file, mark) in left {
        let path = crate::untrusted::visible(&file.on_disk);
        let whose = mark.indicator.map_or_else(String::new, |known| format!(" ({})", known.title));
        door.because.push(format!("{path} {}{whose}", mark.says));
        door.score += 1;
        door.made.push(Made {
            what: format!("{path} was written"),
            at: file.modified,
            line: mark.line.clone(),
        });
    }
}

/// Tells of a panel's password that was guessed, and of what was made after it.
pub(super) fn of_login(signs: &Signs<'_>) -> Option<WebDoor> {
    let admins = signs.rows.iter().filter(|(row, _)| row.held == Held::Administrator);
    let made: BTreeSet<&str> = admins.map(|(row, _)| row.name.as_str()).collect();
    let is_made = |user: &[u8]| std::str::from_utf8(user).is_ok_and(|user| made.contains(user));
    let theirs = |login: &&Login<'_>| login.refused >= GUESSED || is_made(login.user);
    let taken: Vec<&Login<'_>> = signs.logins.iter().filter(theirs).collect();
    let mut door = blank(taken.iter().map(|login| login.at).min()?, false, 4);
    for login in taken {
        let user = crate::untrusted::visible(&String::from_utf8_lossy(login.user));
        door.because.push(format!(
            "{} logged in at the panel as {user} after {} wrong passwords",
            login.address, login.refused
        ));
        door.addresses.entry(login.address).or_default().push(login.line.clone());
        door.accounts.insert(user, "logged in at the panel from outside".to_owned());
    }
    add_rows(&signs.rows, &mut door);
    Some(door)
}

fn blank(first: Instant, by_hole: bool, score: i32) -> WebDoor {
    WebDoor {
        first,
        is_dated: true,
        by_hole,
        addresses: BTreeMap::new(),
        orders: Vec::new(),
        made: Vec::new(),
        accounts: BTreeMap::new(),
        because: Vec::new(),
        against: Vec::new(),
        unknown: Vec::new(),
        score,
    }
}
