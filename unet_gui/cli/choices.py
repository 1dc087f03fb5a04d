"""`--set key=value`: what a dataset format lets choose."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

from unet_gui.core.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Sequence

    from unet_gui.dataset.formats import Format


COLUMN: Final = 13
"""Where what a format is begins; argparse indents all of it by two more."""

WIDTH: Final = 78


def add_set_argument(parser: argparse.ArgumentParser) -> None:
    """`--set`, which may come several times."""
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a choice of the format, see below; can be given several times",
    )


def add_format_list(
    parser: argparse.ArgumentParser, formats: Iterable[Format], *, reading: bool
) -> None:
    """Each format with what it is and what `--set` takes, on lines of its own."""
    lines = []
    for item in sorted(formats, key=lambda f: f.key):
        lines += _entry(item.key, item.title if reading else item.description)
        for option in item.options:
            if option.reading if reading else option.writing:
                choice = f"--set {option.key}={'|'.join(option.choices)}"
                lines += _entry("", f"{choice}: {option.help}")
    parser.add_argument_group("formats", "\n".join(lines))


def _entry(name: str, text: str) -> list[str]:
    """One or more lines of the help: a name, what it means beside it."""
    wrapped = textwrap.wrap(text, WIDTH - COLUMN, break_long_words=False, break_on_hyphens=False)
    blank = " " * COLUMN
    return [name.ljust(COLUMN) + wrapped[0], *(blank + line for line in wrapped[1:])]


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
