"""A small copy of an image whose file holds none: made once, block by block, kept on disk."""

from __future__ import annotations

import hashlib
import logging
import threading
from typing import TYPE_CHECKING

import numpy as np
import tifffile

from unet_gui.core.geometry import Rect
from unet_gui.dataset.files import stamp, write_atomic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from unet_gui.core.document import RgbImage

_log = logging.getLogger(__name__)


class Overview:
    """One coarse level, filled where it is looked at. Any thread may read."""

    def __init__(
        self, shape: tuple[int, int], make: Callable[[Rect], RgbImage], block: tuple[int, int]
    ) -> None:
        """An empty overview of (height, width).

        Args:
            shape: Its size.
            make: Gives pixels of it from the file.
            block: (height, width) of what is made at once.
        """
        self.pixels: RgbImage = np.zeros((*shape, 3), np.uint8)
        self._block = block
        self.bounds = Rect.of_shape(shape)
        self._kept: tuple[Path, Path] | None = None
        self._make = make
        self._lock = threading.Lock()
        self._ready: set[tuple[int, int]] = set()
        self._blocks = self._touched(self.bounds)

    @property
    def complete(self) -> bool:
        return len(self._ready) == len(self._blocks)

    def read(self, rect: Rect) -> RgbImage:
        """Pixels of the overview, made first where they are missing; not to be written to."""
        for block in self._touched(rect):
            if block not in self._ready:
                self._fill(block)
        return self.pixels[rect.slices]

    def fill(self) -> Iterator[tuple[int, int]]:
        """Make all that is missing; yields (blocks done, of how many) before each."""
        for block in self._blocks:
            if block not in self._ready:
                yield len(self._ready), len(self._blocks)
                self._fill(block)

    def keep(self, file: Path, image: Path) -> bool:
        """Take over what `file` holds of this very image, or write it there once all is made.

        Returns:
            Whether it held something.
        """
        self._kept = (file, image)
        try:
            with tifffile.TiffFile(file) as tif:
                page = tif.pages.first
                if page.description != repr(stamp(image)) or page.shape != self.pixels.shape:
                    return False
                pixels = page.asarray()
        except Exception as exc:  # noqa: BLE001 - a cache is never worth an error
            _log.debug("no overview of %s yet: %s", image, exc)
            return False
        self.pixels = pixels
        self._ready = set(self._blocks)
        return True

    def _touched(self, rect: Rect) -> list[tuple[int, int]]:
        height, width = self._block
        rows = range(rect.y0 // height, -(-rect.y1 // height))
        columns = range(rect.x0 // width, -(-rect.x1 // width))
        return [(row, column) for row in rows for column in columns]

    def _fill(self, block: tuple[int, int]) -> None:
        (row, column), (height, width) = block, self._block
        area = Rect(column * width, row * height, (column + 1) * width, (row + 1) * height)
        area = area.intersection(self.bounds)
        with self._lock:  # the others wait: they would decode the same blocks of the file again
            if block not in self._ready:
                self.pixels[area.slices] = self._make(area)
                self._ready.add(block)
                if self._kept is not None and self.complete:
                    self._save(*self._kept)

    def _save(self, file: Path, image: Path) -> None:
        # A folder that cannot be written is no matter.
        version = repr(stamp(image))
        try:
            write_atomic(
                file,
                lambda out: tifffile.imwrite(
                    out, self.pixels, photometric="rgb", description=version, metadata=None
                ),
                durable=False,
            )
        except OSError as exc:
            _log.debug("overview not kept: %s", exc)


def overview_file(folder: Path, image: Path, kind: str = "") -> Path:
    """Where in a folder of them the overview of an image is kept; each `kind` of it apart."""
    name = hashlib.sha256(f"{image}{kind}".encode("utf-8", "surrogateescape")).hexdigest()[:24]
    return folder / f"{name}.tif"
