use super::*;
use crate::domain::ids::OrderId;
use crate::domain::operation::{DifferingField, Receipt, intent};
use crate::domain::order::OrderReceipt;
use crate::domain::refund::{RefundFee, RefundKind};
use proptest::prelude::*;

const PATIENCE: Patience = Patience {
    settle_window: Duration::from_secs(120),
    settle_window_pay: Duration::from_secs(600),
    min_looks: 5,
    attention_after: Duration::from_secs(1800),
};

fn happened() -> Finding {
    let receipt = OrderReceipt::unread(OrderId::new(1).unwrap());
    Finding::Happened(Box::new(Receipt::Order(receipt)))
}

const ABSENT: Finding = Finding::NotHappened("not there");
const NOTHING: Finding = Finding::Inconclusive("no response");
const REFUTED: Finding = Finding::Refuted(Cause::OrderNotPayable, "closed");

fn at(boot: &str, seconds: u64) -> Moment {
    Moment {
        anchor: Anchor {
            boot: boot.into(),
            at_ms: seconds * 1000,
        },
        after_deadline: true,
        session: Some(session("one")),
        control: Control::Found,
    }
}

fn session(name: &str) -> SessionTag {
    SessionTag::from_store(name.to_owned())
}

/// The step for an unknown operation after these lookups.
fn step_of(kind: Kind, claim: Claim, seen: &[(Finding, Moment)]) -> Step {
    step_at(kind, Standing::of(State::Unknown), claim, seen)
}

/// Applies these lookups in turn. Returns the first step that is not `Wait`, or else `Wait`.
fn step_at(kind: Kind, standing: Standing, claim: Claim, seen: &[(Finding, Moment)]) -> Step {
    let mut findings = Findings::default();
    for (finding, moment) in seen {
        let before = Before {
            kind,
            standing,
            claim,
            refusal: None,
            contradicted: false,
            confirmed: false,
            findings: &findings,
        };
        let (counted, step) = decide(&before, finding, moment, &PATIENCE);
        if step != Step::Wait {
            return step;
        }
        findings = counted;
    }
    Step::Wait
}

const ABSENCE: Step = Step::Settle(Standing::not_executed(Basis::Absent), Some(Cause::Absent));
const DONE: Step = Step::Settle(Standing::of(State::Succeeded), None);

#[test]
fn law_5_absence_needs_the_window_and_enough_lookups() {
    let every =
        |n: u64, step: u64| -> Vec<_> { (0..n).map(|i| (ABSENT, at("a", i * step))).collect() };
    for (kind, seen, step) in [
        // Enough lookups, but over too short a time.
        (Kind::Book, every(100, 1), Step::Wait),
        // Over a long enough time, but too few lookups.
        (Kind::Book, every(4, 60), Step::Wait),
        (Kind::Book, every(5, 30), ABSENCE),
        (Kind::Close, every(5, 30), ABSENCE),
        // Kinds that move money have a longer window.
        (Kind::Pay, every(5, 30), Step::Wait),
        (Kind::Pay, every(6, 120), ABSENCE),
    ] {
        assert_eq!(
            step_of(kind, Claim::Silence, &seen),
            step,
            "{kind:?} {seen:?}"
        );
    }
}

#[test]
fn law_5_lookups_begun_before_the_deadline_do_not_count() {
    let early: Vec<_> = (0..50)
        .map(|i| {
            let moment = Moment {
                after_deadline: false,
                ..at("a", i * 30)
            };
            (ABSENT, moment)
        })
        .collect();
    assert_eq!(step_of(Kind::Book, Claim::Silence, &early), Step::Wait);
}

#[test]
fn law_5_errors_never_settle_and_lead_to_attention() {
    let errors: Vec<_> = (0..31).map(|i| (NOTHING, at("a", i * 60))).collect();
    assert_eq!(
        step_of(Kind::Pay, Claim::Silence, &errors[..30]),
        Step::Wait
    );
    assert!(matches!(
        step_of(Kind::Pay, Claim::Silence, &errors),
        Step::Attention(_)
    ));
}

