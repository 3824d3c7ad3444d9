//! TFTP servers: tftpd-hpa, atftpd, dnsmasq, and whatever xinetd, inetd or systemd start.
//!
//! TFTP asks nobody for a password; all that can keep a stranger out is where the server listens, an
//! access list of xinetd's, and the firewall. `in.tftpd` gives out what everybody may read, and takes what
//! everybody may write; with `--create` any name.

use std::net::IpAddr;

use ipnet::IpNet;

use super::settings::{is_set, lines, switch, value};
use super::{Door, Limit, Page, Share};
use crate::event::{Citation, Service};
use crate::pbx::access::network;
use crate::pbx::address::host_and_port;

const PORT: u16 = 69;

pub(super) fn is_configuration(name: &str) -> bool {
    let is_unit =
        name.ends_with("systemd/system/tftp.service") || name.ends_with("systemd/system/tftp.socket");
    let is_named = ["etc/default/tftpd-hpa", "etc/default/atftpd", "etc/inetd.conf", "etc/dnsmasq.conf"];
    let in_folder = |folder: &str| name.starts_with(folder) && !name.ends_with(".dpkg-old");
    is_named.contains(&name)
        || is_unit
        || name.contains("systemd/system/sockets.target.wants/tftp")
        || in_folder("etc/dnsmasq.d/")
        || (in_folder("etc/xinetd.d/") && name.contains("tftp"))
}

/// Reads all TFTP servers.
pub(super) fn read(pages: &[Page<'_>]) -> Vec<Share> {
    let shares = pages.iter().filter_map(|page| match page.name.as_str() {
        "etc/default/tftpd-hpa" => of_tftpd_hpa(page),
        "etc/default/atftpd" => of_atftpd(page),
        "etc/inetd.conf" => of_inetd(page),
        name if name.starts_with("etc/xinetd.d/") => of_xinetd(page),
        name if name.ends_with("tftp.service") => of_unit(page, pages),
        name if name.starts_with("etc/dnsmasq") => of_dnsmasq(page, pages),
        _ => None,
    });
    shares.enumerate().map(|(site, share)| Share { site, ..share }).collect()
}

fn share(page: &Page<'_>, program: &'static str, folder: &str, doors: Vec<Door>, place: Citation) -> Share {
    Share {
        program,
        service: Service::Tftp,
        disk: page.disk.clone(),
        site: 0,
        folder: folder.trim_end_matches('/').to_owned(),
        doors,
        limit: Limit::None,
        is_writable: false,
        place,
    }
}

fn of_tftpd_hpa(page: &Page<'_>) -> Option<Share> {
    if switch(&page.text, "RUN_DAEMON") == Some(false) {
        return None;
    }
    let folder = value(&page.text, "TFTP_DIRECTORY").unwrap_or_else(|| "/srv/tftp".to_owned());
    let door = value(&page.text, "TFTP_ADDRESS").map_or(Door::at(PORT), |address| door(&address));
    let options = value(&page.text, "TFTP_OPTIONS").unwrap_or_default();
    let found = share(page, "in.tftpd", &folder, vec![door], page.cite_word("TFTP_DIRECTORY"));
    Some(Share { is_writable: creates(&options), ..found })
}

fn of_atftpd(page: &Page<'_>) -> Option<Share> {
    let options = value(&page.text, "OPTIONS")?;
    let words: Vec<&str> = options.split_whitespace().collect();
    let folder = words.iter().rev().find(|word| word.starts_with('/'))?;
    let option = |name: &str| {
        let at = words.iter().position(|word| word.starts_with(name))?;
        let word = words.get(at)?;
        word.split_once('=').map(|(_, value)| value).or_else(|| words.get(at + 1).copied())
    };
    let address = option("--bind-address").and_then(|address| address.parse().ok());
    let port = option("--port").and_then(|port| port.parse().ok()).unwrap_or(PORT);
    let door = Door { address, port };
    // Whatever everybody may write, it takes.
    let found = share(page, "atftpd", folder, vec![door], page.cite_word("OPTIONS"));
    Some(Share { is_writable: false, ..found })
}

/// `tftp dgram udp wait root /usr/sbin/in.tftpd /usr/sbin/in.tftpd -s /srv/tftp`
fn of_inetd(page: &Page<'_>) -> Option<Share> {
    let line = page.lines().find(|line| line.text.starts_with("tftp"))?;
    let words: Vec<&str> = line.text.split_whitespace().collect();
    let folder = words.iter().skip(6).rev().find(|word| word.starts_with('/') && !word.contains("bin/"))?;
    let found = share(page, "in.tftpd under inetd", folder, vec![Door::at(PORT)], page.cite(&line));
    Some(Share { is_writable: creates(line.text), ..found })
}

fn of_xinetd(page: &Page<'_>) -> Option<Share> {
    if switch(&page.text, "disable") == Some(true) {
        return None;
    }
    let options = value(&page.text, "server_args").unwrap_or_default();
    let folder = last_path(&options)?;
    let address = value(&page.text, "bind").or_else(|| value(&page.text, "interface"));
    let address = address.and_then(|address| address.parse().ok());
    let port = value(&page.text, "port").and_then(|port| port.parse().ok()).unwrap_or(PORT);
    let place = page.cite_word("server_args");
    let found = share(page, "in.tftpd under xinetd", &folder, vec![Door { address, port }], place);
    let limit = only_from(&page.text);
    Some(Share { limit, is_writable: creates(&options), ..found })
}

/// `only_from` lists networks, and 0.0.0.0 for all; without a value it lets nobody in.
fn only_from(text: &str) -> Limit {
    let values = lines(text).filter_map(|line| line.strip_prefix("only_from")?.split_once('='));
    let mut words = values.flat_map(|(_, list)| list.split_whitespace()).peekable();
    if words.peek().is_none() {
        return Limit::None;
    }
    let words: Vec<&str> = words.collect();
    let networks: Vec<IpNet> = words.iter().filter_map(|word| xinetd_network(word)).collect();
    if networks.iter().any(|network| network.prefix_len() == 0) {
        Limit::None
    } else if networks.len() < words.len() {
        Limit::Unknown
    } else {
        Limit::Networks(networks)
    }
}

/// Zeros at the end of an address stand for any: 192.168.0.0 is a network of 16 bits.
fn xinetd_network(word: &str) -> Option<IpNet> {
    if word.contains('/') {
        return network(word);
    }
    let address: std::net::Ipv4Addr = word.parse().ok()?;
    let zeros = address.octets().iter().rev().take_while(|octet| **octet == 0).count() as u8;
    ipnet::Ipv4Net::new(address, 32 - 8 * zeros).ok().map(IpNet::V4)
}

/// A unit of systemd: the site's own is on, the distribution's where its socket is linked to.
fn of_unit(page: &Page<'_>, pages: &[Page<'_>]) -> Option<Share> {
    let own = page.name.starts_with("etc/");
    let beside = || pages.iter().filter(|other| other.disk == page.disk);
    let has_own = beside().any(|other| other.name == "etc/systemd/system/tftp.service");
    let is_linked = || beside().any(|other| other.links.iter().any(|link| link.contains(".wants/tftp")));
    if !own && (has_own || !is_linked()) {
        return None;
    }
    let command = value(&page.text, "ExecStart")?;
    let folder = last_path(&command)?;
    let socket = beside().filter(|other| other.name.ends_with("tftp.socket"));
    let listens = socket.filter_map(|other| value(&other.text, "ListenDatagram")).next();
    let door = listens.map_or(Door::at(PORT), |listens| door(&listens));
    let found = share(page, "in.tftpd", &folder, vec![door], page.cite_word("ExecStart"));
    Some(Share { is_writable: creates(&command), ..found })
}

