//! Large members of a packed archive, all of them in one reading of it.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{Scanning, Sink, whole};
use crate::event::SourceId;
use crate::evidence::Source;

/// Reads the sources at `indices`, which lie in one archive.
pub(super) fn read<S: Sink>(scanning: &Scanning<'_, '_, S>, archive: usize, indices: &[usize]) {
    let by_id: BTreeMap<SourceId, usize> =
        indices.iter().map(|&index| (scanning.states[index].source.id, index)).collect();
    let sources: Vec<&Source> = indices.iter().map(|&index| scanning.states[index].source).collect();
    let mut left = by_id.clone();
    // A decoder that fails costs what it had not given out yet.
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        scanning.evidence.pass(archive, &sources, &mut |source, mut contents| {
            let Some(&index) = by_id.get(&source.id) else { return };
            left.remove(&source.id);
            whole::read_contents(scanning, index, &mut contents);
            scanning.progress.advance(&source.file.path, source.file.bytes);
        })
    }));
    let why = match outcome {
        Ok(Ok(())) => "was not met again where the archive had it".to_owned(),
        Ok(Err(error)) => format!("its archive cannot be opened again: {error}"),
        Err(_) => "the reader failed on its archive".to_owned(),
    };
    for index in left.into_values() {
        scanning.states[index].note(why.clone());
    }
}
