"""What a subcommand says: results to stdout, words and progress to stderr."""

from __future__ import annotations

import json as jsonlib
import math
import sys
import time
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final, TextIO, TypeVar

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from tqdm import tqdm

    from unet_gui.core.errors import UnetGuiError
    from unet_gui.core.progress import Progress

T = TypeVar("T")

_DRAW_SECONDS: Final = 0.1


class Output:
    """Where a subcommand's words go. Given to `run`, so that tests need not capture anything.

    With `json`, stdout carries one JSON object a line and nothing else; words still go to stderr.
    """

    def __init__(
        self, *, json: bool = False, stdout: TextIO | None = None, stderr: TextIO | None = None
    ) -> None:
        self.json = json
        self._stdout = stdout
        self._stderr = stderr
        self._bar: tqdm[Any] | None = None
        self._drawn = 0.0

    @property
    def stdout(self) -> TextIO:
        return self._stdout or sys.stdout

    @property
    def stderr(self) -> TextIO:
        return self._stderr or sys.stderr

    def result(self, obj: Mapping[str, Any], text: str = "") -> None:
        """A result: `obj` as one JSON line with --json, otherwise `text` when there is any."""
        self._close_bar()
        if self.json:
            # ASCII only: safe on any terminal, and file names of any bytes come back as they were.
            _write(self.stdout, jsonlib.dumps(plain(obj), allow_nan=False))
        elif text:
            _write(self.stdout, text)

    def event(self, kind: str, **fields: Any) -> None:
        """One JSON line `{"event": kind, …}` with --json; nothing otherwise."""
        self.result({"event": kind, **fields})

    def say(self, text: str) -> None:
        """Words for the person."""
        self._close_bar()
        _write(self.stderr, text)

    def warn(self, text: str) -> None:
        self.say(f"warning: {text}")

    def error(self, error: UnetGuiError) -> None:
        """One line on stderr, a second one with the hint; an error event on stdout with --json."""
        self.event("error", message=error.message, hint=error.hint)
        self.say(f"error: {error.message}")
        if error.hint:
            self.say(f"hint: {error.hint}")

    def cancelled(self) -> None:
        self.event("error", message="Cancelled.", hint="")
        self.say("cancelled")

    def progress(self, progress: Progress) -> None:
        """Move the progress bar, which is only there when stderr is a terminal."""
        if self.json:
            self.event("progress", done=progress.done, total=progress.total, text=progress.text)
        elif self.stderr.isatty():
            self._move_bar(progress)

    def drain(self, job: Generator[Progress, None, T]) -> T:
        """Run long work to its end, showing how far it is; an interrupt closes it first."""
        try:
            while True:
                self.progress(next(job))
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]  # StopIteration knows no type
        finally:
            job.close()
            self._close_bar()

    def flush(self) -> None:
        self._close_bar()
        self.stdout.flush()
        self.stderr.flush()

    def _move_bar(self, progress: Progress) -> None:
        if self._bar is None:
            from tqdm import tqdm

            self._bar = tqdm(
                total=progress.total or None,
                desc=progress.text or None,
                file=self.stderr,
                leave=False,
                dynamic_ncols=True,
            )
            self._drawn = time.monotonic()
        self._bar.n = progress.done
        self._bar.total = progress.total or None
        self._bar.set_description_str(progress.text, refresh=False)
        if time.monotonic() - self._drawn > _DRAW_SECONDS:
            self._drawn = time.monotonic()
            self._bar.refresh()

    def _close_bar(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def plain(value: Any) -> Any:
    """`value` with nothing in it but what JSON knows: no numpy numbers, paths, sets or NaN."""
    if hasattr(value, "tolist"):  # numpy arrays and numbers, without importing numpy
        value = value.tolist()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, PurePath):
        return str(value)
    if hasattr(value, "items"):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(v) for v in (sorted(value) if isinstance(value, set | frozenset) else value)]
    return value


def _write(stream: TextIO, text: str) -> None:
    try:
        stream.write(text + "\n")
    except UnicodeEncodeError:
        # A terminal that cannot show “é” gets an escape instead of an error.
        encoding = stream.encoding or "ascii"
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")
    stream.flush()
