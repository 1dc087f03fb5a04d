"""Masks too large for a PNG: a tiled, deflate-compressed palette TIFF, saved tile by tile.

Any program that reads TIFF reads it after each save. Tiles of one value are stored once and shared,
so what is unlabelled costs nothing but its place in the index. See `mask_layout` for how a save
leaves either the old or the new mask behind, whatever happens in between.
"""

from __future__ import annotations

import os
import threading
import zlib
from functools import lru_cache
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import numpy as np
import tifffile

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.counting import histogram
from unet_gui.core.errors import MaskReadError, MaskWriteError
from unet_gui.core.tiled_mask import TILE, TiledMask, is_uniform, key_rect, uniform
from unet_gui.dataset.files import Stamp, explain, stamp, write_atomic
from unet_gui.dataset.mask_layout import SOFTWARE, Layout

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from unet_gui.core.geometry import Rect
    from unet_gui.core.tiled_mask import Key, MaskSnapshot

TILED_SUFFIX: Final = ".tif"

LEAST_WASTE: Final = 1 << 20
"""Less waste than this is not worth writing the file anew."""

Place = tuple[int, int]
"""Offset and size of a compressed tile in the file."""


class TiledMaskFile:
    """The file of one mask: remembers where its tiles are, so that a save writes only new ones.

    Attributes:
        path: The file.
        owner: Name of the image the mask belongs to.
        stamp: Of the file as this object left or found it; None before.
    """

    def __init__(self, path: Path, owner: str) -> None:
        self.path = path
        self.owner = owner.encode("utf-8", "replace").decode("utf-8")
        self.stamp: Stamp | None = None
        self._layout: Layout | None = None
        self._places: list[Place] = []
        self._uniform: dict[int, Place] = {}
        self._palette: NDArray[np.uint8] | None = None
        self._active = 0
        self._lock = threading.Lock()  # one thread saves while another one looks at masks

    # -- reading ---------------------------------------------------------------------------

    def load(self, shape: tuple[int, ...] | None = None) -> TiledMask:
        """Read the mask; tiles that are unlabelled are not even decoded.

        Raises:
            MaskReadError: missing, damaged, no mask in tiles, or of another size than `shape`.
        """
        with self._lock:
            return self._load(shape)

    def _load(self, shape: tuple[int, ...] | None) -> TiledMask:
        before = stamp(self.path)
        try:
            with tifffile.TiffFile(self.path) as tif:
                page: Any = tif.pages.first
                self._check(page, shape)
                mask = self._read(tif, page)
        except MaskReadError:
            raise
        except FileNotFoundError as exc:
            raise MaskReadError(f"The mask {self.path.name} is not there.") from exc
        except Exception as exc:
            raise MaskReadError(
                f"The mask {self.path.name} cannot be read: it may be damaged or cut short.",
                "The file was left as it is. Restore it from a copy, or move it away to start "
                "anew.",
            ) from exc
        self.stamp = before
        return mask

    def _check(self, page: Any, shape: tuple[int, ...] | None) -> None:
        name = self.path.name
        if shape is not None and page.shape != tuple(shape[:2]):
            raise MaskReadError(
                f"{name} is {page.imagewidth}×{page.imagelength} pixels, "
                f"its image {shape[1]}×{shape[0]}.",
                "The mask may belong to another image, or one of them was resized.",
            )
        if not is_tiled_mask(page):
            raise MaskReadError(f"{name} is no mask in tiles.")

    def _read(self, tif: tifffile.TiffFile, page: Any) -> TiledMask:
        layout = Layout((int(page.imagelength), int(page.imagewidth)), page.description)
        places = list(zip(page.dataoffsets, page.databytecounts, strict=True))
        mask = TiledMask(layout.shape)
        known: dict[Place, NDArray[np.uint8]] = {}
        shared: dict[int, Place] = {}
        for key, place in zip(_keys(layout), places, strict=True):
            tile = known.get(place)
            if tile is None:
                mask.put(key, _read_tile(tif.filehandle, place))
                tile = mask.tile(key)
                if is_uniform(tile):
                    known[place] = tile
                    shared[int(tile[0, 0])] = place
            else:
                mask.put(key, tile)
        if layout.owner == self.owner and page.offset in layout.places:
            self._remember(layout, places, shared, layout.places.index(page.offset))
            self._palette = (np.asarray(page.colormap).T >> 8).astype(np.uint8)
        else:
            self._layout = None  # to be written anew
        return mask

    # -- writing ---------------------------------------------------------------------------

    def save(
        self,
        mask: MaskSnapshot,
        palette: NDArray[np.uint8],
        changed: Collection[Key] | None = None,
    ) -> NDArray[np.int64] | None:
        """Write the mask; on disk when this returns, and on failure the old one is as it was.

        Args:
            mask: What to save.
            palette: 256×3 uint8, so that any viewer shows the mask as we do.
            changed: Tiles that may differ from what was last saved or loaded; None for all.

        Returns:
            int64[256], by how much the number of pixels of each value has grown or shrunk; None
            when all was written, so that nobody has looked.

        Raises:
            MaskWriteError: the disk is full, the folder read-only, ….
        """
        try:
            with self._lock:
                if changed is None or not self._continues(mask):
                    self._write_whole(mask, palette, lambda key: _packed(mask.tile(key)))
                    return None
                return self._write_changes(mask, palette, changed)
        except OSError as exc:
            reason, hint = explain(exc)
            raise MaskWriteError(f"{self.path.name} could not be saved: {reason}.", hint) from exc

    def _continues(self, mask: MaskSnapshot) -> bool:
        known = self._layout is not None and self._layout.shape == mask.shape
        return known and self.stamp is not None and self.stamp == stamp(self.path)

    def _write_changes(
        self, mask: MaskSnapshot, palette: NDArray[np.uint8], changed: Collection[Key]
    ) -> NDArray[np.int64]:
        delta = np.zeros(256, np.int64)
        layout = self._layout
        same_colors = self._palette is not None and np.array_equal(palette, self._palette)
        if layout is None or (not changed and same_colors):
            return delta
        places, shared = list(self._places), dict(self._uniform)
        # What is not known after a failure in the middle of this is written whole the next time.
        self._layout = None
        with open_to_change(self.path) as file:
            end = file.seek(0, os.SEEK_END)
            for key in sorted(changed):
                tile, at = mask.tile(key), key[0] * layout.grid[1] + key[1]
                area = key_rect(key).intersection(mask.bounds)
                delta += tile_counts(tile, area) - tile_counts(_read_tile(file, places[at]), area)
                place = _shared_place(tile, shared)
                if place is None:
                    data = _packed(tile)
                    place = (end, len(data))
                    end += len(data)
                    file.seek(place[0])
                    file.write(data)
                    _share(tile, place, shared)
                places[at] = place
            active = 1 - self._active
            file.seek(layout.places[active])
            file.write(_index(layout, active, places, palette))
            sync(file)
            file.seek(layout.pointer_at)
            file.write(layout.pointer(layout.places[active]))
            sync(file)
        self._remember(layout, places, shared, active)
        self._palette = palette
        self.stamp = stamp(self.path)
        if end - layout.start > 2 * self._used() + LEAST_WASTE:
            self._compact(mask, palette)
        return delta

    def _compact(self, mask: MaskSnapshot, palette: NDArray[np.uint8]) -> None:
        columns = -(-mask.shape[1] // TILE)
        with self.path.open("rb") as old:

            def copied(key: Key) -> bytes:
                offset, size = self._places[key[0] * columns + key[1]]
                old.seek(offset)
                return old.read(size)

            self._write_whole(mask, palette, copied)

    def _write_whole(
        self, mask: MaskSnapshot, palette: NDArray[np.uint8], packed: Callable[[Key], bytes]
    ) -> None:
        layout = Layout(mask.shape, self.owner)
        places: list[Place] = []
        shared: dict[int, Place] = {}

        def write(file: BinaryIO) -> None:
            places.clear()
            shared.clear()
            end = file.seek(layout.start)
            for key in _keys(layout):
                tile = mask.tile(key)
                place = _shared_place(tile, shared)
                if place is None:
                    data = packed(key)
                    place, end = (end, len(data)), end + len(data)
                    file.write(data)
                    _share(tile, place, shared)
                places.append(place)
            file.seek(0)
            file.write(layout.header(layout.places[0]))
            file.seek(layout.places[0])
            file.write(_index(layout, 0, places, palette))

        write_atomic(self.path, write)
        self._remember(layout, places, shared, 0)
        self._palette = palette
        self.stamp = stamp(self.path)

    def _remember(
        self, layout: Layout, places: list[Place], shared: dict[int, Place], active: int
    ) -> None:
        self._layout, self._places, self._uniform = layout, places, shared
        self._active = active

    def _used(self) -> int:
        return sum(size for _, size in set(self._places))


def is_tiled_mask(page: Any) -> bool:
    """Whether a TIFF page is a mask as `TiledMaskFile` writes them."""
    return bool(
        page.software == SOFTWARE
        and page.is_tiled
        and (page.tilelength, page.tilewidth) == (TILE, TILE)
        and page.compression == tifffile.COMPRESSION.ADOBE_DEFLATE
        and page.dtype == np.uint8
        and page.samplesperpixel == 1
    )


def tiled_mask_owner(path: Path) -> str | None:
    """The image named inside a tiled mask, maybe empty; None when it is some other TIFF.

    Raises:
        Exception: what tifffile raises on files that are missing, damaged or no TIFF.
    """
    with tifffile.TiffFile(path) as tif:
        page: Any = tif.pages.first
        return str(page.description) if is_tiled_mask(page) else None


def open_to_change(path: Path) -> BinaryIO:
    """An existing file for reading and writing in place."""
    return path.open("r+b")


def sync(file: BinaryIO) -> None:
    """Have everything written so far on the disk before anything written later."""
    file.flush()
    os.fsync(file.fileno())


def tile_counts(tile: NDArray[np.uint8], area: Rect) -> NDArray[np.int64]:
    """int64[256], how many pixels of a tile hold each value; `area` is what the image has of it."""
    if is_uniform(tile):
        counts = np.zeros(256, np.int64)
        counts[tile[0, 0]] = area.width * area.height
        return counts
    return histogram(tile[: area.height, : area.width])


def mask_tile_counts(mask: MaskSnapshot) -> NDArray[np.int64]:
    """int64[256], how many pixels of a mask hold each value."""
    counts = np.zeros(256, np.int64)
    for key, tile in mask.tiles.items():
        counts += tile_counts(tile, key_rect(key).intersection(mask.bounds))
    counts[UNLABELLED] += mask.shape[0] * mask.shape[1] - counts.sum()
    return counts


def _keys(layout: Layout) -> Iterator[Key]:
    rows, columns = layout.grid
    return ((row, column) for row in range(rows) for column in range(columns))


def _index(layout: Layout, active: int, places: list[Place], palette: NDArray[np.uint8]) -> bytes:
    table = np.array(places, np.uint64)
    return layout.index(layout.places[active], table[:, 0], table[:, 1], palette)


def _shared_place(tile: NDArray[np.uint8], shared: dict[int, Place]) -> Place | None:
    return shared.get(int(tile[0, 0])) if is_uniform(tile) else None


def _share(tile: NDArray[np.uint8], place: Place, shared: dict[int, Place]) -> None:
    if is_uniform(tile):
        shared[int(tile[0, 0])] = place


def _packed(tile: NDArray[np.uint8]) -> bytes:
    return _packed_uniform(int(tile[0, 0])) if is_uniform(tile) else _deflated(tile)


@lru_cache(maxsize=256)
def _packed_uniform(value: int) -> bytes:
    return _deflated(uniform(value))


def _deflated(tile: NDArray[np.uint8]) -> bytes:
    packer = zlib.compressobj(1, zlib.DEFLATED, zlib.MAX_WBITS, 8, zlib.Z_RLE)
    return packer.compress(np.ascontiguousarray(tile).data) + packer.flush()


def _read_tile(file: Any, place: Place) -> NDArray[np.uint8]:
    offset, size = place
    if not size:
        return uniform(UNLABELLED)
    file.seek(offset)
    return np.frombuffer(zlib.decompress(file.read(size), bufsize=TILE * TILE), np.uint8).reshape(
        TILE, TILE
    )
