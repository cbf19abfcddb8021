"""Hooks and an additional check for Schemathesis; .ci/schemathesis loads them through SCHEMATHESIS_HOOKS."""

import itertools
import os
import re

import schemathesis
from schemathesis.generation import GenerationMode

numbers = itertools.count(1)

# Ids of existing objects: the orders that .ci/schemathesis has ticketed, their refunds and changes, and the
# account. A refunded ticket cannot be changed, so there are two orders.
KNOWN = {"order_id": os.environ["FUZZ_ORDER_ID"], "account": "default"}
TO_CHANGE = os.environ["FUZZ_ORDER_TO_CHANGE"]
# The ids in the examples of the document, which are replaced by existing ones.
SHOWN = {
    "order_id": "1234125412",
    "refund_order_no": "4966000000001",
    "change_order_no": "4988000000001",
}
# Prefixes of the caller's own numbers in the examples.
OURS = {"out_order_no": "TRIP-", "out_refund_no": "REFUND-", "out_change_no": "CHANGE-"}
# A valid `wait`.
WAIT = re.compile("([1-9]|[1-5][0-9]|60)s")
# The first bytes of the documented file types.
BEGINNINGS = (b"\xff\xd8\xff\xe0\x00\x10JFIF", b"\x89PNG\r\n\x1a\n", b"%PDF-1.7\n")


def is_positive(case):
    return case.meta is not None and case.meta.generation.mode == GenerationMode.POSITIVE


def use_known_ids(case, names):
    for name in names:
        if name in KNOWN and name in (case.path_parameters or {}):
            changes = case.operation.path == "/v1/orders/{order_id}/changes"
            case.path_parameters[name] = TO_CHANGE if changes else KNOWN[name]


@schemathesis.hook
def before_call(ctx, case, **kwargs):
    """Replace idempotency keys, ids and the caller's numbers by unique or existing ones.

    Otherwise every booking after the first with the example's key would get 422.
    """
    number = next(numbers)
    if case.headers and case.headers.get("Idempotency-Key", "").startswith("0f8fad5b-"):
        case.headers["Idempotency-Key"] = f"fuzz-{number}"
    if case.operation.path == "/v1/events" and WAIT.fullmatch(str((case.query or {}).get("wait"))):
        # Most of these long polls would wait for their whole time.
        case.query["wait"] = "1s"
    if is_positive(case):
        parameters = case.path_parameters or {}
        use_known_ids(case, [name for name in SHOWN if parameters.get(name) == SHOWN[name]])
    if is_positive(case) and number % 2:
        # The other half of the requests keeps accounts, orders and files that do not exist.
        if case.headers and "Gateway-Account" in case.headers:
            case.headers["Gateway-Account"] = "default"
        use_known_ids(case, list(KNOWN))
        if isinstance(case.body, dict) and isinstance(case.body.get("file"), bytes):
            beginning = BEGINNINGS[number // 2 % len(BEGINNINGS)]
            case.body = {**case.body, "file": beginning + case.body["file"]}
    if is_positive(case) and isinstance(case.body, dict) and case.body.get("extra"):
        # `extra` is passed on to TOP, which refuses unknown fields: the 502 would be correct.
        case.body = {**case.body, "extra": {}}
    if isinstance(case.body, dict):
        for name, start in OURS.items():
            if str(case.body.get(name)).startswith(start):
                case.body = {**case.body, name: f"FUZZ-{number}"}


@schemathesis.hook
def after_call(ctx, case, response):
    """Use created refunds and changes in later requests."""
    if response.status_code == 201 and case.operation.path != "/v1/attachments":
        operation = response.json()
        for member in ("refund", "change"):
            if operation.get(member):
                KNOWN[f"{member}_order_no"] = operation[member][f"{member}_order_no"]


# The codes of the extractors for a malformed request (src/api/extract/reason.rs).
FORM = {
    "missing", "duplicate", "unknown_field", "wrong_type", "invalid", "wrong_length",
    "not_listed", "not_json",
}  # fmt: skip
# Fields that are required depending on the value of another field.
DEPENDENT = ("/birth_date", "/mobile_country_code", "/quote_id", "/fee", "/code")


@schemathesis.check
def understood(ctx, response, case):
    """A request that matches the document is never refused as malformed."""
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
        raise AssertionError(f"the document allows this request: {form or 'no errors listed'}")
