//! lighttpd: where it listens.
//!
//! `server.port` is 80 unless a file says otherwise; `$SERVER["socket"] == ":81" { ... }` is one more, and `server.bind`
//! names the address of the first. Debian links what is on into `conf-enabled`. Which folders it hands out is not read.

use super::{Door, Page};
use crate::pbx::address::host_and_port;

const PORT: u16 = 80;
const MAIN: &str = "etc/lighttpd/lighttpd.conf";

pub(super) fn is_configuration(name: &str) -> bool {
    let folders = ["conf-enabled/", "conf-available/", "conf.d/", "vhosts.d/"];
    let below = name.strip_prefix("etc/lighttpd/").filter(|_| name.ends_with(".conf"));
    name == MAIN || below.is_some_and(|below| folders.iter().any(|folder| below.starts_with(folder)))
}

/// Returns where it listens.
pub(super) fn doors(all: &[Page<'_>]) -> Vec<Door> {
    let is_on = |page: &&Page<'_>| {
        is_configuration(&page.name)
            && page.is_named(|name| is_configuration(name) && !name.contains("-available/"))
    };
    let pages: Vec<&Page<'_>> = all.iter().filter(is_on).collect();
    let mut doors: Vec<Door> = Vec::new();
    let (mut port, mut address) = (None, None);
    for line in pages.iter().flat_map(|page| page.lines()) {
        let (name, value) = line.text.split_once('=').unwrap_or((line.text, ""));
        let value = value.trim_start_matches('=').trim_matches(|letter: char| " \t\"{".contains(letter));
        match name.trim() {
            "server.port" => port = value.parse().ok().or(port),
            "server.bind" => address = value.parse().ok(),
            "$SERVER[\"socket\"]" => {
                let (host, port) = host_and_port(value);
                doors.extend(port.map(|port| Door { address: host.parse().ok(), port }));
            }
            _ => {}
        }
    }
    let has_main = pages.iter().any(|page| page.name == MAIN);
    let first = port.or(has_main.then_some(PORT));
    doors.extend(first.map(|port| Door { address, port }));
    doors
}
