"""Lists of a split that do not fit the images, and images that leak from one part to another."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from unet_gui.dataset.doctor.findings import Finding, Remedy, Severity, some
from unet_gui.dataset.doctor.layout import split_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from unet_gui.dataset.doctor.survey import Survey

_PARTS = ("train", "val", "test")


def lists(survey: Survey) -> Iterator[Finding]:
    """Lines that name no image, lines that come twice, images that are on no list."""
    stems = {n for p in survey.pairs for n in (_stem(p.image), p.image.rpartition("/")[2])}
    listed: set[str] = set()
    for file, lines in survey.lists.items():
        names = [line.split()[0] for line in lines]
        listed |= {*names}
        for line, name in zip(lines, names, strict=True):
            if _stem(name) not in stems and name not in stems:
                yield Finding(
                    "list-image-missing",
                    Severity.ERROR,
                    file,
                    f"The list names “{name}”, but there is no such image.",
                    Remedy(f"drop the line “{line}”", drop_lines=((file, line),)),
                )
        doubled = sorted({n for n in names if names.count(n) > 1}) if _has_doubles(names) else []
        for name in doubled:
            yield Finding(
                "list-line-doubled", Severity.WARNING, file, f"The list names “{name}” twice."
            )
    forgotten = [p.image for p in survey.pairs if p.masks and _stem(p.image) not in listed]
    if survey.lists and forgotten:
        yield Finding(
            "list-incomplete",
            Severity.NOTE,
            next(iter(survey.lists)),
            f"{len(forgotten)} labelled images are on no list: {some(forgotten)}.",
        )


def overlaps(survey: Survey) -> Iterator[Finding]:
    """One name in two parts of the split."""
    parts: dict[str, set[str]] = defaultdict(set)
    for file, lines in survey.lists.items():
        part = split_of(file.rpartition("/")[2].rpartition(".")[0])
        if part in _PARTS:
            for line in lines:
                parts[line.split()[0]].add(part)
    for name, found in sorted(parts.items()):
        if len(found) > 1:
            yield Finding(
                "split-overlap",
                Severity.ERROR,
                name,
                f"It is in {' and in '.join(p for p in _PARTS if p in found)}; "
                "scores on it mean nothing.",
            )


def part_of(survey: Survey) -> dict[str, str]:
    """Which part of the split an image is in: by its folder, or else by the lists."""
    by_list: dict[str, str] = {}
    for file, lines in survey.lists.items():
        part = split_of(file.rpartition("/")[2].rpartition(".")[0])
        if part in _PARTS:
            by_list.update({_stem(line.split()[0]): part for line in lines})
    result = {}
    for pair in survey.pairs:
        folders = [split_of(f) for f in pair.image.split("/")[:-1]]
        part = next((p for p in folders if p in _PARTS), by_list.get(_stem(pair.image), ""))
        if part:
            result[pair.image] = part
    return result


def _stem(name: str) -> str:
    last = name.rpartition("/")[2]
    return last.rpartition(".")[0] if "." in last else last


def _has_doubles(names: list[str]) -> bool:
    return len({*names}) != len(names)
