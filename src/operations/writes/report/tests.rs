use super::*;
use crate::domain::ids::OrderId;
use crate::domain::operation::Cause;
use crate::domain::order::OrderReceipt;

fn receipt() -> Receipt {
    Receipt::Order(OrderReceipt::unread(OrderId::new(1).unwrap()))
}

fn open(claim: Claim) -> Report {
    Report::Open(Open {
        claim,
        refusal: None,
        receipt: None,
        checked: None,
    })
}

fn settled(standing: Standing) -> Report {
    let succeeded = standing.state == State::Succeeded;
    Report::Settled(Settlement {
        standing,
        claim: None,
        result: succeeded.then(receipt),
        differs: Vec::new(),
        failure: (!succeeded).then(|| Failure::of(Cause::Refused)),
        what: String::new(),
        confirmed: false,
        proves: None,
    })
}

#[test]
fn law_9_a_report_is_applied_to_the_current_row() {
    let reports = [
        settled(Standing::of(State::Succeeded)),
        settled(Standing::of(State::Rejected)),
        settled(Standing::not_executed(Basis::NotSent)),
        settled(Standing::not_executed(Basis::RefusedByGateway)),
        open(Claim::Done),
        open(Claim::Refused),
        open(Claim::RefusedUnlisted),
        open(Claim::Silence),
    ];
    use RowEffect::{AddLine, Contradict, Nothing, Record, Settle};
    let unless_silent = |by_claim: RowEffect| [by_claim, by_claim, by_claim, Nothing];
    let rows = |settled: [RowEffect; 4], open: [RowEffect; 4]| {
        let both: Vec<RowEffect> = settled.into_iter().chain(open).collect();
        both
    };
    for (standing, contradicted, expected) in [
        (
            Standing::of(State::Accepted),
            false,
            rows([Nothing, Nothing, Settle, Nothing], [Nothing; 4]),
        ),
        (
            Standing::of(State::Sending),
            false,
            rows([Settle; 4], [Record; 4]),
        ),
        (
            Standing::of(State::Unknown),
            false,
            rows([Settle; 4], unless_silent(Record)),
        ),
        (
            Standing::of(State::NeedsAttention),
            false,
            rows([Settle; 4], unless_silent(Record)),
        ),
        (
            Standing::of(State::NeedsAttention),
            true,
            rows([AddLine; 4], unless_silent(AddLine)),
        ),
        (
            Standing::of(State::Succeeded),
            false,
            rows(
                [Nothing, Contradict, Contradict, Contradict],
                [AddLine, Contradict, Contradict, Nothing],
            ),
        ),
        (
            Standing::of(State::Rejected),
            false,
            rows(
                [Contradict, Nothing, Nothing, AddLine],
                [Contradict, AddLine, AddLine, Nothing],
            ),
        ),
        (
            Standing::not_executed(Basis::NotSent),
            false,
            rows(
                [Contradict, Contradict, Nothing, Contradict],
                [Contradict; 4],
            ),
        ),
        (
            Standing::not_executed(Basis::RefusedByGateway),
            false,
            rows(
                [Contradict, AddLine, Nothing, Nothing],
                [Contradict, AddLine, AddLine, Nothing],
            ),
        ),
        (
            Standing::not_executed(Basis::Absent),
            false,
            rows(
                [Contradict, AddLine, Nothing, AddLine],
                [Contradict, AddLine, AddLine, Nothing],
            ),
        ),
    ] {
        let found: Vec<RowEffect> = reports
            .iter()
            .map(|report| effect(standing, Claim::Silence, contradicted, report))
            .collect();
        assert_eq!(
            found, expected,
            "{standing:?}, contradicted: {contradicted}"
        );
    }
}

#[test]
fn a_report_is_not_recorded_twice() {
    for claim in [Claim::Done, Claim::Refused, Claim::RefusedUnlisted] {
        for state in [State::Unknown, State::NeedsAttention] {
            let again = effect(Standing::of(state), claim, false, &open(claim));
            assert_eq!(again, RowEffect::Nothing, "{state:?} {claim:?}");
        }
    }
    for standing in [
        Standing::of(State::Succeeded),
        Standing::of(State::Rejected),
        Standing::not_executed(Basis::NotSent),
    ] {
        let again = effect(standing, Claim::Silence, false, &settled(standing));
        assert_eq!(again, RowEffect::Nothing, "{standing:?}");
    }
}

#[test]
fn the_state_table_allows_every_effect() {
    use crate::domain::operation::may_become;

    for basis in [
        None,
        Some(Basis::NotSent),
        Some(Basis::RefusedByGateway),
        Some(Basis::Absent),
    ] {
        for state in State::ALL {
            if (state == State::NotExecuted) != basis.is_some() {
                continue;
            }
            let from = Standing { state, basis };
            for to in [
                Standing::of(State::Succeeded),
                Standing::of(State::Rejected),
                Standing::not_executed(Basis::NotSent),
                Standing::not_executed(Basis::RefusedByGateway),
            ] {
                match effect(from, Claim::Silence, false, &settled(to)) {
                    RowEffect::Settle => assert!(may_become(from, to), "{from:?} {to:?}"),
                    RowEffect::Contradict => {
                        let attention = Standing::of(State::NeedsAttention);
                        assert!(may_become(from, attention), "{from:?}");
                    }
                    RowEffect::Record | RowEffect::AddLine | RowEffect::Nothing => {}
                }
            }
        }
    }
}
