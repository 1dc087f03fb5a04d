"""What an export did, and what the world outside could not take along."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from unet_gui.dataset.formats.verify import Verified


@dataclass(frozen=True, slots=True)
class ExportReport:
    """The outcome of an export.

    Attributes:
        format: Key of the format.
        out: The folder that was written.
        images: How many images were written, each with its mask.
        train: Names, in the export, of the images to train on.
        val: Names, in the export, of those to validate on.
        pixels: Exported pixels by class id; 255 = unlabelled.
        warnings: What was lost or changed on the way, a sentence each; `losses` among them.
        test: Names, in the export, of those set apart for the test.
        losses: What the format cannot hold, known before writing.
        verified: What reading it again found; None where that was not asked for.
    """

    format: str
    out: Path
    images: int
    train: tuple[str, ...]
    val: tuple[str, ...]
    pixels: dict[int, int]
    warnings: tuple[str, ...] = field(default=())
    test: tuple[str, ...] = field(default=())
    losses: tuple[str, ...] = field(default=())
    verified: Verified | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "format": self.format,
            "out": str(self.out),
            "images": self.images,
            "train": len(self.train),
            "val": len(self.val),
            "test": len(self.test),
            "pixels": {str(k): v for k, v in sorted(self.pixels.items())},
            "warnings": list(self.warnings),
            "verified": None
            if self.verified is None
            else {"images": self.verified.images, "outside": self.verified.outside},
        }
