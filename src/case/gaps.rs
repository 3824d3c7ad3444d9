//! What is missing, what that costs the inquiry, and how to get it.

use super::build::Case;
use super::{database_gaps, hidden, listed_gaps, reach};
use crate::artifacts::Place;
use crate::event::{Action, Service};
use crate::evidence::Kind;
use crate::indicators::Confidence;
use crate::pbx::{FileOrigin, FileServer, PHONEPROV, PhoneFile};
use crate::readers::Tells;
use crate::reconstruct::incident::Incident;
use crate::reconstruct::world::{Told, World};
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
    let is_freeswitch = world.is_freeswitch();
    if is_freeswitch {
        freeswitch_gaps(case, &mut add);
    }
    if world.has_proxy() {
        proxy_gaps(world, &has_records, &mut add);
    }
    let is_asterisk = !(is_freeswitch || world.has_proxy()) || world.has_asterisk_log();
    if is_asterisk && !has_records(Tells::Server) {
        add(
            "No log of Asterisk",
            "Guessing, registrations and the addresses of callers are invisible; only call records can speak.",
            "Copy /var/log/asterisk whole, rotated and packed files too; ask for backups and a syslog server's copy.",
        );
    } else if is_asterisk {
        logger_gaps(world, &mut add);
    }
    database_gaps::gaps(evidence, &mut add);
    listed_gaps::gaps(evidence, &mut add);
    record_gaps(world, &has_records, &mut add);
    configuration_gaps(world, &has, &mut add);
    file_gaps(world, &mut add);
    printed_packets(world, &mut add);
    lost_lines(world, &mut add);
    web_gaps(world, &mut add);
    hidden::gaps(world, &mut add);
    reach::gaps(case, incidents, &mut add);
    gaps.sort();
    gaps.dedup();
    gaps
}

/// Records of calls, in files or in a database's tables.
fn record_gaps(
    world: &World<'_>,
    has_records: &dyn Fn(Tells) -> bool,
    add: &mut dyn FnMut(&str, &str, &str),
) {
    let is_in_tables = |told: &&Told<'_>| {
        told.source.kind.tells() == Some(Tells::Tables) && told.ledger.rows.rows.iter().next().is_some()
    };
    let has_calls = has_records(Tells::Calls) || world.told.iter().any(|told| is_in_tables(&told));
    if !has_calls && !world.is_freeswitch() && !world.has_proxy() {
        add(
            "No call records",
            "Calls are known from log lines only: no billed seconds, and no calls that the log does not show.",
            "Copy /var/log/asterisk/cdr-csv and cdr-custom, dump the table asteriskcdrdb.cdr, and ask the carrier for its records.",
        );
    }
}

/// The configuration: of any of the phone programs.
fn configuration_gaps(world: &World<'_>, has: &dyn Fn(Kind) -> bool, add: &mut dyn FnMut(&str, &str, &str)) {
    let configurations = [Kind::Configuration, Kind::FreeSwitchConfiguration, Kind::ProxyConfiguration];
    let has_configuration = configurations.into_iter().any(has);
    if !has_configuration && !world.pbx.accounts.is_empty() {
        add(
            "No configuration files",
            "Accounts are known from a database's tables only: guests, the logger and the dialplan can only be guessed from use.",
            "Copy /etc/asterisk whole.",
        );
    } else if !has_configuration {
        add(
            "No configuration",
            "Which accounts exist, which secrets are weak and which addresses are the carrier's can only be guessed from use.",
            if world.is_freeswitch() {
                "Copy /etc/freeswitch whole, and freeswitch.xml.fsxml beside the log."
            } else {
                "Copy /etc/asterisk whole."
            },
        );
    }
}

/// A panel without the logs that tell who used it.
fn web_gaps(world: &World<'_>, add: &mut dyn FnMut(&str, &str, &str)) {
    let artifacts = world.artifacts;
    let has_panel =
        artifacts.pages > 0 || artifacts.files.iter().any(|file| file.place == Place::PanelSettings);
    if has_panel && !world.web.has_requests && !world.logged_services().contains(&Service::Web) {
        add(
            "No access log of the web server",
            "Who reached the panel, tried its holes or used a page left behind cannot be known; that nothing is told of it is no proof that nobody did.",
            "Copy /var/log/httpd or /var/log/apache2 (nginx: /var/log/nginx) whole, rotated files too; ask for backups and a proxy's logs.",
        );
        return;
    }
    let logs = world.told.iter().filter(|told| told.ledger.web.has_requests);
    let Some(begin) = logs.filter_map(|told| told.ledger.first).min() else { return };
    let marked = artifacts.files.iter().filter(|file| file.is_page());
    let marked = marked.filter(|file| file.confidence() == Some(Confidence::High));
    if marked.filter_map(|file| file.modified).any(|at| at < begin) {
        add(
            "The web server's logs begin after a page left behind was written",
            "By which request it came, and from where, lies before them.",
            "Look for older rotated logs of the web server, in backups and at a proxy.",
        );
    }
}

