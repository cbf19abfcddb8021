//! All phrases and codes of upstream that the gateway recognises, apart from statuses (`domain/order.rs`).
//! Configuration adds rows (`error_map`).

use crate::domain::operation::Cause;

/// What a row of the table says about the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ruling {
    /// The response does not show whether the write was executed.
    Silent,
    /// TOP's gateway refused the call before it reached the business service.
    Gateway(Cause),
    /// The business service refused.
    Business(Cause),
}

/// A row: every part that is present must match.
pub(super) struct Row {
    pub(super) code: Option<i64>,
    pub(super) sub_code: Option<&'static str>,
    pub(super) text: Option<&'static str>,
    pub(super) ruling: Ruling,
}

const fn code(code: i64, ruling: Ruling) -> Row {
    Row {
        code: Some(code),
        sub_code: None,
        text: None,
        ruling,
    }
}

const fn text(text: &'static str, cause: Cause) -> Row {
    Row {
        code: None,
        sub_code: None,
        text: Some(text),
        ruling: Ruling::Business(cause),
    }
}

/// Parts of texts that deny the account access (inferred).
pub(super) const DENYING_TEXTS: [&str; 7] = [
    "无权",
    "没有权限",
    "权限不足",
    "未授权",
    "不属于",
    "permission",
    "not authorized",
];

/// Parts of a text or code that leave open whether the write was executed. Configuration cannot override these
/// phrases. Sources: seed FAQ 7 (远程调用服务超时), the documented `isv.SYSTEM_ERROR` / 系统错误, TOP's `isp.*` codes.
/// Phrases for work in progress are listed because they are not refusals either.
pub(super) const SILENT_TEXTS: [&str; 17] = [
    "超时",
    "系统",
    "异常",
    "繁忙",
    "处理中",
    "支付中",
    "已受理",
    "稍后",
    "稍候",
    "重复支付",
    "服务不可用",
    "调用失败",
    "timeout",
    "timed out",
    "system_error",
    "system error",
    "unknown error",
];

/// Error responses of TOP's own gateway (its documented platform codes), and the listed refusals.
pub(super) const ROWS: &[Row] = &[
    // "Service Currently Unavailable": mostly exceptions of unknown origin.
    code(10, Ruling::Silent),
    code(4, Ruling::Gateway(Cause::RateLimited)),
    code(5, Ruling::Gateway(Cause::RateLimited)),
    code(6, Ruling::Gateway(Cause::RateLimited)),
    code(7, Ruling::Gateway(Cause::RateLimited)),
    code(8, Ruling::Gateway(Cause::RateLimited)),
    code(9, Ruling::Gateway(Cause::RefusedByTop)),
    Row {
        code: Some(11),
        sub_code: Some(WHITE_LIST),
        text: None,
        ruling: Ruling::Gateway(Cause::IpNotAllowed),
    },
    code(11, Ruling::Gateway(Cause::PermissionDenied)),
    code(12, Ruling::Gateway(Cause::PermissionDenied)),
    code(13, Ruling::Gateway(Cause::PermissionDenied)),
    code(21, Ruling::Gateway(Cause::RefusedByTop)),
    code(22, Ruling::Gateway(Cause::RefusedByTop)),
    code(23, Ruling::Gateway(Cause::RefusedByTop)),
    code(24, Ruling::Gateway(Cause::RefusedByTop)),
    code(25, Ruling::Gateway(Cause::RefusedByTop)),
    code(26, Ruling::Gateway(Cause::SessionMissing)),
    code(27, Ruling::Gateway(Cause::SessionInvalid)),
    code(28, Ruling::Gateway(Cause::RefusedByTop)),
    code(29, Ruling::Gateway(Cause::RefusedByTop)),
    code(30, Ruling::Gateway(Cause::RefusedByTop)),
    code(31, Ruling::Gateway(Cause::ClockSkew)),
    code(32, Ruling::Gateway(Cause::RefusedByTop)),
    code(33, Ruling::Gateway(Cause::RefusedByTop)),
    code(34, Ruling::Gateway(Cause::RefusedByTop)),
    code(40, Ruling::Gateway(Cause::ArgumentRefused)),
    code(41, Ruling::Gateway(Cause::ArgumentRefused)),
    code(42, Ruling::Gateway(Cause::PermissionDenied)),
    code(47, Ruling::Gateway(Cause::RefusedByTop)),
    code(53, Ruling::Gateway(Cause::SessionInvalid)),
    // Seed FAQ 1. This text and the next two may come in an error response or in a business response.
    text("请求参数错误", Cause::ChannelNotAssigned),
    // Seed FAQ 8.
    text("退票手续费发生变化", Cause::RefundFeeChanged),
    // Seed FAQ 9.
    text("退票规则有更新", Cause::RefundKindRefused),
];

/// TOP's code for an error of the service behind TOP's gateway.
pub(super) const REMOTE: i64 = 15;

/// TOP's sub code for a call from an address that is not on the application's white list (documented).
pub(super) const WHITE_LIST: &str = "isv.permission-ip-whitelist-limit";

/// The prefix of the codes for errors in TOP's own services (documented).
pub(super) const SYSTEM_CODES: &str = "isp.";

/// Parts of codes that deny the account access (inferred).
pub(super) const DENYING_CODES: [&str; 2] = ["permission", "denied"];

/// "Failed … please try again" (inferred).
pub(super) const TRY_AGAIN: (&str, &str) = ("失败", "请重试");

/// Codes that some services return with a success (inferred).
pub(super) const SUCCESS_CODES: [&str; 5] = ["", "0", "200", "success", "ok"];

/// What a read was about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// An order.
    Order,
    /// A refund.
    Refund,
    /// A change.
    Change,
}

/// How a response says that something does not exist.
pub(super) struct NotFound {
    /// A part of a text.
    pub(super) text: &'static str,
    /// A part of the code, which must also contain one of [`NOT_FOUND_CODES`].
    pub(super) word: &'static str,
}

/// Parts of codes for something that does not exist (inferred).
pub(super) const NOT_FOUND_CODES: [&str; 2] = ["not_exist", "not-exist"];

/// How a response says that an order, a refund or a change does not exist (inferred).
pub(super) const fn not_found(what: Missing) -> NotFound {
    let (text, word) = match what {
        Missing::Order => ("订单不存在", "order"),
        Missing::Refund => ("退票单不存在", "refund"),
        Missing::Change => ("改签单不存在", "change"),
    };
    NotFound { text, word }
}

/// Parts of texts of a refused read that mean a timeout upstream (seed FAQ 7, documented).
pub(super) const SLOW_TEXTS: &[&str] = &["超时", "timeout"];

/// Parts of texts of a refused read that mean that upstream is unavailable (documented, inferred).
pub(super) const TROUBLE_TEXTS: &[&str] = &[
    "系统",
    "异常",
    "繁忙",
    "system_error",
    SYSTEM_CODES,
    "unavailable",
];

/// A part of the text for a search without offers: 搜索询价无报价 (seed FAQ 6). The result is empty, not an error.
pub(super) const NO_OFFERS: &str = "无报价";
