"""
Verifying a month: the ledger against itself, its PDFs and its Parquet.

`chalicelib.billing.verification` works the ledger out again; what needs the database, S3 or pypdf,
which is not shipped, is here.
"""

from .month import Verification, show_verification, verify_period

__all__ = ["Verification", "show_verification", "verify_period"]