/// Fetches of phone files that leave no line.
fn file_gaps(world: &World<'_>, add: &mut dyn FnMut(&str, &str, &str)) {
    let logged = world.logged_services();
    let silent = world.pbx.file_servers.iter().filter(|server| !server.logs_requests);
    for server in silent.filter(|server| !logged.contains(&server.service)) {
        let protocol = if server.service == Service::Ftp { "FTP" } else { "TFTP" };
        add(
            &format!("{protocol} reads are not logged on this host"),
            &format!(
                "{} is set up so that it writes no line when a file is fetched ({}): who read a phone's file, and its secret, cannot be known. No line is no proof that nobody did.",
                server.name, server.path
            ),
            &format!(
                "Look in packet captures and the logs of firewalls and switches for that time; for the future {}.",
                server.remedy
            ),
        );
    }
    if world.pbx.phone_files.iter().any(|file| file.origin == FileOrigin::OnRequest(PHONEPROV)) {
        add(
            "Asterisk's own web server logs no requests",
            "It makes phones' files on request (res_phoneprov): who asked for one, and read the secret in it, cannot be known. No line is no proof that nobody did.",
            "Look in the logs of a proxy or firewall before it; for the future let phones fetch their files from a web server that logs.",
        );
    }
    let is_known = |server: &FileServer| server.service == Service::Tftp;
    if !logged.contains(&Service::Tftp)
        && world.pbx.phone_files.iter().any(PhoneFile::is_on_disk)
        && !logged.is_empty()
    {
        if !world.pbx.file_servers.iter().any(is_known) {
            add(
                "No record of reads by TFTP",
                "There are phone files here, and nothing tells whether a TFTP server gave them out, and to whom.",
                "Copy /var/log/syslog, /var/log/messages or the journal, and etc/default/tftpd-hpa, etc/xinetd.d/tftp or etc/dnsmasq.conf.",
            );
        }
    } else if logged.is_empty() {
        add(
            "No record of fetched phone files",
            "A secret read from a phone's file by TFTP or the web leaves no trace here, so a leak can be neither seen nor ruled out.",
            "Copy /var/log/syslog or /var/log/messages with their rotations (in.tftpd logs only with -v), and the web server's access logs.",
        );
    }
}

/// Lines that the system's loggers threw away.
fn lost_lines(world: &World<'_>, add: &mut dyn FnMut(&str, &str, &str)) {
    let notices: u64 = world.told.iter().map(|told| told.ledger.host.notice_count).sum();
    if notices > 0 {
        let times = if notices == 1 { "once".to_owned() } else { format!("{notices} times") };
        add(
            &format!("The system's logger threw lines away, {times}"),
            "More came at once than it writes; what was dropped, and whether it mattered, cannot be known.",
            "Look in the programs' own logs and in the journal for the same time; for the future raise the limits (RateLimitBurst, imuxsock's and imjournal's Ratelimit).",
        );
    }
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

/// What a SIP proxy does not write unless its site has it do so.
fn proxy_gaps(world: &World<'_>, has_records: &dyn Fn(Tells) -> bool, add: &mut dyn FnMut(&str, &str, &str)) {
    if world.watched_since().is_none() {
        add(
            "No line about logins from the SIP proxy's routing script",
            "A stock Kamailio or OpenSIPS prints neither failed nor accepted logins: guessing and registrations are invisible.",
            "Ask for SIP captures (sngrep, Homer) and a syslog server's copy; for the future print both in the routing script, with the sender's address.",
        );
    }
    let has_calls = world.told.iter().any(|told| told.ledger.actions.contains_key(&Action::Call));
    if !has_records(Tells::Calls) && !has_calls {
        add(
            "No accounting of calls",
            "Which calls were made, by whom and from where is not known.",
            "Copy the table acc, the flat files acc_*.log, and every syslog file: accounting goes to the facility daemon, the rest to local0.",
        );
    }
    if world.pbx.accounts.is_empty() {
        add(
            "No table of subscribers",
            "Which accounts exist and which secrets are weak can only be guessed from use.",
            "Dump the table subscriber of the proxy's database.",
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

/// What FreeSWITCH does not write unless it is told to.
fn freeswitch_gaps(case: &Case<'_>, add: &mut dyn FnMut(&str, &str, &str)) {
    let world = case.world;
    let logs = || world.told.iter().filter(|told| told.ledger.is_freeswitch);
    if logs().next().is_none() {
        add(
            "No log of FreeSWITCH",
            "Scans, refused calls and the addresses of callers without XML or JSON call records are invisible.",
            "Copy /var/log/freeswitch (or /usr/local/freeswitch/log) whole, rotated files too.",
        );
    } else if !logs().any(|told| told.ledger.has_wrong_secrets) {
        let what = match world.pbx.logs_wrong_secrets {
            Some(false) => {
                "FreeSWITCH does not log wrong secrets: log-auth-failures is off in its SIP profiles"
            }
            _ => "The log of FreeSWITCH shows no challenge and no wrong secret",
        };
        add(
            what,
            "Guessing at accounts that exist leaves no line at all: that none is seen does not mean that there was none.",
            "sip_authentication in sofia_reg_*.db counts logins while they are fresh; ask for packet captures and the firewall's logs. For the future set log-auth-failures to true.",
        );
    }
    if logs().next().is_some() {
        add(
            "FreeSWITCH logs no accepted registration",
            "Who registered an account is known only as long as the registration lasts, and the last to register replaces the others in the database.",
            "Copy sofia_reg_*.db and core.db at once; look for packet captures; have mod_xml_cdr or mod_json_cdr keep records, which hold the caller's address.",
        );
    }
    let has_own = world.told.iter().any(|told| told.ledger.rows.rows.iter().any(|row| !row.is_claim));
    let has_rows = world.told.iter().any(|told| !told.ledger.rows.rows.is_empty());
    if !has_rows {
        add(
            "No call records of FreeSWITCH",
            "Calls are known from log lines only: no billed seconds, and no calls that the log does not show.",
            "Copy cdr-csv, xml_cdr and json_cdr below the log folder, db/cdr.db, and the database of the panel; ask the carrier for its records.",
        );
    } else if !has_own {
        add(
            "Call records in CSV files only",
            "They hold no address, and one packet from a stranger can write a row into them; a row counts only where the log knows its call.",
            "Look for xml_cdr and json_cdr below the log folder, db/cdr.db, and the table v_xml_cdr of FusionPBX; ask the carrier for its records.",
        );
    }
}
