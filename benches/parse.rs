//! How fast each reader is, on one thread, from memory; and the whole inquiry over a small case.

#![allow(missing_docs)]

mod corpus;

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tolltrace::readers::call_records::CallRecordReader;
use tolltrace::readers::{AsteriskLogReader, Chunk, Reader};

fn read(reader: &dyn Reader, bytes: &[u8], sparse: bool, chunk: &mut Chunk) {
    chunk.clear();
    chunk.sparse = sparse;
    chunk.bytes.extend_from_slice(bytes);
    reader.read(chunk);
    black_box(chunk.entries.len() + chunk.rows.len());
}

fn readers(criterion: &mut Criterion) {
    let log = corpus::log(8 * 1024 * 1024);
    let rows = corpus::call_records(50_000);
    let mut chunk = Chunk::default();
    let (asterisk, _) = AsteriskLogReader::find(&log[..64 * 1024], None, false);
    let records = CallRecordReader::find(&rows[..64 * 1024], None);
    let mut group = criterion.benchmark_group("readers");
    group.throughput(Throughput::Bytes(log.len() as u64));
    group.bench_function("asterisk log, folding", |bench| {
        bench.iter(|| read(&asterisk, &log, true, &mut chunk));
    });
    group.bench_function("asterisk log, every step", |bench| {
        bench.iter(|| read(&asterisk, &log, false, &mut chunk));
    });
    group.throughput(Throughput::Bytes(rows.len() as u64));
    if let Some((records, _)) = records {
        group.bench_function("call records", |bench| bench.iter(|| read(&records, &rows, true, &mut chunk)));
    }
    group.bench_function("call records, bare csv", |bench| bench.iter(|| bare_csv(&rows)));
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

criterion_group!(benches, readers);
criterion_main!(benches);
