"""What the names and sizes of files tell, before any is opened."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Final

from unet_gui.dataset.discovery import OUTPUT_MARKER, is_image_name
from unet_gui.dataset.doctor.findings import Finding, Remedy, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from unet_gui.dataset.doctor.survey import Survey

_SYSTEM: Final = frozenset({
    ".ds_store", "thumbs.db", "ehthumbs.db", "desktop.ini", ".directory", ".localized",
})  # fmt: skip
_SYSTEM_FOLDERS: Final = frozenset({"__macosx", ".ipynb_checkpoints", "@eadir", ".appledouble"})
_FORBIDDEN = re.compile(r'[<>:"\\|?*\x00-\x1f]|[. ]\Z|\A(con|prn|aux|nul|com\d|lpt\d)(\.|\Z)', re.I)
_LONGEST: Final = 200
"""Bytes a name may have: 255 is the limit of most disks, and a mask's backup adds some."""

_UNREAD: Final = frozenset({
    ".heic", ".heif", ".raw", ".cr2", ".cr3", ".nef", ".arw", ".dng", ".psd", ".xcf", ".svg",
    ".pdf", ".mat", ".h5", ".zip", ".rar", ".czi", ".nd2",
})  # fmt: skip


def system_files(survey: Survey) -> Iterator[Finding]:
    """Files that an operating system leaves lying about."""
    for name in survey.files:
        *folders, last = name.lower().split("/")
        if last in _SYSTEM or last.startswith("._") or _SYSTEM_FOLDERS & {*folders}:
            yield Finding(
                "system-file",
                Severity.NOTE,
                name,
                "An operating system or another program left this file; it is no part of the data.",
                Remedy("leave it out", leave_out=(name,)),
            )


def broken_links(survey: Survey) -> Iterator[Finding]:
    for name, size in survey.files.items():
        if size < 0:
            yield Finding(
                "broken-link",
                Severity.ERROR,
                name,
                "It is a link to a file that is not there.",
                Remedy("leave it out", leave_out=(name,)),
            )


def locked_folders(survey: Survey) -> Iterator[Finding]:
    for name in survey.locked:
        yield Finding(
            "unreadable", Severity.ERROR, name, "The folder may not be read; check its permissions."
        )


def unread_kinds(survey: Survey) -> Iterator[Finding]:
    """Images of kinds that the program passes over without a word."""
    for name in survey.files:
        suffix = f".{name.rpartition('.')[2].lower()}" if "." in name else ""
        if suffix in _UNREAD:
            yield Finding(
                "unknown-kind",
                Severity.NOTE,
                name,
                f"Files that end in {suffix} are not read; save the image as PNG or TIFF.",
            )


def no_images(survey: Survey) -> Iterator[Finding]:
    if not survey.pairs and not survey.classes.damage:
        yield Finding("no-images", Severity.ERROR, "", "There are no images in this folder.")


def case_clashes(survey: Survey) -> Iterator[Finding]:
    """Images that become one file where case does not count, as on Windows and macOS."""
    taken = {n.casefold() for n in survey.files}
    by_folded: dict[str, list[str]] = defaultdict(list)
    for pair in survey.pairs:
        by_folded[pair.image.casefold()].append(pair.image)
    masks = {p.image: p.masks for p in survey.pairs}
    for names in by_folded.values():
        for name in sorted(names)[1:]:
            stem, _, suffix = name.rpartition(".")
            new = _free(stem, suffix, taken)
            moves = [(name, f"{new}.{suffix}")]
            mask = _own_mask(name, masks[name])
            if mask:
                folder = mask.rpartition("/")[0]
                last = new.rpartition("/")[2]
                moves.append((mask, f"{folder}/{last}.png".lstrip("/")))
            yield Finding(
                "case-clash",
                Severity.WARNING,
                name,
                f"It differs from {sorted(names)[0]} by upper and lower case alone; "
                "on Windows and macOS the two are one file.",
                Remedy(f"rename it to {new.rpartition('/')[2]}.{suffix}", renames=tuple(moves)),
            )


