//! Passwords of databases in a proxy's configuration: `mysql://user:password@host/name`.

use crate::event::{Citation, Place};
use crate::pbx::read::Collector;
use crate::pbx::secret::{Bearer, Reach, SecretKind, Standing};
use crate::secrets::masked;

/// Notes the password in a line, if it has one.
pub(super) fn note(line: &str, place: Place, collector: &mut Collector) {
    const SCHEMES: [&str; 4] = ["mysql", "postgres", "unixodbc", "mongodb"];
    let Some((before, rest)) = line.split_once("://") else { return };
    if !SCHEMES.iter().any(|scheme| before.ends_with(scheme)) {
        return;
    }
    let rest = rest.split(['"', '\'', ' ']).next().unwrap_or_default();
    let Some((login, host)) = rest.rsplit_once('@') else { return };
    let Some((user, password)) = login.split_once(':') else { return };
    let is_local = ["localhost", "127.0.0.1", "[::1]"].iter().any(|local| host.starts_with(local));
    let bearer = Bearer {
        kind: SecretKind::Database,
        owner: user.to_owned(),
        other_names: Vec::new(),
        reach: if is_local { Reach::Local } else { Reach::Unknown },
        standing: Standing::InForce,
        place: Citation::new(place, masked(line).as_bytes()),
    };
    collector.hold(bearer, password);
}
