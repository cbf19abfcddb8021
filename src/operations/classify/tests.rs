use super::*;
use crate::top::call::Lost;

const METHOD: &str = "alitrip.flight.service.pay";

fn error(code: i64, sub_code: Option<&str>, text: &str) -> CallError {
    CallError::Refused(Box::new(ErrorResponse {
        code: Some(code),
        sub_code: sub_code.map(Into::into),
        sub_msg: Some(text.into()),
        ..ErrorResponse::default()
    }))
}

fn answer<'a>(
    is_success: Option<bool>,
    code: Option<&'a str>,
    message: Option<&'a str>,
) -> Ending<'a> {
    Ending::Answer {
        verdict: BusinessVerdict {
            is_success,
            code,
            message,
            request_id: None,
        },
        reference: Reference::Ours,
        complete: true,
    }
}

fn describe(conclusion: &Conclusion) -> String {
    match conclusion {
        Conclusion::Succeeded => "succeeded".into(),
        Conclusion::Rejected(_) => "rejected".into(),
        Conclusion::NotSent(_) => "not sent".into(),
        Conclusion::RefusedByGateway(_) => "refused by gateway".into(),
        Conclusion::Unknown(claim, _) => format!("unknown, {claim:?}"),
    }
}

fn conclude(kind: Kind, ending: &Ending<'_>) -> String {
    describe(&Classifier::default().conclude(kind, METHOD, ending))
}

#[test]
fn law_3_silence_is_not_failure() {
    let silent = [
        error(
            15,
            Some("isp.top-remote-connection-timeout"),
            "远程调用服务超时",
        ),
        error(15, Some("isp.remote-service-timeout"), "x"),
        error(15, None, "远程调用服务超时"),
        error(15, None, "Remote service error"),
        error(15, Some("isv.SYSTEM_ERROR"), "系统错误"),
        error(15, Some("isv.some-code"), "系统繁忙"),
        error(10, None, "Service Currently Unavailable"),
        error(999, Some("isp.whatever"), "x"),
        CallError::Lost(Lost::Deadline),
        CallError::Lost(Lost::Connection),
        CallError::Lost(Lost::Status(502)),
        CallError::Lost(Lost::Status(307)),
        CallError::Lost(Lost::Unreadable("cut")),
        CallError::Lost(Lost::TooLarge),
    ];
    for kind in Kind::ALL {
        for error in &silent {
            let concluded = conclude(kind, &Ending::Error(error));
            assert_eq!(concluded, "unknown, Silence", "{kind:?} {error:?}");
        }
        for (is_success, code, text) in [
            (Some(false), None, Some("远程调用服务超时")),
            (Some(false), Some("isv.SYSTEM_ERROR"), Some("系统错误")),
            (Some(false), Some("isv.BOOK_TIMEOUT"), Some("失败")),
            (Some(false), Some("isv.X"), Some("服务异常")),
            (Some(false), Some("isv.X"), Some("支付处理中,请稍后查询")),
            (Some(false), None, Some("重复支付")),
            (Some(false), Some("isv.X"), Some("服务不可用")),
            (Some(false), Some("isv.X"), Some("接口调用失败")),
            (Some(false), Some("isv.X"), Some("生单失败,请重试")),
            (None, None, None),
            (None, Some("isv.X"), Some("no flag")),
        ] {
            let concluded = conclude(kind, &answer(is_success, code, text));
            assert_eq!(
                concluded, "unknown, Silence",
                "{kind:?} {is_success:?} {code:?}"
            );
        }
        // The documented sample: a system error beside success is inconclusive. But upstream reported
        // success, so absence alone does not settle the operation.
        let both = answer(Some(true), Some("isv.SYSTEM_ERROR"), Some("系统错误"));
        assert_eq!(conclude(kind, &both), "unknown, Done", "{kind:?}");
    }
}

