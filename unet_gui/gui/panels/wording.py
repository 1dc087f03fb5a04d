"""Numbers and states in words, in the person's language and with their decimal sign."""

from __future__ import annotations

import html
import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QLocale

from unet_gui.dataset.project import Status

if TYPE_CHECKING:
    from collections.abc import Mapping


def status_words() -> Mapping[Status, str]:
    """What each status of an image is called."""
    translate = QCoreApplication.translate
    return {
        Status.UNTOUCHED: translate("Words", "Untouched"),
        Status.PROPOSED: translate("Words", "Proposed"),
        Status.IN_WORK: translate("Words", "In work"),
        Status.DONE: translate("Words", "Done"),
    }


def tip(text: str) -> str:
    """Text with a name in it as a tool tip: markup in the name is shown as it is."""
    if "<" not in text and "&" not in text:
        return text
    return f"<span>{html.escape(text).replace(chr(10), '<br>')}</span>"


def score(value: float | None) -> str:
    """An IoU of 0..1 with two digits; a dash where there is none."""
    if value is None or math.isnan(value):
        return "–"
    return QLocale().toString(float(value), "f", 2)


def share(part: int, whole: int) -> str:
    """A part in percent, so that little never looks like nothing nor almost all like all."""
    if whole <= 0 or part <= 0:
        return ""
    percent = 100 * part / whole
    if percent < 0.1:
        return QCoreApplication.translate("Words", "< {0} %").format(
            QLocale().toString(0.1, "f", 1)
        )
    digits = 1 if percent < 10 else 0
    if percent >= 99.5 and part < whole:
        percent, digits = min(percent, 99.9), 1
    return QCoreApplication.translate("Words", "{0} %").format(
        QLocale().toString(percent, "f", digits)
    )


def duration(seconds: float) -> str:
    """A span of time, the coarser the longer."""
    translate = QCoreApplication.translate
    whole = max(0, math.ceil(seconds))
    if whole < 60:
        return translate("Words", "{0} s").format(whole)
    minutes, rest = divmod(whole, 60)
    if minutes < 10 and rest:
        return translate("Words", "{0} min {1} s").format(minutes, rest)
    return translate("Words", "{0} min").format(minutes + (rest >= 30))


def count(number: int) -> str:
    """A whole number with the thousands set apart."""
    return QLocale().toString(number)
