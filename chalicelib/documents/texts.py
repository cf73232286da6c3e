"""The texts inside a value made of dataclasses and tuples."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import Any, TypeVar, cast
from unicodedata import is_normalized

from .pdf.coverage import composed

_Value = TypeVar("_Value")


def texts(value: object) -> Iterator[str]:
    """Every text in *value*, at any depth, in the order of the fields."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from texts(part)
    elif is_dataclass(value) and not isinstance(value, type):
        for name in _names(type(value)):
            yield from texts(getattr(value, name))


def with_composed_texts(value: _Value) -> _Value:
    """*value* with every text composed (NFC)."""
    if is_normalized("NFC", "\n".join(texts(value))):
        return value
    return cast("_Value", _composed(value))


def _composed(value: object) -> object:
    if isinstance(value, str):
        return composed(value)
    if isinstance(value, tuple):
        return tuple(_composed(part) for part in value)
    if is_dataclass(value) and not isinstance(value, type):
        parts = {name: _composed(getattr(value, name)) for name in _names(type(value))}
        return replace(value, **parts)
    return value


@cache
def _names(kind: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))
