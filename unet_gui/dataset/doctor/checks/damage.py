"""Files that cannot be read, and files that are something else than they are called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from unet_gui.dataset.discovery import TIFF_SUFFIXES
from unet_gui.dataset.doctor.findings import Finding, Remedy, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from unet_gui.dataset.doctor.examined import Examined
    from unet_gui.dataset.doctor.headers import Header

_SUFFIXES: Final[dict[str, frozenset[str]]] = {
    "PNG": frozenset({".png", ".apng"}),
    "JPEG": frozenset({".jpg", ".jpeg", ".jpe", ".jfif"}),
    "MPO": frozenset({".jpg", ".jpeg", ".jpe", ".jfif"}),
    "TIFF": TIFF_SUFFIXES,
    "BMP": frozenset({".bmp", ".dib"}),
    "GIF": frozenset({".gif"}),
    "WEBP": frozenset({".webp"}),
    "PPM": frozenset({".ppm", ".pgm", ".pbm", ".pnm"}),
    "JPEG2000": frozenset({".jp2", ".j2k"}),
    "AVIF": frozenset({".avif"}),
}
_USUAL: Final = {
    "PNG": ".png", "JPEG": ".jpg", "MPO": ".jpg", "TIFF": ".tif", "BMP": ".bmp", "GIF": ".gif",
    "WEBP": ".webp", "PPM": ".ppm", "JPEG2000": ".jp2", "AVIF": ".avif",
}  # fmt: skip
_STACKS: Final = frozenset({"TIFF", "DICOM", "NIfTI"})
_WORDS: Final = {
    "not-installed": "What reads it is not installed; the extra “science” brings it.",
    "empty": "The file is empty.",
    "unreadable": "The file may not be read; check its permissions.",
    "not-an-image": "It is no image, whatever its name says.",
    "too-large": "It claims more pixels than can be decoded",
    "zero-size": "It claims to have no width or no height.",
    "truncated": "It is damaged or cut short",
}


def damage(examined: Examined) -> Iterator[Finding]:
    """Image or mask cannot be read at all."""
    for header, kind in ((examined.image, "image"), (examined.mask, "mask")):
        if header is not None and not header.usable:
            yield damaged(header, kind)


def damaged(header: Header, kind: str) -> Finding:
    words = _WORDS[header.problem]
    if not words.endswith("."):
        words += f" ({header.detail})." if header.detail else "."
    code = header.problem if header.problem == "unreadable" else f"{kind}-{header.problem}"
    if header.problem == "not-an-image":
        code = f"{kind}-not-an-image"
    remedy = None
    if header.problem == "empty":
        remedy = Remedy("leave it out", leave_out=(header.name,))
    return Finding(code, Severity.ERROR, header.name, words, remedy)


def extensions(examined: Examined) -> Iterator[Finding]:
    """A PNG called .jpg, and so on."""
    header = examined.image
    suffix = f".{header.name.rpartition('.')[2].lower()}"
    fitting = _SUFFIXES.get(header.format)
    if not header.usable or fitting is None or suffix in fitting:
        return
    new = f"{header.name.rpartition('.')[0]}{_USUAL[header.format]}"
    yield Finding(
        "wrong-extension",
        Severity.WARNING,
        header.name,
        f"It is a {header.format} file called {suffix}; some programs refuse it.",
        Remedy(f"rename it to {new.rpartition('/')[2]}", renames=((header.name, new),)),
    )


def pages(examined: Examined) -> Iterator[Finding]:
    """Animations, of which one frame is used, and stacks of masks."""
    for header, kind in ((examined.image, "image"), (examined.mask, "mask")):
        if header is not None and header.usable and header.frames > 1:
            if kind == "image" and header.format in _STACKS:
                continue  # each page is an image of its own
            yield Finding(
                f"{kind}-multi-page",
                Severity.WARNING if kind == "mask" else Severity.NOTE,
                header.name,
                f"It has {header.frames} pages or frames; the first is used.",
            )


def unusual_images(examined: Examined) -> Iterator[Finding]:
    """Printer's inks and transparency, which programs read in different ways."""
    header = examined.image
    if header.mode == "CMYK":
        yield Finding(
            "image-cmyk",
            Severity.NOTE,
            header.name,
            "It is in printer's inks (CMYK), which programs turn into different colours.",
        )
    elif header.mode in {"RGBA", "LA", "PA"}:
        yield Finding(
            "image-alpha",
            Severity.NOTE,
            header.name,
            "It has a transparency channel; what lies under it is used.",
        )
    if header.usable and min(header.size) < 8:
        width, height = header.size
        yield Finding(
            "image-tiny",
            Severity.NOTE,
            header.name,
            f"It is only {width}×{height} pixels; a network sees little in it.",
        )
