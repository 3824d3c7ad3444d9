//! Which files are configuration of Asterisk.
//!
//! Known are the names of Asterisk's samples and of what FreePBX generates; in a folder named
//! `asterisk` every file whose text is in the language counts, since includes may have any name. Other
//! programs have `.conf` files with sections too: fail2ban ships a filter named `asterisk.conf`.

use super::directory::split;
use super::language::Comments;

/// The files of `/etc/asterisk` in Asterisk 1.4 to 22, without `.conf`.
const NAMES: &[&str] = &[
    "acl",
    "adsi",
    "aeap",
    "agents",
    "alarmreceiver",
    "alsa",
    "amd",
    "app_mysql",
    "app_skel",
    "ari",
    "ast_debug_tools",
    "asterisk",
    "calendar",
    "ccss",
    "cdr",
    "cdr_adaptive_odbc",
    "cdr_beanstalkd",
    "cdr_custom",
    "cdr_manager",
    "cdr_mysql",
    "cdr_odbc",
    "cdr_pgsql",
    "cdr_sqlite3_custom",
    "cdr_syslog",
    "cdr_tds",
    "cel",
    "cel_beanstalkd",
    "cel_custom",
    "cel_odbc",
    "cel_pgsql",
    "cel_sqlite3_custom",
    "cel_tds",
    "chan_dahdi",
    "chan_mobile",
    "cli",
    "cli_aliases",
    "cli_permissions",
    "codecs",
    "confbridge",
    "config_test",
    "console",
    "dbsep",
    "dnsmgr",
    "dsp",
    "dundi",
    "enum",
    "extconfig",
    "extensions",
    "extensions_minivm",
    "features",
    "festival",
    "followme",
    "func_odbc",
    "geolocation",
    "gtalk",
    "h323",
    "hep",
    "http",
    "iax",
    "iaxprov",
    "indications",
    "jabber",
    "jingle",
    "logger",
    "manager",
    "meetme",
    "mgcp",
    "minivm",
    "misdn",
    "modules",
    "motif",
    "musiconhold",
    "muted",
    "ooh323",
    "osp",
    "oss",
    "phone",
    "phoneprov",
    "pjproject",
    "pjsip",
    "pjsip_notify",
    "pjsip_wizard",
    "prometheus",
    "queuerules",
    "queues",
    "res_config_mysql",
    "res_config_odbc",
    "res_config_sqlite",
    "res_config_sqlite3",
    "res_corosync",
    "res_curl",
    "res_fax",
    "res_http_media_cache",
    "res_ldap",
    "res_mysql",
    "res_odbc",
    "res_parking",
    "res_pgsql",
    "res_pktccops",
    "res_snmp",
    "res_stun_monitor",
    "resolver_unbound",
    "rtp",
    "say",
    "sip",
    "sip_notify",
    "sip_nat",
    "sip_registrations",
    "iax_registrations",
    "skinny",
    "sla",
    "smdi",
    "sorcery",
    "ss7.timers",
    "stasis",
    "statsd",
    "stir_shaken",
    "telcordia-1",
    "test_sorcery",
    "udptl",
    "unistim",
    "users",
    "voicemail",
    "vpb",
    "websocket_client",
    "xmpp",
    "zapata",
    "localprefixes",
    "freepbx_module_admin",
];

/// Sections of other programs whose files bear a name that Asterisk knows too.
const FOREIGN_SECTIONS: &[&[u8]] =
    &[b"definition", b"includes", b"init", b"program:asterisk", b"unit", b"mysqld"];

/// Returns whether a file is a configuration file of Asterisk.
pub fn is_configuration(path: &str, head: &[u8]) -> bool {
    let (folder, name) = split(path);
    let in_home =
        folder == "etc/asterisk" || folder.ends_with("/etc/asterisk") || folder.contains("etc/asterisk/");
    let is_conf = has_ending(name, "conf");
    let in_folder = is_conf && split(folder).1 == "asterisk";
    let is_old = old_copy_of(name).is_some_and(is_known_name);
    let of_other_program = folder
        .split('/')
        .any(|part| matches!(part, "fail2ban" | "filter.d" | "freeswitch" | "jail.d" | "logrotate.d"));
    if of_other_program || !(in_home || in_folder || is_old || is_known_name(name)) {
        return false;
    }
    looks_like_the_language(head, is_conf) || (in_home && is_list_of_pins(name, head))
}

/// Returns whether a file is the list of PINs that a second dial tone asks for: `disa-1.conf` with lines of
/// `PIN|CONTEXT`.
fn is_list_of_pins(name: &str, head: &[u8]) -> bool {
    let mut lines = head.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
    let is_pin = |line: &[u8]| line.first().is_some_and(u8::is_ascii_digit);
    name.starts_with("disa") && lines.any(is_pin)
}

