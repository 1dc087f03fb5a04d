"""What is exported under which name, and into which half of the split."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from unet_gui.core.errors import ExportError, MaskReadError
from unet_gui.dataset.mask_counts import labelled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from unet_gui.dataset.entries import ImageEntry
    from unet_gui.dataset.project import Project


@dataclass(frozen=True, slots=True)
class Item:
    """One image on its way out.

    Attributes:
        entry: The image in the project.
        name: Its name in the export: no folder, no suffix, no white space.
        val: Whether it is for validation.
    """

    entry: ImageEntry
    name: str
    val: bool


def plan(
    project: Project, entries: Sequence[ImageEntry] | None, *, val: float, seed: int
) -> list[Item]:
    """Decide what is exported.

    Args:
        project: The project.
        entries: Which images; those with at least one labelled pixel when None.
        val: Share for validation, 0 ≤ val < 1. At least one image stays for training, and with two
            images or more at least one is for validation, unless `val` is 0.
        seed: Which images those are. Each image draws its own lot, so that adding one does not
            shuffle the others.

    Raises:
        ExportError: nothing to export, or `val` out of range.
    """
    if not 0 <= val < 1:
        raise ExportError(f"The share for validation is {val}.", "It goes from 0 to below 1.")
    chosen = _labelled(project) if entries is None else list(entries)
    if not chosen:
        raise ExportError(
            "There is nothing to export: no image has a labelled pixel.",
            "Paint something, or accept a prediction first.",
        )
    count = min(max(1, round(val * len(chosen))), len(chosen) - 1) if val else 0
    drawn = {e.name for e in sorted(chosen, key=lambda e: _lot(e, seed))[:count]}
    names = flat_names([e.name for e in chosen])
    return [Item(e, n, e.name in drawn) for e, n in zip(chosen, names, strict=True)]


def flat_names(names: Sequence[str]) -> list[str]:
    """A file name without folder, suffix and white space for each, none twice.

    "a/b c.tif" becomes "a__b_c"; where two come out alike, even but for case, the later are
    numbered "a__b_c-2", ….
    """
    taken: set[str] = set()
    flat = []
    for name in names:
        path = PurePosixPath(name)
        # White space, because common readers of file lists split lines at it.
        plain = re.sub(r"\s+", "_", "__".join((*path.parts[:-1], path.stem))) or "image"
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


def _lot(entry: ImageEntry, seed: int) -> bytes:
    text = f"{seed}:{entry.name}".encode("utf-8", "surrogateescape")
    return hashlib.sha256(text).digest()
