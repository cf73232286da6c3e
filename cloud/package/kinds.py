"""
The kinds of functions and the libraries that their code imports.

Functions that load the same libraries share a zip; which function has which is in
``.chalice/resources.yaml``.  A kind is named after its zip.
"""

from __future__ import annotations

from collections.abc import Mapping

# app.py loads these for every function.
EVERY = ("SQLAlchemy", "psycopg", "psycopg-binary", "msgspec", "tzdata", "idna")

KINDS: Mapping[str, tuple[str, ...]] = {
    "api": EVERY,
    "documents": (
        *EVERY,
        "Babel",
        "defusedxml",
        "fonttools",
        "fpdf2",
        "pillow",
        "pypdfium2",
        "segno",
        "stamina",
        "uharfbuzz",
    ),
    "billing": (*EVERY, "fonttools", "pandera", "polars", "stamina"),
}

# Lambda's runtime already has boto3 and what it needs.
RUNTIME = (
    "boto3",
    "botocore",
    "jmespath",
    "python-dateutil",
    "s3transfer",
    "six",
    "urllib3",
)
