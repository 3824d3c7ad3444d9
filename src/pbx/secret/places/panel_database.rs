//! `acl.db` of Elastix and Issabel: the panel's users with unsalted MD5 of their passwords.

use rusqlite::types::ValueRef;

use super::super::{Bearer, Reach, SecretKind, Standing};
use crate::event::{Citation, Place, SourceId};
use crate::evidence::{Evidence, Kind, ends_with_path};
use crate::pbx::model::Problem;
use crate::pbx::read::Collector;
use crate::sqlite;

const TABLE: &str = "acl_user";
/// No panel has more users; a damaged database may seem to.
const MOST_USERS: i64 = 100_000;

/// Returns whether a file is the database of a panel's users.
pub fn is_panel_database(path: &str, head: &[u8]) -> bool {
    head.starts_with(sqlite::MAGIC)
        && (ends_with_path(path, "www/db/acl.db")
            || memchr::memmem::find(head, b"CREATE TABLE acl_user").is_some())
}

/// Notes the passwords of every such database.
pub(in crate::pbx) fn gather_all(evidence: &Evidence, collector: &mut Collector) {
    let sources = evidence.sources.iter().filter(|source| source.kind == Kind::PanelDatabase);
    for source in sources.filter(|source| source.duplicate_of.is_none()) {
        let read = evidence.open(&source.file).map_err(|error| error.to_string());
        let gathered = read
            .and_then(|handle| sqlite::read(&handle))
            .and_then(|bytes| gather(bytes, source.id, collector).map_err(|error| error.to_string()));
        if let Err(why) = gathered {
            let what = format!("the panel's users are not known: {why}");
            collector.pbx.problems.push(Problem { path: source.file.path.clone(), what });
        }
    }
}

fn gather(bytes: Vec<u8>, source: SourceId, collector: &mut Collector) -> Result<(), rusqlite::Error> {
    let connection = sqlite::open(bytes)?;
    sqlite::each_row(&connection, TABLE, |number, row| {
        let text = |name: &str| match row.iter().find(|(known, _)| *known == name)?.1 {
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
                Some(String::from_utf8_lossy(bytes).into_owned())
            }
            _ => None,
        };
        let (Some(name), Some(digest)) = (text("name"), text("md5_password")) else { return };
        if number > MOST_USERS {
            return;
        }
        let shown = format!("{TABLE} row {number}: name={name}");
        let place = Citation::new(Place { source, offset: 0, line: 0 }, shown.as_bytes());
        let bearer = Bearer {
            kind: SecretKind::Panel,
            owner: name,
            other_names: text("extension").into_iter().collect(),
            reach: Reach::Unknown,
            standing: Standing::InForce,
            place,
        };
        collector.hold_digest(bearer, &digest);
    })
    .map(|_| ())
}

#[cfg(test)]
mod tests {
    use rusqlite::{Connection, MAIN_DB};

    use super::*;
    use crate::evidence::{MemoryFile, Root};
    use crate::pbx::{Weakness, read};

    #[test]
    fn a_panels_users_are_weighed() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "CREATE TABLE acl_user(id INTEGER PRIMARY KEY, name varchar(50), description varchar(180), \
                 md5_password varchar(50), extension varchar(25));
                 INSERT INTO acl_user VALUES (1,'admin','','7a5210c173ea40c03205a5de7dcd4cb0',''),
                 (2,'ops','','ffffffffffffffffffffffffffffffff','301');",
            )
            .unwrap();
        let bytes = connection.serialize(MAIN_DB).unwrap().to_vec();
        assert!(is_panel_database("somewhere/copy.db", &bytes));
        let file = MemoryFile {
            path: "var/www/db/acl.db",
            bytes: Box::leak(bytes.into_boxed_slice()),
            is_link: false,
        };
        let root = Root::Memory(Box::leak(vec![file].into_boxed_slice()));
        let pbx = read(&Evidence::from_roots(vec!["memory".into()], vec![root]));
        assert_eq!(pbx.held_secrets.len(), 2);
        let admin = &pbx.held_secrets[0];
        assert_eq!((admin.owner.as_str(), admin.kind), ("admin", SecretKind::Panel));
        assert!(
            admin.weaknesses.contains(&Weakness::Shipped)
                && admin.weaknesses.contains(&Weakness::UnsaltedHash)
        );
        assert!(pbx.held_secrets[1].weaknesses.is_empty());
        assert!(!format!("{pbx:?}").contains("7a5210c1"));
    }
}
