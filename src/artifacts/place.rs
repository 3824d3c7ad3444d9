//! What a file is to the host, told by its path on the disk.
//!
//! Paths are those of Debian and Red Hat, on which FreePBX, Issabel, Elastix and FusionPBX are installed.

use std::borrow::Cow;

use crate::evidence::File;
use crate::indicators::{self, Kind};
use crate::sqlite;

/// What a file is to the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// A program that a web server runs, or that lies where it might.
    Page,
    /// What changes how a web server treats a folder: `.htaccess`, `.user.ini`.
    WebSettings,
    /// What a panel's modules ought to be: `module.sig`.
    Signature,
    /// Jobs that run by the clock.
    Cron,
    /// Services.
    Unit,
    /// What runs when the host or the phone server starts.
    Startup,
    /// What runs when somebody logs in.
    Profile,
    /// Keys that may log in.
    Keys,
    /// The host's users.
    Users,
    /// The digests of their passwords.
    Passwords,
    /// Who may become root.
    Sudo,
    /// A file in a place for temporary files.
    Temporary,
    /// A program that the dialplan or the panel runs.
    Helper,
    /// A call that the phone server is to place.
    CallFile,
    /// A program that the panel's backup runs.
    BackupHook,
    /// The settings of the secure shell's server.
    ShellServer,
    /// The saved firewall rules.
    Firewall,
    /// The panel's settings, which hold secrets.
    PanelSettings,
    /// The users of Elastix's and Issabel's panel.
    PanelUsers,
    /// A program that runs as root whoever starts it.
    SetUser,
    /// A file whose name alone is a campaign's.
    Named,
}

impl Place {
    /// Returns what it is called in a sentence.
    pub fn word(self) -> &'static str {
        match self {
            Place::Page => "a page in the web root",
            Place::WebSettings => "settings of a web folder",
            Place::Signature => "a module's signature",
            Place::Cron => "a file of cron jobs",
            Place::Unit => "a service",
            Place::Startup => "a start file",
            Place::Profile => "a login file",
            Place::Keys => "a file of keys",
            Place::Users => "the list of users",
            Place::Passwords => "the list of password digests",
            Place::Sudo => "a file of rights to become root",
            Place::Temporary => "a file in a place for temporary files",
            Place::Helper => "a program of the phone server",
            Place::CallFile => "an order to place a call",
            Place::BackupHook => "a program that the backup runs",
            Place::ShellServer => "the settings of the secure shell",
            Place::Firewall => "the firewall's rules",
            Place::PanelSettings => "the panel's settings",
            Place::PanelUsers => "the panel's users",
            Place::SetUser => "a program that runs as root",
            Place::Named => "a file",
        }
    }

    /// Returns whether lines of it are commands that run.
    pub fn has_commands(self) -> bool {
        matches!(
            self,
            Place::Cron
                | Place::Unit
                | Place::Startup
                | Place::Profile
                | Place::Sudo
                | Place::Temporary
                | Place::Helper
                | Place::BackupHook
                | Place::Named
        )
    }

    /// Returns whether its text may hold secrets and is never shown.
    pub fn is_secret(self) -> bool {
        matches!(self, Place::PanelSettings | Place::PanelUsers | Place::Passwords | Place::Users)
    }
}

/// Folders at the top of a disk, by which its paths are found again below whatever they were copied to.
const TOP: [&str; 19] = [
    "etc", "var", "usr", "root", "home", "tmp", "tmps", "trmp", "opt", "dev", "srv", "tftpboot", "lib",
    "lib64", "bin", "sbin", "boot", "run", "mnt",
];

/// Returns whether a name is that of a folder at the top of a disk.
pub fn is_top_folder(name: &str) -> bool {
    TOP.contains(&name)
}

/// Returns whether a path leads through no folder of a disk: it is that of something that was written beside the copy of
/// one, as collectors and those who save what commands print do.
pub fn is_off_disk(path: &str) -> bool {
    let inner = path.rsplit_once("!/").map_or(path, |(_, inner)| inner);
    !inner.split('/').any(is_top_folder)
}

/// Returns a file's path on the disk that it was copied from.
pub fn on_disk(placed: &str) -> Cow<'_, str> {
    let inner = placed.rsplit_once("!/").map_or(placed, |(_, inner)| inner);
    let mut at = 0;
    for part in inner.split('/') {
        if TOP.contains(&part) {
            return Cow::Owned(format!("/{}", inner.get(at..).unwrap_or_default()));
        }
        at += part.len() + 1;
    }
    // A copy of `/var/www` or of the web root alone.
    for (folder, above) in [("www/html/", "/var/"), ("html/admin/", "/var/www/"), ("html/", "/var/www/")] {
        if let Some(at) =
            inner.find(folder).filter(|&at| at == 0 || inner.as_bytes().get(at - 1) == Some(&b'/'))
        {
            return Cow::Owned(format!("{above}{}", inner.get(at..).unwrap_or_default()));
        }
    }
    Cow::Owned(format!("/{inner}"))
}

