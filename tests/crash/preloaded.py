"""
What the server of workers has done before any of them is forked: imports, and their like.

Tables that a process makes once and only reads, which would take each worker longer than its
step.  Nothing here may make Polars compute: threads do not survive a fork.
"""

from __future__ import annotations

import gc

import boto3
from pandera.backends.polars.register import register_polars_backends
from sqlalchemy.dialects.postgresql.psycopg import dialect

from chalicelib.documents.invoice_pdf import render
from chalicelib.documents.pdf.coverage import printable
from tests import builders_documents

from . import worker

__all__ = ["worker"]


def warm() -> None:
    register_polars_backends()
    dialect.import_dbapi()
    printable()
    for name in ("Łukasz Żółć", "Борис Їжак"):
        render(builders_documents.invoice(supplier=builders_documents.party(name=name)))
    boto3.setup_default_session()
    for service in ("s3", "sqs", "ses"):
        boto3.client(
            service,
            region_name="us-east-1",
            aws_access_key_id="nobody",
            aws_secret_access_key="nobody",
        )
    # A worker's garbage collector then leaves these pages shared.
    gc.collect()
    gc.freeze()


warm()
