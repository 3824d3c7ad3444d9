//! The rows of tables that hold accounts, gathered by what they belong to.
//!
//! Nothing here can be printed: the settings hold secrets.

use std::collections::BTreeMap;

use super::holds::Holds;
use crate::event::{Citation, Place, SourceId};
use crate::pbx::language::{Section, Setting};
use crate::readers::Why;
use crate::tables::{Place as RowPlace, Rows, Table};

/// Settings kept of one dump; the largest panels have some thousand extensions with 50 each.
const MOST_SETTINGS: usize = 400_000;
/// No name or value that counts is longer, in bytes.
const LONGEST: usize = 1_024;

/// What one table says of one thing.
pub(super) struct Item {
    /// Its name or number.
    pub(super) name: String,
    /// Its settings.
    pub(super) settings: Vec<Setting>,
    /// Where its first row stands.
    pub(super) place: Place,
    /// The table's name.
    table: String,
}

impl Item {
    /// Returns the last value of a setting that is not empty.
    pub(super) fn filled(&self, name: &str) -> Option<&str> {
        let held = self.settings.iter().rev().find(|held| held.name.eq_ignore_ascii_case(name))?;
        Some(held.value.as_str()).filter(|value| !value.is_empty())
    }

    /// Begins a section of configuration that says the same; its proof shows no secret.
    pub(super) fn section(&self, name: &str) -> Section {
        let proof = format!("table {}: {}", self.table, self.name);
        Section::new(name.to_owned(), false, self.place, proof.as_bytes())
    }

    /// Returns a value that is not empty, or nothing.
    pub(super) fn text(&self, name: &str) -> String {
        self.filled(name).unwrap_or_default().to_owned()
    }

    /// Returns proof of the item that shows those of its columns.
    pub(super) fn proof(&self, columns: &[&str]) -> Citation {
        let mut proof = format!("table {}:", self.table);
        for name in columns {
            if let Some(value) = self.filled(name) {
                proof.push_str(&format!(" {name}={value}"));
            }
        }
        // A command may have a password in it.
        Citation::new(self.place, crate::secrets::masked(&proof).as_bytes())
    }

    /// Returns the name of the table in which it stands.
    pub(super) fn table(&self) -> &str {
        &self.table
    }

    /// Adds a setting of the item to a section.
    pub(super) fn setting(&self, name: &str, value: &str) -> Setting {
        Setting { name: name.to_owned(), value: value.to_owned(), place: self.place }
    }
}

/// The settings of one dump.
pub(in crate::pbx) struct Settings {
    source: SourceId,
    items: BTreeMap<(Holds, String), Item>,
    count: usize,
    /// Rows of lists.
    rows: u64,
    /// What the table at hand holds, its name, and its columns' names.
    at_hand: Option<(Holds, String, Vec<String>)>,
    base: (u64, u64),
    /// Rows that could not be read, and the line of the first.
    lost: (u64, u64),
}

impl Settings {
    /// Begins with nothing.
    pub(in crate::pbx) fn new(source: SourceId) -> Self {
        Settings {
            source,
            items: BTreeMap::new(),
            count: 0,
            rows: 0,
            at_hand: None,
            base: (0, 0),
            lost: (0, 0),
        }
    }

    /// Counts bytes that were walked over: places of rows count from there.
    pub(super) fn advance(&mut self, bytes: &[u8]) {
        self.base.0 += bytes.len() as u64;
        self.base.1 += memchr::memchr_iter(b'\n', bytes).count() as u64;
    }

