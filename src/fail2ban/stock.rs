//! What fail2ban comes with for phone systems, for where only one's own `jail.local` was copied.
//!
//! Facts relied on: the stock jails `asterisk` and `freeswitch` ban at ten failures; the filter `asterisk` hears
//! refused registrations and calls of `chan_sip`, requests that `res_pjsip` could not authenticate, failed logins of
//! the manager interface, and four kinds of security events; `freeswitch` hears authentication failures and
//! unknown users. The expressions are looser than the stock ones about what stands around that.

use super::filter::Filter;

/// Failures at which the stock jails of phone systems ban.
pub const MAX_RETRY: u32 = 10;

const ASTERISK: &str = r#"Registration from .* failed for '<HOST>(?::\d+)?' - (?:Wrong password|Username/auth name mismatch|No matching peer found|Not a local domain|Device does not match ACL|Peer is not supposed to register|ACL error)
Call from .* \((?:\w+:)?<HOST>:\d+\) to extension .* rejected because extension not found
Request .* failed for '<HOST>(?::\d+)?' .*(?:No matching endpoint found|Not match Endpoint|(?:Failed|Error) to authenticate)
: (?:Host )?<HOST> (?:failed to authenticate|failed MD5 authentication|tried to authenticate with nonexistent user)
SecurityEvent="(?:FailedACL|InvalidAccountID|ChallengeResponseFailed|InvalidPassword)".*RemoteAddress="IPV[46]/[^/"]+/<HOST>/\d+""#;

const FREESWITCH: &str = r"SIP auth failure \((?:REGISTER|INVITE)\) on sofia profile .* for \[.*\] from ip <HOST>
Can't find user \[.*\] from <HOST>";

/// Returns the filter of that name as it comes with fail2ban, if it is one for a phone system.
pub fn filter(name: &str) -> Option<Filter> {
    let failures = match name {
        "asterisk" => ASTERISK,
        "freeswitch" => FREESWITCH,
        _ => return None,
    };
    Some(Filter::new("", failures, ""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fail2ban::Heard;

    #[test]
    fn what_the_stock_filter_hears_is_heard() {
        let asterisk = filter("asterisk").unwrap();
        let at = "[2026-03-07 01:00:13] NOTICE[812] chan_sip.c: ";
        let heard = Heard::Failure("198.51.100.66".parse().ok());
        for line in [
            "Registration from '\"22\" <sip:22@x>' failed for '198.51.100.66:5060' - Wrong password",
            "Request 'REGISTER' from '<sip:1@x>' failed for '198.51.100.66:5060' (callid: a) - Failed to authenticate",
            "Call from '' (198.51.100.66:5071) to extension '0044' rejected because extension not found in context 'a'.",
            "SecurityEvent=\"InvalidPassword\",Service=\"SIP\",RemoteAddress=\"IPV4/UDP/198.51.100.66/5061\",X=\"1\"",
        ] {
            assert_eq!(asterisk.hears(&format!("{at}{line}")), heard, "{line}");
        }
        for line in [
            "Registered SIP '22' at 198.51.100.66:5060",
            "SecurityEvent=\"SuccessfulAuth\",RemoteAddress=\"IPV4/UDP/198.51.100.66/5061\"",
            "SecurityEvent=\"ChallengeSent\",RemoteAddress=\"IPV4/UDP/198.51.100.66/5061\"",
        ] {
            assert_eq!(asterisk.hears(&format!("{at}{line}")), Heard::Nothing, "{line}");
        }
        assert!(filter("freeswitch").is_some() && filter("sshd").is_none());
    }
}
