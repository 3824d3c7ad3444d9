//! MITRE ATT&CK: the techniques that attacks on phone systems and their hosts are told by.
//!
//! Ids and names are those of the Enterprise matrix, release 18.1 of November 2025. It is a choice of them:
//! an id that is not here may still exist. ATT&CK is a trademark of The MITRE Corporation, which permits the use of its content with this notice:
//! © The MITRE Corporation. This work is reproduced and distributed with the permission of The MITRE Corporation.

/// The release that the table is of.
pub const VERSION: &str = "18.1";

#[rustfmt::skip]
const TECHNIQUES: &[(&str, &str)] = &[
    ("T1005", "Data from Local System"),
    ("T1021", "Remote Services"),
    ("T1021.004", "SSH"),
    ("T1036", "Masquerading"),
    ("T1037", "Boot or Logon Initialization Scripts"),
    ("T1037.004", "RC Scripts"),
    ("T1040", "Network Sniffing"),
    ("T1046", "Network Service Discovery"),
    ("T1048", "Exfiltration Over Alternative Protocol"),
    ("T1053", "Scheduled Task/Job"),
    ("T1053.003", "Cron"),
    ("T1059", "Command and Scripting Interpreter"),
    ("T1059.004", "Unix Shell"),
    ("T1068", "Exploitation for Privilege Escalation"),
    ("T1070", "Indicator Removal"),
    ("T1070.002", "Clear Linux or Mac System Logs"),
    ("T1070.003", "Clear Command History"),
    ("T1070.004", "File Deletion"),
    ("T1070.006", "Timestomp"),
    ("T1071", "Application Layer Protocol"),
    ("T1071.001", "Web Protocols"),
    ("T1078", "Valid Accounts"),
    ("T1078.001", "Default Accounts"),
    ("T1078.003", "Local Accounts"),
    ("T1082", "System Information Discovery"),
    ("T1087", "Account Discovery"),
    ("T1087.001", "Local Account"),
    ("T1090", "Proxy"),
    ("T1090.003", "Multi-hop Proxy"),
    ("T1098", "Account Manipulation"),
    ("T1098.004", "SSH Authorized Keys"),
    ("T1105", "Ingress Tool Transfer"),
    ("T1110", "Brute Force"),
    ("T1110.001", "Password Guessing"),
    ("T1110.002", "Password Cracking"),
    ("T1110.003", "Password Spraying"),
    ("T1110.004", "Credential Stuffing"),
    ("T1133", "External Remote Services"),
    ("T1136", "Create Account"),
    ("T1136.001", "Local Account"),
    ("T1190", "Exploit Public-Facing Application"),
    ("T1199", "Trusted Relationship"),
    ("T1213", "Data from Information Repositories"),
    ("T1222", "File and Directory Permissions Modification"),
    ("T1222.002", "Linux and Mac File and Directory Permissions Modification"),
    ("T1485", "Data Destruction"),
    ("T1489", "Service Stop"),
    ("T1496", "Resource Hijacking"),
    ("T1496.003", "SMS Pumping"),
    ("T1498", "Network Denial of Service"),
    ("T1499", "Endpoint Denial of Service"),
    ("T1505", "Server Software Component"),
    ("T1505.003", "Web Shell"),
    ("T1530", "Data from Cloud Storage"),
    ("T1531", "Account Access Removal"),
    ("T1539", "Steal Web Session Cookie"),
    ("T1543", "Create or Modify System Process"),
    ("T1543.002", "Systemd Service"),
    ("T1546", "Event Triggered Execution"),
    ("T1546.004", "Unix Shell Configuration Modification"),
    ("T1548", "Abuse Elevation Control Mechanism"),
    ("T1548.001", "Setuid and Setgid"),
    ("T1548.003", "Sudo and Sudo Caching"),
    ("T1552", "Unsecured Credentials"),
    ("T1552.001", "Credentials In Files"),
    ("T1552.004", "Private Keys"),
    ("T1554", "Compromise Host Software Binary"),
    ("T1556", "Modify Authentication Process"),
    ("T1557", "Adversary-in-the-Middle"),
    ("T1562", "Impair Defenses"),
    ("T1562.001", "Disable or Modify Tools"),
    ("T1562.002", "Disable Windows Event Logging"),
    ("T1562.004", "Disable or Modify System Firewall"),
    ("T1562.006", "Indicator Blocking"),
    ("T1562.012", "Disable or Modify Linux Audit System"),
    ("T1565", "Data Manipulation"),
    ("T1565.001", "Stored Data Manipulation"),
    ("T1566", "Phishing"),
    ("T1566.004", "Spearphishing Voice"),
    ("T1574", "Hijack Execution Flow"),
    ("T1574.010", "Services File Permissions Weakness"),
    ("T1583", "Acquire Infrastructure"),
    ("T1583.003", "Virtual Private Server"),
    ("T1588", "Obtain Capabilities"),
    ("T1588.002", "Tool"),
    ("T1589", "Gather Victim Identity Information"),
    ("T1590", "Gather Victim Network Information"),
    ("T1595", "Active Scanning"),
    ("T1595.001", "Scanning IP Blocks"),
    ("T1595.002", "Vulnerability Scanning"),
    ("T1595.003", "Wordlist Scanning"),
    ("T1598", "Phishing for Information"),
    ("T1598.004", "Spearphishing Voice"),
    ("T1657", "Financial Theft"),
];

