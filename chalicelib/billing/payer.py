"""The payer: the company that buys the work and writes the invoices."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Payer:
    """
    The company that pays, as printed on every invoice it writes.

    Attributes:
        country: ISO 3166-1 alpha-2.
        payment_terms_days: Days from the issue date to the due date.
    """

    name: str
    address: str
    tax_id: str
    country: str
    payment_terms_days: int