#[test]
fn a_call_that_tops_gateway_refused_was_not_executed() {
    for (error, cause) in [
        (
            error(7, Some("accesscontrol.limited-by-app-access-count"), "x"),
            Cause::RateLimited,
        ),
        (error(25, None, "Invalid signature"), Cause::RefusedByTop),
        (error(41, None, "Invalid arguments"), Cause::ArgumentRefused),
        (
            error(26, None, "传入http参数中必需包含session字段"),
            Cause::SessionMissing,
        ),
        (
            error(27, Some("invalid-sessionkey"), "x"),
            Cause::SessionInvalid,
        ),
        (error(31, None, "Invalid timestamp"), Cause::ClockSkew),
        (
            error(11, Some("isv.permission-ip-whitelist-limit"), "x"),
            Cause::IpNotAllowed,
        ),
        (
            error(11, Some("isv.permission-api-package-limit"), "x"),
            Cause::PermissionDenied,
        ),
        (
            error(40, Some("isv.missing-parameter:order_id"), "x"),
            Cause::ArgumentRefused,
        ),
    ] {
        for kind in Kind::ALL {
            let concluded = Classifier::default().conclude(kind, METHOD, &Ending::Error(&error));
            assert_eq!(concluded, Conclusion::RefusedByGateway(cause), "{error:?}");
        }
    }
}

#[test]
fn a_call_without_a_connection_is_not_sent() {
    let error = CallError::NotSent(NotSent::Broken);
    for kind in Kind::ALL {
        assert_eq!(conclude(kind, &Ending::Error(&error)), "not sent");
    }
}

#[test]
fn a_refusal_settles_at_once_only_where_no_money_can_be_lost() {
    let by_platform = error(15, Some("isv.order-status-error"), "订单状态不正确");
    let row = ErrorRow {
        method: None,
        code: Some("isv.LISTED".into()),
        sub_code: None,
        text: None,
        verdict: RowVerdict::Rejected,
        hint: None,
    };
    let classifier = Classifier::new(vec![row]);
    for (kind, listed, unlisted) in [
        (Kind::Close, "rejected", "unknown, RefusedUnlisted"),
        (Kind::Book, "unknown, Refused", "unknown, RefusedUnlisted"),
        (Kind::Pay, "unknown, Refused", "unknown, RefusedUnlisted"),
        (
            Kind::ChangePay,
            "unknown, Refused",
            "unknown, RefusedUnlisted",
        ),
    ] {
        let configured = answer(Some(false), Some("isv.LISTED"), Some("舱位不足"));
        let concluded = classifier.conclude(kind, METHOD, &configured);
        assert_eq!(describe(&concluded), listed);
        // A code that is not in the table.
        let refusal = answer(Some(false), Some("isv.NO_SEAT"), Some("舱位不足"));
        assert_eq!(conclude(kind, &refusal), unlisted);
        assert_eq!(conclude(kind, &Ending::Error(&by_platform)), unlisted);
        let channel = answer(Some(false), None, Some("请求参数错误"));
        assert_eq!(conclude(kind, &channel), listed);
        let wordless = answer(Some(false), None, Some("不可预订"));
        assert_eq!(conclude(kind, &wordless), unlisted);
        assert_eq!(conclude(kind, &answer(Some(false), None, None)), unlisted);
    }
}

#[test]
fn law_4_is_success_alone_does_not_settle_a_payment() {
    let yes = answer(Some(true), None, None);
    assert_eq!(conclude(Kind::Book, &yes), "succeeded");
    assert_eq!(conclude(Kind::Close, &yes), "succeeded");
    assert_eq!(conclude(Kind::Pay, &yes), "unknown, Done");
}

