//! Which layout a file has, told by its headers alone.

use super::error::CarrierError;
use super::layout::{Column, FIELDS, Field, Layout, plain};
use super::table::Table;

/// Headers named in an error.
const MOST_NAMED: usize = 40;

/// A file seen as a table, with the layout that fits it.
#[derive(Debug)]
pub(super) struct Chosen<'a> {
    pub(super) table: Table<'a>,
    pub(super) layout: &'a Layout,
    /// The index of each field's header.
    pub(super) at: [Option<usize>; FIELDS],
}

impl Chosen<'_> {
    /// Returns the header that was taken for a field.
    pub(super) fn header(&self, field: Field) -> String {
        let index = self.at.get(field as usize).copied().flatten();
        let name = index.and_then(|index| self.table.header().get(index));
        name.map_or_else(|| field.word().to_owned(), |name| crate::untrusted::visible(name))
    }
}

/// Returns whether a file is Excel's or a table of OpenDocument: a zip archive of XML, or the older compound file.
fn is_workbook(bytes: &[u8]) -> bool {
    let has = |mark: &[u8]| memchr::memmem::find(bytes, mark).is_some();
    let is_zip = bytes.starts_with(b"PK\x03\x04");
    is_zip && (has(b"[Content_Types].xml") || has(b"opendocument"))
        || bytes.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
}

/// Finds the layout of a file: the user's own if it fits, else the built-in one that names most of its headers.
pub(super) fn choose<'a>(
    path: &str,
    bytes: &'a [u8],
    map: Option<(&str, &'a Layout)>,
    built_in: &'a [Layout],
) -> Result<Chosen<'a>, CarrierError> {
    let layouts = || map.iter().map(|(_, layout)| *layout).chain(built_in);
    let keys: Vec<&str> = layouts().filter_map(|layout| layout.records.as_deref()).collect();
    let mut tables = Table::all(bytes, &keys);
    if is_workbook(bytes) {
        return Err(CarrierError::Workbook { path: path.to_owned() });
    }
    let Some(widest) = tables.iter().map(|table| table.header().len()).max() else {
        return Err(CarrierError::NoTable { path: path.to_owned() });
    };
    if let Some((_, layout)) = map
        && let Some(index) = tables.iter().position(|table| lacks(layout, table.header()).is_empty())
    {
        return settle(path, tables.swap_remove(index), layout);
    }
    let mut fits: Vec<(usize, usize, &Layout)> = Vec::new();
    for (index, table) in tables.iter().enumerate() {
        let fitting = built_in.iter().filter(|layout| lacks(layout, table.header()).is_empty());
        fits.extend(fitting.map(|layout| (named(layout, table.header()), index, layout)));
    }
    fits.sort_by_key(|(named, index, _)| (std::cmp::Reverse(*named), *index));
    match fits.as_slice() {
        [] => Err(no_fit(path, &tables, widest, map, built_in)),
        [(most, _, first), (next, _, second), ..] if most == next => Err(CarrierError::Ambiguous {
            path: path.to_owned(),
            first: first.carrier.clone(),
            second: second.carrier.clone(),
        }),
        [(_, index, layout), ..] => settle(path, tables.swap_remove(*index), layout),
    }
}

/// Returns where in a header the names of a column stand.
fn places(column: &Column, header: &[String]) -> Vec<usize> {
    let names: Vec<String> = column.names.iter().map(|name| plain(name)).collect();
    let is_named = |(_, title): &(usize, &String)| names.contains(&plain(title));
    header.iter().enumerate().filter(is_named).map(|(index, _)| index).collect()
}

/// Returns what a layout needs and a header does not have.
fn lacks<'l>(layout: &'l Layout, header: &[String]) -> Vec<&'l str> {
    let has = |name: &str| header.iter().any(|title| plain(title) == plain(name));
    let needed = layout.columns.iter().filter(|column| column.is_needed);
    let columns = needed.filter(|column| places(column, header).is_empty());
    let columns = columns.filter_map(|column| column.names.first().map(String::as_str));
    columns.chain(layout.also.iter().map(String::as_str).filter(|name| !has(name))).collect()
}

/// Returns how many headers a layout knows.
fn named(layout: &Layout, header: &[String]) -> usize {
    let columns = layout.columns.iter().filter(|column| !places(column, header).is_empty());
    columns.count() + layout.also.len()
}

/// Settles which header each field of a layout has; two for one are an error.
fn settle<'a>(path: &str, table: Table<'a>, layout: &'a Layout) -> Result<Chosen<'a>, CarrierError> {
    let mut at = [None; FIELDS];
    for column in &layout.columns {
        let places = places(column, table.header());
        let title = |index: usize| {
            table.header().get(index).map(|title| crate::untrusted::visible(title)).unwrap_or_default()
        };
        if let [first, second, ..] = places.as_slice() {
            return Err(CarrierError::TwoColumns {
                path: path.to_owned(),
                field: column.field.word(),
                first: title(*first),
                second: title(*second),
            });
        }
        if let Some(slot) = at.get_mut(column.field as usize) {
            *slot = places.first().copied();
        }
    }
    Ok(Chosen { table, layout, at })
}

/// Says why nothing fits: what the user's map names and the file lacks, else what the nearest layout needs.
fn no_fit(
    path: &str,
    tables: &[Table<'_>],
    widest: usize,
    map: Option<(&str, &Layout)>,
    built_in: &[Layout],
) -> CarrierError {
    let header = tables.iter().map(Table::header).find(|header| header.len() == widest).unwrap_or_default();
    let shown: Vec<String> =
        header.iter().take(MOST_NAMED).map(|title| crate::untrusted::visible(title)).collect();
    let headers = shown.join(", ");
    if let Some((map_path, layout)) = map {
        let missing =
            layout.columns.iter().find(|column| column.is_needed && places(column, header).is_empty());
        if let Some(column) = missing {
            return CarrierError::NoColumn {
                path: map_path.to_owned(),
                line: column.line,
                field: column.field.word(),
                name: column.names.join("\" or \""),
                file: path.to_owned(),
                headers,
            };
        }
    }
    let near = built_in.iter().map(|layout| (named(layout, header), lacks(layout, header), layout));
    let near =
        near.filter(|(_, lacks, _)| lacks.len() <= 2).max_by_key(|(named, lacks, _)| (*named, lacks.len()));
    let nearest = near.map(|(_, lacks, layout)| {
        format!("; the nearest is that of {}, which has \"{}\" as well", layout.carrier, lacks.join("\", \""))
    });
    CarrierError::Unknown { path: path.to_owned(), headers, nearest: nearest.unwrap_or_default() }
}
