"""Copying masks made elsewhere into a project."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.errors import ProjectError, UnetGuiError
from unet_gui.core.progress import Progress
from unet_gui.dataset import pages
from unet_gui.dataset.discovery import image_names
from unet_gui.dataset.mask_counts import count
from unet_gui.dataset.masks import load_mask

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from unet_gui.dataset.entries import ImageEntry
    from unet_gui.dataset.mask_store import MaskStore


@dataclass(slots=True)
class ImportReport:
    """What became of a folder of masks.

    Attributes:
        imported: Names of images that have a mask now.
        problems: Why a mask was left out, by file, in words.
        unmatched: Mask files that no image belongs to.
        unknown_ids: Values in the imported masks that no class has.
        binary: Whether the masks hold nothing but 0 and 255.
    """

    imported: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    unmatched: list[str] = field(default_factory=list)
    unknown_ids: set[int] = field(default_factory=set)
    binary: bool = False

    @property
    def warnings(self) -> list[str]:
        """All that a person should know, a sentence each."""
        said = list(self.problems)
        if self.unmatched:
            more = f" and {len(self.unmatched) - 1} more" if len(self.unmatched) > 1 else ""
            said.append(f"No image belongs to the mask {self.unmatched[0]}{more}.")
        if self.unknown_ids:
            ids = ", ".join(map(str, sorted(self.unknown_ids)))
            said.append(f"The masks hold ids that no class has: {ids}.")
        if self.binary:
            said.append(
                "The masks hold only 0 and 255. 255 counts as unlabelled here, not as a class."
            )
        return said


def import_masks(
    store: MaskStore, entries: Sequence[ImageEntry], folder: Path
) -> Generator[Progress, None, ImportReport]:
    """Copy the masks of a folder, matched by relative path and stem, checking each.

    The folder is only read. A mask that cannot be used is left out and reported; a mask the
    project has already is kept.

    Raises:
        ProjectError: there is no such folder.
        MaskWriteError: the project cannot be written; what was imported stays.
    """
    if not folder.is_dir():
        raise ProjectError(f"There is no folder of masks {folder}.", "Check the path.")
    files = _by_stem(folder, store.folder)
    report = ImportReport()
    sharing = _by_name(entries, store)
    used: set[str] = set()
    values: set[int] = set()
    for i, entry in enumerate(entries):
        yield Progress(i, len(entries), entry.name)
        found = _mask_of(entry, store, files, sharing)
        if found is None or found in used:
            continue
        used.add(found)
        if store.file(entry) is not None:
            report.problems.append(f"{entry.name} has a mask already; {found} was not imported.")
            continue
        try:
            width, height = pages.size(entry)
            mask = load_mask(folder / found, (height, width), store.classes)
        except UnetGuiError as exc:
            report.problems.append(f"{exc.message} It was not imported.")
            continue
        store.save(entry, mask)
        values.update(count(mask))
        report.imported.append(entry.name)
    left = {stem: f for stem, f in files.items() if f not in used}
    ambiguous = [stem for stem in left if len(sharing.get(stem, ())) > 1]
    report.problems += [_ambiguity(left[stem], sharing[stem]) for stem in ambiguous]
    report.unmatched = [f for stem, f in left.items() if stem not in ambiguous]
    report.unknown_ids = values - {*store.classes.ids, UNLABELLED}
    report.binary = values == {0, UNLABELLED}
    store.flush()
    return report


def _by_stem(folder: Path, own: Path) -> dict[str, str]:
    """File by relative path without suffix; PNG before other kinds of the same name."""
    names = image_names(folder, exclude=(own,))
    names.sort(key=lambda n: not n.lower().endswith(".png"))
    files: dict[str, str] = {}
    for name in names:
        files.setdefault(str(PurePosixPath(name).with_suffix("")), name)
    return files


def _wanted(entry: ImageEntry, store: MaskStore) -> str:
    return entry.mask_path.relative_to(store.folder).with_suffix("").as_posix()


def _by_name(entries: Sequence[ImageEntry], store: MaskStore) -> dict[str, list[str]]:
    """Images by the name of their mask without its subfolders, which other tools often drop."""
    sharing: dict[str, list[str]] = {}
    for entry in entries:
        sharing.setdefault(Path(_wanted(entry, store)).name, []).append(entry.name)
    return sharing


def _mask_of(
    entry: ImageEntry, store: MaskStore, files: dict[str, str], sharing: dict[str, list[str]]
) -> str | None:
    wanted = _wanted(entry, store)
    if wanted in files:
        return files[wanted]
    flat = Path(wanted).name
    return files.get(flat) if len(sharing[flat]) == 1 else None


def _ambiguity(file: str, images: list[str]) -> str:
    shown = ", ".join(images[:3])
    more = f" and {len(images) - 3} more" if len(images) > 3 else ""
    return f"{file} could belong to {shown}{more}. It was not imported."
