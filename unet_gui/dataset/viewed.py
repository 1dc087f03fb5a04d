"""Which pixels a person accepted from a proposal: seen and kept, not drawn.

They are right more often than a proposal nobody looked at, and less often than what was painted, so
they count less when a network learns. Losing this record costs no more than that difference.
"""

from __future__ import annotations

import io
import logging
from typing import TYPE_CHECKING, Final

import numpy as np

from unet_gui.core.classes import UNLABELLED
from unet_gui.dataset.files import write_atomic

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from unet_gui.core.document import ClassMask
    from unet_gui.core.tiled_mask import MaskSnapshot

MOST: Final = 1 << 26
"""Pixels of an image of which no such record is kept: it would be read as a whole."""

_log = logging.getLogger(__name__)


class ViewedPixels:
    """One file an image below `folder`: the classes that were accepted, 255 elsewhere.

    Attributes:
        folder: Where they are kept.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, name: str, before: MaskSnapshot, after: MaskSnapshot) -> bool:
        """Remember what was accepted; False, and little harm, when that was not possible.

        Args:
            name: The image.
            before: Its mask.
            after: The same once what was proposed has filled unlabelled pixels.
        """
        if before.shape[0] * before.shape[1] > MOST:
            return False
        now = after.to_array()
        accepted = (before.to_array() == UNLABELLED) & (now != UNLABELLED)
        known = self._load(name)
        if known is None or known.shape != now.shape:
            known = np.full_like(now, UNLABELLED)
        buffer = io.BytesIO()
        np.savez_compressed(buffer, accepted=np.where(accepted, now, known))
        try:
            write_atomic(
                self._file(name), lambda file: file.write(buffer.getbuffer()), durable=False
            )
        except OSError as exc:
            _log.warning("what was accepted of %s was not kept: %s", name, exc)
            return False
        return True

    def kept(self, name: str, mask: ClassMask) -> NDArray[np.bool_]:
        """H×W bool: what was accepted and is as it was.

        Args:
            name: The image.
            mask: H×W uint8, its mask now.
        """
        known = self._load(name)
        if known is None or known.shape != mask.shape:
            return np.zeros(mask.shape, np.bool_)
        same: NDArray[np.bool_] = (known == mask) & (mask != UNLABELLED)
        return same

    def _load(self, name: str) -> ClassMask | None:
        try:
            with np.load(self._file(name), allow_pickle=False) as archive:
                accepted: ClassMask = archive["accepted"]
        except FileNotFoundError:
            return None
        except Exception as exc:  # noqa: BLE001 - a damaged record is as good as none
            _log.info("what was accepted of %s cannot be read: %s", name, exc)
            return None
        return accepted if accepted.dtype == np.uint8 and accepted.ndim == 2 else None

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.npz"
