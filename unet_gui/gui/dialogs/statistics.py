"""What the masks hold, in numbers: classes, images, a chart; as tables for other programs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QPushButton, QScrollArea, QTabWidget, QWidget

from unet_gui.dataset.class_chart import class_bars, write_class_chart
from unet_gui.dataset.statistics import measure
from unet_gui.gui.dialogs.job_dialog import JobDialog, muted
from unet_gui.gui.dialogs.number_table import (
    Column,
    NumberTable,
    measure_text,
    percent,
    whole,
)
from unet_gui.gui.dialogs.saving import ask_where, write_job
from unet_gui.gui.theme.tokens import SPACE_L, SPACE_M
from unet_gui.gui.theme.widgets import named

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from unet_gui.core.progress import Progress
    from unet_gui.dataset.chart import Bar
    from unet_gui.dataset.project import Project
    from unet_gui.dataset.statistics import Row, Statistics
    from unet_gui.gui.session import Session
    from unet_gui.gui.theme import Theme

SIZE: Final = (900, 560)
BAR_HEIGHT: Final = 36


class StatisticsDialog(JobDialog):
    """Measures as soon as it opens.

    Args:
        parent: the window.
        theme: colours.
        session: whose project is measured.
        synchronous: at once, for tests.
    """

    def __init__(
        self, parent: QWidget, theme: Theme, session: Session, *, synchronous: bool = False
    ) -> None:
        super().__init__(parent, theme, "", "statistics", synchronous=synchronous)
        assert session.project is not None
        self._project: Project = session.project
        self.setWindowTitle(self.tr("Statistics: {0}").format(self._project.name))
        self.found: Statistics | None = None
        size = self._project.pixel_size
        self._unit = f"{size[1] if size else 'px'}²"
        self.classes = NumberTable("statistics_classes", self._columns(self.tr("Class")))
        self.images = NumberTable(
            "statistics_images",
            [(self.tr("Image"), whole), *self._columns(self.tr("Class"))],
        )
        self.chart = Chart(theme)
        area = named(QScrollArea(), "statistics_chart_area")
        area.setProperty("bare", True)
        area.setWidgetResizable(True)
        area.setWidget(self.chart)
        self.tabs = named(QTabWidget(), "statistics_tabs")
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self.classes, self.tr("&Classes"))
        self.tabs.addTab(self.images, self.tr("&Images"))
        self.tabs.addTab(area, self.tr("C&hart"))
        self.body.addWidget(self.tabs, 1)
        self.body.addWidget(
            muted(
                self.tr(
                    "The share is of the labelled pixels. An object is a connected region of one "
                    "class; where things touch, they are one object."
                ),
                small=True,
            )
        )
        self.table_button = self._button(self.tr("Save table…"), "statistics_save_table")
        self.objects_button = self._button(self.tr("Save objects…"), "statistics_save_objects")
        self.chart_button = self._button(self.tr("Save chart…"), "statistics_save_chart")
        self.table_button.setToolTip(self.tr("A line for each class in each image, as CSV"))
        self.objects_button.setToolTip(self.tr("A line for each object, as CSV"))
        self.table_button.clicked.connect(self.save_table)
        self.objects_button.clicked.connect(self.save_objects)
        self.chart_button.clicked.connect(self.save_chart)
        for at, button in enumerate((self.table_button, self.objects_button, self.chart_button)):
            self.buttons.insertWidget(at, button)
        self.resize(*SIZE)
        session.project_closed.connect(self.close)
        if (error := session.flush()) is not None:
            self.fail(error)
        self.work("measure", lambda: measure(self._project), self._on_measured)

    def _columns(self, first: str) -> list[Column]:
        return [
            (first, whole),
            (self.tr("Pixels"), whole),
            (self.tr("Share"), percent),
            (self.tr("Area, {0}").format(self._unit), measure_text),
            (self.tr("Objects"), whole),
            (self.tr("Mean, {0}").format(self._unit), measure_text),
            (self.tr("Median, {0}").format(self._unit), measure_text),
        ]

    @staticmethod
    def _button(words: str, name: str) -> QPushButton:
        button = named(QPushButton(words), name)
        button.setAutoDefault(False)
        return button

    # -- measuring -----------------------------------------------------------------------------

    def _on_measured(self, found: Statistics) -> None:
        self.found = found
        self.classes.fill(
            [self._numbers(t, found) for t in found.totals], [t.info.color for t in found.totals]
        )
        self.images.fill(
            [(r.image, *self._numbers(r, found)) for r in found.rows],
            [r.info.color for r in found.rows],
        )
        self.chart.show_bars(class_bars(found))
        if not found.labelled_images:
            self.say(self.tr("Nothing is painted yet: there is nothing to measure."))
        else:
            left = found.unlabelled / found.pixels if found.pixels else 0.0
            self.say(
                self.tr(
                    "{0} of {1} images are painted; {2} of their pixels are unlabelled."
                ).format(whole(found.labelled_images), whole(found.images), percent(left)),
                "",
                found.problems,
            )
        self.working_changed(False)

    @staticmethod
    def _numbers(row: Row, found: Statistics) -> tuple[str | float, ...]:
        area = found.area
        return (
            row.info.name,
            float(row.pixels),
            row.share,
            row.pixels * area,
            float(row.sizes.count),
            row.sizes.mean * area,
            row.sizes.median * area,
        )

    def working_changed(self, working: bool) -> None:
        ready = not working and self.found is not None and self.found.labelled_images > 0
        for button in (self.table_button, self.objects_button, self.chart_button):
            button.setEnabled(ready)

    # -- saving --------------------------------------------------------------------------------

    def save_table(self) -> None:
        """Ask for a file and write a line for each class in each image."""
        self._ask(self.tr("Save the table"), "classes.csv", [self.tr("Tables (*.csv)")], "table")

    def save_objects(self) -> None:
        """Ask for a file and write a line for each object."""
        self._ask(
            self.tr("Save the objects"), "objects.csv", [self.tr("Tables (*.csv)")], "objects"
        )

    def save_chart(self) -> None:
        """Ask for a file and draw the chart into it."""
        filters = [self.tr("Pictures (*.png)"), self.tr("Drawings (*.svg)")]
        self._ask(self.tr("Save the chart"), "classes.png", filters, "chart")

    def _ask(self, title: str, name: str, filters: list[str], what: str) -> None:
        suggested = self._project.source.parent / f"{self._project.name}-{name}"
        ask_where(self, title, suggested, filters, partial(self.write, what))

    def write(self, what: str, path: Path) -> None:
        """Write "table", "objects" or "chart" into a file."""
        found, project = self.found, self._project
        if found is None:
            return
        job: Callable[[], Generator[Progress | None, None, Path]]
        if what == "objects":
            # Kept only now: a large project has millions of them.
            job = partial(_write_objects, project, path)
        elif what == "chart":
            job = partial(write_job, path, lambda p: write_class_chart(p, project.name, found))
        else:
            job = partial(write_job, path, found.write_csv)
        self.work(what, job, self._on_written, on_item=self._on_progress)

    def _on_progress(self, progress: Progress | None) -> None:
        if progress is not None:
            self.show_progress(progress)

    def _on_written(self, path: Path) -> None:
        self.say(self.tr("Written: {0}").format(path), "good")


def _write_objects(project: Project, path: Path) -> Generator[Progress | None, None, Path]:
    found = yield from measure(project, keep_objects=True)
    return (yield from write_job(path, found.write_objects_csv))


class Chart(QWidget):
    """A bar for each class; the longest reaches to the right."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("statistics_chart")
        self._theme = theme
        self.bars: list[Bar] = []

    def show_bars(self, bars: list[Bar]) -> None:
        self.bars = bars
        self.setAccessibleDescription("; ".join(f"{b.name}: {b.words}" for b in bars))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(640, BAR_HEIGHT * len(self.bars) + 2 * SPACE_L)

    def minimumSizeHint(self) -> QSize:
        return QSize(420, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        metrics = self.fontMetrics()
        names = max((metrics.horizontalAdvance(b.name) for b in self.bars), default=0)
        names = min(names, self.width() // 4)
        words = max((metrics.horizontalAdvance(b.words) for b in self.bars), default=0)
        left = names + 2 * SPACE_L
        room = max(40, self.width() - left - words - 3 * SPACE_L)
        most = max((b.share for b in self.bars), default=0.0) or 1.0
        middle = Qt.AlignmentFlag.AlignVCenter
        for row, bar in enumerate(self.bars):
            top = SPACE_L + row * BAR_HEIGHT
            height = BAR_HEIGHT - SPACE_M
            painter.setPen(self._theme.color("text"))
            name = metrics.elidedText(bar.name, Qt.TextElideMode.ElideRight, names)
            painter.drawText(
                QRectF(SPACE_L, top, names, height), middle | Qt.AlignmentFlag.AlignRight, name
            )
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.color("hover"))
            painter.drawRoundedRect(QRectF(left, top + 3, room, height - 6), 3, 3)
            painter.setBrush(QColor(bar.color))
            length = max(2.0, room * bar.share / most)
            painter.drawRoundedRect(QRectF(left, top + 3, length, height - 6), 3, 3)
            painter.setPen(self._theme.color("muted"))
            end = QRectF(left + room + SPACE_L, top, words + SPACE_M, height)
            painter.drawText(end, middle, bar.words)
        painter.end()
