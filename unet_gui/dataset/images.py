"""Reading images: whatever the file holds, H×W×3 uint8 comes out.

Colour and grey images of 8 bits come as they are. Deeper ones (16 bit, float) and images of many
channels are stretched per channel between their 0.5th and 99.5th percentile, the same for the
screen and for the network, unless a `ChannelView` says otherwise. Transparency is dropped, not
blended: what lies under it is data. The camera's orientation tag is applied, so that width and
height are those a person sees. Of an animation the first frame is read.
"""

from __future__ import annotations

import math
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PIL import Image, UnidentifiedImageError

from unet_gui.core.errors import ImageReadError
from unet_gui.core.geometry import Rect
from unet_gui.dataset import dicom, nifti, png_strips, tiff
from unet_gui.dataset.channel_view import render
from unet_gui.dataset.channels import Values, to_rgb
from unet_gui.dataset.decoding import TooLargeError, bands, open_image, raw_mode
from unet_gui.dataset.direct_decoders import decode, late_exif
from unet_gui.dataset.discovery import find_images
from unet_gui.dataset.files import explain, stamp
from unet_gui.dataset.tiff_blocks import NotInPiecesError
from unet_gui.dataset.tiff_tiles import TiledTiff

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType
    from typing import TypeVar

    from numpy.typing import NDArray

    from unet_gui.core.document import RgbImage
    from unet_gui.dataset.channel_view import ChannelView

    T = TypeVar("T")

__all__ = ["find_images", "image_size", "image_values", "load_image", "thumbnail"]

_ORIENTATION: Final = 0x0112
_DEEP_MODES: Final = ("I", "F")
_GREY_MODES: Final = frozenset({"1", "L", "LA", "La"})
_REMEMBERED_BYTES: Final = 1 << 28

_remembered: tuple[tuple[object, ...], Values] | None = None


def load_image(path: Path, page: int | None = None, view: ChannelView | None = None) -> RgbImage:
    """Read an image.

    Args:
        path: The file.
        page: Which of the images in it, from 0; the first when None.
        view: How its channels are shown; as they come when None.

    Returns:
        H×W×3 uint8 in 0..255, C-contiguous, upright.

    Raises:
        ImageReadError: missing, damaged, of an unknown kind, or too large for the memory.
    """
    return guarded(path, lambda p: _load(p, page, view))


def image_size(path: Path, page: int | None = None) -> tuple[int, int]:
    """(width, height) as `load_image` would give them, from the header alone.

    Raises:
        ImageReadError: missing, damaged or of an unknown kind.
    """
    return guarded(path, lambda p: _size(p, page))


def image_values(path: Path, page: int | None = None) -> Values:
    """All channels of an image in their own values; of a palette or printer's inks its colours.

    Raises:
        ImageReadError: as `load_image`.
    """
    return guarded(path, lambda p: _values(p, page))


def thumbnail(
    path: Path,
    side: int,
    page: int | None = None,
    view: ChannelView | None = None,
    *,
    cache: Path | None = None,
) -> RgbImage:
    """A small copy, at most `side` pixels wide and high; never enlarged.

    Args:
        path: The image.
        side: The larger side of the copy.
        page: Which of the images in the file; the first when None.
        view: How its channels are shown; as they come when None.
        cache: Folder where overviews of large images are kept, as for `open_source`.

    Returns:
        h×w×3 uint8.

    Raises:
        ImageReadError: as `load_image`.
    """
    return guarded(path, lambda p: _thumbnail(p, side, cache, page, view))


def sliced(path: Path) -> ModuleType | None:
    """The module that reads a file of slices or frames (DICOM, NIfTI); None for other files."""
    return next(
        (m for m, is_one in ((dicom, dicom.is_dicom), (nifti, nifti.is_nifti)) if is_one(path)),
        None,
    )


