//! What a check needs to see before its silence means anything.
//!
//! A check that finds nothing has looked only where there was something to look at. Each [`Need`] says what that
//! is, how a report shows that it was there, and how to get it where it was not, in the words of the program that
//! runs there. What only another program has is not asked for; and where a whole disk was given, what is not on it
//! is not there.

use std::collections::BTreeSet;

use super::Outcome;
use super::products::{Product, products};
use crate::report::model::Report;

/// A kind of evidence that checks rest on.
pub struct Need {
    /// What it is, to follow "needs".
    pub what: &'static str,
    /// Whose it is.
    of: Of,
    /// How to get it: each hint for those that run one of its programs, for everybody where it names none.
    how_to_get_it: &'static [(&'static [Product], &'static str)],
    pub(super) is_there: fn(&Report) -> bool,
}

/// What has a thing.
enum Of {
    /// Every host, or every phone system.
    Any,
    /// One of these programs.
    Programs(&'static [Product]),
    /// A web server.
    WebServer,
    /// Whatever phones take their files from.
    PhoneFiles,
}

const OF_ASTERISK: &[Product] = &[Product::Asterisk, Product::Freepbx];
const OF_FREESWITCH: &[Product] = &[Product::Freeswitch, Product::Fusionpbx];
const OF_PROXIES: &[Product] = &[Product::Kamailio, Product::Opensips];
const OF_PANELS: &[Product] = &[Product::Freepbx, Product::Fusionpbx];

impl Need {
    /// Returns what it means that it is not there.
    pub(super) fn lacking(&self, report: &Report) -> Outcome {
        let here = products(report);
        if let Some(foreign) = self.foreign(&here) {
            return of_others(&foreign, report);
        }
        let absent = match self.of {
            Of::WebServer if !has_web_server(report) => Some("web server"),
            Of::PhoneFiles if !has_kind(report, &["phone-file"]) => Some("phone's file"),
            _ => None,
        };
        if let Some(absent) = absent.filter(|_| report.judged.whole_disk) {
            return Outcome::not_found(format!("no {absent} is on this disk"));
        }
        let hints: Vec<&str> = self
            .how_to_get_it
            .iter()
            .filter(|(of, _)| of.is_empty() || here.is_empty() || of.iter().any(|one| here.contains(one)))
            .map(|(_, hint)| *hint)
            .collect();
        Outcome::not_checked(format!(
            "needs {}, which is not in the evidence. {}",
            self.what,
            hints.join(" ")
        ))
    }

    /// Names the programs that have it, if others are here and none of them.
    fn foreign(&self, here: &BTreeSet<Product>) -> Option<String> {
        let Of::Programs(of) = self.of else { return None };
        is_foreign(of, here).then(|| named(of))
    }
}

/// Returns the programs that read a file of settings; none for one of the host's own.
pub(super) fn readers_of(file: &str) -> &'static [Product] {
    match file {
        "sofia profile" | "event_socket.conf" => OF_FREESWITCH,
        "amportal.conf" => &[Product::Freepbx],
        "sshd_config" => &[],
        _ => OF_ASTERISK,
    }
}

/// Returns whether programs are known to be here, and none of these is among them.
pub(super) fn is_foreign(of: &[Product], here: &BTreeSet<Product>) -> bool {
    !of.is_empty() && !here.is_empty() && !of.iter().any(|one| here.contains(one))
}

/// Names programs.
pub(super) fn named(of: &[Product]) -> String {
    of.iter().map(|product| product.name()).collect::<Vec<_>>().join(" or ")
}

/// Returns what it means that a thing of other programs is not there.
pub(super) fn of_others(programs: &str, report: &Report) -> Outcome {
    if report.judged.whole_disk {
        return Outcome::not_found(format!("there is no {programs} on this disk"));
    }
    let outcome = Outcome::not_checked(format!("it is about {programs}, of which this evidence has nothing"));
    Outcome { is_of_others: true, ..outcome }
}

/// Returns whether the evidence has pages, logs or settings of a web server.
fn has_web_server(report: &Report) -> bool {
    report.judged.pages
        || has_kind(report, &["web-access-log", "web-error-log"])
        || has_path(report, |path| {
            ["etc/apache2/", "etc/httpd/", "etc/nginx/", "etc/lighttpd/", "/var/www/"]
                .iter()
                .any(|known| path.contains(known))
        })
}

fn has_kind(report: &Report, kinds: &[&str]) -> bool {
    report.evidence.iter().any(|row| kinds.contains(&row.kind) && row.duplicate_of.is_none())
}

fn has_path(report: &Report, is: impl Fn(&str) -> bool) -> bool {
    report.evidence.iter().any(|row| is(&row.path))
}

pub(super) static NOTHING: Need =
    Need { what: "nothing", of: Of::Any, how_to_get_it: &[(&[], "It is there always.")], is_there: |_| true };