def bad_names(survey: Survey) -> Iterator[Finding]:
    """Names that are too long, hold bytes that are no text, or are not allowed everywhere."""
    for pair in survey.pairs:
        name = pair.image
        last = name.rpartition("/")[2]
        raw = last.encode("utf-8", "surrogateescape")
        try:
            raw.decode("utf-8")
        except UnicodeDecodeError:
            yield _not_utf8(name, raw, pair.masks)
            continue
        if len(raw) > _LONGEST:
            yield Finding(
                "name-long",
                Severity.WARNING,
                name,
                f"Its name has {len(raw)} bytes; a copy of its mask may not be possible any more.",
            )
        elif _FORBIDDEN.search(last):
            yield Finding(
                "name-forbidden", Severity.NOTE, name, "Windows does not allow such a file name."
            )
        elif re.search(r"\s", last) and survey.lists:
            yield Finding(
                "name-with-space",
                Severity.WARNING,
                name,
                "Its name holds white space, at which common readers of lists break the line.",
            )


def earlier_output(survey: Survey) -> Iterator[Finding]:
    """Exports inside the folder, which are copies of what is there already."""
    for name in survey.files:
        if name.endswith(f"/{OUTPUT_MARKER}"):
            yield Finding(
                "export-inside",
                Severity.NOTE,
                name.rpartition("/")[0],
                "An export of this program lies inside the folder; it is no part of the dataset.",
            )


def disguised(survey: Survey) -> Iterator[Finding]:
    """Images without a suffix, which nobody finds."""
    for name in survey.files:
        last = name.rpartition("/")[2]
        inside = any(s.images and name.startswith(s.images) for s in survey.sites)
        if "." in last or not inside or is_image_name(last):
            continue
        kind = _magic(survey, name)
        if kind:
            yield Finding(
                "no-extension",
                Severity.WARNING,
                name,
                f"It is a {kind.upper()} image without a file extension, so it is not found.",
                Remedy(f"rename it to {last}.{kind}", renames=((name, f"{name}.{kind}"),)),
            )


def _magic(survey: Survey, name: str) -> str:
    try:
        with survey.path(name).open("rb") as file:
            start = file.read(8)
    except OSError:
        return ""
    known = ((b"\x89PNG", "png"), (b"\xff\xd8\xff", "jpg"), (b"II*\0", "tif"), (b"MM\0*", "tif"))
    return next((kind for magic, kind in known if start.startswith(magic)), "")


def _not_utf8(name: str, raw: bytes, masks: list[str]) -> Finding:
    readable = "".join(chr(b) if b < 128 else f"%{b:02X}" for b in raw)
    folder = name.rpartition("/")[0]
    moves = [(name, f"{folder}/{readable}".lstrip("/"))]
    mask = _own_mask(name, masks)
    if mask:
        stem = readable.rpartition(".")[0]
        moves.append((mask, f"{mask.rpartition('/')[0]}/{stem}.png".lstrip("/")))
    return Finding(
        "name-not-utf8",
        Severity.WARNING,
        name,
        "Its name holds bytes that are no UTF-8 text; other programs garble it or fail.",
        Remedy(f"rename it to {readable}", renames=tuple(moves)),
    )


def _own_mask(image: str, masks: list[str]) -> str:
    """The mask called exactly like the image."""
    stem = image.rpartition(".")[0].rpartition("/")[2]
    return next((m for m in masks if m.rpartition("/")[2] == f"{stem}.png"), "")


def _free(stem: str, suffix: str, taken: set[str]) -> str:
    number = 2
    while f"{stem}-{number}.{suffix}".casefold() in taken:
        number += 1
    taken.add(f"{stem}-{number}.{suffix}".casefold())
    return f"{stem}-{number}"
