//! Users of the host as far as they bear on the phone system: who has a password that everybody tries first, who has
//! none, and what the users that phone server, panel and web server run as may do as root.
//!
//! Facts relied on: `/etc/shadow` has a line `NAME:HASH:...` for each; a hash that begins with `*` or `!` lets nobody
//! in by a password, an empty one lets everybody in who names the user. A line of sudoers is `WHO HOST = (AS)
//! TAG: COMMANDS`; with the tag NOPASSWD no password is asked for. Issabel and Elastix ship such lines for `asterisk`.

use super::model::Problem;
use super::read::Collector;
use super::secret::{Bearer, Reach, SecretKind, Standing};
use crate::event::{Citation, Place};
use crate::evidence::{Evidence, Source, ends_with_path};

/// Both files are short; a hostile one may not be.
const LARGEST: usize = 1024 * 1024;
/// Lines of one file that are looked at.
const MOST_LINES: usize = 20_000;
/// Rights kept.
const MOST_RIGHTS: usize = 200;

/// Users that programs which strangers talk to run as.
const SERVERS: [&str; 8] =
    ["asterisk", "apache", "www-data", "httpd", "nginx", "freeswitch", "kamailio", "opensips"];

/// What is known of the host's users.
#[derive(Clone, Debug, Default)]
pub struct HostUsers {
    /// Users who log in without a password.
    pub without_password: Vec<(String, Citation)>,
    /// What users that servers run as may do as root without a password.
    pub rights: Vec<RootRight>,
}

/// A line of sudoers.
#[derive(Clone, Debug)]
pub struct RootRight {
    /// Who.
    pub user: String,
    /// May he run anything?
    pub is_any: bool,
    /// The commands as they stand.
    pub commands: String,
    /// Where it stands.
    pub place: Citation,
}

/// Reads the lists of every disk.
pub(super) fn read_all(evidence: &Evidence, collector: &mut Collector) {
    for source in evidence.sources.iter().filter(|source| source.duplicate_of.is_none()) {
        let placed = source.file.placed.as_str();
        let is_shadow = ends_with_path(placed, "etc/shadow");
        let folder = placed.rsplit_once('/').map_or("", |(folder, _)| folder);
        let is_sudo = ends_with_path(placed, "etc/sudoers") || ends_with_path(folder, "etc/sudoers.d");
        if !is_shadow && !is_sudo {
            continue;
        }
        let bytes = match evidence.read_small(source, LARGEST) {
            Ok(bytes) => bytes,
            Err(error) => {
                collector.pbx.problems.push(Problem {
                    path: source.file.path.clone(),
                    what: format!("cannot be read: {error}"),
                });
                continue;
            }
        };
        let text = String::from_utf8_lossy(&bytes);
        if is_shadow {
            passwords(source, &text, collector);
        } else {
            rights(source, &text, &mut collector.pbx.host);
        }
    }
}

/// Goes over lines with their places.
fn lines<'t>(source: &'t Source, text: &'t str) -> impl Iterator<Item = (&'t str, Place)> {
    let mut offset = 0_u64;
    text.split_inclusive('\n').zip(1_u32..).take(MOST_LINES).map(move |(line, number)| {
        let place = Place { source: source.id, offset, line: number };
        offset += line.len() as u64;
        (line.trim(), place)
    })
}

/// Notes who has no password, and the hashes of those who have one.
fn passwords(source: &Source, text: &str, collector: &mut Collector) {
    for (line, place) in lines(source, text) {
        let mut fields = line.split(':');
        let (Some(name), Some(hash)) = (fields.next(), fields.next()) else { continue };
        if name.is_empty() || name.starts_with('#') || hash.starts_with(['*', '!']) {
            continue;
        }
        if !hash.is_empty() {
            let bearer = Bearer {
                kind: SecretKind::Host,
                owner: name.to_owned(),
                other_names: Vec::new(),
                reach: Reach::Unknown,
                standing: Standing::InForce,
                place: Citation::new(place, format!("{name}:***").as_bytes()),
            };
            collector.hold_slow(bearer, hash, "/etc/shadow");
        } else if collector.pbx.host.without_password.len() < MOST_RIGHTS {
            let shown = format!("{name}:(no password)");
            let place = Citation::new(place, shown.as_bytes());
            collector.pbx.host.without_password.push((name.to_owned(), place));
        }
    }
}