/// Ids that older releases had, and what they became.
const RENAMED: &[(&str, &str)] = &[
    ("T1064", "T1059"),
    ("T1066", "T1027.005"),
    ("T1081", "T1552.001"),
    ("T1089", "T1562.001"),
    ("T1099", "T1070.006"),
    ("T1100", "T1505.003"),
    ("T1107", "T1070.004"),
    ("T1139", "T1552.003"),
    ("T1145", "T1552.004"),
    ("T1146", "T1070.003"),
    ("T1166", "T1548.001"),
    ("T1168", "T1053"),
    ("T1169", "T1548.003"),
    ("T1501", "T1543.002"),
];

/// Returns a technique's name, if the table has it.
pub fn name(id: &str) -> Option<&'static str> {
    TECHNIQUES.iter().find(|(known, _)| *known == id).map(|(_, name)| *name)
}

/// Returns what an id of an older release became.
pub fn renamed(id: &str) -> Option<&'static str> {
    RENAMED.iter().find(|(old, _)| *old == id).map(|(_, new)| *new)
}

/// Returns whether it has the form of an id: `T1110` or `T1110.001`.
pub fn is_id(id: &str) -> bool {
    let is_digits =
        |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    let Some(number) = id.strip_prefix('T') else { return false };
    match number.split_once('.') {
        None => is_digits(number, 4),
        Some((number, of)) => is_digits(number, 4) && is_digits(of, 3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_and_holds_nothing_that_is_gone() {
        assert!(TECHNIQUES.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!(TECHNIQUES.iter().all(|(id, name)| is_id(id) && !name.is_empty() && renamed(id).is_none()));
        assert!(RENAMED.iter().all(|(old, new)| is_id(old) && is_id(new) && renamed(new).is_none()));
        assert!(["T11100", "T1110.01", "1110", "T1110.", "TA0001"].iter().all(|wrong| !is_id(wrong)));
    }

    #[test]
    fn every_technique_that_a_finding_names_is_in_it() {
        let ids = regex::Regex::new("\"(T[0-9]{4}(?:\\.[0-9]{3})?)\"").unwrap();
        for folder in ["src/checks", "src/pbx/settings", "src/checks/weak_secret", "src/checks/provisioning"]
        {
            let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
            for entry in
                std::fs::read_dir(folder).unwrap().filter(|entry| !entry.as_ref().unwrap().path().is_dir())
            {
                let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
                let unknown: Vec<&str> = ids
                    .captures_iter(&text)
                    .filter_map(|found| found.get(1))
                    .map(|id| id.as_str())
                    .filter(|id| name(id).is_none())
                    .collect();
                assert!(unknown.is_empty(), "{unknown:?}");
            }
        }
    }
}
