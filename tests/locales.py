"""Locales to try something in: one in twelve of all there are, and every one at full size."""

from __future__ import annotations

import pytest
from babel import localedata

ALL = sorted(localedata.locale_identifiers())
SOME = [*ALL[::12], "en", "en-GB", "uk-UA"]

every_locale = pytest.mark.parametrize(
    "locales",
    [pytest.param(SOME, id="some"), pytest.param(ALL, id="all", marks=pytest.mark.prove)],
)
