//! One leg as `mod_xml_cdr` and `mod_json_cdr` tell it, whatever their spelling.
//!
//! Variables are URL-encoded in both; what stands there the server worked out or the caller sent, and which of
//! the two is told by the name: `sip_network_ip` is the socket's, `sip_auth_username` with `sip_authorized` the
//! account whose credentials were accepted.

use std::net::IpAddr;

use super::accounts::{Accounts, NOBODY};
use super::cause;
use crate::clock::any_stamp;
use crate::event::{CallRow, Instant, Leg as Side, Span};
use crate::readers::Chunk;
use crate::readers::text;

/// The variables that are looked at.
pub(super) const VARIABLES: [&str; 24] = [
    "uuid",
    "direction",
    "start_stamp",
    "end_stamp",
    "start_uepoch",
    "start_epoch",
    "answer_epoch",
    "duration",
    "billsec",
    "hangup_cause",
    "sip_network_ip",
    "sip_received_ip",
    "sip_authorized",
    "sip_auth_username",
    "sip_auth_realm",
    "sip_acl_authed_by",
    "accountcode",
    "last_app",
    "last_arg",
    "originator",
    "originating_leg_uuid",
    "sip_gateway_name",
    "sip_user_agent",
    "channel_name",
];

/// What one record says: the variables that are looked at, and the newest call flow.
#[derive(Debug, Default)]
pub(super) struct LegText {
    /// Values, decoded, in the order of [`VARIABLES`]; empty where there is none.
    pub(super) values: [Vec<u8>; VARIABLES.len()],
    /// The number that was dialled.
    pub(super) destination: Vec<u8>,
    /// The caller's number.
    pub(super) caller: Vec<u8>,
    /// The caller's name.
    pub(super) caller_name: Vec<u8>,
    /// The dialplan context.
    pub(super) context: Vec<u8>,
    /// The account that made the call, empty for none that is told, where the record itself names it.
    pub(super) account: Option<Vec<u8>>,
    /// May text of the caller's have become part of the record's own form?
    pub(super) is_claim: bool,
}

impl LegText {
    /// Notes a variable, URL-encoded as it stands.
    pub(super) fn put(&mut self, name: &str, encoded: &[u8]) {
        if let Some(at) = VARIABLES.iter().position(|known| *known == name)
            && let Some(value) = self.values.get_mut(at).filter(|value| value.is_empty())
        {
            *value = decoded(encoded);
        }
    }

    /// Notes a variable that stands as it is.
    pub(super) fn put_plain(&mut self, name: &str, value: &[u8]) {
        if let Some(at) = VARIABLES.iter().position(|known| *known == name)
            && let Some(held) = self.values.get_mut(at)
        {
            *held = value.to_vec();
        }
    }

    fn get(&self, name: &str) -> &[u8] {
        let at = VARIABLES.iter().position(|known| *known == name);
        at.and_then(|at| self.values.get(at)).map_or(&[], Vec::as_slice)
    }

    fn seconds(&self, name: &str) -> u32 {
        text::number(self.get(name)).unwrap_or(0)
    }

    fn side(&self) -> Side {
        let is_outbound = self.get("direction") == b"outbound";
        let has_caller = !self.get("originator").is_empty() || !self.get("originating_leg_uuid").is_empty();
        match (is_outbound, has_caller) {
            (false, _) => Side::Caller,
            (true, true) => Side::Called,
            (true, false) => Side::Originated,
        }
    }

    fn exact(&self) -> Option<Instant> {
        let micros = text::number::<i64>(self.get("start_uepoch")).filter(|micros| *micros > 0);
        let seconds = || text::number::<i64>(self.get("start_epoch")).filter(|seconds| *seconds > 0);
        micros.map(Instant).or_else(|| seconds().map(Instant::from_seconds))
    }

    fn address(&self) -> Option<IpAddr> {
        text::address(self.get("sip_network_ip")).or_else(|| text::address(self.get("sip_received_ip")))
    }

    /// Returns the account that made the call.
    fn account(&self, accounts: &Accounts) -> Vec<u8> {
        if let Some(account) = &self.account {
            return account.clone();
        }
        let name = self.get("sip_auth_username");
        let code = self.get("accountcode");
        let is_authorized = self.get("sip_authorized") == b"true";
        if is_authorized && !name.is_empty() {
            let whole = [name, b"@", self.get("sip_auth_realm")].concat();
            return accounts.named(&whole).to_vec();
        }
        // Let in by its address: the directory's entry may give the account code.
        if is_authorized || !self.get("sip_acl_authed_by").is_empty() {
            return if accounts.has(code) { code.to_vec() } else { Vec::new() };
        }
        NOBODY.to_vec()
    }

