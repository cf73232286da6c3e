"""
What is on a page, in the operators of PDF.

fpdf's own `text` and `line` check, convert and restore so much for each call that drawing would
take half of the time of a document.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from .grid import PAGE_HEIGHT
from .marks import Code, Rule, Style, Text
from .pages import Placed
from .typefaces import MM_PER_POINT, Weight

_WHITE = 255


class Font(NamedTuple):
    """A font of the file: its name there, and what gives the codes of a text."""

    name: str
    encode: Callable[[str], str]


def operators(page: Sequence[Placed], fonts: Mapping[Weight, Font]) -> str:
    """What draws *page* with *fonts*."""
    return "\n".join(_operators(page, fonts))


def _operators(page: Sequence[Placed], fonts: Mapping[Weight, Font]) -> Iterator[str]:
    style = None
    for item in page:
        band, top = item.band, item.top
        yield from (_rule(rule, top) for rule in band.rules)
        yield from (_code(code, top) for code in band.codes)
        baseline = top + band.baseline
        for text in band.texts:
            font = fonts[text.style.weight]
            if text.style != style:
                style = text.style
                yield _style(style, font)
            yield _text(text, baseline, font)


def _style(style: Style, font: Font) -> str:
    return f"/{font.name} {style.size:g} Tf {_grey(style.ink)} g"


def _text(text: Text, baseline: float, font: Font) -> str:
    return f"BT {_x(text.x)} {_y(baseline)} Td ({font.encode(text.content)}) Tj ET"


def _rule(rule: Rule, top: float) -> str:
    y, thickness = _y(top + rule.y), rule.thickness / MM_PER_POINT
    return f"{_grey(rule.ink)} G {thickness:.2f} w {_x(rule.start)} {y} m {_x(rule.end)} {y} l S"


def _code(code: Code, top: float) -> str:
    """One filled path, in units of its grid."""
    side = code.side / MM_PER_POINT
    path = " ".join(f"{x} {y} {width} {height} re" for x, y, width, height in code.boxes)
    return f"q 0 g {side:.4f} 0 0 {-side:.4f} {_x(code.x)} {_y(top)} cm {path} f Q"


def _grey(ink: int) -> str:
    return f"{ink / _WHITE:.3g}"


def _x(length: float) -> str:
    return f"{length / MM_PER_POINT:.2f}"


def _y(length: float) -> str:
    """PDF counts from the bottom of the page, up."""
    return f"{(PAGE_HEIGHT - length) / MM_PER_POINT:.2f}"
