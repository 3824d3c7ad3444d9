//! Messages of `main/manager.c`: the manager interface, over its own port and over HTTP.

use crate::event::{Action, Service};
use crate::readers::found::Found;
use crate::readers::text::{endpoint, split_last, split_once, until};

/// Reads a message of any level.
pub(super) fn read(message: &[u8]) -> Option<Found<'_>> {
    let message = message.trim_ascii_end();
    if let Some(rest) = message.strip_prefix(b"Connect attempt from '") {
        let (peer, _) = split_once(rest, b"' unable to authenticate")?;
        return Some(failed("unable to authenticate").from(endpoint(peer)));
    }
    if let Some(rest) = message.strip_prefix(b"Client from ") {
        let (peer, _) = split_once(rest, b", failed to authenticate in ")?;
        return Some(failed("no authentication in time").from(endpoint(peer)));
    }
    session(message).or_else(|| attempt(message))
}

fn failed<'a>(reason: &'static str) -> Found<'a> {
    Found::new(Action::AuthFailed, Service::Manager).because(reason)
}

/// `%s failed to authenticate as '%s'`, `tried to authenticate with nonexistent user`, `failed to
/// pass IP ACL as`: the address comes first and cannot be forged, the name is what was sent.
fn attempt(message: &[u8]) -> Option<Found<'_>> {
    const FORMS: [(&[u8], &str); 3] = [
        (b"failed to authenticate as '", "failed to authenticate"),
        (b"tried to authenticate with nonexistent user '", "nonexistent user"),
        (b"failed to pass IP ACL as '", "failed to pass IP ACL"),
    ];
    let (peer, rest) = split_once(message, b" ")?;
    let peer = endpoint(peer)?;
    let (form, reason) = FORMS.into_iter().find(|(form, _)| rest.starts_with(form))?;
    let account = rest.get(form.len()..)?;
    Some(failed(reason).from(Some(peer)).of(account.strip_suffix(b"'").unwrap_or(account)))
}

/// `Manager '%s' logged on from %s`, `logged off from`, and both for `HTTP Manager` and `Remote UNIX`.
fn session(message: &[u8]) -> Option<Found<'_>> {
    let rest = message.strip_prefix(b"HTTP ").unwrap_or(message).strip_prefix(b"Manager '")?;
    let (account, rest) = split_last(rest, b"' ")?;
    let (action, peer) = if let Some(peer) =
        rest.strip_prefix(b"logged on from ").or_else(|| rest.strip_prefix(b"logged in from "))
    {
        (Action::ManagerLogin, peer)
    } else {
        let peer =
            rest.strip_prefix(b"logged off from ").or_else(|| rest.strip_prefix(b"timed out from "))?;
        (Action::ManagerLogoff, peer)
    };
    let peer = until(peer, b" ").unwrap_or(peer);
    Some(Found::new(action, Service::Manager).of(account).from(endpoint(peer)))
}
