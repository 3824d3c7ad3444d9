//! What a check needs to see before its silence means anything.
//!
//! A check that finds nothing has looked only where there was something to look at. Each [`Need`] says what that
//! is, how a report shows that it was there, and how to get it where it was not.

use crate::report::model::Report;

/// A kind of evidence that checks rest on.
pub struct Need {
    /// What it is, to follow "needs".
    pub what: &'static str,
    /// How to get it.
    pub how_to_get_it: &'static str,
    pub(super) is_there: fn(&Report) -> bool,
}

fn has_kind(report: &Report, kinds: &[&str]) -> bool {
    report.evidence.iter().any(|row| kinds.contains(&row.kind) && row.duplicate_of.is_none())
}

fn has_path(report: &Report, is: impl Fn(&str) -> bool) -> bool {
    report.evidence.iter().any(|row| is(&row.path))
}

pub(super) static NOTHING: Need =
    Need { what: "nothing", how_to_get_it: "It is there always.", is_there: |_| true };

pub(super) static LOGINS: Need = Need {
    what: "a log that shows logins which succeed",
    how_to_get_it: "Copy the phone server's logs whole, rotated and packed files too (/var/log/asterisk, /var/log/freeswitch, the syslog of a proxy).",
    is_there: |report| report.judged.logins,
};

pub(super) static CALLS: Need = Need {
    what: "records of calls",
    how_to_get_it: "Copy the call records: cdr-csv and cdr-custom, the table asteriskcdrdb.cdr, or the records of the panel; ask the carrier for its own.",
    is_there: |report| report.judged.calls,
};

pub(super) static CONFIGURATION: Need = Need {
    what: "the configuration of the accounts",
    how_to_get_it: "Copy /etc/asterisk, /etc/freeswitch or the proxy's tables whole, with a dump of the panel's database.",
    is_there: |report| {
        has_kind(
            report,
            &[
                "configuration",
                "freeswitch-configuration",
                "sip-proxy-database",
                "sip-proxy-text-table",
                "panel-database",
                "panel-file",
                "phone-file",
                "sql-dump",
                "mariadb-table",
            ],
        )
    },
};

pub(super) static DIALPLAN: Need = Need {
    what: "the dialplan",
    how_to_get_it: "Copy the files extensions*.conf of /etc/asterisk, with all that they include.",
    is_there: |report| report.judged.dialplan,
};

pub(super) static ASTERISK: Need = Need {
    what: "the configuration of Asterisk",
    how_to_get_it: "Copy /etc/asterisk whole.",
    is_there: |report| has_kind(report, &["configuration"]),
};

pub(super) static FREESWITCH: Need = Need {
    what: "the log and the call records of FreeSWITCH",
    how_to_get_it: "Copy /var/log/freeswitch whole, with cdr-csv, xml_cdr and json_cdr.",
    is_there: |report| has_kind(report, &["freeswitch-log", "freeswitch-call-records"]),
};

pub(super) static FREESWITCH_DATABASE: Need = Need {
    what: "the databases of FreeSWITCH",
    how_to_get_it: "Copy /var/lib/freeswitch/db, or run `sqlite3` on a copy of sofia_reg_*.db.",
    is_there: |report| has_kind(report, &["freeswitch-database"]),
};

pub(super) static PROXY: Need = Need {
    what: "the routing script of the SIP proxy",
    how_to_get_it: "Copy /etc/kamailio or /etc/opensips whole.",
    is_there: |report| has_kind(report, &["proxy-configuration"]),
};

pub(super) static LOGGER: Need = Need {
    what: "logger.conf",
    how_to_get_it: "Copy /etc/asterisk/logger.conf with the files that it includes.",
    is_there: |report| has_path(report, |path| path.contains("logger") && path.ends_with(".conf")),
};

pub(super) static MANAGER: Need = Need {
    what: "manager.conf",
    how_to_get_it: "Copy /etc/asterisk/manager.conf with the files that it includes.",
    is_there: |report| report.settings.looked_at.contains(&"manager.conf"),
};

pub(super) static FIREWALL: Need = Need {
    what: "the saved rules of the firewall",
    how_to_get_it: "Save them: `nft list ruleset`, `iptables-save` and `ip6tables-save`, or copy /etc/nftables.conf, /etc/iptables, /etc/firewalld.",
    is_there: |report| report.judged.firewall,
};