fn rights(source: &Source, text: &str, users: &mut HostUsers) {
    for (line, place) in lines(source, text) {
        let Some((who, rest)) = line.split_once(char::is_whitespace) else { continue };
        let Some((_, granted)) = rest.split_once('=') else { continue };
        let is_free = granted.split_once("NOPASSWD:");
        let (true, Some((_, commands))) = (SERVERS.contains(&who), is_free) else { continue };
        if users.rights.len() < MOST_RIGHTS {
            let commands = commands.trim();
            users.rights.push(RootRight {
                user: who.to_owned(),
                is_any: commands.split(',').any(|command| is_any(command.trim())),
                commands: commands.to_owned(),
                place: Citation::new(place, line.as_bytes()),
            });
        }
    }
}

/// Returns whether a command is as good as all: everything, a shell, or what writes any file or runs any program.
fn is_any(command: &str) -> bool {
    const AS_GOOD: [&str; 22] = [
        "bash", "sh", "dash", "su", "sudo", "env", "python", "python3", "perl", "php", "vi", "vim", "nano",
        "less", "find", "cp", "mv", "tee", "dd", "chmod", "chown", "tar",
    ];
    let program = command.split_whitespace().next().unwrap_or_default();
    let name = program.rsplit('/').next().unwrap_or(program);
    program == "ALL" || AS_GOOD.contains(&name)
}

#[cfg(test)]
mod tests {
    use crate::evidence::{Evidence, MemoryFile, Root};
    use crate::pbx::read;

    #[test]
    fn users_of_the_host_are_judged_without_their_hashes() {
        // The password of `ops` is `changeme`, that of `boss` is not among those that are tried.
        let shadow: &[u8] = b"root:$y$jFT$hidden-salt$hidden:19000:0:99999:7:::\nops:$6$rounds=1500$zz$THe3cbN14X0GEoPTDg0n8tfA36oX43Zm6cSa876xfbbkyZ.tL23CCUC2AzDG70eE0iUcaUvdLQGiOHdopLI8E.:1::::::\nboss:$1$Qw8rTzUp$59HCaBvW2aVQV8JIAz2.91:1::::::\nguest::1::::::\nasterisk:!:1::::::\ndaemon:*:1::::::\n";
        let sudoers: &[u8] = b"# asterisk ALL=(ALL) NOPASSWD: ALL\nroot ALL=(ALL:ALL) ALL\nbkp ALL=(root) NOPASSWD: ALL\nwww-data ALL=(root) NOPASSWD: /usr/bin/find /var\n";
        let stock: &[u8] = b"asterisk ALL = NOPASSWD: /sbin/shutdown, /sbin/service\napache ALL=(ALL) ALL\n";
        let files = vec![
            MemoryFile { path: "etc/shadow", bytes: shadow, is_link: false },
            MemoryFile { path: "etc/sudoers", bytes: sudoers, is_link: false },
            MemoryFile { path: "etc/sudoers.d/issabel", bytes: stock, is_link: false },
        ];
        let root = Root::Memory(Box::leak(files.into_boxed_slice()));
        let pbx = read(&Evidence::from_roots(vec!["memory".into()], vec![root]));
        let rights: Vec<(&str, bool)> =
            pbx.host.rights.iter().map(|right| (right.user.as_str(), right.is_any)).collect();
        assert_eq!(rights, [("www-data", true), ("asterisk", false)]);
        let open: Vec<&str> = pbx.host.without_password.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(open, ["guest"]);
        let told: Vec<&str> = pbx.problems.iter().map(|problem| problem.what.as_str()).collect();
        let tells = |words: [&str; 2]| told.iter().any(|what| words.iter().all(|word| what.contains(word)));
        assert!(
            tells(["not checked in full: the secrets of 1 users of the host", "MD5 crypt in /etc/shadow"]),
            "{told:?}"
        );
        assert!(
            tells(["not checked: the secrets of 1 users of the host", "yescrypt in /etc/shadow"]),
            "{told:?}"
        );
        let weak: Vec<&str> = pbx
            .held_secrets
            .iter()
            .filter(|held| held.gravest().is_some())
            .map(|held| held.owner.as_str())
            .collect();
        assert_eq!(weak, ["ops"]);
        let shown = format!("{pbx:?}");
        assert!(!["hidden", "changeme", "THe3cb", "Qw8rTzUp"].iter().any(|secret| shown.contains(secret)));
    }
}
