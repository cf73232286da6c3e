"""
Verify a month: the ledger against itself, its PDFs and its Parquet files.

`chalicelib.billing.verification` recomputes the ledger; what needs the database, S3 or PDFium is
here.
"""

from .month import Verification, show_verification, verify_period

__all__ = ["Verification", "show_verification", "verify_period"]
