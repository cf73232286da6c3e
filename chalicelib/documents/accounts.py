"""Account numbers: as they are written, and whether one can be right."""

from __future__ import annotations

import re

_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")


def compact(iban: str) -> str:
    return "".join(iban.split()).upper()


def grouped(iban: str) -> str:
    """An account number in groups of four."""
    whole = "".join(iban.split())
    return " ".join(whole[start : start + 4] for start in range(0, len(whole), 4))


def is_iban(text: str) -> bool:
    """Whether the check digits of a compact account number are right (ISO 13616)."""
    if not _IBAN.fullmatch(text):
        return False
    digits = "".join(str(int(character, 36)) for character in text[4:] + text[:4])
    return int(digits) % 97 == 1
