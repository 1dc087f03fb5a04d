"""Counting and replacing a class across all masks of a project.

Each mask is rewritten atomically, and the class table after all of them: when the work is stopped
half way, the class is still there, and doing it once more finishes the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from unet_gui.core.errors import MaskReadError, ProjectError
from unet_gui.core.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from unet_gui.dataset.entries import ImageEntry
    from unet_gui.dataset.mask_store import MaskStore


def count_pixels(
    store: MaskStore, entries: Sequence[ImageEntry], class_id: int
) -> Generator[Progress, None, int]:
    """Count the pixels of a class; unreadable masks count as none."""
    total = 0
    for i, entry in enumerate(entries):
        yield Progress(i, len(entries), entry.name)
        try:
            total += store.counts(entry).get(class_id, 0)
        except MaskReadError:
            continue
    store.flush()
    return total


def replace_class(
    store: MaskStore, entries: Sequence[ImageEntry], source: int, into: int
) -> Generator[Progress, None, int]:
    """Give all pixels of one class to another, or to 255.

    Returns:
        How many pixels changed.

    Raises:
        ProjectError: some masks could not be read; all others are done.
        MaskWriteError: a mask could not be written; those before it are done.
    """
    changed = 0
    unreadable: list[str] = []
    for i, entry in enumerate(entries):
        yield Progress(i, len(entries), entry.name)
        try:
            changed += store.replace(entry, source, into)
        except MaskReadError:
            unreadable.append(entry.name)
    store.flush()
    if unreadable:
        more = f" and {len(unreadable) - 1} more" if len(unreadable) > 1 else ""
        raise ProjectError(
            f"The mask of {unreadable[0]}{more} cannot be read, so the class stays. "
            "In all other masks it is replaced.",
            "Repair or move away the damaged masks and do it once more.",
        )
    return changed
