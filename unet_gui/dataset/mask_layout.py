"""How a tiled mask lies in its TIFF: a header, two places for the index, then tiles.

The index (the image file directory of TIFF 6.0 with all it points to) is written to the place that
is not in use, behind the tiles it speaks of; then the few bytes of the header that say where the
index is are changed. Whenever the machine stops, the header points at an index that is whole.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from unet_gui.core.tiled_mask import TILE

if TYPE_CHECKING:
    from numpy.typing import NDArray

SOFTWARE: Final = "unet-gui tiled mask"
BIG_FROM: Final = 1 << 30
"""Masks of more pixels are BigTIFF: even when nothing in them compresses, a classic one is not
full (4 GB) before its waste is cleared away."""

_SECTOR: Final = 512
_ASCII, _SHORT, _LONG, _LONG8 = 2, 3, 4, 16
_FORMATS: Final = {_SHORT: "<u2", _LONG: "<u4", _LONG8: "<u8"}


@dataclass(frozen=True)
class Layout:
    """Where things are in the file of a mask of this shape.

    Attributes:
        shape: (height, width).
        owner: Name of the image the mask belongs to.
    """

    shape: tuple[int, int]
    owner: str

    @property
    def big(self) -> bool:
        """Whether the file is a BigTIFF."""
        return self.shape[0] * self.shape[1] > BIG_FROM

    @property
    def grid(self) -> tuple[int, int]:
        """(rows, columns) of tiles."""
        return -(-self.shape[0] // TILE), -(-self.shape[1] // TILE)

    @cached_property
    def index_size(self) -> int:
        """Bytes that one index takes, whole sectors."""
        nothing = np.zeros(self.grid[0] * self.grid[1], np.uint64)
        size = len(self.index(0, nothing, nothing, np.zeros((256, 3), np.uint8)))
        return -(-size // _SECTOR) * _SECTOR

    @property
    def places(self) -> tuple[int, int]:
        """Offsets of the two places for the index."""
        return _SECTOR, _SECTOR + self.index_size

    @property
    def start(self) -> int:
        """Offset of the first tile."""
        return _SECTOR + 2 * self.index_size

    def header(self, place: int) -> bytes:
        """The file's first bytes, pointing at an index."""
        head = (
            struct.pack("<2sHHH", b"II", 43, 8, 0) if self.big else struct.pack("<2sH", b"II", 42)
        )
        return head + self.pointer(place)

    @property
    def pointer_at(self) -> int:
        """Where in the header the pointer is; within one sector, so it is written whole or not."""
        return 8 if self.big else 4

    def pointer(self, place: int) -> bytes:
        """What the header holds when the index at `place` counts."""
        return struct.pack("<Q" if self.big else "<I", place)

    def index(
        self,
        place: int,
        offsets: NDArray[np.uint64],
        sizes: NDArray[np.uint64],
        palette: NDArray[np.uint8],
    ) -> bytes:
        """An index as it lies at `place`; offsets and sizes of all tiles row by row."""
        tags = self._tags(offsets, sizes, palette)
        count, entry, pointer, inline = (
            ("<Q", "<HHQ", "<Q", 8) if self.big else ("<H", "<HHI", "<I", 4)
        )
        each = struct.calcsize(entry) + inline
        table = bytearray(struct.pack(count, len(tags)))
        values = bytearray()
        beyond = place + len(table) + len(tags) * each + inline
        for tag, kind, number, data in tags:
            table += struct.pack(entry, tag, kind, number)
            if len(data) <= inline:
                table += data.ljust(inline, b"\0")
            else:
                table += struct.pack(pointer, beyond + len(values))
                values += data.ljust(-(-len(data) // 8) * 8, b"\0")
        return bytes(table + struct.pack(pointer, 0) + values)

    def _tags(
        self,
        offsets: NDArray[np.uint64],
        sizes: NDArray[np.uint64],
        palette: NDArray[np.uint8],
    ) -> list[tuple[int, int, int, bytes]]:
        height, width = self.shape
        place_type = _LONG8 if self.big else _LONG
        colors = palette.T.astype(np.uint16) * 257  # TIFF's colours are of 16 bits
        return [
            _numbers(254, _LONG, 0),
            _numbers(256, _LONG, width),
            _numbers(257, _LONG, height),
            _numbers(258, _SHORT, 8),
            _numbers(259, _SHORT, 8),  # deflate
            _numbers(262, _SHORT, 3),  # palette
            _text(270, self.owner),
            _numbers(277, _SHORT, 1),
            _numbers(284, _SHORT, 1),
            _text(305, SOFTWARE),
            _numbers(320, _SHORT, colors),
            _numbers(322, _SHORT, TILE),
            _numbers(323, _SHORT, TILE),
            _numbers(324, place_type, offsets),
            _numbers(325, _LONG, sizes),
            _numbers(339, _SHORT, 1),
            _text(42113, "255"),  # what maps and GIS programs take for “no data”
        ]


def _numbers(tag: int, kind: int, values: Any) -> tuple[int, int, int, bytes]:
    array = np.asarray(values).astype(_FORMATS[kind]).reshape(-1)
    return tag, kind, array.size, array.tobytes()


def _text(tag: int, text: str) -> tuple[int, int, int, bytes]:
    data = text.encode("utf-8", "replace") + b"\0"
    return tag, _ASCII, len(data), data
