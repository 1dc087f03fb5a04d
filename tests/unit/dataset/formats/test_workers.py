"""Exports written by several processes: the same to the byte, whatever happens to them."""

from __future__ import annotations

import os
import time

import numpy as np
import pytest

from unet_gui.core.classes import ClassTable
from unet_gui.core.errors import ImageReadError
from unet_gui.core.progress import drain
from unet_gui.dataset.crops import Crops
from unet_gui.dataset.formats import Card, Selection, export, workers

NUMBER = 12
STAGED = ".unet_gui_export-resume-coco"


@pytest.fixture
def project(make_project, tmp_path):
    rng = np.random.default_rng(2)
    masks = {f"{n:02}.png": rng.integers(0, 3, (20, 30), np.uint8) for n in range(NUMBER)}
    return make_project(tmp_path, masks, ClassTable.from_names(["background", "a", "b"]))


@pytest.fixture
def at_once(monkeypatch):
    """Others help from the second item on, one item at a time."""
    monkeypatch.setattr(workers, "TRIAL", -1.0)
    monkeypatch.setattr(workers, "WORTH", -1.0)
    monkeypatch.setattr(workers, "_CHUNK", 1)


@pytest.fixture
def pools(monkeypatch):
    """The pools that were made."""
    made = []

    class Pool(workers.ProcessPoolExecutor):
        def __init__(self, *args):
            super().__init__(*args)
            made.append(self)

    monkeypatch.setattr(workers, "ProcessPoolExecutor", Pool)
    return made


def files(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_the_same_to_the_byte(project, tmp_path, at_once, pools):
    crops = Selection(crops=Crops.parse("16"))
    for key, words in (("coco", {}), ("yolo", {"selection": crops})):
        outs = [tmp_path / f"{key}{n}" for n in (1, 2)]
        first, second = (
            drain(export(project, key, out, card=Card(), workers=number, **words))
            for out, number in zip(outs, (1, 2), strict=True)
        )
        assert files(outs[0]) == files(outs[1])
        assert first.warnings == second.warnings
        assert first.pixels == second.pixels
    assert len(pools) == 2


def test_cancelled_and_gone_on_with(project, tmp_path, at_once, pools):
    drain(export(project, "coco", tmp_path / "whole", card=Card()))
    out = tmp_path / "parts"
    job = export(project, "coco", out, card=Card(), resume=True, workers=2)
    while next(job).done < NUMBER // 2:
        pass
    job.close()
    assert [p.name for p in out.iterdir()] == [STAGED]
    drain(export(project, "coco", out, card=Card(), resume=True, workers=2))
    assert files(out) == files(tmp_path / "whole")
    assert len(pools) == 2


def test_an_image_that_cannot_be_read(project, tmp_path, at_once, pools):
    project.images[-2].path.write_bytes(b"no image")
    entries = project.images
    with pytest.raises(ImageReadError, match=r"10\.png"):
        drain(export(project, "voc", tmp_path / "out", entries=entries, val=0, workers=2))
    assert len(pools) == 1
    assert not (tmp_path / "out").exists()


def test_a_process_that_ends_of_its_own_accord(project, tmp_path, at_once, pools):
    drain(export(project, "coco", tmp_path / "whole", card=Card()))
    job = export(project, "coco", tmp_path / "out", card=Card(), workers=2)
    while not pools:
        next(job)
    for process in [*pools[0]._processes.values()]:
        process.kill()
    report = drain(job)
    assert workers.ALONE in report.warnings
    assert files(tmp_path / "out") == files(tmp_path / "whole")


def test_where_there_are_no_semaphores(project, tmp_path, at_once, monkeypatch):
    def none(*args):
        raise OSError(38, os.strerror(38))

    monkeypatch.setattr(workers, "ProcessPoolExecutor", none)
    report = drain(export(project, "coco", tmp_path / "out", workers=2))
    assert report.images == NUMBER


def test_small_exports_stay_in_one_process(project, tmp_path, pools):
    drain(export(project, "coco", tmp_path / "out", workers=None))
    assert not pools


def test_room_for_large_images(project, tmp_path, at_once, pools, monkeypatch):
    monkeypatch.setattr(workers, "_ROOM", 1000)
    drain(export(project, "coco", tmp_path / "out", workers=2))
    assert not pools


def test_others_end_when_nobody_waits_for_them(project, tmp_path, at_once, pools):
    job = export(project, "coco", tmp_path / "out", workers=2)
    while not pools:
        next(job)
    started = [*pools[0]._processes.values()]
    job.close()
    assert len(started) == 2
    deadline = time.monotonic() + 60
    while any(p.is_alive() for p in started) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not any(p.is_alive() for p in started)
    assert not (tmp_path / "out").exists()


def test_crops_of_an_image_stay_together(project):
    from unet_gui.dataset.formats.plan import Item
    from unet_gui.dataset.splits import Part

    entries = [project.images[n] for n in (0, 0, 0, 1, 2, 2)]
    items = [Item(e, str(n), Part.TRAIN) for n, e in enumerate(entries)]
    assert [*workers._chunks(items, 2)] == [range(3), range(3, 6)]
    assert [*workers._chunks(items, 1)] == [range(3), range(3, 4), range(4, 6)]
    assert [*workers._chunks([], 3)] == []
