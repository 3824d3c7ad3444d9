//! The firewall, as it is saved on disk and as it was in force: whom does it let through to a port?
//!
//! Read are `iptables-save`'s and `ip6tables-save`'s files, ufw's (the same form), `nftables.conf` and firewalld's
//! zones. Rules of one family of addresses say nothing of the other. What was only set at run time (FreePBX's own
//! firewall, Docker, fail2ban) stands in no file of the disk, but in what the commands of [`live`] printed: where that
//! is there, it counts before what is saved. What a router in front lets through cannot be seen at all.

mod firewalld;
mod geo;
mod iptables;
mod listing;
mod live;
mod nftables;
mod rule;

use ipnet::IpNet;

pub use geo::GeoRule;
pub use live::is_listing;
use rule::Chains;
pub use rule::{Gate, Protocol};

use super::model::Problem;
use super::serving::Page;
use crate::event::Citation;
use crate::evidence::Evidence;

/// The rules that decide on packets to this host.
#[derive(Clone, Debug, Default)]
pub struct Firewall {
    tables: Vec<Saved>,
    geo: Vec<GeoRule>,
}

/// The family of addresses that rules are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    /// IPv4 alone.
    Four,
    /// IPv6 alone.
    Six,
    /// Both, as a table `inet` and a zone of firewalld are.
    Both,
}

/// What wrote the rules of a file, or printed them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// iptables, or ufw, which works by it.
    Iptables,
    Nftables,
    Firewalld,
}

/// The rules of one file, or of one table of it.
#[derive(Clone, Debug)]
struct Saved {
    family: Family,
    form: Form,
    /// Were they in force when the evidence was collected?
    is_live: bool,
    /// What the disk's paths begin with.
    disk: String,
    /// The file.
    path: String,
    chains: Chains,
    /// Where a packet to this host begins.
    entries: Vec<String>,
    /// The line that names that place, or the file's first.
    head: Citation,
}

/// What the rules say of one port, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Who gets through.
    pub gate: Gate,
    /// What the paths of the host's disk begin with.
    pub disk: String,
    /// The file that says so.
    pub path: String,
    /// The rule that decides, if one does.
    pub rule: Option<Citation>,
    /// That rule, or else the place in the file where packets to this host begin.
    pub place: Citation,
    /// Were the rules in force when the evidence was collected? Else they are those that a start would load.
    pub is_live: bool,
}

/// Returns whether a path below the disk's root is one that saved rules stand in.
pub(super) fn is_configuration(name: &str) -> bool {
    let is_zone = name.starts_with("etc/firewalld/zones/") && name.ends_with(".xml");
    let is_nft = name.starts_with("etc/nftables/") && name.ends_with(".nft");
    is_zone || is_nft || FILES.contains(&name)
}

const FILES: [&str; 13] = [
    "etc/iptables/rules.v4",
    "etc/iptables/rules.v6",
    "etc/sysconfig/iptables",
    "etc/sysconfig/ip6tables",
    "etc/iptables.rules",
    "etc/ip6tables.rules",
    "etc/nftables.conf",
    "etc/sysconfig/nftables.conf",
    "etc/ufw/user.rules",
    "etc/ufw/user6.rules",
    "etc/ufw/ufw.conf",
    "etc/default/ufw",
    "etc/firewalld/firewalld.conf",
];

/// Reads the rules of every disk: those that are saved, and those that were in force.
pub(super) fn read(evidence: &Evidence, pages: &[Page<'_>], problems: &mut Vec<Problem>) -> Firewall {
    let mut tables = Vec::new();
    let mut add = |page: &Page<'_>, form: Form, is_live: bool, found: Vec<Table>| {
        for (family, chains, entries) in found.into_iter().filter(|(.., entries)| !entries.is_empty()) {
            let head = page.cite_word(if form == Form::Nftables { "hook input" } else { "INPUT" });
            let (disk, path) = (page.disk.clone(), page.path().to_owned());
            tables.push(Saved { family, form, is_live, disk, path, chains, entries, head });
        }
    };
    for page in pages {
        if let Some((form, found)) = tables_of(page, pages) {
            add(page, form, false, found);
        }
    }
    let live = live::pages(evidence, pages, problems);
    for page in &live {
        let (form, found) = live::tables_of(page, &live);
        add(page, form, true, found);
    }
    let of_live: Vec<GeoRule> = live.iter().flat_map(geo::read).collect();
    let saved = pages.iter().filter(|page| is_configuration(&page.name));
    Firewall { tables, geo: if of_live.is_empty() { saved.flat_map(geo::read).collect() } else { of_live } }
}

/// The rules of one table: whose addresses they are for, its chains, where a packet to this host begins.
type Table = (Family, Chains, Vec<String>);

fn tables_of(page: &Page<'_>, pages: &[Page<'_>]) -> Option<(Form, Vec<Table>)> {
    let saved = |family| vec![(family, iptables::read(page), vec!["INPUT".to_owned()])];
    let found = match page.name.as_str() {
        "etc/ufw/user.rules" => ufw(page, pages, Family::Four).into_iter().collect(),
        "etc/ufw/user6.rules" => ufw(page, pages, Family::Six).into_iter().collect(),
        "etc/iptables/rules.v4" | "etc/sysconfig/iptables" | "etc/iptables.rules" => saved(Family::Four),
        "etc/iptables/rules.v6" | "etc/sysconfig/ip6tables" | "etc/ip6tables.rules" => saved(Family::Six),
        "etc/firewalld/firewalld.conf" => {
            let (chains, entries) = firewalld::read(page, pages);
            return Some((Form::Firewalld, vec![(Family::Both, chains, entries)]));
        }
        name if name.ends_with("nftables.conf") || name.starts_with("etc/nftables/") => {
            return Some((Form::Nftables, nftables::read(page, &nftables::Sets::new())));
        }
        _ => return None,
    };
    Some((Form::Iptables, found))
}

