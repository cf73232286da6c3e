"""The page every document shares: A4, its margins and its type."""

from __future__ import annotations

from .marks import Band, Rule, Style, Text, wrapped
from .typefaces import Weight

PAGE_WIDTH = 210.0
PAGE_HEIGHT = 297.0
LEFT = 22.0
RIGHT = PAGE_WIDTH - 22.0
# Where the second of two columns starts, with the buyer and the totals in it.
SECOND = RIGHT - 80.0
TOP = 22.0
BOTTOM = PAGE_HEIGHT - 26.0
# Top of the footer, which stands below `BOTTOM`.
FOOT = PAGE_HEIGHT - 18.0

LINE = 4.8

TITLE = Style(22, Weight.SEMIBOLD, ink=20)
TOTAL = Style(15, Weight.SEMIBOLD, ink=20)
STRONG = Style(9.5, Weight.SEMIBOLD)
BODY = Style(9.5)
QUIET = Style(9.5, ink=105)
LABEL = Style(7.5, ink=105)
SMALL = Style(8.5)
SMALL_QUIET = Style(8.5, ink=105)
HEADING = Style(15, Weight.SEMIBOLD, ink=20)

HAIRLINE = 215
DARK = 60


def gap(height: float) -> Band:
    return Band(height)


def ruled(height: float, ink: int = HAIRLINE, start: float = LEFT, end: float = RIGHT) -> Band:
    """A rule with *height* of air below it."""
    return Band(height, rules=(Rule(start, end, 0.0, 0.35 if ink == DARK else 0.2, ink),))


def column(text: str, style: Style, x: float, width: float, height: float = LINE) -> list[Band]:
    """*text* in lines of *height*; no text, no bands."""
    if not text.strip():
        return []
    return [Band(height, (Text(x, line, style),)) for line in wrapped(text, style, width)]


def labelled(label: str, text: str, style: Style, x: float, width: float) -> list[Band]:
    """*text* below a small label; no text, no label."""
    below = column(text, style, x, width)
    return column(label, LABEL, x, width, height=4.0) + below if below else []
