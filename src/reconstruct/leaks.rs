//! Phone files with an account's secret, and who fetched them that has no business with it.
//!
//! A stranger is anybody outside. An address of one's own network is one, too, where it walks names: a
//! machine that somebody took over, or a router that puts its own address in place of everybody's.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::same_network;
use super::standing::Standing;
use super::world::World;
use crate::event::{Citation, Instant, Service};
use crate::fold::fetches::{Client, Fetch};
use crate::pbx::{Asked, PhoneAccount, PhoneFile};
use crate::report::document::counted;
use crate::untrusted::visible;

/// Different files that are not there from which a client walks names.
pub const WALKED: u64 = 5;

/// Files told of at most; no server has more phones.
const MOST_LEAKS: usize = 20_000;

/// A fetch of the file that holds an account's secret, by somebody who has no business with it.
#[derive(Clone, Debug)]
pub struct Leak {
    /// Who fetched it, or asked for it.
    pub address: IpAddr,
    /// When.
    pub at: Instant,
    /// Does the log go on after it, so that a refusal would show?
    pub is_answered: bool,
    /// The file, as asked for.
    pub file: String,
    /// Its path in the evidence.
    pub path: String,
    /// Who gave it out.
    pub service: Service,
    /// Did he give a user's name and password?
    pub has_password: bool,
    /// The account in it.
    pub account: String,
    /// Is the secret in it the one the server accepts?
    pub is_live: Option<bool>,
    /// The line.
    pub line: Citation,
    /// Where the account stands in the file.
    pub held: Citation,
    /// Requests of that address for files that are not there.
    pub missing: u64,
    /// How many different files those were, counted up to a limit.
    pub absent_names: u64,
}

impl Leak {
    /// Returns the protocol by which it was fetched.
    pub fn protocol(&self) -> &'static str {
        protocol(self.service)
    }
}

/// Returns the protocol that a service which hands out files speaks.
pub fn protocol(service: Service) -> &'static str {
    match service {
        Service::Tftp => "TFTP",
        Service::Ftp => "FTP",
        _ => "HTTP",
    }
}

/// Phone files by the names that they can be asked for, and by the phones that they are named after.
type Holding<'w> = BTreeMap<&'w str, Vec<(&'w PhoneFile, &'w PhoneAccount)>>;

/// Finds who fetched a file with the account's secret before the breach.
pub(super) fn find(world: &World<'_>, account: &str, before: Instant) -> Vec<Leak> {
    let mut leaks = handed_out(world, |phone| phone.name == account, |fetch| fetch.at <= before);
    leaks.retain(|leak| !uses_it_honestly(world, account, leak.address, before));
    // What was surely given tells more than what was asked for.
    leaks.sort_by_key(|leak| (!leak.is_answered, leak.at, leak.address));
    leaks
}

/// Finds every file with an account's secret that a stranger was given, or asked for where the log ends.
///
/// `hostile` are the addresses of incidents. Whoever else had used the account from that network before has a
/// phone of his own there, unless he walked names.
pub fn all(world: &World<'_>, hostile: &BTreeSet<IpAddr>) -> Vec<Leak> {
    let mut leaks = handed_out(world, |_| true, |_| true);
    leaks.retain(|leak| {
        let uses = world.uses.get(&leak.account).into_iter().flatten();
        let mut before = uses.filter(|used| used.first < leak.at).filter_map(|used| used.address);
        let is_own = leak.absent_names < WALKED && before.any(|known| same_network(known, leak.address));
        hostile.contains(&leak.address) || !is_own
    });
    leaks.sort_by(|left, right| {
        (&left.account, !left.is_answered, left.at, left.address).cmp(&(
            &right.account,
            !right.is_answered,
            right.at,
            right.address,
        ))
    });
    leaks
}

/// A phone's file that a stranger had, or asked for where the log ends, and of which nobody can tell what stood in it.
#[derive(Clone, Copy, Debug)]
pub struct Untold<'w> {
    fetch: &'w Fetch,
    /// Does the log go on after it, so that a refusal would show?
    is_answered: bool,
}

/// Returns the phones' files that a client was given, or asked for where the log ends, while no phone file with a secret
/// is in the evidence.
pub fn untold<'w>(world: &World<'_>, client: &'w Client) -> Vec<Untold<'w>> {
    let asks_for_settings = |file: &Untold<'_>| {
        let asked = String::from_utf8_lossy(&file.fetch.file);
        let asked = Asked::of(&asked);
        asked.phone.is_some() || asked.settings_of().is_some()
    };
    if !world.pbx.phone_files.is_empty() {
        return Vec::new();
    }
    let given = client.given.iter().map(|fetch| Untold { fetch, is_answered: true });
    let asked = client.unanswered.iter().map(|fetch| Untold { fetch, is_answered: false });
    given.chain(asked).filter(asks_for_settings).collect()
}

