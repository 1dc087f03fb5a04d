"""The classes of a project as a chart: how much of what is labelled each of them has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unet_gui.dataset.chart import Bar, write_chart

if TYPE_CHECKING:
    from pathlib import Path

    from unet_gui.dataset.statistics import Statistics


def class_bars(found: Statistics) -> list[Bar]:
    """A bar for each class, in the project's order."""
    return [
        Bar(
            t.info.name,
            t.info.color,
            t.share,
            f"{t.share:.1%} · {_number(t.pixels * found.area)} {found.unit}² · "
            f"{t.sizes.count:,} object{'' if t.sizes.count == 1 else 's'}",
        )
        for t in found.totals
    ]


def write_class_chart(path: Path, name: str, found: Statistics) -> None:
    """Draw the share of each class.

    Args:
        path: A file that ends in .svg or .png.
        name: Of the project.
        found: What was measured.

    Raises:
        UsageError: another kind of file.
        OSError: it cannot be written.
    """
    images = f"{found.labelled_images} labelled image{'' if found.labelled_images == 1 else 's'}"
    write_chart(path, name, f"Share of the labelled pixels, {images}", class_bars(found))


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"