def _load(path: Path, page: int | None = None, view: ChannelView | None = None) -> RgbImage:
    if view is not None or sliced(path) is not None:
        held = _last_values(path, page)
        row = None if view is None else view.of(held.pixels.shape[2])
        return render(held.pixels, row, held.limits if row is None else None)
    if tiff.is_tiff(path):
        return tiff.load(path, page)
    return _load_flat(path)


def _load_flat(path: Path) -> RgbImage:
    with open_image(path) as image:
        if _is_deep_color_png(image):
            return tiff.upright(to_rgb(_decode_png(path)), _orientation(path, image))
        pixels = decode(path, image)
        if pixels is not None:
            return tiff.upright(pixels, _orientation(path, image))
        return _from_pillow(path, image)


def _last_values(path: Path, page: int | None) -> Values:
    """`_values`, remembering the last: a person drags a slider over one image."""
    global _remembered  # noqa: PLW0603 - one image, replaced whole
    key = (str(path), page, stamp(path))
    last = _remembered
    if last is not None and last[0] == key:
        return last[1]
    held = _values(path, page)
    _remembered = (key, held) if held.pixels.nbytes <= _REMEMBERED_BYTES else None
    return held


def _values(path: Path, page: int | None) -> Values:
    reader = sliced(path)
    if reader is not None:
        held: Values = reader.values(path, page)
        return held
    if tiff.is_tiff(path):
        return Values(tiff.values(path, page))
    with open_image(path) as image:
        turned = _orientation(path, image)
        if _is_deep_color_png(image):
            return Values(tiff.upright(_decode_png(path), turned))
        if image.mode.startswith(_DEEP_MODES):
            return Values(tiff.upright(np.asarray(image)[..., np.newaxis], turned))
        grey = image.mode in _GREY_MODES
    pixels = _load_flat(path)
    return Values(pixels[..., :1] if grey else pixels)


def _size(path: Path, page: int | None) -> tuple[int, int]:
    reader = sliced(path)
    if reader is not None:
        width, height = reader.size(path)
        return width, height
    if tiff.is_tiff(path):
        return tiff.size(path, page)
    with open_image(path) as image:
        width, height = image.size
        return (height, width) if _orientation(path, image) >= 5 else (width, height)


def _thumbnail(
    path: Path, side: int, cache: Path | None, page: int | None, view: ChannelView | None
) -> RgbImage:
    is_tiff = sliced(path) is None and tiff.is_tiff(path)
    if is_tiff and (view is None or math.prod(tiff.size(path, page)) >= tiff.LARGE):
        return _shrunk(_small_tiff(path, 2 * side, cache, (page, view)), side)
    if view is not None or sliced(path) is not None:
        return _shrunk(_load(path, page, view), side)
    with open_image(path) as image:
        if _is_deep(image):
            return _shrunk(_load(path), side)
        orientation = _orientation(path, image)
        strips = png_strips.shrunk(path, image, 4 * side)
        if strips is not None:
            return tiff.upright(_shrunk(strips, side), orientation)
        # JPEG decodes straight to an eighth of its size.
        image.draft("RGB", (side, side))
        if image.mode in {"RGB", "L", "CMYK"}:
            image.thumbnail((side, side), Image.Resampling.BOX)
            return tiff.upright(_flat_rgb(image), orientation)
        return tiff.upright(_shrunk(_flat_rgb(image), side), orientation)


def _shrunk(pixels: RgbImage, side: int) -> RgbImage:
    small = Image.fromarray(pixels)
    small.thumbnail((side, side), Image.Resampling.BOX)
    return np.array(small)


def _small_tiff(
    path: Path, enough: int, cache: Path | None, part: tuple[int | None, ChannelView | None]
) -> RgbImage:
    """An image of a TIFF, or a smaller copy of it whose sides still reach `enough`."""
    page, view = part
    if math.prod(tiff.size(path, page)) < tiff.LARGE:
        return tiff.load(path, page, enough=enough)
    try:
        source = TiledTiff(path, page, view, cache=cache)
    except NotInPiecesError:
        return _load(path, page, view) if view else tiff.load(path, page, enough=enough)
    with closing(source):
        fits = [k for k in range(source.levels) if min(source.level_shape(k)) >= enough]
        level = fits[-1] if fits else 0
        height, width = source.level_shape(level)
        return source.read(Rect(0, 0, width, height), level)


