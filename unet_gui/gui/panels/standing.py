"""How the learners stand: who proposes what and why, the curve over images, a forecast."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from unet_gui.gui.panels.curve import Curve, CurveChart
from unet_gui.gui.panels.rounds import title_of
from unet_gui.gui.panels.wording import count, score
from unet_gui.gui.theme.tokens import SPACE_M, SPACE_S
from unet_gui.gui.theme.widgets import named

if TYPE_CHECKING:
    from unet_gui.dataset.project import Project
    from unet_gui.gui.instant import Standing
    from unet_gui.gui.theme import Theme
    from unet_gui.unet.arbiter import Claim, Verdict

INSTANT = "instant"


class StandingView(QWidget):
    """Shows nothing as long as nothing is known.

    Args:
        theme: colours and icons.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._project: Project | None = None
        self._standing: Standing | None = None
        self._drawn: tuple[object, ...] | None = None
        self.why = named(QLabel(), "why_proposes")
        self.by_class = named(QLabel(), "proposes_by_class")
        self.forecast = named(QLabel(), "forecast")
        for label in (self.why, self.by_class, self.forecast):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setProperty("muted", True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            label.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.by_class.setProperty("small", True)
        self.more = named(QToolButton(), "why_more")
        self.more.setText(self.tr("By class"))
        self.more.setToolTip(self.tr("Who knows each class better, and how well"))
        self.more.setCheckable(True)
        self.more.setAutoRaise(True)
        self.more.toggled.connect(self._show_why)
        self.class_box = named(QComboBox(), "curve_class")
        self.class_box.setAccessibleName(self.tr("Class of the curve"))
        self.class_box.setToolTip(
            self.tr("Proposals against what you made of them, over the last five finished images.\n"
                    "The band holds the score four times in five.")
        )  # fmt: skip
        self.class_box.currentIndexChanged.connect(self._show_curve)
        self.chart = CurveChart(
            theme, self.tr("Proposals kept, by finished images"), top=1.0, words=count_of
        )
        self._lay_out()
        theme.changed.connect(self._show)
        self._show()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(SPACE_S)
        row.addWidget(self.why, 1)
        row.addWidget(self.more, 0, Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE_M)
        layout.addLayout(row)
        for widget in (self.by_class, self.class_box, self.chart, self.forecast):
            layout.addWidget(widget)

    @property
    def verdict(self) -> Verdict | None:
        """Who proposes and why; None while there is but one learner."""
        return self._standing.verdict if self._standing is not None else None

    def show_standing(self, project: Project | None, standing: Standing | None) -> None:
        """How things stand in this project now."""
        self._project, self._standing = project, standing
        self._show()

    def _show(self) -> None:
        self._fill_classes()
        self._show_why()
        self._show_curve()

    def _fill_classes(self) -> None:
        classes = list(self._project.classes) if self._project is not None else []
        wanted = [(self.tr("Mean of all classes"), None), *((c.name, c.id) for c in classes)]
        box = self.class_box
        if wanted == [(box.itemText(i), box.itemData(i)) for i in range(box.count())]:
            return
        chosen = box.currentData()
        box.blockSignals(True)
        box.clear()
        for name, class_id in wanted:
            box.addItem(name, class_id)
        box.setCurrentIndex(max(0, box.findData(chosen)))
        box.blockSignals(False)

    def _show_why(self) -> None:
        verdict = self.verdict
        self.why.setVisible(verdict is not None)
        claims = self._claims(verdict)
        self.more.setVisible(bool(claims))
        self.by_class.setVisible(bool(claims) and self.more.isChecked())
        if verdict is not None:
            self.why.setText(self.reason(verdict))
            self.why.setToolTip("")
            self.by_class.setText("\n".join(claims))

    def reason(self, verdict: Verdict) -> str:
        """In a sentence or two why this one proposes."""
        unknown = math.isnan(verdict.scores.get(verdict.better, math.nan))
        if verdict.images == 0 or not verdict.claims or unknown:
            if "+" in verdict.chosen:
                return self.tr("Both propose together until finished images say who is better.")
            return self.tr(
                "{0} stays until an image is finished that both have proposed for."
            ).format(called(verdict.better))
        images = count(verdict.images)
        if "+" in verdict.chosen:
            return self.tr(
                "Both propose together, each where it has been right more often. "
                "Compared on images: {0}"
            ).format(images)
        if verdict.chosen != verdict.better:
            return self.tr(
                "{0} proposes: the instant learner knows no image like this one."
            ).format(called(verdict.chosen))
        others = [v for name, v in verdict.scores.items()
                  if name != verdict.better and "+" not in name]  # fmt: skip
        return self.tr("{0} was better: {1} against {2}. Compared on images: {3}").format(
            called(verdict.better), score(verdict.scores.get(verdict.better)),
            score(others[0] if others else None), images,
        )  # fmt: skip

    def _claims(self, verdict: Verdict | None) -> list[str]:
        if verdict is None or self._project is None:
            return []
        known = {c.id: c.name for c in self._project.classes}
        whole = None if "+" in verdict.chosen else verdict.chosen
        return [
            self._claim(known[class_id], claim, whole)
            for class_id, claim in sorted(verdict.claims.items())
            if class_id in known
        ]

    def _claim(self, name: str, claim: Claim, whole: str | None) -> str:
        if math.isnan(claim.score):
            return self.tr("{0}: {1}; too little of it was seen").format(
                name, called(whole or claim.owner)
            )
        if whole is not None and claim.owner != whole:
            return self.tr("{0}: {1} with {2}, though the other has {3}").format(
                name, called(whole), score(claim.other), score(claim.score)
            )
        return self.tr("{0}: {1}, {2} against {3}").format(
            name, called(claim.owner), score(claim.score), score(claim.other)
        )

    def _show_curve(self) -> None:
        # needed only when there is something to show
        from unet_gui.unet.learning_curve import curve, forecast

        images = self._standing.curve if self._standing is not None else ()
        class_id = self.class_box.currentData()
        # it takes a while, and between two finished images next to nothing changes
        drawn = (len(images), class_id, self._project, self._theme.tokens)
        if drawn == self._drawn:
            return
        self._drawn = drawn
        points = curve(images, class_id) if len(images) else []
        for widget in (self.class_box, self.chart):
            widget.setVisible(len(images) > 1)
        name, color = self.class_box.currentText(), self._theme.tokens.text
        for info in self._project.classes if self._project is not None else ():
            if info.id == class_id:
                color = info.color
        band = [(float(p.images), p.low, p.high) for p in points if not math.isnan(p.low)]
        line = [(float(p.images), p.value) for p in points]
        self.chart.show_curves([Curve(name, color, line, bold=True, band=band)])
        told = forecast(images, class_id) if len(images) else None
        self.forecast.setVisible(told is not None)
        if told is not None and told.images:
            self.forecast.setText(
                self.tr("About {0} more images for +{1}").format(
                    count(told.images), score(told.gain)
                )
            )
        elif told is not None:
            self.forecast.setText(self.tr("More images would hardly raise the score."))


def count_of(images: float) -> str:
    """The scale below the curve."""
    return count(round(images))


def called(learner: str) -> str:
    """A learner's name as a person says it."""
    if learner == INSTANT:
        return QCoreApplication.translate("StandingView", "The instant learner")
    return title_of(learner)
