"""`--set key=value`: what a dataset format lets choose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unet_gui.core.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Sequence

    from unet_gui.dataset.formats import Format


def add_set_argument(parser: argparse.ArgumentParser, known: str) -> None:
    """`--set`, which may come several times."""
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help=f"a choice of the format: {known}" if known else "a choice of the format",
    )


def explained(formats: Iterable[Format], *, reading: bool) -> str:
    """All choices of these formats in one line; the first value is the default."""
    said = [
        f"{f.key}: {o.key}={'|'.join(o.choices)} ({o.help})"
        for f in formats
        for o in f.options
        if (o.reading if reading else o.writing)
    ]
    return "; ".join(said).replace("%", "%%")


def parse_set(given: Sequence[str]) -> dict[str, str]:
    """The choices as a table.

    Raises:
        UsageError: one is not KEY=VALUE.
    """
    chosen = {}
    for item in given:
        key, equals, value = item.partition("=")
        if not equals or not key:
            raise UsageError(f"“{item}” is no choice.", "Write --set key=value.")
        chosen[key.strip()] = value.strip()
    return chosen
