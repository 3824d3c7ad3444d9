//! Every finding that the checks of this folder may yield, one row each: its word, what it is, what it means, and
//! what must have been there for its absence to count. Findings of rules about settings list themselves.

use super::needs::{
    ASTERISK, CALLS, CHANNELS, CONFIGURATION, CONNECTIONS, DIALPLAN, FETCHES, FIREWALL, FREESWITCH,
    FREESWITCH_DATABASE, HISTORIES, HOST, JOBS, KEYS, LOGGER, LOGINS, MANAGER, MODULES, Need, PAGES,
    PANEL_TABLES, PHONE_FILES, PROXY, REGISTRATIONS, ROTATION, USERS, WEB_LOG,
};
use super::{Check, CheckKind};

type Row = (&'static str, &'static str, &'static str, &'static [&'static Need]);

#[rustfmt::skip]
const TABLE: &[Row] = &[
    // What an intruder did.
    ("account-taken-over", "An account is in an intruder's hands", "Somebody used it who is not its owner; until its secret is changed and his contact removed, he can go on.", &[&LOGINS]),
    ("account-made-by-intruder", "An extension that the intruder made", "It has no owner, so that nobody misses it and nobody's complaint leads to it.", &[&PANEL_TABLES]),
    ("intruder-registered", "A contact of the intruder is still registered", "The server lets calls from there out until the contact lapses or is removed, a new secret alone does not end that.", &[&REGISTRATIONS]),
    ("intruder-connected", "A connection of the intruder is up", "He works on the server at this moment, whatever secrets are changed.", &[&CONNECTIONS]),
    ("call-in-progress", "A call of an account that was taken over is up", "It costs until somebody ends it; a block of addresses does not.", &[&CHANNELS]),
    ("scanner-registered", "A program that scans and guesses is registered", "No owner of an account uses one.", &[&REGISTRATIONS]),
    ("suspicious-command", "Commands like those of intruders were typed", "Whoever runs commands on the host owns it.", &[&HISTORIES]),
    ("guessing-tool-let-in", "A program that guesses secrets was let in", "The count of one challenge's answers shows it, though neither account nor address is on record.", &[&FREESWITCH_DATABASE]),
    ("unproven-call-record", "A record of a call that stands alone", "A stranger can write such a row; it counts as no call until the carrier confirms it.", &[&FREESWITCH]),
    ("forged-log-lines", "Lines of a log that a stranger wrote", "Nobody may be banned or blamed by them.", &[&FREESWITCH]),
    ("call-records-deleted", "Call records that were deleted", "What was deleted may be what cost.", &[&CALLS]),
    ("exploit-request", "Requests that try a known hole of the panel", "Somebody tried; what came of it is told by what was left behind.", &[&WEB_LOG]),
    ("secrets-downloaded", "Backups or configuration that the web server gave to strangers", "Every secret in them is known outside.", &[&WEB_LOG]),
    ("indicator", "A mark of a known campaign", "An address, file or setting that was published as an intruder's.", &[&HOST]),
    ("changed-during-intrusion", "Files written seconds after a request of the intruder's", "They may be his work.", &[&WEB_LOG, &HOST]),
    // What an intruder left.
    ("web-shell", "A page that runs what a stranger sends", "Whoever knows its address runs commands on the server.", &[&PAGES]),
    ("module-file-changed", "A page of a signed module that was changed", "An intruder's change looks like an administrator's.", &[&MODULES]),
    ("module-file-unlisted", "A page in a signed module that does not know it", "It came there by another way than the module's own.", &[&MODULES]),
    ("page-locked-away", "A page of the panel that nobody may read any more", "Intruders lock the page that they came in by against others.", &[&PAGES]),
    ("generated-file-edited", "A file of the panel's that the panel did not write", "What a hand writes there works until the next reload and leaves no trace.", &[&ASTERISK]),
    ("panel-module-unknown", "Modules in the web root that the panel does not know", "An intruder's page lies there as well as anywhere.", &[&PAGES, &PANEL_TABLES]),
    ("panel-module-gone", "Modules that the panel knows and that are gone from the web root", "An update that broke off, or somebody who deleted what could stop him.", &[&PAGES, &PANEL_TABLES]),
    ("panel-settings-missing", "The panel's settings file is gone", "A campaign left hosts so.", &[&PAGES]),
    ("panel-warned-of-code", "The panel warned of code that is not what was signed", "Nobody may have read it.", &[&PANEL_TABLES]),
    ("log-emptied", "A log that may have been emptied or deleted", "What it told is gone, and its silence is no peace.", &[&HOST]),
    ("log-lines-missing", "Requests that are missing from the web server's log", "Somebody may have taken his own out.", &[&WEB_LOG]),
    ("rogue-dialplan", "Dialplan that an intruder may have left", "Calls take a way that nobody set up, past every route.", &[&DIALPLAN]),
    ("persistence-cron", "A job that brings an intruder back", "It writes anew what was taken away.", &[&JOBS]),
    ("persistence-panel-job", "A job of the panel that an intruder made", "It writes anew what was taken away.", &[&PANEL_TABLES]),
    ("persistence-service", "A service that runs what an intruder left", "It starts again with the host.", &[&JOBS]),
    ("persistence-startup", "A start or login file that runs what an intruder left", "It runs with every start or login.", &[&JOBS]),
    ("persistence-backup-hook", "A hook of the panel's backup", "It runs with every backup or restore.", &[&HOST]),
    ("suspicious-call-file", "A file that makes the server call, by a user that makes none", "It needs no login and no phone.", &[&HOST]),
    ("rogue-ssh-key", "A key that lets in somebody who may be unknown to you", "It works whatever the passwords are.", &[&KEYS]),
    ("unknown-host-user", "A user of the host that an intruder may have made", "Whoever could add one had the rights of root.", &[&USERS]),
    ("unknown-admin", "A panel user that an intruder may have made", "Whoever is in the panel reads every secret.", &[&PANEL_TABLES]),
    ("unknown-manager-user", "A user of the manager interface that an intruder may have made", "He makes the server call.", &[&PANEL_TABLES]),
    ("set-user-program", "A program that runs with its owner's rights", "One of root's makes whoever starts it root.", &[&HOST]),
    // Secrets.
    ("weak-secret", "Secrets that are guessed in little time", "Guessing never stops; a weak secret falls within hours.", &[&CONFIGURATION]),
    ("secret-in-old-copy", "Secrets in force that stand in old copies", "Whoever reads the copy has the secret.", &[&CONFIGURATION]),
    ("secrets-readable-by-all", "Files with secrets that every user of the host may read", "A hole in any program gives them away.", &[&CONFIGURATION]),
    // Phone files.
    ("provisioning-exposed", "Phone files that strangers can fetch", "Each holds a secret in clear.", &[&PHONE_FILES]),
    ("provisioning-leaked", "Phone files that strangers fetched", "The secrets in them are known outside.", &[&FETCHES]),
    ("provisioning-walked", "Somebody asked for one phone file after another", "He looks for the ones that exist.", &[&FETCHES]),
    ("provisioning-softphone-file", "A phone file for a program that needs none", "It holds a secret for nobody's use.", &[&PHONE_FILES]),
    ("provisioning-orphan-file", "A phone file of an account that is gone", "It holds a secret for nobody's use.", &[&PHONE_FILES]),
    ("provisioning-world-readable", "Phone files that every user of the host may read", "A hole in any program gives them away.", &[&PHONE_FILES]),
    ("provisioning-writable", "Phone files that others may write", "Whoever writes one sends the phone where he likes.", &[&PHONE_FILES]),
    // The dialplan.
    ("guests-reach-trunk", "Calls without an account reach a trunk", "Anybody on the Internet calls at the owner's cost.", &[&DIALPLAN]),
    ("dialplan-hole", "Callers from outside reach a trunk", "Whoever calls one of the numbers calls on at the owner's cost.", &[&DIALPLAN]),
    ("disa-without-pin", "A second dial tone without a PIN", "Whoever calls in calls out.", &[&DIALPLAN]),
    ("disa-weak-pin", "A second dial tone with a weak PIN", "Programs try such PINs all night.", &[&DIALPLAN]),
    ("voicemail-dials-out", "Mailboxes that dial out", "Whoever guesses a mailbox's PIN calls at the owner's cost.", &[&DIALPLAN]),
    ("transfer-allowed", "Calls that somebody outside can send on", "A few digits turn an incoming call into an outgoing one.", &[&DIALPLAN]),
    ("route-lets-foreign-out", "A route that lets dear destinations out", "Once inside, an intruder needs no more.", &[&DIALPLAN]),
    ("forward-to-paid-destination", "A forward to a number that costs", "Every call to the extension pays the intruder.", &[&REGISTRATIONS]),
    // Doors and defences.
    ("sip-open-to-all", "The firewall lets everybody speak SIP to the server", "Whoever wants may look for accounts and guess.", &[&FIREWALL]),
    ("manager-open-to-all", "The firewall lets everybody reach the manager interface", "Whoever has a user's secret makes the server call.", &[&FIREWALL]),
    ("tftp-open-to-all", "The firewall lets everybody fetch phone files by TFTP", "TFTP knows no password.", &[&FIREWALL]),
    ("panel-open-to-all", "The firewall lets everybody reach the web panel", "Most large frauds of the last years began there.", &[&FIREWALL]),
    ("open-over-ipv6", "The firewall leaves open over IPv6 what it closes over IPv4", "Rules of one family say nothing of the other.", &[&FIREWALL]),
    ("trunk-network-wide", "A trunk that takes calls from a network wider than any carrier's", "Whoever sends from there counts as the carrier, without any secret.", &[&CONFIGURATION]),
    ("access-list-open", "An access list lets everybody in", "The last rule that matches decides, and it permits all.", &[&ASTERISK]),
    ("access-list-lets-nobody-in", "An access list lets nobody in", "The last rule that matches decides, and it denies all.", &[&ASTERISK]),
    ("access-list-without-ipv6", "An access list closes IPv4 and leaves IPv6 open", "Rules of one family say nothing of the other.", &[&ASTERISK]),
    ("manager-user-from-anywhere", "A manager user who may come from anywhere", "Whoever has the secret makes the server call.", &[&MANAGER]),
    ("security-log-off", "Security events are not logged", "Logins that succeed leave no line, and a blocker is half blind.", &[&LOGGER]),
    ("panel-firewall-off", "The panel's own firewall is switched off", "What it would shut out is open.", &[&PANEL_TABLES]),
    ("panel-firewall-open", "The panel's own firewall lets too many in", "What only one's own networks should reach is open to the Internet.", &[&PANEL_TABLES]),
    ("route-open-at-all-times", "A route whose group of times is empty", "The limit to office hours that somebody meant is none.", &[&PANEL_TABLES]),
    ("time-limit-misread", "A limit of times that Asterisk reads otherwise than it looks", "A route is open, or a night's menu is off, at hours when nobody expects it.", &[&DIALPLAN]),
    ("route-pin-not-asked", "Extensions that are not asked for a route's PIN", "Whoever has the secret of one calls abroad without any PIN.", &[&REGISTRATIONS, &PANEL_TABLES]),
    ("ban-exempts-strangers", "A blocker that never bans some addresses of the Internet", "Whoever sends from there may guess without end.", &[&HOST]),
    ("panel-guard-off", "Modules of the panel that guard it are switched off", "What they watch nobody watches, and an intruder switches them off first.", &[&PANEL_TABLES]),
    ("spending-not-limited", "Nothing limits how many calls go out, or how long they last", "A night's fraud ends when the carrier or the morning ends it.", &[&PANEL_TABLES]),
    ("logs-kept-briefly", "Logs that are kept for a few days", "What came before is gone when the bill comes.", &[&ROTATION]),
    ("trunk-runs-script", "A trunk that runs a script when a call fails", "Few use it, and an intruder's program may stand there.", &[&PANEL_TABLES]),
    ("root-file-writable", "Files of root's that any user may write", "Whoever runs anything on the host is root soon after.", &[&HOST]),
    ("host-user-without-password", "A user of the host without a password", "Whoever names it is in.", &[&USERS]),
    ("server-user-becomes-root", "A server's user who becomes root without a password", "A hole in the panel is then a hole in the host.", &[&USERS]),
    ("vulnerable-module", "Modules of the panel with holes that are known", "Programs look for them all day.", &[&PANEL_TABLES]),
    ("proxy-without-authentication", "The SIP proxy asks nobody for credentials", "Whoever sends a call is let through.", &[&PROXY]),
    ("proxy-without-flood-limit", "The SIP proxy shuts out nobody who floods it", "Guessing runs as fast as the line allows.", &[&PROXY]),
];

pub(super) fn checks() -> impl Iterator<Item = Check> {
    TABLE.iter().map(|(id, title, meaning, needs)| Check {
        id,
        title,
        meaning,
        needs: needs.to_vec(),
        settings: Vec::new(),
        kind: CheckKind::Finding,
    })
}
