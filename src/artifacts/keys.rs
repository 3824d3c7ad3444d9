//! Keys that may log in as a user for whom nobody logs in: services have no need of a shell from outside.

/// Users that services run as; a key of theirs was not put there by a distribution or a panel.
const SERVICES: [&str; 12] = [
    "asterisk",
    "www-data",
    "apache",
    "nginx",
    "httpd",
    "freeswitch",
    "kamailio",
    "opensips",
    "mysql",
    "nobody",
    "daemon",
    "tftp",
];

/// A key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    /// Bytes from the file's first byte to the line.
    pub(super) at: usize,
    /// What its owner calls it.
    pub(super) comment: String,
    /// May it do no more than one command?
    pub(super) is_bound: bool,
}

/// Reads the keys of a file of keys.
pub(super) fn read(text: &[u8]) -> Vec<Key> {
    const MOST: usize = 1_000;
    let mut keys = Vec::new();
    let mut at = 0;
    for line in text.split(|&byte| byte == b'\n') {
        let written = String::from_utf8_lossy(line);
        let written = written.trim();
        if !written.is_empty() && !written.starts_with('#') && keys.len() < MOST {
            let kinds = ["ssh-", "ecdsa-", "sk-"];
            let begins = |word: &&str| kinds.iter().any(|kind| word.starts_with(kind));
            let mut words = written.split_whitespace();
            let is_bound =
                !kinds.iter().any(|kind| written.starts_with(kind)) && written.contains("command=");
            if words.by_ref().any(|word| begins(&word)) {
                let comment = words.skip(1).collect::<Vec<_>>().join(" ");
                keys.push(Key { at, comment, is_bound });
            }
        }
        at += line.len() + 1;
    }
    keys
}

/// Returns whether the owner of a file of keys is a service; `owner` is what the list of users says.
pub(super) fn is_of_service(path: &str, owner: Option<(&str, u32)>) -> bool {
    let home = path.split_once("/.ssh/").map_or("", |(home, _)| home);
    let named = owner.map(|(name, _)| name).or_else(|| home.rsplit('/').next()).unwrap_or_default();
    SERVICES.contains(&named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_their_owners() {
        let text = "# a\nssh-ed25519 AAAA svc@relay\ncommand=\"/usr/bin/rrsync -ro /b\",restrict ssh-ed25519 AAAB agent@vault\n";
        let keys = read(text.as_bytes());
        assert_eq!(keys.len(), 2);
        assert_eq!((keys[0].at, keys[0].comment.as_str(), keys[0].is_bound), (4, "svc@relay", false));
        assert!(keys[1].is_bound);
        assert!(is_of_service("/home/asterisk/.ssh/authorized_keys", Some(("asterisk", 999))));
        assert!(is_of_service("/var/www/.ssh/authorized_keys", Some(("www-data", 33))));
        assert!(is_of_service("/home/asterisk/.ssh/authorized_keys", None));
        assert!(!is_of_service("/home/itadmin/.ssh/authorized_keys", Some(("itadmin", 1000))));
        assert!(!is_of_service("/var/lib/bkpsvc/.ssh/authorized_keys", Some(("bkpsvc", 1001))));
    }
}
