"""The page every document shares: A4, its margins and its type."""

from __future__ import annotations

from typing import Final

from .marks import Band, Rule, Style, Text, wrapped
from .typefaces import Weight

PAGE_WIDTH: Final = 210.0
PAGE_HEIGHT: Final = 297.0
LEFT: Final = 22.0
RIGHT: Final = PAGE_WIDTH - 22.0
SECOND: Final = RIGHT - 80.0
"""Where the second of two columns starts, with the buyer and the totals in it."""
TOP: Final = 22.0
BOTTOM: Final = PAGE_HEIGHT - 26.0
FOOT: Final = PAGE_HEIGHT - 18.0
"""Top of the footer, which stands below `BOTTOM`."""

LINE: Final = 4.8

TITLE: Final = Style(22, Weight.SEMIBOLD, ink=20)
TOTAL: Final = Style(15, Weight.SEMIBOLD, ink=20)
STRONG: Final = Style(9.5, Weight.SEMIBOLD)
BODY: Final = Style(9.5)
QUIET: Final = Style(9.5, ink=105)
LABEL: Final = Style(7.5, ink=105)
SMALL: Final = Style(8.5)
SMALL_QUIET: Final = Style(8.5, ink=105)
HEADING: Final = Style(15, Weight.SEMIBOLD, ink=20)

HAIRLINE: Final = 215
DARK: Final = 60


def gap(height: float) -> Band:
    return Band(height)


def ruled(height: float, ink: int = HAIRLINE, start: float = LEFT, end: float = RIGHT) -> Band:
    """Draw a rule with *height* of air below it."""
    return Band(height, rules=(Rule(start, end, 0.0, 0.35 if ink == DARK else 0.2, ink),))


def column(text: str, style: Style, x: float, width: float, height: float = LINE) -> list[Band]:
    """Set *text* in lines of *height*; no text, no bands."""
    if not text.strip():
        return []
    return [Band(height, (Text(x, line, style),)) for line in wrapped(text, style, width)]


def labelled(label: str, text: str, style: Style, x: float, width: float) -> list[Band]:
    """Set *text* below a small label; no text, no label."""
    below = column(text, style, x, width)
    return column(label, LABEL, x, width, height=4.0) + below if below else []
