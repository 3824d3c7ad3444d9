//! Folders with phone files that somebody hands out, and to whom.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::{may_be_live, some};
use crate::checks::Show;
use crate::event::{Citation, Service};
use crate::fold::fetches::Fetch;
use crate::pbx::{Asked, Audience, FileOrigin, Pbx, PhoneAccount, PhoneFile, Reached, Share};
use crate::reconstruct::leaks;
use crate::reconstruct::world::World;
use crate::report::document::counted;
use crate::report::model::{Finding, Severity};
use crate::untrusted::{Untrusted, visible};

const ID: &str = "provisioning-exposed";
/// Folders told one by one, the most exposed first.
const MOST_FOLDERS: usize = 50;
/// Lines of phone files shown for one folder.
const MOST_HELD: usize = 3;

/// Files of one folder with the accounts in them whose secrets may be in use.
type Held<'w> = Vec<(&'w PhoneFile, Vec<&'w PhoneAccount>)>;

/// Yields one finding for each folder that holds secrets and is handed out.
pub(super) fn check(world: &World<'_>, show: &Show<'_>) -> Vec<Finding> {
    let mut folders: BTreeMap<&str, Held<'_>> = BTreeMap::new();
    for file in world.pbx.phone_files.iter().filter(|file| is_handed_out_here(file)) {
        let accounts: Vec<&PhoneAccount> = file.accounts.iter().filter(|phone| may_be_live(phone)).collect();
        if !accounts.is_empty() {
            folders.entry(file.folder()).or_default().push((file, accounts));
        }
    }
    let mut findings: Vec<Finding> =
        folders.into_iter().map(|(folder, held)| of_folder(world, folder, &held, show)).collect();
    findings.sort_by_key(|finding| finding.severity);
    findings.truncate(MOST_FOLDERS);
    findings
}

/// Of a file that was written elsewhere it is not known that it still is there.
fn is_handed_out_here(file: &PhoneFile) -> bool {
    !matches!(file.origin, FileOrigin::Elsewhere(_))
}

fn of_folder(world: &World<'_>, folder: &str, held: &Held<'_>, show: &Show<'_>) -> Finding {
    let mut ways: Vec<Way> = Vec::new();
    for share in held.iter().take(1).flat_map(|(file, _)| world.pbx.shares_of(file)) {
        let way = way(world, held, share);
        match ways.iter_mut().find(|known| known.is_like(&way)) {
            Some(known) => known.ports.extend(way.ports),
            None => ways.push(way),
        }
    }
    ways.sort_by_key(|way| way.reached.audience);
    let widest = ways.first().map(|way| way.reached.audience);
    let has_live = held.iter().flat_map(|(_, phones)| phones).any(|phone| phone.secret_is_live == Some(true));
    let accounts: BTreeSet<&str> =
        held.iter().flat_map(|(_, phones)| phones).map(|phone| phone.name.as_str()).collect();
    let who = match widest {
        None => "no server of this evidence is known to hand out",
        Some(Audience::Internet) => "anyone on the Internet can read",
        Some(Audience::CannotTell) => "whoever reaches the server can read",
        Some(Audience::Password) => "whoever has the password can read",
        Some(Audience::Network) => "the local network can read",
        Some(Audience::Nobody) => "only this host itself can read",
    };
    let secrets = format!("the secrets of {}", counted(accounts.len() as u64, "account"));
    let mut detail: Vec<String> = ways.iter().map(Way::told).collect();
    detail.push(by_vendor(held, has_live));
    let made = held.iter().find_map(|(file, _)| match file.origin {
        FileOrigin::OnRequest(program) => Some(program),
        _ => None,
    });
    detail.extend(made.map(|program| {
        format!("No such file lies on the disk: {program} makes it when somebody names the phone by its hardware address.")
    }));
    let places = ways.iter().take(2).flat_map(|way| std::iter::once(&way.place).chain(&way.reached.rule));
    let lines = held.iter().flat_map(|(_, phones)| phones).map(|phone| &phone.place).take(MOST_HELD);
    let proven = ways.iter().filter_map(|way| way.seen.as_ref()).take(1);
    Finding {
        id: ID,
        severity: severity(widest, has_live),
        subject: Untrusted::from(shown_folder(folder)),
        title: format!("Phone files hold {secrets}, which {who}"),
        detail: detail.join(" "),
        remedy: remedy(widest).into(),
        // MITRE ATT&CK: Unsecured Credentials: Credentials In Files.
        attack: vec!["T1552.001"],
        evidence: proven.chain(places).chain(lines).filter_map(show).collect(),
    }
}

/// Returns the accounts whose secrets, as far as they may be in use, stand in folders that the findings call exposed.
pub(crate) fn exposed_accounts<'a>(pbx: &'a Pbx, findings: &[Finding]) -> BTreeSet<&'a str> {
    let grave = findings.iter().filter(|found| found.id == ID && found.severity <= Severity::High);
    let folders: BTreeSet<&str> = grave.map(|found| found.subject.raw()).collect();
    let files = pbx.phone_files.iter().filter(|file| folders.contains(shown_folder(file.folder())));
    let accounts = files.flat_map(|file| &file.accounts).filter(|phone| may_be_live(phone));
    accounts.map(|phone| phone.name.as_str()).collect()
}

