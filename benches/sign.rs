//! Signing: the base string of a booking's parameters, and its digest with each of the three methods.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use fliggy_gateway::top::sign::{SignMethod, base_string, sign};
use secrecy::SecretString;

const BOOKING: &str =
    include_str!("../openapi/top/samples/alitrip.flight.service.airbook.request.json");

fn signing(c: &mut Criterion) {
    let secret = SecretString::from("sandbox-secret");
    let params = [
        ("app_key", "12345678"),
        ("format", "json"),
        ("method", "alitrip.flight.service.airbook"),
        ("session", "sandbox-session"),
        ("sign_method", "hmac-sha256"),
        ("timestamp", "2030-05-01 10:00:00"),
        ("v", "2.0"),
        ("book_req", BOOKING),
    ];
    let base = base_string(params.into_iter());
    let mut group = c.benchmark_group("sign");
    group.throughput(Throughput::Bytes(base.len() as u64));
    group.bench_function("base_string", |b| {
        b.iter(|| base_string(black_box(params).into_iter()));
    });
    for method in [SignMethod::HmacSha256, SignMethod::Hmac, SignMethod::Md5] {
        group.bench_function(BenchmarkId::new("digest", method), |b| {
            b.iter(|| sign(method, &secret, black_box(&base)));
        });
    }
    group.finish();
}

criterion_group!(benches, signing);
criterion_main!(benches);