#[test]
fn lookups_that_cannot_be_made_lead_to_attention() {
    let unknown = Standing::of(State::Unknown);
    let mut findings = Findings::default();
    for minute in 0..=30 {
        let before = Before {
            kind: Kind::Pay,
            standing: unknown,
            claim: Claim::Silence,
            refusal: None,
            contradicted: false,
            confirmed: false,
            findings: &findings,
        };
        let (counted, step) = waited(&before, &at("a", minute * 60), &PATIENCE);
        let person = matches!(step, Step::Attention(_));
        assert_eq!(person, minute == 30, "{minute}");
        findings = counted;
    }
    assert_eq!((findings.lookups, findings.absent), (0, 0));
}

#[test]
fn law_9_downtime_does_not_count() {
    // Two processes that ran days apart: only the time that each process measured itself is added up.
    let mut seen = vec![(ABSENT, at("a", 10)), (ABSENT, at("a", 20))];
    seen.extend((0..6).map(|i| (ABSENT, at("b", 1_000_000 + i))));
    assert_eq!(step_of(Kind::Book, Claim::Silence, &seen), Step::Wait);
    seen.push((ABSENT, at("b", 1_000_000 + 110)));
    assert_eq!(step_of(Kind::Book, Claim::Silence, &seen), ABSENCE);
}

#[test]
fn overlapping_lookups_do_not_shorten_the_window() {
    // Lookups that began at 0 s and at 5 s are evaluated alternately, many times.
    let seen: Vec<_> = (0..1000).map(|i| (ABSENT, at("a", (i % 2) * 5))).collect();
    assert_eq!(step_of(Kind::Book, Claim::Silence, &seen), Step::Wait);
}

#[test]
fn evidence_of_the_effect_settles_whatever_was_claimed() {
    for claim in [
        Claim::Silence,
        Claim::Done,
        Claim::Refused,
        Claim::RefusedUnlisted,
    ] {
        for kind in Kind::ALL {
            assert_eq!(step_of(kind, claim, &[(happened(), at("a", 0))]), DONE);
        }
    }
}

fn early(moment: Moment) -> Moment {
    Moment {
        after_deadline: false,
        ..moment
    }
}

#[test]
fn law_3_a_refusal_needs_lookups_that_agree() {
    let rejected = Step::Settle(Standing::of(State::Rejected), Some(Cause::Refused));
    let one = [(ABSENT, at("a", 0))];
    let two = [(ABSENT, at("a", 0)), (ABSENT, at("a", 1))];
    let together = [(ABSENT, at("a", 0)), (ABSENT, at("a", 0))];
    let errors = [(NOTHING, at("a", 0)), (NOTHING, at("a", 1))];
    // Two lookups of different processes: the time between them is unknown.
    let restarted = [(ABSENT, at("a", 5)), (ABSENT, at("b", 0))];
    for kind in Kind::ALL {
        assert_eq!(step_of(kind, Claim::Refused, &one), rejected, "{kind:?}");
        assert_eq!(
            step_of(kind, Claim::Refused, &errors),
            Step::Wait,
            "{kind:?}"
        );
        for (seen, step) in [
            (&one[..], Step::Wait),
            (&two, rejected),
            (&together, Step::Wait),
            (&restarted, Step::Wait),
            (&errors, Step::Wait),
        ] {
            let found = step_of(kind, Claim::RefusedUnlisted, seen);
            assert_eq!(found, step, "{kind:?} {seen:?}");
        }
    }
    // An unlisted refusal of a kind that moves money: only lookups after the deadline count.
    let at_once = [
        (ABSENT, early(at("a", 0))),
        (ABSENT, early(at("a", 1))),
        (ABSENT, early(at("a", 2))),
    ];
    for (kind, step) in [
        (Kind::Pay, Step::Wait),
        (Kind::ChangePay, Step::Wait),
        (Kind::Refund, Step::Wait),
        (Kind::Book, rejected),
        (Kind::Close, rejected),
        (Kind::Change, rejected),
        (Kind::ChangeCancel, rejected),
    ] {
        assert_eq!(
            step_of(kind, Claim::RefusedUnlisted, &at_once),
            step,
            "{kind:?}"
        );
    }
    assert_eq!(step_of(Kind::Pay, Claim::Refused, &at_once), rejected);
}

