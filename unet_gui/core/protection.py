"""What painting must leave alone: locked classes, or all but one kind of pixel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Protection:
    """Which mask values an edit may overwrite.

    Attributes:
        locked: class ids that are never painted over.
        only: the one value that may be painted over, a class id or 255 for unlabelled pixels; None
            allows all that are not locked.
    """

    locked: frozenset[int] = frozenset()
    only: int | None = None

    def writable(self) -> NDArray[np.bool_] | None:
        """bool[256] by mask value; None when every value may be overwritten."""
        if not self.locked and self.only is None:
            return None
        table = np.full(256, self.only is None, np.bool_)
        if self.only is not None:
            table[self.only] = True
        table[list(self.locked)] = False
        return table
