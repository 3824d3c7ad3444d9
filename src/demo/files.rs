//! The files of the demo's evidence, in order of path.
//!
//! A test compares this table with the folder it names, links included. A link holds its target:
//! embedding it as a file would take in whatever the building machine has in that place.

use crate::evidence::MemoryFile;

macro_rules! file {
    ($path:literal) => {
        MemoryFile {
            path: $path,
            bytes: include_bytes!(concat!("../../testdata/pbx/bruteforce/root/", $path)),
            is_link: false,
        }
    };
}

macro_rules! link {
    ($path:literal, $target:literal) => {
        MemoryFile { path: $path, bytes: $target, is_link: true }
    };
}

/// A copy of an Asterisk server whose extension was guessed, scanned for weeks before.
pub(super) static FILES: &[MemoryFile] = &[
    file!("etc/asterisk/acl.conf"),
    file!("etc/asterisk/asterisk.conf"),
    file!("etc/asterisk/ccss.conf"),
    file!("etc/asterisk/cdr.conf"),
    file!("etc/asterisk/cdr_custom.conf"),
    file!("etc/asterisk/cel.conf"),
    file!("etc/asterisk/cel_custom.conf"),
    file!("etc/asterisk/cli_aliases.conf"),
    file!("etc/asterisk/extensions.conf"),
    file!("etc/asterisk/extensions_additional.conf"),
    file!("etc/asterisk/features.conf"),
    file!("etc/asterisk/http.conf"),
    file!("etc/asterisk/iax.conf"),
    file!("etc/asterisk/indications.conf"),
    file!("etc/asterisk/logger.conf"),
    file!("etc/asterisk/logger_general_additional.conf"),
    file!("etc/asterisk/logger_general_custom.conf"),
    file!("etc/asterisk/logger_logfiles_additional.conf"),
    file!("etc/asterisk/logger_logfiles_custom.conf"),
    file!("etc/asterisk/manager.conf"),
    file!("etc/asterisk/modules.conf"),
    file!("etc/asterisk/musiconhold.conf"),
    file!("etc/asterisk/queues.conf"),
    file!("etc/asterisk/rtp.conf"),
    file!("etc/asterisk/sip.conf"),
    file!("etc/asterisk/sip_additional.conf"),
    file!("etc/asterisk/sip_custom.conf"),
    file!("etc/asterisk/sip_general_additional.conf"),
    file!("etc/asterisk/sip_general_custom.conf"),
    file!("etc/asterisk/sip_notify.conf"),
    file!("etc/asterisk/stasis.conf"),
    file!("etc/asterisk/udptl.conf"),
    file!("etc/asterisk/voicemail.conf"),
    file!("etc/hostname"),
    link!("etc/localtime", b"/usr/share/zoneinfo/Europe/Madrid"),
    file!("etc/timezone"),
    file!("var/lib/asterisk/astdb.sqlite3"),
    file!("var/log/asterisk/cdr-csv/Master.csv"),
    file!("var/log/asterisk/cdr-custom/Master.csv"),
    file!("var/log/asterisk/cel-custom/Master.csv"),
    file!("var/log/asterisk/full"),
    file!("var/log/asterisk/messages"),
    file!("var/log/asterisk/queue_log"),
    file!("var/log/asterisk/security"),
];
