//! What an entry says was done, and by which service.

use serde::{Deserialize, Serialize};

/// What happened, in the words of the timeline's `action` column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// A request that looks for a service or an account and carries no secret.
    Probe,
    /// One server or phone asked another whether it is alive.
    KeepAlive,
    /// The server asked for credentials. Every honest call starts so: never a failure.
    Challenge,
    /// A secret, a name or an access list did not hold.
    AuthFailed,
    /// Credentials were accepted, for a registration or for one call.
    AuthOk,
    /// A contact was bound to an account.
    Registered,
    /// A contact was taken off an account, by request, expiry or eviction.
    Unregistered,
    /// A call entered the dialplan.
    CallAttempt,
    /// A call was turned away before it reached the dialplan, or by it.
    CallRejected,
    /// One finished call record.
    Call,
    /// A call as the carrier recorded and billed it.
    CarrierRecord,
    /// One step of the dialplan.
    Dialplan,
    /// The dialplan called out to a channel.
    Dialed,
    /// A called channel answered.
    Answered,
    /// A channel left the dialplan.
    HungUp,
    /// The far end of a call's audio became known.
    Media,
    /// A manager session was accepted.
    ManagerLogin,
    /// A manager session ended.
    ManagerLogoff,
    /// A provisioning or other file was asked for.
    FileFetched,
    /// A client put a file onto the server, or tried to.
    FileWritten,
    /// A file was asked for and is not there.
    FileMissing,
    /// A request to the web server.
    WebRequest,
    /// The web server could not do what a client asked; its request is told by the access log.
    WebError,
    /// A blocker banned an address.
    Banned,
    /// A blocker lifted a ban.
    Unbanned,
    /// A blocker counted a failure.
    Noticed,
    /// A phone answers the server's keep-alive again.
    Reachable,
    /// A phone stopped answering the server's keep-alive.
    Unreachable,
    /// The user agent of a phone was noted.
    UserAgent,
    /// Something happened in a queue.
    Queue,
    /// The server started, stopped or reopened its logs.
    Server,
    /// A record that the server did not write as it stands: text that a stranger sent, printed by it.
    Forged,
    /// Somebody ran a command on the host.
    Command,
    /// A user or group of the host was made, changed or removed.
    HostAccount,
    /// A package or module was installed, replaced or removed.
    Installed,
    /// A client opened a session with a file server.
    Connected,
    /// Lines were thrown away before they were written.
    LinesLost,
}

impl Action {
    /// Every action, in the order in which they are declared.
    pub const ALL: [Action; 37] = [
        Action::Probe,
        Action::KeepAlive,
        Action::Challenge,
        Action::AuthFailed,
        Action::AuthOk,
        Action::Registered,
        Action::Unregistered,
        Action::CallAttempt,
        Action::CallRejected,
        Action::Call,
        Action::CarrierRecord,
        Action::Dialplan,
        Action::Dialed,
        Action::Answered,
        Action::HungUp,
        Action::Media,
        Action::ManagerLogin,
        Action::ManagerLogoff,
        Action::FileFetched,
        Action::FileWritten,
        Action::FileMissing,
        Action::WebRequest,
        Action::WebError,
        Action::Banned,
        Action::Unbanned,
        Action::Noticed,
        Action::Reachable,
        Action::Unreachable,
        Action::UserAgent,
        Action::Queue,
        Action::Server,
        Action::Forged,
        Action::Command,
        Action::HostAccount,
        Action::Installed,
        Action::Connected,
        Action::LinesLost,
    ];

    /// Returns the word used in every output.
    pub fn word(self) -> &'static str {
        match self {
            Action::Probe => "probe",
            Action::KeepAlive => "keep-alive",
            Action::Challenge => "challenge",
            Action::AuthFailed => "auth-failed",
            Action::AuthOk => "auth-ok",
            Action::Registered => "registered",
            Action::Unregistered => "unregistered",
            Action::CallAttempt => "call-attempt",
            Action::CallRejected => "call-rejected",
            Action::Call => "call",
            Action::CarrierRecord => "carrier-record",
            Action::Dialplan => "dialplan",
            Action::Dialed => "dialed",
            Action::Answered => "answered",
            Action::HungUp => "hung-up",
            Action::Media => "media",
            Action::ManagerLogin => "manager-login",
            Action::ManagerLogoff => "manager-logoff",
            Action::FileFetched => "file-fetched",
            Action::FileWritten => "file-written",
            Action::FileMissing => "file-missing",
            Action::WebRequest => "web-request",
            Action::WebError => "web-error",
            Action::Banned => "banned",
            Action::Unbanned => "unbanned",
            Action::Noticed => "noticed",
            Action::Reachable => "reachable",
            Action::Unreachable => "unreachable",
            Action::UserAgent => "user-agent",
            Action::Queue => "queue",
            Action::Server => "server",
            Action::Forged => "forged",
            Action::Command => "command",
            Action::HostAccount => "host-account",
            Action::Installed => "installed",
            Action::Connected => "connected",
            Action::LinesLost => "lines-lost",
        }
    }
}

/// The part of the server that an entry speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Service {
    /// `chan_sip`, or the SIP service of a security event.
    Sip,
    /// `chan_pjsip` and `res_pjsip`.
    Pjsip,
    /// `chan_iax2`.
    Iax2,
    /// The manager interface (AMI), over TCP or HTTP.
    Manager,
    /// Dialplan, bridging, RTP and the rest of Asterisk.
    Core,
    /// A TFTP server.
    Tftp,
    /// fail2ban.
    Fail2ban,
    /// The queue log.
    Queue,
    /// Call detail records.
    Cdr,
    /// Channel event logging.
    Cel,
    /// `mod_sofia` of FreeSWITCH: registrations, and who may call.
    Sofia,
    /// The rest of FreeSWITCH.
    FreeSwitch,
    /// A web server.
    Web,
    /// An FTP server.
    Ftp,
    /// The secure shell's server.
    Ssh,
    /// The web panel of the phone system.
    Panel,
    /// The host itself: consoles, `sudo`, its users, its packages.
    Host,
    /// Kamailio, its routing script and its tables.
    Kamailio,
    /// OpenSIPS, its routing script and its tables.
    Opensips,
    /// SIP as captured on the wire.
    Capture,
}

impl Service {
    /// Returns the word used in every output.
    pub fn word(self) -> &'static str {
        match self {
            Service::Sip => "sip",
            Service::Pjsip => "pjsip",
            Service::Iax2 => "iax2",
            Service::Manager => "manager",
            Service::Core => "asterisk",
            Service::Tftp => "tftp",
            Service::Fail2ban => "fail2ban",
            Service::Queue => "queue",
            Service::Cdr => "cdr",
            Service::Cel => "cel",
            Service::Sofia => "sofia",
            Service::FreeSwitch => "freeswitch",
            Service::Web => "web",
            Service::Ftp => "ftp",
            Service::Ssh => "ssh",
            Service::Panel => "panel",
            Service::Host => "host",
            Service::Kamailio => "kamailio",
            Service::Opensips => "opensips",
            Service::Capture => "capture",
        }
    }

    /// Returns whether it is of the host and not of the phone system: its accounts are no extensions, and
    /// who fails there tried nothing on the phones.
    pub fn is_of_host(self) -> bool {
        matches!(self, Service::Web | Service::Ftp | Service::Ssh | Service::Panel | Service::Host)
    }

    /// Returns whether it is a SIP proxy, which tells calls by transactions.
    pub fn is_proxy(self) -> bool {
        matches!(self, Service::Kamailio | Service::Opensips)
    }
}
