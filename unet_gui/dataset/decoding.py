"""Opening files through Pillow, with our own guard against images that no memory can hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PIL import Image, ImageFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_PIXELS: Final = 1 << 30
"""A little over a gigapixel; a header that claims more is a mistake or malice."""

_SMALL: Final = 256 << 20
_BAND: Final = 1 << 20

# Pillow's own limit (90 MP warns, 179 MP is an error) is below what microscopes and scanners
# write. `open_image` takes its place for every file this program opens.
Image.MAX_IMAGE_PIXELS = None


class TooLargeError(ValueError):
    """The image claims more pixels than could be decoded."""


def check_size(width: int, height: int, bytes_per_pixel: int = 3) -> None:
    """Refuse what cannot be decoded, before a byte of it is.

    Raises:
        TooLargeError: with the reason.
    """
    if width * height > MAX_PIXELS:
        raise TooLargeError(f"{width}×{height} pixels are more than {MAX_PIXELS // 10**6} million")
    needed = width * height * bytes_per_pixel
    if needed < _SMALL:
        return
    free = available_memory()
    if free is not None and needed > free:
        raise TooLargeError(
            f"{width}×{height} pixels need {needed / 2**30:.1f} GB of memory, "
            f"{free / 2**30:.1f} GB are free"
        )


def open_image(path: Path) -> Image.Image:
    """`Image.open` (which reads only the header) behind `check_size`.

    Raises:
        OSError, ValueError, SyntaxError: as Pillow does for missing and broken files.
        TooLargeError: more pixels than could be decoded.
    """
    image = Image.open(path)
    try:
        check_size(image.width, image.height)
    except TooLargeError:
        image.close()
        raise
    return image


def bands(image: Image.Image) -> Iterator[tuple[slice, Image.Image]]:
    """The rows of an image in pieces of about a megapixel.

    Turning pieces into arrays is several times quicker than the whole, which Pillow copies twice,
    and takes no more memory than the result.
    """
    image.load()
    step = max(1, _BAND // max(1, image.width))
    for top in range(0, image.height, step):
        bottom = min(image.height, top + step)
        yield slice(top, bottom), image.crop((0, top, image.width, bottom))


def raw_mode(image: Image.Image) -> str:
    """How the pixels of a not yet decoded image lie in the file, in Pillow's words ("L;4")."""
    if not isinstance(image, ImageFile.ImageFile) or not image.tile:
        return ""
    args = image.tile[0].args
    first = args[0] if isinstance(args, tuple) and args else args
    return first if isinstance(first, str) else ""


def available_memory() -> int | None:
    """Bytes that can be had without swapping; None where the system does not say."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:  # noqa: PTH123 - not a user's path
            for line in file:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    return None