    /// Returns what tables of one kind hold, in order of name.
    pub(super) fn of(&self, wanted: Holds) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(move |((holds, _), _)| *holds == wanted).map(|(_, item)| item)
    }

    /// Returns whether nothing was found.
    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Returns whether more was found than is kept.
    pub(super) fn is_full(&self) -> bool {
        self.count >= MOST_SETTINGS
    }

    /// Says what was lost or left out.
    pub(super) fn troubles(&self) -> Vec<String> {
        let (rows, line) = self.lost;
        let full = "more settings of accounts than are kept: some accounts are not known";
        let full = self.is_full().then(|| full.to_owned());
        let lost = (rows > 0)
            .then(|| format!("rows of accounts that cannot be read: {rows}, the first at line {line}"));
        full.into_iter().chain(lost).collect()
    }

    fn has(&self, wanted: impl Fn(Holds) -> bool) -> bool {
        self.items.keys().any(|(holds, _)| wanted(*holds))
    }

    /// Returns whether FreePBX's tables were found.
    pub(super) fn has_panel(&self) -> bool {
        self.has(|holds| matches!(holds, Holds::Sip | Holds::Pjsip | Holds::Iax))
    }

    /// Returns whether realtime tables were found.
    pub(super) fn has_realtime(&self) -> bool {
        self.has(|holds| {
            matches!(holds, Holds::Peers | Holds::IaxPeers | Holds::Object("endpoint") | Holds::Contacts)
        })
    }

    /// Returns whether users of a panel were found.
    pub(super) fn has_panel_users(&self) -> bool {
        self.has(Holds::is_of_panel_users)
    }

    /// Returns whether FusionPBX's tables were found.
    pub(super) fn has_fusionpbx(&self) -> bool {
        self.has(|holds| matches!(holds, Holds::Extensions | Holds::Gateways))
    }

    /// Returns whether tables of phones were found.
    pub(super) fn has_phones(&self) -> bool {
        self.has(Holds::is_of_phones)
    }

    /// Returns whether tables of a SIP proxy were found.
    pub(super) fn has_proxy(&self) -> bool {
        self.has(|holds| matches!(holds, Holds::Proxy(_)))
    }

    /// Returns whether tables were found that a panel keeps to itself.
    pub(super) fn has_own_tables(&self) -> bool {
        self.has(Holds::is_of_panel)
    }

    /// Returns whether tables were found in which forwards stand.
    pub(super) fn has_forwards(&self) -> bool {
        self.has(Holds::is_of_forwards)
    }

    /// Takes a row of the table at hand that stands at a place of any source.
    pub(super) fn row_at(&mut self, values: &[Option<&[u8]>], place: Place) {
        let Some((holds, table, columns)) = self.at_hand.take() else { return };
        let texts: Vec<Option<String>> =
            values.iter().map(|value| value.map(|text| String::from_utf8_lossy(text).into_owned())).collect();
        let text = |wanted: &str| {
            let at = columns.iter().position(|column| column == wanted)?;
            texts.get(at)?.as_deref()
        };
        let name = text(holds.name_column()).unwrap_or_default().trim();
        let settings: Vec<(&str, &str)> = match holds {
            Holds::Sip | Holds::Pjsip | Holds::Iax => text("keyword").zip(text("data")).into_iter().collect(),
            _ => {
                let filled = columns.iter().zip(&texts);
                filled.filter_map(|(column, text)| Some((column.as_str(), text.as_deref()?))).collect()
            }
        };
        if holds.is_wanted(&settings) {
            self.add(holds, &table, name, place, &settings);
        }
        self.at_hand = Some((holds, table, columns));
    }

    fn add(&mut self, holds: Holds, table: &str, name: &str, place: Place, settings: &[(&str, &str)]) {
        if (name.is_empty() && !holds.is_list()) || name.len() > LONGEST || self.is_full() {
            return;
        }
        let key = if holds.is_list() {
            // Rows of a list are told apart by nothing but their order.
            self.rows += 1;
            format!("{:010}", self.rows)
        } else {
            // One number may be an extension in many domains.
            let domain =
                settings.iter().find(|(name, _)| *name == "domain_uuid").map_or("", |(_, value)| value);
            format!("{name}\0{domain}")
        };
        let item = self.items.entry((holds, key)).or_insert_with(|| Item {
            name: name.to_owned(),
            settings: Vec::new(),
            place,
            table: table.to_owned(),
        });
        for (name, value) in settings.iter().filter(|(name, value)| name.len().max(value.len()) <= LONGEST) {
            self.count += 1;
            item.settings.push(Setting { name: (*name).to_owned(), value: (*value).to_owned(), place });
        }
    }
}

impl Rows for Settings {
    fn begin(&mut self, table: &Table) -> bool {
        let columns: Vec<String> =
            table.columns.iter().map(|column| column.name.to_ascii_lowercase()).collect();
        self.at_hand = Holds::of(&table.name, &columns).map(|holds| (holds, table.name.clone(), columns));
        self.at_hand.is_some()
    }

    fn row(&mut self, values: &[Option<&[u8]>], place: RowPlace) {
        let place = Place {
            source: self.source,
            offset: self.base.0 + place.offset as u64,
            line: u32::try_from(self.base.1 + place.line as u64 + 1).unwrap_or(u32::MAX),
        };
        self.row_at(values, place);
    }

    fn lost(&mut self, place: RowPlace, _: Why) {
        if self.lost.0 == 0 {
            self.lost.1 = self.base.1 + place.line as u64 + 1;
        }
        self.lost.0 += 1;
    }
}
