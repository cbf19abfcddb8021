//! The situations from which runs start, and the runs that depart from the default run.

use std::time::Duration;

use crate::explorer::{Limits, Request, Run, What};
use crate::ledger::ORDERS;
use crate::process::STALE;
use crate::steps::Step;
use crate::{Ended, in_virtual_time};

/// The subjects of a run on predefined orders.
pub(crate) fn payments() -> Vec<What> {
    vec![
        What::Pay(ORDERS[0]),
        What::Close(ORDERS[0]),
        What::Pay(ORDERS[1]),
    ]
}

/// The subjects of a run that creates its orders.
pub(crate) fn bookings() -> Vec<What> {
    vec![What::Book("MODEL-A"), What::Book("MODEL-B")]
}

/// The number of points of a run at which it may depart.
pub(crate) const POINTS: usize = 30;

/// A departure: the point of the run, and the number of the alternative taken there.
type Departure = (usize, usize);

/// A situation: what is requested, and whether the preparation ends just before the operation becomes
/// stale.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Situation {
    pub(crate) what: What,
    pub(crate) late: bool,
}

// === impl Situation ===

impl Situation {
    pub(crate) async fn begin(self, run: &mut Run) {
        run.take(Step::Wait(Duration::from_secs(3))).await;
        run.take(Step::Ask(Request::new(self.what))).await;
        if self.late {
            run.take(Step::Commit(1)).await;
            run.take(Step::Wait(STALE - Duration::from_millis(50)))
                .await;
        }
    }
}

/// The number of alternatives at each point.
struct Explored {
    alternatives: Vec<usize>,
    ended: Ended,
}

fn run(situation: Situation, departures: &[Departure]) -> Explored {
    in_virtual_time(async {
        let mut run = Run::start(Limits {
            requests: 2,
            ends: 1,
            operator: 2,
            outages: 0,
            messages: 1,
            long_waits: false,
            subjects: vec![situation.what],
        })
        .await;
        run.take(Step::Wait(Duration::from_secs(3))).await;
        run.take(Step::Ask(Request::new(situation.what))).await;
        if situation.late {
            run.take(Step::Commit(1)).await;
            run.take(Step::Wait(STALE - Duration::from_millis(50)))
                .await;
        }
        let mut alternatives = Vec::new();
        for point in 0..POINTS {
            if run.is_over() {
                break;
            }
            let enabled = run.enabled();
            alternatives.push(enabled.len());
            let chosen = departures.iter().find(|(at, _)| *at == point);
            let chosen = chosen.map_or(0, |(_, alternative)| *alternative);
            run.take(enabled[chosen].clone()).await;
        }
        run.finish().await;
        Explored {
            alternatives,
            ended: Ended::of(&run),
        }
    })
}

/// Every run with at most this many further departures, starting with the given ones. Returns the
/// number of runs.
fn explore(situation: Situation, departures: &mut Vec<Departure>, left: usize) -> u64 {
    let explored = run(situation, departures);
    explored
        .ended
        .check(&format!("{situation:?} with the departures {departures:?}"));
    let mut runs = 1;
    if left == 0 {
        return runs;
    }
    let next = departures.last().map_or(0, |(point, _)| point + 1);
    for (point, alternatives) in explored.alternatives.iter().enumerate().skip(next) {
        for alternative in 1..*alternatives {
            departures.push((point, alternative));
            runs += explore(situation, departures, left - 1);
            departures.pop();
        }
    }
    runs
}

/// Every run with at most two departures.
fn every_run(what: What, late: bool) -> u64 {
    explore(Situation { what, late }, &mut Vec::new(), 2)
}

#[test]
fn no_law_is_broken_in_any_run_of_a_payment_with_two_departures() {
    println!("{} runs", every_run(What::Pay(ORDERS[0]), false));
}

#[test]
fn no_law_is_broken_in_any_run_of_a_payment_that_is_nearly_stale_with_two_departures() {
    println!("{} runs", every_run(What::Pay(ORDERS[0]), true));
}

#[test]
fn no_law_is_broken_in_any_run_of_a_booking_with_two_departures() {
    println!("{} runs", every_run(What::Book("MODEL-A"), false));
}
