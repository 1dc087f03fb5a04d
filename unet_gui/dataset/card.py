"""The card of a dataset: what is in it, where it is from, and how to see that it is whole.

No date is in it: the same project and choices give the same files, to the bit.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from unet_gui.core.classes import UNLABELLED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from unet_gui.core.classes import ClassTable

README: Final = "README.md"
DATA: Final = "dataset_card.json"
SUMS: Final = "sha256sums.txt"

_CHUNK: Final = 1 << 20
_NOT_SAID: Final = "not stated"


@dataclass(frozen=True, slots=True)
class Card:
    """What only the person knows about a dataset.

    Attributes:
        license: Its licence, such as "CC BY 4.0"; empty when not stated.
        source: Where the images are from, who labelled them, whom to cite.
        title: What to call it; the project's name when empty.
    """

    license: str = ""
    source: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Content:
    """What is in a dataset.

    Attributes:
        name: What to call it when the card has no title.
        format: Name of its format, for people.
        classes: Its classes.
        images: How many images by part of the split.
        pixels: Pixels by mask value, by part of the split.
        split: How the parts were made, by word.
        notes: What the format could not hold or what changed, a sentence each.
        version: Of the program.
    """

    name: str
    format: str
    classes: ClassTable
    images: Mapping[str, int]
    pixels: Mapping[str, Mapping[int, int]]
    split: Mapping[str, Any]
    notes: Sequence[str]
    version: str


def file_sum(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal.

    Raises:
        OSError: it cannot be read.
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def manifest(sums: Iterable[tuple[str, str]]) -> bytes:
    """(name, SHA-256) of each file as `sha256sum --check` reads them."""
    text = "".join(f"{digest}  {name}\n" for name, digest in sums)
    return text.encode("utf-8", "surrogateescape")


def card_data(card: Card, content: Content, checksum: str) -> dict[str, Any]:
    """The card for programs; `checksum` is that of the manifest."""
    return {
        "format": 1,
        "title": card.title or content.name,
        "license": card.license or None,
        "source": card.source or None,
        "dataset_format": content.format,
        "images": dict(content.images),
        "classes": [
            {
                "id": c.id,
                "name": c.name,
                "color": c.color,
                "pixels": {part: p.get(c.id, 0) for part, p in content.pixels.items()},
            }
            for c in content.classes
        ],
        "unlabelled": {part: p.get(UNLABELLED, 0) for part, p in content.pixels.items()},
        "split": dict(content.split),
        "notes": list(content.notes),
        "checksum": {"file": SUMS, "sha256": checksum},
        "program": {"name": "unet-gui", "version": content.version},
    }


def card_text(card: Card, content: Content, checksum: str) -> str:
    """The card for people, in Markdown."""
    parts = list(content.images)
    lines = [f"# {_plain(card.title or content.name)}", ""]
    lines += [f"Images with a class for each pixel, as {content.format}.", ""]
    lines += [f"- Licence: {_plain(card.license) or _NOT_SAID}"]
    lines += [f"- Source: {_plain(card.source) or _NOT_SAID}"]
    counts = ", ".join(f"{number} {part}" for part, number in content.images.items())
    lines += [f"- Images: {sum(content.images.values())} ({counts})"]
    rule = ", ".join(f"{word} {value}" for word, value in content.split.items())
    lines += [f"- Split: {rule or 'none'}", ""]
    lines += [
        "## Classes",
        "",
        "Pixels by part of the split, and their share of all labelled ones.",
        "",
    ]
    lines += [f"| id | class | colour | {' | '.join(parts)} | share |"]
    lines += [f"| --: | --- | --- |{' --: |' * len(parts)} --: |"]
    lines += _rows(content, parts)
    if content.notes:
        lines += ["", "## Worth knowing", "", *(f"- {_plain(n)}" for n in content.notes)]
    lines += ["", "## Checksums", ""]
    lines += [f"`sha256sum --check {SUMS}` says whether all files are whole. SHA-256 of that list:"]
    lines += ["", f"    {checksum}", "", f"Written by unet-gui {content.version}."]
    return "\n".join(lines) + "\n"


def _rows(content: Content, parts: Sequence[str]) -> list[str]:
    known = {c.id for c in content.classes}
    everything = sum(
        n for p in content.pixels.values() for value, n in p.items() if value != UNLABELLED
    )
    rows = []
    for c in content.classes:
        numbers = [content.pixels.get(part, {}).get(c.id, 0) for part in parts]
        share = sum(numbers) / everything if everything else 0.0
        rows.append(f"| {c.id} | {_plain(c.name)} | {c.color} | {_cells(numbers)} | {share:.2%} |")
    unknown = [
        sum(n for v, n in content.pixels.get(part, {}).items() if v not in known | {UNLABELLED})
        for part in parts
    ]
    if any(unknown):
        rows.append(f"| | without a class | | {_cells(unknown)} | |")
    empty = [content.pixels.get(part, {}).get(UNLABELLED, 0) for part in parts]
    rows.append(f"| {UNLABELLED} | unlabelled | | {_cells(empty)} | |")
    return rows


def _cells(numbers: Sequence[int]) -> str:
    return " | ".join(map(str, numbers))


def _plain(text: str) -> str:
    """Words of a person inside a table or list: on one line, and no markup."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
