"""Postgres through SQLAlchemy Core: tables, queries, extraction, numbering, issuing."""
