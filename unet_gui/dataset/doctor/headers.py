"""What a file's header tells, and whether the file is whole, without decoding its pixels."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from PIL import Image, UnidentifiedImageError

from unet_gui.core.errors import ImageReadError
from unet_gui.dataset.decoding import TooLargeError, open_image, raw_mode
from unet_gui.dataset.images import sliced
from unet_gui.dataset.mask_tiles import is_tiled_mask
from unet_gui.dataset.tiff import is_tiff

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

_ORIENTATION: Final = 0x0112
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_CHUNK: Final = 1 << 20
_TAIL: Final = 1 << 16
_LOSSY: Final = frozenset({"JPEG", "MPO", "JPEG2000", "AVIF"})


@dataclass(slots=True)
class Header:
    """What is known of an image or mask file before its pixels are.

    Attributes:
        name: Relative to the examined folder.
        problem: Why it cannot be used: "" or one of "empty", "unreadable", "not-an-image",
            "too-large", "zero-size", "truncated", "not-installed".
        detail: A few words about the problem.
        format: Pillow's word for the kind of file.
        size: (width, height) as stored, not turned.
        mode: Pillow's mode; "" where only tifffile reads it.
        raw: Pillow's raw mode, such as "L;4".
        orientation: The camera's orientation tag, 1..8.
        frames: Pages or frames.
        interlaced: Whether it is an interlaced PNG.
        lossy: Whether pixels were changed by compression.
        ours: Whether it is a mask in tiles, as this program writes masks too large for a PNG.
    """

    name: str
    problem: str = ""
    detail: str = ""
    format: str = ""
    size: tuple[int, int] = (0, 0)
    mode: str = ""
    raw: str = ""
    orientation: int = 1
    frames: int = 1
    interlaced: bool = False
    lossy: bool = False
    ours: bool = False

    @property
    def usable(self) -> bool:
        return not self.problem

    @property
    def upright(self) -> tuple[int, int]:
        """(width, height) as the program shows it."""
        width, height = self.size
        return (height, width) if self.orientation >= 5 else (width, height)


def read_header(path: Path, name: str) -> Header:
    """Open a file as far as its header and check that none of it is missing."""
    header = Header(name)
    try:
        if path.stat().st_size == 0:
            header.problem = "empty"
        elif (reader := sliced(path)) is not None:
            _read_sliced(path, header, reader)
        elif is_tiff(path):
            _read_tiff(path, header)
        else:
            _read_pillow(path, header)
    except PermissionError:
        header.problem = "unreadable"
    except TooLargeError as exc:
        header.problem, header.detail = "too-large", str(exc)
    except UnidentifiedImageError:
        header.problem = _unidentified(path)
    except Exception as exc:  # noqa: BLE001 - decoders raise whatever they like on damaged files
        header.problem, header.detail = "truncated", " ".join(str(exc).split())
    if _claims_nothing(path, header):
        header.problem = "zero-size"
    return header


def _claims_nothing(path: Path, header: Header) -> bool:
    """Whether a side is 0 long; a PNG tells it though nothing opens it (ISO/IEC 15948, 11.2.2)."""
    if header.problem in {"", "empty", "unreadable", "too-large"}:
        return not header.problem and 0 in header.size
    with path.open("rb") as file:
        start = file.read(24)
    return start[:8] == _PNG and b"\0\0\0\0" in {start[16:20], start[20:24]}


def _read_pillow(path: Path, header: Header) -> None:
    with open_image(path) as image:
        _fill(image, header)
        if header.format == "PNG":
            header.interlaced = bool(image.info.get("interlace"))
            _check_png(path)
        elif header.format in {"JPEG", "MPO"}:
            _check_jpeg(path, image)
        else:
            image.load()


def _fill(image: Image.Image, header: Header) -> None:
    header.format, header.size = image.format or "", image.size
    header.mode, header.raw = image.mode, raw_mode(image)
    header.frames = int(getattr(image, "n_frames", 1))
    webp_lossless = header.format == "WEBP" and _is_lossless_webp(image)
    header.lossy = header.format in _LOSSY or (header.format == "WEBP" and not webp_lossless)
    header.orientation = _orientation(image)


def _orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # noqa: BLE001 - broken metadata says nothing about the pixels
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _is_lossless_webp(image: Image.Image) -> bool:
    source: Any = getattr(image, "filename", "")
    with open(source, "rb") as file:  # noqa: PTH123 - Pillow hands out text
        return b"VP8L" in file.read(64)


def _read_tiff(path: Path, header: Header) -> None:
    import tifffile

    with tifffile.TiffFile(path) as tif:
        page: Any = tif.pages[0].keyframe  # type: ignore[union-attr,unused-ignore]
        header.format, header.frames = "TIFF", len(tif.pages)
        header.size = (int(page.imagewidth), int(page.imagelength))
        tag = page.tags.get("Orientation")
        value = int(tag.value) if tag is not None else 1
        header.orientation = value if 1 <= value <= 8 else 1
        header.ours = is_tiled_mask(tif.pages.first)
        header.lossy = page.compression == tifffile.COMPRESSION.JPEG
        # Of many pages the first and last tell.
        for each in (tif.pages[0], tif.pages[len(tif.pages) - 1]):
            ends = [o + n for o, n in zip(each.dataoffsets, each.databytecounts, strict=False)]
            if max(ends, default=0) > tif.filehandle.size:
                raise EOFError("pixels are missing at the end of the file")
    try:
        with Image.open(path) as image:
            header.mode, header.raw = image.mode, raw_mode(image)
    except (OSError, ValueError, SyntaxError):
        header.mode = ""


def _read_sliced(path: Path, header: Header, reader: ModuleType) -> None:
    try:
        header.size, header.frames = reader.size(path), reader.page_count(path)
    except ImageReadError as exc:
        missing = isinstance(exc.__cause__, ImportError)
        header.problem = "not-installed" if missing else "not-an-image"
        header.detail = exc.message
    header.format = reader.KIND


def _check_png(path: Path) -> None:
    """Walk over the chunks and their checksums (ISO/IEC 15948, 5.3).

    Raises:
        EOFError: the file ends before its last chunk.
        ValueError: a checksum is wrong.
    """
    with path.open("rb") as file:
        if file.read(8) != _PNG:
            raise ValueError("it does not begin as a PNG does")
        while True:
            head = file.read(8)
            if len(head) < 8:
                raise EOFError("the end of the file is missing")
            left, check = int.from_bytes(head[:4], "big"), zlib.crc32(head[4:])
            while left:
                data = file.read(min(left, _CHUNK))
                if not data:
                    raise EOFError("the end of the file is missing")
                check, left = zlib.crc32(data, check), left - len(data)
            stored = file.read(4)
            if len(stored) < 4:
                raise EOFError("the end of the file is missing")
            if int.from_bytes(stored, "big") != check:
                raise ValueError("a checksum is wrong")
            if head[4:] == b"IEND":
                return


def _check_jpeg(path: Path, image: Image.Image) -> None:
    """Look for the end marker near the end; decode where it is not to be found there."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL))
        if b"\xff\xd9" in file.read():
            return
    image.load()


def _unidentified(path: Path) -> str:
    """A file that begins like an image but breaks off before its header ends is truncated."""
    with path.open("rb") as file:
        start = file.read(8)
    begins = (_PNG, b"\xff\xd8\xff", b"GIF8", b"BM", b"RIFF")
    return "truncated" if any(start.startswith(b[: len(start)]) for b in begins) else "not-an-image"