#[test]
fn a_success_for_another_object_or_without_the_result_claims_done() {
    for kind in Kind::ALL {
        for (is_success, reference, complete, expected) in [
            (Some(true), Reference::Foreign, true, "unknown, Done"),
            (Some(true), Reference::Foreign, false, "unknown, Done"),
            (Some(true), Reference::Ours, false, "unknown, Done"),
            (Some(false), Reference::Foreign, true, "unknown, Silence"),
            (None, Reference::Foreign, true, "unknown, Silence"),
        ] {
            let verdict = BusinessVerdict {
                is_success,
                ..BusinessVerdict::default()
            };
            let ending = Ending::Answer {
                verdict,
                reference,
                complete,
            };
            assert_eq!(conclude(kind, &ending), expected, "{kind:?} {is_success:?}");
        }
    }
}

#[test]
fn configuration_adds_rows_and_cannot_override_silence() {
    let row = |code: Option<&str>, text: Option<&str>, verdict| ErrorRow {
        method: Some("alitrip.flight.service.*".into()),
        code: code.map(Into::into),
        sub_code: None,
        text: text.map(Into::into),
        verdict,
        hint: None,
    };
    let classifier = Classifier::new(vec![
        row(None, Some("不可预订"), RowVerdict::Rejected),
        row(Some("isv.MAYBE*"), None, RowVerdict::Unknown),
        row(Some("999"), None, RowVerdict::NotExecuted),
        row(None, Some("超时"), RowVerdict::Rejected),
        row(None, Some("查无此单"), RowVerdict::NotFound),
    ]);
    let conclude =
        |ending: &Ending<'_>| describe(&classifier.conclude(Kind::Close, METHOD, ending));
    assert_eq!(
        conclude(&answer(Some(false), None, Some("不可预订"))),
        "rejected"
    );
    assert_eq!(
        conclude(&answer(Some(false), Some("isv.MAYBE_DONE"), Some("?"))),
        "unknown, Silence"
    );
    assert_eq!(
        conclude(&Ending::Error(&error(999, None, "?"))),
        "refused by gateway"
    );
    assert_eq!(
        conclude(&answer(Some(false), None, Some("超时"))),
        "unknown, Silence"
    );
    let gone = answer(Some(false), None, Some("查无此单"));
    assert!(classifier.says_not_found(METHOD, &gone, Missing::Order));
    assert!(!Classifier::default().says_not_found(METHOD, &gone, Missing::Order));
}

#[test]
fn law_5_only_a_listed_not_found_counts() {
    let classifier = Classifier::default();
    for (ending, not_found) in [
        (
            answer(Some(false), Some("isv.ORDER_NOT_EXIST"), Some("订单不存在")),
            true,
        ),
        (answer(Some(false), None, Some("订单不存在")), true),
        (
            answer(Some(false), Some("isv.order-not-exist:1"), None),
            true,
        ),
        (
            answer(Some(false), Some("isv.PARAM"), Some("请求参数错误")),
            false,
        ),
        (
            answer(Some(false), Some("isv.user-not-exist:session"), None),
            false,
        ),
        (
            answer(Some(false), Some("isv.ORDER_NOT_EXIST"), Some("系统异常")),
            false,
        ),
        (
            answer(Some(true), Some("isv.ORDER_NOT_EXIST"), Some("订单不存在")),
            false,
        ),
        // Access is denied, so the order may exist.
        (
            answer(Some(false), None, Some("订单不存在或无权限查看")),
            false,
        ),
        (
            answer(
                Some(false),
                Some("isv.ORDER_NOT_EXIST"),
                Some("该订单不属于当前用户"),
            ),
            false,
        ),
        (
            answer(
                Some(false),
                Some("isv.ORDER_NOT_EXIST_OR_NO_PERMISSION"),
                None,
            ),
            false,
        ),
        (answer(None, None, None), false),
    ] {
        assert_eq!(
            classifier.says_not_found(METHOD, &ending, Missing::Order),
            not_found,
            "{ending:?}"
        );
    }
}

