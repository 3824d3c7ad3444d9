//! The columns that a routing script adds to accounting: `modparam("acc", "db_extra", "src_user=$fU;src_ip=$si")`.
//!
//! Flat files have no line of columns: what stands behind the seven that all have, only this setting tells. OpenSIPS
//! writes `modparam("acc", "extra_fields", "db: src_ip->ip; user")`, the column behind the arrow.

/// Settings of one script, and columns of one setting.
const MOST: usize = 64;

/// Returns the columns that each such setting lists.
pub(super) fn columns(text: &str) -> Vec<Vec<String>> {
    let mut found: Vec<Vec<String>> = Vec::new();
    for (at, _) in text.match_indices("modparam(").take(4_096) {
        let line = text.get(..at).and_then(|before| before.rsplit('\n').next()).unwrap_or_default();
        if line.trim_start().starts_with(['#', '/']) {
            continue;
        }
        let parts = literals(text.get(at..).unwrap_or_default());
        let [module, name, values @ ..] = parts.as_slice() else { continue };
        if !module.split('|').any(|module| module.starts_with("acc")) {
            continue;
        }
        let columns = match name.as_str() {
            "db_extra" => of_pairs(&values.concat()),
            "extra_fields" => of_fields(&values.concat()),
            _ => continue,
        };
        if found.len() < MOST && !columns.is_empty() && !found.contains(&columns) {
            found.push(columns);
        }
    }
    found
}

/// Returns the texts in quotes up to the end of the parameter; neighbours are one text to the server.
fn literals(text: &str) -> Vec<String> {
    /// No setting is longer, in bytes.
    const LONGEST: usize = 8 * 1024;
    let mut found: Vec<String> = Vec::new();
    let mut open: Option<String> = None;
    for letter in text.chars().take(LONGEST) {
        match (&mut open, letter) {
            (Some(_), '"') => found.extend(open.take()),
            (Some(held), letter) => held.push(letter),
            (None, '"') => open = Some(String::new()),
            (None, ')') => break,
            _ => {}
        }
    }
    found
}

fn of_pairs(text: &str) -> Vec<String> {
    let names = text.split(';').filter_map(|pair| pair.split_once('=')).map(|(name, _)| name);
    names.map(|name| name.trim().to_ascii_lowercase()).filter(|name| !name.is_empty()).take(MOST).collect()
}

fn of_fields(text: &str) -> Vec<String> {
    let fields = text.trim().strip_prefix("db:").unwrap_or_default().split(';');
    let column = |field: &str| field.rsplit("->").next().unwrap_or_default().trim().to_ascii_lowercase();
    fields.map(column).filter(|name| !name.is_empty()).take(MOST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_of_the_sites_own_are_named_by_its_script() {
        let script = "\
#modparam(\"acc\", \"db_extra\", \"old=$fU\")
modparam(\"acc|acc_db\", \"db_extra\",
    \"src_user=$fU;src_domain=$fd;\"
    \"src_ip=$si\")
modparam(\"acc\", \"log_extra\", \"x=$y\")
modparam(\"usrloc\", \"db_extra\", \"x=$y\")
";
        assert_eq!(columns(script), [["src_user", "src_domain", "src_ip"]]);
        let opensips = "modparam(\"acc\", \"extra_fields\", \"db: src_ip->ip; caller\")\n";
        assert_eq!(columns(opensips), [["ip", "caller"]]);
    }

    proptest::proptest! {
        #[test]
        fn any_script_is_read(text in "(modparam\\(|\"acc\"|\"db_extra\"|[ -~]|\n){0,60}") {
            let _ = columns(&text);
        }
    }
}