pub(super) static REGISTRATIONS: Need = Need {
    what: "the server's own database of registrations",
    how_to_get_it: "Copy astdb.sqlite3, or save `asterisk -rx \"database show registrar\"`, `pjsip show contacts` or `sofia status profile internal reg`.",
    is_there: |report| {
        has_kind(
            report,
            &[
                "asterisk-database",
                "freeswitch-database",
                "sip-proxy-database",
                "sip-proxy-text-table",
                "saved-output",
            ],
        )
    },
};

pub(super) static CHANNELS: Need = Need {
    what: "a list of the calls that were up",
    how_to_get_it: "Save it while the server runs: `asterisk -rx \"core show channels concise\"`, or `fs_cli -x \"show channels\"`.",
    is_there: |report| report.judged.channels,
};

pub(super) static HISTORIES: Need = Need {
    what: "the histories of the host's shells",
    how_to_get_it: "Copy .bash_history and .mysql_history of root, asterisk and every user.",
    is_there: |report| has_kind(report, &["shell-history"]),
};

pub(super) static PHONE_FILES: Need = Need {
    what: "the files that phones take their settings from",
    how_to_get_it: "Copy /tftpboot, /srv/tftp and the folder that the web server hands phone files out of, with their modes.",
    is_there: |report| has_kind(report, &["phone-file"]),
};

pub(super) static FETCHES: Need = Need {
    what: "a log of fetched files",
    how_to_get_it: "Copy /var/log/syslog or /var/log/messages with their rotations, and the logs of the web server that hands out phone files.",
    is_there: |report| {
        has_kind(
            report,
            &[
                "web-access-log",
                "syslog",
                "tftp-log",
                "transfer-log",
                "vsftpd-log",
                "journal",
                "journal-export",
                "journal-json",
            ],
        )
    },
};

pub(super) static WEB_LOG: Need = Need {
    what: "an access log of the web server",
    how_to_get_it: "Copy /var/log/httpd, /var/log/apache2 or /var/log/nginx whole, rotated files too.",
    is_there: |report| has_kind(report, &["web-access-log"]),
};

pub(super) static PAGES: Need = Need {
    what: "the pages of the web server",
    how_to_get_it: "Copy /var/www whole, with the times and owners of its files.",
    is_there: |report| report.judged.pages,
};

pub(super) static MODULES: Need = Need {
    what: "the signatures of the panel's modules",
    how_to_get_it: "Copy /var/www/html/admin/modules whole, with each module.sig and module.xml.",
    is_there: |report| report.judged.pages && has_path(report, |path| path.ends_with("/module.sig")),
};

pub(super) static PANEL_TABLES: Need = Need {
    what: "the tables of the panel's database",
    how_to_get_it: "Dump them: `mysqldump --single-transaction asterisk`, or copy /var/lib/mysql.",
    is_there: |report| report.judged.panel_tables,
};

pub(super) static JOBS: Need = Need {
    what: "the files of what runs by itself",
    how_to_get_it: "Copy /etc/crontab, /etc/cron.*, /var/spool/cron, /etc/systemd/system, /etc/rc.local and the login files of every user.",
    is_there: |report| {
        has_path(report, |path| {
            ["etc/cron", "var/spool/cron", "etc/systemd/system", "etc/rc.local"]
                .iter()
                .any(|known| path.contains(known))
        })
    },
};

pub(super) static KEYS: Need = Need {
    what: "the keys that let users in",
    how_to_get_it: "Copy .ssh/authorized_keys of root and of every user.",
    is_there: |report| has_path(report, |path| path.contains("authorized_keys")),
};

pub(super) static USERS: Need = Need {
    what: "the list of the host's users",
    how_to_get_it: "Copy /etc/passwd, /etc/shadow and /etc/sudoers.",
    is_there: |report| has_path(report, |path| path.ends_with("etc/passwd") || path.ends_with("etc/shadow")),
};

pub(super) static HOST: Need = Need {
    what: "the host's own files",
    how_to_get_it: "Give the whole disk, or a copy that kept modes and times (`tar --xattrs -cpf`).",
    is_there: |report| has_kind(report, &["host-artifact"]),
};
