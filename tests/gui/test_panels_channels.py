"""The channels panel changes what screen and network see, and nothing of the file."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from PySide6.QtCore import QPoint, Qt

from unet_gui.dataset.project import Project
from unet_gui.gui.panels.channels import ChannelsPanel
from unet_gui.gui.session import Session
from unet_gui.gui.theme import Theme

DATA = np.random.default_rng(1).integers(0, 3000, (4, 30, 40)).astype(np.uint16)


@pytest.fixture
def session(qtbot, tmp_path):
    tifffile.imwrite(tmp_path / "x.tif", DATA, photometric="minisblack", metadata={"axes": "CYX"})
    session = Session(synchronous=True)
    session.use_project(Project.open(tmp_path))
    yield session
    session.shutdown()


@pytest.fixture
def panel(qtbot, qapp, session):
    panel = ChannelsPanel(session, Theme(qapp))
    qtbot.addWidget(panel)
    panel.resize(260, 500)
    panel.show()
    qtbot.waitUntil(lambda: len(panel.blocks) == 4)
    return panel


def saved(session):
    return Project.open(session.project.root).channels


def test_channels_of_the_open_image_are_listed(panel):
    assert [b.shown.isChecked() for b in panel.blocks] == [True, True, True, False]
    assert not panel.same.isChecked()
    assert not panel.note.isVisible()


def test_hiding_a_channel_changes_the_image_and_the_project(panel, session, qtbot):
    document = session.document
    assert session.image[..., 0].any()
    with qtbot.waitSignals([session.images_reloading, session.image_reloaded]):
        panel.blocks[0].shown.click()
    assert not session.image[..., 0].any()
    assert session.document is document
    assert not saved(session).of(4)[0].shown
    panel.reset.click()
    assert session.image[..., 0].any()
    assert saved(session) is None


@pytest.mark.parametrize("same", [True, False])
def test_dragging_a_handle(panel, session, qtbot, same):
    panel.same.setChecked(same)
    view = panel.blocks[1].range
    before = session.image[..., 1].mean()
    start = QPoint(int(view.handle_x(1)), view.height() // 2)
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(view, QPoint(view.width() // 2, view.height() // 2))
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(view.width() // 2, 9))
    assert session.image[..., 1].mean() > before + 30
    channel = saved(session).of(4)[1]
    assert channel.percent is not same
    assert channel.high == pytest.approx(50 if channel.percent else 1500, rel=0.06)
    assert view.limits[1] == pytest.approx(1500, rel=0.06)
    panel.auto.click()
    assert session.image[..., 1].mean() == pytest.approx(before, abs=1)
    assert panel.same.isChecked() is same


def test_keys_move_the_chosen_handle(panel, session, qtbot):
    view = panel.blocks[0].range
    view.setFocus()
    low, high = view.limits
    qtbot.keyClick(view, Qt.Key.Key_Right)
    assert view.limits[0] > low
    qtbot.keyClick(view, Qt.Key.Key_PageDown)
    qtbot.keyClick(view, Qt.Key.Key_Left)
    assert view.limits[1] < high
    assert saved(session) is not None


def test_a_colour(panel, session):
    for block in panel.blocks[1:3]:
        block.shown.click()
    panel.blocks[0].color_chosen.emit("#0000ff")
    assert not session.image[..., 0].any()
    assert session.image[..., 2].any()


def test_nothing_is_listed_without_an_image(panel, session, qtbot):
    session.close_project()
    qtbot.waitUntil(lambda: not panel.blocks)
    assert panel.note.isVisible()
    assert not panel.reset.isVisible()
