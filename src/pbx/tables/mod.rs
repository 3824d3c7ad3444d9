//! Accounts and trunks that stand in the tables of a database: FreePBX's `asterisk`, Asterisk's realtime
//! tables, FusionPBX, a SIP proxy's; read from the data directory of a copied disk, or from a dump.
//!
//! FreePBX writes its tables into files, which are what Asterisk reads: its tables count only where no
//! file tells of an account. What is realtime or FusionPBX's stands in no file at all.

mod data_directory;
mod forwards;
mod freepbx;
mod fusionpbx;
mod gather;
mod holds;
mod panel;
mod phones;
mod proxy;
mod realtime;
mod secrets;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use super::model::Problem;
use super::read::{Collector, Lists};
use crate::evidence::{Evidence, Source};
use crate::readers::is_sql_dump;
use crate::tables::{Dialect, Dump, pump};

pub(super) use forwards::numbers as numbers_of_list;
pub(super) use gather::Settings;
pub use holds::is_table;

/// So much of a dump is read at a time, in bytes.
const PIECE: usize = 1024 * 1024;

/// What the databases of the evidence say, the newest first.
///
/// A data directory is what the server had when its disk was copied, so it is newer than any dump.
pub(super) struct Found {
    databases: Vec<(String, Settings)>,
    problems: Vec<Problem>,
}

impl Found {
    /// Reads every data directory and every dump.
    pub(super) fn gather(evidence: &Evidence) -> Self {
        let mut found = Found { databases: Vec::new(), problems: Vec::new() };
        data_directory::read_all(evidence, &mut found);
        let mut sources: Vec<&Source> = evidence
            .sources
            .iter()
            .filter(|source| source.duplicate_of.is_none() && is_sql_dump(source.kind))
            .collect();
        sources.sort_by_key(|source| (std::cmp::Reverse(source.file.modified), source.id));
        for source in sources {
            let path = source.file.path.clone();
            match read(evidence, source) {
                Ok(settings) => {
                    found.add(path, settings);
                }
                Err(error) => {
                    found
                        .problems
                        .push(Problem { path, what: format!("cannot be read for accounts: {error}") });
                }
            }
        }
        found
    }

    fn add(&mut self, path: String, settings: Settings) {
        let troubles = settings.troubles().into_iter();
        self.problems.extend(troubles.map(|what| Problem { path: path.clone(), what }));
        self.databases.push((path, settings));
    }

    /// Returns whether realtime tables were found, in which accounts stand that no file shows.
    pub(super) fn has_realtime(&self) -> bool {
        self.databases.iter().any(|(_, settings)| settings.has_realtime())
    }

    /// Adds the accounts and trunks that no file told.
    pub(super) fn collect(self, lists: &Lists<'_>, collector: &mut Collector) {
        collector.pbx.problems.extend(self.problems);
        // What a panel keeps to itself stands in no file: the newest database that has it tells all of it.
        if let Some((_, settings)) = self.databases.iter().find(|(_, settings)| settings.has_own_tables()) {
            collector.pbx.panel = panel::read(settings);
        }
        // Nor do forwards: the newest database that has them counts.
        if let Some((_, settings)) = self.databases.iter().find(|(_, settings)| settings.has_forwards()) {
            forwards::collect(settings, &mut collector.pbx.forwards);
        }
        let has_files = !collector.pbx.accounts.is_empty();
        // Of several dumps the newest counts.
        if let Some((_, settings)) = self.databases.iter().find(|(_, settings)| settings.has_panel_users()) {
            secrets::of_panel_users(settings, collector);
        }
        if let Some((_, settings)) = self.databases.iter().find(|(_, settings)| settings.has_panel()) {
            secrets::older_ones(settings, collector);
        }
        if let Some((_, settings)) = self.databases.iter().find(|(_, settings)| settings.has_phones()) {
            phones::collect(settings, collector);
        }
        if let Some((_, settings)) = self.databases.iter().find(|(_, settings)| settings.has_proxy()) {
            proxy::collect(settings, collector);
        }
        let mut families = [!has_files, true, true];
        for (path, settings) in &self.databases {
            let held = [settings.has_panel(), settings.has_realtime(), settings.has_fusionpbx()];
            let adders: [(Add, IsOf); 3] = [
                (freepbx::collect, secrets::is_of_freepbx),
                (realtime::collect, secrets::is_realtime),
                (fusionpbx::collect, secrets::is_of_fusionpbx),
            ];
            for ((is_open, held), (add, tables)) in families.iter_mut().zip(held).zip(adders) {
                if !held {
                    continue;
                }
                if *is_open {
                    // Of several databases the newest counts: an older one holds accounts that are gone.
                    *is_open = false;
                    let known = known_names(collector);
                    add(settings, &known, lists, collector);
                    secrets::of_accounts(settings, tables, collector);
                } else {
                    let what = "its accounts are not counted: files or a newer database tell them".to_owned();
                    collector.pbx.problems.push(Problem { path: path.clone(), what });
                }
            }
        }
        for (_, settings) in &self.databases {
            freepbx::name_people(settings, collector);
        }
    }
}

/// Adds what one family of tables tells and is not known by name.
type Add = fn(&Settings, &BTreeSet<String>, &Lists<'_>, &mut Collector);

/// Tells whether a table is one of a family.
type IsOf = fn(holds::Holds) -> bool;

fn read(evidence: &Evidence, source: &Source) -> std::io::Result<Settings> {
    let handle = evidence.open(&source.file)?;
    let mut bytes = handle.contents(source.packing);
    let mut dump = Dump::new(Dialect::of(&source.head));
    let mut settings = Settings::new(source.id);
    pump(&mut bytes, PIECE, |buffer, at_end| {
        let length = buffer.len() - usize::from(at_end);
        let done = dump.feed(buffer, at_end, &mut settings).min(length);
        settings.advance(buffer.get(..done).unwrap_or_default());
        done
    })?;
    Ok(settings)
}

fn known_names(collector: &Collector) -> BTreeSet<String> {
    let accounts = collector.pbx.accounts.iter().map(|account| &account.name);
    let trunks = collector.pbx.trunks.iter().map(|trunk| &trunk.name);
    accounts.chain(trunks).cloned().collect()
}
