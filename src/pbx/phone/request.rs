//! Which phone's file a client of a TFTP, FTP or web server asked for.
//!
//! The name is the client's own word, so it is undone first as the server undoes it: percent signs of a
//! URL stand for bytes, folders do not matter, and a script is told the phone by `mac=`.

use std::borrow::Cow;

use super::name::hardware_address;

/// Endings of files that phones ask for: settings, boot files, directories, firmware lists.
const ENDINGS: [&str; 18] = [
    "cfg", "xml", "htm", "html", "txt", "ini", "inf", "conf", "cnf", "boot", "enc", "tuz", "sgn", "tlv",
    "bin", "dat", "loads", "bak",
];
/// What stands before a hardware address in names without an ending (Grandstream, Cisco ATA, Algo).
const STARTS: [&str; 3] = ["cfg", "ata", "algo"];
/// Common files of whole models, which lists of names to try hold as well.
const COMMON: [&str; 14] = [
    "aastra.cfg",
    "startup.cfg",
    "sipdefault.cnf",
    "xmldefault.cnf.xml",
    "ringlist.dat",
    "46xxsettings.txt",
    "phone1.cfg",
    "reg-basic.cfg",
    "sip.cfg",
    "mn_generic.cfg",
    "algop8180.conf",
    "cfg.xml",
    "snom.htm",
    "lanpbx.cfg",
];

/// What a client asked for, as far as phones are concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked<'a> {
    /// The file's own name, its folders and what follows a question mark left out.
    pub name: Cow<'a, str>,
    /// The phone's hardware address that a provisioning script was given, in lower case.
    pub phone: Option<String>,
}

impl<'a> Asked<'a> {
    /// Reads a path or URL as it was asked for.
    pub fn of(path: &'a str) -> Self {
        let (file, query) = path.split_once('?').unwrap_or((path, ""));
        let decoded = decode(file);
        let name = match decoded {
            Cow::Borrowed(text) => Cow::Borrowed(last_part(text)),
            Cow::Owned(text) => Cow::Owned(last_part(&text).to_owned()),
        };
        // Panels name phones in their addresses too; only a provisioning script gives a file out.
        let is_script = !query.is_empty() && file.to_ascii_lowercase().contains("/prov");
        let phone = query.split('&').filter(|_| is_script).find_map(|pair| {
            let (key, value) = pair.split_once('=')?;
            key.eq_ignore_ascii_case("mac").then(|| plain_address(&decode(value)))?
        });
        Asked { name, phone }
    }

    /// Returns whether only a phone, or somebody who wants a phone's settings, asks for this.
    pub fn is_for_phones(&self) -> bool {
        let name = self.name.to_ascii_lowercase();
        self.phone.is_some() || COMMON.contains(&name.as_str()) || is_named_after_phone(&name)
    }

    /// Returns the phone whose settings it is, by the hardware address in its name; not its directory or its log.
    pub fn settings_of(&self) -> Option<String> {
        const OTHERS: [&str; 7] =
            ["directory", "phonebook", "contacts", "calls", "license", "boot.log", "app.log"];
        let name = self.name.to_ascii_lowercase();
        let is_other = OTHERS.iter().any(|other| name.contains(other));
        hardware_address(&name).filter(|_| !is_other && is_named_after_phone(&name))
    }

    /// Returns whether it is the file at `path`.
    pub fn is_file(&self, path: &str) -> bool {
        let file = path.rsplit('/').next().unwrap_or(path);
        *file == *self.name || (self.phone.is_some() && hardware_address(file) == self.phone)
    }
}

fn last_part(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

fn is_named_after_phone(name: &str) -> bool {
    let is_likely = match name.rsplit_once('.') {
        Some((_, ending)) => ENDINGS.contains(&ending),
        None => STARTS.iter().any(|start| name.starts_with(start)),
    };
    is_likely && hardware_address(name).is_some()
}

/// Returns twelve hexadecimal digits, which may have separators, in lower case.
fn plain_address(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|letter| !matches!(letter, ':' | '-' | '.')).collect();
    let is_address = digits.len() == 12 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_address.then(|| digits.to_ascii_lowercase())
}

/// Undoes the percent signs of a URL; what they make that is no text is replaced.
fn decode(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let code = after.get(..2).filter(|_| byte == b'%').and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(decoded) => {
                bytes.push(decoded);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phones_are_told_from_other_clients() {
        for path in [
            "/001565aabbcc.cfg",
            "//prov/./SEP001122334455.cnf.xml",
            "/%30015653c1a2%30.cfg?x=1",
            "cfg000b82e01134",
            "/AASTRA.cfg",
            "http://pbx/y000000000028.cfg",
            "/app/provision/?mac=00-15-65-AA-BB-CC",
        ] {
            assert!(Asked::of(path).is_for_phones(), "{path}");
        }
        for path in [
            "/",
            "/admin/config.php?display=endpoint&mac=001565aabbcc",
            "/assets/app.5f3c9a1b2d4e.js",
            "/api/sessions/5f3c9a1b2d4e",
            "/sitemap.xml",
            "/recordings/1692694812.123.wav?_=1692694812345",
            "%",
            "/%zz%4",
        ] {
            assert!(!Asked::of(path).is_for_phones(), "{path}");
        }
    }

    #[test]
    fn files_are_found_by_name_and_by_phone() {
        assert!(Asked::of("/x/%30015653c1a20.cfg").is_file("tftpboot/0015653c1a20.cfg"));
        assert!(Asked::of("/prov/?mac=00:0B:82:E0:11:34").is_file("tftpboot/cfg000b82e01134.xml"));
        assert!(!Asked::of("/prov/?mac=00:0B:82:E0:11:35").is_file("tftpboot/cfg000b82e01134.xml"));
        assert!(!Asked::of("/prov/").is_file("tftpboot/site.cfg"));
    }

    proptest::proptest! {
        #[test]
        fn any_request_is_survived(path: String) {
            let asked = Asked::of(&path);
            let _ = (asked.is_for_phones(), asked.is_file(&path));
        }
    }
}