#[test]
fn law_3_a_refutation_needs_two_lookups_after_the_deadline() {
    let rejected = Step::Settle(Standing::of(State::Rejected), Some(Cause::OrderNotPayable));
    for (seen, step) in [
        (vec![(REFUTED, at("a", 0))], Step::Wait),
        (vec![(REFUTED, at("a", 0)), (REFUTED, at("a", 1))], rejected),
        (
            vec![(REFUTED, at("a", 0)), (REFUTED, at("a", 0))],
            Step::Wait,
        ),
        (
            vec![(REFUTED, early(at("a", 0))), (REFUTED, at("a", 9))],
            Step::Wait,
        ),
    ] {
        assert_eq!(step_of(Kind::Pay, Claim::Silence, &seen), step, "{seen:?}");
    }
    // A listed refusal needs only one lookup that agrees with it.
    let single = [(REFUTED, at("a", 0))];
    assert_eq!(step_of(Kind::Pay, Claim::Refused, &single), rejected);
}

#[test]
fn a_lookup_that_confirms_a_refusal_bypasses_the_back_off() {
    let second = Duration::from_secs(1);
    let seen = |agreeing, refuting| Findings {
        agreeing,
        refuting,
        last: Some(ABSENT.word().to_owned()),
        ..Findings::default()
    };
    let outage = Findings {
        last: Some(NOTHING.word().to_owned()),
        ..seen(1, 1)
    };
    let left = Duration::from_secs(4);
    for (kind, claim, findings, until_deadline, pause) in [
        (
            Kind::Pay,
            Claim::RefusedUnlisted,
            seen(0, 0),
            left,
            Some(left + AFTER_DEADLINE),
        ),
        (
            Kind::Refund,
            Claim::RefusedUnlisted,
            seen(1, 0),
            Duration::ZERO,
            Some(second),
        ),
        // There is nothing to confirm yet, so the back-off applies.
        (
            Kind::Pay,
            Claim::RefusedUnlisted,
            seen(0, 0),
            Duration::ZERO,
            None,
        ),
        (
            Kind::Book,
            Claim::RefusedUnlisted,
            seen(1, 0),
            left,
            Some(second),
        ),
        (Kind::Book, Claim::RefusedUnlisted, seen(0, 0), left, None),
        (Kind::Pay, Claim::Silence, seen(5, 0), Duration::ZERO, None),
        (
            Kind::Pay,
            Claim::Silence,
            seen(1, 1),
            Duration::ZERO,
            Some(second),
        ),
        (Kind::Pay, Claim::Refused, seen(0, 0), left, None),
        (Kind::Book, Claim::RefusedUnlisted, outage, left, None),
    ] {
        let found = confirming_pause(kind, claim, &findings, until_deadline);
        assert_eq!(found, pause, "{kind:?} {claim:?} {findings:?}");
    }
}

#[test]
fn law_6_an_effect_that_fliggy_causes_by_itself_is_not_a_contradiction() {
    for kind in Kind::ALL {
        let before = Before {
            kind,
            standing: Standing::not_executed(Basis::Absent),
            claim: Claim::Silence,
            refusal: None,
            contradicted: false,
            confirmed: false,
            findings: &Findings::default(),
        };
        let expected = match kind {
            Kind::Close | Kind::ChangeCancel => Step::Explained,
            Kind::Book | Kind::Pay | Kind::Refund | Kind::Change | Kind::ChangePay => {
                Step::Contradiction
            }
        };
        let step = decide(&before, &happened(), &at("a", 0), &PATIENCE).1;
        assert_eq!(step, expected, "{kind:?}");
    }
}

#[test]
fn a_reported_success_that_is_not_found_needs_attention() {
    let absent: Vec<_> = (0..20).map(|i| (ABSENT, at("a", i * 60))).collect();
    assert!(matches!(
        step_of(Kind::Pay, Claim::Done, &absent),
        Step::Attention(_)
    ));
    let refuted = [(REFUTED, at("a", 0)), (REFUTED, at("a", 1))];
    assert!(matches!(
        step_of(Kind::Pay, Claim::Done, &refuted),
        Step::Attention(_)
    ));
}

