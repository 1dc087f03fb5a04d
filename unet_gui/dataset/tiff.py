"""TIFF through tifffile: deep, multi-channel and compressed ones, as microscopes write them.

The first image of a stack is read: index 0 along time, depth and every other axis but the
channels, which are kept even where each is a page of its own (ImageJ, OME).
"""

from __future__ import annotations

from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import tifffile

from unet_gui.core.errors import ImageReadError
from unet_gui.dataset.channels import to_rgb
from unet_gui.dataset.decoding import check_size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from unet_gui.core.document import RgbImage

LARGE: Final = 100_000_000
"""From this many pixels on an image is better read in pieces."""

_MAGIC: Final = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_MOST_LEVELS: Final = 24
_CHANNEL_AXES: Final = "CS"
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


def size(path: Path) -> tuple[int, int]:
    """(width, height) of what `load` returns."""
    with tifffile.TiffFile(path) as tif:
        page = _pages(tif)[0].keyframe
        width, height = int(page.imagewidth), int(page.imagelength)
        return (height, width) if orientation(page) >= 5 else (width, height)


def decoded_bytes(path: Path) -> int:
    """How much memory `load` takes at its peak: the pixels as they are, and as RGB."""
    with tifffile.TiffFile(path) as tif:
        return _bytes_per_pixel(pages := _pages(tif)) * int(np.prod(_page_size(pages)))


def load(path: Path, *, enough: int = 0) -> RgbImage:
    """Read the first image of a TIFF.

    Args:
        path: The file.
        enough: If not 0, a smaller level of a pyramid will do when its sides reach this.

    Returns:
        H×W×3 uint8; deep and multi-channel images stretched by percentiles.

    Raises:
        ImageReadError: a page is missing.
        EOFError: the file is cut short.
        Exception: whatever tifffile and its decoders raise on damaged files.
    """
    with tifffile.TiffFile(path) as tif:
        pages = _pages(tif, enough=enough)
        first = pages[0].keyframe
        check_size(int(first.imagewidth), int(first.imagelength), _bytes_per_pixel(pages))
        for page in pages[:3]:
            _check_complete(page, page.parent.filehandle.size)
        planes = [_channels_last(page) for page in pages[:3]]
        rgb = to_rgb(planes[0] if len(planes) == 1 else np.concatenate(planes, axis=2))
        return upright(rgb, orientation(first))


def _bytes_per_pixel(pages: list[Any]) -> int:
    first = pages[0].keyframe
    samples = int(np.prod(first.shape)) // max(1, first.imagewidth * first.imagelength)
    return int(samples * len(pages[:3]) * first.dtype.itemsize + 3)


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


def upright(pixels: RgbImage, turned: int) -> RgbImage:
    """Turn rows and columns so that the image stands as a person sees it."""
    turn = _TURNS.get(turned)
    return np.ascontiguousarray(pixels if turn is None else turn(pixels))


def _pages(tif: tifffile.TiffFile, *, enough: int = 0) -> list[Any]:
    """The pages that hold the channels of the first image; one page for most files."""
    return next(
        (p for p in reversed(pyramid(tif)) if enough and min(_page_size(p)) >= enough),
        pyramid(tif)[0],
    )


def pyramid(tif: tifffile.TiffFile) -> list[list[Any]]:
    """The pages of the first image at full resolution, then those of its smaller copies.

    Raises:
        ImageReadError: a page is missing.
    """
    try:
        levels = [_channel_places(series) for series in tif.series[0].levels]
    except Exception:  # noqa: BLE001 - broken stack metadata; the first page alone is still good
        return [[tif.pages[0]]]
    chosen = [[series.pages[i] for i in places] for series, places in levels]
    if any(page is None for pages in chosen for page in pages) or not chosen[0]:
        raise ImageReadError("A page of the TIFF is missing.")
    return chosen if len(chosen[0]) > 1 else [*chosen, *_reduced(tif, chosen[0])]


def _channel_places(series: Any) -> tuple[Any, list[int]]:
    """Where among the pages of a series the channels of its first image are."""
    leading = series.axes[: len(series.axes) - len(series.keyframe.axes)]
    channels = [i for i, axis in enumerate(leading) if axis in _CHANNEL_AXES]
    if not channels:
        return series, [0]
    step = int(np.prod(series.shape[channels[0] + 1 : len(leading)], dtype=np.int64))
    wanted = [c * step for c in range(series.shape[channels[0]])]
    return series, [i for i in wanted if i < len(series.pages)]


def _reduced(tif: tifffile.TiffFile, full: list[Any]) -> Iterator[list[Any]]:
    """All smaller copies, also those tifffile counts as no levels because their steps differ."""
    page = full[0].keyframe
    followers: list[Any] = [p.keyframe for p in islice(tif.pages, 1, _MOST_LEVELS)]
    copies: list[Any] = [p.keyframe for p in page.pages or ()]
    for other in [*copies, *(p for p in followers if p.is_reduced)]:
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
