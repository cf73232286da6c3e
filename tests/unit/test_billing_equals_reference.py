"""The month as the program drafts it is the month as the reference biller bills it, exactly."""

from datetime import date
from decimal import Decimal

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.billing import schemas
from chalicelib.billing.month import Extract, draft_month
from tests.reference import biller
from tests.reference.biller import Employee, Rate, Workday

ISSUED_ON = date(2026, 11, 1)
CODES = ("ANNA", "BOHDAN", "CLARA")
PROJECTS = {"ATLAS": "Atlas", "BEACON": "Beacon", "CEDAR": "Cedar 🌻"}
FLOWER = "🌻"


def decimals(low, high, scale):
    """Exact decimals of *scale*, from *low* to *high* in units of their last place."""
    return st.integers(low, high).map(lambda units: Decimal(units).scaleb(-scale))


def mostly(usual, *unusual, once_in=6):
    """Draw one of *unusual* once in a while: a month of nothing but faults bills nothing."""
    return st.integers(1, once_in).flatmap(
        lambda die: st.one_of(*unusual) if die == once_in else usual
    )


# Small figures meet halves of a cent, halves of a rate's last place and the ends of a day often.
hours = mostly(
    st.one_of(st.sampled_from([Decimal("0.50"), Decimal("2.50")]), decimals(1, 6_00, 2)),
    st.sampled_from([Decimal(text) for text in ("0.00", "12.00", "24.00", "24.01", "-8.00")]),
    decimals(-999_99, 999_99, 2),
)
hourly_rates = st.one_of(
    st.sampled_from([Decimal(text) for text in ("0.0100", "10.0100", "33.3335", "0.0001")]),
    decimals(0, 500_0000, 4),
    decimals(0, 999_999_9999, 4),
)
multipliers = st.one_of(st.just(Decimal("1.50")), decimals(0, 99_99, 2))
tax_rates = st.one_of(
    st.sampled_from([Decimal(0), Decimal("0.2"), Decimal("0.5")]), decimals(0, 1_000000, 6)
)
kinds = mostly(
    st.sampled_from(["regular", "overtime"]), st.sampled_from(["standby", "", "Regular"])
)
few_days = st.integers(1, 8).map(lambda day: date(2026, 10, day))
agreements = mostly(
    st.just(date(2026, 1, 1)), st.sampled_from([date(2026, 10, 31), ISSUED_ON, None])
)


@st.composite
def employees(draw):
    return [
        Employee(
            code=code,
            currency=draw(st.sampled_from(["EUR", "UAH"])),
            tax_rate=draw(tax_rates),
            self_billing_agreed_on=draw(agreements),
            full_name=draw(mostly(st.just(code), st.just(f"{code} {FLOWER}"))),
        )
        for code in CODES
    ]


@st.composite
def rates(draw):
    """Of most employees one from before the month, and some raises within it."""
    first = [
        Rate(code, draw(mostly(st.just(date(2026, 1, 1)), few_days)), *draw(prices))
        for code in CODES
    ]
    raises = st.builds(Rate, st.sampled_from(CODES), few_days, hourly_rates, multipliers)
    more = draw(st.lists(raises, max_size=4))
    return list({(rate.employee, rate.valid_from): rate for rate in (*first, *more)}.values())


prices = st.tuples(hourly_rates, multipliers)


def workdays():
    each = st.builds(
        Workday,
        st.sampled_from(CODES),
        few_days,
        mostly(st.sampled_from(["ATLAS", "BEACON"]), st.just("CEDAR"), once_in=40),
        kinds,
        hours,
    )
    lists = st.integers(0, 30).flatmap(lambda count: st.lists(each, min_size=count, max_size=30))
    return lists.map(lambda days: list({day.key: day for day in days}.values()))


def extract(staff, rates, days):
    """What `store.extraction` would read of these values."""
    ids = {code: place for place, code in enumerate(CODES, start=1)}
    projects = {code: place for place, code in enumerate(PROJECTS, start=1)}
    return Extract(
        workdays=frame(
            schemas.Workday,
            (
                (
                    place,
                    ids[day.employee],
                    day.work_date,
                    projects[day.project],
                    day.kind,
                    day.hours,
                    1,
                )
                for place, day in enumerate(days, start=1)
            ),
        ),
        billed_days=frame(schemas.BilledDay, ()),
        employees=frame(
            schemas.Employee,
            (
                (
                    ids[one.code],
                    one.code,
                    one.full_name,
                    None,
                    "ENG",
                    one.currency,
                    one.tax_rate,
                    "S" if one.tax_rate else "O",
                    "",
                    "",
                    "PL",
                    None,
                    one.self_billing_agreed_on,
                    "en",
                )
                for one in staff
                if any(day.employee == one.code for day in days)
            ),
        ),
        projects=frame(
            schemas.Project, ((projects[code], code, name) for code, name in PROJECTS.items())
        ),
        rates=frame(
            schemas.Rate,
            (
                (ids[rate.employee], rate.valid_from, rate.hourly_rate, rate.overtime_multiplier)
                for rate in rates
            ),
        ),
    )


def frame(model, rows):
    return pl.DataFrame(list(rows), schema=schemas.dtypes(model), orient="row")


def as_reference(draft, days):
    """A draft in the words of the reference biller."""
    keys = {place: day.key for place, day in enumerate(days, start=1)}
    codes = dict(enumerate(CODES, start=1))
    rejects = [
        biller.Reject(keys[row["workday_id"]], row["rule"], row["value"])
        for row in draft.rejected.to_dicts()
    ]
    lines = {}
    for row in draft.lines.to_dicts():
        own = {"employee_id": row["employee_id"], "position": row["position"]}
        workday_ids = draft.lineage.filter(**own).sort("work_date")["workday_id"]
        lines.setdefault(row["employee_id"], []).append(
            biller.Line(
                row["project_code"],
                row["kind"],
                row["hours"],
                row["unit_rate"],
                row["amount"],
                tuple(keys[workday_id] for workday_id in workday_ids),
            )
        )
    invoices = [
        biller.Invoice(
            codes[row["employee_id"]],
            row["currency"],
            tuple(lines[row["employee_id"]]),
            row["subtotal"],
            row["tax_rate"],
            row["tax"],
            row["total"],
        )
        for row in draft.invoices.to_dicts()
    ]
    counts = (getattr(draft.control, side) for side in ("extracted", "billed", "rejected", "held"))
    return biller.ReferenceMonth(
        tuple(sorted(rejects, key=lambda reject: reject.workday)),
        tuple(
            biller.Held(codes[row["employee_id"]], row["reason"]) for row in draft.held.to_dicts()
        ),
        tuple(invoices),
        biller.Control(*(biller.Count(count.rows, count.hours) for count in counts)),
    )


class TestTheMonth:
    @settings(
        max_examples=75,
        derandomize=True,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(employees(), rates(), workdays())
    def test_is_what_the_reference_biller_bills(self, staff, wages, days):
        drafted = draft_month(
            extract(staff, wages, days),
            issued_on=ISSUED_ON,
            unprintable=lambda text: FLOWER if FLOWER in text else "",
        )

        assert as_reference(drafted, days) == biller.bill(
            "2026-10",
            ISSUED_ON,
            employees=staff,
            rates=wages,
            workdays=days,
            project_names=PROJECTS,
            printable=lambda text: FLOWER not in text,
        )
