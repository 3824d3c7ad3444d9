//! Ways into an account that leave no line of their own in a phone system's logs, and what is missing for each way.
//!
//! They are weighed in every case: where their source is there and silent they are unlikely, where it is missing they
//! stay possible, and none of them is ever the answer by itself.

use super::breach::Breach;
use super::vectors::{Weighed, strength};
use super::world::World;
use crate::event::{Action, Service};
use crate::report::model::Vector;

/// A source that is there and silent.
const SILENT: i32 = -2;
/// A source that is missing.
const MISSING: i32 = 0;
/// Wrong passwords that are worth telling; anybody mistypes once or twice.
const TELLING_REFUSALS: u64 = 5;

/// Weighs the ways that the logs of the phone system do not show.
pub(super) fn further(world: &World<'_>, breach: &Breach) -> Vec<Weighed> {
    vec![manager_interface(world, breach), web_panel(world, breach), insider(world, breach)]
}

fn way(vector: Vector) -> Weighed {
    Weighed { vector, score: MISSING, because: Vec::new(), against: Vec::new(), proof: Vec::new() }
}

/// Whoever is in the manager interface may read secrets (`sip show peers`, `database show`) and files.
fn manager_interface(world: &World<'_>, breach: &Breach) -> Weighed {
    let mut way = way(Vector::ManagerInterface);
    let outside = |address: &std::net::IpAddr| world.neighbours.is_outside(*address);
    let before = world.sessions.iter().filter(|session| session.first <= breach.first);
    let strangers = before.filter(|session| session.address.as_ref().is_some_and(outside)).count();
    if strangers > 0 {
        way.because.push(format!(
            "{strangers} sessions of the manager interface from outside came before the first use"
        ));
    } else if world.pbx.manager_enabled == Some(false) {
        way.score = SILENT;
        way.against.push("the manager interface is switched off".into());
    } else if world.has_security_events() {
        way.score = SILENT;
        way.against.push(
            "logins to the manager interface are logged, and none came from outside before the first use"
                .into(),
        );
    } else {
        way.against.push(
            "logins to the manager interface are not logged here, so that none can be seen or ruled out"
                .into(),
        );
    }
    way
}

/// Whoever is in the panel, by a login or by a hole, reads every secret there.
fn web_panel(world: &World<'_>, breach: &Breach) -> Weighed {
    let mut way = way(Vector::WebAdmin);
    if let Some(tried) = tried_at_the_panel(world, breach) {
        way.because.push(tried);
        way.against
            .push("that one of them was right is not on record: FreePBX logs the wrong ones only".into());
        return way;
    }
    if !has_web_log(world) {
        way.against.push(if world.pbx.has_panel {
            "there is a web panel and no log of its web server, so that a login to it can be neither seen nor ruled out".into()
        } else {
            "no file of a web panel and no log of a web server is here: whether there is a panel is not known".into()
        });
        return way;
    }
    let Some(address) = breach.address else {
        way.against.push("from where the account was used is not on record, so that it cannot be looked for in the web server's logs".into());
        return way;
    };
    match world.visitors.get(&address) {
        Some(visitor) if visitor.requests > 0 => way.because.push(format!(
            "the address that used the account sent {} requests to the web server as well",
            visitor.requests
        )),
        _ => {
            way.score = SILENT;
            way.against.push("the address that used the account is not in the web server's logs".into());
        }
    }
    way
}

/// Tells of wrong passwords for the account itself at the panel or the pages of its users (UCP), which show the secret
/// to whoever is in.
fn tried_at_the_panel(world: &World<'_>, breach: &Breach) -> Option<String> {
    let tried = world.web.logins.iter().filter(|((address, user), logins)| {
        world.neighbours.is_outside(*address)
            && **user == *breach.account.as_bytes()
            && logins.first_refused.is_some_and(|first| first <= breach.first)
    });
    let tried: Vec<_> = tried.map(|((address, _), logins)| (address, logins.refused)).collect();
    let wrong: u64 = tried.iter().map(|(_, refused)| refused).sum();
    let (first, more) = (tried.first()?.0, tried.len() - 1);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    (wrong >= TELLING_REFUSALS).then(|| {
        format!(
            "{wrong} wrong passwords for this account were given at the panel or its users' pages from {first}{more} before the first use; whoever finds the right one sees the secret there"
        )
    })
}

/// One's own people know secrets, and so does whoever gets hold of their phone or laptop.
fn insider(world: &World<'_>, breach: &Breach) -> Weighed {
    let mut way = way(Vector::Insider);
    match breach.address {
        Some(address) if world.neighbours.is_outside(address) => {
            way.score = SILENT + 1;
            way.against
                .push("the account was used from an address that nothing ties to the owner's places".into());
        }
        Some(_) => way.because.push("the account was used from an address of the house".into()),
        None => way.against.push("no record tells from where the account was used".into()),
    }
    way.against.push(
        "logs know accounts and addresses, not people: only those who knew the secret can be asked".into(),
    );
    way
}

fn has_web_log(world: &World<'_>) -> bool {
    world.told.iter().any(|told| told.ledger.actions.contains_key(&Action::WebRequest))
}

/// Returns what is missing that would decide for or against a way into an account.
pub fn missing(world: &World<'_>, account: Option<&str>, vector: Vector) -> Vec<String> {
    let logged = world.logged_services();
    let sees_logins = world.watched_since().is_some();
    let wanted: Vec<(bool, &str)> = match vector {
        Vector::PasswordGuess => vec![
            (!sees_logins, "a log that shows failed logins"),
            (
                sees_logins && world.pbx.accounts.is_empty(),
                "the configuration, to see how strong the secret was",
            ),
        ],
        Vector::ProvisioningLeak => vec![
            (world.pbx.phone_files.is_empty(), "the phone files, to see whether one holds this secret"),
            (!logged.contains(&Service::Tftp), "a log of reads by TFTP"),
            // Where reads by TFTP are logged, they tell; a web server need not be there at all.
            (!logged.contains(&Service::Tftp) && !has_web_log(world), "the web server's access logs"),
        ],
        Vector::DefaultCredential => vec![(
            account.is_none_or(|account| strength(world, account).is_none()),
            "the secret as it was then, in the configuration or a backup",
        )],
        Vector::StolenCredential => vec![
            (true, "mails, tickets, backups and the phone itself, where the secret may have been read"),
            (!has_web_log(world), "the web server's logs, to see who was in the panel"),
        ],
        Vector::ManagerInterface => {
            vec![(
                !world.has_security_events(),
                "security events, which tell of logins to the manager interface",
            )]
        }
        Vector::WebAdmin => vec![
            (!has_web_log(world), "the web server's access logs"),
            (true, "a record of the panel's logins that succeed, which FreePBX does not keep"),
        ],
        Vector::Insider => vec![(true, "word of those who knew the secret, and who was there at the time")],
        Vector::Unknown => vec![(!sees_logins, "a log that shows logins")],
        _ => Vec::new(),
    };
    wanted.into_iter().filter(|(is_missing, _)| *is_missing).map(|(_, what)| what.to_owned()).collect()
}
