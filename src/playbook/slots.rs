//! Slots: the only way in which what was found enters a command.
//!
//! A slot takes a value of one kind, which was read as that kind: an address, the digits of an extension, a number in
//! E.164. Names, user agents and all other text that an attacker chooses never stand in a command; they are shown
//! beside it. Other braces (`${EXTEN}`, sets of nftables) are left as they are.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::report::model::Report;
use crate::untrusted::is_e164;

/// Digits of the longest extension.
const LONGEST_EXTENSION: usize = 15;

/// What a slot takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// An address of the intruder.
    Address,
    /// One of IPv4.
    Ipv4,
    /// One of IPv6.
    Ipv6,
    /// An account that was taken over, where it is digits alone.
    Extension,
    /// A number that was called, in E.164.
    Number,
}

/// Every slot by its word.
pub const SLOTS: [(&str, Slot); 5] = [
    ("address", Slot::Address),
    ("ipv4", Slot::Ipv4),
    ("ipv6", Slot::Ipv6),
    ("extension", Slot::Extension),
    ("number", Slot::Number),
];

/// What was found, as far as it may stand in a command.
#[derive(Clone, Debug, Default)]
pub struct Values {
    addresses: BTreeSet<IpAddr>,
    extensions: BTreeSet<String>,
    numbers: BTreeSet<String>,
}

impl Values {
    /// Takes what is valid from the incidents that are certain.
    pub fn of(report: &Report) -> Self {
        let incidents = || report.incidents.iter().filter(|incident| !incident.cannot_tell);
        let names = incidents().flat_map(|incident| &incident.accounts).map(|account| account.name.raw());
        let numbers =
            incidents().flat_map(|incident| &incident.calls).filter_map(|call| call.e164.as_deref());
        Values {
            addresses: incidents()
                .flat_map(|incident| &incident.sources)
                .map(|source| source.address)
                .collect(),
            extensions: names.filter(|name| is_extension(name)).map(str::to_owned).collect(),
            numbers: numbers.filter(|number| is_e164(number)).map(str::to_owned).collect(),
        }
    }

    fn texts(&self, slot: Slot) -> Vec<String> {
        let addresses = |is: fn(&IpAddr) -> bool| {
            self.addresses.iter().filter(move |address| is(address)).map(ToString::to_string).collect()
        };
        match slot {
            Slot::Address => addresses(|_| true),
            Slot::Ipv4 => addresses(IpAddr::is_ipv4),
            Slot::Ipv6 => addresses(IpAddr::is_ipv6),
            Slot::Extension => self.extensions.iter().cloned().collect(),
            Slot::Number => self.numbers.iter().cloned().collect(),
        }
    }
}

fn is_extension(name: &str) -> bool {
    (1..=LONGEST_EXTENSION).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_digit())
}

/// Returns the slot of a command: its first, with its word; a command with two kinds of them is refused by the lint.
pub fn slot_of(run: &str) -> Option<(&'static str, Slot)> {
    SLOTS.into_iter().find(|(word, _)| run.contains(&format!("{{{word}}}")))
}

/// Returns the command once for each value; once as it stands where it has no slot.
pub fn filled(run: &str, values: &Values) -> Vec<String> {
    let Some((word, slot)) = slot_of(run) else { return vec![run.to_owned()] };
    let mark = format!("{{{word}}}");
    values.texts(slot).iter().map(|text| run.replace(&mark, text)).collect()
}

/// Returns words in braces that look like a slot, with their places: lower-case letters alone, and no `$` before.
pub fn looks_like_slots(run: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for (open, _) in run.match_indices('{') {
        let Some(word) = run.get(open + 1..).and_then(|rest| rest.split_once('}')).map(|(word, _)| word)
        else {
            continue;
        };
        let is_variable = run.get(..open).is_some_and(|before| before.ends_with('$'));
        let is_word =
            !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        if is_word && !is_variable {
            found.push((open, word));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::model::TakenAccount;
    use crate::report::sample;
    use crate::untrusted::Untrusted;

    #[test]
    fn only_what_is_valid_enters_a_command() {
        let mut report = sample::report();
        // The sample's account and numbers are hostile text.
        assert!(filled("pjsip show endpoint {extension}", &Values::of(&report)).is_empty());
        for name in ["204", "204;reboot", "$(id)", "２０４", "", "1234567890123456"] {
            let name = Untrusted::from(name);
            report.incidents[0].accounts.push(TakenAccount { name, how: String::new() });
        }
        report.incidents[0].calls[0].e164 = Some("+1;reboot".to_owned());
        let values = Values::of(&report);
        assert_eq!(filled("show {extension}", &values), ["show 204"]);
        assert_eq!(filled("block {address}", &values), ["block 203.0.113.7", "block 2001:db8::5"]);
        assert_eq!(filled("block {ipv6}", &values), ["block 2001:db8::5"]);
        assert_eq!(filled("stop {number}", &values), ["stop +881835211000"]);
        assert_eq!(filled("dialplan ${EXTEN} { a, b }", &values), ["dialplan ${EXTEN} { a, b }"]);
    }

    #[test]
    fn what_no_record_bears_out_enters_none() {
        let mut report = sample::report();
        report.incidents[0].cannot_tell = true;
        assert!(filled("block {address}", &Values::of(&report)).is_empty());
    }

    #[test]
    fn a_word_in_braces_is_taken_for_a_slot() {
        let words =
            |run: &'static str| looks_like_slots(run).into_iter().map(|(_, word)| word).collect::<Vec<_>>();
        assert_eq!(words("nft add element t s { {adress} }"), ["adress"]);
        assert!(words("echo ${exten} {A} { a } {").is_empty());
    }
}
