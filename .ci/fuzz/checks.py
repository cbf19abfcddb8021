"""Hooks and one more check for Schemathesis: read by .ci/schemathesis through SCHEMATHESIS_HOOKS."""

import itertools

import schemathesis
from schemathesis.generation import GenerationMode

numbers = itertools.count(1)


@schemathesis.hook
def before_call(ctx, case, **kwargs):
    """The documented examples work as they are, only keys and order numbers change: so change them.

    Otherwise the first booking with the example's key would hide all others behind 422.
    """
    number = next(numbers)
    if case.headers and case.headers.get("Idempotency-Key", "").startswith("0f8fad5b-"):
        case.headers["Idempotency-Key"] = f"fuzz-{number}"
    positive = case.meta is not None and case.meta.generation.mode == GenerationMode.POSITIVE
    if positive and number % 2 and case.headers and "Gateway-Account" in case.headers:
        # The other half shows what an account that is not configured meets.
        case.headers["Gateway-Account"] = "default"
    if positive and isinstance(case.body, dict) and case.body.get("extra"):
        # Goes to TOP as it is, and TOP refuses fields it does not know: a 502 that is rightly one.
        case.body = {**case.body, "extra": {}}
    if isinstance(case.body, dict) and case.body.get("out_order_no") == "TRIP-20300501-000001":
        case.body = {**case.body, "out_order_no": f"FUZZ-{number}"}


# What the extractors say of a request whose form is wrong (src/api/extract/reason.rs).
FORM = {
    "missing", "duplicate", "unknown_field", "wrong_type", "invalid", "wrong_length",
    "not_listed", "not_json",
}  # fmt: skip
# Fields that are needed because of what another one says.
DEPENDENT = ("/birth_date", "/mobile_country_code")


@schemathesis.check
def understood(ctx, response, case):
    """A request of the documented form is never refused for its form."""
    if case.meta is None or response.status_code != 400:
        return
    if case.meta.generation.mode != GenerationMode.POSITIVE:
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
