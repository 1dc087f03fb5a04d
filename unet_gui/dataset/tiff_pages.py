"""How many images a TIFF holds, and where: pages, planes along depth and points in time.

Channels of one image, smaller copies of it, thumbnails and void masks are no images of their own.
Only headers are read. Most files are a plain chain of pages, which is followed tag by tag here,
because tifffile needs seconds to describe five thousand pages of which each says what it is.
"""

from __future__ import annotations

import json
import math
import struct
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import numpy as np
import tifffile

from unet_gui.dataset.files import stamp

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHANNEL_AXES: Final = "CS"
FEW: Final = 4
"""An axis without a name in front of rows and columns counts as channels up to this length."""

_NARROW: Final = 16
_KNOWN: Final = 32
_MOST_PAGES: Final = 1 << 20
_COPY: Final = 1.5
_STACKS: Final = frozenset(
    {"ome", "imagej", "lsm", "stk", "fluoview", "micromanager", "mmstack", "nih", "mdgel"}
)
_SLIDES: Final = frozenset({"svs", "scn", "ndpi", "bif", "philips", "qpi", "avs", "indica"})
_TELLING: Final = frozenset({33628, 33629, 34412})  # MetaMorph, Zeiss LSM
_REDUCED_OR_MASK: Final = 0b101
_CLASSIC: Final = {b"II*\0": "<", b"MM\0*": ">"}
_BIG: Final = {b"II+\0": "<", b"MM\0+": ">"}
_INLINE: Final = {3: "H", 4: "I", 16: "Q"}