pub(super) static LOGINS: Need = Need {
    what: "a log that shows logins which succeed",
    of: Of::Any,
    how_to_get_it: &[
        (OF_ASTERISK, "Copy the logs of Asterisk whole (/var/log/asterisk), rotated and packed files too."),
        (
            OF_FREESWITCH,
            "Copy the logs of FreeSWITCH whole (/var/log/freeswitch), rotated and packed files too.",
        ),
        (OF_PROXIES, "Copy the syslog that the proxy writes to, rotated and packed files too."),
    ],
    is_there: |report| report.judged.logins,
};

pub(super) static CALLS: Need = Need {
    what: "records of calls",
    of: Of::Any,
    how_to_get_it: &[
        (
            OF_ASTERISK,
            "Copy the call records: cdr-csv and cdr-custom below /var/log/asterisk, and the table asteriskcdrdb.cdr.",
        ),
        (
            OF_FREESWITCH,
            "Copy the call records: cdr-csv, xml_cdr and json_cdr below /var/log/freeswitch, and the panel's table v_xml_cdr.",
        ),
        (
            OF_PROXIES,
            "Copy the tables acc and missed_calls, and the call records of the gateway behind the proxy.",
        ),
        (&[], "Ask the carrier for its own."),
    ],
    is_there: |report| report.judged.calls,
};

pub(super) static CONFIGURATION: Need = Need {
    what: "the configuration of the accounts",
    of: Of::Any,
    how_to_get_it: &[
        (
            OF_ASTERISK,
            "Copy /etc/asterisk whole, with a dump of the panel's database where there is a panel.",
        ),
        (
            OF_FREESWITCH,
            "Copy /etc/freeswitch whole, with a dump of the panel's database where there is a panel.",
        ),
        (
            &[Product::Kamailio],
            "Copy /etc/kamailio whole, with a dump of its tables (subscriber, address, dispatcher).",
        ),
        (
            &[Product::Opensips],
            "Copy /etc/opensips whole, with a dump of its tables (subscriber, address, dispatcher).",
        ),
    ],
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
    of: Of::Programs(OF_ASTERISK),
    how_to_get_it: &[(&[], "Copy the files extensions*.conf of /etc/asterisk, with all that they include.")],
    is_there: |report| report.judged.dialplan,
};

pub(super) static ASTERISK: Need = Need {
    what: "the configuration of Asterisk",
    of: Of::Programs(OF_ASTERISK),
    how_to_get_it: &[(&[], "Copy /etc/asterisk whole.")],
    is_there: |report| has_kind(report, &["configuration"]),
};

pub(super) static FREESWITCH: Need = Need {
    what: "the log and the call records of FreeSWITCH",
    of: Of::Programs(OF_FREESWITCH),
    how_to_get_it: &[(&[], "Copy /var/log/freeswitch whole, with cdr-csv, xml_cdr and json_cdr.")],
    is_there: |report| has_kind(report, &["freeswitch-log", "freeswitch-call-records"]),
};

pub(super) static FREESWITCH_DATABASE: Need = Need {
    what: "the databases of FreeSWITCH",
    of: Of::Programs(OF_FREESWITCH),
    how_to_get_it: &[(&[], "Copy /var/lib/freeswitch/db, or run `sqlite3` on a copy of sofia_reg_*.db.")],
    is_there: |report| has_kind(report, &["freeswitch-database"]),
};

pub(super) static PROXY: Need = Need {
    what: "the routing script of the SIP proxy",
    of: Of::Programs(OF_PROXIES),
    how_to_get_it: &[
        (&[Product::Kamailio], "Copy /etc/kamailio whole."),
        (&[Product::Opensips], "Copy /etc/opensips whole."),
    ],
    is_there: |report| has_kind(report, &["proxy-configuration"]),
};

pub(super) static LOGGER: Need = Need {
    what: "logger.conf",
    of: Of::Programs(OF_ASTERISK),
    how_to_get_it: &[(&[], "Copy /etc/asterisk/logger.conf with the files that it includes.")],
    is_there: |report| has_path(report, |path| path.contains("logger") && path.ends_with(".conf")),
};

pub(super) static MANAGER: Need = Need {
    what: "manager.conf",
    of: Of::Programs(OF_ASTERISK),
    how_to_get_it: &[(&[], "Copy /etc/asterisk/manager.conf with the files that it includes.")],
    is_there: |report| report.settings.looked_at.contains(&"manager.conf"),
};

pub(super) static FIREWALL: Need = Need {
    what: "the saved rules of the firewall",
    of: Of::Any,
    how_to_get_it: &[(
        &[],
        "Save them: `nft list ruleset`, `iptables-save` and `ip6tables-save`, or copy /etc/nftables.conf, /etc/iptables, /etc/firewalld.",
    )],
    is_there: |report| report.judged.firewall,
};

