from datetime import date
from decimal import Decimal

import pytest

from chalicelib.billing.content import HEADER, LINE, content_sha256

INVOICE = dict.fromkeys(HEADER, "x") | {"total": Decimal("1.00"), "issued_on": date(2026, 11, 1)}
LINES = [dict.fromkeys(LINE, "y")]


class TestContent:
    def test_hashes_alike_what_states_the_same(self):
        reordered = dict(reversed(INVOICE.items())) | {"id": 7}

        assert content_sha256(reordered, LINES) == content_sha256(INVOICE, LINES)

    @pytest.mark.parametrize("name", HEADER)
    def test_hashes_every_field_of_the_header(self, name):
        changed = INVOICE | {name: "changed"}

        assert content_sha256(changed, LINES) != content_sha256(INVOICE, LINES)

    @pytest.mark.parametrize("name", LINE)
    def test_hashes_every_field_of_a_line(self, name):
        changed = [LINES[0] | {name: "changed"}]

        assert content_sha256(INVOICE, changed) != content_sha256(INVOICE, LINES)

    def test_takes_a_negative_zero_for_zero(self):
        zero, negative = (INVOICE | {"tax": Decimal(tax)} for tax in ("0.00", "-0.00"))

        assert content_sha256(zero, LINES) == content_sha256(negative, LINES)

    def test_hashes_the_order_of_lines(self):
        first, second = LINES[0] | {"position": 1}, LINES[0] | {"position": 2}

        assert content_sha256(INVOICE, [first, second]) != content_sha256(INVOICE, [second, first])
