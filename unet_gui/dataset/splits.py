"""Which image is for training, which for validation, which for the test.

Neighbouring slices, frames and tiles of one specimen look alike: a network that has seen one knows
the other. A split by groups keeps them on one side, so that the score means something.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

import numpy as np

from unet_gui.core.errors import ExportError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FOLDER: Final = "folder"
"""As `Split.group`: images of one folder belong together."""


class Part(StrEnum):
    """What an image is for."""

    TRAIN = "train"
    VAL = "val"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Split:
    """How images are dealt out. The same names and numbers give the same split, always.

    Attributes:
        val: Share for validation, 0 ≤ val < 1.
        test: Share for the test, 0 ≤ test < 1; together below 1.
        seed: Which images those are.
        group: What keeps images together: "folder", or a regular expression searched in the name
            (with its folders); its groups, or all it has found, name the specimen. None: nothing.
        lists: Text files named after a part (train.txt, val.txt, test.txt), an image a line; they
            take the place of the shares.
    """

    val: float = 0.2
    test: float = 0.0
    seed: int = 0
    group: str | None = None
    lists: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Dealt:
    """The outcome of a split.

    Attributes:
        parts: Part by image; images that the lists do not name are not in it.
        groups: Group by image; empty without grouping.
        notes: What a person should know, a sentence each.
    """

    parts: dict[str, Part]
    groups: dict[str, str]
    notes: tuple[str, ...] = ()


def deal(names: Sequence[str], split: Split) -> Dealt:
    """Deal images out.

    By shares, each group draws its own lot, so that adding one does not shuffle the others. The
    part for training comes as near to its share as the groups allow; what is left is divided
    between validation and test likewise. At least one group stays for training, and a share above
    0 gets at least one where there are enough.

    Args:
        names: Images relative to the folder of images, with "/".
        split: How.

    Raises:
        ExportError: shares out of range, a list that cannot be read or names what is not there, a
            regular expression that is none, or lists that tear a group apart.
    """
    groups, notes = _groups(names, split.group)
    if split.lists:
        parts, more = _by_lists(names, split.lists)
        _check_whole(parts, groups)
        return Dealt(parts, groups, (*notes, *more))
    parts = _by_shares(names, groups, split)
    for share, part in ((split.val, Part.VAL), (split.test, Part.TEST)):
        if share and groups and part not in parts.values():
            notes.append(f"There are too few groups: nothing was set apart for {part}.")
    return Dealt(parts, groups, tuple(notes))


# -- by shares -------------------------------------------------------------------------------------


def _by_shares(names: Sequence[str], groups: Mapping[str, str], split: Split) -> dict[str, Part]:
    for share, use in ((split.val, "validation"), (split.test, "the test")):
        if not 0 <= share < 1:
            raise ExportError(f"The share for {use} is {share}.", "It goes from 0 to below 1.")
    if split.val + split.test >= 1:
        raise ExportError(
            f"The shares for validation and test are {split.val} and {split.test}.",
            "Together they stay below 1, so that something is left to train on.",
        )
    sizes = Counter(groups.get(n, n) for n in names)
    order = sorted(sizes, key=lambda g: _lot(g, split.seed))
    held = _held(order, sizes, split)
    if split.test == 0 or (split.val and len(held) == 1):
        val = held
    elif split.val == 0:
        val = []
    else:
        share = split.val / (split.val + split.test)
        val = _draw(held, sizes, share * sum(sizes[g] for g in held))
    part = dict.fromkeys(order, Part.TRAIN)
    part |= dict.fromkeys(held, Part.TEST)
    part |= dict.fromkeys(val, Part.VAL)
    return {n: part[groups.get(n, n)] for n in names}


def _held(order: list[str], sizes: Mapping[str, int], split: Split) -> list[str]:
    """The groups that are not trained on."""
    if not split.val + split.test:
        return []
    total = sum(sizes.values())
    # Each share is rounded by itself, so that val=0.2 means the same with and without a test part.
    target = sum(max(1, round(s * total)) for s in (split.val, split.test) if s)
    held = _draw(order, sizes, target)
    wanted = 2 if split.val and split.test else 1
    while len(held) < wanted and len(order) - len(held) > 1:
        # One large group came nearest, but two parts need two.
        taken = set(held)
        held.append(min((g for g in order if g not in taken), key=lambda g: sizes[g]))
    return held


def _draw(order: list[str], sizes: Mapping[str, int], target: float) -> list[str]:
    """Groups whose sizes add up as near to `target` as possible, early lots first.

    Neither none nor all of them, unless there is only one: then none. (Subset sum, by dynamic
    programming over the sums that can be reached.)
    """
    if len(order) < 2:
        return []
    if len({sizes[g] for g in order}) == 1:
        number = round(target / sizes[order[0]])
        return order[: min(max(1, number), len(order) - 1)]
    return _subset(order, sizes, target)


def _subset(order: list[str], sizes: Mapping[str, int], target: float) -> list[str]:
    total = sum(sizes[g] for g in order)
    # Nearest on the far side is never farther off than the target itself.
    limit = min(total - 1, int(2 * target) + 1) if target >= 1 else min(total - 1, 1)
    limit = max(limit, min(total - 1, min((sizes[g] for g in order), default=0)))
    first = np.full(limit + 1, -1, np.int64)  # the group whose arrival made the sum reachable
    reached = np.zeros(limit + 1, bool)
    reached[0] = True
    goal = round(target)
    for i, group in enumerate(order):
        size = sizes[group]
        if size > limit:
            continue
        fresh = np.zeros_like(reached)
        fresh[size:] = reached[: limit + 1 - size]
        fresh &= ~reached
        first[fresh] = i
        reached |= fresh
        if 0 < goal <= limit and reached[goal]:
            break
    sums = np.flatnonzero(reached)[1:]
    if not len(sums):
        return []
    left = int(sums[np.argmin(np.abs(sums - target))])
    chosen = []
    while left:
        group = order[int(first[left])]
        chosen.append(group)
        left -= sizes[group]
    return chosen[::-1]


def _lot(name: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}:{name}".encode("utf-8", "surrogateescape")).digest()


# -- groups ----------------------------------------------------------------------------------------


def _groups(names: Sequence[str], group: str | None) -> tuple[dict[str, str], list[str]]:
    if group is None:
        return {}, []
    if group == FOLDER:
        return {n: n.rpartition("/")[0] or "." for n in names}, []
    try:
        pattern = re.compile(group)
    except re.error as exc:
        raise ExportError(
            f"“{group}” is no regular expression: {exc}.",
            r"For example “^(specimen\d+)_”, or the word folder.",
        ) from exc
    found: dict[str, str] = {}
    alone = []
    for name in names:
        match = pattern.search(name)
        if match is None:
            alone.append(name)
            found[name] = f"\0{name}"  # no group that was found can be called so
        else:
            parts = match.groups() or (match[0],)
            found[name] = "\0".join(p or "" for p in parts)
    if names and len(alone) == len(names):
        raise ExportError(
            f"“{group}” matches no image, {names[0]} for one.",
            "It is searched in the name with its folders.",
        )
    if not alone:
        return found, []
    return found, [
        f"“{group}” does not match {alone[0]}{_more(alone)}; each counts as a group of its own."
    ]


# -- by lists --------------------------------------------------------------------------------------


def _by_lists(names: Sequence[str], lists: Sequence[Path]) -> tuple[dict[str, Part], list[str]]:
    known = _spellings(names)
    parts: dict[str, Part] = {}
    missing: list[str] = []
    for file in lists:
        part = _part_of(file)
        for line in _lines(file):
            name = known.get(line) or known.get(PurePosixPath(line).stem)
            if name is None:
                missing.append(line)
            elif parts.setdefault(name, part) is not part:
                raise ExportError(f"{name} is in two lists: {parts[name]} and {part}.")
    if not parts:
        raise ExportError(
            "The lists name no image that would be exported.",
            "A line is a name as the program shows it, with or without folder and ending.",
        )
    notes = []
    if missing:
        notes.append(f"The lists name {missing[0]}{_more(missing)}, which are not exported.")
    if Part.TRAIN not in parts.values() and not any(_part_of(f) is Part.TRAIN for f in lists):
        parts |= {n: Part.TRAIN for n in names if n not in parts}
    left = [n for n in names if n not in parts]
    if left:
        notes.append(f"No list names {left[0]}{_more(left)}; they were left out.")
    return {n: parts[n] for n in names if n in parts}, notes


def _spellings(names: Sequence[str]) -> dict[str, str]:
    """Image by each way of writing it that means only one."""
    ways: dict[str, set[str]] = {}
    for name in names:
        path = PurePosixPath(name)
        for way in {name, name.rpartition(".")[0], path.name, path.stem}:
            ways.setdefault(way, set()).add(name)
    clear = {way: next(iter(found)) for way, found in ways.items() if len(found) == 1}
    return clear | {n: n for n in names}


def _part_of(file: Path) -> Part:
    try:
        return Part(file.stem.lower())
    except ValueError:
        raise ExportError(
            f"{file.name} does not say what its images are for.",
            "Call the lists train.txt, val.txt and test.txt.",
        ) from None


def _lines(file: Path) -> list[str]:
    try:
        text = file.read_text(encoding="utf-8-sig", errors="surrogateescape")
    except OSError as exc:
        raise ExportError(f"The list {file} cannot be read: {exc.strerror}.") from exc
    lines = (line.strip().replace("\\", "/") for line in text.split("\n"))
    return [line for line in lines if line]


def _check_whole(parts: Mapping[str, Part], groups: Mapping[str, str]) -> None:
    seen: dict[str, str] = {}
    for name, part in parts.items():
        if name not in groups:
            continue
        other = seen.setdefault(groups[name], name)
        if parts[other] is not part:
            raise ExportError(
                f"The lists tear a group apart: {other} is for {parts[other]}, {name} for {part}."
            )


def _more(names: Sequence[str]) -> str:
    return f" and {len(names) - 1} more" if len(names) > 1 else ""
