//! The refusal to write where the evidence lies.

use std::fs;
use std::path::{Component, Path, PathBuf};

use super::{EvidenceError, live};

/// Refuses an output path that is, or would come to be, inside a piece of evidence.
///
/// The output need not exist: its nearest existing ancestor is resolved, links and all.
pub fn refuse_output_inside(output: &Path, evidence: &[PathBuf]) -> Result<(), EvidenceError> {
    let place = resolved(output);
    for given in evidence {
        let Ok(root) = fs::canonicalize(given) else { continue };
        let is_elsewhere = live::is_running(&root) && live::is_elsewhere(&place);
        if place.starts_with(&root) && !is_elsewhere {
            return Err(EvidenceError::OutputInside {
                output: output.to_string_lossy().into_owned(),
                evidence: given.to_string_lossy().into_owned(),
            });
        }
    }
    Ok(())
}

fn resolved(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut missing = Vec::new();
    let mut ancestor = absolute.as_path();
    loop {
        if let Ok(real) = fs::canonicalize(ancestor) {
            let mut place = real;
            for part in missing.iter().rev() {
                match part {
                    Component::ParentDir => {
                        place.pop();
                    }
                    Component::Normal(name) => place.push(name),
                    _ => {}
                }
            }
            return place;
        }
        match (ancestor.parent(), ancestor.components().next_back()) {
            (Some(parent), Some(last)) => {
                missing.push(last);
                ancestor = parent;
            }
            _ => return absolute,
        }
    }
}
