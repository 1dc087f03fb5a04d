"""TIFF through tifffile: deep, multi-channel and compressed ones, as microscopes write them.

One image of a stack is read, the first unless another is asked for: an index along time, depth
and every other axis but the channels, which are kept even where each is a page of its own (ImageJ,
OME).
"""

from __future__ import annotations

from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np
import tifffile

from unet_gui.core.errors import ImageReadError
from unet_gui.dataset.channels import to_rgb
from unet_gui.dataset.decoding import check_size
from unet_gui.dataset.stack_files import opened
from unet_gui.dataset.tiff_pages import channel_places, layout_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray

    from unet_gui.core.document import RgbImage

T = TypeVar("T", bound=np.generic)

LARGE: Final = 100_000_000
"""From this many pixels on an image is better read in pieces."""

_MAGIC: Final = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_MOST_LEVELS: Final = 24
_ALPHA: Final = (tifffile.EXTRASAMPLE.ASSOCALPHA, tifffile.EXTRASAMPLE.UNASSALPHA)

_TURNS: Final[dict[int, Callable[[NDArray[Any]], NDArray[Any]]]] = {
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: a.swapaxes(0, 1)[:, ::-1],
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: a.swapaxes(0, 1)[::-1],
}
"""How to turn rows and columns upright, by the orientation tag of TIFF and EXIF."""


def is_tiff(path: Path) -> bool:
    """Whether the file begins as a TIFF does, whatever it is called."""
    with path.open("rb") as file:
        return file.read(4) in _MAGIC


def size(path: Path, page: int | None = None) -> tuple[int, int]:
    """(width, height) of what `load` returns."""
    with opened(path, page) as tif:
        first = _pages(tif, page)[0].keyframe
        width, height = int(first.imagewidth), int(first.imagelength)
        return (height, width) if orientation(first) >= 5 else (width, height)


def decoded_bytes(path: Path, page: int | None = None) -> int:
    """How much memory `load` takes at its peak: the pixels as they are, and as RGB."""
    with opened(path, page) as tif:
        return _bytes_per_pixel(pages := _pages(tif, page)) * int(np.prod(_page_size(pages)))


def load(path: Path, page: int | None = None, *, enough: int = 0) -> RgbImage:
    """Read an image of a TIFF.

    Args:
        path: The file.
        page: Which of the images in it, from 0; the first when None.
        enough: If not 0, a smaller level of a pyramid will do when its sides reach this.

    Returns:
        H×W×3 uint8; deep and multi-channel images stretched by percentiles.

    Raises:
        ImageReadError: a page is missing.
        EOFError: the file is cut short.
        Exception: whatever tifffile and its decoders raise on damaged files.
    """
    with opened(path, page) as tif:
        pages = _pages(tif, page, enough=enough)
        rgb = to_rgb(_values(pages[:3]))
        return upright(rgb, orientation(pages[0].keyframe))


def values(path: Path, page: int | None = None) -> NDArray[Any]:
    """As `load`, with all channels in their own values.

    Returns:
        H×W×C of any number type, upright, black as zero.

    Raises:
        Exception: as `load`.
    """
    with opened(path, page) as tif:
        pages = _pages(tif, page)
        return upright(_values(pages), orientation(pages[0].keyframe))


def _values(pages: list[Any]) -> NDArray[Any]:
    first = pages[0].keyframe
    check_size(int(first.imagewidth), int(first.imagelength), _bytes_per_pixel(pages))
    for page in pages:
        _check_complete(page, page.parent.filehandle.size)
    planes = [_channels_last(page) for page in pages]
    return planes[0] if len(planes) == 1 else np.concatenate(planes, axis=2)


def _bytes_per_pixel(pages: list[Any]) -> int:
    first = pages[0].keyframe
    samples = int(np.prod(first.shape)) // max(1, first.imagewidth * first.imagelength)
    return int(samples * len(pages) * first.dtype.itemsize + 3)