fn of_dnsmasq(page: &Page<'_>, pages: &[Page<'_>]) -> Option<Share> {
    let all =
        || pages.iter().filter(|other| other.disk == page.disk && other.name.starts_with("etc/dnsmasq"));
    let folder = value(&page.text, "tftp-root")?;
    if !all().any(|other| is_set(&other.text, "enable-tftp")) {
        return None;
    }
    let addresses = all().flat_map(|other| lines(&other.text)).filter_map(|line| {
        let (name, list) = line.split_once('=')?;
        (name.trim() == "listen-address").then_some(list)
    });
    let addresses = addresses.flat_map(|list| list.split(',')).filter_map(|one| one.trim().parse().ok());
    let mut doors: Vec<Door> =
        addresses.map(|address: IpAddr| Door { address: Some(address), port: PORT }).collect();
    if doors.is_empty() {
        doors.push(Door::at(PORT));
    }
    // Which of the host's networks an interface leads to is not told by its name.
    let narrowed = |other: &Page<'_>| {
        ["interface", "except-interface"].iter().any(|key| is_set(&other.text, key))
            || value(&other.text, "enable-tftp").is_some()
    };
    let limit = if all().any(narrowed) { Limit::Unknown } else { Limit::None };
    Some(Share { limit, ..share(page, "dnsmasq", &folder, doors, page.cite_word("tftp-root")) })
}

/// Reads `:69`, `0.0.0.0:69`, `[::]:69` or a port alone.
fn door(text: &str) -> Door {
    let (host, port) = match text.parse() {
        Ok(port) => ("", Some(port)),
        Err(_) => host_and_port(text),
    };
    let address = host.parse::<IpAddr>().ok().filter(|address| !address.is_unspecified());
    Door { address, port: port.unwrap_or(PORT) }
}

fn last_path(options: &str) -> Option<String> {
    let mut words = options.split_whitespace().rev();
    words.find(|word| word.starts_with('/') && !word.contains("bin/")).map(str::to_owned)
}

/// Returns whether options of `in.tftpd` let clients make files: `-c`, `--create`, or a `c` among short ones.
fn creates(options: &str) -> bool {
    options.split_whitespace().any(|word| {
        let is_short = word.starts_with('-') && !word.starts_with("--") && word.contains('c');
        is_short || word == "--create"
    })
}
