//! Apache: which folders its sites hand out, and to whom.
//!
//! `DocumentRoot` and `Alias` give the folders, `<Directory>` and `<Location>` say who may read them, the
//! longest path last; a name such as `*:84` ties a site to a port. Debian keeps what is on behind links in
//! `sites-enabled`, Red Hat in `conf.d`. Without any word about a folder Apache lets everybody in, but the main
//! file, if it is not here, may say otherwise.

mod access;
mod sections;

use std::collections::BTreeMap;

use access::Access;
use sections::{Scope, Site};

use super::{Door, Limit, Page, Share};
use crate::event::Service;

const PORT: u16 = 80;
/// The file that speaks for the folder it lies in, where `AllowOverride` lets it.
const IN_FOLDER: &str = ".htaccess";
/// Sites of one server.
const MOST_SITES: usize = 500;

pub(super) fn is_configuration(name: &str) -> bool {
    let folders = [
        "etc/apache2/sites-enabled/",
        "etc/apache2/sites-available/",
        "etc/apache2/conf-enabled/",
        "etc/apache2/conf-available/",
        "etc/apache2/conf.d/",
        "etc/httpd/conf.d/",
    ];
    MAIN.contains(&name)
        || name.ends_with("/.htaccess")
        || name == "etc/apache2/ports.conf"
        || (name.ends_with(".conf") && folders.iter().any(|folder| name.starts_with(folder)))
}

/// The files that list the ports which are listened at.
const PORTS: [&str; 2] = ["etc/apache2/ports.conf", "etc/httpd/conf/httpd.conf"];

const MAIN: [&str; 2] = ["etc/apache2/apache2.conf", "etc/httpd/conf/httpd.conf"];

fn is_on(page: &Page<'_>) -> bool {
    !page.name.ends_with(IN_FOLDER)
        && is_configuration(&page.name)
        && page.is_named(|name| is_configuration(name) && !name.contains("-available/"))
}

