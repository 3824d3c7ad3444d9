//! Passwords of the server that hands out phones' files, in those files themselves.
//!
//! A phone shows this password to be given its file, and whoever has it is given every phone's. All phones of a house
//! mostly have the same one, so that it belongs to the user's name, not to the phone. Which keys hold name and
//! password is data: `server_keys.tsv`, one pair of patterns a row, by vendor (Grandstream's P1360 and P1361 are
//! the user and the password of its configuration server).

use std::sync::LazyLock;

use regex::bytes::{Captures, Regex, RegexBuilder};

use super::{grandstream, pages};
use crate::evidence::Source;
use crate::pbx::read::Collector;
use crate::pbx::secret::{Bearer, Reach, SecretKind, Standing};
use crate::untrusted::Untrusted;

const TABLE: &str = include_str!("server_keys.tsv");
/// Whose it is where the file names no user.
const NO_USER: &str = "phones";

/// The patterns of one form: group `v` is the user's name, or the password. Of some forms the name's key is not known.
struct Key {
    vendor: &'static str,
    user: Option<Regex>,
    password: Regex,
}

static KEYS: LazyLock<Vec<Key>> = LazyLock::new(|| TABLE.lines().skip(1).filter_map(key).collect());

fn key(row: &'static str) -> Option<Key> {
    let mut fields = row.split('\t');
    let vendor = fields.next()?;
    let (user, password) = (fields.next()?, fields.next()?);
    let pattern = |text: &str| RegexBuilder::new(text).multi_line(true).unicode(false).build().ok();
    Some(Key { vendor, user: pattern(user).filter(|_| !user.is_empty()), password: pattern(password)? })
}

/// Notes the password in a phone's file, given as text.
pub(super) fn gather(source: &Source, vendor: &str, text: &[u8], is_binary: bool, collector: &mut Collector) {
    let value = |found: &Captures<'_>| {
        let value = found.name("v")?.as_bytes();
        let value = if is_binary { grandstream::decode(value) } else { value.to_vec() };
        let value = Untrusted::from_bytes(value.trim_ascii());
        (1..=pages::LONGEST).contains(&value.raw().len()).then_some(value)
    };
    for key in KEYS.iter().filter(|key| key.vendor == vendor) {
        let Some(found) = key.password.captures(text) else { continue };
        let Some(password) = value(&found) else { continue };
        let user = key.user.as_ref().and_then(|user| value(&user.captures(text)?));
        let user = user.as_ref().map_or(NO_USER, Untrusted::raw);
        let Some(place) = pages::cited(source, text, is_binary, &found) else { continue };
        let bearer = Bearer {
            kind: SecretKind::FileServer,
            owner: user.to_owned(),
            other_names: Vec::new(),
            reach: Reach::Unknown,
            standing: Standing::InForce,
            place,
        };
        collector.hold(bearer, password.raw());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::{Evidence, MemoryFile, Root};
    use crate::pbx::read;

    /// Returns whose passwords of servers the files of one house give away, and where.
    fn held(files: Vec<MemoryFile>) -> Vec<(String, String, u32)> {
        let root = Root::Memory(Box::leak(files.into_boxed_slice()));
        let pbx = read(&Evidence::from_roots(vec!["memory".into()], vec![root]));
        assert!(!format!("{pbx:?}").contains("Vq7-"), "a secret is shown");
        let of_servers = pbx.held_secrets.iter().filter(|held| held.kind == SecretKind::FileServer);
        of_servers
            .map(|held| {
                (
                    held.owner.clone(),
                    String::from_utf8_lossy(&held.place.text).into_owned(),
                    held.place.place.line,
                )
            })
            .collect()
    }

    #[test]
    fn every_form_of_the_table_is_read() {
        assert_eq!(KEYS.len(), TABLE.lines().count() - 1);
        let samples: [(&str, &str); 5] = [
            (
                "tftpboot/001565aabb01.cfg",
                "#!version:1.0.0.1\naccount.1.user_name = 301\naccount.1.password = Zx81Spectrum\nstatic.auto_provision.server.username = prov\nstatic.auto_provision.server.password = Vq7-Kw2mHd\n",
            ),
            (
                "tftpboot/0004f2aabb02.cfg",
                "<r reg.1.address=\"302\" reg.1.auth.userId=\"302\" reg.1.auth.password=\"Zx82Spectrum\" device.prov.user=\"prov\" device.prov.password=\"Vq7-Kw2mHd\"/>\n",
            ),
            (
                "tftpboot/000b82aabb03.cfg",
                "P35 = 303\nP36 = 303\nP34 = Zx83Spectrum\nP1360 = prov\nP1361 = Vq7-Kw2mHd\n",
            ),
            (
                "tftpboot/cfg000b82aabb04.xml",
                "<gs_provision><config><P35>304</P35><P36>304</P36><P34>Zx84Spectrum</P34>\n<P1360>prov</P1360><P1361>Vq7-Kw2mHd</P1361></config></gs_provision>\n",
            ),
            (
                "tftpboot/config.0080f9aabb05.xml",
                "<settings><setting id=\"Account1UserName\" value=\"305\"/><setting id=\"Account1Password\" value=\"Zx85Spectrum\"/>\n<setting id=\"DeviceProvisionServerPassword\" value=\"Vq7-Kw2mHd\"/></settings>\n",
            ),
        ];
        for (path, text) in samples {
            let found = held(vec![MemoryFile { path, bytes: text.as_bytes(), is_link: false }]);
            let [(owner, shown, _)] = found.as_slice() else { panic!("{path}: {found:?}") };
            let user = if path.contains("0080f9") { NO_USER } else { "prov" };
            assert!(owner == user && shown.ends_with("***"), "{path}: {found:?}");
        }
    }

    #[test]
    fn an_empty_password_is_none() {
        let text = b"#!version:1.0.0.1\naccount.1.user_name = 301\naccount.1.password = Zx81Spectrum\nauto_provision.server.password =\n";
        let path = "tftpboot/001565aabb01.cfg";
        assert_eq!(held(vec![MemoryFile { path, bytes: text, is_link: false }]), []);
    }
}
