//! What one line tells, as slices of it, and the entry that is made of that.

use std::net::IpAddr;

use crate::event::{Action, Entry, Instant, Service, Span};

/// What one line or message tells.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found<'a> {
    pub(crate) action: Action,
    pub(crate) service: Service,
    pub(crate) reason: &'static str,
    pub(crate) exact: Option<Instant>,
    pub(crate) address: Option<IpAddr>,
    pub(crate) port: Option<u16>,
    pub(crate) account: Option<&'a [u8]>,
    pub(crate) number: Option<&'a [u8]>,
    pub(crate) detail: Option<&'a [u8]>,
    pub(crate) session: Option<&'a [u8]>,
    pub(crate) channel: Option<&'a [u8]>,
    pub(crate) context: Option<&'a [u8]>,
}

impl<'a> Found<'a> {
    /// Builds what tells nothing yet but what was done and by whom.
    pub(crate) fn new(action: Action, service: Service) -> Self {
        Found {
            action,
            service,
            reason: "",
            exact: None,
            address: None,
            port: None,
            account: None,
            number: None,
            detail: None,
            session: None,
            channel: None,
            context: None,
        }
    }

    pub(crate) fn from(mut self, peer: Option<(IpAddr, Option<u16>)>) -> Self {
        self.address = peer.map(|(address, _)| address);
        self.port = peer.and_then(|(_, port)| port);
        self
    }

    pub(crate) fn because(mut self, reason: &'static str) -> Self {
        self.reason = reason;
        self
    }

    pub(crate) fn of(mut self, account: &'a [u8]) -> Self {
        self.account = (!account.is_empty()).then_some(account);
        self
    }

    /// Makes the entry; `base` is the text that all slices are cut from, and `shift` is where a chunk
    /// counts its first byte.
    pub(crate) fn entry(&self, base: &[u8], shift: usize) -> Entry {
        let span = |part: Option<&[u8]>| part.map_or(Span::NONE, |part| span_within(base, part, shift));
        Entry {
            reason: self.reason,
            exact: self.exact,
            address: self.address,
            port: self.port,
            account: span(self.account),
            number: span(self.number),
            detail: span(self.detail),
            session: span(self.session),
            channel: span(self.channel),
            context: span(self.context),
            ..Entry::new(self.action, self.service)
        }
    }
}

/// Returns the place of `part`, which is a piece of `base`.
fn span_within(base: &[u8], part: &[u8], shift: usize) -> Span {
    let distance = (part.as_ptr() as usize).wrapping_sub(base.as_ptr() as usize);
    if distance > base.len() {
        return Span::NONE;
    }
    Span { start: (distance + shift) as u32, length: part.len() as u32 }
}
