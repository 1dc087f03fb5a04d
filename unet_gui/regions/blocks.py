"""Tidying masks of any size block by block: jobs that read parts and yield progress.

Each gives the same as its function in `cleanup` does to the whole mask.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.geometry import EMPTY, Rect
from unet_gui.core.progress import Progress
from unet_gui.core.tiled_mask import TILE, TiledMask, is_uniform, key_rect
from unet_gui.regions.cleanup import around, small_pieces

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

    from numpy.typing import NDArray

    from unet_gui.core.tiled_mask import Key, MaskSnapshot

    Mask = NDArray[np.uint8]
    Part = tuple[Rect, int | Mask, NDArray[np.bool_] | None]
    """A rectangle, its new values (or one for all), and which pixels of it are meant, or None."""

    Parts = Generator[Progress, None, list[Part]]
    Place = tuple[int, int]
    Speck = tuple[int, NDArray[np.intp], NDArray[np.intp]]

BLOCK: Final = 1024
"""Pixels of a block's side: some tenths of a second's work, a whole number of a mask's tiles."""

OFTEN: Final = 256
"""Specks between two points where the work can be cancelled."""


def cleaned(mask: MaskSnapshot, clean: Callable[[Mask], Mask], margin: int) -> Parts:
    """What a function changes that looks no further than `margin` pixels around each.

    Args:
        mask: the mask.
        clean: H×W uint8 to H×W uint8; changes nothing in a mask of a single value.
        margin: pixels.
    """
    parts: list[Part] = []
    places = blocks_of(mask.bounds)
    for number, place in enumerate(places):
        yield Progress(number, len(places))
        area = block_rect(place, mask.bounds)
        window = area.expanded(margin).intersection(mask.bounds)
        if single_value(mask, window) is not None:
            continue
        old = mask.read(window)
        new = clean(old.copy())
        inner = area.moved(-window.x0, -window.y0).slices
        parts += difference(area, old[inner], new[inner])
    return parts


def without_specks(mask: MaskSnapshot, under: int, class_id: int | None = None) -> Parts:
    """See `cleanup.remove_specks`: all specks are gathered, then go one by one, small ones first.

    Args:
        mask: the mask.
        under: pixels; 8 neighbours connect.
        class_id: only specks of this class.
    """
    work = TiledMask(mask.shape, mask.tiles)
    changed: set[Key] = set()
    todo = set(blocks_of(mask.bounds))
    while todo:
        found: list[Speck] = []
        for number, place in enumerate(sorted(todo)):
            yield Progress(number, len(todo))
            found += _specks(work, block_rect(place, mask.bounds), under, class_id)
        found.sort(key=lambda speck: (len(speck[1]), speck[0], speck[1][0], speck[2][0]))
        todo = set()
        for number, speck in enumerate(found):
            if number % OFTEN == 0:
                yield Progress(number, len(found))
            box = _remove(work, changed, *speck)
            if not box.empty:
                todo.update(blocks_of(box.expanded(under + 1).intersection(mask.bounds)))
    parts: list[Part] = []
    for key in sorted(changed):
        area = key_rect(key).intersection(mask.bounds)
        parts += difference(area, mask.read(area), work.read(area))
    return parts


def _specks(mask: TiledMask, area: Rect, under: int, class_id: int | None) -> list[Speck]:
    """The specks whose first pixel lies in `area`, with their pixels in the whole mask.

    Whatever begins here and reaches out of the window has too many pixels for a speck.
    """
    window = area.expanded(under + 1).intersection(mask.bounds)
    if single_value(mask, window) is not None and window != mask.bounds:
        return []
    values = mask.read(window)
    found = []
    for value in np.unique(values):
        if int(value) == UNLABELLED or class_id not in (None, int(value)):
            continue
        for _, rows, columns in small_pieces(values, int(value), under):
            ys, xs = rows + window.y0, columns + window.x0
            if area.x0 <= xs[0] < area.x1 and area.y0 <= ys[0] < area.y1:
                found.append((int(value), ys, xs))
    return found


def _remove(
    mask: TiledMask,
    changed: set[Key],
    value: int,
    ys: NDArray[np.intp],
    xs: NDArray[np.intp],
) -> Rect:
    """Give a speck to what lies around it, unless it is none any more; returns where."""
    box = Rect(int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1)
    near = box.expanded(1).intersection(mask.bounds)
    values = mask.read(near)
    rows, columns = ys - near.y0, xs - near.x0
    into = around(values, rows, columns, value)
    if into is None or (values[rows, columns] != value).any():
        return EMPTY
    for key in box.tiles(TILE):
        here = (ys // TILE == key[0]) & (xs // TILE == key[1])
        if here.any():
            mask.writable(key)[ys[here] % TILE, xs[here] % TILE] = into
            changed.add(key)
    return box


def blocks_of(area: Rect) -> list[Place]:
    """All blocks that `area` touches."""
    return list(area.tiles(BLOCK))


def block_rect(place: Place, bounds: Rect) -> Rect:
    """A block as far as it lies in the mask."""
    row, column = place
    return Rect(0, 0, BLOCK, BLOCK).moved(column * BLOCK, row * BLOCK).intersection(bounds)


def single_value(mask: MaskSnapshot | TiledMask, area: Rect) -> int | None:
    """The value of all tiles that `area` touches, told without a look at pixels."""
    value = None
    for key in area.tiles(TILE):
        tile = mask.tile(key)
        if not is_uniform(tile) or value not in (None, int(tile[0, 0])):
            return None
        value = int(tile[0, 0])
    return value


def difference(area: Rect, old: Mask, new: Mask) -> list[Part]:
    """The smallest rectangle around what differs; nothing when nothing does."""
    differs = old != new
    rows, columns = np.flatnonzero(differs.any(1)), np.flatnonzero(differs.any(0))
    if not len(rows):
        return []
    box = Rect(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    inner = box.slices
    values: int | Mask = new[inner]
    first = int(new[differs][0])
    if (new[differs] == first).all():
        values = first
    return [(box.moved(area.x0, area.y0), values, differs[inner].copy())]


def joined(parts: Iterable[Part]) -> Rect:
    """The rectangle around all of them."""
    box = EMPTY
    for rect, _, _ in parts:
        box = box.union(rect)
    return box
