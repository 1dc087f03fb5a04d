"""Running all checks over a folder."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from unet_gui.core.errors import ProjectError
from unet_gui.core.progress import Progress
from unet_gui.dataset.doctor.checks import OF_ALL, OF_FOLDER, OF_PAIR
from unet_gui.dataset.doctor.examined import Examined, look_into
from unet_gui.dataset.doctor.findings import Finding, Report
from unet_gui.dataset.doctor.survey import is_outside, look_around

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path


def examine(folder: Path) -> Generator[Progress | Finding, None, Report]:
    """Examine a project or any folder of images and masks. Nothing is written.

    Names come first, then each image's header and its mask's pixels, then what only shows over all
    of them. Of images no pixel is decoded where the form of the file tells that none is missing.

    Args:
        folder: A project, a VOC folder, `images` and `masks`, pairs told apart by a suffix, or a
            flat folder.

    Yields:
        How far it is, and each finding as soon as it is made.

    Raises:
        ProjectError: there is no such folder.
    """
    if not folder.is_dir():
        raise ProjectError(f"There is no folder {folder}.", "Was it moved or renamed?")
    survey = yield from look_around(folder.resolve())
    masks = sum(len(p.masks) for p in survey.pairs) + len(survey.lonely)
    report = Report(survey.folder, images=len(survey.pairs), masks=masks)
    for of_folder in OF_FOLDER:
        for finding in map(_possible, of_folder(survey)):
            report.findings.append(finding)
            yield finding
    examined: list[Examined] = []
    for i, pair in enumerate(survey.pairs):
        yield Progress(i, len(survey.pairs), pair.image)
        examined.append(look_into(survey, pair))
        for of_pair in OF_PAIR:
            for finding in map(_possible, of_pair(examined[-1])):
                report.findings.append(finding)
                yield finding
    for of_all in OF_ALL:
        for item in of_all(survey, examined):
            if isinstance(item, Finding):
                report.findings.append(_possible(item))
                yield report.findings[-1]
            else:
                yield item
    return report


def _possible(finding: Finding) -> Finding:
    """Without a remedy where it would reach outside of the folder."""
    remedy = finding.remedy
    if remedy is None:
        return finding
    names = (finding.file, *remedy.leave_out, *(n for pair in remedy.renames for n in pair))
    return replace(finding, remedy=None) if any(map(is_outside, names)) else finding
