"""
What is put on paper, as values: text, rules, and the bands that carry them.

All lengths are millimetres, all type sizes points.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from .typefaces import CAP_HEIGHT, MM_PER_POINT, Weight, text_width

_TOLERANCE = 1e-6
_LINE_BREAK = re.compile(r"\r\n|[\r\n]")
# A piece ends where a line may: after spaces, and after a hyphen, dash, slash or at sign.
_ENDS = r"\-\u2010\u2013\u2014/@"
_PIECES = re.compile(rf"[ ]+|[^ {_ENDS}]*[{_ENDS}]+|[^ {_ENDS}]+")


@dataclass(frozen=True, slots=True)
class Style:
    """
    How a text is set.

    Attributes:
        ink: Grey from 0 (black) to 255 (white).
    """

    size: float
    weight: Weight = Weight.REGULAR
    ink: int = 30

    def width(self, text: str) -> float:
        return text_width(text, self.weight, self.size)


@dataclass(frozen=True, slots=True)
class Text:
    """One line of text that starts at *x*."""

    x: float
    content: str
    style: Style

    @property
    def end(self) -> float:
        return self.x + self.style.width(self.content)


@dataclass(frozen=True, slots=True)
class Rule:
    """A horizontal line, *y* below the top of its band."""

    start: float
    end: float
    y: float
    thickness: float
    ink: int


@dataclass(frozen=True, slots=True)
class Code:
    """
    Black rectangles on a square grid that starts at *x* and the top of its band.

    Attributes:
        side: Of one square of the grid.
        boxes: Column, row, columns and rows of each rectangle; the rows go down from the top, and
            may reach below the band.
    """

    x: float
    side: float
    boxes: tuple[tuple[int, int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Band:
    """A strip across the page whose texts share one baseline.  Never broken over pages."""

    height: float
    texts: tuple[Text, ...] = ()
    rules: tuple[Rule, ...] = ()
    codes: tuple[Code, ...] = ()

    @property
    def baseline(self) -> float:
        """Distance from the top that puts the largest capitals in the middle."""
        largest = max((text.style.size for text in self.texts), default=0.0)
        return (self.height + largest * CAP_HEIGHT * MM_PER_POINT) / 2


def aligned_right(end: float, content: str, style: Style) -> Text:
    return Text(end - style.width(content), content, style)


def wrapped(text: str, style: Style, width: float) -> list[str]:
    """
    The lines of *text*, no wider than *width*; nothing is lost but spaces at the breaks.

    Line breaks in *text* are kept.  A word wider than *width* is broken between letters; a
    single letter wider than it gets a line of its own.
    """
    text = text.strip()
    if text.isprintable() and style.width(text) <= width:
        return [text]
    lines: list[str] = []
    for paragraph in _LINE_BREAK.split(text):
        line = ""
        for piece in _fitting(paragraph.replace("\t", " "), style, width):
            if line and style.width((line + piece).rstrip(" ")) > width + _TOLERANCE:
                lines.append(line.rstrip(" "))
                line = ""
            line = (line + piece).lstrip(" ")
        lines.append(line.rstrip(" "))
    return lines


def beside(left: Sequence[Band], right: Sequence[Band]) -> list[Band]:
    """Two columns of bands next to each other, band by band."""
    nothing = Band(0)
    return [
        Band(
            max(one.height, other.height),
            one.texts + other.texts,
            one.rules + other.rules,
            one.codes + other.codes,
        )
        for one, other in zip_longest(left, right, fillvalue=nothing)
    ]


def _fitting(paragraph: str, style: Style, width: float) -> Iterator[str]:
    """Pieces of *paragraph* that fit, cut where a line may break."""
    for piece in _PIECES.findall(paragraph):
        if style.width(piece) <= width or piece.startswith(" "):
            yield piece
        else:
            yield from piece
