"""Which images go into an export, whole or in crops, and with which classes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.errors import ExportError, MaskReadError
from unet_gui.core.progress import Progress
from unet_gui.dataset import pages
from unet_gui.dataset.class_choice import ClassChoice
from unet_gui.dataset.entries import Status
from unet_gui.dataset.formats.plan import plan
from unet_gui.dataset.mask_counts import labelled

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from unet_gui.core.geometry import Rect
    from unet_gui.dataset.class_choice import Resolved
    from unet_gui.dataset.crops import Crops
    from unet_gui.dataset.entries import ImageEntry
    from unet_gui.dataset.formats.plan import Item
    from unet_gui.dataset.project import Project
    from unet_gui.dataset.splits import Split


@dataclass(frozen=True, slots=True)
class Selected:
    """What is exported.

    Attributes:
        items: The images or crops, those of one image together.
        classes: The classes, and the ids they get; None leaves all as they are.
        notes: What a person should know, a sentence each.
    """

    items: list[Item]
    classes: Resolved | None
    notes: tuple[str, ...]

    @property
    def entries(self) -> list[ImageEntry]:
        """The images, each once."""
        return list({i.entry.name: i.entry for i in self.items}.values())


class Only(StrEnum):
    """How far an image must be. FINISHED is DONE, or LABELLED while no image is marked as done."""

    FINISHED = "finished"
    DONE = "done"
    LABELLED = "labelled"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Selection:
    """What of a project goes into an export.

    Attributes:
        only: How far an image must be.
        crops: How images are cut; None leaves them whole.
        classes: Which classes, and which of them become one.
    """

    only: Only = Only.FINISHED
    crops: Crops | None = None
    classes: ClassChoice = field(default_factory=ClassChoice)


def select(
    project: Project,
    entries: Sequence[ImageEntry] | None,
    split: Split,
    selection: Selection | None,
) -> Generator[Progress, None, Selected]:
    """Decide what is exported: images first, then the split, then crops of each part.

    Raises:
        ExportError: nothing to export, or a split or choice of classes that cannot be.
        ImageReadError, MaskReadError: an image or mask that is to be cut cannot be read.
    """
    if selection is None:
        planned = plan(project, entries, split)
        return Selected(planned.items, None, planned.notes)
    notes: list[str] = []
    if entries is None:
        entries, notes = chosen_entries(project, selection.only)
    classes = selection.classes.resolve(project.classes)
    planned = plan(project, entries, split)
    items, more = yield from cut(project, planned.items, selection, classes)
    return Selected(items, classes, (*notes, *classes.notes, *planned.notes, *more))


def chosen_entries(project: Project, only: Only) -> tuple[list[ImageEntry], list[str]]:
    """The images that are far enough, and what a person should know about the others.

    Raises:
        ExportError: a mask is damaged, or no image is far enough.
    """
    if only is Only.ALL:
        return list(project.images), []
    done = [e for e in project.images if project.status(e) is Status.DONE]
    if only is Only.DONE or (only is Only.FINISHED and done):
        if not done:
            raise ExportError(
                "No image is marked as done.", "Export what is labelled instead (--only labelled)."
            )
        names = {e.name for e in done}
        left = len(_labelled(project, [e for e in project.images if e.name not in names]))
        if not left or only is Only.DONE:
            return done, []
        return done, [
            f"{left} images that are labelled but not marked as done were left out "
            "(--only labelled takes them along)."
        ]
    chosen = _labelled(project, project.images)
    if not chosen:
        raise ExportError(
            "There is nothing to export: no image has a labelled pixel.",
            "Paint something, or accept a prediction first.",
        )
    if only is Only.FINISHED:
        return chosen, ["No image is marked as done, so all that are labelled were taken."]
    return chosen, []


def cut(
    project: Project, items: Sequence[Item], selection: Selection, classes: Resolved
) -> Generator[Progress, None, tuple[list[Item], list[str]]]:
    """Cut items into crops, leaving out those without a labelled pixel unless all are wanted.

    Returns:
        The items, those of one image together, and what a person should know about it.

    Raises:
        ImageReadError, MaskReadError: an image or mask cannot be read.
    """
    if selection.crops is None:
        return list(items), []
    cut_items: list[Item] = []
    empty = 0
    for i, item in enumerate(items):
        yield Progress(i, len(items), item.entry.name)
        width, height = pages.size(item.entry)
        windows = list(selection.crops.windows((height, width)))
        kept = windows
        if selection.only is not Only.ALL:
            kept = _with_labels(project, item, windows, classes)
        empty += len(windows) - len(kept)
        cut_items += [
            replace(item, name=f"{item.name}_y{w.y0:05}_x{w.x0:05}", window=w) for w in kept
        ]
    if not cut_items:
        raise ExportError("There is nothing to export: no crop has a labelled pixel.")
    size = f"{selection.crops.width}×{selection.crops.height}"
    notes = [f"{len(items)} images were cut into {len(cut_items)} crops of {size}."]
    if empty:
        notes.append(f"{empty} crops without a labelled pixel were left out.")
    return cut_items, notes


def _with_labels(
    project: Project, item: Item, windows: list[Rect], classes: Resolved
) -> list[Rect]:
    counts = classes.count(project.mask_counts(item.entry))
    if not labelled(counts):
        return []
    if UNLABELLED not in counts:
        return windows
    mask = classes.apply(project.load_mask(item.entry))
    return [w for w in windows if (mask[w.slices] != UNLABELLED).any()]


def _labelled(project: Project, entries: Sequence[ImageEntry]) -> list[ImageEntry]:
    try:
        return [e for e in entries if labelled(project.mask_counts(e))]
    except MaskReadError as exc:
        raise ExportError(exc.message, exc.hint) from exc
