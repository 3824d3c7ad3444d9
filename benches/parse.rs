//! How fast each reader is, on one thread, from memory; and the whole inquiry over a small case.

#![allow(missing_docs)]

mod corpus;

use std::collections::BTreeMap;
use std::hint::black_box;
use std::ops::ControlFlow;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use flate2::Compression;
use flate2::write::GzEncoder;
use tolltrace::case::{self, Options, Progress};
use tolltrace::evidence::Evidence;
use tolltrace::mariadb::{Files, ReadAt, Wanted, tables};
use tolltrace::pbx::Pbx;
use tolltrace::readers::{Chunk, Opening, Reader, format};
use tolltrace::scan::PIECE;

fn read(reader: &dyn Reader, bytes: &[u8], sparse: bool, chunk: &mut Chunk) {
    chunk.clear();
    chunk.sparse = sparse;
    chunk.bytes.extend_from_slice(bytes);
    reader.read(chunk);
    black_box(chunk.entries.len() + chunk.rows.len());
}

/// Has a reader read a file from beginning to end, in the pieces of a scan.
fn read_stream(reader: &dyn Reader, mut bytes: &[u8]) {
    let mut rows = 0;
    reader.read_stream(&mut bytes, PIECE, &mut |chunk: &Chunk, _| rows += chunk.rows.len());
    black_box(rows);
}

/// Returns the reader of the format `word` for a file.
fn reader(word: &str, file: &[u8]) -> Box<dyn Reader> {
    let opening = Opening { path: "", head: &file[..64 * 1024], pbx: &Pbx::default(), machine: None };
    let opened = format(word).and_then(|format| (format.open)(&opening));
    opened.expect("the generated file is of its format").reader
}

fn readers(criterion: &mut Criterion) {
    let log = corpus::log(8 * 1024 * 1024);
    let rows = corpus::call_records(50_000);
    let mut chunk = Chunk::default();
    let asterisk = reader("asterisk-log", &log);
    let records = reader("call-records", &rows);
    let mut group = criterion.benchmark_group("readers");
    group.throughput(Throughput::Bytes(log.len() as u64));
    group.bench_function("asterisk log, folding", |bench| {
        bench.iter(|| read(asterisk.as_ref(), &log, true, &mut chunk));
    });
    group.bench_function("asterisk log, every step", |bench| {
        bench.iter(|| read(asterisk.as_ref(), &log, false, &mut chunk));
    });
    group.throughput(Throughput::Bytes(rows.len() as u64));
    group.bench_function("call records", |bench| {
        bench.iter(|| read(records.as_ref(), &rows, true, &mut chunk));
    });
    group.bench_function("call records, bare csv", |bench| bench.iter(|| bare_csv(&rows)));
    let dump = corpus::sql_dump(50_000);
    let tables = reader("sql-dump", &dump);
    group.throughput(Throughput::Bytes(dump.len() as u64));
    group.bench_function("sql dump", |bench| bench.iter(|| read_stream(tables.as_ref(), &dump)));
    group.finish();
}

/// What the columns cost alone: the measure for the reader of call records.
fn bare_csv(rows: &[u8]) {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(rows);
    let mut record = csv::ByteRecord::new();
    while reader.read_byte_record(&mut record).unwrap_or(false) {
        black_box(record.len());
    }
}

/// A data directory in memory.
struct Held(BTreeMap<String, Vec<u8>>);

impl Held {
    /// Takes a table of the test data; the file with the rows is repeated, where its blocks stand alone.
    fn of(table: &str, endings: &[&str], repeated: usize) -> Self {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/mariadb/");
        let mut files = BTreeMap::new();
        for ending in endings {
            let path = format!("{table}.{ending}");
            let bytes = std::fs::read(format!("{root}{path}")).expect("test data");
            let times = if *ending == "MYD" { repeated } else { 1 };
            files.insert(path, bytes.repeat(times));
        }
        Held(files)
    }
}

impl Files for Held {
    fn paths(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }

    fn open(&self, path: &str) -> Option<Box<dyn ReadAt + '_>> {
        Some(Box::new(self.0.get(path)?.clone()))
    }
}

fn databases(criterion: &mut Criterion) {
    let innodb = Held::of("innodb/asterisk/manager", &["frm", "ibd"], 1);
    let myisam = Held::of("myisam/asteriskcdrdb/cdr", &["frm", "MYI", "MYD"], 1_000);
    let mut group = criterion.benchmark_group("databases");
    for (name, held, rows) in [("innodb, all rows", &innodb, "ibd"), ("myisam, all rows", &myisam, "MYD")] {
        let found = tables(held).0.into_iter().next().expect("a table");
        let bytes = held.0.iter().find(|(path, _)| path.ends_with(rows)).map_or(0, |(_, bytes)| bytes.len());
        group.throughput(Throughput::Bytes(bytes as u64));
        group.bench_function(name, |bench| {
            bench.iter(|| {
                let mut take = |row| {
                    black_box(&row);
                    ControlFlow::Continue(())
                };
                black_box(found.rows(held, Wanted::All, &mut take).is_ok())
            });
        });
    }
    group.finish();
}

/// What finding a log in a packed tar costs: it is unpacked, hashed and passed on.
fn archives(criterion: &mut Criterion) {
    let log = corpus::log(16 * 1024 * 1024);
    let Ok(folder) = tempfile::tempdir() else { return };
    let path = folder.path().join("backup.tar.gz");
    if std::fs::write(&path, tar_gz("var/log/asterisk/full", &log)).is_err() {
        return;
    }
    let mut group = criterion.benchmark_group("archives");
    group.sample_size(20).throughput(Throughput::Bytes(log.len() as u64));
    let paths = [path];
    group.bench_function("a log in a tar.gz, found", |bench| {
        bench.iter(|| black_box(Evidence::gather(&paths).map(|evidence| evidence.sources.len()).ok()));
    });
    group.bench_function("a log in a tar.gz, examined", |bench| {
        let options = Options { no_hash: true, figures_only: true, ..Options::default() };
        bench.iter(|| {
            let evidence = Evidence::gather(&paths).ok();
            black_box(
                evidence.and_then(|evidence| case::examine(&evidence, &options, &Silent).ok()).is_some(),
            )
        });
    });
    group.finish();
}

/// Packs one file.
fn tar_gz(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes.len() as u64);
    header.set_mode(0o644);
    let mut packed = Vec::new();
    let mut builder = tar::Builder::new(GzEncoder::new(&mut packed, Compression::default()));
    // Writing to memory does not fail.
    let _ = builder.append_data(&mut header, name, bytes);
    drop(builder.into_inner().and_then(GzEncoder::finish));
    packed
}

/// Nobody watches.
struct Silent;

impl Progress for Silent {
    fn begin(&self, _: u64) {}
    fn advance(&self, _: &str, _: u64) {}
    fn end(&self) {}
}

criterion_group!(benches, readers, databases, archives);
criterion_main!(benches);