pub(super) static REGISTRATIONS: Need = Need {
    what: "the server's own database of registrations",
    of: Of::Any,
    how_to_get_it: &[
        (
            OF_ASTERISK,
            "Copy astdb.sqlite3, or save `asterisk -rx \"database show registrar\"` and `pjsip show contacts`.",
        ),
        (
            OF_FREESWITCH,
            "Copy /var/lib/freeswitch/db, or save `fs_cli -x \"sofia status profile internal reg\"`.",
        ),
        (&[Product::Kamailio], "Copy the table location, or save `kamcmd ul.dump`."),
        (&[Product::Opensips], "Copy the table location, or save `opensips-cli -x mi ul_dump`."),
    ],
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
    of: Of::Any,
    how_to_get_it: &[
        (OF_ASTERISK, "Save it while the server runs: `asterisk -rx \"core show channels concise\"`."),
        (OF_FREESWITCH, "Save it while the server runs: `fs_cli -x \"show channels\"`."),
        (
            &[Product::Kamailio],
            "Save it while the server runs: `kamcmd dlg.list`, where its dialog module is loaded.",
        ),
        (
            &[Product::Opensips],
            "Save it while the server runs: `opensips-cli -x mi dlg_list`, where its dialog module is loaded.",
        ),
    ],
    is_there: |report| report.judged.channels,
};

pub(super) static CONNECTIONS: Need = Need {
    what: "a list of the host's connections",
    of: Of::Any,
    how_to_get_it: &[(&[], "Save it while the server runs, beside the copy of its files: `ss -anp`.")],
    is_there: |report| has_kind(report, &["connection-list"]),
};

pub(super) static HISTORIES: Need = Need {
    what: "the histories of the host's shells",
    of: Of::Any,
    how_to_get_it: &[(&[], "Copy .bash_history and .mysql_history of root, asterisk and every user.")],
    is_there: |report| has_kind(report, &["shell-history"]),
};

pub(super) static PHONE_FILES: Need = Need {
    what: "the files that phones take their settings from",
    of: Of::PhoneFiles,
    how_to_get_it: &[(
        &[],
        "Copy /tftpboot, /srv/tftp and the folder that the web server hands phone files out of, with their modes.",
    )],
    is_there: |report| has_kind(report, &["phone-file"]),
};

pub(super) static FETCHES: Need = Need {
    what: "a log of fetched files",
    of: Of::Any,
    how_to_get_it: &[(
        &[],
        "Copy /var/log/syslog or /var/log/messages with their rotations, and the logs of the web server that hands out phone files.",
    )],
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
    of: Of::WebServer,
    how_to_get_it: &[(
        &[],
        "Copy /var/log/httpd, /var/log/apache2 or /var/log/nginx whole, rotated files too.",
    )],
    is_there: |report| has_kind(report, &["web-access-log"]),
};

pub(super) static PAGES: Need = Need {
    what: "the pages of the web server",
    of: Of::WebServer,
    how_to_get_it: &[(&[], "Copy /var/www whole, with the times and owners of its files.")],
    is_there: |report| report.judged.pages,
};

pub(super) static MODULES: Need = Need {
    what: "the signatures of the panel's modules",
    of: Of::Programs(&[Product::Freepbx]),
    how_to_get_it: &[(&[], "Copy /var/www/html/admin/modules whole, with each module.sig and module.xml.")],
    is_there: |report| report.judged.pages && has_path(report, |path| path.ends_with("/module.sig")),
};

pub(super) static PANEL_TABLES: Need = Need {
    what: "the tables of the panel's database",
    of: Of::Programs(OF_PANELS),
    how_to_get_it: &[
        (
            &[Product::Freepbx],
            "Dump them: `mysqldump --single-transaction asterisk`, or copy /var/lib/mysql.",
        ),
        (&[Product::Fusionpbx], "Dump them: `pg_dump fusionpbx`."),
    ],
    is_there: |report| report.judged.panel_tables,
};

pub(super) static JOBS: Need = Need {
    what: "the files of what runs by itself",
    of: Of::Any,
    how_to_get_it: &[(
        &[],
        "Copy /etc/crontab, /etc/cron.*, /var/spool/cron, /etc/systemd/system, /etc/rc.local and the login files of every user.",
    )],
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
    of: Of::Any,
    how_to_get_it: &[(&[], "Copy .ssh/authorized_keys of root and of every user.")],
    is_there: |report| has_path(report, |path| path.contains("authorized_keys")),
};

pub(super) static USERS: Need = Need {
    what: "the list of the host's users",
    of: Of::Any,
    how_to_get_it: &[(&[], "Copy /etc/passwd, /etc/shadow and /etc/sudoers.")],
    is_there: |report| has_path(report, |path| path.ends_with("etc/passwd") || path.ends_with("etc/shadow")),
};

pub(super) static ROTATION: Need = Need {
    what: "the settings by which logs are rotated",
    of: Of::Any,
    how_to_get_it: &[(&[], "Copy /etc/logrotate.conf and /etc/logrotate.d.")],
    is_there: |report| has_path(report, |path| path.contains("etc/logrotate.")),
};

pub(super) static HOST: Need = Need {
    what: "the host's own files",
    of: Of::Any,
    how_to_get_it: &[(
        &[],
        "Give the whole disk, or a copy that kept modes and times (`tar --xattrs -cpf`).",
    )],
    is_there: |report| has_kind(report, &["host-artifact"]),
};
