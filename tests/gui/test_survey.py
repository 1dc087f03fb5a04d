"""Other images are looked over while the person pauses, and never while they paint."""

import numpy as np
import pytest

from unet_gui.core.geometry import Rect
from unet_gui.core.progress import drain
from unet_gui.dataset.channel_view import Channel, ChannelView
from unet_gui.gui import survey as module
from unet_gui.gui.survey import Survey
from unet_gui.unet.instant.live import Answer


class Learner:
    """Sure of bright images only."""

    def __init__(self):
        self.seen = []

    def answer(self, view):
        yield
        pixels = view.read(Rect(0, 0, view.shape[1], view.shape[0]))
        self.seen.append((view.name, pixels.shape))
        sure = np.full(view.shape, 255 if pixels.mean() > 100 else 51, np.uint8)
        return Answer(np.zeros(view.shape, np.uint8), sure)


class Surveyor:
    def __init__(self):
        self.learner, self.jobs, self.dismissed = Learner(), [], 0

    def employ(self, _key, job, on_item):
        self.jobs.append((job, on_item))

    def dismiss(self, _key):
        self.dismissed += 1
        self.jobs.clear()

    def run(self):
        for job, on_item in list(self.jobs):
            drain(job(self.learner), on_item)


@pytest.fixture
def session(open_session):
    return open_session(*(np.full((500, 420, 3), v, np.uint8) for v in (200, 20, 220)))


@pytest.fixture
def surveyor():
    return Surveyor()


@pytest.fixture
def survey(session, surveyor, monkeypatch, qtbot):
    monkeypatch.setattr(module, "PAUSE_MS", 0)
    survey = Survey(session, surveyor)
    survey._pause.setInterval(0)
    survey.told = {}
    survey.looked.connect(survey.told.__setitem__)
    return survey


def test_after_a_pause_the_middle_of_each_wanted_image(survey, surveyor, qtbot):
    survey.want(["1.png", "2.png"])
    qtbot.waitUntil(lambda: bool(surveyor.jobs))
    surveyor.run()
    assert survey.told == {"1.png": pytest.approx(0.8, abs=0.01), "2.png": 0.0}
    assert [shape for _, shape in surveyor.learner.seen] == [(384, 384, 3)] * 2


def test_a_stroke_ends_it_and_what_is_left_is_looked_at_later(survey, session, surveyor, qtbot):
    survey.want(["1.png", "2.png"])
    qtbot.waitUntil(lambda: bool(surveyor.jobs))
    job, on_item = surveyor.jobs[0]
    for item in job(surveyor.learner):
        on_item(item)
        if survey.told:
            break
    before = surveyor.dismissed
    session.apply("Brush", Rect(0, 0, 4, 4), 1)
    assert surveyor.dismissed > before
    qtbot.waitUntil(lambda: bool(surveyor.jobs))
    surveyor.run()
    assert sorted(survey.told) == ["1.png", "2.png"]
    assert len(surveyor.learner.seen) == 2


def test_nothing_is_looked_at_that_nobody_wants(survey, session, surveyor, qtbot):
    survey.want(["1.png"])
    survey.want([])
    session.apply("Brush", Rect(0, 0, 4, 4), 1)
    qtbot.wait(20)
    assert not surveyor.jobs
    survey.want(["1.png"])
    session.close_project()
    qtbot.wait(20)
    assert not surveyor.jobs


def test_pixels_of_other_channels_than_asked_for_are_not_looked_at(
    survey, session, surveyor, qtbot, monkeypatch
):
    red = ChannelView().with_row(3, (Channel(), Channel(False), Channel(False)))
    read = module.read_image_job

    def read_and_change(project, entry):
        source = yield from read(project, entry)
        if entry.name == "1.png":
            project.preview_channels(red)
        return source

    monkeypatch.setattr(module, "read_image_job", read_and_change)
    survey.want(["1.png", "2.png"])
    qtbot.waitUntil(lambda: bool(surveyor.jobs))
    surveyor.run()
    assert list(survey.told) == ["2.png"]


def test_a_learner_that_knows_nothing_and_an_unreadable_image(survey, session, surveyor, qtbot):
    session.project.entry("1.png").path.write_bytes(b"no image")
    survey.want(["1.png", "2.png"])
    qtbot.waitUntil(lambda: bool(surveyor.jobs))
    surveyor.run()
    assert list(survey.told) == ["2.png"]

    def silent(_view):
        yield

    surveyor.learner.answer = silent
    survey.want(["0.png", "2.png"])
    qtbot.waitUntil(lambda: bool(surveyor.jobs))
    surveyor.run()
    assert list(survey.told) == ["2.png"]
