//! What people do all day, and what intruders do at night.

use super::stage::Stage;

pub(crate) const DAY: i64 = 86_400;
pub(crate) const HOUR: i64 = 3_600;

/// Phones register every half hour and call during working hours, `days` long from `from` on.
pub(crate) fn office(stage: &mut Stage, phones: &[(&str, &str)], from: i64, days: i64, numbers: &[&str]) {
    for day in 0..days {
        for (index, (account, peer)) in phones.iter().enumerate() {
            let start = from + day * DAY + index as i64 * 17;
            stage.keep(account, peer, start, start + DAY - 60, 1_800);
            for call in 0..4 {
                let at = start + 9 * HOUR + call * 5_000 + index as i64 * 611;
                let number = numbers[(day as usize * 7 + call as usize * 3 + index) % numbers.len()];
                stage.call(account, peer, number, at, 90 + 31 * call as u32 + index as u32);
            }
            stage.incoming(account, "4930444020", start + 11 * HOUR + 40, 120);
        }
        if let [(first, _), .., (last, _)] = phones {
            stage.inside(first, last, from + day * DAY + 10 * HOUR + 77, 45);
        }
    }
}

/// Many calls in a row from one address; returns their ids.
pub(crate) fn pump(
    stage: &mut Stage,
    account: &str,
    peer: &str,
    numbers: &[&str],
    from: i64,
    count: i64,
    every: i64,
) -> Vec<String> {
    (0..count)
        .map(|call| {
            let number = numbers[call as usize % numbers.len()];
            stage.call(account, peer, number, from + call * every, 170 + (call % 7) as u32)
        })
        .collect()
}

/// A sweep over names that do not exist, by one address.
pub(crate) fn sweep(stage: &mut Stage, peer: &str, from: i64, names: u32) {
    for name in 0..names {
        stage.unknown(&(5_000 + name * 3).to_string(), peer, from + i64::from(name) * 2);
    }
}

pub(crate) const GERMAN: [&str; 5] = ["0305550101", "0895550102", "0405550103", "02215550104", "01715550105"];
pub(crate) const AMERICAN: [&str; 4] = ["93125550101", "98475550102", "96305550103", "97735550104"];
