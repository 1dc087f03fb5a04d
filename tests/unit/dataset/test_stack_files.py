"""Stacks are described once, and nothing stays open."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import tifffile

from unet_gui.dataset import pages, stack_files
from unet_gui.dataset.project import Project

PLANES = np.stack([np.full((16, 16), 10 * i, np.uint8) for i in range(8)])


@pytest.fixture(autouse=True)
def nothing_kept():
    stack_files._idle.clear()
    yield
    stack_files._idle.clear()


@pytest.fixture
def opened_times(monkeypatch):
    """How often each file was described anew."""
    names = []
    real = tifffile.TiffFile

    def counted(path, *args, **words):
        names.append(path.name)
        return real(path, *args, **words)

    monkeypatch.setattr(stack_files.tifffile, "TiffFile", counted)
    return names


def ome(path, planes=PLANES):
    tifffile.imwrite(path, planes, ome=True, metadata={"axes": "ZYX"})


def values(project):
    return [int(pages.read_values(e).pixels[0, 0, 0]) for e in project.images]


def test_a_stack_is_described_once_for_all_its_pages(tmp_path, opened_times):
    ome(tmp_path / "x.ome.tif")
    project = Project.open(tmp_path)
    opened_times.clear()
    assert values(project) == [0, 10, 20, 30, 40, 50, 60, 70]
    assert {pages.size(e) for e in project.images} == {(16, 16)}
    assert opened_times == ["x.ome.tif"]


def test_nothing_stays_open_and_a_new_file_is_seen(tmp_path):
    path = tmp_path / "x.ome.tif"
    ome(path)
    project = Project.open(tmp_path)
    assert values(project)[3] == 30
    assert stack_files._idle
    assert all(tif.filehandle.closed for tif in stack_files._idle.values())
    path.unlink()
    ome(path, PLANES + 1)
    assert values(Project.open(tmp_path))[3] == 31


def test_few_are_kept(tmp_path):
    for i in range(7):
        ome(tmp_path / f"{i}.ome.tif")
    values(Project.open(tmp_path))
    assert len(stack_files._idle) == stack_files._KEPT


def test_files_of_one_image_and_those_that_fail_are_not_kept(tmp_path):
    path = tmp_path / "x.tif"
    tifffile.imwrite(path, PLANES[0])
    with stack_files.opened(path, None):
        pass
    with pytest.raises(ZeroDivisionError), stack_files.opened(path, 0) as tif:
        _ = 1 / 0
    assert tif.filehandle.closed
    assert not stack_files._idle


def test_threads_do_not_share_a_file(tmp_path):
    ome(tmp_path / "x.ome.tif")
    project = Project.open(tmp_path)
    wrong = []

    def read_all():
        found = [values(project) for _ in range(5)]
        wrong.extend(v for v in found if v != [0, 10, 20, 30, 40, 50, 60, 70])

    threads = [threading.Thread(target=read_all) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
