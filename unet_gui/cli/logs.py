"""The log file: what to send along when something went wrong."""

from __future__ import annotations

import logging
import sys
from contextlib import contextmanager
from logging.handlers import RotatingFileHandler
from typing import TYPE_CHECKING

from unet_gui.dataset.places import log_file

if TYPE_CHECKING:
    from collections.abc import Iterator


class _QuietFileHandler(RotatingFileHandler):
    """A log that cannot be written (full disk, rotated by another process) is not worth a word."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        del record


@contextmanager
def file_logging(*, debug: bool = False) -> Iterator[None]:
    """Log into the user's log folder while the block runs; on stderr as well with `debug`.

    Never fails: without a writable folder there is simply no log.
    """
    root, own = logging.getLogger(), logging.getLogger("unet_gui")
    levels = root.level, own.level
    handlers: list[logging.Handler] = []
    try:
        path = log_file()
        path.parent.mkdir(parents=True, exist_ok=True)
        handlers.append(
            _QuietFileHandler(
                path, maxBytes=1_000_000, backupCount=2, encoding="utf-8", errors="replace"
            )
        )
    except (OSError, RuntimeError):
        # Without any handler Python prints warnings of libraries to stderr; keep it quiet.
        handlers.append(logging.NullHandler())
    if debug:
        handlers.append(logging.StreamHandler(sys.stderr))
    form = logging.Formatter("%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s")
    for handler in handlers:
        handler.setFormatter(form)
        root.addHandler(handler)
    root.setLevel(logging.INFO)
    own.setLevel(logging.DEBUG if debug else logging.INFO)
    logging.captureWarnings(capture=True)
    try:
        yield
    finally:
        logging.captureWarnings(capture=False)
        root.setLevel(levels[0])
        own.setLevel(levels[1])
        for handler in handlers:
            root.removeHandler(handler)
            handler.close()
