"""Breaking a document into pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from .marks import Band

_ROWS_KEPT_WITH_CLOSING = 2


@dataclass(frozen=True, slots=True)
class Block:
    """
    Bands that stay on one page if one page can hold them.

    Attributes:
        heading: Set above the block, unless the block before it on the page has the same one.
    """

    bands: tuple[Band, ...]
    heading: tuple[Band, ...] = ()


@dataclass(frozen=True, slots=True)
class Placed:
    """A band and the distance of its top from the paper's."""

    top: float
    band: Band


def placed(bands: Iterable[Band], top: float) -> list[Placed]:
    """*bands* below one another, from *top* down."""
    column = []
    for band in bands:
        column.append(Placed(top, band))
        top += band.height
    return column


def paginate(blocks: Iterable[Block], closing: Block, room: float) -> list[list[Band]]:
    """
    Pages of *room* millimetres, filled in order.

    *closing* comes last and never alone on a page: it takes along the rows before it, that is
    the blocks with a heading.
    """
    pages: list[list[Block]] = [[]]
    used = 0.0
    for block in (*blocks, closing):
        for piece in _pieces(block, room):
            height = _height(_below(piece, pages[-1]))
            if pages[-1] and used + height > room:
                pages.append([])
                used, height = 0.0, _height(_below(piece, []))
            pages[-1].append(piece)
            used += height
    _accompany_closing(pages, room)
    return [list(_bands(page)) for page in pages]


def _below(block: Block, page: Sequence[Block]) -> Iterator[Band]:
    """The bands that *block* adds to *page*."""
    if not page or page[-1].heading != block.heading:
        yield from block.heading
    yield from block.bands


def _bands(blocks: Sequence[Block]) -> Iterator[Band]:
    heading: tuple[Band, ...] = ()
    for block in blocks:
        if block.heading != heading:
            yield from block.heading
        heading = block.heading
        yield from block.bands


def _height(bands: Iterable[Band]) -> float:
    return sum(band.height for band in bands)


def _pieces(block: Block, room: float) -> Iterator[Block]:
    """*block*, cut into pieces that fill a page each if no page can hold it."""
    room -= _height(block.heading)
    piece: list[Band] = []
    for band in block.bands:
        if piece and _height(piece) + band.height > room:
            yield replace(block, bands=tuple(piece))
            piece = []
        piece.append(band)
    yield replace(block, bands=tuple(piece))


def _accompany_closing(pages: list[list[Block]], room: float) -> None:
    """Move rows to the last page if it holds none."""
    if len(pages) == 1 or any(block.heading for block in pages[-1]):
        return
    previous, last = pages[-2:]
    for _ in range(_ROWS_KEPT_WITH_CLOSING):
        moved = previous[-1]
        fits = _height(_bands([moved, *last])) <= room
        if len(previous) > 1 and moved.heading and fits:
            last.insert(0, previous.pop())
