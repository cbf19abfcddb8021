"""Hooks and one more check for Schemathesis: read by .ci/schemathesis through SCHEMATHESIS_HOOKS."""

import itertools
import os

import schemathesis
from schemathesis.generation import GenerationMode

numbers = itertools.count(1)

# Numbers that lead somewhere: the orders that .ci/schemathesis has ticketed, and what was made of
# them. A refunded ticket is not changed, so there are two.
KNOWN = {"order_id": os.environ["FUZZ_ORDER_ID"]}
TO_CHANGE = os.environ["FUZZ_ORDER_TO_CHANGE"]
# What the document shows in their place.
SHOWN = {
    "order_id": "1234125412",
    "refund_order_no": "4966000000001",
    "change_order_no": "4988000000001",
}
# Numbers of the caller's own, as the examples have them.
OURS = {"out_order_no": "TRIP-", "out_refund_no": "REFUND-", "out_change_no": "CHANGE-"}
# What the documented files begin with.
BEGINNINGS = (b"\xff\xd8\xff\xe0\x00\x10JFIF", b"\x89PNG\r\n\x1a\n", b"%PDF-1.7\n")


def is_positive(case):
    return case.meta is not None and case.meta.generation.mode == GenerationMode.POSITIVE


def lead_somewhere(case, names):
    for name in names:
        if name in KNOWN and name in (case.path_parameters or {}):
            changes = case.operation.path == "/v1/orders/{order_id}/changes"
            case.path_parameters[name] = TO_CHANGE if changes else KNOWN[name]


@schemathesis.hook
def before_call(ctx, case, **kwargs):
    """The documented examples work as they are, only keys and numbers change: so change them.

    Otherwise the first booking with the example's key would hide all others behind 422.
    """
    number = next(numbers)
    if case.headers and case.headers.get("Idempotency-Key", "").startswith("0f8fad5b-"):
        case.headers["Idempotency-Key"] = f"fuzz-{number}"
    if is_positive(case):
        parameters = case.path_parameters or {}
        lead_somewhere(case, [name for name in SHOWN if parameters.get(name) == SHOWN[name]])
    if is_positive(case) and number % 2:
        # The other half shows what meets an account, an order or a file that there is not.
        if case.headers and "Gateway-Account" in case.headers:
            case.headers["Gateway-Account"] = "default"
        lead_somewhere(case, list(KNOWN))
        if isinstance(case.body, dict) and isinstance(case.body.get("file"), bytes):
            beginning = BEGINNINGS[number // 2 % len(BEGINNINGS)]
            case.body = {**case.body, "file": beginning + case.body["file"]}
    if is_positive(case) and isinstance(case.body, dict) and case.body.get("extra"):
        # Goes to TOP as it is, and TOP refuses fields it does not know: a 502 that is rightly one.
        case.body = {**case.body, "extra": {}}
    if isinstance(case.body, dict):
        for name, start in OURS.items():
            if str(case.body.get(name)).startswith(start):
                case.body = {**case.body, name: f"FUZZ-{number}"}


@schemathesis.hook
def after_call(ctx, case, response):
    """What was made is read, paid and cancelled from then on."""
    if response.status_code == 201 and case.operation.path != "/v1/attachments":
        operation = response.json()
        for member in ("refund", "change"):
            if operation[member]:
                KNOWN[f"{member}_order_no"] = operation[member][f"{member}_order_no"]


# What the extractors say of a request whose form is wrong (src/api/extract/reason.rs).
FORM = {
    "missing", "duplicate", "unknown_field", "wrong_type", "invalid", "wrong_length",
    "not_listed", "not_json",
}  # fmt: skip
# Fields that are needed because of what another one says.
DEPENDENT = ("/birth_date", "/mobile_country_code", "/quote_id", "/fee")


@schemathesis.check
def understood(ctx, response, case):
    """A request of the documented form is never refused for its form."""
    if response.status_code != 400 or not is_positive(case):
        return
    errors = response.json().get("errors", [])
    form = [
        error
        for error in errors
        if error["code"] in FORM
        and not (error["code"] == "missing" and error["pointer"].endswith(DEPENDENT))
    ]
    if form or not errors:
        raise AssertionError(f"the document promised to take this: {form or 'no errors named'}")
