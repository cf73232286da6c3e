"""The whole run, extract to committed: how it grows, what it needs, how far from its floor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from statistics import median
from time import perf_counter

import psycopg
from rich.table import Table

from chalicelib.store.connection import engine

from .claims import MIB, Claim, Memory, Speed
from .data import DAYS, month_of
from .extraction import drain, statements_of_extract
from .processes import in_fresh_process
from .server import Server
from .stages import Run, run_month
