//! nginx: which folders its sites hand out, and to whom.
//!
//! Blocks in braces, statements ended by semicolons. `location` takes over what its `server` says unless it
//! says otherwise itself; of `allow` and `deny` the first that fits decides. Locations by pattern are not weighed.

use ipnet::IpNet;

use super::{Door, Limit, Page, Share};
use crate::event::{Citation, Service};
use crate::pbx::access::network;
use crate::pbx::address::host_and_port;

const PORT: u16 = 80;
/// Blocks in blocks.
const DEEPEST: usize = 32;

pub(super) fn is_configuration(name: &str) -> bool {
    let folders = ["etc/nginx/sites-enabled/", "etc/nginx/sites-available/", "etc/nginx/conf.d/"];
    name == "etc/nginx/nginx.conf" || folders.iter().any(|folder| name.starts_with(folder))
}

fn is_on(page: &Page<'_>) -> bool {
    is_configuration(&page.name)
        && page.is_named(|name| is_configuration(name) && !name.contains("-available/"))
}

/// Reads nginx's sites.
pub(super) fn read(pages: &[Page<'_>]) -> Vec<Share> {
    let mut shares = Vec::new();
    let mut site = 0;
    for page in pages.iter().filter(|page| is_on(page)) {
        of_page(page, &mut site, &mut shares);
    }
    shares
}

/// Returns where the sites listen; `stream` and `mail` hand out no pages.
pub(super) fn doors(pages: &[Page<'_>]) -> Vec<Door> {
    pages.iter().filter(|page| is_on(page)).flat_map(doors_of).collect()
}

fn doors_of(page: &Page<'_>) -> Vec<Door> {
    let mut open: Vec<String> = Vec::new();
    let mut doors = Vec::new();
    let is_of_pages = |open: &[String]| !open.iter().any(|name| name == "stream" || name == "mail");
    for line in page.lines() {
        let text = line.text.split(" #").next().unwrap_or_default();
        for piece in text.split_inclusive([';', '{', '}']).map(str::trim) {
            if let Some(head) = piece.strip_suffix('{') {
                if open.len() > DEEPEST {
                    return doors;
                }
                open.push(head.split_whitespace().next().unwrap_or_default().to_owned());
            } else if piece.ends_with('}') {
                open.pop();
            } else if let Some(value) = piece.strip_prefix("listen")
                && value.starts_with(char::is_whitespace)
                && is_of_pages(&open)
            {
                let value = value.trim_end_matches(';').split_whitespace().next().unwrap_or_default();
                doors.extend(door(value));
            }
        }
    }
    doors
}

/// What holds in a block.
#[derive(Clone, Debug, Default)]
struct Block {
    /// `http`, `server`, `location`.
    name: String,
    doors: Vec<Door>,
    root: Option<(String, Citation)>,
    /// The path of the URL, for a location by prefix.
    url: Option<String>,
    is_alias: bool,
    has_password: bool,
    rules: Vec<(bool, Option<IpNet>)>,
    is_refused: bool,
    /// Were its rules taken over from around it?
    is_inherited: bool,
    /// Is it a location by pattern, or within one?
    is_pattern: bool,
    site: usize,
}

fn of_page(page: &Page<'_>, site: &mut usize, shares: &mut Vec<Share>) {
    let mut open: Vec<Block> = vec![Block::default()];
    for line in page.lines() {
        let text = line.text.split(" #").next().unwrap_or_default();
        for piece in text.split_inclusive([';', '{', '}']) {
            let piece = piece.trim();
            if let Some(head) = piece.strip_suffix('{') {
                if open.len() > DEEPEST {
                    return;
                }
                let block = entered(head.trim(), open.last(), site);
                open.push(block);
            } else if piece.ends_with('}') {
                if let Some(block) = open.pop().filter(|_| !open.is_empty()) {
                    leave(page, &block, &mut open, shares);
                }
            } else if let Some(block) = open.last_mut() {
                statement(block, piece.trim_end_matches(';').trim(), &|| page.cite(&line));
            }
        }
        if open.is_empty() {
            open.push(Block::default());
        }
    }
}

fn entered(head: &str, around: Option<&Block>, site: &mut usize) -> Block {
    let mut words = head.split_whitespace();
    let name = words.next().unwrap_or_default().to_owned();
    let mut block = Block { is_inherited: true, ..around.cloned().unwrap_or_default() };
    (block.is_alias, block.is_refused) = (false, false);
    match name.as_str() {
        "server" => {
            block.site = *site;
            *site += 1;
            (block.doors, block.url) = (Vec::new(), None);
        }
        "location" => {
            let rest: Vec<&str> = words.collect();
            let is_prefix = !rest.first().is_some_and(|mark| mark.starts_with('~') || mark.starts_with('@'));
            block.is_pattern |= !is_prefix;
            block.url = rest.last().filter(|_| is_prefix).map(|url| url.trim_end_matches('/').to_owned());
        }
        _ => {}
    }
    block.name = name;
    block
}

fn statement(block: &mut Block, text: &str, place: &dyn Fn() -> Citation) {
    let mut words = text.split_whitespace();
    let (word, value) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut own_rules = || {
        if std::mem::take(&mut block.is_inherited) {
            block.rules.clear();
        }
    };
    match word {
        "listen" => block.doors.extend(door(value)),
        "root" | "alias" => {
            let folder = value.trim_matches(['"', '\'']).trim_end_matches('/').to_owned();
            block.root = Some((folder, place()));
            block.is_alias = word == "alias";
        }
        "auth_basic" => block.has_password = value != "off",
        "allow" | "deny" => {
            own_rules();
            let network = network(value);
            if network.is_some() || value == "all" {
                block.rules.push((word == "allow", network));
            }
        }
        "return" => block.is_refused = matches!(value, "403" | "404" | "444"),
        _ => {}
    }
}

fn door(text: &str) -> Option<Door> {
    if text.starts_with("unix:") {
        return None;
    }
    let (host, port) = match text.parse() {
        Ok(port) => ("", Some(port)),
        Err(_) => host_and_port(text),
    };
    let address = host.parse::<std::net::IpAddr>().ok().filter(|address| !address.is_unspecified());
    Some(Door { address, port: port.unwrap_or(PORT) })
}

/// Hands out what a block that is over gives, and what is open around it goes on.
fn leave(page: &Page<'_>, block: &Block, open: &mut [Block], shares: &mut Vec<Share>) {
    let is_site = block.name == "server" || block.name == "location";
    let Some((root, place)) = block.root.clone().filter(|_| is_site && !block.is_pattern) else { return };
    let folder = match &block.url {
        Some(url) if !block.is_alias => format!("{root}{url}"),
        _ => root,
    };
    // A location may stand before the line that tells its server's ports.
    let mut doors = block.doors.clone();
    if doors.is_empty() {
        let server = open.iter().rev().find(|around| around.name == "server");
        doors = server.map_or_else(Vec::new, |server| server.doors.clone());
    }
    if doors.is_empty() {
        doors.push(Door::at(PORT));
    }
    shares.push(Share {
        program: "nginx",
        service: Service::Web,
        disk: page.disk.clone(),
        site: block.site,
        folder,
        doors,
        limit: limit(block),
        is_writable: false,
        place,
    });
}

fn limit(block: &Block) -> Limit {
    if block.is_refused {
        return Limit::Nobody;
    }
    let mut allowed = Vec::new();
    let mut is_closed = false;
    for (allows, network) in &block.rules {
        match (allows, network) {
            (true, Some(network)) => allowed.push(*network),
            (true, None) => break,
            (false, None) => {
                is_closed = true;
                break;
            }
            (false, Some(_)) => {}
        }
    }
    match (block.has_password, is_closed) {
        (_, true) if allowed.is_empty() => Limit::Nobody,
        (true, _) => Limit::Password,
        (false, true) => Limit::Networks(allowed),
        (false, false) => Limit::None,
    }
}
