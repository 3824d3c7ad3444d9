//! Accounts and secrets out of one phone file, by one vendor's rules.
//!
//! Keys carry the number of the line they belong to, or stand near each other. A value that a server
//! would still have to fill in (`{$password}`, `__secret__`) is no secret.

use std::collections::BTreeMap;
use std::ops::Range;

use super::grandstream;
use super::rules::{Reach, Role, Vendor};
use crate::untrusted::Untrusted;

/// No phone has more lines.
const MOST: usize = 512;
/// No name and no secret is longer.
const LONGEST: usize = 256;

/// An account and its secret; it has no `Debug`, and lives only until the two are compared.
pub(super) struct Credential {
    /// The account's name.
    pub(super) name: String,
    /// The secret.
    pub(super) secret: String,
    /// The secret if what looks like a comment behind it belongs to it.
    pub(super) longer: String,
    /// Where the name stands, without the secret.
    pub(super) at: Range<usize>,
}

/// One value that a rule found.
struct Found {
    role: Role,
    line: String,
    value: String,
    longer: String,
    at: Range<usize>,
    value_at: Range<usize>,
}

/// Returns the accounts whose secrets the file holds, in order.
pub(super) fn find(
    vendor: &Vendor,
    text: &[u8],
    reach: Reach,
    is_encoded: bool,
    knows: &dyn Fn(&str) -> bool,
) -> Vec<Credential> {
    let found = all_values(vendor, text, reach, is_encoded);
    let secrets: Vec<&Found> = found.iter().filter(|found| found.role == Role::Secret).collect();
    let mut credentials: BTreeMap<String, Credential> = BTreeMap::new();
    for (index, secret) in secrets.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|index| secrets.get(index)).map_or(0, |held| held.at.end);
        let after = secrets.get(index + 1).map_or(text.len(), |held| held.at.start);
        let by_role = |role| partner(&found, secret, role, before..after);
        let names: Vec<&Found> =
            [by_role(Role::AuthName), by_role(Role::User)].into_iter().flatten().collect();
        let name = names.iter().find(|found| knows(account_name(&found.value))).or(names.first());
        // A name with a blank in it is a hint to whoever fills in the file.
        let Some(name) = name.filter(|name| !name.value.contains(char::is_whitespace)) else { continue };
        let account = account_name(&name.value).to_owned();
        // The whole key is shown where it stands apart from the secret.
        let overlaps = name.at.start < secret.value_at.end && secret.value_at.start < name.at.end;
        let at = if overlaps { name.value_at.clone() } else { name.at.clone() };
        let credential = Credential {
            name: account.clone(),
            secret: secret.value.clone(),
            longer: secret.longer.clone(),
            at,
        };
        credentials.entry(account).or_insert(credential);
    }
    let mut credentials: Vec<Credential> = credentials.into_values().collect();
    credentials.sort_by_key(|credential| credential.at.start);
    credentials
}

fn all_values(vendor: &Vendor, text: &[u8], reach: Reach, is_encoded: bool) -> Vec<Found> {
    let mut found = Vec::new();
    for rule in vendor.rules.iter().filter(|rule| rule.reach <= reach) {
        for captures in rule.pattern.captures_iter(text).take(MOST) {
            let (Some(whole), Some(value)) = (captures.get(0), captures.name("v")) else { continue };
            let number =
                captures.name("n").map(|number| String::from_utf8_lossy(number.as_bytes()).into_owned());
            let line = line_of(vendor.name, number.unwrap_or_default());
            // What follows the value on its line, a comment perhaps, is not shown.
            let key_and_value =
                whole.start().min(value.start())..value.start() + value.as_bytes().trim_ascii_end().len();
            let mut add = |role, line: &str, at: Range<usize>, matched: regex::bytes::Match<'_>| {
                if let Some(value) = plain(matched.as_bytes(), is_encoded) {
                    let longer = plain(rest_of_line(text, matched.start()), is_encoded).unwrap_or_default();
                    found.push(Found {
                        role,
                        line: line.to_owned(),
                        value,
                        longer,
                        at,
                        value_at: matched.range(),
                    });
                }
            };
            if let Some(name) = captures.name("u") {
                add(Role::User, &line, name.range(), name);
            }
            add(rule.role, &line, key_and_value, value);
        }
    }
    // Of two patterns that find one value, the one that tells its line counts.
    found.sort_by_key(|found| (found.at.start, found.value_at.start, found.line.is_empty()));
    found.dedup_by(|next, held| next.role == held.role && next.value_at == held.value_at);
    found
}

fn rest_of_line(text: &[u8], start: usize) -> &[u8] {
    let rest = text.get(start..).unwrap_or_default();
    let rest = rest.get(..LONGEST).unwrap_or(rest);
    rest.split(|&byte| byte == b'\n').next().unwrap_or_default()
}

/// Returns the name that belongs to a secret: of the same line number, or the nearest without one.
fn partner<'a>(found: &'a [Found], secret: &Found, role: Role, between: Range<usize>) -> Option<&'a Found> {
    let mut names = found.iter().filter(|found| found.role == role && found.line == secret.line);
    if !secret.line.is_empty() {
        return names.next();
    }
    let names: Vec<&Found> = names.filter(|found| between.contains(&found.value_at.start)).collect();
    let last_before = names.iter().rev().find(|found| found.value_at.start < secret.value_at.start);
    last_before.or(names.first()).copied()
}