    /// Adds the row of a leg that stands at `offset` of the chunk.
    pub(super) fn into_row(self, chunk: &mut Chunk, accounts: &Accounts, at: (usize, usize, u32)) -> bool {
        let (offset, length, line) = at;
        let exact = self.exact();
        let start = any_stamp(self.get("start_stamp")).map(|(stamp, _)| stamp);
        if !super::head::is_uuid(self.get("uuid")) || (exact.is_none() && start.is_none()) {
            return false;
        }
        let side = self.side();
        let account = if side == Side::Caller { self.account(accounts) } else { Vec::new() };
        let is_nobodys = account == NOBODY;
        let mut row = CallRow::new(offset as u32, length as u32, line);
        (row.exact, row.start, row.leg, row.is_claim) = (exact, start, side, self.is_claim);
        row.end = any_stamp(self.get("end_stamp")).map(|(stamp, _)| stamp);
        row.duration = self.seconds("duration");
        row.billsec = self.seconds("billsec");
        row.answered = self.get("answer_epoch").iter().any(|byte| (b'1'..=b'9').contains(byte));
        row.disposition = cause::disposition(row.answered, self.get("hangup_cause"));
        let mut keep = |text: &[u8]| if text.is_empty() { Span::NONE } else { chunk.keep(text) };
        row.uniqueid = keep(self.get("uuid"));
        row.src = keep(&self.caller);
        row.caller_id = keep(&self.caller_name);
        row.dst = keep(&self.destination);
        row.context = keep(&self.context);
        row.cause = keep(self.get("hangup_cause"));
        row.account_code = keep(self.get("accountcode"));
        row.last_app = keep(self.get("last_app"));
        row.last_data = keep(self.get("last_arg"));
        // What comes in for nobody and is sent on elsewhere is no call of the caller's.
        let is_let_out = !is_nobodys || leads_to(self.get("last_arg"), &self.destination);
        let trunk = gateway(self.get("last_arg")).unwrap_or_else(|| self.get("sip_gateway_name"));
        row.trunk = keep(if is_let_out { trunk } else { b"" });
        match side {
            Side::Caller => {
                row.address = self.address();
                row.account = keep(&account);
            }
            _ => {
                let caller = [self.get("originating_leg_uuid"), self.get("originator")];
                row.linkedid =
                    keep(caller.into_iter().find(|uuid| super::head::is_uuid(uuid)).unwrap_or_default());
            }
        }
        chunk.first_stamp = chunk.first_stamp.or(row.start);
        chunk.last_stamp = row.start.or(chunk.last_stamp);
        chunk.records += 1;
        chunk.rows.push(row);
        true
    }
}

/// Returns whether a dial string leads to a carrier.
pub(crate) fn is_to_carrier(target: &[u8]) -> bool {
    // The profile `external` is the one that carriers are on, as shipped.
    [&b"sofia/gateway/"[..], b"sofia/external/"]
        .iter()
        .any(|mark| memchr::memmem::find(target, mark).is_some())
}

/// Returns whether a dial string holds the end of what was dialled: prefixes are put in front and taken off.
pub(crate) fn leads_to(target: &[u8], dialed: &[u8]) -> bool {
    const TAIL: usize = 6;
    let tail = dialed.get(dialed.len().saturating_sub(TAIL)..).unwrap_or_default();
    !tail.is_empty() && memchr::memmem::find(target, tail).is_some()
}

/// Returns the gateway in a dial string, `{a=b}sofia/gateway/carrier/0044...`.
fn gateway(dialed: &[u8]) -> Option<&[u8]> {
    const MARK: &[u8] = b"sofia/gateway/";
    let at = memchr::memmem::find(dialed, MARK)?;
    let rest = dialed.get(at + MARK.len()..)?;
    let name = rest.split(|byte| *byte == b'/').next()?;
    // The profile may stand in front.
    let name = memchr::memmem::rfind(name, b"::").and_then(|at| name.get(at + 2..)).unwrap_or(name);
    (!name.is_empty()).then_some(name)
}

/// Undoes FreeSWITCH's URL encoding, in which a plus is a plus.
pub(super) fn decoded(text: &[u8]) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        match (first, after) {
            (b'%', [high, low, more @ ..]) => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => {
                    plain.push((high * 16 + low) as u8);
                    rest = more;
                }
                _ => plain.push(first),
            },
            _ => plain.push(first),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoded_text_comes_back() {
        assert_eq!(decoded(b"1007%4010.0.0.1"), b"1007@10.0.0.1");
        assert_eq!(decoded(b"a+b%2Bc%"), b"a+b+c%");
        assert_eq!(decoded(b"%4%zz"), b"%4%zz");
    }

    #[test]
    fn a_gateway_is_found_in_a_dial_string() {
        assert_eq!(gateway(b"{x=y}sofia/gateway/carrier/0044"), Some(&b"carrier"[..]));
        assert_eq!(gateway(b"sofia/gateway/external::carrier/0044"), Some(&b"carrier"[..]));
        assert_eq!(gateway(b"user/1001@x"), None);
    }
}
