"""Values as JSON has them."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from chalicelib.billing.period import Period
from chalicelib.billing.plain import plain


@dataclass(frozen=True)
class Row:
    day: date
    amount: Decimal


class TestPlain:
    def test_states_money_days_months_and_moments_as_text(self):
        values = {
            "rows": [Row(date(2026, 10, 1), Decimal("8.00"))],
            "period": Period.month(2026, 10),
            "at": datetime(2026, 11, 1, 3, tzinfo=UTC),
        }

        assert plain(values) == {
            "rows": [{"day": "2026-10-01", "amount": "8.00"}],
            "period": "2026-10",
            "at": "2026-11-01T03:00:00+00:00",
        }

    def test_leaves_what_json_knows(self):
        values = {"count": 3, "name": "Zoë", "nobody": None, "balanced": True}

        assert json.loads(json.dumps(plain(values))) == values
