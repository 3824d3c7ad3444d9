//! How fast, and how rightly, 100,000 calls of a carrier are set against 100,000 of one's own.

#![allow(missing_docs)]

mod bills;

use std::hint::black_box;

use bills::{Differences, bills};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tolltrace::reconcile::reconcile;

fn reconciliation(criterion: &mut Criterion) {
    let count = 100_000;
    let mut group = criterion.benchmark_group("reconciliation");
    group.throughput(Throughput::Elements(count as u64));
    group.sample_size(10);
    let kinds = [
        ("by the minute, with ends", 60, false, true),
        ("by six seconds, starts alone", 6, true, false),
        ("by the second, with ends", 1, true, true),
    ];
    for (name, step, tells_length, tells_end) in kinds {
        let differences = Differences { ahead: 37, drift: 1, step, tells_length, tells_end };
        let bills = bills(count, differences, 7);
        group.bench_function(name, |bench| {
            bench.iter(|| black_box(reconcile(&bills.theirs, &bills.ours)));
        });
    }
    group.finish();
}

criterion_group!(benches, reconciliation);
criterion_main!(benches);
