//! A data directory: which tables it has, and the files of each.
//!
//! A database is a folder, a table a few files of the same name in it: `.frm` for its definition, `.ibd` or
//! `.MYD` and `.MYI`, or `.MAD` and `.MAI`, for its rows. The redo log of all InnoDB tables lies beside the folders, and so does `ibdata1`,
//! which holds the rows of those that have no file for them.

use std::ops::ControlFlow;

use super::bytes::{ReadAt, read_whole};
use super::column::Column;
use super::definition::{Definition, Engine};
use super::giving::Giving;
use super::innodb::{Dictionary, Place};
use super::redo::Log;
use super::row::{Row, Summary};
use super::{aria, frm, innodb, known, myisam};

/// The files of a data directory, by path.
pub trait Files {
    /// Returns the paths of all files, parted by slashes.
    fn paths(&self) -> Vec<String>;

    /// Opens one.
    fn open(&self, path: &str) -> Option<Box<dyn ReadAt + '_>>;
}

/// The name of InnoDB's redo log; older versions had a second one.
pub(super) const LOG: &str = "ib_logfile0";
/// Endings of the files of rows.
pub(super) const ROWS: [&str; 3] = [".ibd", ".MYD", ".MAD"];
/// The name of InnoDB's tablespace for all tables.
pub(super) const SHARED: &str = "ibdata1";

/// Returns whether a file's name is that of a further one of that tablespace: `innodb_data_file_path` may name several.
pub(super) fn is_further(name: &str) -> bool {
    let number = name.strip_prefix("ibdata").and_then(|number| number.parse::<u16>().ok());
    number.is_some_and(|number| number > 1)
}

