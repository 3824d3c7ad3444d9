//! Phone files that no disk holds: a program makes them when a phone asks.
//!
//! `res_phoneprov` of Asterisk, FusionPBX and FreePBX's Endpoint Manager keep phones and their accounts in
//! their own settings and fill a template in for each request. Whoever names the phone by its hardware address
//! is given the secret, as by a file. Of phones that a panel wrote files for which are not in the evidence only
//! the account is told, so that a request in a log still has its meaning.

pub(in crate::pbx) mod phoneprov;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use super::name::hardware_address;
use crate::event::{Citation, Service};
use crate::pbx::model::{FileOrigin, Pbx, PhoneAccount, PhoneFile};
use crate::pbx::secret::{Secret, Secrets};
use crate::pbx::serving::{Door, Limit, Share};

/// Phones of one program; the largest panels have some thousand.
const MOST: usize = 20_000;

/// A program that makes phone files, with the phones that it knows.
pub(in crate::pbx) struct Maker {
    /// The program.
    pub(in crate::pbx) program: &'static str,
    /// The folder of its URL, as a path without a slash at either end.
    pub(in crate::pbx) folder: &'static str,
    /// Who hands the files out.
    pub(in crate::pbx) served: Served,
    /// The phones.
    pub(in crate::pbx) phones: Vec<Phone>,
    /// Folders of the disk, from its root, whose files it gives out as they are, and where that is set.
    pub(in crate::pbx) folders: Vec<(String, Citation)>,
}

/// Who hands the files out.
pub(in crate::pbx) enum Served {
    /// The program itself, at these ports.
    Itself {
        /// What the paths of its disk begin with.
        disk: String,
        /// Where it listens.
        doors: Vec<Door>,
        /// Whom it lets in.
        limit: Limit,
        /// Where that is set.
        place: Citation,
    },
    /// The web server whose folder ends so, which the program limits further.
    Web {
        /// The end of the folder that the web server hands out.
        root: &'static str,
        /// Whom the program lets in.
        limit: Limit,
        /// Where that is set.
        place: Citation,
    },
    /// Nobody here: the files were written somewhere that is not in the evidence.
    Unseen,
}

/// One phone with the accounts in its file.
pub(in crate::pbx) struct Phone {
    /// Its hardware address.
    pub(in crate::pbx) address: String,
    /// The names under which its files are asked for; the address alone will do for most.
    pub(in crate::pbx) names: Vec<String>,
    /// Its maker, where the program tells.
    pub(in crate::pbx) vendor: Option<String>,
    /// The accounts.
    pub(in crate::pbx) lines: Vec<Line>,
}

/// One account in a phone's file.
pub(in crate::pbx) struct Line {
    /// The account.
    pub(in crate::pbx) account: String,
    /// Its secret.
    pub(in crate::pbx) secret: Told,
    /// Where it is set.
    pub(in crate::pbx) place: Citation,
}

/// What is known of the secret that a file is given.
pub(in crate::pbx) enum Told {
    /// It is this one.
    As(Secret),
    /// The one that the server accepts.
    InForce,
    /// Whatever it was when the file was written.
    Unknown,
}

/// Turns hardware addresses as programs write them into twelve digits in lower case.
pub(in crate::pbx) fn plain_address(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|letter| !matches!(letter, ':' | '-' | '.' | ' ')).collect();
    hardware_address(&digits).filter(|address| address.len() == digits.len())
}

/// Adds the phones of every program to the phone files, and who hands them out to the shares.
pub(in crate::pbx) fn add(makers: Vec<Maker>, secrets: &Secrets, pbx: &mut Pbx) {
    let on_disk: BTreeSet<String> = pbx
        .phone_files
        .iter()
        .flat_map(|file| file.names().filter_map(hardware_address).collect::<Vec<_>>())
        .collect();
    for maker in makers {
        let is_unseen = matches!(maker.served, Served::Unseen);
        let (disk, folder) = serve(&maker, pbx);
        // The same phone may stand in several databases.
        let mut phones: BTreeMap<String, Phone> = BTreeMap::new();
        for phone in maker.phones.into_iter().take(MOST) {
            phones.entry(phone.address.clone()).or_insert(phone);
        }
        // What lies on the disk tells more than what would lie there.
        phones.retain(|address, _| !(is_unseen && on_disk.contains(address)));
        for phone in phones.into_values() {
            pbx.phone_files.extend(file(maker.program, &disk, &folder, is_unseen, phone, secrets));
        }
    }
}

