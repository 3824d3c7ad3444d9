//! How rightly and how fast 100,000 calls of a carrier are set against 100,000 of one's own: first the part of each
//! class that is found and right, then the time.

#![allow(missing_docs, clippy::print_stderr)]

mod bills;

use std::hint::black_box;

use bills::{Differences, bills, judge};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tolltrace::reconcile::reconcile;

fn reconciliation(criterion: &mut Criterion) {
    // Some are on one side only: so that either has a hundred thousand.
    let count = 102_100;
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
        eprintln!("{name}: {} calls of the carrier, {} of one's own", bills.theirs.len(), bills.ours.len());
        for (class, tally) in judge(&bills, &reconcile(&bills.theirs, &bills.ours)) {
            eprintln!("  {}", tally.line(class));
        }
        group.bench_function(name, |bench| {
            bench.iter(|| black_box(reconcile(&bills.theirs, &bills.ours)));
        });
    }
    group.finish();
}

criterion_group!(benches, reconciliation);
criterion_main!(benches);
