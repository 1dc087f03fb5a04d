"""Merging and deleting classes over all masks."""

from __future__ import annotations

import numpy as np
import pytest

from unet_gui.core.errors import ClassTableError, MaskWriteError, ProjectError
from unet_gui.core.progress import Progress, drain
from unet_gui.dataset.project import Project


def masks(project):
    return {e.name: project.load_mask(e) for e in project.images}


def test_counting(tiny_project):
    before = masks(tiny_project)
    seen: list[Progress] = []
    assert drain(tiny_project.class_pixels(2), seen.append) == sum(
        int((m == 2).sum()) for m in before.values()
    )
    assert [(p.done, p.total) for p in seen] == [(0, 3), (1, 3), (2, 3)]


def test_merge(tiny_project):
    before = masks(tiny_project)
    changed = drain(tiny_project.merge_class(2, 1))
    assert changed == sum(int((m == 2).sum()) for m in before.values())
    again = Project.open(tiny_project.root)
    for name, mask in masks(again).items():
        assert np.array_equal(mask, np.where(before[name] == 2, 1, before[name]))
    assert again.classes.ids == (0, 1)
    assert again.retired == {2}
    assert not (again.masks_dir / "sub").exists()  # images without a mask get none


def test_delete(tiny_project):
    before = masks(tiny_project)
    drain(tiny_project.delete_class(1))
    for name, mask in masks(tiny_project).items():
        assert np.array_equal(mask, np.where(before[name] == 1, 255, before[name]))
    assert 1 not in tiny_project.classes


def test_stopped_half_way_and_done_once_more(tiny_project):
    before = masks(tiny_project)
    job = tiny_project.merge_class(2, 1)
    next(job)
    next(job)  # the first mask is done
    job.close()
    assert 2 in tiny_project.classes
    assert 2 not in tiny_project.load_mask(tiny_project.entry("a.png"))
    assert 2 in tiny_project.load_mask(tiny_project.entry("b.jpg"))
    drain(tiny_project.merge_class(2, 1))
    for name, mask in masks(tiny_project).items():
        assert np.array_equal(mask, np.where(before[name] == 2, 1, before[name]))
    assert 2 not in tiny_project.classes


def test_a_damaged_mask_keeps_the_class_and_the_others_are_done(tiny_project):
    tiny_project.entry("a.png").mask_path.write_bytes(b"damaged")
    with pytest.raises(ProjectError, match=r"mask of a\.png cannot be read"):
        drain(tiny_project.delete_class(2))
    assert 2 in tiny_project.classes
    assert 2 not in tiny_project.load_mask(tiny_project.entry("b.jpg"))
    assert tiny_project.entry("a.png").mask_path.read_bytes() == b"damaged"
    assert drain(tiny_project.class_pixels(2)) == 0


def test_full_disk(tiny_project, monkeypatch):
    before = masks(tiny_project)

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(MaskWriteError, match="disk is full"):
        drain(tiny_project.merge_class(2, 1))
    monkeypatch.undo()
    assert all(np.array_equal(m, before[n]) for n, m in masks(tiny_project).items())
    assert 2 in tiny_project.classes


@pytest.mark.parametrize(("source", "into"), [(1, 1), (1, 9), (9, 1)])
def test_what_cannot_be_merged(tiny_project, source, into):
    with pytest.raises(ClassTableError):
        drain(tiny_project.merge_class(source, into))
    with pytest.raises(ClassTableError):
        drain(tiny_project.delete_class(9))
