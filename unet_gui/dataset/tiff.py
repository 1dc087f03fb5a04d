"""TIFF through tifffile: deep, multi-channel and compressed ones, as microscopes write them.

The first image of a stack is read: index 0 along time, depth and every other axis but the
channels, which are kept even where each is a page of its own (ImageJ, OME).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import tifffile

from unet_gui.core.errors import ImageReadError
from unet_gui.dataset.channels import to_rgb
from unet_gui.dataset.decoding import check_size

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from unet_gui.core.document import RgbImage

_MAGIC: Final = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
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
        return (height, width) if _orientation(page) >= 5 else (width, height)


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
        samples = int(np.prod(first.shape)) // max(1, first.imagewidth * first.imagelength)
        per_pixel = samples * len(pages[:3]) * first.dtype.itemsize + 3
        check_size(int(first.imagewidth), int(first.imagelength), per_pixel)
        for page in pages[:3]:
            _check_complete(page, tif.filehandle.size)
        planes = [_channels_last(page) for page in pages[:3]]
        rgb = to_rgb(planes[0] if len(planes) == 1 else np.concatenate(planes, axis=2))
        return upright(rgb, _orientation(first))


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


def upright(pixels: RgbImage, orientation: int) -> RgbImage:
    """Turn rows and columns so that the image stands as a person sees it."""
    turn = _TURNS.get(orientation)
    return np.ascontiguousarray(pixels if turn is None else turn(pixels))


def _pages(tif: tifffile.TiffFile, *, enough: int = 0) -> list[Any]:
    """The pages that hold the channels of the first image; one page for most files."""
    try:
        series = tif.series[0]
        if enough:
            big = [s for s in series.levels if min(s.keyframe.shape[:2]) >= enough]
            series = big[-1] if big else series
        leading = series.axes[: len(series.axes) - len(series.keyframe.axes)]
        shape = series.shape[: len(leading)]
    except Exception:  # noqa: BLE001 - broken stack metadata; the first page alone is still good
        return [tif.pages[0]]
    channels = [i for i, axis in enumerate(leading) if axis in _CHANNEL_AXES]
    if not channels:
        wanted = [0]
    else:
        step = int(np.prod(shape[channels[0] + 1 :], dtype=np.int64))
        wanted = [c * step for c in range(shape[channels[0]])]
    pages = [series.pages[i] for i in wanted if i < len(series.pages)]
    if not pages or any(page is None for page in pages):
        raise ImageReadError("A page of the TIFF is missing.")
    return pages


def _channels_last(page: Any) -> NDArray[Any]:
    """The page as H×W×C with its colours decoded, alpha dropped, black as zero."""
    pixels = np.asarray(page.asarray())
    page = page.keyframe  # later pages of a stack know only where their pixels are
    axes = page.axes
    for axis in [a for a in axes if a not in "YXS"]:  # depth inside a page
        pixels = pixels.take(0, axis=axes.index(axis))
        axes = axes.replace(axis, "")
    pixels = np.moveaxis(pixels, axes.index("S"), -1) if "S" in axes else pixels[..., np.newaxis]
    return _decoded(page, _full_range(page, pixels))


def _full_range(page: Any, pixels: NDArray[Any]) -> NDArray[Any]:
    bits = page.bitspersample
    if pixels.dtype == np.uint8 and bits < 8 and page.photometric != tifffile.PHOTOMETRIC.PALETTE:
        return np.asarray(pixels.astype(np.uint16) * 255 // (2**bits - 1), np.uint8)
    return pixels


def _decoded(page: Any, pixels: NDArray[Any]) -> NDArray[Any]:
    kind = page.photometric
    if kind == tifffile.PHOTOMETRIC.PALETTE and page.colormap is not None:
        colors = (np.asarray(page.colormap) >> 8).astype(np.uint8)
        return np.moveaxis(colors[:, pixels[..., 0]], 0, -1)
    if kind == tifffile.PHOTOMETRIC.SEPARATED and pixels.shape[2] >= 4:
        return _from_cmyk(pixels)
    if any(e in _ALPHA for e in page.extrasamples):
        pixels = pixels[..., : max(1, pixels.shape[2] - len(page.extrasamples))]
    if kind == tifffile.PHOTOMETRIC.MINISWHITE:
        return _inverted(pixels)
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


def _orientation(page: Any) -> int:
    tag = page.tags.get(274)
    value = tag.value if tag is not None else 1
    return int(value) if isinstance(value, int) and 1 <= value <= 8 else 1
