//! How fast numbers are looked up in the embedded table, and dialled strings are read.

#![allow(missing_docs)]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tolltrace::numbering::{Site, plan, read};

/// Numbers of every range of the table, with digits behind that a fixed rule chooses.
fn numbers() -> Vec<String> {
    let ranges = plan().ranges.iter().enumerate();
    ranges.map(|(index, range)| format!("{}{:07}", range.prefix, index * 7_919 % 10_000_000)).collect()
}

fn lookups(criterion: &mut Criterion) {
    let numbers = numbers();
    let mut group = criterion.benchmark_group("numbers");
    group.throughput(Throughput::Elements(numbers.len() as u64));
    group.bench_function("look up in the table", |bencher| {
        bencher.iter(|| {
            numbers.iter().filter(|number| plan().lookup(black_box(number.as_bytes())).is_some()).count()
        });
    });
    let site = Site::of("US").expect("the table has the United States").with_outside("9");
    let dialled: Vec<String> = numbers.iter().map(|number| format!("9011{number}")).collect();
    group.bench_function("read as dialled behind an outside line", |bencher| {
        bencher.iter(|| {
            let read = |number: &&String| read(&site, black_box(number.as_bytes())).e164.is_some();
            dialled.iter().filter(read).count()
        });
    });
    group.finish();
}

criterion_group!(benches, lookups);
criterion_main!(benches);
