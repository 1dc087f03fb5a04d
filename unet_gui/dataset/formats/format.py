"""What a dataset format is: the form each module of this folder fills in as `FORMAT`."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING

from unet_gui.core.errors import DatasetError, ExportError

if TYPE_CHECKING:
    from pathlib import Path

    from unet_gui.core.classes import ClassTable
    from unet_gui.core.document import ClassMask
    from unet_gui.core.progress import Progress
    from unet_gui.dataset.formats.records import ImportPlan
    from unet_gui.dataset.formats.survey import Survey
    from unet_gui.dataset.formats.work import Work

Options = Mapping[str, str]
"""What the person chose, by key; every option of the format is in it."""


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a format.

    Attributes:
        key: Its name on the command line: `--set key=value`.
        choices: The possible values, the first being the default; any text when there is one only.
        help: What it decides, one sentence.
        reading: Whether reading asks for it.
        writing: Whether writing asks for it.
    """

    key: str
    choices: tuple[str, ...]
    help: str
    reading: bool = False
    writing: bool = True

    @property
    def default(self) -> str:
        return self.choices[0]


def keep_all(mask: ClassMask, work: Work) -> ClassMask:
    """Every pixel comes back as it was."""
    return mask


def nothing_lost(survey: Survey) -> list[str]:
    """What a format loses that loses nothing."""
    return []


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One dataset format. A module exports `write`, `read` or both.

    Attributes:
        key: Its name on the command line.
        title: Its name for people.
        description: What it is and for whom, one sentence.
        write: Writes all items of a `Work` into its folder, which is empty, by way of `Work.each`.
        read: Looks through a dataset and returns what is in it, masks not yet decoded. It gets the
            folder or file the person named.
        sniff: How sure we are, 0..1, that a path holds this format. Quick: names and the head of
            one file, never thousands of files.
        losses: What the format cannot hold of these masks, a sentence each, before writing.
        survives: What `read` gives back of a mask that `write` has written: H×W uint8. Verifying
            compares with it, so it must do no more than `losses` admits.
        outside: Reads the masks of a written dataset by another program's library, as (name of the
            image in the export, mask); raises ImportError where that is not installed.
        extra: Modules of the optional extra `formats` that it needs.
        options: What can be chosen.
    """

    key: str
    title: str
    description: str
    write: Callable[[Work], Generator[Progress, None, None]] | None = None
    read: Callable[[Path, Options], Generator[Progress, None, ImportPlan]] | None = None
    sniff: Callable[[Path], float] | None = None
    losses: Callable[[Survey], list[str]] = nothing_lost
    survives: Callable[[ClassMask, Work], ClassMask] = keep_all
    outside: Callable[[Path, ClassTable], Iterator[tuple[str, ClassMask]]] | None = None
    extra: tuple[str, ...] = ()
    options: tuple[Option, ...] = field(default=())

    def chosen(self, given: Mapping[str, str] | None, *, reading: bool = False) -> dict[str, str]:
        """All options with the values given or else their defaults.

        Raises:
            DatasetError, ExportError: an option or value that does not exist, or a module of the
                extra `formats` that is not installed.
        """
        error = DatasetError if reading else ExportError
        missing = [name for name in self.extra if find_spec(name) is None]
        if missing:
            raise error(
                f"{self.title} needs {', '.join(missing)}, which is not installed.",
                'Install it: pip install "unet-gui[formats]".',
            )
        known = {o.key: o for o in self.options if (o.reading if reading else o.writing)}
        values = {key: option.default for key, option in known.items()}
        for key, value in (given or {}).items():
            if key not in known:
                there = f"It has: {', '.join(known)}." if known else "It has none."
                raise error(f"{self.title} has no option “{key}”.", there)
            choices = known[key].choices
            if len(choices) > 1 and value not in choices:
                raise error(f"“{key}” cannot be “{value}”.", f"Choose {', '.join(choices)}.")
            values[key] = value
        return values

    def read_again(self, written: Options) -> dict[str, str]:
        """The options to read with what was written with these."""
        ours = self.chosen(None, reading=True)
        return {key: written.get(key, value) for key, value in ours.items()}
