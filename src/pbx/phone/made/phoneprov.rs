//! `res_phoneprov`: Asterisk's own web server as a provisioning server.
//!
//! Facts relied on: profiles of `phoneprov.conf` list `static_file => NAME` and `${MAC}.cfg => TEMPLATE`; users
//! with `autoprov=yes` and a `macaddress` in `users.conf`, or sections of `phoneprov_users.conf` that name one,
//! or `type=phoneprov` with `MAC` in `pjsip.conf` are given files; a profile without a name of its own is
//! `default_profile`; they are asked for as `/phoneprov/NAME` at the port of `http.conf`, without a
//! password, as long as that server is enabled (`res/res_phoneprov.c`, `res/res_pjsip_phoneprov_provider.c`).
//! Static files lie in the data directory's folder `phoneprov`, perhaps in its `staticdir`.

use std::collections::BTreeMap;

use super::{Line, Maker, Phone, Served, Told, plain_address};
use crate::event::Citation;
use crate::evidence::Evidence;
use crate::pbx::address::host_and_port;
use crate::pbx::directory::Directory;
use crate::pbx::language::{Document, Loader, Section, is_true};
use crate::pbx::read::{HTTP_PARTS, Lists};
use crate::pbx::secret::Secret;
use crate::pbx::serving::{Door, Limit, disk_and_name};

/// Its name in reports.
pub const PROGRAM: &str = "Asterisk (res_phoneprov)";
/// The folder of its URL.
const FOLDER: &str = "phoneprov";
/// Where Asterisk keeps its data unless told otherwise.
const DATA: &str = "/var/lib/asterisk";
/// The port of Asterisk's web server.
const PORT: u16 = 8088;

/// The files that tell of it.
struct Files {
    /// `phoneprov.conf`.
    profiles: Document,
    /// `phoneprov_users.conf`.
    own_users: Option<Document>,
    users: Option<Document>,
    pjsip: Option<Document>,
    /// `http.conf`.
    web: Option<Document>,
    /// What the paths of the disk begin with.
    disk: String,
}

/// Returns the phones that it makes files for, and the folders whose files it gives out as they are; `None` where
/// there is neither.
pub(in crate::pbx) fn read(
    evidence: &Evidence,
    directory: &Directory<'_>,
    lists: &Lists<'_>,
) -> Option<Maker> {
    let main = directory.source(&directory.path_of("phoneprov.conf"))?;
    if !lists.is_loaded("res_phoneprov") {
        return None;
    }
    // The other files are read, and their problems told, for what else is in them.
    let mut loader = Loader::new(directory);
    let files = Files {
        profiles: loader.load("phoneprov.conf", &[])?,
        own_users: loader.load("phoneprov_users.conf", &[]),
        users: loader.load("users.conf", &[]),
        pjsip: loader.load("pjsip.conf", crate::pbx::pjsip::PARTS),
        web: loader.load("http.conf", HTTP_PARTS),
        disk: disk_and_name(&evidence.source(main)?.file.placed).0.to_owned(),
    };
    let asterisk = loader.load("asterisk.conf", &[]);
    let data = asterisk.as_ref().and_then(|document| document.last("directories", "astdatadir"));
    let folders = static_folders(&files.profiles, data.unwrap_or(DATA));
    let phones = phones(&files);
    let is_used = !phones.is_empty() || !folders.is_empty();
    is_used.then_some(Maker { program: PROGRAM, folder: FOLDER, served: served(&files)?, phones, folders })
}

fn phones(files: &Files) -> Vec<Phone> {
    let names = names_of_profiles(&files.profiles);
    let fallback = files.profiles.last("general", "default_profile").unwrap_or_default();
    let mut phones: BTreeMap<String, Phone> = BTreeMap::new();
    let mut add = |address: &str, profile: Option<&str>, line: Line| {
        let Some(address) = plain_address(address) else { return };
        let profile = profile.unwrap_or(fallback).to_ascii_lowercase();
        // A phone whose profile gives it no file of its own is given no secret.
        let Some(patterns) = names.get(&profile).filter(|patterns| !patterns.is_empty()) else { return };
        let names = patterns.iter().map(|pattern| pattern.of(&address)).collect();
        let vendor = Some(profile);
        let phone =
            phones.entry(address.clone()).or_insert(Phone { address, names, vendor, lines: Vec::new() });
        phone.lines.push(line);
    };
    for section in files.users.iter().flat_map(Document::sections) {
        let own = |name| section.filled(name).or_else(|| files.users.as_ref()?.last("general", name));
        if own("autoprov").is_some_and(is_true)
            && let Some(address) = section.filled("macaddress")
        {
            add(address, own("profile"), line(&section.name, own("secret"), section));
        }
    }
    for section in files.own_users.iter().flat_map(Document::sections) {
        let account = section.filled("username").unwrap_or(&section.name);
        if let Some(address) = section.filled("macaddress").or_else(|| section.filled("mac")) {
            add(address, section.filled("profile"), line(account, section.filled("secret"), section));
        }
    }
    for section in files.pjsip.iter().flat_map(Document::sections) {
        let is_phone = section.last("type").is_some_and(|kind| kind.eq_ignore_ascii_case("phoneprov"));
        let address = section.filled("mac").filter(|_| is_phone);
        let account = section.filled("endpoint").or_else(|| section.filled("username"));
        if let (Some(address), Some(account)) = (address, account) {
            let (account, secret) = (account.to_owned(), Told::InForce);
            add(address, section.filled("profile"), Line { account, secret, place: section.citation() });
        }
    }
    phones.into_values().collect()
}

