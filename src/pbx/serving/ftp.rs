//! FTP servers: vsftpd and proftpd, for guests and for the host's users with their homes.
//!
//! vsftpd lets guests in unless it is told not to (its built-in default; Debian's file says no, Issabel's
//! yes). Old Polycom phones log in as `PlcmSpIp`, whose stock password is that name.

use super::settings::{switch, value};
use super::{Door, Limit, Page, Share};
use crate::event::{Citation, Service};

/// Users of the host whose homes are looked at.
const MOST_USERS: usize = 1_000;
/// The account that Polycom's phones log in with unless they are told another.
const STOCK_USER: &str = "PlcmSpIp";
/// Homes of the system's own accounts are below this.
const FIRST_PERSON: u32 = 500;

pub(super) fn is_configuration(name: &str) -> bool {
    let of_vsftpd = name == "etc/vsftpd.conf" || (name.starts_with("etc/vsftpd/") && name.ends_with(".conf"));
    let of_proftpd = name.starts_with("etc/proftpd") && name.ends_with(".conf");
    of_vsftpd || of_proftpd || name == "etc/passwd"
}

/// Reads all FTP servers.
pub(super) fn read(pages: &[Page<'_>]) -> Vec<Share> {
    let mut shares = Vec::new();
    for page in pages {
        let users = users(page, pages);
        if page.name.starts_with("etc/vsftpd") {
            vsftpd(page, &users, &mut shares);
        } else if page.name.starts_with("etc/proftpd") {
            proftpd(page, &users, &mut shares);
        }
    }
    shares.into_iter().enumerate().map(|(site, share)| Share { site, ..share }).collect()
}

/// A user of the host, by `/etc/passwd`.
struct User {
    name: String,
    id: u32,
    home: String,
    place: Citation,
}

fn users(page: &Page<'_>, pages: &[Page<'_>]) -> Vec<User> {
    let Some(passwd) = pages.iter().find(|other| other.disk == page.disk && other.name == "etc/passwd")
    else {
        return Vec::new();
    };
    let user = |line: super::PageLine<'_>| {
        let fields: Vec<&str> = line.text.split(':').collect();
        let (name, id, home) = (fields.first()?, fields.get(2)?.parse().ok()?, fields.get(5)?);
        let place = passwd.cite(&line);
        Some(User { name: (*name).to_owned(), id, home: (*home).to_owned(), place })
    };
    passwd.lines().filter_map(user).take(MOST_USERS).collect()
}

fn share(page: &Page<'_>, program: &'static str, folder: &str, door: Door, place: Citation) -> Share {
    Share {
        program,
        service: Service::Ftp,
        disk: page.disk.clone(),
        site: 0,
        folder: folder.trim_end_matches('/').to_owned(),
        doors: vec![door],
        limit: Limit::None,
        is_writable: false,
        place,
    }
}

fn vsftpd(page: &Page<'_>, users: &[User], shares: &mut Vec<Share>) {
    let is_on = |key: &str, default: bool| switch(&page.text, key).unwrap_or(default);
    let port = value(&page.text, "listen_port").and_then(|port| port.parse().ok()).unwrap_or(21);
    let address = value(&page.text, "listen_address").and_then(|address| address.parse().ok());
    let door = Door { address, port };
    if is_on("anonymous_enable", true) {
        let home = || users.iter().find(|user| user.name == "ftp").map(|user| user.home.clone());
        let folder = value(&page.text, "anon_root").or_else(home).unwrap_or_else(|| "/srv/ftp".to_owned());
        let is_writable = is_on("write_enable", false) && is_on("anon_upload_enable", false);
        let found = share(page, "vsftpd", &folder, door, page.cite_word("anonymous_enable"));
        shares.push(Share { is_writable, ..found });
    }
    if is_on("local_enable", false) {
        let is_writable = is_on("write_enable", false);
        let root = value(&page.text, "local_root");
        let of_users = homes(page, "vsftpd", users, door, root.as_deref());
        shares.extend(of_users.map(|found| Share { is_writable, ..found }));
    }
}

/// What users with a password of the host reach: their homes, or the one folder that is set for all.
fn homes<'u>(
    page: &'u Page<'_>,
    program: &'static str,
    users: &'u [User],
    door: Door,
    root: Option<&'u str>,
) -> impl Iterator<Item = Share> + 'u {
    let of_all = root.map(|root| share(page, program, root, door, page.cite_word("local_root")));
    let of_each = users
        .iter()
        .filter(move |user| root.is_none() && (user.id >= FIRST_PERSON || user.name == STOCK_USER))
        .map(move |user| {
            let limit = if user.name == STOCK_USER { Limit::StockPassword } else { Limit::Password };
            Share { limit, ..share(page, program, &user.home, door, user.place.clone()) }
        });
    of_all.into_iter().map(|found| Share { limit: Limit::Password, ..found }).chain(of_each)
}

/// `<Anonymous ~ftp>` opens a folder to guests; `DenyAll` within its `<Limit LOGIN>` closes it.
fn proftpd(page: &Page<'_>, users: &[User], shares: &mut Vec<Share>) {
    let (mut port, mut address) = (21, None);
    let mut guests: Option<(String, Citation)> = None;
    let mut is_closed = false;
    let mut is_limit = false;
    let mut found = Vec::new();
    for line in page.lines() {
        let (word, rest) = line.text.split_once(char::is_whitespace).unwrap_or((line.text, ""));
        let rest = rest.trim().trim_end_matches('>');
        match word.to_ascii_lowercase().as_str() {
            "port" => port = rest.parse().unwrap_or(port),
            "defaultaddress" => address = rest.parse().ok(),
            "<anonymous" => guests = Some((guests_home(rest, users), page.cite(&line))),
            "<limit" => is_limit = rest.to_ascii_uppercase().contains("LOGIN"),
            "denyall" if is_limit => is_closed = true,
            "</limit>" => is_limit = false,
            "</anonymous>" => found.extend(guests.take().filter(|_| !std::mem::take(&mut is_closed))),
            _ => {}
        }
    }
    let door = Door { address, port };
    shares.extend(found.into_iter().map(|(folder, place)| share(page, "proftpd", &folder, door, place)));
    if page.name.ends_with("proftpd.conf") && port != 0 {
        shares.extend(homes(page, "proftpd", users, door, None));
    }
}

fn guests_home(text: &str, users: &[User]) -> String {
    let Some(name) = text.strip_prefix('~') else { return text.to_owned() };
    let name = if name.is_empty() { "ftp" } else { name };
    users
        .iter()
        .find(|user| user.name == name)
        .map_or_else(|| "/srv/ftp".to_owned(), |user| user.home.clone())
}