#[test]
fn law_6_only_finding_its_effect_reopens_a_settled_operation() {
    for standing in [
        Standing::not_executed(Basis::Absent),
        Standing::of(State::Rejected),
    ] {
        for (finding, step) in [
            (happened(), Step::Contradiction),
            (ABSENT, Step::Wait),
            (NOTHING, Step::Wait),
            (REFUTED, Step::Wait),
        ] {
            let before = Before {
                kind: Kind::Pay,
                standing,
                claim: Claim::Silence,
                refusal: None,
                contradicted: false,
                confirmed: false,
                findings: &Findings::default(),
            };
            assert_eq!(decide(&before, &finding, &at("a", 0), &PATIENCE).1, step);
        }
    }
}

#[test]
fn a_contradicted_operation_waits_for_a_person() {
    let before = Before {
        kind: Kind::Pay,
        standing: Standing::of(State::NeedsAttention),
        claim: Claim::Silence,
        refusal: None,
        contradicted: true,
        confirmed: false,
        findings: &Findings::default(),
    };
    for finding in [happened(), ABSENT, NOTHING, REFUTED] {
        let step = decide(&before, &finding, &at("a", 0), &PATIENCE).1;
        assert_eq!(step, Step::Wait);
    }
}

fn any_finding() -> impl Strategy<Value = Finding> {
    prop_oneof![Just(happened()), Just(ABSENT), Just(NOTHING), Just(REFUTED)]
}

proptest! {
    #[test]
    fn the_state_table_allows_every_step(
        state in 0usize..7,
        claim in 0usize..4,
        kind in 0usize..Kind::ALL.len(),
        contradicted: bool,
        confirmed: bool,
        seen in proptest::collection::vec((any_finding(), 0u64..10_000, any::<bool>()), 1..30),
    ) {
        let state = State::ALL[state];
        let standing = if state == State::NotExecuted {
            Standing::not_executed(Basis::Absent)
        } else {
            Standing::of(state)
        };
        let claim = [
            Claim::Silence, Claim::Done, Claim::Refused, Claim::RefusedUnlisted,
        ][claim];
        let mut findings = Findings::default();
        for (finding, seconds, after_deadline) in seen {
            let moment = Moment { after_deadline, ..at("a", seconds) };
            let before = Before {
                kind: Kind::ALL[kind], standing, claim, refusal: None, contradicted, confirmed,
                findings: &findings,
            };
            let (counted, step) = decide(&before, &finding, &moment, &PATIENCE);
            let to = match step {
                Step::Wait | Step::TryControl | Step::Explained | Step::Confirmed => None,
                Step::Settle(to, _) => Some(to),
                Step::Attention(_) | Step::Contradiction => {
                    Some(Standing::of(State::NeedsAttention))
                }
            };
            if let Some(to) = to {
                prop_assert!(crate::domain::operation::may_become(standing, to), "{standing:?} {to:?}");
                // Only evidence of the effect settles an operation as succeeded, and an error settles nothing.
                if to.state == State::Succeeded {
                    prop_assert!(matches!(finding, Finding::Happened(_) | Finding::Differs(..)));
                }
                if matches!(finding, Finding::Inconclusive(_)) {
                    prop_assert_eq!(to.state, State::NeedsAttention);
                }
            }
            findings = counted;
        }
    }
}

#[test]
fn law_6_later_operations_may_explain_the_effect() {
    let refund = |number: &str, passengers: &[u8]| {
        Intent::Refund(intent::Refund {
            order_id: OrderId::new(7).unwrap(),
            out_refund_no: number.parse().unwrap(),
            refund_kind: RefundKind::Voluntary,
            passengers: passengers
                .iter()
                .map(|n| format!("psg_{n:032x}").parse().unwrap())
                .collect(),
            fee: RefundFee::Unknown,
            with_attachment: false,
        })
    };
    let close = || {
        Intent::Close(intent::Close {
            order_id: OrderId::new(7).unwrap(),
        })
    };
    let (done, open) = (State::Succeeded, State::Unknown);
    for (ours, later, expected) in [
        (close(), vec![], Later::Nothing),
        (close(), vec![(open, close())], Later::Explains(open)),
        // The newest operation decides.
        (
            close(),
            vec![(done, close()), (open, close())],
            Later::Explains(done),
        ),
        (
            refund("R-1", &[1]),
            vec![(done, refund("R-2", &[2]))],
            Later::Nothing,
        ),
        (
            refund("R-1", &[1]),
            vec![(done, refund("R-2", &[1, 2]))],
            Later::HasAnotherNumber,
        ),
        (
            refund("R-1", &[1]),
            vec![(done, refund("R-2", &[1])), (done, refund("R-1", &[1]))],
            Later::Explains(done),
        ),
    ] {
        assert_eq!(later_of(&ours, &later), expected, "{ours:?} {later:?}");
    }
}

