//! PINs of mailboxes in `voicemail.conf`: `number => PIN,name,mail,...` in every section but those for settings.
//!
//! A `-` before the PIN keeps its owner from changing it (`apps/app_voicemail.c`). Where `passwordlocation` says
//! `spooldir`, a PIN changed since stands in the mailbox's folder. The sample that Asterisk installs has two
//! mailboxes that belong to nobody.

use super::super::{Bearer, Reach, SecretKind, Standing};
use super::{Scope, masked};
use crate::pbx::language::Document;
use crate::pbx::read::Collector;

/// The mailboxes of the sample, by what stands behind the PIN.
const SAMPLES: [&str; 2] = ["Example Mailbox,root@localhost", "Company2 User,root@localhost"];

/// Notes the PIN of each mailbox.
pub(super) fn mailboxes(document: &Document, scope: Scope<'_>, collector: &mut Collector) {
    let aliases = document.last("general", "aliasescontext");
    for section in document.sections() {
        let named = |name: &str| section.name.eq_ignore_ascii_case(name);
        if named("general") || named("zonemessages") || aliases.is_some_and(named) {
            continue;
        }
        for setting in section.settings.iter().filter(|setting| is_mailbox(&setting.name)) {
            let pin = setting.value.split(',').next().unwrap_or_default().trim();
            // `1001@devices => 1001@default` is another name of a mailbox.
            if pin.contains('@') {
                continue;
            }
            let is_sample = SAMPLES.iter().any(|sample| setting.value.trim_end().ends_with(sample));
            let bearer = Bearer {
                kind: SecretKind::Voicemail,
                owner: format!("{}@{}", setting.name, section.name),
                other_names: vec![setting.name.clone()],
                reach: Reach::Unknown,
                standing: if is_sample { Standing::Off } else { scope.standing },
                place: masked(section, setting),
            };
            collector.hold(bearer, pin.strip_prefix('-').unwrap_or(pin));
        }
    }
}

/// Settings that a section may have beside mailboxes are words.
fn is_mailbox(name: &str) -> bool {
    name.bytes().next().is_some_and(|first| first.is_ascii_digit()) && !name.contains('@')
}
