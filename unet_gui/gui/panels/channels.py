"""The channels panel: what of a deep or many-channelled image is seen, by person and network."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from unet_gui.dataset import pages
from unet_gui.dataset.channel_view import Channel, ChannelView, default_row, row_limits
from unet_gui.gui.panels.channel_range import ChannelBlock
from unet_gui.gui.theme.tokens import SPACE_L, SPACE_M
from unet_gui.gui.theme.widgets import named

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray
    from PySide6.QtGui import QShowEvent

    from unet_gui.dataset.channels import Values
    from unet_gui.dataset.entries import ImageEntry
    from unet_gui.gui.session import Session
    from unet_gui.gui.theme import Theme

LIVE: Final = 60
"""Milliseconds between two looks at the image while a handle is dragged."""

MOST: Final = 32
"""Channels that are listed."""


class ChannelsPanel(QWidget):
    """Unlike the display it changes what the network sees, and is kept in the project.

    Args:
        session: project and open image.
        theme: colours.
    """

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("channels_panel")
        self.setProperty("surface", True)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._session, self._theme = session, theme
        self._values: Values | None = None
        self._read_for = ""
        self._row: tuple[Channel, ...] = ()
        self._live = QTimer(self, singleShot=True, interval=LIVE)
        self._later = QTimer(self, singleShot=True, interval=0)
        self.blocks: list[ChannelBlock] = []
        self.note = QLabel(self.tr("Open an image to see its channels."))
        self.note.setWordWrap(True)
        self.note.setProperty("muted", True)
        self.same = named(QCheckBox(self.tr("Same values in all images")), "channels_same")
        self.same.setToolTip(
            self.tr(
                "On: these values count for every image. Off: each image is stretched by itself,"
                " between the same percentiles."
            )
        )
        self.auto = named(QPushButton(self.tr("Auto")), "channels_auto")
        self.auto.setToolTip(self.tr("Choose the range of every channel by its values"))
        self.reset = named(QPushButton(self.tr("Reset")), "channels_reset")
        self.reset.setToolTip(self.tr("Show images as they come, as before any change"))
        self._list = QVBoxLayout()
        self._list.setSpacing(SPACE_L)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.auto)
        buttons.addWidget(self.reset)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE_L, SPACE_L, SPACE_L, SPACE_L)
        column.setSpacing(SPACE_M)
        column.addWidget(self.note)
        column.addLayout(self._list)
        column.addWidget(self.same)
        column.addLayout(buttons)
        column.addStretch(1)
        self._connect()
        self._show()

    def _connect(self) -> None:
        session = self._session
        session.image_opened.connect(self.follow)
        session.image_closed.connect(self.follow)
        session.project_closed.connect(self.follow)
        self._later.timeout.connect(self._read)
        self._live.timeout.connect(lambda: self._apply(keep=False))
        self.same.toggled.connect(self._on_same_toggled)
        self.auto.clicked.connect(self._on_auto)
        self.reset.clicked.connect(self._on_reset)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.follow()

    def follow(self) -> None:
        """There may be another image to describe."""
        self._later.start()

    # -- reading -------------------------------------------------------------------------------

    def _read(self) -> None:
        """Read the values of the open image, for somebody who looks."""
        session = self._session
        entry = session.entry if session.document is not None else None
        if entry is None:
            self._read_for, self._values = "", None
            self._show()
        elif entry.name != self._read_for and not self.visibleRegion().isEmpty():
            self._read_for = entry.name
            session.runner.submit(
                "channels",
                partial(_sample_job, entry),
                on_done=partial(self._on_read, entry),
                on_error=lambda _error: None,  # said where the image is opened
            )

    def _on_read(self, entry: ImageEntry, values: Values) -> None:
        if self._session.entry is None or self._session.entry.name != entry.name:
            return
        self._values = values
        self._take_row()

    def _take_row(self) -> None:
        """What the project says about images of so many channels, else what is usual."""
        project, values = self._session.project, self._values
        if project is None or values is None:
            return
        count = values.pixels.shape[2]
        row = project.channels.of(count) if project.channels is not None else None
        self._row = row or _usual(values)
        self._show()
        for i, block in enumerate(self.blocks):
            block.range.show_values(_finite(values.pixels[..., i]))

    def _show(self) -> None:
        values = self._values
        rows = self._row[:MOST] if values is not None else ()
        self.note.setVisible(not rows)
        for widget in (self.same, self.auto, self.reset):
            widget.setVisible(bool(rows))
        self._make_blocks(len(rows))
        if values is None or not rows:
            return
        limits = self._limits()
        for block, channel, ends in zip(self.blocks, rows, limits, strict=False):
            block.show_channel(shown=channel.shown, color=channel.color, limits=ends)
        blocked = self.same.blockSignals(True)
        self.same.setChecked(_are_fixed(self._row))
        self.same.blockSignals(blocked)

    def _make_blocks(self, count: int) -> None:
        if count == len(self.blocks):
            return
        for block in self.blocks:
            self._list.removeWidget(block)
            block.deleteLater()
        self.blocks = [ChannelBlock(i + 1, self._theme) for i in range(count)]
        for i, block in enumerate(self.blocks):
            self._list.addWidget(block)
            block.toggled.connect(lambda shown, i=i: self._change(i, shown=shown))
            block.color_chosen.connect(lambda color, i=i: self._change(i, color=color))
            block.range.changed.connect(partial(self._on_dragged, i))
            block.range.released.connect(lambda: self._apply(keep=True))

    def _limits(self) -> list[tuple[float, float]]:
        """Where black and full colour are in this image, also of channels that are hidden."""
        assert self._values is not None
        row = tuple(replace(c, shown=True) for c in self._row)
        return list(row_limits(self._values.pixels, row))

    # -- changing ------------------------------------------------------------------------------

    def _on_dragged(self, index: int, low: float, high: float) -> None:
        assert self._values is not None
        if self._row[index].percent or not self.same.isChecked():
            values = _finite(self._values.pixels[..., index])
            low, high = (float(100 * np.mean(values < v)) for v in (low, high))
            changed = {"low": low, "high": min(100.0, max(high, low + 0.01)), "percent": True}
        else:
            changed = {"low": low, "high": high, "percent": False}
        self._replace(index, **changed)
        if not self._live.isActive():
            self._live.start()

    def _on_same_toggled(self, same: bool) -> None:
        if same:
            ends = self._limits()
            self._row = tuple(
                replace(c, low=low, high=high, percent=False)
                for c, (low, high) in zip(self._row, ends, strict=True)
            )
        else:
            self._row = tuple(replace(c, low=None, high=None, percent=False) for c in self._row)
        self._apply(keep=True)

    def _on_auto(self) -> None:
        fixed = self.same.isChecked()
        self._row = tuple(replace(c, low=None, high=None, percent=False) for c in self._row)
        if fixed:
            self._on_same_toggled(True)
        else:
            self._apply(keep=True)

    def _on_reset(self) -> None:
        if self._values is not None:
            self._row = _usual(self._values)
            self._apply(keep=True, forget=True)

    def _change(self, index: int, **changes: object) -> None:
        self._replace(index, **changes)
        self._apply(keep=True)

    def _replace(self, index: int, **changes: object) -> None:
        row = list(self._row)
        row[index] = replace(row[index], **changes)  # type: ignore[arg-type]
        self._row = tuple(row)

    def _apply(self, *, keep: bool, forget: bool = False) -> None:
        """Show the image so; `keep` it in the project, or only while a handle is dragged."""
        project, values = self._session.project, self._values
        if project is None or values is None:
            return
        self._live.stop()
        self._show()
        view = project.channels or ChannelView()
        self._session.show_channels(
            view.with_row(values.pixels.shape[2], None if forget else self._row), keep=keep
        )


def _usual(values: Values) -> tuple[Channel, ...]:
    """As images come: their own limits where the file asks for some."""
    row = default_row(values.pixels.shape[2])
    if values.limits is None:
        return row
    ends = [*values.limits, *[(None, None)] * (len(row) - len(values.limits))]
    return tuple(replace(c, low=low, high=high) for c, (low, high) in zip(row, ends, strict=True))


def _are_fixed(row: tuple[Channel, ...]) -> bool:
    return all(c.low is not None and c.high is not None and not c.percent for c in row)


def _finite(plane: NDArray[np.generic]) -> NDArray[np.float64]:
    values = np.abs(plane) if np.iscomplexobj(plane) else plane
    wide = np.asarray(values, np.float64).ravel()
    return wide[np.isfinite(wide)]


def _sample_job(entry: ImageEntry) -> Generator[None, None, Values]:
    yield
    return pages.sample(entry)
