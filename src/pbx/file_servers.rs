//! The servers that phones fetch their files from, and whether their configuration lets them log it.
//!
//! `in.tftpd` writes a line for a request only with `--verbose`, which neither Debian nor FreePBX 17 gives
//! it; vsftpd writes transfers only with `xferlog_enable`, which is off unless the file says so; dnsmasq
//! keeps `quiet-tftp`. Where a server is silent, no line is no proof that nobody asked.

use super::model::{FileServer, Pbx};
use super::serving::settings::{is_set, switch, value};
use crate::event::Service;
use crate::evidence::{Evidence, Source};

/// A configuration file of a file server, by the end of its path.
struct Known {
    path: &'static str,
    name: &'static str,
    service: Service,
    /// Tells whether requests are logged; `None` where the file does not switch the server on.
    logs: fn(&str) -> Option<bool>,
    /// What to set so that they are.
    remedy: &'static str,
}

const KNOWN: [Known; 8] = [
    Known {
        path: "etc/default/tftpd-hpa",
        name: "in.tftpd",
        service: Service::Tftp,
        logs: |text| Some(is_verbose(&value(text, "TFTP_OPTIONS")?)),
        remedy: "add `--verbose --verbose` to TFTP_OPTIONS",
    },
    Known {
        path: "etc/xinetd.d/tftp",
        name: "in.tftpd under xinetd",
        service: Service::Tftp,
        logs: |text| {
            let is_off = value(text, "disable").is_some_and(|value| value == "yes");
            (!is_off).then(|| is_verbose(&value(text, "server_args").unwrap_or_default()))
        },
        remedy: "add `-vv` to server_args",
    },
    Known {
        path: "etc/systemd/system/tftp.service",
        name: "in.tftpd",
        service: Service::Tftp,
        logs: |text| Some(is_verbose(&value(text, "ExecStart")?)),
        remedy: "add `--verbose --verbose` to ExecStart",
    },
    Known {
        path: "lib/systemd/system/tftp.service",
        name: "in.tftpd",
        service: Service::Tftp,
        logs: |text| Some(is_verbose(&value(text, "ExecStart")?)),
        remedy: "add `--verbose --verbose` to ExecStart",
    },
    Known {
        path: "etc/dnsmasq.conf",
        name: "dnsmasq",
        service: Service::Tftp,
        logs: |text| is_set(text, "enable-tftp").then(|| !is_set(text, "quiet-tftp")),
        remedy: "take `quiet-tftp` out",
    },
    Known {
        path: "etc/vsftpd.conf",
        name: "vsftpd",
        service: Service::Ftp,
        logs: |text| Some(switch(text, "xferlog_enable") == Some(true)),
        remedy: "set xferlog_enable=YES and dual_log_enable=YES",
    },
    Known {
        path: "etc/vsftpd/vsftpd.conf",
        name: "vsftpd",
        service: Service::Ftp,
        logs: |text| Some(switch(text, "xferlog_enable") == Some(true)),
        remedy: "set xferlog_enable=YES and dual_log_enable=YES",
    },
    Known {
        path: "etc/default/atftpd",
        name: "atftpd",
        service: Service::Tftp,
        // Its usual verbosity of five tells every request, whether the file is there or not.
        logs: |text| {
            let options = value(text, "OPTIONS")?;
            let verbosity = options.split_once("--verbose=").and_then(|(_, rest)| rest.chars().next());
            Some(verbosity.is_none_or(|digit| digit >= '5'))
        },
        remedy: "set `--verbose=7`",
    },
];

/// The configuration of a file server is a page; more of a file is not looked at.
const LARGEST: usize = 64 * 1024;

/// Returns whether a path is that of a file server's configuration.
pub fn is_file_server(path: &str) -> bool {
    KNOWN.iter().any(|known| crate::evidence::ends_with_path(path, known.path))
}

/// Reads the configuration of every file server of the evidence.
pub(super) fn read_all(evidence: &Evidence, pbx: &mut Pbx) {
    for known in &KNOWN {
        let Some(source) = evidence.source_ending("", known.path) else { continue };
        let Some(logs_requests) = (known.logs)(&text_of(evidence, source)) else { continue };
        pbx.file_servers.push(FileServer {
            name: known.name,
            service: known.service,
            path: source.file.path.clone(),
            logs_requests,
            remedy: known.remedy,
        });
    }
}

fn text_of(evidence: &Evidence, source: &Source) -> String {
    let bytes = evidence.read_small(source, LARGEST).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Returns whether options of `in.tftpd` make it log requests: `-v`, `-svv`, `--verbose`, `--verbosity 1`.
fn is_verbose(options: &str) -> bool {
    let mut words = options.split_whitespace().peekable();
    while let Some(word) = words.next() {
        let is_short = word.starts_with('-') && !word.starts_with("--") && word.contains('v');
        let is_level = word == "--verbosity" && words.peek().is_some_and(|level| *level != "0");
        if is_short || is_level || word == "--verbose" || word.starts_with("--verbosity=") {
            return word != "--verbosity=0";
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logs(path: &str, text: &str) -> Option<bool> {
        let known = KNOWN.iter().find(|known| known.path == path).expect("a known file");
        (known.logs)(text)
    }

    #[test]
    fn silence_is_told_from_logging() {
        let debian = "# /etc/default/tftpd-hpa\nTFTP_USERNAME=\"tftp\"\nTFTP_OPTIONS=\"--secure\"\n";
        assert_eq!(logs("etc/default/tftpd-hpa", debian), Some(false));
        assert_eq!(logs("etc/default/tftpd-hpa", "TFTP_OPTIONS=\"--secure -v\"\n"), Some(true));
        assert_eq!(logs("etc/default/tftpd-hpa", "TFTP_OPTIONS='--verbosity 0 -s'\n"), Some(false));
        assert_eq!(logs("etc/default/tftpd-hpa", ""), None);
        let issabel = "service tftp\n{\n disable = no\n server_args = -s -vv /tftpboot\n}\n";
        assert_eq!(logs("etc/xinetd.d/tftp", issabel), Some(true));
        assert_eq!(logs("etc/xinetd.d/tftp", "disable = yes\nserver_args = -s /tftpboot"), None);
        assert_eq!(logs("etc/dnsmasq.conf", "#enable-tftp\n"), None);
        assert_eq!(logs("etc/dnsmasq.conf", "enable-tftp\nquiet-tftp\n"), Some(false));
        assert_eq!(logs("etc/vsftpd.conf", "#xferlog_enable=YES\nlisten=YES\n"), Some(false));
        assert_eq!(logs("etc/vsftpd.conf", "xferlog_enable=YES\n"), Some(true));
        assert_eq!(
            logs("etc/default/atftpd", "OPTIONS=\"--tftpd-timeout 300 --verbose=3 /srv/tftp\"\n"),
            Some(false)
        );
    }
}
