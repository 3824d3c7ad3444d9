//! From files to sections: includes followed inside the evidence, templates inherited.
//!
//! Facts relied on: an included file goes on in the includer's section; includes nest ten deep;
//! lines over 8,190 characters are skipped whole; `(a,b)` copies what `a` and `b` hold at that point,
//! `(+)` goes on in the first section of the name that passes its `&`-joined filters (`main/config.c`).

use std::collections::BTreeSet;

use super::comments::Comments;
use super::document::{Document, Section, Setting};
use super::statement::Statement;
use crate::event::{Place, SourceId};
use crate::pbx::directory::Directory;
use crate::pbx::model::Problem;
use crate::untrusted::Untrusted;

const DEEPEST_INCLUDE: usize = 10;
const LONGEST_LINE: usize = 8_190;
/// An include may name a file a thousand times: what is read and what is copied is bounded.
const MOST_BYTES: usize = 32 * 1024 * 1024;
const MOST_FILES: usize = 4_096;
const MOST_COPIED: usize = 64 * 1024 * 1024;
/// Settings of one section: several sections may name the same one, and each then walks it.
const MOST_SETTINGS: usize = 2_000;
/// Settings looked at for `+=` and `(+filter)`, which walk what is there already.
const MOST_WORK: usize = 20_000_000;
const MOST_PROBLEMS: usize = 500;
/// A copy without FreePBX's empty `_custom` files lacks dozens of includes.
const MOST_MISSING_NAMED: usize = 8;

/// A file to be read where the one that includes it is missing, and the section it belongs in.
pub(in crate::pbx) type Part = (Option<&'static str>, &'static str);

/// Reads configuration files into documents and remembers what it read.
pub(in crate::pbx) struct Loader<'a> {
    directory: &'a Directory<'a>,
    /// Paths read so far.
    pub(in crate::pbx) visited: BTreeSet<String>,
    /// What could not be read or is never done.
    pub(in crate::pbx) problems: Vec<Problem>,
    unread: Vec<Problem>,
    missing: Vec<(String, String)>,
}

/// One document in the making.
struct Draft {
    document: Document,
    current: Option<usize>,
    stack: Vec<String>,
    bytes_left: usize,
    files_left: usize,
    copies_left: usize,
    work_left: usize,
    most_settings: usize,
}

/// Where a statement stands.
struct Line<'a> {
    path: &'a str,
    place: Place,
    raw: &'a [u8],
}

impl<'a> Loader<'a> {
    /// Begins with a configuration directory.
    pub(in crate::pbx) fn new(directory: &'a Directory<'a>) -> Self {
        Loader {
            directory,
            visited: BTreeSet::new(),
            problems: Vec::new(),
            unread: Vec::new(),
            missing: Vec::new(),
        }
    }

    /// Reads a file with its includes, or its parts where the file itself is missing; `None` where
    /// neither is there.
    pub(in crate::pbx) fn load(&mut self, name: &str, parts: &[Part]) -> Option<Document> {
        self.load_long(name, parts, MOST_SETTINGS)
    }

    /// Reads a file likewise, of whose sections each may hold so many settings.
    pub(in crate::pbx) fn load_long(
        &mut self,
        name: &str,
        parts: &[Part],
        most_settings: usize,
    ) -> Option<Document> {
        let mut draft = Draft { most_settings, ..Draft::new() };
        let top = self.directory.path_of(name);
        if self.directory.has(&top) {
            self.read_file(&mut draft, &top);
            return Some(draft.document);
        }
        let mut found = false;
        for (section, part) in parts {
            let path = self.directory.path_of(part);
            let Some(source) = self.directory.source(&path) else { continue };
            found = true;
            draft.current = section.map(|name| draft.document.push(Section::of_file(name, source)));
            self.read_file(&mut draft, &path);
        }
        found.then_some(draft.document)
    }

    /// Reads one file by its path, follows none of its includes and notes no problem: no server reads it.
    ///
    /// What stands before any section is put into the one given.
    pub(in crate::pbx) fn load_alone(&mut self, path: &str, section: Option<&str>) -> Document {
        let mut draft = Draft::new();
        let Ok(read) = self.directory.read(path) else { return draft.document };
        draft.current = section.map(|name| draft.document.push(Section::of_file(name, read.source)));
        let mut alone = Loader::new(self.directory);
        alone.each_statement(path, read.source, &read.bytes, |loader, statement, line| {
            if !matches!(statement, Statement::Directive { .. }) {
                loader.take(&mut draft, statement, line);
            }
        });
        draft.document
    }