/// Reads Apache's sites, disk by disk.
pub(super) fn read(all: &[Page<'_>]) -> Vec<Share> {
    let mut disks: BTreeMap<&str, Vec<&Page<'_>>> = BTreeMap::new();
    for page in all.iter().filter(|page| is_on(page)) {
        disks.entry(&page.disk).or_default().push(page);
    }
    let mut shares = Vec::new();
    for (disk, mut pages) in disks {
        // The main file comes first, what it includes after.
        let ruled: Vec<Scope> = of_folders(disk, all);
        pages.sort_by_key(|page| (!MAIN.contains(&page.name.as_str()), page.name.clone()));
        of_disk(disk, &pages, &ruled, &mut shares);
    }
    shares
}

/// Returns where Apache listens: what `Listen` says, and the sites' own names where no file with `Listen` is here.
pub(super) fn doors(all: &[Page<'_>]) -> Vec<Door> {
    let (mut main, mut sites, mut listens) = (Site::default(), Vec::new(), Vec::new());
    for page in all.iter().filter(|page| is_on(page)) {
        sections::read(page, &mut main, &mut sites, &mut listens);
    }
    let named = sites.iter().flat_map(|site| &site.doors).copied();
    listens.extend(named);
    listens
}

/// The files in folders that may have a say about them, by folder from the disk's root.
fn of_folders(disk: &str, pages: &[Page<'_>]) -> Vec<Scope> {
    let own = pages.iter().filter(|page| page.name.ends_with(IN_FOLDER));
    own.filter_map(|page| {
        let path = format!("{}{}", page.disk, page.name);
        let folder = path.strip_prefix(disk)?.strip_suffix(IN_FOLDER)?;
        Some(sections::of_folder(page, format!("/{}", folder.trim_end_matches('/'))))
    })
    .collect()
}

fn of_disk(disk: &str, pages: &[&Page<'_>], ruled: &[Scope], shares: &mut Vec<Share>) {
    let mut main = Site::default();
    let mut sites = Vec::new();
    let mut listens: Vec<Door> = Vec::new();
    for page in pages {
        sections::read(page, &mut main, &mut sites, &mut listens);
    }
    let has_main = pages.iter().any(|page| MAIN.contains(&page.name.as_str()));
    sites.truncate(MOST_SITES);
    let taken: Vec<u16> = sites.iter().flat_map(|site| &site.doors).map(|door| door.port).collect();
    // The main server answers where no site of its own is.
    main.doors = listens.iter().copied().filter(|door| !taken.contains(&door.port)).collect();
    if listens.is_empty() && taken.is_empty() {
        main.doors.push(Door::at(PORT));
    }
    // Of a copy without the file that lists the ports nobody knows which are silent.
    let knows_ports = pages.iter().any(|page| PORTS.contains(&page.name.as_str()));
    for site in &mut sites {
        let heard = |door: &Door| {
            let same = listens.iter().filter(|one| one.port == door.port);
            let mut heard: Vec<Door> =
                same.map(|one| Door { address: door.address.or(one.address), ..*door }).collect();
            if heard.is_empty() && !knows_ports {
                heard.push(*door);
            }
            heard
        };
        site.doors = site.doors.iter().flat_map(heard).collect();
    }
    let inherited = main.scopes.clone();
    for site in &mut sites {
        site.scopes.splice(0..0, inherited.iter().cloned());
        if site.folders.is_empty() {
            site.folders.clone_from(&main.folders);
        }
    }
    sites.push(main);
    for site in &mut sites {
        let allowed = ruled.iter().filter(|scope| may_override(site, &scope.path_in(site))).cloned();
        let allowed: Vec<Scope> = allowed.collect();
        site.scopes.extend(allowed);
    }
    for site in sites.iter().filter(|site| !site.doors.is_empty()) {
        let number = shares.iter().map(|share| share.site + 1).max().unwrap_or(0);
        of_site(disk, site, number, has_main, shares);
    }
}

/// A site's folders, and the folders below them that have a word of their own.
fn of_site(disk: &str, site: &Site, number: usize, has_main: bool, shares: &mut Vec<Share>) {
    for (root, place) in &site.folders {
        let below = |scope: &&Scope| {
            let path = scope.path_in(site);
            path.strip_prefix(root.as_str()).is_some_and(|rest| rest.starts_with('/'))
        };
        let own = site.scopes.iter().filter(below).map(|scope| (scope.path_in(site), scope.place.clone()));
        let folders: Vec<_> = std::iter::once((root.clone(), place.clone())).chain(own).collect();
        for (folder, place) in folders {
            let limit = match access_to(site, &folder) {
                Some(access) => access.limit(),
                None if has_main => Limit::None,
                None => Limit::Unknown,
            };
            shares.push(Share {
                program: "Apache",
                service: Service::Web,
                disk: disk.to_owned(),
                site: number,
                folder,
                doors: site.doors.clone(),
                limit,
                is_writable: false,
                place,
            });
        }
    }
}

/// Returns whether a file in a folder has a say: the longest section that tells decides, and none means no.
fn may_override(site: &Site, folder: &str) -> bool {
    let covers = |scope: &&Scope| {
        let path = scope.path_in(site);
        folder.strip_prefix(path.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let telling = site.scopes.iter().filter(|scope| scope.overrides.is_some()).filter(covers);
    telling.max_by_key(|scope| scope.path_in(site).len()).and_then(|scope| scope.overrides) == Some(true)
}

/// The last word about a folder: of directories the longest path, then of locations.
fn access_to(site: &Site, folder: &str) -> Option<Access> {
    let covers = |scope: &&Scope| {
        let path = scope.path_in(site);
        folder.strip_prefix(path.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let mut scopes: Vec<&Scope> =
        site.scopes.iter().filter(|scope| scope.access.is_told()).filter(covers).collect();
    scopes.sort_by_key(|scope| (scope.is_location, scope.path_in(site).len()));
    // A password asked for above holds until a deeper section says `Require`.
    scopes.last().map(|scope| scope.access.clone())
}
