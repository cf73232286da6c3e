"""
Email addresses: what one is, and the one form in which it is stored and compared.

Two addresses are equal only where every mail server and resolver takes them for the same. Case
folding by Unicode is more generous: it turns ß into ss, ς into σ and the Kelvin sign into k, and so
one person's address into a stranger's.
"""

from __future__ import annotations

import re
import unicodedata
from string import ascii_lowercase, ascii_uppercase

from .errors import BillingError

# RFC 5321, 4.5.3.1; the whole is what fits between the brackets of a path.
LONGEST = 254
LONGEST_LOCAL = 64
# How much of a text an error repeats.
SHOWN = 80

EXAMPLE = "anna@company.example"
MARKS = "!#$%&'*+/=?^_`{|}~-"
_ATOM = f"[a-z0-9{re.escape(MARKS)}]+"
# A dot-atom of RFC 5321.  Quoted local parts are refused: almost nobody has one or can type it.
_LOCAL = re.compile(rf"{_ATOM}(\.{_ATOM})*")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_PUNYCODE = "xn--"

_TO_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)
# What case folding makes of ß and ς, the only letters of domains that it changes.
_FOLDED = ("ss", "σ")


class NotAnAddress(BillingError):
    """
    Nothing can be emailed to a text.

    Attributes:
        reason: Why, and what to do.
    """

    def __init__(self, text: str, reason: str) -> None:
        self.text = text
        self.reason = reason
        shown = repr(text if len(text) <= SHOWN else f"{text[:SHOWN]}…")
        super().__init__(f"{shown} is not an email address: {reason}")


class MaybeFolded(NotAnAddress):
    """An earlier release folded the case of an address; whose it was nobody can know."""

    def __init__(self, text: str) -> None:
        super().__init__(text, "its domain may have been written with ß for ss or ς for σ")


def stored(text: str) -> str:
    """
    The form in which the address *text* is stored and compared: ASCII, in lower case.

    The domain is as IDNA 2008 encodes it (``xn--…``), which keeps ß and ss apart.  Doing it twice
    changes nothing.

    Raises:
        NotAnAddress: If *text* is none, or none that SES sends to.
    """
    _check_visible(text)
    local, _, domain = text.translate(_TO_LOWER).partition("@")
    if not (local and domain) or "@" in domain:
        raise NotAnAddress(text, f"write one, like {EXAMPLE}")
    _check_local(text, local)
    address = f"{local}@{_encoded(text, domain)}"
    if len(address) > LONGEST:
        raise NotAnAddress(text, f"it is longer than {LONGEST} characters")
    return address


def carried_over(text: str) -> str:
    """
    The stored form of an address that a release before this rule stored, with its case folded.

    Raises:
        NotAnAddress: If it is none.
        MaybeFolded: If its domain may have been another one.  In a domain of ASCII alone nobody can
            tell; those stay what they are.
    """
    address = stored(text)
    if address != text and any(letters in text.partition("@")[2] for letters in _FOLDED):
        raise MaybeFolded(text)
    return address


def _check_visible(text: str) -> None:
    hidden = next((letter for letter in text if not letter.isprintable()), None)
    if hidden is not None:
        raise NotAnAddress(text, f"it contains {_named(hidden)}; type it again")


def _check_local(text: str, local: str) -> None:
    foreign = next((letter for letter in local if not letter.isascii()), None)
    if foreign is not None:
        raise NotAnAddress(
            text, f"{_named(foreign)} cannot stand before the @; ask for the address in ASCII"
        )
    if len(local) > LONGEST_LOCAL:
        raise NotAnAddress(text, f"more than {LONGEST_LOCAL} characters stand before the @")
    if not _LOCAL.fullmatch(local):
        raise NotAnAddress(
            text, f"write letters, digits, {MARKS} and single dots between them before the @"
        )


def _encoded(text: str, domain: str) -> str:
    # Lowering them would take ẞ for ß, the Kelvin sign for k and a final Σ for σ or ς.
    capital = next((letter for letter in domain if letter.isupper()), None)
    if capital is not None:
        raise NotAnAddress(text, f"write its domain without the capital {_named(capital)}")
    labels = unicodedata.normalize("NFC", domain).split(".")
    return ".".join(_label(text, label) for label in labels)


def _label(text: str, label: str) -> str:
    """*label* as DNS has it; ``idna`` is loaded for those that are not plain ASCII alone."""
    if label.startswith(_PUNYCODE) or not label.isascii():
        import idna

        try:
            label = idna.alabel(label).decode()
        except idna.IDNAError:
            raise _no_domain(text, label) from None
    if not _LABEL.fullmatch(label):
        raise _no_domain(text, label)
    return label


def _no_domain(text: str, label: str) -> NotAnAddress:
    return NotAnAddress(text, f"no domain contains {label!r}; correct what follows the @")


def _named(letter: str) -> str:
    name = unicodedata.name(letter, "a control character")
    return f"U+{ord(letter):04X} ({name})"
