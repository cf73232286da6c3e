"""
What is written to a person: words in their language, figures and dates as their country has them.

Documents and emails share it.  A language is one file, ``<language>.po`` in this folder.
"""

from .languages import Language, language_of

__all__ = ["Language", "language_of"]
