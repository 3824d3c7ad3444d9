//! The host's users: who has the rights of root, and which names are a campaign's.
//!
//! `/etc/passwd` has a line `NAME:x:UID:GID:COMMENT:HOME:SHELL` for each.

use crate::indicators::{self, Confidence, Indicator, Kind};

/// Users that are looked at; no host has more of its own.
const MOST_USERS: usize = 10_000;

/// A user that stands out.
#[derive(Clone, Debug)]
pub(super) struct Odd {
    /// Bytes from the file's first byte to the line.
    pub(super) at: usize,
    pub(super) name: String,
    pub(super) uid: u32,
    pub(super) indicator: Option<&'static Indicator>,
    pub(super) confidence: Confidence,
}

/// One line of the list.
struct User<'a> {
    name: &'a str,
    uid: u32,
    shell: &'a str,
}

fn user(line: &str) -> Option<User<'_>> {
    let mut fields = line.split(':');
    let (name, _digest, uid) = (fields.next()?, fields.next()?, fields.next()?.parse().ok()?);
    let shell = fields.nth(3)?;
    Some(User { name, uid, shell })
}

/// Finds users that stand out.
pub(super) fn odd(text: &[u8]) -> Vec<Odd> {
    let mut odd = Vec::new();
    let mut at = 0;
    for line in text.split(|&byte| byte == b'\n').take(MOST_USERS) {
        if let Ok(written) = std::str::from_utf8(line)
            && let Some(user) = user(written)
        {
            odd.extend(judge(&user, at));
        }
        at += line.len() + 1;
    }
    odd
}

fn judge(user: &User<'_>, at: usize) -> Option<Odd> {
    let is_root = user.uid == 0;
    let may_log_in = !user.shell.ends_with("nologin") && !user.shell.ends_with("false");
    let fits =
        |indicator: &Indicator| indicator.fits(user.name.as_bytes()) && (is_root || !indicator.only_as_root);
    let known = indicators::of(Kind::User).map(|(_, indicator)| indicator).filter(|it| fits(it));
    let indicator = known.max_by_key(|indicator| indicator.confidence).filter(|_| is_root || may_log_in);
    // BSD's second name of root.
    let is_second_root = is_root && !matches!(user.name, "root" | "toor");
    let confidence = match indicator {
        _ if is_second_root => Confidence::High,
        Some(indicator) => indicator.confidence,
        None => return None,
    };
    (confidence > Confidence::Low).then(|| Odd {
        at,
        name: user.name.to_owned(),
        uid: user.uid,
        indicator,
        confidence,
    })
}

/// Returns the user number of the owner of a home, and what it is called, by the list of users.
pub(super) fn owner_of_home<'t>(users: &'t [u8], home: &str) -> Option<(&'t str, u32)> {
    let lines = users.split(|&byte| byte == b'\n').take(MOST_USERS);
    lines.filter_map(|line| std::str::from_utf8(line).ok()).find_map(|line| {
        let found = user(line)?;
        (line.split(':').nth(5)?.trim_end_matches('/') == home).then_some((found.name, found.uid))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_that_stand_out() {
        let text = "root:x:0:0:root:/root:/bin/bash\nnewfpbx:x:0:0::/root:/bin/bash\n\
                    backdoor:x:0:0::/:/bin/sh\nsupports:x:1002:1002::/home/supports:/bin/bash\n\
                    admin:x:1000:1000::/home/admin:/bin/bash\nspamfilter:x:500:500::/:/sbin/nologin\n\
                    sugarmaint:x:501:501::/:/sbin/nologin\nasterisk:x:999:995::/home/asterisk:/bin/bash\n";
        let found: Vec<_> = odd(text.as_bytes()).into_iter().map(|odd| (odd.name, odd.confidence)).collect();
        assert_eq!(
            found,
            [
                ("newfpbx".to_owned(), Confidence::High),
                ("backdoor".to_owned(), Confidence::High),
                ("supports".to_owned(), Confidence::Medium)
            ]
        );
        assert_eq!(owner_of_home(text.as_bytes(), "/home/asterisk"), Some(("asterisk", 999)));
    }
}
