"""What an export would be, found out before anything is written."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from unet_gui.core.errors import ExportError, UnetGuiError
from unet_gui.core.progress import Progress
from unet_gui.dataset.formats import Only, Selection, export, losses
from unet_gui.dataset.mask_counts import labelled
from unet_gui.dataset.splits import Part, Split, deal

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from pathlib import Path

    from unet_gui.dataset.entries import ImageEntry
    from unet_gui.dataset.formats import Card, ExportReport
    from unet_gui.dataset.project import Project

MAX_GROUPS: Final = 200


@dataclass(frozen=True, slots=True)
class ExportChoice:
    """What the person has chosen.

    Attributes:
        format: Key of the format.
        selection: Which images, crops and classes.
        split: How they are dealt out.
        options: Of the format, by key.
        entry: The only image that is wanted; None for all that `selection` says.
        card: What goes onto the card; None for no card.
    """

    format: str
    selection: Selection = field(default_factory=Selection)
    split: Split = field(default_factory=Split)
    options: Mapping[str, str] = field(default_factory=dict)
    entry: ImageEntry | None = None
    card: Card | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Images that stay together: what they share, how many, and what they are for."""

    name: str
    images: int
    part: str


@dataclass(slots=True)
class Preview:
    """What would be written.

    Attributes:
        labelled: Images of the project with a labelled pixel.
        images: Images that go into the export.
        parts: How many of them are for what.
        groups: What stays together, the largest first, at most `MAX_GROUPS`.
        group_count: How many groups there are.
        losses: What the format cannot hold, a sentence each.
        notes: What else becomes of the data, a sentence each.
        problem: Why it cannot be done as chosen; empty when it can.
    """

    labelled: int = 0
    images: int = 0
    parts: dict[str, int] = field(default_factory=dict)
    groups: list[Group] = field(default_factory=list)
    group_count: int = 0
    losses: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problem: str = ""


def look_ahead(project: Project, choice: ExportChoice) -> Generator[Progress, None, Preview]:
    """Find out what an export would be. Nothing is written; masks are counted once and remembered.

    Errors that come from the choices are told in `Preview.problem`.
    """
    preview = Preview()
    try:
        painted = yield from _painted(project)
        preview.labelled = len(painted)
        entries = _entries(project, choice, painted)
        preview.images = len(entries)
        if not entries:
            return preview
        dealt = deal([e.name for e in entries], choice.split)
        preview.parts = dict(Counter(str(part) for part in dealt.parts.values()))
        _tell_groups(preview, dealt.groups, dealt.parts)
        yield Progress(0, 0)
        resolved = choice.selection.classes.resolve(project.classes)
        preview.notes = [*resolved.notes, *dealt.notes]
        preview.losses = losses(
            project,
            choice.format,
            entries=entries,
            selection=choice.selection,
            options=choice.options,
        )
    except UnetGuiError as error:
        preview.problem = " ".join(filter(None, (error.message, error.hint)))
    return preview


def write(
    project: Project, choice: ExportChoice, out: Path, how: Mapping[str, bool]
) -> Generator[Progress, None, ExportReport]:
    """Export what was chosen.

    Args:
        project: The project.
        choice: What the person has chosen.
        out: The folder to write.
        how: `overwrite`, `resume` and `verified` of `formats.export`.

    Raises:
        ExportError, ImageReadError, MaskReadError: as `formats.export`.
    """
    return (
        yield from export(
            project,
            choice.format,
            out,
            split=choice.split,
            selection=choice.selection,
            card=choice.card,
            options=choice.options,
            entries=None if choice.entry is None else [choice.entry],
            overwrite=how["overwrite"],
            resume=how["resume"],
            verified=how["verified"],
            workers=None,
        )
    )


def _painted(project: Project) -> Generator[Progress, None, list[ImageEntry]]:
    found = []
    for i, entry in enumerate(project.images):
        yield Progress(i, len(project.images), entry.name)
        if labelled(project.mask_counts(entry)):
            found.append(entry)
    return found


def _entries(
    project: Project, choice: ExportChoice, painted: Sequence[ImageEntry]
) -> list[ImageEntry]:
    if choice.entry is not None:
        return [choice.entry]
    only = choice.selection.only
    if only is Only.ALL:
        return list(project.images)
    done = [e for e in project.images if project.is_done(e)]
    if only is Only.DONE or (only is Only.FINISHED and done):
        return done
    if not painted:
        raise ExportError("No image has a labelled pixel yet, so there is nothing to export.")
    return list(painted)


def _tell_groups(preview: Preview, groups: Mapping[str, str], parts: Mapping[str, Part]) -> None:
    sizes = Counter(groups[name] for name in parts if name in groups)
    part_of = {groups[name]: str(part) for name, part in parts.items() if name in groups}
    preview.group_count = len(sizes)
    # What a name has no group in counts as a group of its own; it begins with a NUL then.
    preview.groups = [
        Group(name.strip("\0").replace("\0", " · "), number, part_of[name])
        for name, number in sizes.most_common(MAX_GROUPS)
    ]
