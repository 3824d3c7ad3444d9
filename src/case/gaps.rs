//! What is missing, what that costs the inquiry, and how to get it.

use super::build::Case;
use super::reach;
use crate::evidence::Kind;
use crate::readers::Tells;
use crate::reconstruct::incident::Incident;
use crate::reconstruct::world::World;
use crate::report::model::Gap;

/// Finds the gaps of a case.
pub(super) fn find(case: &Case<'_>, incidents: &[Incident]) -> Vec<Gap> {
    let (evidence, world) = (case.evidence, case.world);
    let has = |kind: Kind| evidence.sources.iter().any(|source| source.kind == kind);
    let has_records = |of: Tells| evidence.sources.iter().any(|source| source.kind.tells() == Some(of));
    let mut gaps = Vec::new();
    let mut add = |what: &str, why: &str, how: &str| {
        gaps.push(Gap { what: what.into(), why_it_matters: why.into(), how_to_get_it: how.into() });
    };
    if !has_records(Tells::Server) {
        add(
            "No log of Asterisk",
            "Guessing, registrations and the addresses of callers are invisible; only call records can speak.",
            "Copy /var/log/asterisk whole, rotated and packed files too; ask for backups and a syslog server's copy.",
        );
    } else {
        logger_gaps(world, &mut add);
    }
    if !has_records(Tells::Calls) {
        add(
            "No call records",
            "Calls are known from log lines only: no billed seconds, and no calls that the log does not show.",
            "Copy /var/log/asterisk/cdr-csv and cdr-custom, dump the table asteriskcdrdb.cdr, and ask the carrier for its records.",
        );
    }
    if !has(Kind::Configuration) {
        add(
            "No configuration",
            "Which accounts exist, which secrets are weak and which addresses are the carrier's can only be guessed from use.",
            "Copy /etc/asterisk whole.",
        );
    }
    if !world.has_fetches() {
        add(
            "No record of fetched phone files",
            "A secret read from a phone's file by TFTP or the web leaves no trace here, so a leak can be neither seen nor ruled out.",
            "Copy /var/log/syslog or /var/log/messages with their rotations (in.tftpd logs only with -v), and the web server's access logs.",
        );
    }
    printed_packets(world, &mut add);
    reach::gaps(case, incidents, &mut add);
    gaps.sort();
    gaps.dedup();
    gaps
}

/// Logs in which a stranger's words look like the server's own.
fn printed_packets(world: &World<'_>, add: &mut dyn FnMut(&str, &str, &str)) {
    for told in world.told.iter().filter(|told| !told.ledger.doubt.is_empty()) {
        add(
            &format!(
                "{} prints packets without their length (sip set debug): {} of its accepted logins and registrations stand close behind one",
                told.source.file.path, told.ledger.doubt.successes
            ),
            "Whoever sent such a packet could have written the lines behind it, a success or its end alike: where nothing else tells the same, neither it nor its absence is certain.",
            "Compare with the call records, the security log and the carrier's records; switch the debugging off (`sip set debug off`) and see who had switched it on.",
        );
    }
}

/// What the logger was told not to write.
fn logger_gaps(world: &World<'_>, add: &mut dyn FnMut(&str, &str, &str)) {
    let levels = |level: &str| {
        let logger = world.pbx.logger.as_ref()?;
        Some(
            logger
                .channels
                .iter()
                .any(|channel| channel.levels.iter().any(|known| known == level || known == "*")),
        )
    };
    if !world.has_security_events() {
        let what = match levels("security") {
            Some(false) => "SECURITY channel not logged in logger.conf",
            Some(true) => "The security log that logger.conf names is not in the evidence",
            None => "No security events",
        };
        add(
            what,
            "Successful registrations and logins, and the addresses of PJSIP calls, are invisible.",
            "Look for the file among rotated and backed-up logs; for the future set `security => security` in logger.conf.",
        );
    }
    if !world.told.iter().any(|told| told.ledger.has_dialplan) {
        let what = match levels("verbose") {
            Some(false) => "VERBOSE not logged in logger.conf",
            Some(true) => {
                "The verbose log that logger.conf names is not in the evidence, or its level is below 3"
            }
            None => "No dialplan steps",
        };
        add(
            what,
            "Which context and extension a call took, new contacts and the far end of audio are invisible.",
            "Look for `full` and its rotations; for the future log `verbose(3)`.",
        );
    }
}