    /// Reads a file that no part of the configuration needs, for what it does at each reload.
    pub(in crate::pbx) fn skim(&mut self, path: &str) {
        let Some((source, bytes)) = self.bytes_of(path) else { return };
        let skim = |loader: &mut Self, statement: Statement<'_>, line: &Line<'_>| {
            if let Statement::Directive { word, argument } = statement
                && word == "exec"
            {
                loader.never_run(line, argument);
            }
        };
        self.each_statement(path, source, &bytes, skim);
    }

    /// Returns the text of a file that a setting names, which is no configuration itself.
    pub(in crate::pbx) fn text_of(&mut self, name: &str) -> Option<String> {
        let path = self.directory.resolve(name).into_iter().next()?;
        let (_, bytes) = self.bytes_of(&path)?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn bytes_of(&mut self, path: &str) -> Option<(SourceId, Vec<u8>)> {
        self.visited.insert(path.to_owned());
        match self.directory.read(path) {
            Ok(read) => {
                if read.is_cut {
                    self.unread(path, 0, "too long: its end was not read".to_owned());
                }
                Some((read.source, read.bytes))
            }
            Err(error) => {
                self.unread(path, 0, format!("cannot be read: {error}"));
                None
            }
        }
    }

    fn read_file(&mut self, draft: &mut Draft, path: &str) {
        let Some((source, bytes)) = self.bytes_of(path) else { return };
        if draft.files_left == 0 || draft.bytes_left < bytes.len() {
            draft.files_left = 0;
            self.unread(path, 0, "not read: more is included than any real configuration holds".to_owned());
            return;
        }
        draft.files_left -= 1;
        draft.bytes_left -= bytes.len();
        draft.stack.push(path.to_owned());
        self.each_statement(path, source, &bytes, |loader, statement, line| {
            loader.take(draft, statement, line);
        });
        draft.stack.pop();
    }

    /// Calls back for each statement of a file, comments cut.
    fn each_statement(
        &mut self,
        path: &str,
        source: SourceId,
        bytes: &[u8],
        mut take: impl FnMut(&mut Self, Statement<'_>, &Line<'_>),
    ) {
        let mut comments = Comments::default();
        let mut offset = 0_u64;
        let mut number = 0_u32;
        for raw in bytes.split(|&byte| byte == b'\n') {
            number = number.saturating_add(1);
            let text = match number {
                1 => raw.strip_prefix(b"\xef\xbb\xbf").unwrap_or(raw),
                _ => raw,
            };
            if text.len() > LONGEST_LINE {
                self.problem(
                    path,
                    number,
                    "longer than Asterisk reads: skipped, as Asterisk does".to_owned(),
                );
            } else if let Some(kept) = comments.cut(text, number)
                && let Some(statement) = Statement::read(&kept)
            {
                take(
                    self,
                    statement,
                    &Line { path, place: Place { source, offset, line: number }, raw: text },
                );
            }
            offset += raw.len() as u64 + 1;
        }
        if let Some(line) = comments.never_closed() {
            self.problem(path, line, "a comment block ends nowhere: what follows is not in force".to_owned());
        }
    }

    fn take(&mut self, draft: &mut Draft, statement: Statement<'_>, line: &Line<'_>) {
        match statement {
            Statement::Section { name, options } => self.begin_section(draft, name, &options, line),
            Statement::UnclosedSection => self.problem_at(line, "a section header lacks its `]`".to_owned()),
            Statement::Directive { word, argument } => match word.as_str() {
                "include" => self.include(draft, argument, line, true),
                "tryinclude" => self.include(draft, argument, line, false),
                "exec" => self.never_run(line, argument),
                _ => {}
            },
            Statement::Setting { name, value, appends } => self.set(draft, name, value, appends, line),
            Statement::Other => {}
        }
    }

    fn set(&mut self, draft: &mut Draft, name: &[u8], value: &[u8], appends: bool, line: &Line<'_>) {
        let Some(section) = draft.current.and_then(|index| draft.document.section_mut(index)) else {
            self.problem_at(line, "a setting before any section".to_owned());
            return;
        };
        let name = text(name);
        if appends && draft.work_left > 0 {
            draft.work_left = draft.work_left.saturating_sub(section.settings.len());
            let held = section.settings.iter_mut().rev().find(|held| held.name.eq_ignore_ascii_case(&name));
            if let Some(held) = held {
                held.value.push_str(&text(value));
                return;
            }
        }
        if section.settings.len() < draft.most_settings {
            section.settings.push(Setting { name, value: text(value.trim_ascii_start()), place: line.place });
        } else {
            self.unread_at(line, "not read: the section holds more than any real one".to_owned());
        }
    }

    fn begin_section(&mut self, draft: &mut Draft, name: &[u8], options: &[&[u8]], line: &Line<'_>) {
        let name = section_name(name);
        if let Some(filters) = options.iter().find_map(|option| option.strip_prefix(b"+")) {
            let filters = text(filters);
            match draft.find(&name, &filters) {
                Some(index) => draft.current = Some(index),
                None => {
                    self.problem_at(
                        line,
                        format!("[{}] adds to a section that is not there", printable(&name)),
                    );
                    draft.current = Some(draft.document.push(section_at(name, false, line)));
                }
            }
            return;
        }
        let is_template = options.contains(&b"!".as_slice());
        let index = draft.document.push(section_at(name, is_template, line));
        for base in options.iter().filter(|&&option| option != b"!" && !option.is_empty()) {
            self.inherit(draft, index, &text(base), line);
        }
        draft.current = Some(index);
    }

    fn inherit(&mut self, draft: &mut Draft, index: usize, base: &str, line: &Line<'_>) {
        let found = draft.document.find(base, |_| true).filter(|&found| found != index);
        let Some(found) = found.and_then(|found| draft.document.section(found)) else {
            self.problem_at(line, format!("inherits from [{}], which is not there", printable(base)));
            return;
        };
        if draft.copies_left == 0 {
            return;
        }
        let size: usize = found.settings.iter().map(|held| held.name.len() + held.value.len() + 64).sum();
        let Some(left) = draft.copies_left.checked_sub(size) else {
            draft.copies_left = 0;
            self.unread_at(line, "not inherited: templates hold more than any real one".to_owned());
            return;
        };
        draft.copies_left = left;
        let settings = found.settings.clone();
        if let Some(section) = draft.document.section_mut(index) {
            section.settings.extend(settings);
        }
    }

    fn include(&mut self, draft: &mut Draft, argument: &[u8], line: &Line<'_>, required: bool) {
        // Each include counts, found or not: a pattern is compared with every file there is.
        let Some(left) = draft.files_left.checked_sub(1) else { return };
        draft.files_left = left;
        let name = text(argument);
        let paths = self.directory.resolve(&name);
        if paths.is_empty() {
            if required && !self.directory.is_known_empty(&name) {
                self.missing.push((format!("{}:{}", line.path, line.place.line), printable(&name)));
            }
            return;
        }
        if draft.stack.len() >= DEEPEST_INCLUDE {
            self.unread_at(line, "includes nest too deep: not followed".to_owned());
            return;
        }
        for path in paths {
            if draft.stack.contains(&path) {
                self.problem_at(line, format!("includes {}, which includes it", printable(&path)));
            } else if draft.files_left > 0 {
                self.read_file(draft, &path);
            }
        }
    }

    /// Returns what was named and not read, the includes that were not found among it.
    pub(in crate::pbx) fn take_unread(&mut self) -> Vec<Problem> {
        let mut unread = std::mem::take(&mut self.unread);
        unread.extend(self.missing.iter().map(|(path, name)| {
            let what = format!("includes what is not in the evidence: {name}");
            Problem { path: path.clone(), what }
        }));
        unread
    }

    /// Tells of all includes that were not found, and hands out the problems.
    pub(in crate::pbx) fn take_problems(mut self) -> Vec<Problem> {
        if let Some((path, _)) = self.missing.first() {
            let named: Vec<&str> =
                self.missing.iter().take(MOST_MISSING_NAMED).map(|(_, name)| name.as_str()).collect();
            let more = self.missing.len().saturating_sub(named.len());
            let more = if more == 0 { String::new() } else { format!(" and {more} more") };
            let what = format!("includes what is not in the evidence: {}{more}", named.join(", "));
            self.problems.push(Problem { path: path.clone(), what });
        }
        self.problems
    }

    fn never_run(&mut self, line: &Line<'_>, command: &[u8]) {
        let command: String = printable(&text(command)).chars().take(200).collect();
        self.unread_at(line, format!(
                "#exec runs a command at each reload where asterisk.conf has execincludes=yes (not run here): {command}"
            ));
    }

    fn unread_at(&mut self, line: &Line<'_>, what: String) {
        self.unread(line.path, line.place.line, what);
    }

    /// Notes a problem behind which something may stand that nobody looked at.
    fn unread(&mut self, path: &str, line: u32, what: String) {
        if self.unread.len() < MOST_PROBLEMS {
            self.unread.push(Problem { path: path.to_owned(), what: what.clone() });
        }
        self.problem(path, line, what);
    }

    fn problem_at(&mut self, line: &Line<'_>, what: String) {
        self.problem(line.path, line.place.line, what);
    }

    fn problem(&mut self, path: &str, line: u32, what: String) {
        let path = if line == 0 { path.to_owned() } else { format!("{path}:{line}") };
        if self.problems.len() < MOST_PROBLEMS {
            self.problems.push(Problem { path, what });
        } else if self.problems.len() == MOST_PROBLEMS {
            self.problems.push(Problem { path, what: "this and further problems are not listed".to_owned() });
        }
    }
}

impl Draft {
    fn new() -> Self {
        Draft {
            document: Document::default(),
            current: None,
            stack: Vec::new(),
            bytes_left: MOST_BYTES,
            files_left: MOST_FILES,
            copies_left: MOST_COPIED,
            work_left: MOST_WORK,
            most_settings: MOST_SETTINGS,
        }
    }