/// P-values name the same line by different numbers: P35, P36 and P34 are the first account's.
fn line_of(vendor: &str, number: String) -> String {
    if !matches!(vendor, "grandstream" | "sangoma" | "htek") {
        return number;
    }
    match number.as_str() {
        "34" | "35" | "36" => "1".to_owned(),
        "734" | "735" | "736" => "2".to_owned(),
        other => match other.len() {
            3 => format!("P{}", other.get(..1).unwrap_or_default()),
            _ => number,
        },
    }
}

/// Returns a value as the phone reads it; `None` where there is none yet.
fn plain(value: &[u8], is_encoded: bool) -> Option<String> {
    if value.len() > LONGEST {
        return None;
    }
    let decoded = if is_encoded { grandstream::decode(value) } else { value.to_vec() };
    let text = Untrusted::from_bytes(decoded.trim_ascii()).raw().trim_matches('"').to_owned();
    let is_template = ["{", "$", "%", "<?", "__"].iter().any(|mark| text.starts_with(mark))
        || ["{{", "{$", "${", "{%"].iter().any(|mark| text.contains(mark));
    if text.is_empty() || is_template || text.eq_ignore_ascii_case("UNPROVISIONED") {
        return None;
    }
    let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];
    Some(entities.iter().fold(text, |text, (entity, letter)| text.replace(entity, letter)))
}

/// Takes scheme and domain off `sip:3004@pbx.example`.
fn account_name(text: &str) -> &str {
    let text = text.strip_prefix("sip:").unwrap_or(text);
    text.split('@').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::rules::vendors;
    use super::*;

    /// Returns `name secret "what is cited"` of each account that a vendor's rules find.
    fn found(vendor: &str, text: &str, is_encoded: bool) -> Vec<String> {
        let vendor = vendors().iter().find(|held| held.name == vendor).unwrap();
        let knows = |name: &str| name == "known";
        let credentials = find(vendor, text.as_bytes(), Reach::ByName, is_encoded, &knows);
        credentials
            .iter()
            .map(|held| format!("{} {} {:?}", held.name, held.secret, text.get(held.at.clone()).unwrap()))
            .collect()
    }

    #[test]
    fn lines_are_joined_by_number() {
        let text = "account.1.user_name = 301\naccount.2.user_name = 302\naccount.2.password = b;x\naccount.1.password = a\n";
        assert_eq!(
            found("yealink", text, false),
            ["301 a \"account.1.user_name = 301\"", "302 b \"account.2.user_name = 302\""]
        );
        let values = "P35=1\nP36=known\nP34=a%26b\nP735=2\nP734=c\n";
        assert_eq!(found("grandstream", values, true), ["known a&b \"P36=known\"", "2 c \"P735=2\""]);
    }

    #[test]
    fn parts_of_an_item_belong_together() {
        let text = "<item name=\"account.1.sip.subscriber\">\n<part name=\"name\">Front desk</part>\n<part name=\"password\">a</part>\n<part name=\"userid\">301</part>\n</item>\n<item name=\"phonebook.download\">\n<part name=\"password\">b</part></item>\n<item name=\"account.2.sip.subscriber\"><part name=\"userid\">302</part><part name=\"password\"/></item>";
        assert_eq!(found("grandstream", text, false).len(), 1);
        assert!(found("grandstream", text, false)[0].starts_with("301 a "));
    }

    #[test]
    fn linphone_takes_its_account_from_a_file_too() {
        let text = "<config><section name=\"proxy_0\"><entry name=\"realm\">x</entry></section>\n<section name=\"auth_info_0\" overwrite=\"true\">\n<entry name=\"username\" overwrite=\"true\">301</entry>\n<entry name=\"passwd\">a</entry>\n</section></config>";
        assert_eq!(found("linphone", text, false).len(), 1);
        assert!(found("linphone", text, false)[0].starts_with("301 a "));
        assert!(found("linphone", &text.replace(">a<", ">{password}<"), false).is_empty());
    }

    #[test]
    fn lines_may_end_with_two_bytes() {
        let text = "account.1.auth_name = 301\r\naccount.1.password = a \r\nSIP1 x\r\n";
        assert_eq!(found("yealink", text, false), ["301 a \"account.1.auth_name = 301\""]);
        let text = "SIP1 Register User :301\r\nSIP1 Register Pswd :a\r\n";
        assert_eq!(found("fanvil", text, false), ["301 a \"SIP1 Register User :301\""]);
    }

    #[test]
    fn values_that_are_yet_to_be_filled_in_are_no_secrets() {
        let text = "account.1.user_name = {$user}\naccount.1.password = x\naccount.2.user_name = 3\naccount.2.password = __secret__\n";
        assert!(found("yealink", text, false).is_empty());
    }

    #[test]
    fn a_cited_name_never_shows_the_secret_beside_it() {
        let text = "<account index=\"0\" password=\"hid&amp;den\" username=\"5\" authname=\"6\"/>";
        assert_eq!(found("digium", text, false), ["6 hid&den \"6\""]);
    }
}
