"""What is exported under which name, and into which half of the split."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from unet_gui.core.errors import ExportError, MaskReadError
from unet_gui.dataset.discovery import split_suffix
from unet_gui.dataset.mask_counts import labelled
from unet_gui.dataset.splits import Part, Split, deal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from unet_gui.core.geometry import Rect
    from unet_gui.dataset.entries import ImageEntry
    from unet_gui.dataset.project import Project


@dataclass(frozen=True, slots=True)
class Item:
    """One image on its way out.

    Attributes:
        entry: The image in the project.
        name: Its name in the export: no folder, no suffix, no white space.
        split: What it is for: "train", "val" or "test".
        window: The crop of the image that is written; all of it when None.
    """

    entry: ImageEntry
    name: str
    split: Part
    window: Rect | None = None

    @property
    def val(self) -> bool:
        """Whether it is for validation."""
        return self.split is Part.VAL


@dataclass(frozen=True, slots=True)
class Plan:
    """What is exported.

    Attributes:
        items: The images.
        notes: What a person should know about the split, a sentence each.
    """

    items: list[Item]
    notes: tuple[str, ...] = ()


_NAME_BYTES: Final = 200
"""Room for what formats put behind a name: file systems end at 255 bytes."""


def plan(project: Project, entries: Sequence[ImageEntry] | None, split: Split) -> Plan:
    """Decide what is exported.

    Args:
        project: The project.
        entries: Which images; those with at least one labelled pixel when None.
        split: How they are dealt out.

    Raises:
        ExportError: nothing to export, or a split that cannot be.
    """
    chosen = _labelled(project) if entries is None else list(entries)
    if not chosen:
        raise ExportError(
            "There is nothing to export: no image has a labelled pixel.",
            "Paint something, or accept a prediction first.",
        )
    dealt = deal([e.name for e in chosen], split)
    chosen = [e for e in chosen if e.name in dealt.parts]
    names = flat_names([e.name for e in chosen])
    items = [Item(e, n, dealt.parts[e.name]) for e, n in zip(chosen, names, strict=True)]
    return Plan(items, tuple(dealt.notes))


_PAGE: Final = re.compile(r"#+(?=\d{3,}(\.nii)?\Z)")
"""What marks the page of a stack; in web addresses it would begin another part."""


def flat_names(names: Sequence[str]) -> list[str]:
    """A file name without folder, suffix and white space for each, none twice.

    "a/b c.tif" becomes "a__b_c"; where two come out alike, even but for case, the later are
    numbered "a__b_c-2", ….
    """
    taken: set[str] = set()
    flat = []
    for name in names:
        path = PurePosixPath(name)
        # White space, because common readers of file lists split lines at it; what XML cannot
        # hold, because some formats are XML.
        parts = (*path.parts[:-1], split_suffix(path.name)[0])
        plain = re.sub(r"[\s\0-\x1f\x7f]+", "_", "__".join(parts))
        plain = _PAGE.sub("_p", plain)
        plain = _shortened(plain.encode("utf-8", "replace").decode("utf-8") or "image")
        candidate, number = plain, 2
        while candidate.casefold() in taken:
            candidate, number = f"{plain}-{number}", number + 1
        taken.add(candidate.casefold())
        flat.append(candidate)
    return flat


def _labelled(project: Project) -> list[ImageEntry]:
    chosen = []
    for entry in project.images:
        try:
            if labelled(project.mask_counts(entry)):
                chosen.append(entry)
        except MaskReadError as exc:
            raise ExportError(exc.message, exc.hint) from exc
    return chosen


def _shortened(name: str) -> str:
    """Cut at whole characters, told from others that begin alike by a digest of the rest."""
    encoded = name.encode("utf-8", "surrogateescape")
    if len(encoded) <= _NAME_BYTES:
        return name
    digest = hashlib.sha256(encoded).hexdigest()[:8]
    head = encoded[: _NAME_BYTES - 9].decode("utf-8", "ignore")
    return f"{head}-{digest}"