/// Folders that web servers serve.
const WEB_ROOTS: [&str; 7] = [
    "/var/www/",
    "/srv/www/",
    "/usr/share/phpmyadmin/",
    "/usr/share/phpMyAdmin/",
    "/usr/share/freepbx/",
    "/usr/share/nginx/html/",
    "/usr/local/www/",
];
/// What lies in a web root's tree and is not served.
const NOT_SERVED: [&str; 2] = ["/var/www/backup/", "/var/www/db/"];
/// Endings of what a web server runs.
const CODE: [&str; 12] =
    ["php", "php3", "php4", "php5", "php7", "phtml", "phar", "inc", "cgi", "pl", "py", "sh"];
const PANEL_SETTINGS: [&str; 6] = [
    "/etc/freepbx.conf",
    "/etc/amportal.conf",
    "/etc/issabel.conf",
    "/etc/elastix.conf",
    "/etc/fusionpbx/config.php",
    "/etc/fusionpbx/config.conf",
];

/// Returns whether a path lies in a web root.
pub fn is_served(path: &str) -> bool {
    WEB_ROOTS.iter().any(|root| path.starts_with(root)) && !NOT_SERVED.iter().any(|not| path.starts_with(not))
}

/// Tells what a file is to the host.
pub(crate) fn of(file: &File, head: &[u8]) -> Option<Place> {
    let path = on_disk(&file.placed);
    let path = path.as_ref();
    let name = path.rsplit('/').next().unwrap_or_default();
    if name == "acl.db" && head.starts_with(sqlite::MAGIC) {
        return Some(Place::PanelUsers);
    }
    if is_served(path) {
        return of_web(name, head);
    }
    let place = of_settings(path, name).or_else(|| of_scratch(path, name, head));
    let is_set_user = || file.mode.is_some_and(|mode| mode & 0o4000 != 0 && mode & 0o111 != 0);
    place
        .or_else(|| is_set_user().then_some(Place::SetUser))
        .or_else(|| is_named(path).then_some(Place::Named))
}

/// Returns whether a file's name alone is a campaign's.
fn is_named(path: &str) -> bool {
    indicators::of(Kind::File).any(|(_, indicator)| indicator.fits(path.as_bytes()))
}

fn of_web(name: &str, head: &[u8]) -> Option<Place> {
    if matches!(name, ".htaccess" | ".user.ini") {
        return Some(Place::WebSettings);
    }
    if name == "module.sig" {
        return Some(Place::Signature);
    }
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let is_code = CODE.iter().any(|code| ending.eq_ignore_ascii_case(code));
    // A picture may hold a page, and a page may bear any name.
    let begins = |word: &[u8]| head.get(..word.len()) == Some(word);
    let is_script = begins(b"<?php") || begins(b"<?=") || names_interpreter(head);
    let hides_page = matches!(ending, "png" | "jpg" | "jpeg" | "gif" | "ico" | "txt" | "wav" | "mp3" | "gsm")
        && memchr::memmem::find(head.get(..4096).unwrap_or(head), b"<?php").is_some();
    (is_code || is_script || hides_page).then_some(Place::Page)
}

/// Returns whether a file begins with the path of the program that runs it. Phone files of Yealink's begin with
/// `#!version:1.0.0.1`.
pub(super) fn names_interpreter(head: &[u8]) -> bool {
    head.strip_prefix(b"#!").is_some_and(|rest| rest.trim_ascii_start().starts_with(b"/"))
}