/// ufw keeps the rules of its user in a chain of their own, and the policy behind it in another file.
fn ufw(page: &Page<'_>, pages: &[Page<'_>], family: Family) -> Option<Table> {
    let beside = |name: &str| pages.iter().find(|other| other.disk == page.disk && other.name == name);
    let says = |name: &str, key: &str| super::serving::settings::value(&beside(name)?.text, key);
    if says("etc/ufw/ufw.conf", "ENABLED").is_some_and(|on| on.eq_ignore_ascii_case("no")) {
        return None;
    }
    let mut chains = iptables::read(page);
    let policy = says("etc/default/ufw", "DEFAULT_INPUT_POLICY").unwrap_or_else(|| "DROP".to_owned());
    let entry = if family == Family::Six { "ufw6-user-input" } else { "ufw-user-input" }.to_owned();
    chains.entry(entry.clone()).or_default().accepts = Some(policy == "ACCEPT");
    Some((family, chains, vec![entry]))
}

impl Firewall {
    /// Returns the first rule that leads into a chain of that name.
    pub fn leads_to(&self, name: &str) -> Option<&Citation> {
        let rules = self.tables.iter().flat_map(|saved| saved.chains.values()).flat_map(|chain| &chain.rules);
        let mut into =
            rules.filter(|rule| matches!(&rule.target, rule::Target::Jump(chain) if chain == name));
        into.next().map(|rule| &rule.place)
    }

    /// Returns the rules that go by country.
    pub fn geo_rules(&self) -> &[GeoRule] {
        &self.geo
    }

    /// Returns what the paths of each disk begin with of whose host rules are known.
    pub fn disks(&self) -> std::collections::BTreeSet<&str> {
        self.tables.iter().map(|saved| saved.disk.as_str()).collect()
    }

    /// Returns who gets through over IPv4 to a port of a disk's host; `None` where no rules of it are known.
    pub fn verdict(&self, disk: &str, protocol: Protocol, port: u16) -> Option<Verdict> {
        self.verdict_of(Family::Four, disk, protocol, port)
    }

    /// Returns who would get through over IPv4 by the saved rules alone.
    pub fn verdict_as_saved(&self, disk: &str, protocol: Protocol, port: u16) -> Option<Verdict> {
        let is_for = |saved: &&Saved| saved.disk == disk && saved.family != Family::Six && !saved.is_live;
        strictest(self.tables.iter().filter(is_for), protocol, port)
    }

    /// Returns who gets through over IPv6, where rules for it alone are known.
    pub fn verdict_over_six(&self, disk: &str, protocol: Protocol, port: u16) -> Option<Verdict> {
        let is_its_own = |saved: &Saved| saved.disk == disk && saved.family == Family::Six;
        self.tables.iter().any(is_its_own).then(|| self.verdict_of(Family::Six, disk, protocol, port))?
    }

    /// Of several sets of rules the strictest decides: a packet has to pass them all.
    fn verdict_of(&self, family: Family, disk: &str, protocol: Protocol, port: u16) -> Option<Verdict> {
        let is_for = |saved: &&Saved| saved.disk == disk && [family, Family::Both].contains(&saved.family);
        let own: Vec<&Saved> = self.tables.iter().filter(is_for).collect();
        let counts = |saved: &&&Saved| !own.iter().any(|live| live.replaces(saved));
        strictest(own.iter().filter(counts).copied(), protocol, port)
    }
}

fn strictest<'s>(tables: impl Iterator<Item = &'s Saved>, protocol: Protocol, port: u16) -> Option<Verdict> {
    let verdicts = tables.flat_map(|saved| {
        saved.entries.iter().map(move |entry| {
            let (gate, rule) = rule::walk(&saved.chains, entry, protocol, port);
            let place = rule.clone().unwrap_or_else(|| saved.head.clone());
            let (disk, path) = (saved.disk.clone(), saved.path.clone());
            Verdict { gate, disk, path, rule, place, is_live: saved.is_live }
        })
    });
    verdicts.min_by_key(|verdict| verdict.gate.width())
}

impl Saved {
    /// Returns whether these rules show what became of saved ones of the same host and family: a command lists the
    /// rules of its own kind whole, and `nft` those of iptables' too where iptables works by it.
    fn replaces(&self, saved: &Saved) -> bool {
        if !self.is_live || saved.is_live {
            return false;
        }
        match (self.form, saved.form) {
            (Form::Nftables, Form::Iptables) => self.chains.contains_key("INPUT"),
            (Form::Iptables, Form::Firewalld) => {
                self.chains.keys().any(|name| name.starts_with("INPUT_ZONES"))
            }
            (Form::Nftables, Form::Firewalld) => true,
            (live, saved) => live == saved,
        }
    }
}

impl Verdict {
    /// Returns of which rules it speaks, for the beginning of a sentence.
    pub fn of_which(&self) -> &'static str {
        if self.is_live { "as in force when the evidence was collected" } else { "as saved" }
    }
}

/// Returns whether a network is one that nobody on the Internet sends from.
pub(crate) fn is_private(network: &IpNet) -> bool {
    match network {
        IpNet::V4(network) => {
            let address = network.network();
            network.prefix_len() >= 8
                && (address.is_private() || address.is_loopback() || address.is_link_local())
        }
        IpNet::V6(network) => {
            let first = network.network().segments()[0];
            let is_local = first & 0xfe00 == 0xfc00 || first & 0xffc0 == 0xfe80;
            network.prefix_len() >= 7 && (is_local || network.network().is_loopback())
        }
    }
}