/// Returns which strangers had such files before an account was used, those who walked most names first.
pub(super) fn untold_before<'w>(
    world: &'w World<'_>,
    account: &str,
    before: Instant,
) -> Vec<(IpAddr, Vec<Untold<'w>>)> {
    let strangers = world.fetches.iter().filter(|(address, client)| {
        is_stranger(world, **address, client) && !uses_it_honestly(world, account, **address, before)
    });
    let with_files = strangers.filter_map(|(address, client)| {
        let files: Vec<_> =
            untold(world, client).into_iter().filter(|file| file.fetch.at <= before).collect();
        (!files.is_empty()).then(|| (client.absent_names(), *address, files))
    });
    let mut found: Vec<_> = with_files.collect();
    found.sort_by_key(|(walked, address, _)| (std::cmp::Reverse(*walked), *address));
    found.into_iter().map(|(_, address, files)| (address, files)).collect()
}

/// Says behind an address which such files it had, the first few by name, and why no more is known of them.
pub fn say_untold(files: &[Untold<'_>]) -> String {
    const MOST_NAMED: usize = 5;
    let name = |file: &Untold<'_>| visible(&Asked::of(&String::from_utf8_lossy(&file.fetch.file)).name);
    let names: Vec<String> = files.iter().take(MOST_NAMED).map(name).collect();
    let more = if files.len() > MOST_NAMED { " and others" } else { "" };
    let (verb, open) = if files.iter().all(|file| file.is_answered) {
        ("was given", "")
    } else {
        ("asked for", "whether it got all of them is not in the log, which ends there; ")
    };
    format!(
        "{verb} {} of phones ({}{more}); {open}whether secrets stand in them cannot be told, for no phone file with a \
         secret is in the evidence",
        counted(files.len() as u64, "file"),
        names.join(", ")
    )
}

/// Returns lines that tell of such files.
pub(super) fn lines_of(files: &[Untold<'_>]) -> impl Iterator<Item = Citation> {
    files.iter().map(|file| file.fetch.line.clone())
}

fn handed_out(
    world: &World<'_>,
    wanted: impl Fn(&PhoneAccount) -> bool,
    in_time: impl Fn(&Fetch) -> bool,
) -> Vec<Leak> {
    let mut leaks = Vec::new();
    let holding = holding(world, wanted);
    if holding.is_empty() {
        return leaks;
    }
    for (address, client) in
        world.fetches.iter().filter(|(address, client)| is_stranger(world, **address, client))
    {
        let given = client.given.iter().map(|fetch| (fetch, true));
        let asked = client.unanswered.iter().map(|fetch| (fetch, false));
        for (fetch, is_answered) in given.chain(asked).filter(|(fetch, _)| in_time(fetch)) {
            let asked = String::from_utf8_lossy(&fetch.file);
            for (file, phone) in asked_for(&holding, &Asked::of(&asked)) {
                if leaks.len() == MOST_LEAKS {
                    return leaks;
                }
                leaks.push(Leak {
                    address: *address,
                    at: fetch.at,
                    is_answered,
                    file: asked.clone().into_owned(),
                    path: file.path.clone(),
                    service: fetch.service,
                    has_password: fetch.has_password,
                    account: phone.name.clone(),
                    is_live: phone.secret_is_live,
                    line: fetch.line.clone(),
                    held: phone.place.clone(),
                    missing: client.missing,
                    absent_names: client.absent_names(),
                });
            }
        }
    }
    leaks
}

/// Returns whether a client has no business with phones' files.
pub fn is_stranger(world: &World<'_>, address: IpAddr, client: &Client) -> bool {
    match world.neighbours.of(address) {
        Standing::Outside => true,
        Standing::Inside | Standing::Trunk => client.absent_names() >= WALKED,
        Standing::Own | Standing::Trusted => false,
    }
}

/// Returns the phone files that hold the secrets of wanted accounts, by name.
fn holding<'w>(world: &'w World<'_>, wanted: impl Fn(&PhoneAccount) -> bool) -> Holding<'w> {
    let mut holding = Holding::new();
    for file in &world.pbx.phone_files {
        for phone in file.accounts.iter().filter(|phone| wanted(phone)) {
            for name in file.names() {
                holding.entry(name).or_default().push((file, phone));
            }
        }
    }
    holding
}

fn asked_for<'w>(holding: &Holding<'w>, asked: &Asked<'_>) -> Vec<(&'w PhoneFile, &'w PhoneAccount)> {
    match (holding.get(&*asked.name), &asked.phone) {
        (Some(held), _) => held.clone(),
        // A script is told the phone by its address.
        (None, Some(_)) => holding
            .iter()
            .filter(|(name, _)| asked.is_file(name))
            .flat_map(|(_, held)| held.clone())
            .collect(),
        // What a program makes on request bears the phone's address, whatever stands around it.
        (None, None) => asked.settings_of().map_or_else(Vec::new, |phone| {
            let held = holding.get(phone.as_str()).into_iter().flatten();
            held.filter(|(file, _)| !file.is_on_disk()).copied().collect()
        }),
    }
}

/// A remote phone fetches its own file and then registers from the same address, for long.
fn uses_it_honestly(world: &World<'_>, account: &str, address: IpAddr, before: Instant) -> bool {
    world.uses_from(account, address).any(|used| used.first < before.plus_seconds(-3_600))
}