@dataclass(frozen=True, slots=True)
class Layout:
    """The images in a file.

    Attributes:
        count: How many there are, at least one.
        offsets: Where in the file the page of each is, in a plain chain of pages.
        spans: Otherwise which of tifffile's series hold them: (its number, images in it).
    """

    count: int
    offsets: tuple[int, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()

    def place(self, page: int) -> tuple[int, int]:
        """Of an image in `spans`: which series it is in, and which image of that one.

        Raises:
            IndexError: there are not so many.
        """
        for series, count in self.spans:
            if page < count:
                return series, page
            page -= count
        raise IndexError("there are not so many pages in the file")


_known: OrderedDict[tuple[str, object], Layout] = OrderedDict()
_lock = threading.Lock()


def layout_of(path: Path) -> Layout:
    """The layout of a TIFF; remembered for the files asked for last.

    Raises:
        OSError: it cannot be read.
        Exception: what tifffile raises on damaged files.
    """
    key = (str(path), stamp(path))
    with _lock:
        if key in _known:
            _known.move_to_end(key)
            return _known[key]
    found = _look(path)
    with _lock:
        _known[key] = found
        while len(_known) > _KNOWN:
            _known.popitem(last=False)
    return found


def images_in(series: Any) -> int:
    """How many images one of tifffile's series holds, channels not counted."""
    return math.prod(n for n, is_channel in _leading(series) if not is_channel)


def channel_places(series: Any, image: int = 0) -> list[int]:
    """Where among the pages of a series the channels of one of its images are."""
    leading = _leading(series)
    shape = tuple(n for n, _ in leading)
    others = [i for i, (_, is_channel) in enumerate(leading) if not is_channel]
    index: list[Any] = [slice(None)] * len(shape)
    for axis, at in zip(others, np.unravel_index(image, [shape[i] for i in others]), strict=True):
        index[axis] = int(at)
    pages = np.arange(math.prod(shape)).reshape(shape)[tuple(index)]
    return [int(i) for i in np.ravel(pages) if i < len(series.pages)]


def _leading(series: Any) -> list[tuple[int, bool]]:
    """Length of each axis along the pages, and whether it is one of channels."""
    count = len(series.axes) - len(series.keyframe.axes)
    axes = list(zip(series.axes[:count], series.shape[:count], strict=True))
    if any(axis in CHANNEL_AXES for axis, _ in axes):
        first = next(i for i, (axis, _) in enumerate(axes) if axis in CHANNEL_AXES)
        return [(int(n), i == first) for i, (_, n) in enumerate(axes)]
    # An array saved as it is: three planes in front are colours far more often than a stack.
    plain = series.kind == "shaped" and [a for a, _ in axes] == ["Q"]
    return [(int(n), plain and _are_channels(series, int(n))) for _, n in axes]


def _are_channels(series: Any, length: int) -> bool:
    return 1 < length <= FEW and int(series.keyframe.samplesperpixel) == 1


def _look(path: Path) -> Layout:
    with path.open("rb") as file:
        pages = list(_chain(file))
    if len(pages) == 1 and not pages[0].tells_more:
        return Layout(1)
    with tifffile.TiffFile(path) as tif:
        kinds = {str(kind).lower() for kind in tif.flags}
        if kinds & _SLIDES:
            return Layout(1)
        if kinds & _STACKS or _is_shaped_stack(tif):
            return _by_series(tif)
    offsets = tuple(p.offset for p in pages if not p.is_copy_of(pages[0]))
    return Layout(len(offsets), offsets) if len(offsets) > 1 else Layout(1)


def _is_shaped_stack(tif: tifffile.TiffFile) -> bool:
    """Whether tifffile has written the first pages from one array, and says so in the first."""
    page: Any = tif.pages.first
    for text in (page.description, page.description1):
        if text[:1] == "{" and '"shape":' in text:
            try:
                return bool(math.prod(json.loads(text)["shape"]) > math.prod(page.shape))
            except (ValueError, TypeError, KeyError):
                return False
    return False


def _by_series(tif: tifffile.TiffFile) -> Layout:
    try:
        found = list(tif.series)
        size = _size(found[0])
        # Labels, overviews and thumbnails have another size than the images.
        alike = [(i, s) for i, s in enumerate(found) if _size(s) == size and not _is_copy(s)]
        spans = tuple((i, images_in(s)) for i, s in alike)
    except Exception:  # noqa: BLE001 - broken stack metadata; the first page alone is still good
        return Layout(1)
    count = sum(n for _, n in spans)
    if count <= 1 or _is_narrow(found[0]):
        return Layout(1)
    return Layout(count, spans=spans)


def _is_copy(series: Any) -> bool:
    return bool(getattr(series.keyframe, "is_reduced", False))


def _size(series: Any) -> tuple[int, int]:
    return int(series.keyframe.imagelength), int(series.keyframe.imagewidth)


def _is_narrow(series: Any) -> bool:
    """Whether an array of rows × columns × channels was saved as if its rows were pages."""
    if series.kind != "shaped" or series.axes not in {"QYX", "YXC"}:
        return False
    return bool(int(series.shape[2]) < _NARROW <= min(series.shape[:2]))


@dataclass(frozen=True, slots=True)
class _Page:
    offset: int
    kind: int
    width: int
    height: int
    tells_more: bool

    def is_copy_of(self, first: _Page) -> bool:
        """Whether this is no image but a smaller copy of the first, or a mask of what is void."""
        if self is first:
            return False
        if self.kind & _REDUCED_OR_MASK:
            return True
        if not self.width or self.width * _COPY > first.width:
            return False
        height = self.width * first.height / max(1, first.width)
        return abs(self.height - height) <= 2 + height / 100


def _chain(file: BinaryIO) -> Iterator[_Page]:
    """The pages of a TIFF (TIFF 6.0, section 2; BigTIFF of libtiff 4.0) in the order of the file.

    Raises:
        ValueError, struct.error: it is damaged.
    """
    head = file.read(16)
    big = head[:4] in _BIG
    order = _BIG[head[:4]] if big else _CLASSIC[head[:4]]
    width, count, entry, link = (8, "Q", 20, "Q") if big else (4, "H", 12, "I")
    (offset,) = struct.unpack_from(order + link, head, width if big else 4)
    seen: set[int] = set()
    while offset and offset not in seen and len(seen) < _MOST_PAGES:
        seen.add(offset)
        file.seek(offset)
        size = struct.calcsize(order + count)
        (number,) = struct.unpack(order + count, file.read(size))
        if number > 1 << 16:
            raise ValueError("the file is damaged")
        data = file.read(number * entry + width)
        at = offset
        (offset,) = struct.unpack_from(order + link, data, number * entry)
        yield _page(file, at, _tags(data, order, entry, number), big=big)


def _tags(data: bytes, order: str, entry: int, number: int) -> dict[int, tuple[int, int]]:
    """Of each tag how many values it has, and the field that holds them or their place."""
    value = 8 if entry == 12 else 12
    found = {}
    for start in range(0, number * entry, entry):
        code, kind = struct.unpack_from(order + "HH", data, start)
        (count,) = struct.unpack_from(order + ("I" if entry == 12 else "Q"), data, start + 4)
        form = _INLINE.get(kind, "I" if entry == 12 else "Q")
        number_in = struct.unpack_from(order + form, data, start + value)[0]
        found[code] = (count, number_in) if kind in _INLINE or kind == 2 else (count, 0)
    return found


def _page(file: BinaryIO, offset: int, tags: dict[int, Any], *, big: bool) -> _Page:
    kind, width, height = (tags.get(code, (1, 0))[1] for code in (254, 256, 257))
    tells = bool(_TELLING & tags.keys()) or tags.get(32997, (1, 1))[1] > 1
    length, place = tags.get(270, (0, 0))
    if length > (8 if big else 4):
        file.seek(place)
        tells = tells or file.read(min(length, 5)).startswith((b"Image", b"<?xml", b"<OME", b"{"))
    return _Page(offset, kind, width, height, tells)