/// Returns whether a file's name is one that Asterisk or a panel gives its configuration.
pub(super) fn is_known_name(name: &str) -> bool {
    let Some(stem) = name.strip_suffix(".conf") else { return false };
    let is_known = |stem: &str| NAMES.contains(&stem);
    let is_made_by_panel = |ending: &str| {
        let of_known = |part: &str| {
            NAMES.iter().any(|known| {
                part == *known || part.strip_prefix(known).is_some_and(|rest| rest.starts_with('_'))
            })
        };
        stem.strip_suffix(ending).is_some_and(of_known)
    };
    let is_part_of_pjsip = || {
        let kind = stem.strip_prefix("pjsip.").unwrap_or_default();
        let kind = kind.strip_suffix("_post").unwrap_or(kind);
        let kind = kind.strip_suffix("_custom").unwrap_or(kind);
        ["aor", "auth", "endpoint", "identify", "registration", "transports"].contains(&kind)
    };
    // Included files of one's own: `sip_providers.conf`, `extensions-local.conf`.
    let is_of_driver = || {
        ["sip", "pjsip", "iax", "extensions", "queues", "voicemail"]
            .iter()
            .any(|driver| stem.strip_prefix(driver).is_some_and(|rest| rest.starts_with(['_', '-', '.'])))
    };
    is_known(stem)
        || is_of_driver()
        || is_part_of_pjsip()
        || ["_additional", "_custom", "_custom_post", "_override_freepbx"]
            .iter()
            .any(|ending| is_made_by_panel(ending))
}

/// Returns the name that an old copy was made of: `sip.conf` of `sip.conf.bak`, `sip.conf~`, `sip.conf_2019`.
pub(super) fn old_copy_of(name: &str) -> Option<&str> {
    const ENDING: &str = ".conf";
    let at = name.find(ENDING)? + ENDING.len();
    let (original, rest) = name.split_at(at);
    // A packed copy is judged by the name without its packing's ending.
    rest.starts_with(['.', '_', '-', '~', '(', ' ']).then_some(original)
}

fn has_ending(name: &str, ending: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, found)| found.eq_ignore_ascii_case(ending))
}

/// Returns whether the first lines are sections, settings, directives and comments.
///
/// A file of comments alone tells nothing, so that its name has to do.
fn looks_like_the_language(head: &[u8], comments_suffice: bool) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    // A block of comment is prose: the sample of `manager.conf` has a hundred lines of it.
    let mut comments = Comments::default();
    let lines = head.split(|&byte| byte == b'\n').zip(1..);
    let lines = lines.filter_map(|(line, number)| comments.cut(line, number));
    let mut fitting = 0_usize;
    let mut others = 0_usize;
    for line in lines.filter(|line| !line.trim_ascii().is_empty()).take(400) {
        match line.trim_ascii() {
            [b'[', rest @ ..] => {
                let name = rest.split(|&byte| byte == b']').next().unwrap_or_default();
                if FOREIGN_SECTIONS.iter().any(|foreign| name.eq_ignore_ascii_case(foreign)) {
                    return false;
                }
                fitting += usize::from(rest.contains(&b']'));
            }
            // `#` begins a directive; other words there are a common mistake, meant as a comment.
            [b'#', rest @ ..] => fitting += usize::from(is_directive(rest)),
            line if line.contains(&b'=') && !line.starts_with(b"<") => fitting += 1,
            _ => others += 1,
        }
    }
    if fitting + others == 0 { comments_suffice } else { fitting > others }
}

fn is_directive(text: &[u8]) -> bool {
    ["include", "tryinclude", "exec"]
        .iter()
        .any(|word| text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asterisk_files_are_known_by_name_or_folder() {
        let head = b"; a comment\n[general]\na=b\n";
        for path in [
            "etc/asterisk/sip.conf",
            "backup/sip_additional.conf",
            "x/pjsip.endpoint_custom_post.conf",
            "logger_logfiles_additional.conf",
            "srv/asterisk/mine.conf",
            "etc/asterisk/users.d/one.inc",
            "sip_general_custom.conf",
            "copy/sip_providers.conf",
        ] {
            assert!(is_configuration(path, head), "{path}");
        }
    }

    #[test]
    fn old_copies_are_known_by_what_they_are_named_after() {
        let head = b"[general]\na=b\n";
        for path in ["backup/iax.conf.bk.1618355904", "root/sip.conf.bak", "manager.conf~", "sip.conf_hard"] {
            assert!(is_configuration(path, head), "{path}");
        }
        assert!(!is_configuration("srv/sip.confetti", head));
        assert!(!is_configuration("root/sip.conf.bak", b"just some notes\nabout sip\n"));
    }

    #[test]
    fn files_of_other_programs_are_not() {
        let head = b"[general]\na=b\n";
        for path in
            ["etc/sysctl.conf", "etc/fail2ban/filter.d/asterisk.conf", "etc/mysql/my.conf", "my.conf.bak"]
        {
            assert!(!is_configuration(path, head), "{path}");
        }
        assert!(!is_configuration("x/asterisk.conf", b"[Definition]\nfailregex = a\n"));
        assert!(!is_configuration("apache/http.conf", b"<VirtualHost *:80>\nServerName x\n</VirtualHost>\n"));
    }

    #[test]
    fn prose_in_a_block_of_comment_does_not_count() {
        let head = b"[general]\n;--\none line of prose\nanother\nand one more\n--;\n[admin]\n";
        assert!(is_configuration("etc/asterisk/manager.conf", head));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_judged(path in ".{0,40}", head in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let _ = is_configuration(&path, &head);
            let _ = is_configuration("etc/asterisk/sip.conf", &head);
        }
    }
}