fn line(account: &str, secret: Option<&str>, section: &Section) -> Line {
    let secret = secret.filter(|secret| !secret.is_empty());
    Line {
        account: account.to_owned(),
        secret: secret.map_or(Told::InForce, |secret| Told::As(Secret::new(secret))),
        place: section.citation(),
    }
}

/// Returns who may ask: whoever reaches Asterisk's web server.
fn served(files: &Files) -> Option<Served> {
    let web = |name: &'static str| {
        files.web.as_ref().and_then(|web| web.last("general", name)).filter(|text| !text.is_empty())
    };
    let limit = match (files.web.is_some(), web("enabled").is_some_and(is_true)) {
        (_, true) => Limit::None,
        (true, false) => Limit::Nobody,
        (false, false) => Limit::Unknown,
    };
    let place: Citation = files
        .web
        .as_ref()
        .and_then(|web| web.named("general").next())
        .or_else(|| files.profiles.sections().next())
        .map(Section::citation)?;
    let address = |text: Option<&str>| text.and_then(|text| host_and_port(text).0.parse().ok());
    let is_all = |address: &std::net::IpAddr| address.is_unspecified();
    let port = web("bindport").and_then(|port| port.parse().ok()).unwrap_or(PORT);
    let mut doors = vec![Door { address: address(web("bindaddr")).filter(|it| !is_all(it)), port }];
    if web("tlsenable").is_some_and(is_true) {
        let (host, port) = web("tlsbindaddr").map(host_and_port).unwrap_or_default();
        let address = host.parse().ok().filter(|it| !is_all(it));
        doors.push(Door { address, port: port.unwrap_or(PORT + 1) });
    }
    Some(Served::Itself { disk: files.disk.clone(), doors, limit, place })
}

/// A file's name with the phone's address left out.
struct Pattern {
    before: String,
    after: String,
    is_upper: bool,
}

impl Pattern {
    fn of(&self, address: &str) -> String {
        let address = if self.is_upper { address.to_ascii_uppercase() } else { address.to_owned() };
        format!("{}{address}{}", self.before, self.after)
    }

    /// Reads `${MAC}.cfg`, `config/${TOUPPER(${MAC})}`.
    fn new(text: &str) -> Option<Self> {
        let name = text.rsplit('/').next().unwrap_or(text);
        let (before, rest) = name.split_once("${")?;
        let (after, is_upper) = match rest.strip_prefix("MAC}") {
            Some(after) => (after, false),
            None => {
                let (function, after) = rest.split_once("(${MAC})}")?;
                (after, function.eq_ignore_ascii_case("TOUPPER"))
            }
        };
        // Lists of numbers are made by the same way, and hold no secret.
        let is_list = ["directory", "phonebook", "contacts"].iter().any(|word| after.contains(word));
        (!is_list).then(|| Pattern { before: before.to_owned(), after: after.to_owned(), is_upper })
    }
}

/// Returns the names of each profile's files, by the profile in lower case.
fn names_of_profiles(profiles: &Document) -> BTreeMap<String, Vec<Pattern>> {
    let sections = profiles.sections().filter(|section| !section.name.eq_ignore_ascii_case("general"));
    let of =
        |section: &Section| section.settings.iter().filter_map(|held| Pattern::new(&held.name)).collect();
    sections.map(|section| (section.name.to_ascii_lowercase(), of(section))).collect()
}

/// Returns the folders below the data directory from which files are given out as they are.
fn static_folders(profiles: &Document, data: &str) -> Vec<(String, Citation)> {
    let mut folders: Vec<(String, Citation)> = Vec::new();
    for section in profiles.sections().filter(|section| section.filled("static_file").is_some()) {
        let below = section.filled("staticdir").unwrap_or_default().trim_matches('/');
        let folder = format!("{}/{FOLDER}/{below}", data.trim_end_matches('/'));
        let folder = folder.trim_end_matches('/').to_owned();
        let is_known = folders.iter().any(|(known, _)| *known == folder);
        if !is_known && !below.split('/').any(|part| part == "..") {
            folders.push((folder, section.citation()));
        }
    }
    folders
}
