//! The carrier's records in the timeline, between those of the phone system.
//!
//! Their times are the carrier's own: no difference of the clocks is taken off.

use super::cell;
use crate::carrier::{Billed, CarrierFile};
use crate::case::sorted::{Key, Runs};
use crate::case::timeline::{Stored, Timed};
use crate::event::Action;
use crate::fold::Window;

/// Adds the records of one file, which counts as a source of that number.
pub(in crate::case) fn add(file: &CarrierFile, source: u16, window: Window, runs: &mut Runs) {
    for call in &file.calls {
        let at = call.begin();
        if at.is_some_and(|at| !window.holds(at)) {
            continue;
        }
        // A record without a place of its own has its number instead.
        let offset = if call.line > 0 { call.offset } else { call.row };
        let key = Key { at: at.map_or(i64::MAX, |at| at.0), source, offset };
        if let Ok(payload) = serde_json::to_vec(&stored(call)) {
            runs.push(key, &payload);
        }
    }
}

fn stored(call: &Billed) -> Stored {
    let words = |text: &str| (!text.is_empty()).then(|| cell(text).raw().to_owned());
    let length = call.seconds_billed().map_or_else(String::new, |seconds| format!("{seconds} s billed"));
    let currency = call.currency.as_deref().unwrap_or_default();
    let cost = call.cost.map_or_else(String::new, |cost| format!(", {cost} {currency}"));
    let told = format!("{length}{}", cost.trim_end());
    Stored {
        at: call.begin().map(|at| at.0),
        timed: Timed::Itself,
        action: Action::CarrierRecord,
        address: call.source,
        port: None,
        account: words(&call.trunk),
        number: words(&call.to),
        reason: words(told.trim_start_matches(", ")),
        line: u32::try_from(call.line).unwrap_or(0),
        message: cell(&String::from_utf8_lossy(&call.text)).raw().to_owned(),
    }
}
