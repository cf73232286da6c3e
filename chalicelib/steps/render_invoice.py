"""Render: draw an issued invoice, store it once, note its hash, pass its deliveries on."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from itertools import chain
from typing import Any

from chalicelib.aws import s3, sqs
from chalicelib.billing.errors import BillingError
from chalicelib.billing.records import InvoiceRecord
from chalicelib.documents.invoice_pdf import render
from chalicelib.documents.printed import printed
from chalicelib.documents.selfcheck import require_readable
from chalicelib.settings import Settings
from chalicelib.store import deliveries, records
from chalicelib.store.connection import engine

from .batch import handle_each
from .reasons import keeper, telling


class UnknownInvoice(BillingError):
    """A message names an invoice this database does not have."""

    def __init__(self, invoice_id: int) -> None:
        self.invoice_id = invoice_id
        super().__init__(f"no invoice has the id {invoice_id}; check DATABASE_URL")


@telling()
def handle(event: dict[str, Any]) -> dict[str, Any]:
    """An SQS event with messages ``{"invoice_id": 7}``; answers with the partial batch response."""
    settings = Settings.from_environment(os.environ)
    keep = keeper(settings.database_url, "render")
    queued: dict[int, Sequence[int]] = {}

    def step(invoice_id: int) -> None:
        queued[invoice_id] = store_document(settings, invoice_id)

    answer = handle_each(event, "invoice_id", step, keep)
    try:
        sqs.publish(settings.email_queue_url, "delivery_id", [*chain(*queued.values())])
    except Exception as error:
        for invoice_id in queued:
            keep(invoice_id, error)
        raise
    return answer


def render_invoice(settings: Settings, invoice_id: int) -> None:
    """Store the document of an invoice unless it is stored, and queue its emails."""
    queued = store_document(settings, invoice_id)
    sqs.publish(settings.email_queue_url, "delivery_id", queued)


def store_document(settings: Settings, invoice_id: int) -> Sequence[int]:
    """
    Store the document of an invoice unless it is stored.

    Safe to repeat at any point: the object is written once, and so is its row.

    Returns:
        The ids of its deliveries that wait for the emailer.

    Raises:
        UnknownInvoice: If there is no such invoice.
        UnreadableDocument: If the drawn document does not show what it should.
    """
    with engine(settings.database_url).connect() as connection:
        invoice = records.invoice_by_id(connection, invoice_id)
        if invoice is None:
            raise UnknownInvoice(invoice_id)
        if invoice.s3_key is None:
            lines = records.lines_of(connection, invoice_id)
            days = records.days_of(connection, invoice_id)
            key = document_key(invoice)
            document = printed(invoice, lines, days)
            pdf = render(document)
            require_readable(pdf, document)
            stored = _store_once(settings.document_bucket, key, pdf)
            deliveries.record_document(
                connection,
                invoice_id,
                s3_key=key,
                sha256=hashlib.sha256(stored).hexdigest(),
                size=len(stored),
            )
            connection.commit()
        return connection.execute(deliveries.queued_of(invoice_id)).scalars().all()


def document_key(invoice: InvoiceRecord) -> str:
    """
    Where the document is kept.

    The number is public; the content's hash beside it is not, so the key cannot be guessed.
    """
    period = invoice.period.isoformat()[:7]
    return f"invoices/{period}/{invoice.number}-{invoice.content_sha256}.pdf"


def _store_once(bucket: str, key: str, pdf: bytes) -> bytes:
    """Write *pdf* unless an interrupted try already has; returns the bytes that are stored."""
    try:
        s3.put_once(bucket, key, pdf, "application/pdf")
    except s3.ObjectExists:
        return s3.get(bucket, key)
    return pdf