/// A table of a data directory.
pub struct Table {
    /// Its database, the folder it lies in; empty where the file lies in none.
    pub database: String,
    /// The path of that folder.
    pub folder: String,
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
    /// Does that file hold the rows of other tables too, as `ibdata1` does?
    pub is_shared: bool,
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
        let Some((stem, engine, rows)) = rows_of(path, &paths) else { continue };
        let (folder, name) = stem.rsplit_once('/').unwrap_or(("", stem));
        let is_shared = rows != *path;
        match definition(files, stem, name, engine) {
            // A definition without a file of rows may be that of a view, or of another engine's table.
            Err(_) if is_shared => {}
            Ok((definition, _)) if is_shared && definition.engine != Engine::InnoDb => {}
            Err(why) => notes.push(format!("{path}: {why}")),
            Ok((definition, is_definition_known)) => tables.push(Table {
                database: folder.rsplit('/').next().unwrap_or_default().to_owned(),
                folder: folder.to_owned(),
                name: name.to_owned(),
                columns: definition.columns.clone(),
                definition,
                is_definition_known,
                path: rows,
                is_shared,
                log: beside(folder, LOG, &paths),
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

/// Returns the path without its ending, whose table it is, and the path of its rows: of a file of rows itself, and of
/// a definition without one that of the tablespace of all tables.
fn rows_of<'p>(path: &'p str, paths: &[String]) -> Option<(&'p str, Option<Engine>, String)> {
    let of = |ending: &str, engine| Some((path.strip_suffix(ending)?, Some(engine), path.to_owned()));
    let of_definition = || {
        let stem = path.strip_suffix(".frm")?;
        let has_file = |ending: &str| is_among(&format!("{stem}{ending}"), paths);
        if ROWS.into_iter().any(has_file) {
            return None;
        }
        let folder = stem.rsplit_once('/').map_or("", |(folder, _)| folder);
        Some((stem, None, beside(folder, SHARED, paths)?))
    };
    of(".ibd", Engine::InnoDb)
        .or_else(|| of(".MYD", Engine::MyIsam))
        .or_else(|| of(".MAD", Engine::Aria))
        .or_else(of_definition)
}

/// Returns the path of the file of that name beside a folder, if it is there; `paths` are in order.
fn beside(folder: &str, name: &str, paths: &[String]) -> Option<String> {
    let above = folder.rsplit_once('/').map_or("", |(above, _)| above);
    let path = if above.is_empty() { name.to_owned() } else { format!("{above}/{name}") };
    is_among(&path, paths).then_some(path)
}

fn is_among(path: &str, paths: &[String]) -> bool {
    paths.binary_search_by(|known| known.as_str().cmp(path)).is_ok()
}

/// Reads a table's definition; without an engine only from its own file, which names one.
fn definition(
    files: &dyn Files,
    stem: &str,
    name: &str,
    engine: Option<Engine>,
) -> Result<(Definition, bool), String> {
    let known = || known::definition(name, engine?);
    let Some(file) = files.open(&format!("{stem}.frm")) else {
        return known()
            .map(|known| (known, true))
            .ok_or("its definition (.frm) is missing and not known".to_owned());
    };
    let bytes = read_whole(&*file, frm::LONGEST).unwrap_or_default();
    match frm::read(&bytes) {
        Ok(definition) => {
            Ok((Definition { engine: engine.unwrap_or(definition.engine), ..definition }, false))
        }
        Err(why) => match known() {
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
            Engine::Aria => self.aria_rows(files, &*file, wanted, take),
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
        let table = innodb::InnoDb::open(file, &self.definition, self.place(file)?, wanted)?;
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

    /// Returns which pages of its file are the table's.
    fn place(&self, file: &dyn ReadAt) -> Result<Place, String> {
        if !self.is_shared {
            return Ok(Place::own_file());
        }
        let place = Dictionary::read(file)?.find(&self.database, &self.name)?;
        place.ok_or_else(|| "its rows lie in a file of its own, which is missing".to_owned())
    }

    /// Opens the file beside that tells how rows are written and where they are.
    fn index<'f>(&self, files: &'f dyn Files, of_rows: &str, of_index: &str) -> Option<Box<dyn ReadAt + 'f>> {
        let path = self.path.strip_suffix(of_rows).unwrap_or(&self.path);
        files.open(&format!("{path}{of_index}"))
    }

    fn aria_rows(
        &self,
        files: &dyn Files,
        file: &dyn ReadAt,
        wanted: Wanted,
        take: &mut dyn FnMut(Row) -> ControlFlow<()>,
    ) -> Result<Summary, String> {
        let index = self
            .index(files, ".MAD", ".MAI")
            .ok_or("its index file (.MAI) is missing, which tells how rows are written")?;
        let index = read_whole(&*index, aria::LONGEST).unwrap_or_default();
        let mut giving = Giving::new(&self.definition, take);
        let with_deleted = wanted == Wanted::All;
        match aria::written(&index).ok_or("its index file (.MAI) is none of Aria's")? {
            aria::Written::Pages => {
                let form = aria::Form::read(&index, &self.definition)?;
                aria::rows(file, &form, &self.definition, with_deleted, &mut giving);
            }
            aria::Written::LikeMyIsam => {
                let form = myisam::Form::read(&[], &self.definition)?;
                myisam::rows(file, &form, &self.definition, with_deleted, &mut giving);
            }
            aria::Written::Packed => return Err("it was packed with aria_pack, which is not read".to_owned()),
        }
        let mut summary = giving.summary;
        if aria::was_open(&index) {
            summary.note("it was open when the server ended: its last changes may stand in aria_log only, which is not read".to_owned());
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
        let index = self.index(files, ".MYD", ".MYI");
        let head = index.map(|index| read_whole(&*index, myisam::LONGEST)).and_then(Result::ok);
        let form = myisam::Form::read(&head.unwrap_or_default(), &self.definition)?;
        let mut giving = Giving::new(&self.definition, take);
        myisam::rows(file, &form, &self.definition, wanted == Wanted::All, &mut giving);
        let mut summary = giving.summary;
        myisam::tell_counts(&form, wanted == Wanted::All, &mut summary);
        Ok(summary)
    }
}
