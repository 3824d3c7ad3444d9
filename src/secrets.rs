//! Secrets in lines that are shown as they stand: what a command, a URL or the dialplan gives away.
//!
//! A shell history and sudo's log hold passwords that were typed behind an option, a web log those that a
//! form sent in its address, the dialplan's lines a PIN. They are masked wherever such a line is shown; what
//! stands where no password is expected (one typed as a user's name) cannot be told from other words.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex, RegexSet};

/// What stands in place of a secret.
const MASK: &str = "***";

/// What comes before a secret, as the first group, the secret, and perhaps what is behind it, as the third.
const FORMS: [&str; 14] = [
    // `secret=...`, `PGPASSWORD=...`, `?pwd=...`, `"password": "..."`
    r#"(?i)(\b[\w-]*(?:password|passwd|passphrase|pass|(?-i:pwd|pw)|secret|token|api_?key|pin)"?\s*[=:]\s*)("[^"]+"|'[^']+'|[^\s&,;|)"'*]+)"#,
    // `--password ...`
    r"(?i)(\s--?(?:password|passwd|pass|secret|token)\s+)([^\s&;|]+)",
    // `mysql -psecret`, `sshpass -p secret`, `useradd -p hash`
    r"(\b(?:mysql\w*|mariadb[\w-]*|sshpass|useradd|usermod)\b[^|;&]*?\s-p\s?)([^\s&;|]+)",
    // `curl -u name:secret`
    r"(\b(?:curl|wget)\b[^|;&]*?\s(?:-u|--user)[ =]?[^\s:]+:)([^\s&;|]+)",
    // `https://name:secret@host`
    r"(://(?:\$\{[^}\s]*\}|[^/\s:@])+:)([^@/\s]+)(@)",
    // `sip:name:secret@host`, the dialplan's `SIP/name:secret@host`
    // where `${EXTEN:2}@carrier` is a part of a number
    r#"(\b(?:sips?:|(?:SIP|PJSIP|IAX2?)/)(?:\$\{[^}\s]*\}|[^/\s:@;>"',|&])+:)([^@/\s;>"',|&]+)(@)"#,
    // `?key=...`, `&pw=...` of a page's address
    r"(?i)([?&](?:key|pw|auth|signature)=)([^&\s\x22']+)",
    // `Authorization: Basic ...`
    r#"(?i)(\bAuthorization:?\s+["']?(?:Basic|Bearer)\s+)([^\s"';]+)"#,
    // `mysqli_connect('host','name','secret')`
    r"(?i)(\bmysqli?_connect\(\s*[^,)]*,[^,)]*,\s*)([^,)]+)",
    // `curl%20-u%20name:secret` in a page's address
    r"(?i)(\b(?:curl|wget)(?:%20|\+)[^\s&]*?-u(?:%20|\+)?[^:&\s]+:)([^&\s%+]+)",
    // The dialplan's `Authenticate(1234,...)` and, as it is run, `Authenticate("SIP/1-1", "1234,...")`
    r#"(\bV?M?Authenticate\((?:"[^"]*", ")?)([^,")]+)"#,
    // `DISA(1234,...)`, as it is run, as a call record tells it, and as old files write it
    r#"(\bDISA(?:\((?:"[^"]*", ")?|","|[,|]))(\d[^,|")]*)"#,
    // `IDENTIFIED BY 'secret'`, `SHA1('secret')` of statements for a database, blanks perhaps written `\040`
    r#"(?i)(\bidentified(?:\s|\\040)+by(?:\s|\\040)+(?:password(?:\s|\\040)+)?|\b(?:password|sha1|sha2|md5|crypt)\()("[^"]*"|'[^']*')"#,
    // `DISA on chan SIP/1-1 got bad password 1324`, `Incorrect password '301' for user '301'`
    r"(\bDISA on chan \S+ got bad password |\bIncorrect password ')([^'\s]+)",
];

/// All forms at once: nearly every line has none.
static ANY: LazyLock<Option<RegexSet>> = LazyLock::new(|| RegexSet::new(FORMS).ok());
static EACH: LazyLock<Vec<Regex>> =
    LazyLock::new(|| FORMS.iter().filter_map(|form| Regex::new(form).ok()).collect());

/// Returns a line with what may be a secret in it masked.
pub fn masked(line: &str) -> Cow<'_, str> {
    let mut masked = Cow::Borrowed(line);
    if ANY.as_ref().is_some_and(|any| !any.is_match(line)) {
        return masked;
    }
    for form in EACH.iter() {
        let hide = |found: &Captures<'_>| hidden(&masked, found);
        if let Cow::Owned(text) = form.replace_all(&masked, hide) {
            masked = Cow::Owned(text);
        }
    }
    masked
}

/// `name:secret@host` anywhere in a text, as an address or a Call-ID may be written.
static USERINFO: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"([^\s"',;:@/<]+):([^\s"',;:@/]+)@"#).ok());

/// Returns a carrier's cell or record with what may be a secret before a host masked, whatever it is called there.
pub fn without_userinfo(text: &str) -> Cow<'_, str> {
    let Some(userinfo) = USERINFO.as_ref().filter(|_| text.contains('@')) else { return masked(text) };
    let masked = masked(text);
    // `sip:name@host` has no secret: what stands before the colon says how the rest is written.
    let schemes = ["sip", "sips", "tel", "client", "mailto"];
    let replaced = userinfo.replace_all(&masked, |found: &Captures<'_>| {
        let (name, secret) = (&found[1], &found[2]);
        let is_scheme = schemes.iter().any(|scheme| name.eq_ignore_ascii_case(scheme));
        format!("{name}:{}@", if is_scheme { secret } else { MASK })
    });
    Cow::Owned(replaced.into_owned())
}

