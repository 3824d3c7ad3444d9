//! Forwards that stand in a panel's tables.
//!
//! FreePBX's follow-me rings a list of numbers for an extension (`findmefollow.grplist`: numbers with `-` between
//! them, `#` behind each that lies outside), ring groups the same for a group, and a miscellaneous destination is a
//! number that menus and routes may send calls to. FusionPBX has forwards in columns of `v_extensions`
//! (`forward_KIND_enabled`, `forward_KIND_destination`) and follow-me in a table beside it.

use std::collections::BTreeMap;

use super::gather::{Item, Settings};
use super::holds::Holds;
use crate::pbx::model::Forward;

/// Forwards kept of one database.
const MOST: usize = 10_000;
/// The columns of FusionPBX's forwards, and when each of them counts.
const FUSION: [(&str, &str); 4] = [
    ("forward_all", "always"),
    ("forward_busy", "when busy"),
    ("forward_no_answer", "when nobody answers"),
    ("forward_user_not_registered", "when it is not registered"),
];

/// Adds the forwards of one database, but not those that the internal database has told.
pub(super) fn collect(settings: &Settings, forwards: &mut Vec<Forward>) {
    let follow_me = settings.of(Holds::FollowMe).flat_map(|item| listed(item, "by follow-me"));
    let groups = settings.of(Holds::RingGroups).flat_map(|item| listed(item, "by its ring group"));
    let sent = settings.of(Holds::MiscDestinations).filter_map(|item| {
        let account = item.filled("description").unwrap_or("a miscellaneous destination");
        Some(forward(item, account, "as a miscellaneous destination", outside(item.filled("destdial")?)?))
    });
    let found = follow_me.chain(groups).chain(sent).chain(fusion(settings));
    for forward in found.take(MOST) {
        let is_known =
            forwards.iter().any(|known| known.account == forward.account && known.number == forward.number);
        if !is_known {
            forwards.push(forward);
        }
    }
}

/// Returns the numbers of a list that `-` separates, those of one's own phones left out.
pub(in crate::pbx) fn numbers(list: &str) -> impl Iterator<Item = &str> {
    list.split(['-', '\r', '\n', ',', '&']).map(str::trim).filter_map(outside)
}

/// Returns a number without the mark of one that lies outside; `None` where it is too short to be one.
fn outside(number: &str) -> Option<&str> {
    const OUTSIDE_DIGITS: usize = 7;
    let bare = number.trim().trim_end_matches('#');
    let digits = bare.bytes().filter(u8::is_ascii_digit).count();
    (digits >= OUTSIDE_DIGITS).then_some(bare)
}

fn forward(item: &Item, account: &str, when: &'static str, number: &str) -> Forward {
    let place = item.proof(&["grpnum", "grplist", "description", "destdial", "extension"]);
    Forward { account: account.to_owned(), number: number.to_owned(), when, place }
}

fn listed<'a>(item: &'a Item, when: &'static str) -> impl Iterator<Item = Forward> + 'a {
    let list = item.filled("grplist").unwrap_or_default();
    numbers(list).map(move |number| forward(item, &item.name, when, number))
}

/// Returns the forwards of FusionPBX's extensions.
fn fusion(settings: &Settings) -> impl Iterator<Item = Forward> {
    let mut followed: BTreeMap<&str, Vec<&Item>> = BTreeMap::new();
    for item in settings.of(Holds::FusionFollowMe) {
        followed.entry(item.name.as_str()).or_default().push(item);
    }
    let of_extension = move |item: &'_ Item| {
        let mut found: Vec<Forward> =
            FUSION.iter().filter_map(|(kind, when)| column(item, kind, when)).collect();
        if item.filled("follow_me_enabled").is_some_and(is_on) {
            let list = item.filled("follow_me_uuid").and_then(|id| followed.get(id));
            let numbers = list.into_iter().flatten().filter_map(|row| {
                let number = outside(row.filled("follow_me_destination")?)?;
                Some(Forward {
                    account: item.name.clone(),
                    number: number.to_owned(),
                    when: "by follow-me",
                    place: row.proof(&["follow_me_destination"]),
                })
            });
            found.extend(numbers);
        }
        found
    };
    settings.of(Holds::Extensions).flat_map(of_extension)
}

/// Returns one of the forwards that stand in columns of their own, if it is switched on.
fn column(item: &Item, kind: &str, when: &'static str) -> Option<Forward> {
    let (enabled, destination) = (format!("{kind}_enabled"), format!("{kind}_destination"));
    let number = outside(item.filled(&destination)?)?;
    item.filled(&enabled).is_some_and(is_on).then(|| Forward {
        account: item.name.clone(),
        number: number.to_owned(),
        when,
        place: item.proof(&["extension", &enabled, &destination]),
    })
}

fn is_on(text: &str) -> bool {
    matches!(text, "true" | "t" | "1")
}
