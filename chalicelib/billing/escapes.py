"""Text that others wrote, made safe to print: what steers a terminal or hides is spelled out."""

from __future__ import annotations

import re

# Controls but for the tab and the line break; what turns the direction of writing; what shows
# nothing, such as a soft hyphen or a filler; separators of lines; tags; halves of a pair of UTF-16.
STEERING = (
    "\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\xad\\u034f\\u061c\\u115f\\u1160\\u180e\\u200b-\\u200f"
    "\\u2028-\\u202e\\u2060-\\u206f\\u2800\\u3164\\ud800-\\udfff\\ufeff\\uffa0\\ufff9-\\ufffb"
    "\\U000e0000-\\U000e007f"
)
HOSTILE = re.compile(f"[{STEERING}]")
HOSTILE_OR_BREAK = re.compile(f"[\\t\\n{STEERING}]")


def escaped(text: str) -> str:
    r"""
    *text* with every character that steers or hides as Python writes it: ``\x1b``, ``\u202e``.

    Line breaks and tabs stay.
    """
    return HOSTILE.sub(_spelled, text)


def on_one_line(text: str) -> str:
    """*text* `escaped`, line breaks and tabs too: nobody can forge another line of a log."""
    return HOSTILE_OR_BREAK.sub(_spelled, text)


def escaped_json(document: str) -> str:
    """A JSON *document* that means the same, with such characters escaped as JSON escapes them."""
    return HOSTILE.sub(_as_json, document)


def _spelled(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()


def _as_json(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
