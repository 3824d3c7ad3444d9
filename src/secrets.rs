//! Secrets in lines that are shown as they stand: what a command, a URL or the dialplan gives away.
//!
//! A shell history and sudo's log hold passwords that were typed behind an option, a web log those that a
//! form sent in its address, the dialplan's lines a PIN. They are masked wherever such a line is shown; what
//! stands where no password is expected (one typed as a user's name) cannot be told from other words.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

/// What stands in place of a secret.
const MASK: &str = "${1}***";

/// What comes before a secret, as the first group, and the secret.
static FORMS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    [
        // `secret=...`, `PGPASSWORD=...`, `?pwd=...`, `"password": "..."`
        r#"(?i)(\b[\w-]*(?:password|passwd|passphrase|pass|(?-i:pwd|pw)|secret|token|api_?key|pin)"?\s*[=:]\s*)("[^"]+"|'[^']+'|[^\s&,;|)"'*]+)"#,
        // `--password ...`
        r"(?i)(\s--?(?:password|passwd|pass|secret|token)\s+)([^\s&;|]+)",
        // `mysql -psecret`, `sshpass -p secret`, `useradd -p hash`
        r"(\b(?:mysql\w*|mariadb[\w-]*|sshpass|useradd|usermod)\b[^|;&]*?\s-p\s?)([^\s&;|]+)",
        // `curl -u name:secret`
        r"(\b(?:curl|wget)\b[^|;&]*?\s(?:-u|--user)[ =]?[^\s:]+:)([^\s&;|]+)",
        // `https://name:secret@host`
        r"(://[^/\s:@]+:)([^@/\s]+)@",
        // The dialplan's `Authenticate(1234,...)` and, as it is run, `Authenticate("SIP/1-1", "1234,...")`
        r#"(\bV?M?Authenticate\((?:"[^"]*", ")?)([^,")]+)"#,
        // `DISA(1234,...)`, as it is run, as a call record tells it, and as old files write it
        r#"(\bDISA(?:\((?:"[^"]*", ")?|","|[,|]))(\d[^,|")]*)"#,
        // `DISA on chan SIP/1-1 got bad password 1324`, `Incorrect password '301' for user '301'`
        r"(\bDISA on chan \S+ got bad password |\bIncorrect password ')([^'\s]+)",
    ]
    .iter()
    .filter_map(|form| Regex::new(form).ok())
    .collect()
});

/// Returns a line with what may be a secret in it masked.
pub fn masked(line: &str) -> Cow<'_, str> {
    let mut masked = Cow::Borrowed(line);
    for form in FORMS.iter() {
        if let Cow::Owned(text) = form.replace_all(&masked, MASK) {
            masked = Cow::Owned(text);
        }
    }
    masked
}

/// Returns a line without the PIN of a second dial tone or a mailbox, if it tells of one. Lines that prove
/// something are shown as they stand; a PIN proves nothing.
pub fn without_pin(line: &str) -> Option<String> {
    let tells = ["DISA", "Incorrect password"].iter().any(|word| line.contains(word));
    tells.then(|| masked(line).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_compiles_and_hides_what_follows() {
        assert_eq!(FORMS.len(), 8);
        for (line, shown) in [
            ("same => n,DISA(1234,out)", "same => n,DISA(***,out)"),
            (r#"DISA("SIP/a-1", "1234,out")"#, r#"DISA("SIP/a-1", "***,out")"#),
            (r#""SIP/a-1","","DISA","1234,out","#, r#""SIP/a-1","","DISA","***,out","#),
            ("same => n,DISA(no-password,out)", "same => n,DISA(no-password,out)"),
            ("DISA on chan SIP/a-1 got bad password 1324", "DISA on chan SIP/a-1 got bad password ***"),
            ("mysql -u root -pHunter2 asterisk", "mysql -u root -p*** asterisk"),
            ("PGPASSWORD=Hunter2 psql", "PGPASSWORD=*** psql"),
            ("sshpass -p Hunter2 ssh a", "sshpass -p *** ssh a"),
            ("curl -u admin:Hunter2 http://a/", "curl -u admin:*** http://a/"),
            ("echo 'secret=Hunter2' >> sip.conf", "echo 'secret=***' >> sip.conf"),
            ("GET /admin/?user=a&password=Hunter2&b=1", "GET /admin/?user=a&password=***&b=1"),
            ("wget http://a:Hunter2@b/c", "wget http://a:***b/c"),
            (r#"Authenticate("SIP/1-01", "4711,,4")"#, r#"Authenticate("SIP/1-01", "***,,4")"#),
            (r#"Set("SIP/1-01", "PIN=4711")"#, r#"Set("SIP/1-01", "PIN=***")"#),
        ] {
            assert_eq!(masked(line), shown);
            assert!(!masked(line).contains("Hunter2") && !masked(line).contains("4711"));
        }
    }

    #[test]
    fn ordinary_lines_stay_as_they_are() {
        for line in [
            "Registration from '<sip:100@x>' failed for '192.0.2.7' - Wrong password",
            "ls -la /var/spool; cp -p a b",
            "sudo: root : TTY=pts/0 ; PWD=/root ; USER=root ; COMMAND=/bin/ls",
            "GET /pinboard HTTP/1.1",
            "Executing [s@macro-dial:1] Dial(\"SIP/1-01\", \"SIP/2,20\") in new stack",
        ] {
            assert_eq!(masked(line), line);
        }
    }
}
