"""The root of every anticipated error."""

from __future__ import annotations


class BillingError(Exception):
    """
    Something a person can put right; ``str()`` is one sentence that says what to do.

    Concrete errors sit beside the code that raises them and keep the facts as attributes.
    """