/// Returns a folder as findings name it.
fn shown_folder(folder: &str) -> &str {
    if folder.is_empty() { "the top folder" } else { folder }
}

/// A server that hands the folder out.
struct Way {
    program: &'static str,
    service: Service,
    ports: BTreeSet<u16>,
    reached: Reached,
    place: Citation,
    /// The line of somebody outside who was given a file.
    seen: Option<Citation>,
}

impl Way {
    /// Returns whether another site of the same program gives the same answer.
    fn is_like(&self, other: &Way) -> bool {
        let key = |way: &Way| (way.program, way.service, way.reached.audience, way.reached.why.clone());
        key(self) == key(other)
    }

    fn told(&self) -> String {
        let ports: Vec<String> = self.ports.iter().map(u16::to_string).collect();
        format!(
            "{} hands it out by {} (port {}) to {}: {}.",
            self.program,
            leaks::protocol(self.service),
            ports.join(", "),
            self.reached.audience.words(),
            visible(&self.reached.why)
        )
    }
}

/// A request from outside settles what the disk leaves open, and contradicts what it closes.
fn way(world: &World<'_>, held: &Held<'_>, share: &Share) -> Way {
    let mut reached = world.pbx.audience(share);
    let seen = seen_from_outside(world, held, share);
    if let Some((address, _)) = &seen {
        let (audience, meaning) = match reached.audience {
            Audience::Password => (Audience::Password, "asked for files of it"),
            Audience::CannotTell | Audience::Internet => {
                (Audience::Internet, "asked for files of it, so that the Internet does reach it")
            }
            _ => (
                Audience::CannotTell,
                "asked for files of it all the same: it was open then, or there is another way in",
            ),
        };
        reached.audience = audience;
        reached.why = format!("{}; {address} {meaning}", reached.why);
    }
    Way {
        program: share.program,
        service: share.service,
        ports: share.doors.iter().map(|door| door.port).collect(),
        reached,
        place: share.place.clone(),
        seen: seen.map(|(_, line)| line),
    }
}

/// Returns a request of somebody outside that reached the server, be it his own phone's: for a file of the
/// folder, or for any where the server hands out nothing else.
fn seen_from_outside(world: &World<'_>, held: &Held<'_>, share: &Share) -> Option<(IpAddr, Citation)> {
    let names: BTreeSet<&str> = held.iter().flat_map(|(file, _)| file.names()).collect();
    let is_of_it = |fetch: &&Fetch| {
        let asked = String::from_utf8_lossy(&fetch.file);
        fetch.service == share.service
            && (share.service == Service::Tftp || is_one_of(&names, &Asked::of(&asked)))
    };
    let outside = world.fetches.iter().filter(|(address, _)| world.neighbours.is_outside(**address));
    let mut seen = outside.filter_map(|(address, client)| {
        let fetch = client.given.iter().chain(&client.unanswered).find(is_of_it)?;
        Some((*address, fetch.line.clone()))
    });
    seen.next()
}

/// A program that makes files goes by the phone's hardware address, which is among the names then.
fn is_one_of(names: &BTreeSet<&str>, asked: &Asked<'_>) -> bool {
    let phone = asked.phone.clone().or_else(|| asked.settings_of());
    names.contains(&*asked.name) || phone.is_some_and(|phone| names.contains(phone.as_str()))
}

/// Lists accounts and files by vendor.
fn by_vendor(held: &Held<'_>, has_live: bool) -> String {
    let mut vendors: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (file, phones) in held {
        let name = file.path.rsplit('/').next().unwrap_or(&file.path);
        for phone in phones {
            vendors.entry(file.vendor).or_default().push(format!(
                "{} in {}",
                visible(&phone.name),
                visible(name)
            ));
        }
    }
    let told: Vec<String> =
        vendors.into_iter().map(|(vendor, files)| format!("{vendor}: {}", some(files))).collect();
    let which = if has_live {
        "Secrets that the server accepts"
    } else {
        "Secrets (whether the server accepts them cannot be told)"
    };
    format!("{which}: {}.", told.join("; "))
}

fn severity(widest: Option<Audience>, has_live: bool) -> Severity {
    match (widest, has_live) {
        (Some(Audience::Internet), true) => Severity::Critical,
        (Some(Audience::Internet), false) => Severity::High,
        (Some(Audience::CannotTell), _) => Severity::Medium,
        (Some(Audience::Network | Audience::Password) | None, _) => Severity::Low,
        (Some(Audience::Nobody), _) => Severity::Info,
    }
}

fn remedy(widest: Option<Audience>) -> &'static str {
    match widest {
        Some(Audience::Internet) => {
            "Close the server to the Internet now, then change the secret of every account listed; let phones fetch their \
             files over HTTPS with a password, or over a VPN."
        }
        Some(Audience::CannotTell) => {
            "See at the router and firewall whether the port is reached from outside; let the local network in only. If it \
             was reached, change the secret of every account listed."
        }
        Some(Audience::Network) => {
            "Whoever gets into that network reads every secret: keep phones in a network of their own."
        }
        Some(Audience::Password) => "See that the password is no default and is not the same for all phones.",
        Some(Audience::Nobody) | None => {
            "Delete what no phone needs; see that no server hands the folder out."
        }
    }
}