/// The finding of an order in which these fields differ.
fn differs(fields: &[DifferingField]) -> Finding {
    let receipt = Receipt::Order(OrderReceipt::unread(OrderId::new(7).unwrap()));
    let differences = fields.iter().map(|field| Difference {
        field: *field,
        expected: "a".into(),
        found: "b".into(),
    });
    Finding::Differs(Box::new(receipt), differences.collect())
}

#[test]
fn law_7_a_difference_needs_two_lookups_two_seconds_apart() {
    let terms = || differs(&[DifferingField::TotalPrice, DifferingField::DepartureTime]);
    let trip = || differs(&[DifferingField::TotalPrice, DifferingField::FlightNo]);
    let seen = |findings: Vec<(Finding, Moment)>| step_of(Kind::Book, Claim::Silence, &findings);
    assert_eq!(seen(vec![(terms(), at("a", 1))]), Step::Wait);
    assert_eq!(
        seen(vec![(terms(), at("a", 1)), (terms(), at("a", 2))]),
        Step::Wait,
        "too close"
    );
    assert_eq!(
        seen(vec![(terms(), at("a", 1)), (terms(), at("a", 3))]),
        DONE
    );
    // Other differences than before: the order may still be changing.
    let changing = vec![(trip(), at("a", 1)), (terms(), at("a", 3))];
    assert_eq!(seen(changing.clone()), Step::Wait);
    let mut settled = changing;
    settled.push((terms(), at("a", 5)));
    assert_eq!(seen(settled), DONE);
    // The time between lookups of two processes is unknown.
    assert_eq!(
        seen(vec![(terms(), at("a", 1)), (terms(), at("b", 9))]),
        Step::Wait
    );
    let step = seen(vec![(trip(), at("a", 1)), (trip(), at("a", 3))]);
    assert!(matches!(step, Step::Attention(_)), "{step:?}");
}

#[test]
fn law_7_an_object_that_differs_contradicts_too() {
    for standing in [
        Standing::of(State::Rejected),
        Standing::not_executed(Basis::Absent),
    ] {
        let before = Before {
            kind: Kind::Book,
            standing,
            claim: Claim::Silence,
            refusal: None,
            contradicted: false,
            confirmed: false,
            findings: &Findings::default(),
        };
        let found = differs(&[DifferingField::FlightNo]);
        let step = decide(&before, &found, &at("a", 0), &PATIENCE).1;
        assert_eq!(step, Step::Contradiction);
    }
}

#[test]
fn a_lookup_that_confirms_a_difference_bypasses_the_back_off() {
    let pause = |differing, last: &str| {
        let findings = Findings {
            differing,
            last: Some(last.to_owned()),
            ..Findings::default()
        };
        confirming_pause(Kind::Book, Claim::Silence, &findings, Duration::ZERO)
    };
    assert_eq!(pause(1, "differs"), Some(Duration::from_secs(2)));
    assert_eq!(pause(1, "inconclusive"), None);
    assert_eq!(pause(2, "differs"), None);
}

/// The step for a booking that was settled without a lookup, after these lookups.
fn settled_as(standing: Standing, seen: &[(Finding, Moment)]) -> Step {
    step_at(Kind::Book, standing, Claim::Done, seen)
}

#[test]
fn law_6_an_unconfirmed_success_is_confirmed_or_contradicted() {
    let done = |seen: &[(Finding, Moment)]| settled_as(Standing::of(State::Succeeded), seen);
    assert_eq!(done(&[(happened(), at("a", 5))]), Step::Confirmed);
    // Errors never contradict a success.
    let errors: Vec<_> = (0..50)
        .map(|i| (Finding::Inconclusive("an error"), at("a", i * 600)))
        .collect();
    assert_eq!(done(&errors), Step::Wait);
    // A new order may appear in lookups late, so absence contradicts only after the settle window.
    let absent: Vec<_> = (0..5).map(|i| (ABSENT, at("a", 5 + i * 30))).collect();
    assert_eq!(done(&absent[..4]), Step::Wait);
    assert_eq!(done(&absent), Step::Contradiction);
    let quick: Vec<_> = (0..9).map(|i| (ABSENT, at("a", 5 + i))).collect();
    assert_eq!(done(&quick), Step::Wait, "within the settle window");
    assert_eq!(done(&[(REFUTED, at("a", 5))]), Step::Wait);
    let refuted = [(REFUTED, at("a", 5)), (REFUTED, at("a", 6))];
    assert_eq!(done(&refuted), Step::Contradiction);
    let differing = |field| [5, 7].map(|s| (differs(&[field]), at("a", s)));
    assert_eq!(
        done(&differing(DifferingField::TotalPrice)),
        Step::Confirmed
    );
    assert_eq!(
        done(&differing(DifferingField::FlightNo)),
        Step::Contradiction
    );
}

