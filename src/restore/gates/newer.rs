//! Is the new evidence newer than the earlier case? The same disk once more proves nothing.

use super::Judge;
use crate::report::model::EvidenceRow;
use crate::restore::earlier::Earlier;
use crate::restore::gate::{Answer, Gate};
use crate::restore::scene::{Scene, some};

const ID: &str = "evidence-newer";
pub(super) const GATES: Judge = Judge { ids: || vec![ID], judge };

/// Judges whether there is anything new.
fn judge(scene: &Scene<'_>) -> Vec<Gate> {
    let Some(earlier) = scene.earlier else { return Vec::new() };
    let gate = Gate::of(ID, "The evidence is newer than the earlier case", vec![answer(scene, earlier)]);
    let settle =
        "Copy the server's disk, or the same folders of it, once more after the repair, and give that copy.";
    gate.map(|gate| gate.with_to_do("", settle)).into_iter().collect()
}

/// Returns whether both have accounts, and none in common: whatever the earlier case lost would count as closed. The
/// host's name may differ here, for a server that was set up anew may have another.
fn is_of_another(scene: &Scene<'_>, earlier: &Earlier) -> bool {
    let accounts = &scene.ground.world.pbx.accounts;
    earlier.lacks_all(&accounts.iter().map(|account| account.name.as_str()).collect()) == Some(true)
}

fn answer(scene: &Scene<'_>, earlier: &Earlier) -> Answer {
    if is_of_another(scene, earlier) {
        return Answer::cannot_tell(
            "none of the accounts of the earlier case is configured here: it seems to be another server's",
        );
    }
    let rows = scene.report.evidence.iter().filter(|row| row.bytes > 0);
    let new: Vec<&EvidenceRow> = rows.filter(|row| !earlier.has_read(row)).collect();
    if new.is_empty() {
        return Answer::cannot_tell(
            "every file of it is one that the earlier case read: it is the same evidence",
        );
    }
    let what = format!(
        "{} of its files are not those of the earlier case: {}",
        new.len(),
        some(new.iter().map(|row| row.path.as_str()))
    );
    match (scene.ends(), earlier.ends) {
        (Some(ends), Some(then)) if ends < then => Answer::cannot_tell(format!(
            "it ends at {}, before the evidence of the earlier case does ({}): it may be an older copy",
            scene.time(ends),
            scene.time(then)
        )),
        (Some(ends), _) => Answer::closed(format!("{what}; it ends at {}", scene.time(ends))),
        (None, _) => Answer::closed(what),
    }
}
