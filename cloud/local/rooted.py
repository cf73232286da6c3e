"""Making folders below one that may be removed at any moment, and shall not come back then."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

Makedirs = Callable[..., None]


def only_below(top: Path, makedirs: Makedirs) -> Makedirs:
    """
    A *makedirs* that makes no folder anew on the way to *top*, nor *top* itself.

    Looking whether it is there first would not do: it may be removed right after the look.
    """
    # This very folder, whatever becomes of its path: once removed, nothing can be made in it.
    folder = os.open(top, os.O_RDONLY | os.O_DIRECTORY)

    def makedirs_below(
        name: str | os.PathLike[str],
        mode: int = 0o777,
        exist_ok: bool = False,  # noqa: FBT001, FBT002 -- as os.makedirs takes it
    ) -> None:
        path = Path(os.path.abspath(name))  # noqa: PTH100 -- resolve() would follow links
        if not path.is_relative_to(top):
            makedirs(name, mode, exist_ok)
            return
        inside = path.relative_to(top)
        for part in [*reversed(inside.parents), inside][1:]:
            try:
                os.mkdir(part, mode, dir_fd=folder)
            except FileExistsError:
                if part == inside and not (exist_ok and path.is_dir()):
                    raise

    return makedirs_below
