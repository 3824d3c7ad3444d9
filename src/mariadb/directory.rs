//! A data directory: which tables it has, and the files of each.
//!
//! A database is a folder, a table a few files of the same name in it: `.frm` for its definition, `.ibd` or
//! `.MYD` and `.MYI` for its rows. The redo log of all InnoDB tables lies beside the folders.

use std::ops::ControlFlow;

use super::bytes::{ReadAt, read_whole};
use super::column::Column;
use super::definition::{Definition, Engine};
use super::giving::Giving;
use super::redo::Log;
use super::row::{Row, Summary};
use super::{frm, innodb, known, myisam};

/// The files of a data directory, by path.
pub trait Files {
    /// Returns the paths of all files, parted by slashes.
    fn paths(&self) -> Vec<String>;

    /// Opens one.
    fn open(&self, path: &str) -> Option<Box<dyn ReadAt + '_>>;
}

/// The name of InnoDB's redo log; older versions had a second one.
pub(super) const LOG: &str = "ib_logfile0";

/// A table of a data directory.
pub struct Table {
    /// Its database, the folder it lies in; empty where the file lies in none.
    pub database: String,
    /// Its name.
    pub name: String,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its columns and keys.
    pub definition: Definition,
    /// Is the definition that which FreePBX is known to make, the table's own being missing?
    pub is_definition_known: bool,
    /// The path of the file with its rows.
    pub path: String,
    /// The path of the redo log, where it is there.
    pub log: Option<String>,
}

/// Finds all tables whose definition is there or known, in the order of their paths; with them, sentences
/// about those that cannot be read.
pub fn tables(files: &dyn Files) -> (Vec<Table>, Vec<String>) {
    let mut paths = files.paths();
    paths.sort();
    let (mut tables, mut notes) = (Vec::new(), Vec::new());
    for path in &paths {
        let Some((stem, engine)) = rows_file(path) else { continue };
        let (folder, name) = stem.rsplit_once('/').unwrap_or(("", stem));
        match definition(files, stem, name, engine) {
            Err(why) => notes.push(format!("{path}: {why}")),
            Ok((definition, is_definition_known)) => tables.push(Table {
                database: folder.rsplit('/').next().unwrap_or_default().to_owned(),
                name: name.to_owned(),
                columns: definition.columns.clone(),
                definition,
                is_definition_known,
                path: path.clone(),
                log: log_beside(folder, &paths),
            }),
        }
    }
    (tables, notes)
}

/// Finds a table by its name, alone or behind its database's (`asteriskcdrdb/cdr`).
pub fn table(files: &dyn Files, name: &str) -> Option<Table> {
    let is_it = |table: &Table| match name.split_once('/') {
        Some((database, name)) => table.database == database && table.name == name,
        None => table.name == name,
    };
    tables(files).0.into_iter().find(is_it)
}

/// Returns the path without its ending, and whose file of rows it is.
fn rows_file(path: &str) -> Option<(&str, Engine)> {
    let of = |ending: &str, engine| Some((path.strip_suffix(ending)?, engine));
    of(".ibd", Engine::InnoDb).or_else(|| of(".MYD", Engine::MyIsam))
}

fn log_beside(folder: &str, paths: &[String]) -> Option<String> {
    let above = folder.rsplit_once('/').map_or("", |(above, _)| above);
    let path = if above.is_empty() { LOG.to_owned() } else { format!("{above}/{LOG}") };
    paths.contains(&path).then_some(path)
}

fn definition(
    files: &dyn Files,
    stem: &str,
    name: &str,
    engine: Engine,
) -> Result<(Definition, bool), String> {
    let Some(file) = files.open(&format!("{stem}.frm")) else {
        let known = known::definition(name, engine);
        return known
            .map(|known| (known, true))
            .ok_or("its definition (.frm) is missing and not known".to_owned());
    };
    let bytes = read_whole(&*file, frm::LONGEST).unwrap_or_default();
    match frm::read(&bytes) {
        Ok(definition) => Ok((Definition { engine, ..definition }, false)),
        Err(why) => match known::definition(name, engine) {
            Some(known) => Ok((known, true)),
            None => Err(format!("its definition: {why}")),
        },
    }
}

/// Which rows of a table are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// All, deleted ones too; the table's file is read three times, the redo log as often.
    All,
    /// The living ones, after one look.
    Living,
}

impl Table {
    /// Gives the rows of the table, the living ones first, and tells what was read.
    pub fn rows(
        &self,
        files: &dyn Files,
        wanted: Wanted,
        take: &mut dyn FnMut(Row) -> ControlFlow<()>,
    ) -> Result<Summary, String> {
        let file = files.open(&self.path).ok_or("cannot be opened")?;
        match self.definition.engine {
            Engine::InnoDb => self.innodb_rows(files, &*file, wanted, take),
            Engine::MyIsam => self.myisam_rows(files, &*file, wanted, take),
            Engine::Other => Err("its engine is not read".to_owned()),
        }
    }

    fn innodb_rows(
        &self,
        files: &dyn Files,
        file: &dyn ReadAt,
        wanted: Wanted,
        take: &mut dyn FnMut(Row) -> ControlFlow<()>,
    ) -> Result<Summary, String> {
        let table = innodb::InnoDb::open(file, &self.definition)?;
        let log_file = self.log.as_ref().and_then(|path| files.open(path));
        let log = log_file.as_deref().map(Log::open);
        let readable = log.as_ref().and_then(|log| log.as_ref().ok());
        let name = format!("{}/{}.ibd", self.database, self.name);
        let mut summary = match wanted {
            Wanted::All => table.rows(readable.map(|log| (log, name.as_str())), take),
            Wanted::Living => table.living_rows(readable, take),
        };
        match &log {
            None => summary.note(format!(
                "without {LOG} it cannot be told whether the server was killed, nor which rows were written once"
            )),
            Some(Err(why)) => summary.note(format!("{LOG}: {why}")),
            Some(Ok(_)) => {}
        }
        Ok(summary)
    }

    fn myisam_rows(
        &self,
        files: &dyn Files,
        file: &dyn ReadAt,
        wanted: Wanted,
        take: &mut dyn FnMut(Row) -> ControlFlow<()>,
    ) -> Result<Summary, String> {
        let path = self.path.strip_suffix(".MYD").unwrap_or(&self.path);
        let index = files.open(&format!("{path}.MYI"));
        let head = index.map(|index| read_whole(&*index, myisam::LONGEST)).and_then(Result::ok);
        let form = myisam::Form::read(&head.unwrap_or_default(), &self.definition)?;
        let mut giving = Giving::new(&self.definition, take);
        myisam::rows(file, &form, &self.definition, wanted == Wanted::All, &mut giving);
        let mut summary = giving.summary;
        myisam::tell_counts(&form, wanted == Wanted::All, &mut summary);
        Ok(summary)
    }
}
