//! Who hands out the folders of this host, by TFTP, FTP or HTTP, to whom, and by which ports.
//!
//! Read are the configuration files of the usual servers, by the places that distributions keep them at;
//! which of Apache's and nginx's sites are on is told by the links to them. The answer for a folder joins
//! what its server asks for (a password, an address), where it listens, and the firewall's rules.

mod apache;
mod audience;
mod ftp;
mod lighttpd;
mod nginx;
mod page;
mod ports;
pub(super) mod settings;
mod tftp;

use ipnet::IpNet;

pub use audience::{Audience, Reached};
pub(super) use page::{Page, PageLine, disk_and_name};

use super::firewall::{self, Protocol};
use super::model::{Pbx, PhoneFile};
use crate::event::{Citation, Service};
use crate::evidence::Evidence;

/// No server has more folders to hand out.
const MOST_SHARES: usize = 5_000;

/// Whom a server lets in by its own settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Nobody.
    Nobody,
    /// Who sends from one of these networks.
    Networks(Vec<IpNet>),
    /// Who knows a password.
    Password,
    /// Who knows the password that a maker ships his phones with, unless it was changed.
    StockPassword,
    /// It hangs on what the files here do not tell.
    Unknown,
    /// Anybody.
    None,
}

/// A folder that a server hands out.
#[derive(Clone, Debug)]
pub struct Share {
    /// The program.
    pub program: &'static str,
    /// What it speaks.
    pub service: Service,
    /// What the paths of its disk begin with.
    pub disk: String,
    /// Folders of one site shadow one another: the longest that a file lies in counts.
    pub site: usize,
    /// The folder, from the disk's root, without a slash at its end; empty for the root.
    pub folder: String,
    /// Addresses and ports that it listens at; no address is all of them.
    pub doors: Vec<Door>,
    /// Whom it lets in.
    pub limit: Limit,
    /// May clients write there?
    pub is_writable: bool,
    /// Where that is set.
    pub place: Citation,
}

/// Where a server listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Door {
    /// The address; `None` for all.
    pub address: Option<std::net::IpAddr>,
    /// The port.
    pub port: u16,
}

impl Door {
    /// Builds the door of a port at all addresses.
    pub(super) fn at(port: u16) -> Self {
        Door { address: None, port }
    }
}

impl Share {
    /// Returns the protocol of its ports.
    fn protocol(&self) -> Protocol {
        if self.service == Service::Tftp { Protocol::Udp } else { Protocol::Tcp }
    }

    /// Returns whether a folder from the disk's root is this or lies in it.
    fn covers(&self, folder: &str) -> bool {
        folder.strip_prefix(self.folder.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

/// Returns whether a path is that of a server's or firewall's configuration.
pub fn is_configuration(path: &str) -> bool {
    let (_, name) = disk_and_name(path);
    tftp::is_configuration(name)
        || ftp::is_configuration(name)
        || apache::is_configuration(name)
        || nginx::is_configuration(name)
        || lighttpd::is_configuration(name)
        || firewall::is_configuration(name)
}

/// Reads what the servers of the evidence hand out, and the firewall's rules before them.
pub(super) fn read_all(evidence: &Evidence, pbx: &mut Pbx) {
    let pages = page::read_all(evidence, &mut pbx.problems);
    pbx.firewall = firewall::read(evidence, &pages, &mut pbx.problems);
    let mut shares = Vec::new();
    let mut site = 0;
    for found in [tftp::read(&pages), ftp::read(&pages), apache::read(&pages), nginx::read(&pages)] {
        for mut share in found.into_iter().take(MOST_SHARES) {
            share.site += site;
            shares.push(share);
        }
        site = shares.iter().map(|share: &Share| share.site + 1).max().unwrap_or(0);
    }
    ports::add(&pages, &shares, &mut pbx.listeners);
    add_links(evidence, &mut shares);
    pbx.shares = shares;
}

/// A link below a folder of a web server leads to one that is handed out, too.
///
/// TFTP and FTP servers shut themselves in their folder, and links out of it lead nowhere.
fn add_links(evidence: &Evidence, shares: &mut Vec<Share>) {
    let mut more = Vec::new();
    for link in &evidence.links {
        for share in shares.iter().filter(|share| share.service == Service::Web && !share.folder.is_empty()) {
            let Some(at) = link.placed.strip_prefix(share.disk.as_str()) else { continue };
            if !share.covers(&format!("/{at}")) || more.len() >= MOST_SHARES {
                continue;
            }
            if let Some(folder) = page::rooted(&format!("/{at}"), &link.target) {
                more.push(Share { folder, ..share.clone() });
            }
        }
    }
    shares.extend(more);
}

impl Pbx {
    /// Returns the servers that hand out a phone file: of each site the folder that decides.
    pub fn shares_of(&self, file: &PhoneFile) -> Vec<&Share> {
        let mut best: std::collections::BTreeMap<usize, &Share> = std::collections::BTreeMap::new();
        let of_disk = self.shares.iter().filter(|share| file.placed.starts_with(&share.disk));
        for share in of_disk {
            let Some(path) = file.placed.get(share.disk.len()..) else { continue };
            let folder = path.rsplit_once('/').map_or_else(String::new, |(folder, _)| format!("/{folder}"));
            let is_longer = |held: &&Share| held.folder.len() < share.folder.len();
            if share.covers(&folder) && best.get(&share.site).is_none_or(is_longer) {
                best.insert(share.site, share);
            }
        }
        best.into_values().collect()
    }
}

#[cfg(test)]
mod tests;
