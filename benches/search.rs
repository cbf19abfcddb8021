//! Parses, translates and serialises a listing of 200 KB.

use std::error::Error;
use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput};
use fliggy_gateway::domain::ids::HashKey;
use fliggy_gateway::domain::vocabulary::Vocabulary;
use fliggy_gateway::top::envelope::{self, Envelope};
use fliggy_gateway::top::method::Method as _;
use fliggy_gateway::top::wire::{Search, SearchResponse};
use fliggy_gateway::translate::{Context, search};

#[path = "load/answers.rs"]
#[expect(dead_code, reason = "this bench uses only the listing")]
mod answers;

// The allocator of the gateway.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn decode(body: &[u8]) -> Result<SearchResponse, Box<dyn Error>> {
    match envelope::decode(Search::NAME, body)? {
        Envelope::Answer(answer) => Ok(answer),
        Envelope::Error(_) => Err("the listing is an error".into()),
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let listing = tokio::runtime::Runtime::new()?.block_on(answers::listing())?;
    let (vocabulary, key, account) = (
        Vocabulary::default(),
        HashKey::new([0; 32]),
        "main".parse()?,
    );
    let context = Context {
        vocabulary: &vocabulary,
        key: &key,
        account: &account,
        now: "2030-05-01T10:00:00+08:00".parse()?,
    };
    let answer = |decoded| search::answer(decoded, &context);
    let found = answer(decode(&listing)?)?;
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("search");
    group.throughput(Throughput::Bytes(listing.len() as u64));
    group.bench_function("translate", |b| {
        b.iter_batched(
            || decode(&listing),
            |decoded| decoded.map(answer).is_ok(),
            BatchSize::LargeInput,
        );
    });
    group.bench_function("serialise", |b| {
        b.iter(|| serde_json::to_vec(black_box(&found.offers)));
    });
    group.bench_function("whole", |b| {
        b.iter(|| {
            let found = answer(decode(black_box(&listing))?)?;
            Ok::<_, Box<dyn Error>>(serde_json::to_vec(&found.offers)?)
        });
    });
    group.finish();
    criterion.final_summary();
    Ok(())
}
