//! Why it was not blocked: what each defence did or could not do against one intruder.
//!
//! The lines of those who belong to an incident are gone through once more, in the logs that tell of their
//! failures: each jail's filter is tried on them, and what it hears is counted as fail2ban counts. That is exact
//! where counts by the hour are not, and costs a second reading of those logs only where a jail is there to be tried.

mod access;
mod firewall;
mod geo;
mod jails;
mod records;
mod replay;

use super::build::Case;
use crate::fail2ban::Missing;
use crate::reconstruct::incident::Incident;
use crate::report::model::{NotBlocked, Verdict};

pub(super) use replay::Replay;

/// Weighs every defence for one incident.
pub(super) fn judge(case: &Case<'_>, incident: &Incident, replay: &Replay) -> Vec<NotBlocked> {
    let mut judged = jails::judge(case, incident, replay);
    judged.extend(records::judge(case, incident, replay));
    if judged.is_empty() {
        let missing = Missing::from(case.evidence);
        judged.push(NotBlocked {
            defence: "fail2ban".into(),
            verdict: match missing {
                Missing::NotSetUp => Verdict::Off,
                Missing::NotCopied => Verdict::NotChecked,
            },
            why: missing.why().into(),
            evidence: Vec::new(),
        });
    }
    judged.extend(firewall::judge(case, incident));
    judged.extend(geo::judge(case, incident));
    judged.extend(access::judge(case, incident));
    judged
}

/// Shows the path of a log.
fn shown(path: &str) -> String {
    crate::untrusted::visible(path)
}