def _check_complete(page: Any, file_size: int) -> None:
    """Refuse a page whose pixels are not all in the file, before memory is made for them.

    Raises:
        EOFError: it is cut short.
    """
    counts = page.databytecounts
    ends = [offset + count for offset, count in zip(page.dataoffsets, counts, strict=False)]
    first = page.keyframe
    plain = first.compression == tifffile.COMPRESSION.NONE
    bits = int(np.prod(first.shape, dtype=np.int64)) * first.bitspersample
    # A tile of which nothing is stored at all is empty on purpose.
    sparse = any(count == 0 for count in counts)
    if max(ends, default=0) > file_size or (plain and not sparse and sum(counts) < bits // 8):
        raise EOFError("pixels are missing at the end of the file")


def upright(pixels: NDArray[T], turned: int) -> NDArray[T]:
    """Turn rows and columns so that the image stands as a person sees it."""
    turn = _TURNS.get(turned)
    return np.ascontiguousarray(pixels if turn is None else turn(pixels))


def _pages(tif: tifffile.TiffFile, page: int | None, *, enough: int = 0) -> list[Any]:
    """The pages that hold the channels of an image; one page for most files."""
    levels = pyramid(tif, page)
    return next(
        (p for p in reversed(levels) if enough and min(_page_size(p)) >= enough),
        levels[0],
    )


def pyramid(tif: tifffile.TiffFile, page: int | None = None) -> list[list[Any]]:
    """The pages of an image at full resolution, then those of its smaller copies.

    Raises:
        ImageReadError: a page is missing.
    """
    number = page or 0
    layout = None if page is None else layout_of(Path(tif.filehandle.path))
    if layout is not None and layout.offsets:
        return _in_chain(tif, layout.offsets, number)
    try:
        at, image = layout.place(number) if layout is not None and layout.spans else (0, 0)
        levels = [(s, channel_places(s, image)) for s in tif.series[at].levels]
    except Exception:
        if number:
            raise
        return [[tif.pages[0]]]  # broken stack metadata; the first page alone is still good
    chosen = [[series.pages[i] for i in places] for series, places in levels]
    if any(page is None for pages in chosen for page in pages) or not chosen[0]:
        raise ImageReadError("A page of the TIFF is missing.")
    return chosen if len(chosen[0]) > 1 or number else [*chosen, *_reduced(tif, chosen[0])]


def _in_chain(tif: tifffile.TiffFile, offsets: tuple[int, ...], page: int) -> list[list[Any]]:
    """A page by its place in the file, however many are in front of it."""
    if page >= len(offsets):
        raise ImageReadError("A page of the TIFF is missing.")
    tif.filehandle.seek(offsets[page])
    found: Any = tifffile.TiffPage(tif, index=page)
    return [[found], *_copies(found.pages or (), found)]


def _reduced(tif: tifffile.TiffFile, full: list[Any]) -> Iterator[list[Any]]:
    """All smaller copies, also those tifffile counts as no levels because their steps differ."""
    page = full[0].keyframe
    followers: list[Any] = [p.keyframe for p in islice(tif.pages, 1, _MOST_LEVELS)]
    yield from _copies([*(page.pages or ()), *(p for p in followers if p.is_reduced)], page)


def _copies(candidates: Iterable[Any], page: Any) -> Iterator[list[Any]]:
    for other in [p.keyframe for p in candidates]:
        alike = (other.samplesperpixel, other.dtype) == (page.samplesperpixel, page.dtype)
        height = other.imagewidth * page.imagelength / page.imagewidth
        same_form = abs(other.imagelength - height) <= 2 + height / 100
        void = other.photometric == tifffile.PHOTOMETRIC.MASK
        if alike and same_form and not void and other.imagewidth < page.imagewidth:
            yield [other]


def _page_size(pages: list[Any]) -> tuple[int, int]:
    return int(pages[0].keyframe.imagelength), int(pages[0].keyframe.imagewidth)


def _channels_last(page: Any) -> NDArray[Any]:
    """The page as H×W×C with its colours decoded, alpha dropped, black as zero."""
    with _file_open(page):
        pixels = np.asarray(page.asarray())
    page = page.keyframe  # later pages of a stack know only where their pixels are
    axes = page.axes
    for axis in [a for a in axes if a not in "YXS"]:  # depth inside a page
        pixels = pixels.take(0, axis=axes.index(axis))
        axes = axes.replace(axis, "")
    pixels = np.moveaxis(pixels, axes.index("S"), -1) if "S" in axes else pixels[..., np.newaxis]
    return decoded(page, pixels[..., : sample_count(page)])


@contextmanager
def _file_open(page: Any) -> Iterator[None]:
    """Open the file of a page, which is another one where a stack is spread over several."""
    handle = page.parent.filehandle
    was_closed = handle.closed
    if was_closed:
        handle.open()
    try:
        yield
    finally:
        if was_closed:
            handle.close()


def sample_count(page: Any) -> int:
    """How many samples of a pixel are colours or channels: all but the transparency."""
    if any(e in _ALPHA for e in page.extrasamples):
        return max(1, int(page.samplesperpixel) - len(page.extrasamples))
    return int(page.samplesperpixel)


def channel_count(pages: list[Any]) -> int:
    """How many channels `values` gives of these pages."""
    first = pages[0].keyframe
    pixel = np.zeros((1, 1, sample_count(first)), first.dtype)
    return len(pages) * int(decoded(first, pixel).shape[2])


def decoded(page: Any, pixels: NDArray[Any]) -> NDArray[Any]:
    """Any part of a page, H×W×C without transparency, with black as zero and palettes resolved."""
    pixels = _full_range(page, pixels)
    kind = page.photometric
    if kind == tifffile.PHOTOMETRIC.PALETTE and page.colormap is not None:
        colors = (np.asarray(page.colormap) >> 8).astype(np.uint8)
        return np.moveaxis(colors[:, pixels[..., 0]], 0, -1)
    if kind == tifffile.PHOTOMETRIC.SEPARATED and pixels.shape[2] >= 4:
        return _from_cmyk(pixels)
    if kind == tifffile.PHOTOMETRIC.MINISWHITE:
        return _inverted(pixels)
    return pixels


def _full_range(page: Any, pixels: NDArray[Any]) -> NDArray[Any]:
    bits = page.bitspersample
    if pixels.dtype == np.uint8 and bits < 8 and page.photometric != tifffile.PHOTOMETRIC.PALETTE:
        return np.asarray(pixels.astype(np.uint16) * 255 // (2**bits - 1), np.uint8)
    return pixels


def _from_cmyk(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    # Without the printer's colour profile: each ink takes its share of the light away.
    top = float(np.iinfo(pixels.dtype).max) if pixels.dtype.kind == "u" else 1.0
    ink = pixels[..., :4].astype(np.float32) / top
    light = (1 - ink[..., :3]) * (1 - ink[..., 3:])
    return np.asarray(np.rint(np.clip(light, 0, 1) * 255), np.uint8)


def _inverted(pixels: NDArray[Any]) -> NDArray[Any]:
    if pixels.dtype == np.bool_:
        return ~pixels
    if pixels.dtype.kind == "u":
        return np.asarray(np.iinfo(pixels.dtype).max - pixels)
    return -pixels


def orientation(page: Any) -> int:
    """1..8, what the orientation tag says; 1 is upright."""
    tag = page.tags.get(274)
    value = tag.value if tag is not None else 1
    return int(value) if isinstance(value, int) and 1 <= value <= 8 else 1