#[test]
fn not_found_must_be_about_the_requested_kind() {
    let classifier = Classifier::default();
    let no_refund = answer(
        Some(false),
        Some("isv.REFUND_NOT_EXIST"),
        Some("退票单不存在"),
    );
    let no_change = answer(Some(false), None, Some("改签单不存在"));
    let no_order = answer(Some(false), Some("isv.ORDER_NOT_EXIST"), Some("订单不存在"));
    for (ending, expected) in [
        (no_order, [true, false, false]),
        (no_refund, [false, true, false]),
        (no_change, [false, false, true]),
    ] {
        let reported = [Missing::Order, Missing::Refund, Missing::Change]
            .map(|what| classifier.says_not_found(METHOD, &ending, what));
        assert_eq!(reported, expected, "{ending:?}");
    }
}

#[test]
fn an_error_means_an_empty_list_only_if_configured_for_the_method() {
    let none = answer(Some(false), None, Some("无退票记录"));
    let row = |method: Option<&str>| {
        Classifier::new(vec![ErrorRow {
            method: method.map(str::to_owned),
            code: None,
            sub_code: None,
            text: Some("无退票记录".into()),
            verdict: RowVerdict::NotFound,
            hint: None,
        }])
    };
    let method = "alitrip.flight.refund.list";
    assert!(row(Some(method)).says_empty(method, &none));
    assert!(!row(Some("alitrip.flight.service.*")).says_empty(method, &none));
    assert!(!row(None).says_empty(method, &none));
    assert!(!Classifier::default().says_empty(method, &none));
}

#[test]
fn refusals_of_the_after_sales_methods() {
    let classifier = Classifier::default();
    let fee = answer(Some(false), None, Some("退票手续费发生变化,请重试!"));
    let rules = answer(
        Some(false),
        None,
        Some("退票规则有更新,返回订单详情页后,请重新进行申请提交。"),
    );
    let plain = answer(Some(false), Some("isv.X"), Some("该客票不可退"));
    let slow = answer(Some(false), Some("isv.X"), Some("远程调用服务超时"));
    for (ending, kind, expected) in [
        (
            &fee,
            Kind::Refund,
            Conclusion::Unknown(Claim::Refused, Some(Cause::RefundFeeChanged)),
        ),
        (
            &rules,
            Kind::Refund,
            Conclusion::Unknown(Claim::Refused, Some(Cause::RefundKindRefused)),
        ),
        (
            &plain,
            Kind::Refund,
            Conclusion::Unknown(Claim::RefusedUnlisted, Some(Cause::Refused)),
        ),
        (
            &plain,
            Kind::Change,
            Conclusion::Unknown(Claim::RefusedUnlisted, Some(Cause::Refused)),
        ),
        (
            &plain,
            Kind::ChangeCancel,
            Conclusion::Unknown(Claim::RefusedUnlisted, Some(Cause::Refused)),
        ),
        // A change payment moves money, so its refusal is looked up like that of a payment.
        (
            &plain,
            Kind::ChangePay,
            Conclusion::Unknown(Claim::RefusedUnlisted, Some(Cause::Refused)),
        ),
        (
            &slow,
            Kind::Refund,
            Conclusion::Unknown(Claim::Silence, None),
        ),
        (
            &slow,
            Kind::Change,
            Conclusion::Unknown(Claim::Silence, None),
        ),
        (
            &slow,
            Kind::ChangeCancel,
            Conclusion::Unknown(Claim::Silence, None),
        ),
    ] {
        assert_eq!(
            classifier.conclude(kind, METHOD, ending),
            expected,
            "{kind:?}"
        );
    }
}

#[test]
fn an_asterisk_in_a_pattern_matches_any_text() {
    for (pattern, text, matches) in [
        ("a", "a", true),
        ("a", "ab", false),
        ("a*", "abc", true),
        ("*c", "abc", true),
        ("a*c", "abc", true),
        ("a*b*c", "axxbyyc", true),
        ("*", "", true),
        ("a*", "ba", false),
        ("a*c", "abd", false),
    ] {
        assert_eq!(glob(pattern, text), matches, "{pattern} {text}");
    }
}
