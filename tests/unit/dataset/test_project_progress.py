"""How far images are: statuses, proposals, rounds."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import tifffile

from unet_gui.core.errors import (
    ProjectError,
)
from unet_gui.dataset.project import Project, Status
from unet_gui.dataset.rounds import Round, ancestors


def names(project):
    return [e.name for e in project.images]


def blank(project, entry):
    return np.full(project.load_mask(entry).shape, 255, np.uint8)


def test_statuses(tiny_project):
    a, b, c = tiny_project.images
    assert tiny_project.status(a) is Status.IN_WORK
    assert tiny_project.status(c) is Status.UNTOUCHED
    tiny_project.set_done(a, True)
    assert tiny_project.status(a) is Status.DONE
    assert Project.open(tiny_project.root).status(a) is Status.DONE
    tiny_project.set_done(a, False)
    assert tiny_project.status(a) is Status.IN_WORK
    tiny_project.save_mask(b, blank(tiny_project, b))
    assert tiny_project.status(b) is Status.UNTOUCHED
    b.mask_path.write_bytes(b"damaged")
    assert tiny_project.status(b) is Status.IN_WORK
    assert [s.value for s in Status] == ["untouched", "proposed", "in_work", "done"]


def test_counts_are_remembered_between_sessions(tiny_project, monkeypatch):
    tiny_project.refresh()
    again = Project.open(tiny_project.root)
    monkeypatch.setattr("unet_gui.dataset.mask_counts.load_mask", None)  # decoding would fail
    assert again.status(again.entry("a.png")) is Status.IN_WORK


def test_a_proposal_is_a_status(tiny_project):
    entry = tiny_project.entry("sub/c.png")
    mask = np.ones((32, 48), np.uint8)
    assert tiny_project.save_prediction(entry, mask, mask * 200, round_name="starter")
    assert tiny_project.status(entry) is Status.PROPOSED
    again = Project.open(tiny_project.root)
    cached = again.load_prediction(entry)
    assert cached is not None
    assert cached.round == "starter"
    assert np.array_equal(cached.mask, mask)
    assert again.load_prediction(entry, round_name="round-009") is None


def test_stale_proposals_are_ignored(tiny_project):
    entry = tiny_project.entry("sub/c.png")
    mask = np.ones((32, 48), np.uint8)

    def propose():
        tiny_project.save_prediction(entry, mask, mask, round_name="starter")
        assert tiny_project.load_prediction(entry) is not None

    propose()
    tiny_project.set_classes(tiny_project.classes.added("new"))
    assert tiny_project.load_prediction(entry) is None
    assert tiny_project.status(entry) is Status.UNTOUCHED
    propose()
    os.utime(entry.path, (1, 1))
    assert tiny_project.load_prediction(entry) is None
    propose()
    tiny_project.set_classes(tiny_project.classes.renamed(1, "other name"))
    assert tiny_project.load_prediction(entry) is not None


def make_round(project, name):
    folder = project.models_dir / name
    folder.mkdir(parents=True)
    (folder / "checkpoint.safetensors").write_bytes(b"x")
    (folder / "model.json").write_text('{"format": 1, "scores": {"miou": 0.5}}', "utf-8")


def test_rounds(tiny_project):
    assert tiny_project.rounds() == []
    assert tiny_project.next_round_name() == "round-001"
    for name in ("round-002", "round-010", "round-1000", "trial"):
        make_round(tiny_project, name)
    (tiny_project.models_dir / "round-2000").mkdir()  # half made
    (tiny_project.models_dir / ".round-2001.tmp").mkdir()
    found = tiny_project.rounds()
    assert [r.name for r in found] == ["round-002", "round-010", "round-1000", "trial"]
    assert found[0].info["scores"]["miou"] == 0.5
    assert tiny_project.next_round_name() == "round-2002"
    assert tiny_project.round("trial").path == tiny_project.models_dir / "trial"


def test_whom_a_round_goes_back_to():
    parents = {"a": None, "b": "a", "c": "b", "d": "lost", "e": 5, "f": "g", "g": "f"}
    rounds = [Round(name, Path(name), {"parent": parent}) for name, parent in parents.items()]
    rounds += [
        Round("h", Path("h"), {"parent": "c", "learner": "instant"}),
        Round("i", Path("i"), {"parent": "h", "learner": "instant"}),
    ]
    found = {name: ancestors(rounds, name) for name in (*parents, "h", "i", "nobody")}
    assert found == {
        "a": [], "b": ["a"], "c": ["b", "a"], "d": ["lost"], "e": [], "f": ["g", "f"],
        "g": ["f", "g"], "h": [], "i": ["h"], "nobody": [],
    }  # fmt: skip


def test_rounds_that_are_damaged_are_left_out(tiny_project):
    make_round(tiny_project, "round-001")
    info = tiny_project.models_dir / "round-001" / "model.json"
    for text in ("", "[1]"):
        info.write_text(text, "utf-8")
        assert tiny_project.rounds() == []


def test_adopting(tiny_project):
    with pytest.raises(ProjectError, match="no round"):
        tiny_project.adopt("round-001")
    make_round(tiny_project, "round-001")
    Project.open(tiny_project.root).adopt("round-001")  # as a training run does
    assert tiny_project.adopted == "round-001"
    tiny_project.adopt(None)
    assert Project.open(tiny_project.root).adopted is None


def test_a_new_round_makes_proposals_stale(tiny_project):
    entry = tiny_project.entry("sub/c.png")
    mask = np.ones((32, 48), np.uint8)
    tiny_project.save_prediction(entry, mask, mask, round_name="starter")
    make_round(tiny_project, "round-001")
    tiny_project.adopt("round-001")
    assert tiny_project.status(entry) is Status.UNTOUCHED
    tiny_project.save_prediction(entry, mask, mask, round_name="round-001")
    assert tiny_project.status(entry) is Status.PROPOSED


def stack(path, number):
    with tifffile.TiffWriter(path) as tif:
        for i in range(number):
            tif.write(np.full((20, 24), i, np.uint8), contiguous=False)


def test_each_page_is_done_by_itself(tmp_path):
    stack(tmp_path / "x.tif", 3)
    project = Project.open(tmp_path)
    project.set_done(project.entry("x#002.tif"), True)
    again = Project.open(tmp_path)
    assert [again.is_done(e) for e in again.images] == [False, True, False]
    assert [again.status(e) for e in again.images][1] is Status.DONE


def test_the_first_page_takes_over_what_the_file_was(tmp_path):
    stack(tmp_path / "x.tif", 1)
    project = Project.open(tmp_path)
    (only,) = project.images
    project.save_mask(only, np.ones((20, 24), np.uint8))
    project.set_done(only, True)
    stack(tmp_path / "x.tif", 3)
    again = Project.open(tmp_path)
    assert [again.is_done(e) for e in again.images] == [True, False, False]
    assert (again.load_mask(again.images[0]) == 1).all()
    again.set_done(again.images[0], False)
    assert not any(again.is_done(e) for e in Project.open(tmp_path).images)
