//! Mailboxes, and which of them call out.
//!
//! `MAILBOX => PIN,NAME,MAIL,PAGER,OPTION=VALUE|...` below a context; what `[general]` says holds for each that
//! says nothing else. `dialout` lets whoever knows the PIN call any number of that context, `callback` the
//! number that left a message; a PIN that begins with `-` cannot be changed by its owner
//! (`apps/app_voicemail.c`).

use super::collect::pin_of;
use super::model::Mailbox;
use crate::event::Citation;
use crate::pbx::language::Document;

/// Mailboxes that are kept.
const MOST: usize = 50_000;

/// Reads `voicemail.conf`.
pub(super) fn mailboxes(document: &Document) -> Vec<Mailbox> {
    let general =
        |name: &str| document.last("general", name).filter(|value| !value.is_empty()).map(str::to_owned);
    let (dialout, callback) = (general("dialout"), general("callback"));
    let contexts = document.sections().filter(|section| {
        !["general", "zonemessages"].iter().any(|name| section.name.eq_ignore_ascii_case(name))
    });
    let mut mailboxes = Vec::new();
    for section in contexts {
        for setting in &section.settings {
            let mut fields = setting.value.splitn(5, ',').map(str::trim);
            let pin = fields.next().unwrap_or_default().trim_start_matches('-');
            let name = fields.next().unwrap_or_default();
            let options = fields.nth(2).unwrap_or_default();
            let option = |wanted: &str| {
                let mut each = options.split('|').filter_map(|option| option.split_once('='));
                each.find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted))
                    .map(|(_, value)| value.trim().to_owned())
            };
            // The line holds the PIN: only what is no secret is cited.
            let shown = format!("{} => ***,{name},...,{options}", setting.name);
            if mailboxes.len() < MOST {
                mailboxes.push(Mailbox {
                    name: setting.name.clone(),
                    context: section.name.clone(),
                    pin: pin_of(pin, &[&setting.name]),
                    dialout: option("dialout").or_else(|| dialout.clone()).filter(|held| !held.is_empty()),
                    callback: option("callback").or_else(|| callback.clone()).filter(|held| !held.is_empty()),
                    place: Citation::new(setting.place, shown.as_bytes()),
                });
            }
        }
    }
    mailboxes
}