#[test]
fn law_6_a_refusal_by_tops_gateway_is_looked_up_once() {
    let refused = |finding| {
        let standing = Standing::not_executed(Basis::RefusedByGateway);
        settled_as(standing, &[(finding, at("a", 5))])
    };
    assert_eq!(refused(ABSENT), Step::Confirmed);
    assert_eq!(refused(REFUTED), Step::Confirmed);
    assert_eq!(refused(happened()), Step::Contradiction);
    assert_eq!(refused(Finding::Inconclusive("an error")), Step::Wait);
    // An operation that settled as rejected or absent stays watched.
    for standing in [
        Standing::of(State::Rejected),
        Standing::not_executed(Basis::Absent),
    ] {
        assert_eq!(settled_as(standing, &[(ABSENT, at("a", 5))]), Step::Wait);
    }
}

#[test]
fn law_5_absence_needs_a_control() {
    use Attention::{NoControl, NotFound};
    let attention = |why| Step::Attention(why);
    let seen = |control| -> Vec<_> {
        let moments = (0..5).map(|i| at("a", i * 60));
        let last = 4;
        let tried = moments.enumerate().map(|(i, moment)| Moment {
            control: if i == last { control } else { Control::Untried },
            ..moment
        });
        tried.map(|moment| (ABSENT, moment)).collect()
    };
    for kind in [Kind::Book, Kind::Refund, Kind::Change] {
        for (control, silence, done) in [
            (Control::Untried, Step::TryControl, Step::TryControl),
            (Control::Found, ABSENCE, attention(NotFound)),
            (
                Control::NotFound,
                attention(NoControl),
                attention(NoControl),
            ),
            (
                Control::NoneKnown,
                attention(NoControl),
                attention(NoControl),
            ),
            (Control::Inconclusive, Step::Wait, Step::Wait),
        ] {
            assert_eq!(step_of(kind, Claim::Silence, &seen(control)), silence);
            assert_eq!(step_of(kind, Claim::Done, &seen(control)), done);
            // Absence contradicts a success only if the control was found.
            let unconfirmed = match control {
                Control::Found => Step::Contradiction,
                Control::Untried => Step::TryControl,
                Control::NotFound | Control::NoneKnown | Control::Inconclusive => Step::Wait,
            };
            assert_eq!(
                settled_as(Standing::of(State::Succeeded), &seen(control)),
                unconfirmed
            );
        }
        // An answered refusal needs no control.
        let refused = step_of(kind, Claim::Refused, &seen(Control::NoneKnown));
        assert!(matches!(refused, Step::Settle(..)), "{refused:?}");
    }
    // The lookup of these kinds finds the order or change itself, so it needs no other control.
    for kind in [Kind::Close, Kind::ChangeCancel] {
        assert_eq!(
            step_of(kind, Claim::Silence, &seen(Control::Untried)),
            ABSENCE
        );
    }
}

#[test]
fn law_5_another_session_restarts_the_count() {
    let under = |name: &str, seconds| {
        let moment = Moment {
            session: Some(session(name)),
            ..at("a", seconds)
        };
        (ABSENT, moment)
    };
    let mut seen: Vec<_> = (0..4).map(|i| under("one", i * 60)).collect();
    seen.extend((4..8).map(|i| under("two", i * 60)));
    assert_eq!(step_of(Kind::Book, Claim::Silence, &seen), Step::Wait);
    seen.push(under("two", 8 * 60));
    assert_eq!(step_of(Kind::Book, Claim::Silence, &seen), ABSENCE);
}
