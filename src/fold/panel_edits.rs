//! Requests to FreePBX's page of extensions that name one, and send something: `display=extensions&extdisplay=9998`.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::web::Request;
use crate::event::{Citation, Instant};

/// Pairs of address and extension that are kept.
const MOST_PAIRS: usize = 16_384;
/// No extension is longer.
const LONGEST: usize = 64;

/// An extension's name as asked for, and who asked.
type Pair = (Box<[u8]>, IpAddr);

/// The last such request of each address for each extension.
#[derive(Debug, Default)]
pub struct PanelEdits {
    by_extension: BTreeMap<Pair, (Instant, Citation)>,
}

impl PanelEdits {
    /// Takes a request, if it is one of those.
    pub fn request(&mut self, request: &Request<'_>, line: &dyn Fn() -> Citation) {
        if !matches!(request.outcome, "POST 200" | "POST 302") {
            return;
        }
        let Some(extension) = extension(request.target) else { return };
        let key = (Box::from(extension), request.address);
        if self.by_extension.len() < MOST_PAIRS || self.by_extension.contains_key(&key) {
            self.by_extension.insert(key, (request.at, line()));
        }
    }

    /// Adds what another source tells.
    pub fn add(&mut self, other: &PanelEdits) {
        for (key, edit) in &other.by_extension {
            let known = self.by_extension.entry(key.clone()).or_insert_with(|| edit.clone());
            if edit.0 > known.0 {
                *known = edit.clone();
            }
        }
    }

    /// Returns who sent something to the page of an extension last when, with the line.
    pub fn of<'e>(&'e self, extension: &'e str) -> impl Iterator<Item = (IpAddr, Instant, &'e Citation)> {
        let from = (Box::from(extension.as_bytes()), IpAddr::from([0, 0, 0, 0]));
        let edits = self.by_extension.range(from..);
        edits
            .take_while(move |((name, _), _)| **name == *extension.as_bytes())
            .map(|((_, address), (at, line))| (*address, *at, line))
    }
}

/// Returns the extension whose page of the panel a target leads to.
fn extension(target: &[u8]) -> Option<&[u8]> {
    let (_, query) = target.split_at_checked(memchr::memchr(b'?', target)? + 1)?;
    let mut pairs = query.split(|&byte| byte == b'&');
    if !pairs.clone().any(|pair| pair == b"display=extensions") {
        return None;
    }
    let extension = pairs.find_map(|pair| pair.strip_prefix(b"extdisplay="))?;
    (!extension.is_empty() && extension.len() <= LONGEST).then_some(extension)
}

#[cfg(test)]
mod tests {
    use super::extension;

    #[test]
    fn pages_of_extensions() {
        let edit = b"/admin/config.php?display=extensions&extdisplay=9998";
        assert_eq!(extension(edit), Some(&b"9998"[..]));
        for other in [
            "/admin/config.php?display=extensions",
            "/x?extdisplay=9998",
            "/",
            "/?display=extensions&extdisplay=",
        ] {
            assert_eq!(extension(other.as_bytes()), None, "{other}");
        }
    }
}
