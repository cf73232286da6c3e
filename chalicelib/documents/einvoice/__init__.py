"""
An issued invoice as data: Factur-X, profile EN 16931, in the syntax of UN/CEFACT CII.

The numbers of the standard (BT-1, BG-14) stand beside what is written; docs/einvoice.md lists
them for accountants.
"""

from .message import factur_x

__all__ = ["factur_x"]
