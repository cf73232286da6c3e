"""The preview on a terminal and as JSON."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import polars as pl
from rich.console import Console, Group, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from chalicelib.billing.plain import plain
from chalicelib.billing.preview import Bounds
from chalicelib.steps.preview_month import MonthPreview

from .terminal import add_row, helds, meanings, payment_checks, rejects, table, titled
from .wording import counted

# These flags say that the amount itself may be wrong; the others, that somebody is new or gone.
WRONG = ("hours", "factor")


def as_json(preview: MonthPreview) -> dict[str, Any]:
    """The preview with money, hours and dates as text, ready for ``json.dumps``."""
    content: dict[str, Any] = plain(
        {
            "period": preview.period,
            "bounds": preview.bounds,
            "invoices": preview.draft.invoices.height,
            "control": preview.draft.control,
            "money": preview.money.to_dicts(),
            "people": preview.comparison.drop("employee_id").to_dicts(),
            "rejects": preview.rejects,
            "helds": preview.helds,
            "silent": preview.silent,
            "payment_checks": preview.payment_checks,
            "needs_a_person": preview.needs_a_person,
            "sentence": in_words(preview),
        }
    )
    return content


def show(preview: MonthPreview, console: Console) -> None:
    """Print the preview: who would be billed what, flagged people first, and the totals."""
    parts = [
        _people(preview),
        _money(preview),
        rejects("Would be rejected: correct these workdays first", preview.rejects),
        helds("Would be held: the next run bills them once this is resolved", preview.helds),
        payment_checks(preview.payment_checks, len(preview.payment_checks)),
        _silent(preview),
    ]
    console.print(Rule(f"Preview of {preview.period}: nothing is issued"))
    console.print(Group(*(part for part in parts if part is not None)))
    console.print(Rule())
    style = "bold yellow" if preview.needs_a_person else "bold green"
    console.print(Text(in_words(preview), style), soft_wrap=True)


def in_words(preview: MonthPreview) -> str:
    """What a run would issue now and what to check first, in one sentence."""
    issued = preview.draft.invoices.height
    invoices = counted(issued, "invoice") if issued else "nothing"
    parts = [f"Billing {preview.period} now would issue {invoices}", *_to_look_at(preview)]
    return f"{'; '.join(parts)}."


def _to_look_at(preview: MonthPreview) -> list[str]:
    flags = preview.comparison["flag"].drop_nulls().to_list()
    clauses = [
        [
            _any(len(preview.helds), "contractor held", "contractors held"),
            _any(len(preview.rejects), "workday rejected", "workdays rejected"),
        ],
        [_any(sum(map(flags.count, WRONG)), "total looks wrong", "totals look wrong")],
        [
            _any(flags.count("new"), "contractor is new", "contractors are new"),
            _any(flags.count("gone"), "contractor is gone", "contractors are gone"),
        ],
        [_any(_to_check(preview), "payment to check", "payments to check")],
    ]
    said = [", ".join(filter(None, clause)) for clause in clauses]
    return list(filter(None, said)) or ["nothing looks wrong"]


def _to_check(preview: MonthPreview) -> int:
    """How many contractors there is something to check of, first invoices not counted."""
    return len({row.employee for row in preview.payment_checks if row.flag != "first"})


def _any(count: int, one: str, many: str) -> str:
    return counted(count, one, many) if count else ""


def _people(preview: MonthPreview) -> RenderableType | None:
    shown = _flagged_first(preview.comparison)
    if shown.is_empty():
        return None
    grid = _beside_last_month(preview, "flag", "employee", "name", "hours")
    grid.columns[1].no_wrap = True
    for row in shown.iter_rows(named=True):
        add_row(
            grid,
            row["flag"] or "",
            row["code"],
            row["full_name"],
            _amount(row["hours"]),
            _amount(row["total"], row["currency"]),
            *([_amount(row["earlier_total"])] if _billed_before(preview) else []),
            _amount(row["last_total"], row["last_currency"]),
            _change(row["change"]),
            style="yellow" if row["flag"] in WRONG else None,
        )
    flags = meanings(_flags(preview.bounds), shown["flag"].drop_nulls().to_list())
    return titled(f"Would be billed, compared with {preview.period.preceding}", grid, flags)


def _flagged_first(comparison: pl.DataFrame) -> pl.DataFrame:
    """Those who would be billed or are flagged; first those whose amount may be wrong."""
    wrong = pl.col("flag").is_in(WRONG).fill_null(value=False)
    flagged = pl.col("flag").is_not_null()
    return comparison.filter(pl.col("total").is_not_null() | flagged).sort(
        wrong, flagged, descending=True, maintain_order=True
    )


def _flags(bounds: Bounds) -> dict[str, str]:
    factor = f"{bounds.factor:f}"
    return {
        "hours": f"more than {bounds.month_hours:f} hours in the month",
        "factor": f"more than {factor} times last month's total, or less than 1/{factor} of it",
        "new": "not billed last month",
        "gone": "billed last month, but now neither billed nor held",
    }


def _money(preview: MonthPreview) -> RenderableType | None:
    if preview.money.is_empty():
        return None
    grid = _beside_last_month(preview, "currency", "invoices")
    for row in preview.money.iter_rows(named=True):
        add_row(
            grid,
            row["currency"],
            f"{row['invoices']:,}",
            _amount(row["total"]),
            *([_amount(row["earlier_total"])] if _billed_before(preview) else []),
            _amount(row["last_total"]),
            _change(row["change"]),
        )
    return titled(f"Totals, compared with {preview.period.preceding}", grid)


def _beside_last_month(preview: MonthPreview, *names: str) -> Table:
    """A table that ends with both months; "billed" is what earlier runs of this month billed."""
    billed = ["billed"] if _billed_before(preview) else []
    sides = ["total", *billed, "last month", "change"]
    return table(*names, *sides, numbers=("hours", "invoices", *sides))


def _billed_before(preview: MonthPreview) -> bool:
    return (preview.money["earlier_total"] != 0).any()


def _amount(amount: Decimal | None, currency: str | None = None) -> str:
    return "" if amount is None else " ".join(filter(None, (f"{amount:,}", currency)))


def _change(change: Decimal | None) -> str:
    return "" if change is None else f"{change:+,}"


def _silent(preview: MonthPreview) -> RenderableType | None:
    if not preview.silent:
        return None
    grid = table("employee", "name", "last workday")
    for row in preview.silent:
        add_row(grid, row.employee, row.name, str(row.last_worked_on or "never"))
    return titled(f"No workdays in {preview.period}", grid)
