//! What the host around the phone system tells: web servers, file servers, bans.

use super::super::fetches::Fetch;
use super::super::web;
use super::Fold;
use super::told::Told;
use crate::event::{Action, Service};
use crate::readers;

/// Addresses whose bans are kept.
const MOST_BANNED: usize = 65_536;

impl Fold {
    pub(super) fn of_host(&mut self, told: &Told<'_>) {
        self.ledger.host.note(told.entry, told.at);
        self.of_web(told);
    }

    /// Requests and logins at the web server and the panel.
    pub(super) fn of_web(&mut self, told: &Told<'_>) {
        let entry = told.entry;
        let Some(address) = entry.address else { return };
        let line = || told.citation();
        let web = &mut self.ledger.web;
        if crate::indicators::is_published(address) {
            web.published(address, &line);
        }
        match (entry.service, entry.action) {
            (Service::Web, Action::WebError) => web.error(address, told.at, told.text(entry.detail), &line),
            (Service::Web, _) => {
                let request = web::Request {
                    at: told.at,
                    address,
                    outcome: entry.reason,
                    target: told.text(entry.detail),
                    has_referrer: !entry.referrer.is_none(),
                };
                web.request(&request, &self.known.pages, &line);
                web.edits.request(&request, &line);
                // Who gave a password is one whom the server knows.
                if matches!(told.text(entry.account), b"" | b"-") {
                    web.downloads.request(&request, &line);
                }
            }
            (Service::Panel, Action::AuthOk | Action::AuthFailed) => {
                let is_accepted = entry.action == Action::AuthOk;
                web.login(address, told.text(entry.account), told.at, is_accepted, &line);
            }
            _ => {}
        }
    }

    pub(super) fn fetched(&mut self, told: &Told<'_>) {
        let Some(address) = told.entry.address else { return };
        let file = told.text(told.entry.detail);
        let session = told.text(told.entry.session);
        let fetches = &mut self.ledger.fetches;
        let service = told.entry.service;
        // Guests of an FTP server give a name, too.
        let user = told.text(told.entry.account);
        let has_password = !matches!(user, b"" | b"-" | b"ftp" | b"anonymous" | b"?");
        let fetch = || Fetch { at: told.at, file: file.into(), service, has_password, line: told.citation() };
        match (told.entry.action, told.entry.service) {
            (Action::FileMissing, Service::Tftp) => {
                fetches.missing(address, session, file, told.at, told.citation());
            }
            // A TFTP server tells a request by one line and its refusal by another.
            (_, Service::Tftp) => fetches.asked(address, session, fetch()),
            (Action::FileMissing, _) if told.entry.reason == readers::REFUSED => {
                fetches.refused(address, told.at);
            }
            (Action::FileMissing, _) => fetches.absent(address, file, told.at, told.citation()),
            _ => fetches.given(address, fetch()),
        }
    }

    pub(super) fn banned(&mut self, told: &Told<'_>) {
        let ledger = &mut self.ledger;
        let of_proxy = told.entry.service.is_proxy();
        let blocked = if of_proxy { &mut ledger.flooded } else { &mut ledger.banned };
        if let Some(address) = told.entry.address
            && blocked.len() < MOST_BANNED
        {
            blocked.entry(address).or_insert_with(|| (told.at, told.citation()));
        }
    }
}
