"""The same content more than once: doubled images, leaks between the parts of a split."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from typing import TYPE_CHECKING, Final

from unet_gui.core.progress import Progress
from unet_gui.dataset.doctor.checks.splits import part_of
from unet_gui.dataset.doctor.findings import Finding, Severity, some

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from unet_gui.dataset.doctor.examined import Examined
    from unet_gui.dataset.doctor.survey import Survey

_CHUNK: Final = 1 << 20


def copies(survey: Survey, examined: Sequence[Examined]) -> Iterator[Finding | Progress]:
    """Images of the same bytes; only files of equal size are read."""
    by_size: dict[int, list[Examined]] = defaultdict(list)
    for e in examined:
        if e.image.usable:
            by_size[survey.files.get(e.pair.image, 0)].append(e)
    groups: dict[bytes, list[Examined]] = defaultdict(list)
    alike = [e for same in by_size.values() if len(same) > 1 for e in same]
    for i, e in enumerate(alike):
        yield Progress(i, len(alike), e.pair.image)
        digest = _digest(survey.path(e.pair.image))
        if digest:
            groups[digest].append(e)
    parts = part_of(survey)
    for same in groups.values():
        if len(same) > 1:
            yield _group(same, parts)


def twin_masks(survey: Survey, examined: Sequence[Examined]) -> Iterator[Finding]:
    """Different images with one and the same mask, unless it is trivial."""
    groups: dict[bytes, list[Examined]] = defaultdict(list)
    for e in examined:
        if e.facts is not None and len(e.facts.counts) > 1 and min(e.image.size) >= 8:
            groups[e.facts.digest].append(e)
    for first, *others in groups.values():
        twins = [
            e.mask_name for e in others if not _same_bytes(survey, first.pair.image, e.pair.image)
        ]
        if twins:
            yield Finding(
                "mask-twin",
                Severity.NOTE,
                twins[0],
                f"The same mask belongs to different images: {some([first.mask_name, *twins])}.",
            )


def _group(same: list[Examined], parts: dict[str, str]) -> Finding:
    names = [e.pair.image for e in same]
    found = sorted({parts[n] for n in names if n in parts})
    if len(found) > 1:
        return Finding(
            "split-leak",
            Severity.ERROR,
            names[1],
            f"The same image is in {' and in '.join(found)}: {some(names)}. "
            "Scores on it mean nothing.",
        )
    masks = {e.facts.digest for e in same if e.facts is not None}
    if len(masks) > 1:
        return Finding(
            "copy-labelled-differently",
            Severity.ERROR,
            names[1],
            f"These are one image with different masks: {some(names)}.",
        )
    return Finding(
        "image-copy",
        Severity.WARNING,
        names[1],
        f"These are the same image: {some(names)}.",
    )


def _same_bytes(survey: Survey, one: str, other: str) -> bool:
    if survey.files.get(one) != survey.files.get(other):
        return False
    return _digest(survey.path(one)) == _digest(survey.path(other))


def _digest(path: Path) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    except OSError:
        return b""
    return digest.digest()
