"""Writing the card and the checksums of an export into its folder."""

from __future__ import annotations

import hashlib
import json
from importlib import import_module
from typing import TYPE_CHECKING, Any

from unet_gui.core.progress import Progress
from unet_gui.dataset.card import (
    DATA,
    README,
    SUMS,
    Card,
    Content,
    card_data,
    card_text,
    file_sum,
    manifest,
)
from unet_gui.dataset.formats.output import all_files

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from unet_gui.dataset.formats.format import Format
    from unet_gui.dataset.formats.work import Work
    from unet_gui.dataset.splits import Split


def write_card(
    work: Work, chosen: Format, card: Card, split: Split, notes: Sequence[str]
) -> Generator[Progress, None, None]:
    """Write checksums of all files, then the card for people and that for programs.

    Raises:
        OSError: the disk is full, ….
    """
    sums = yield from _sums(work)
    listed = manifest(sums)
    content = Content(
        name=work.project.name,
        format=chosen.title,
        classes=work.classes,
        images={part: len(work.split(part)) for part in work.splits},
        pixels={part: work.parts[part].pixels for part in work.splits if part in work.parts},
        split=_rule(split),
        notes=[*notes, *work.tally.warnings(work.classes)],
        version=_version(),
    )
    checksum = hashlib.sha256(listed).hexdigest()
    work.write_bytes(SUMS, listed)
    work.write_json(DATA, card_data(card, content, checksum), indent=2)
    text = card_text(card, content, checksum)
    if chosen.key == "huggingface":
        text = _front_matter(card) + text
    work.write_bytes(README, text.encode("utf-8", "replace"))


def _sums(work: Work) -> Generator[Progress, None, list[tuple[str, str]]]:
    # What begins with a dot serves the writing, and is swept away after it.
    names = sorted(n for n in all_files(work.folder) if not n.startswith("."))
    known = work.output.sums
    unknown = [n for n in names if n not in known]
    for i, name in enumerate(unknown):
        yield Progress(i, len(unknown), name)
        known[name] = file_sum(work.folder / name)
    return [(name, known[name]) for name in names]


def _front_matter(card: Card) -> str:
    """What the hub reads; its list of licences is its own, so ours goes by the name of another."""
    lines = ["---", "task_categories:", "- image-segmentation"]
    if card.license:
        lines += ["license: other", f"license_name: {json.dumps(card.license)}"]
    return "\n".join([*lines, "---", "", ""])


def _rule(split: Split) -> dict[str, Any]:
    if split.lists:
        rule: dict[str, Any] = {"lists": ", ".join(p.name for p in split.lists)}
    else:
        rule = {"val": split.val, "test": split.test, "seed": split.seed}
    return rule if split.group is None else {**rule, "group": split.group}


def _version() -> str:
    # By name: an import would tie the datasets to all that the package offers.
    return str(import_module("unet_gui").__version__)