fn of_settings(path: &str, name: &str) -> Option<Place> {
    let below = |folder: &str| path.starts_with(folder);
    let is_one_of = |paths: &[&str]| paths.contains(&path);
    if is_one_of(&PANEL_SETTINGS) {
        return Some(Place::PanelSettings);
    }
    if path == "/etc/crontab"
        || path == "/etc/anacrontab"
        || [
            "/etc/cron.d/",
            "/etc/cron.hourly/",
            "/etc/cron.daily/",
            "/etc/cron.weekly/",
            "/etc/cron.monthly/",
        ]
        .iter()
        .any(|folder| below(folder))
        || ["/var/spool/cron/", "/etc/incron.d/", "/var/spool/incron/", "/var/spool/at/"]
            .iter()
            .any(|folder| below(folder))
    {
        return Some(Place::Cron);
    }
    if below("/etc/systemd/") || below("/run/systemd/system/") || path.contains("/.config/systemd/user/") {
        return Some(Place::Unit);
    }
    if is_one_of(&[
        "/etc/rc.local",
        "/etc/rc.d/rc.local",
        "/etc/ld.so.preload",
        "/etc/asterisk/freepbx_engine",
    ]) || below("/etc/asterisk/startup.d/")
        || below("/etc/init.d/")
    {
        return Some(Place::Startup);
    }
    if below("/etc/profile") || below("/etc/update-motd.d/") || name == "bash.bashrc" {
        return Some(Place::Profile);
    }
    let is_login_file =
        matches!(name, ".bashrc" | ".bash_profile" | ".bash_login" | ".profile" | ".bash_logout" | ".zshrc");
    if is_login_file && (below("/root/") || below("/home/") || below("/var/lib/")) {
        return Some(Place::Profile);
    }
    if path.contains("/.ssh/authorized_keys") {
        return Some(Place::Keys);
    }
    match path {
        "/etc/passwd" => Some(Place::Users),
        "/etc/shadow" => Some(Place::Passwords),
        "/etc/sudoers" => Some(Place::Sudo),
        "/etc/ssh/sshd_config" => Some(Place::ShellServer),
        "/etc/iptables/rules.v4"
        | "/etc/iptables/rules.v6"
        | "/etc/sysconfig/iptables"
        | "/etc/sysconfig/ip6tables"
        | "/etc/firewall-4.rules"
        | "/etc/firewall-6.rules"
        | "/etc/nftables.conf"
        | "/etc/sysconfig/nftables.conf" => Some(Place::Firewall),
        _ if below("/etc/sudoers.d/") => Some(Place::Sudo),
        _ => None,
    }
}

/// Places where programs lie that somebody put there, and places for what does not stay.
fn of_scratch(path: &str, name: &str, head: &[u8]) -> Option<Place> {
    let below = |folder: &str| path.starts_with(folder);
    let is_script = head.starts_with(b"#!") || head.starts_with(b"<?php");
    let is_program = is_script || head.starts_with(b"\x7fELF");
    if below("/var/lib/asterisk/agi-bin/")
        || below("/var/lib/asterisk/bin/")
        || below("/usr/share/asterisk/agi-bin/")
    {
        return Some(Place::Helper);
    }
    if below("/home/asterisk/Backup/") || below("/var/spool/asterisk/Backup/") {
        return Some(Place::BackupHook);
    }
    if below("/var/spool/asterisk/outgoing") && name.ends_with(".call") {
        return Some(Place::CallFile);
    }
    let is_scratch = ["/tmp/", "/var/tmp/", "/dev/shm/", "/var/spool/asterisk/tmp/", "/tmps", "/trmp"];
    (is_scratch.iter().any(|folder| below(folder)) && is_program).then_some(Place::Temporary)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_found_again_below_any_copy() {
        for placed in [
            "rootfs/var/www/html/x.php",
            "case.tar.gz!/rootfs/var/www/html/x.php",
            "disk/image.zip!/a.tar!/var/www/html/x.php",
            "www/html/x.php",
            "html/x.php",
        ] {
            assert_eq!(on_disk(placed), "/var/www/html/x.php", "{placed}");
        }
        assert_eq!(on_disk("rootfs/etc/cron.d/a"), "/etc/cron.d/a");
        assert_eq!(on_disk("x"), "/x");
    }

    fn place(path: &str, head: &[u8]) -> Option<Place> {
        let file = File::of_test(path, None);
        of(&file, head)
    }

    #[test]
    fn places_of_the_host() {
        for (path, head, expected) in [
            ("rootfs/var/www/html/admin/a.php", &b"<?php"[..], Some(Place::Page)),
            ("rootfs/var/www/html/logo.png", b"\x89PNG", None),
            ("rootfs/var/www/html/logo.png", b"GIF89a <?php x", Some(Place::Page)),
            ("rootfs/var/www/html/.x", b"#!/bin/sh\n", Some(Place::Page)),
            ("rootfs/var/www/html/prov/805ec0aa0203.cfg", b"#!version:1.0.0.1\n", None),
            ("rootfs/var/www/html/main.js", b"var x", None),
            ("rootfs/var/spool/cron/crontabs/asterisk", b"*", Some(Place::Cron)),
            ("rootfs/etc/freepbx.conf", b"<?php", Some(Place::PanelSettings)),
            ("rootfs/home/asterisk/.ssh/authorized_keys", b"ssh", Some(Place::Keys)),
            ("rootfs/tmp/.cdr-week.csv", b"a,b", None),
            ("rootfs/tmp/x", b"#!/bin/sh", Some(Place::Temporary)),
            ("rootfs/usr/sbin/setuid", b"\x7fELF", Some(Place::Named)),
            ("rootfs/usr/lib/.systemd/.cache", b"x", Some(Place::Named)),
            ("rootfs/usr/bin/ls", b"\x7fELF", None),
        ] {
            assert_eq!(place(path, head), expected, "{path}");
        }
    }
}
