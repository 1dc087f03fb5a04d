"""How long a person has worked on each image, and how long the rest may take."""

from __future__ import annotations

import json
import logging
from statistics import median
from typing import TYPE_CHECKING, Final

from unet_gui.dataset.files import write_json

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

FILE_NAME: Final = "times.json"
IDLE: Final = 60.0
"""Seconds without a sign of the person after which they were somewhere else: none of them count."""

FEWEST: Final = 3
"""Finished images from which on the rest is estimated."""

LEAST: Final = 1.0
"""Seconds below which an image was not worked on here."""

_log = logging.getLogger(__name__)


class WorkTimes:
    """Seconds by image, kept in a file. A damaged or missing one means to begin at nothing.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seconds = _read(path)
        self._at: tuple[str, float] | None = None
        self._changed = False

    @property
    def seconds(self) -> Mapping[str, float]:
        """By image name."""
        return self._seconds

    def sign(self, name: str, now: float) -> None:
        """The person does something on an image.

        Args:
            name: The image.
            now: Seconds on a clock that never goes back.
        """
        if self._at is not None and self._at[0] == name:
            passed = now - self._at[1]
            if 0 < passed <= IDLE:
                self._seconds[name] = self._seconds.get(name, 0.0) + passed
                self._changed = True
        self._at = name, now

    def pause(self) -> None:
        """What follows does not go on from the last sign."""
        self._at = None

    def save(self) -> bool:
        """Write what has changed; False, and no harm but to the estimate, when it cannot be."""
        if not self._changed:
            return True
        rounded = {name: round(seconds, 1) for name, seconds in self._seconds.items()}
        try:
            write_json(self._path, {"seconds": rounded}, durable=False)
        except OSError as exc:
            _log.warning("the times of work were not kept: %s", exc)
            return False
        self._changed = False
        return True


def seconds_left(seconds: Mapping[str, float], done: Collection[str], left: int) -> float | None:
    """What `left` more images may take: as long each as half of the finished ones took at most.

    Args:
        seconds: By image name.
        done: Names of finished images.
        left: How many are not finished.

    Returns:
        None while fewer than three were finished here.
    """
    known = [seconds[name] for name in done if seconds.get(name, 0.0) >= LEAST]
    return median(known) * left if len(known) >= FEWEST else None


def _read(path: Path) -> dict[str, float]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        found = {str(name): float(seconds) for name, seconds in data["seconds"].items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as exc:
        _log.warning("the times of work cannot be read: %s", exc)
        return {}
    return {name: seconds for name, seconds in found.items() if 0 <= seconds < float("inf")}