def _from_pillow(path: Path, image: Image.Image) -> RgbImage:
    orientation = _orientation(path, image)
    if image.mode.startswith(_DEEP_MODES):
        return tiff.upright(to_rgb(np.asarray(image)[..., np.newaxis]), orientation)
    return tiff.upright(_flat_rgb(image), orientation)


def _flat_rgb(image: Image.Image) -> RgbImage:
    pixels = np.empty((image.height, image.width, 3), np.uint8)
    for rows, band in bands(image):
        pixels[rows] = _band_rgb(band)
    return pixels


def _band_rgb(band: Image.Image) -> NDArray[np.uint8]:
    if band.mode in {"P", "PA"}:
        # By way of RGBA, because Pillow warns about transparent palettes on the direct one.
        band = band.convert("RGBA")
    elif band.mode in {"L", "LA", "La"}:
        grey = band if band.mode == "L" else band.getchannel(0)
        return np.asarray(grey)[..., np.newaxis]
    return np.asarray(band if band.mode == "RGB" else band.convert("RGB"))


def _orientation(path: Path, image: Image.Image) -> int:
    try:
        # Of a PNG without it in front Pillow decodes all pixels to see whether it comes behind.
        whole = image.format != "PNG" or late_exif(path)
        exif = image.getexif() if whole else Image.Image.getexif(image)
        value = exif.get(_ORIENTATION, 1)
    except Exception:  # noqa: BLE001 - broken metadata must not keep the pixels from anybody
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _is_deep(image: Image.Image) -> bool:
    return image.mode.startswith(_DEEP_MODES) or _is_deep_color_png(image)


def _is_deep_color_png(image: Image.Image) -> bool:
    """Whether this is a PNG of 16 bits and several channels, of which Pillow keeps only 8 bits."""
    return image.format == "PNG" and "16" in raw_mode(image) and image.mode in {"RGB", "RGBA", "LA"}


def _decode_png(path: Path) -> NDArray[Any]:
    import imagecodecs

    pixels = imagecodecs.png_decode(path.read_bytes())
    channels = 1 if pixels.shape[-1] == 2 else 3
    return np.asarray(pixels[..., :channels])


def guarded(path: Path, read: Callable[[Path], T]) -> T:
    """What `read` makes of a file, and whatever goes wrong as an error for a person.

    Raises:
        ImageReadError: instead of any exception.
    """
    try:
        return read(path)
    except ImageReadError:
        raise
    except TooLargeError as exc:
        raise ImageReadError(
            f"{path.name} is too large: {exc}.", "Cut it into smaller images."
        ) from exc
    except MemoryError as exc:
        raise ImageReadError(
            f"There is not enough memory to read {path.name}.",
            "Close other programs or cut it into smaller images.",
        ) from exc
    except FileNotFoundError as exc:
        raise ImageReadError(f"{path.name} is not there any more.", str(path)) from exc
    except Exception as exc:
        raise ImageReadError(f"{path.name} cannot be read: {_reason(path, exc)}.", _HINT) from exc


_HINT: Final = "Open it in another program to see whether it is whole, and save it as PNG or TIFF."


def _reason(path: Path, exc: Exception) -> str:
    try:
        if path.is_dir():
            return "it is a folder"
        if path.stat().st_size == 0:
            return "the file is empty"
    except OSError:
        return "it is out of reach"
    if isinstance(exc, PermissionError):
        return explain(exc)[0].replace("writing", "reading")
    if isinstance(exc, UnidentifiedImageError):
        return "it is no image, or of a kind this program does not know"
    if "truncated" in str(exc) or isinstance(exc, EOFError):
        return "it is cut short"
    return "it is damaged"
