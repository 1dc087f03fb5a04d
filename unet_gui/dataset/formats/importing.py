"""Bringing a dataset made elsewhere into a project."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from unet_gui.core.errors import DatasetError, UnetGuiError
from unet_gui.core.progress import Progress
from unet_gui.dataset import pages
from unet_gui.dataset.formats.class_match import ClassMatch
from unet_gui.dataset.formats.orientation import as_stored
from unet_gui.dataset.formats.placing import COPY, REFER, Placer, common_folder
from unet_gui.dataset.formats.records import Findings
from unet_gui.dataset.project import Project

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from unet_gui.core.document import ClassMask
    from unet_gui.dataset.entries import ImageEntry
    from unet_gui.dataset.formats.records import ImportPlan, Record

_SAID = 20


@dataclass(slots=True)
class DatasetReport:
    """What became of a dataset.

    Attributes:
        format: Key of its format.
        root: The project's folder.
        images: Images of the dataset that are in the project now.
        masks: How many masks were written.
        kept: Images whose mask in the project was kept.
        added: Names of classes the project did not have.
        problems: What could not be used, by image, in words.
        warnings: What changed on the way, a sentence each.
        splits: Images by "train", "val" and "test", where the dataset says so.
    """

    format: str
    root: Path
    images: int = 0
    masks: int = 0
    kept: list[str] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    splits: dict[str, list[str]] = field(default_factory=dict)

    @property
    def sentences(self) -> list[str]:
        """All that a person should know."""
        said = [*self.warnings]
        if self.kept:
            said.append(
                f"{len(self.kept)} images have a mask already, {self.kept[0]} for one; it was kept."
            )
        said += self.problems[:_SAID]
        if len(self.problems) > _SAID:
            said.append(f"{len(self.problems) - _SAID} more images have problems of this kind.")
        return said

    def to_json(self) -> dict[str, Any]:
        return {
            "format": self.format,
            "project": str(self.root),
            "images": self.images,
            "masks": self.masks,
            "kept": len(self.kept),
            "added": self.added,
            "problems": self.problems,
            "warnings": self.warnings,
            "splits": {k: len(v) for k, v in self.splits.items()},
        }


def bring_in(
    plan: ImportPlan, into: Path, *, images: str = COPY, overwrite: bool = False
) -> Generator[Progress, None, DatasetReport]:
    """Bring what reading has found into a project.

    Stopped half way, doing it once more goes on: images that are there are not copied again, and
    masks that are there are kept.

    Args:
        plan: What the dataset holds.
        into: A project, or a folder to make one in.
        images: "copy" them into the project, or "refer" to them where they are: a new project
            takes their folder as its own, an old one gets links.
        overwrite: Replace masks that images in the project have already.

    Raises:
        DatasetError: there is nothing to import, or too many classes.
        ProjectError, MaskWriteError: the project cannot be written; what was imported stays.
    """
    if not plan.records:
        raise DatasetError("The dataset holds no images that could be imported.")
    project = _project(plan, into, images)
    match = ClassMatch(plan.classes, project.classes, retired=project.retired)
    if match.added:
        project.set_classes(match.classes)
    report = DatasetReport(plan.format, project.root, warnings=[*plan.warnings])
    names = yield from _place(plan.records, project, images, report)
    findings = Findings()
    known = {e.name: e for e in project.images}
    for i, (record, name) in enumerate(names):
        yield Progress(len(plan.records) + i, 2 * len(plan.records), record.name)
        entry = known.get(name)
        if entry is None:
            report.problems.append(f"{record.name} is no image that can be shown.")
            continue
        report.images += 1
        if record.split:
            report.splits.setdefault(record.split, []).append(name)
        _take_mask(record, project, entry, _Taking(match, findings, report, overwrite))
    report.added = match.added
    report.warnings += findings.sentences()
    if match.moved:
        report.warnings.append(
            f"The id of {', '.join(match.moved[:5])} was taken in the project; another was given."
        )
    project.refresh()
    yield Progress(2 * len(plan.records), 2 * len(plan.records))
    return report


@dataclass(frozen=True, slots=True)
class _Taking:
    match: ClassMatch
    findings: Findings
    report: DatasetReport
    overwrite: bool


def _project(plan: ImportPlan, into: Path, images: str) -> Project:
    into = into.absolute()
    if into.is_file() or (into.is_dir() and any(into.iterdir())):
        return Project.open(into)
    folder = common_folder(plan.records) if images == REFER else into / "images"
    if images == COPY:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as exc:
            raise DatasetError(f"{into} cannot be made: {exc.strerror}.") from exc
    return Project.create(into, images=folder, classes=plan.classes)


def _place(
    records: Sequence[Record], project: Project, images: str, report: DatasetReport
) -> Generator[Progress, None, list[tuple[Record, str]]]:
    placer = Placer(project.images_dir, images)
    placed = []
    for i, record in enumerate(records):
        yield Progress(i, 2 * len(records), record.name)
        try:
            placed.append((record, placer.place(record)))
        except DatasetError as exc:
            report.problems.append(exc.message)
    if placer.renamed:
        old, new = placer.renamed[0]
        report.warnings.append(f"{len(placer.renamed)} images were renamed: {old} became {new}.")
    project.refresh()
    return placed


def _take_mask(record: Record, project: Project, entry: ImageEntry, taking: _Taking) -> None:
    if record.mask is None:
        return
    if not taking.overwrite and project.mask_file(entry) is not None:
        taking.report.kept.append(entry.name)
        return
    try:
        mask = record.mask(taking.findings)
        width, height = pages.size(entry)
    except UnetGuiError as exc:
        taking.report.problems.append(f"{exc.message} The mask of {entry.name} was left out.")
        return
    if mask.shape != (height, width):
        turned = as_stored(entry.path, mask)
        if turned is None:
            taking.report.problems.append(_wrong_size(entry.name, mask, (height, width)))
            return
        taking.findings.note(
            "{} images are turned by their camera's tag and their masks were not: the masks were "
            "turned too."
        )
        mask = turned
    before = taking.match.classes
    mask = taking.match.apply(mask)
    if taking.match.classes is not before:
        project.set_classes(taking.match.classes)
    project.save_mask(entry, mask)
    taking.report.masks += 1


def _wrong_size(name: str, mask: ClassMask, shape: tuple[int, int]) -> str:
    return (
        f"{name} is {shape[1]}×{shape[0]} pixels, its mask in the dataset "
        f"{mask.shape[1]}×{mask.shape[0]}. It was left out."
    )
