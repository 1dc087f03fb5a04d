"""Who proposes and why, by class on demand; the curve over images with its band; the forecast."""

import math
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from unet_gui.gui.instant import Standing
from unet_gui.gui.panels.standing import StandingView
from unet_gui.unet.arbiter import Claim, Verdict, pair

INSTANT, ROUND = "instant", "round-003"
BOTH = pair(INSTANT, ROUND)


@pytest.fixture
def project(open_session):
    return open_session(np.zeros((10, 10, 3), np.uint8)).project


@pytest.fixture
def view(theme, qtbot):
    view = StandingView(theme)
    qtbot.addWidget(view)
    view.resize(260, 500)
    view.show()
    qtbot.waitExposed(view)
    return view


def confusion(iou):
    wrong = (1 - iou) / (1 + iou)
    hit, missed = round(10_000 * (1 - wrong)), round(10_000 * wrong)
    return np.array([[hit, missed], [missed, hit]], np.int64)


def rising(count):
    return [confusion(0.9 - 0.4 * n**-0.75) for n in range(1, count + 1)]


def verdict(chosen=ROUND, better=ROUND, images=4):
    claims = {
        0: Claim(INSTANT, 0.9, 0.8),
        1: Claim(ROUND, 0.7, 0.5),
        2: Claim(better, float("nan"), float("nan")),
        77: Claim(ROUND, 0.7, 0.5),
    }
    return Verdict(chosen, better, claims, images, {INSTANT: 0.7, ROUND: 0.75, BOTH: 0.8})


def test_nothing_is_shown_while_nothing_is_known(view, project):
    for standing in (None, Standing()):
        view.show_standing(project, standing)
        for widget in (view.why, view.by_class, view.more, view.class_box, view.chart,
                       view.forecast):  # fmt: skip
            assert not widget.isVisible()


def test_why_one_of_them_proposes(view, project):
    view.show_standing(project, Standing(verdict()))
    assert view.why.text() == "Round 3 was better: 0.75 against 0.70. Compared on images: 4"
    view.show_standing(project, Standing(verdict(INSTANT, INSTANT)))
    assert view.why.text().startswith("The instant learner was better: 0.70 against 0.75")
    view.show_standing(project, Standing(Verdict(ROUND, ROUND)))
    assert view.why.text() == (
        "Round 3 stays until an image is finished that both have proposed for."
    )
    view.show_standing(project, Standing(Verdict(BOTH, ROUND)))
    assert view.why.text() == "Both propose together until finished images say who is better."
    # a stroke or two say nothing yet
    told = replace(verdict(BOTH, ROUND), scores={ROUND: math.nan, INSTANT: math.nan})
    view.show_standing(project, Standing(told))
    assert view.why.text() == "Both propose together until finished images say who is better."
    view.show_standing(project, Standing(Verdict(BOTH, ROUND)))
    assert not view.more.isVisible()
    view.show_standing(project, Standing(verdict(ROUND, INSTANT)))
    assert view.why.text() == (
        "Round 3 proposes: the instant learner knows no image like this one."
    )


def test_by_class_on_demand(view, project):
    view.show_standing(project, Standing(verdict(BOTH, ROUND)))
    assert view.why.text().startswith("Both propose together, each where it has been right")
    assert not view.by_class.isVisible()
    QTest.mouseClick(view.more, Qt.MouseButton.LeftButton)
    assert view.by_class.isVisible()
    assert view.by_class.text().splitlines() == [
        "ground: The instant learner, 0.90 against 0.80",
        "cell: Round 3, 0.70 against 0.50",
        "core: Round 3; too little of it was seen",
    ]
    # one proposes all, though the other knows a class better
    view.show_standing(project, Standing(verdict(ROUND, ROUND)))
    assert view.by_class.text().splitlines()[0] == (
        "ground: Round 3 with 0.80, though the other has 0.90"
    )
    QTest.mouseClick(view.more, Qt.MouseButton.LeftButton)
    assert not view.by_class.isVisible()


def test_the_curve_has_a_band_and_a_class_is_chosen(view, project):
    view.show_standing(project, Standing(None, [confusion(0.5)]))
    assert not view.chart.isVisible()
    view.show_standing(project, Standing(None, rising(6)))
    assert view.chart.isVisible()
    (curve,) = view.chart.curves
    assert [x for x, _ in curve.points] == [1, 2, 3, 4, 5, 6]
    assert [x for x, _, _ in curve.band] == [2, 3, 4, 5, 6]
    assert "–" in view.chart.values_at(5)
    before = view.chart.grab().toImage()
    view.class_box.setFocus()
    QTest.keyClick(view.class_box, Qt.Key.Key_Down)
    assert view.class_box.currentText() == "ground"
    assert view.chart.curves[0].name == "ground"
    assert view.chart.grab().toImage() != before
    view.class_box.setCurrentIndex(view.class_box.findText("core"))
    assert view.chart.curves == []
    view.show_standing(project, Standing(None, rising(7)))
    assert view.class_box.currentText() == "core"


def test_a_forecast_only_where_the_curve_says_one(view, project):
    view.show_standing(project, Standing(None, rising(6)))
    assert not view.forecast.isVisible()
    view.show_standing(project, Standing(None, rising(12)))
    assert view.forecast.isVisible()
    assert view.forecast.text() == "About 8 more images for +0.02"
    view.show_standing(project, Standing(None, [confusion(0.8)] * 20))
    assert view.forecast.text() == "More images would hardly raise the score."


def test_the_theme_changes_its_colours(view, project, theme):
    from unet_gui.gui.theme import ThemeMode

    view.show_standing(project, Standing(None, rising(6)))
    before = view.chart.curves[0].color
    theme.set_mode(ThemeMode.DARK)
    assert view.chart.curves[0].color != before
