//! Decodes two responses, an order (3 KB) and a listing (200 KB), from bytes to wire types.

use std::error::Error;
use std::hint::black_box;

use criterion::{Criterion, Throughput};
use fliggy_gateway::top::envelope::decode;
use fliggy_gateway::top::method::Method;
use fliggy_gateway::top::wire::{QueryOrderDetail, Search};

#[path = "load/answers.rs"]
mod answers;

fn bench<M: Method>(c: &mut Criterion, name: &str, body: &[u8]) {
    let mut group = c.benchmark_group("envelope");
    group.throughput(Throughput::Bytes(body.len() as u64));
    group.bench_function(name, |b| {
        b.iter(|| decode::<M::Answer>(M::NAME, black_box(body)).is_ok());
    });
    group.finish();
}

fn main() -> Result<(), Box<dyn Error>> {
    let listing = tokio::runtime::Runtime::new()?.block_on(answers::listing())?;
    let mut criterion = Criterion::default().configure_from_args();
    bench::<QueryOrderDetail>(&mut criterion, "detail_3_kb", answers::DETAIL);
    bench::<Search>(&mut criterion, "listing_200_kb", &listing);
    criterion.final_summary();
    Ok(())
}