/// Returns what is shown of a place where a secret may stand.
fn hidden(line: &str, found: &Captures<'_>) -> String {
    let part = |group| found.get(group).map_or("", |part| part.as_str());
    let (lead, secret) = (part(1), part(2));
    let before = found.get(2).and_then(|secret| line.get(..secret.start())).unwrap_or_default();
    // The security log's `UsingPassword` says whether there was one.
    let is_flag = lead == "UsingPassword=" && matches!(secret, "\"0\"" | "\"1\"");
    // A tag of sudo's rights has no password behind it.
    let is_flag = is_flag || lead.trim_end() == "NOPASSWD:";
    if is_flag || is_part_of_a_variable(before, secret) {
        return part(0).to_owned();
    }
    format!("{lead}{MASK}{}", part(3))
}

/// Are they the figures of `${EXTEN:2}` or `${PIN:-4:2}` in the dialplan, which name a part of a variable?
fn is_part_of_a_variable(before: &str, value: &str) -> bool {
    let is_open = before.rsplit_once("${").is_some_and(|(_, name)| !name.contains(['}', ' ']));
    let figures = |text: &str| text.chars().all(|c| c.is_ascii_digit() || c == '-' || c == ':');
    is_open && value.split_once('}').is_some_and(|(start, rest)| figures(start) && !rest.contains(':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_compiles_and_hides_what_follows() {
        assert_eq!(EACH.len(), FORMS.len());
        assert!(ANY.is_some());
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
            ("wget http://a:Hunter2@b/c", "wget http://a:***@b/c"),
            ("Dial(SIP/carrier:Hunter2@192.0.2.1/4420)", "Dial(SIP/carrier:***@192.0.2.1/4420)"),
            ("modparam(\"sip:u:Hunter2@192.0.2.1\")", "modparam(\"sip:u:***@192.0.2.1\")"),
            ("GET /k.php?key=Hunter2&a=1", "GET /k.php?key=***&a=1"),
            ("Authorization 'Basic Hunter2'", "Authorization 'Basic ***'"),
            ("mysqli_connect('h','u','Hunter2')", "mysqli_connect('h','u',***)"),
            ("GET /x?c=curl%20-u%20x:Hunter2%20y", "GET /x?c=curl%20-u%20x:***%20y"),
            (r#"Authenticate("SIP/1-01", "4711,,4")"#, r#"Authenticate("SIP/1-01", "***,,4")"#),
            ("create user a identified by 'Hunter2'", "create user a identified by ***"),
            ("IDENTIFIED\\040BY\\040'Hunter2';", "IDENTIFIED\\040BY\\040***;"),
            ("set password_sha1=sha1('Hunter2')", "set password_sha1=sha1(***)"),
            ("Dial(SIP/${TRUNK:1}:Hunter2@192.0.2.1)", "Dial(SIP/${TRUNK:1}:***@192.0.2.1)"),
            (r#"Set("SIP/1-01", "PIN=4711")"#, r#"Set("SIP/1-01", "PIN=***")"#),
        ] {
            assert_eq!(masked(line), shown);
            assert!(!masked(line).contains("Hunter2") && !masked(line).contains("4711"));
        }
    }

    #[test]
    fn secrets_before_a_host_are_masked_in_a_carriers_cells() {
        for (cell, shown) in [
            ("dd72bb87b16c51fab22f@240.97.3.3", "dd72bb87b16c51fab22f@240.97.3.3"),
            ("trunk7:Hunter2@240.97.3.3", "trunk7:***@240.97.3.3"),
            ("sip:+252612345678@192.0.2.7:5060", "sip:+252612345678@192.0.2.7:5060"),
            ("sip:trunk7:Hunter2@192.0.2.7", "sip:trunk7:***@192.0.2.7"),
            ("2026-05-06 07:11:08,a:Hunter2@b,7", "2026-05-06 07:11:08,a:***@b,7"),
            ("07:11:08", "07:11:08"),
        ] {
            assert_eq!(without_userinfo(cell), shown);
        }
    }

    #[test]
    fn ordinary_lines_stay_as_they_are() {
        for line in [
            "Registration from '<sip:100@x>' failed for '192.0.2.7' - Wrong password",
            "ls -la /var/spool; cp -p a b",
            "sudo: root : TTY=pts/0 ; PWD=/root ; USER=root ; COMMAND=/bin/ls",
            "GET /pinboard HTTP/1.1",
            "asterisk ALL = NOPASSWD: ALL",
            "exten => _9.,1,Dial(PJSIP/${EXTEN:2}@carrier1,120)",
            "exten => _9.,1,Dial(SIP/${FILTER(0-9,${EXTEN:1})}@carrier)",
            "same => n,Dial(PJSIP/${PIN:2}@carrier1)",
            r#"SecurityEvent="SuccessfulAuth",AccountID="304",UsingPassword="1""#,
            "Executing [s@macro-dial:1] Dial(\"SIP/1-01\", \"SIP/2,20\") in new stack",
        ] {
            assert_eq!(masked(line), line);
        }
    }
}
