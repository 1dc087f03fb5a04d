"""What project.json says that cannot be meant."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from unet_gui.core.classes import MAX_CLASSES, default_color
from unet_gui.dataset.doctor.findings import Finding, Remedy, Severity
from unet_gui.dataset.project_file import FILE_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator

    from unet_gui.dataset.doctor.survey import Survey


def damaged(survey: Survey) -> Iterator[Finding]:
    if survey.classes.damage:
        yield Finding(
            "project-damaged",
            Severity.ERROR,
            FILE_NAME,
            f"It cannot be read: {survey.classes.damage}. Restore it from a copy.",
        )


def classes(survey: Survey) -> Iterator[Finding]:
    """Doubled or impossible ids, names and colours."""
    items = _items(survey)
    ids = [i.get("id") for i in items]
    for given, number in Counter(v for v in ids if isinstance(v, int)).items():
        if number > 1:
            yield _error("class-id-doubled", f"Class id {given} is given {number} times.")
    for value in ids:
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < MAX_CLASSES:
            yield _error("class-id-range", f"{value!r} is no class id; they go from 0 to 254.")
    names = Counter(str(i.get("name", "")).strip().casefold() for i in items)
    for name, number in names.items():
        if not name:
            yield _error("class-without-name", "A class has no name.")
        elif number > 1:
            yield _error("class-name-doubled", f"{number} classes are called “{name}”.")


def colors(survey: Survey) -> Iterator[Finding]:
    """Classes that look alike on screen and in the palette."""
    table = survey.classes.table
    if table is None:
        return
    seen: dict[str, str] = {}
    used = {c.color.lower() for c in table}
    for info in table:
        first = seen.setdefault(info.color.lower(), info.name)
        if first == info.name:
            continue
        new = next(c for c in map(default_color, range(info.id, 2000)) if c not in used)
        used.add(new)
        fix = Remedy(f"give it {new}", project=((str(info.id), new),))
        yield Finding(
            "class-color-doubled",
            Severity.WARNING,
            FILE_NAME if survey.is_project else "",
            f"The classes “{first}” and “{info.name}” have the same colour {info.color}.",
            fix if survey.is_project else None,
        )


def gone(survey: Survey) -> Iterator[Finding]:
    """Images marked as done that are not there any more."""
    done = (survey.classes.raw or {}).get("done")
    if not isinstance(done, list):
        return
    there = {p.image[len(p.site.images) :] for p in survey.pairs}
    for name in done:
        if isinstance(name, str) and name not in there:
            yield Finding(
                "done-missing",
                Severity.NOTE,
                FILE_NAME,
                f"{name} is marked as done, but there is no such image.",
                Remedy("take it off the list", project=(("done", name),)),
            )


def without_folder(survey: Survey) -> Iterator[Finding]:
    if not survey.is_project or survey.classes.damage:
        return
    images = survey.classes.text("images", "images")
    if not (survey.folder / images).is_dir():
        yield _error("images-folder-missing", f"The folder of images {images} is not there.")


def no_classes(survey: Survey) -> Iterator[Finding]:
    if survey.is_project and survey.classes.table is not None and not len(survey.classes.table):
        yield Finding("no-classes", Severity.WARNING, FILE_NAME, "The project has no classes.")


def _items(survey: Survey) -> list[dict[str, Any]]:
    listed = (survey.classes.raw or {}).get("classes")
    return [i for i in listed if isinstance(i, dict)] if isinstance(listed, list) else []


def _error(code: str, message: str) -> Finding:
    return Finding(code, Severity.ERROR, FILE_NAME, message)