fn file(
    program: &'static str,
    disk: &str,
    folder: &str,
    is_unseen: bool,
    phone: Phone,
    secrets: &Secrets,
) -> Option<PhoneFile> {
    let account = |line: Line| PhoneAccount {
        secret_is_live: match &line.secret {
            Told::As(secret) => secrets.is_live_secret(&line.account, secret),
            Told::InForce => secrets.knows(&line.account).then_some(true),
            Told::Unknown => None,
        },
        name: line.account,
        place: line.place,
    };
    let accounts: Vec<PhoneAccount> = phone.lines.into_iter().map(account).collect();
    let source = accounts.first()?.place.place.source;
    let vendor = phone.vendor.as_deref().and_then(super::rules::vendor_of);
    let vendor = vendor.or_else(|| super::maker::of(&phone.address)).unwrap_or("phone");
    let name = phone.names.first().cloned().unwrap_or_else(|| format!("{}.cfg", phone.address));
    let path = format!("{folder}/{name}");
    let origin = if is_unseen { FileOrigin::Elsewhere(program) } else { FileOrigin::OnRequest(program) };
    Some(PhoneFile {
        source,
        placed: format!("{disk}{path}"),
        path,
        also: phone.names.into_iter().skip(1).chain([phone.address]).collect(),
        origin,
        mode: None,
        vendor,
        accounts,
    })
}

/// Adds who hands a program's files out; returns what the disk's paths begin with, and the folder.
fn serve(maker: &Maker, pbx: &mut Pbx) -> (String, String) {
    let site = pbx.shares.iter().map(|share| share.site + 1).max().unwrap_or(0);
    let own = |disk: &str, doors: Vec<Door>, limit: &Limit, place: &Citation| Share {
        program: maker.program,
        service: Service::Web,
        disk: disk.to_owned(),
        site,
        folder: format!("/{}", maker.folder),
        doors,
        limit: limit.clone(),
        is_writable: false,
        place: place.clone(),
    };
    match &maker.served {
        Served::Itself { disk, doors, limit, place } => {
            let share = own(disk, doors.clone(), limit, place);
            let folders = maker.folders.iter();
            pbx.shares.extend(folders.map(|(folder, place)| Share {
                folder: folder.clone(),
                place: place.clone(),
                ..share.clone()
            }));
            pbx.shares.push(share);
            (disk.clone(), maker.folder.to_owned())
        }
        Served::Web { root, limit, place } => {
            let is_web = |share: &&Share| share.service == Service::Web && share.folder.ends_with(root);
            let sites: Vec<Share> = pbx.shares.iter().filter(is_web).cloned().collect();
            let Some(first) = sites.first() else {
                let disks = pbx.firewall.disks();
                let only = disks.iter().next().filter(|_| disks.len() == 1).map_or("", |disk| *disk);
                let share = own(only, vec![Door::at(80), Door::at(443)], limit, place);
                let disk = share.disk.clone();
                pbx.shares.push(share);
                return (disk, maker.folder.to_owned());
            };
            let (disk, base) = (first.disk.clone(), first.folder.clone());
            let folder = format!("{}/{}", base.trim_start_matches('/'), maker.folder);
            let further = sites.into_iter().filter(|share| share.disk == disk && share.folder == base);
            pbx.shares.extend(further.map(|share| Share {
                folder: format!("/{folder}"),
                limit: both(&share.limit, limit),
                is_writable: false,
                ..share
            }));
            (disk, folder)
        }
        Served::Unseen => (String::new(), maker.folder.to_owned()),
    }
}

/// Returns the stricter of what the web server and the program ask for.
fn both(web: &Limit, own: &Limit) -> Limit {
    match (web, own) {
        (Limit::Nobody, _) | (_, Limit::Nobody) => Limit::Nobody,
        (Limit::None | Limit::Unknown, own) if *own != Limit::None => own.clone(),
        (web, _) => web.clone(),
    }
}
