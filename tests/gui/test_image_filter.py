"""Which rows of the image list are shown, and that Qt hears of every change."""

import random
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QItemSelectionModel, QModelIndex
from PySide6.QtTest import QAbstractItemModelTester

from unet_gui.dataset.entries import ImageEntry
from unet_gui.dataset.project import Status
from unet_gui.gui.panels.image_filter import ImageFilter
from unet_gui.gui.panels.image_model import ImageModel
from unet_gui.gui.panels.statuses import _order


def listed(count):
    return SimpleNamespace(
        images=[ImageEntry(f"{i:03}.png", f"{i}.png", f"m{i}.png") for i in range(count)]
    )


@pytest.fixture
def model(qapp):
    model = ImageModel()
    project = listed(40)
    model.show(project, project.images)
    return model


@pytest.fixture
def shown(model):
    filtered = ImageFilter(model)
    filtered.tester = QAbstractItemModelTester(
        filtered, QAbstractItemModelTester.FailureReportingMode.Fatal
    )
    return filtered


def names(filtered):
    return [filtered.index(row, 0).data() for row in range(filtered.rowCount())]


def test_rows_follow_statuses_whatever_comes(model, shown):
    chance = random.Random(3)
    known = {}
    for step in range(60):
        batch = [
            (f"{chance.randrange(40):03}.png", chance.choice(list(Status)))
            for _ in range(chance.randrange(1, 12))
        ]
        wanted = chance.choice([None, Status.DONE, Status.DONE, Status.IN_WORK])
        if step % 5 == 0:
            shown.set_status(wanted)
            now = wanted
        model.take_statuses(batch)
        known |= dict(batch)
        expected = [n for n in sorted(f"{i:03}.png" for i in range(40)) if known.get(n) is now]
        assert names(shown) == (expected if now else [f"{i:03}.png" for i in range(40)])
        assert sum(model.counts().values()) == len(known)
        assert model.counts()[Status.DONE] == list(known.values()).count(Status.DONE)


def test_the_chosen_row_stays_chosen_while_others_come_and_go(model, shown):
    model.take_statuses([("010.png", Status.DONE), ("030.png", Status.DONE)])
    shown.set_status(Status.DONE)
    chosen = QItemSelectionModel(shown)
    chosen.setCurrentIndex(shown.index(1, 0), QItemSelectionModel.SelectionFlag.Select)
    model.take_statuses([(f"{i:03}.png", Status.DONE) for i in range(5, 10)])
    assert chosen.currentIndex().data() == "030.png"
    model.take_statuses([("010.png", Status.IN_WORK)])
    assert chosen.currentIndex().data() == "030.png"
    assert chosen.currentIndex().row() == 5


def test_both_ways_of_mapping_agree(model, shown):
    shown.set_words("1")
    for row in range(shown.rowCount()):
        source = shown.mapToSource(shown.index(row, 0))
        assert source.row() == shown.source_row(row)
        assert shown.mapFromSource(source).row() == row
    assert not shown.mapFromSource(model.index_of("000.png")).isValid()
    assert not shown.mapFromSource(QModelIndex()).isValid()
    assert not shown.mapToSource(QModelIndex()).isValid()


def test_another_project_is_filtered_alike(model, shown):
    shown.set_words("01")
    project = listed(12)
    model.show(project, project.images)
    assert names(shown) == ["001.png", "010.png", "011.png"]
    model.show(None, [])
    assert names(shown) == []


def test_no_row_is_looked_at_while_nothing_is_looked_for(model, monkeypatch):
    monkeypatch.setattr(ImageModel, "name", lambda *_: pytest.fail("asked"))
    filtered = ImageFilter(model)
    project = listed(5)
    model.show(project, project.images)
    model.take_statuses([("001.png", Status.DONE)])
    assert filtered.rowCount() == 5


def test_wanted_rows_are_read_first_and_each_once():
    from collections import deque

    wanted = deque([7, 8])
    order = _order(10, wanted)
    assert [next(order) for _ in range(3)] == [7, 8, 0]
    wanted.extendleft([5, 99, 8])
    assert list(order) == [5, 1, 2, 3, 4, 6, 9]
