"""What the masks to be exported hold, known before anything is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.errors import ExportError, MaskReadError
from unet_gui.dataset.mask_counts import labelled

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from unet_gui.core.classes import ClassTable
    from unet_gui.dataset.class_choice import Resolved
    from unet_gui.dataset.entries import ImageEntry
    from unet_gui.dataset.project import Project


@dataclass(frozen=True, slots=True)
class Survey:
    """Counts over the masks of an export.

    Attributes:
        classes: The classes that are exported.
        pixels: Pixels by mask value, 255 among them.
        partial: Images with unlabelled pixels.
        untouched: Images without a single labelled pixel.
        options: The options of the format.
    """

    classes: ClassTable
    pixels: Mapping[int, int]
    partial: int
    untouched: int
    options: Mapping[str, str]

    @property
    def unlabelled(self) -> bool:
        """Whether any pixel is unlabelled."""
        return bool(self.partial)

    @property
    def empty(self) -> list[str]:
        """Names of classes without a pixel."""
        return [c.name for c in self.classes if not self.pixels.get(c.id)]

    @property
    def unknown(self) -> list[int]:
        """Mask values that no class has."""
        return sorted(set(self.pixels) - {*self.classes.ids, UNLABELLED})


def survey(
    project: Project,
    entries: Iterable[ImageEntry],
    options: Mapping[str, str],
    chosen: Resolved | None = None,
) -> Survey:
    """Count, decoding only masks that have changed since they were last counted.

    Args:
        project: The project.
        entries: Its images that are exported.
        options: What the person chose of the format.
        chosen: Which classes are exported; all when None.

    Raises:
        ExportError: a mask is damaged.
    """
    pixels: dict[int, int] = {}
    partial = untouched = 0
    for entry in entries:
        try:
            counts = project.mask_counts(entry)
            counts = counts if chosen is None else chosen.count(counts)
        except MaskReadError as exc:
            raise ExportError(exc.message, exc.hint) from exc
        for value, number in counts.items():
            pixels[value] = pixels.get(value, 0) + number
        partial += not counts or UNLABELLED in counts
        untouched += not labelled(counts)
    classes = project.classes if chosen is None else chosen.classes
    return Survey(classes, pixels, partial, untouched, options)
