"""The report of a month as a shape, derived from the dataclasses that `reporting` fills."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache, reduce
from operator import or_
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from msgspec import Struct, convert, defstruct

from chalicelib.billing.period import Period
from chalicelib.billing.plain import plain
from chalicelib.store.reporting import PeriodReport

from .shapes import Amount, Day, Moment, Month

# Every decimal of a report is money or hours.
AS_TEXT = {Period: Month, Decimal: Amount, datetime: Moment, date: Day}
# What people want to know first, worked out from the rest.
VERDICTS = ("balanced", "needs_a_person")


@cache
def shape_of(kind: type, *further: tuple[str, type]) -> type[Struct]:
    """The dataclass *kind* as a `msgspec.Struct` that holds texts, with *further* fields."""
    hints = get_type_hints(kind)
    members = [(field.name, _as_plain(hints[field.name])) for field in fields(kind)]
    return defstruct(
        kind.__name__,
        [*members, *further],
        namespace={"__doc__": kind.__doc__},
        frozen=True,
    )


def _as_plain(hint: Any) -> Any:  # noqa: ANN401 -- any annotation
    if hint in AS_TEXT:
        return AS_TEXT[hint]
    if isinstance(hint, type) and is_dataclass(hint):
        return shape_of(hint)
    members = tuple(_as_plain(member) for member in get_args(hint))
    if get_origin(hint) in (Union, UnionType):
        return reduce(or_, members)
    return get_origin(hint)[members] if members else hint


REPORT = shape_of(PeriodReport, *((name, bool) for name in VERDICTS))


def shaped(report: PeriodReport) -> Struct:
    """*report* as `REPORT`: what ``report --json`` prints of the ledger."""
    verdicts = {name: getattr(report, name) for name in VERDICTS}
    return convert({**plain(report), **verdicts}, REPORT)