    /// Returns the first section of a name that passes the filters.
    fn find(&mut self, name: &str, filters: &str) -> Option<usize> {
        if self.work_left == 0 {
            return None;
        }
        let left = std::cell::Cell::new(self.work_left);
        let found = self.document.find(name, |section| {
            left.set(left.get().saturating_sub(section.settings.len() + 1));
            left.get() > 0 && passes(section, filters)
        });
        self.work_left = left.get();
        found
    }
}

/// Returns the name of a section; a secret that got into it is masked.
fn section_name(bytes: &[u8]) -> String {
    let name = text(bytes);
    if name.contains('=') { crate::secrets::masked(&name).into_owned() } else { name }
}

fn section_at(name: String, is_template: bool, line: &Line<'_>) -> Section {
    // What stands behind the header is no part of the proof: it could hold anything.
    let close = memchr::memchr(b']', line.raw).map_or(line.raw.len(), |at| at + 1);
    let options = line.raw.get(close..).filter(|rest| rest.starts_with(b"("));
    let end = options.and_then(|rest| memchr::memchr(b')', rest)).map_or(close, |at| close + at + 1);
    let header = line.raw.get(..end).unwrap_or_default();
    // A panel's form filled in wrongly makes one header of a whole section, secret and all.
    let shown = if name.contains('=') { format!("[{name}]").into_bytes() } else { header.to_vec() };
    Section::new(name, is_template, line.place, &shown)
}

/// Returns whether a section has what the filters of `(+type=aor&...)` ask for.
fn passes(section: &Section, filters: &str) -> bool {
    filters.split('&').filter(|filter| !filter.is_empty()).all(|filter| {
        let Some((name, wanted)) = filter.split_once('=') else { return false };
        match (name.eq_ignore_ascii_case("TEMPLATES"), wanted) {
            (true, "restrict") => section.is_template,
            (true, _) => true,
            (false, _) => section.all(name).any(|value| value == wanted),
        }
    })
}

/// Returns text for comparing; bytes that are no UTF-8 become `\xNN`.
fn text(bytes: &[u8]) -> String {
    Untrusted::from_bytes(bytes).raw().to_owned()
}

/// Returns text that cannot disturb a terminal.
fn printable(text: &str) -> String {
    text.chars()
        .flat_map(|letter| {
            if letter.is_control() { letter.escape_default().collect::<Vec<_>>() } else { vec![letter] }
        })
        .collect()
}
