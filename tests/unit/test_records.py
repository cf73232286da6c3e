"""What is read of the ledger has the names and types of its columns."""

from dataclasses import fields
from types import NoneType, UnionType
from typing import get_args, get_type_hints

import pytest
from sqlalchemy import true

from chalicelib.billing.content import HEADER, LINE
from chalicelib.billing.records import DayRecord, DeliveryRecord, InvoiceRecord, LineRecord
from chalicelib.store import crediting, deliveries, queries, tables

READ_BY = {
    InvoiceRecord: queries.invoices(),
    LineRecord: queries.lines_of(1),
    DayRecord: queries.days_of(true()),
    DeliveryRecord: deliveries.to_send(1),
}
# What a row may lack although its table requires it: these tables are joined if they match.
OUTER_JOINED = {
    InvoiceRecord: {
        *tables.document.c.keys(),
        *("credits_number", "credits_issued_on", "credited_by_number"),
    },
    DeliveryRecord: {"credits_number", "replaced_by"},
}


def names(record):
    return {field.name for field in fields(record)}


def may_be_none(hint):
    return isinstance(hint, UnionType) and NoneType in get_args(hint)


def without_none(hint):
    kinds = set(get_args(hint)) - {NoneType} if isinstance(hint, UnionType) else {hint}
    [kind] = kinds
    return kind


@pytest.mark.parametrize("record", READ_BY)
class TestARecord:
    def test_has_the_types_of_the_columns_that_are_read(self, record):
        columns = READ_BY[record].selected_columns

        assert {name: without_none(hint) for name, hint in get_type_hints(record).items()} == {
            name: columns[name].type.python_type for name in names(record)
        }

    def test_is_none_only_where_a_row_may_have_nothing(self, record):
        columns = READ_BY[record].selected_columns
        nullable = {
            name
            for name in names(record)
            if name in OUTER_JOINED.get(record, set()) or getattr(columns[name], "nullable", False)
        }

        hints = get_type_hints(record)
        assert {name for name in names(record) if may_be_none(hints[name])} == nullable


class TestAnInvoiceRecord:
    def test_states_all_that_is_hashed_and_all_that_is_credited(self):
        assert names(InvoiceRecord) >= {*HEADER, *crediting.SNAPSHOT}
        assert names(LineRecord) >= set(LINE)
