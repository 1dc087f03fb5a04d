"""Rounds on disk: whole or not at all, adopted when better, found again."""

from __future__ import annotations

import json
import os
import shutil

import pytest
import torch

from unet_gui.core.errors import CheckpointError, TrainingError
from unet_gui.core.progress import drain
from unet_gui.unet import checkpoint, rounds, train, weights
from unet_gui.unet.device import cpu
from unet_gui.unet.model import UNet
from unet_gui.unet.rounds import (
    open_checkpoint,
    proposing_checkpoint,
    train_round,
    write_round,
)
from unet_gui.unet.scoring import Score
from unet_gui.unet.settings import preset


@pytest.fixture(autouse=True)
def _nothing_bundled(monkeypatch):
    monkeypatch.setattr(rounds, "starter", lambda: None)
    monkeypatch.setattr(weights, "cached_imagenet", lambda: None)


def settings(**changes):
    defaults = {"epochs": 1, "patch": 32, "batch": 2}
    return preset("quick", **{**defaults, **changes})


FIRST = {"encoder_weights": "none", "width": 0.125}


def run(project, **changes):
    return drain(train_round(project, settings(**changes), device=cpu()))


def test_first_round(tiny_project):
    done = run(tiny_project, **FIRST)
    assert done.name == "round-001"
    assert sorted(p.name for p in done.path.iterdir()) == ["checkpoint.safetensors", "model.json"]
    assert tiny_project.adopted == "round-001"
    info = json.loads((done.path / "model.json").read_text())
    assert info["parent"] is None
    assert info["adopted"] is True
    assert info["samples"] == 2
    assert [p.name for p in tiny_project.models_dir.iterdir()] == ["round-001"]
    loaded, name = proposing_checkpoint(tiny_project)
    assert name == "round-001"
    assert torch.equal(loaded.net.final.weight, done.result.checkpoint.net.final.weight)


def test_second_round_goes_on_from_the_adopted_one(tiny_project):
    run(tiny_project, **FIRST)
    done = run(tiny_project)
    assert done.name == "round-002"
    assert done.result.checkpoint.info["encoder"] == "none"
    assert json.loads((done.path / "model.json").read_text())["parent"] == "round-001"


def test_a_worse_round_is_there_but_not_adopted(tiny_project, monkeypatch):
    run(tiny_project, **FIRST)
    monkeypatch.setattr(Score, "better_than", lambda *_args: False)
    done = run(tiny_project)
    assert done.path.is_dir()
    assert tiny_project.adopted == "round-001"
    assert proposing_checkpoint(tiny_project)[1] == "round-001"
    monkeypatch.undo()
    monkeypatch.setattr(rounds, "starter", lambda: None)
    compared = []
    monkeypatch.setattr(train, "score_parent", lambda rival, *_args: compared.append(rival))
    told = json.loads((run(tiny_project).path / "model.json").read_text())
    assert told["parent"] == "round-002"  # which has learnt from more than the one in use
    assert [rival.info["parent"] for rival in compared] == [None]


def test_where_a_person_went_back_the_next_round_goes_on_from_there(tiny_project, make_checkpoint):
    own = make_checkpoint("lite")
    for won in (True, True, False):
        path = write_round(tiny_project, own, {**own.info, "adopted": won})
        if won:
            tiny_project.adopt(path.name)
    assert rounds.latest_round(tiny_project).name == "round-003"
    tiny_project.adopt("round-001")
    assert rounds.latest_round(tiny_project).name == "round-001"


def test_new_and_renamed_classes_do_not_stop_the_next_round(tiny_project):
    run(tiny_project, **FIRST)
    tiny_project.set_classes(tiny_project.classes.added("ring").renamed(1, "circle"))
    loaded, _ = proposing_checkpoint(tiny_project)
    assert loaded.predictable == (0, 1, 2)
    assert loaded.classes[1].name == "circle"
    done = run(tiny_project)
    assert done.result.checkpoint.spec.num_classes == 4
    assert done.result.checkpoint.predictable == (0, 1, 2)


def test_a_round_of_another_project_is_trusted_by_names_only(tiny_project, make_checkpoint):
    own = make_checkpoint("lite")
    write_round(tiny_project, own, {**own.info, "project": "elsewhere"})
    write_round(tiny_project, own, own.info)  # does not say where it was made
    for name in ("round-001", "round-002"):
        tiny_project.adopt(name)
        assert proposing_checkpoint(tiny_project)[1] == name
    tiny_project.set_classes(tiny_project.classes.renamed(1, "leaf"))
    for name in ("round-001", "round-002"):
        tiny_project.adopt(name)
        with pytest.raises(CheckpointError, match="“disc” there and “leaf” here"):
            proposing_checkpoint(tiny_project)
        with pytest.raises(CheckpointError, match="other classes"):
            open_checkpoint(tiny_project.models_dir / name, tiny_project)
    done = run(tiny_project)
    assert json.loads((done.path / "model.json").read_text())["project"] == tiny_project.id
    tiny_project.adopt(done.name)
    assert proposing_checkpoint(tiny_project)[0].classes[1].name == "leaf"


def test_a_deleted_class_is_no_longer_predicted(tiny_project):
    run(tiny_project, **FIRST)
    drain(tiny_project.delete_class(1))
    assert proposing_checkpoint(tiny_project)[0].predictable == (0, 2)


def test_stopping_in_the_middle_leaves_no_half_round(tiny_project):
    run(tiny_project, **FIRST)
    job = train_round(tiny_project, settings(epochs=50), device=cpu())
    for progress in job:
        if progress.step == 1:
            break
    job.close()
    assert [p.name for p in tiny_project.models_dir.iterdir()] == ["round-001"]
    assert tiny_project.adopted == "round-001"


def test_full_disk_leaves_no_half_round(tiny_project, monkeypatch):
    def full(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint, "write_json", full)
    with pytest.raises(TrainingError, match="disk is full"):
        run(tiny_project, **FIRST)
    assert list(tiny_project.models_dir.iterdir()) == []
    assert tiny_project.adopted is None


def test_what_a_killed_process_left_is_cleared_and_never_used(tiny_project, make_checkpoint):
    old = tiny_project.models_dir / ".round-007.0000.partial"
    new = tiny_project.models_dir / ".round-008.0000.partial"
    for leftover in (old, new):
        leftover.mkdir(parents=True)
        (leftover / "checkpoint.safetensors").write_bytes(b"half")
    os.utime(old, (0, 0))
    assert proposing_checkpoint(tiny_project) is None
    own = make_checkpoint("lite")
    written = write_round(tiny_project, own, own.info)
    assert not old.exists()
    assert new.exists()
    assert written.name == "round-009"


def test_starter_proposes_where_the_classes_are_its_own(
    tmp_path, tiny_project, make_checkpoint, monkeypatch
):
    own = make_checkpoint("lite")
    folder = tmp_path / "starter"
    folder.mkdir()
    checkpoint.save(folder, own.net, own.info)
    monkeypatch.setattr(rounds, "starter", lambda: folder)
    assert proposing_checkpoint(tiny_project)[1] == "starter"
    done = run(tiny_project)
    assert done.result.checkpoint.info["parent"] is None


def bundled(folder, own, monkeypatch):
    folder.mkdir()
    checkpoint.save(folder, own.net, own.info)
    monkeypatch.setattr(rounds, "starter", lambda: folder)


@pytest.mark.parametrize("lost", [False, True])
def test_back_at_the_start_the_starter_proposes(
    tmp_path, tiny_project, make_checkpoint, monkeypatch, lost
):
    own = make_checkpoint("lite")
    write_round(tiny_project, own, {**own.info, "adopted": not lost})
    bundled(tmp_path / "starter", own, monkeypatch)
    assert proposing_checkpoint(tiny_project)[1] == "starter"
    latest = rounds.latest_round(tiny_project)
    assert latest.name == "round-001" if lost else latest is None  # gone back from on purpose


def test_back_at_the_start_nothing_proposes_where_no_starter_fits(tiny_project, make_checkpoint):
    own = make_checkpoint("lite")
    write_round(tiny_project, own, {**own.info, "adopted": True})
    write_round(tiny_project, own, {**own.info, "adopted": False})
    tiny_project.adopt("round-001")
    tiny_project.adopt(None)
    assert proposing_checkpoint(tiny_project) is None


def test_own_classes_and_only_lost_rounds_still_get_a_proposal(tiny_project, make_checkpoint):
    own = make_checkpoint("lite")
    for _ in range(2):
        write_round(tiny_project, own, {**own.info, "adopted": False})
    assert proposing_checkpoint(tiny_project)[1] == "round-002"


def test_the_round_in_use_is_missing(tiny_project, make_checkpoint):
    own = make_checkpoint("lite")
    for _ in range(2):
        path = write_round(tiny_project, own, {**own.info, "adopted": True})
    tiny_project.adopt(path.name)
    shutil.rmtree(path)
    with pytest.raises(CheckpointError, match="“round-002” that is in use is missing") as raised:
        proposing_checkpoint(tiny_project)
    assert "another round" in raised.value.hint
    assert rounds.latest_round(tiny_project).name == "round-001"


def test_starter_stays_silent_for_other_classes(
    tmp_path, tiny_project, make_checkpoint, monkeypatch
):
    own = make_checkpoint("lite")
    checkpoint.save(tmp_path, own.net, own.info)
    monkeypatch.setattr(rounds, "starter", lambda: tmp_path)
    tiny_project.set_classes(tiny_project.classes.renamed(1, "leaf"))
    assert proposing_checkpoint(tiny_project) is None


def test_a_checkpoint_of_other_classes_is_refused_for_predicting_not_for_training(
    tmp_path, tiny_project, make_checkpoint
):
    foreign = make_checkpoint("lite", table=tiny_project.classes.renamed(1, "leaf"))
    folder = tmp_path / "foreign"
    folder.mkdir()
    checkpoint.save(folder, foreign.net, foreign.info)
    with pytest.raises(CheckpointError, match="other classes"):
        open_checkpoint(folder, tiny_project)
    job = train_round(tiny_project, settings(), device=cpu(), parent=folder)
    done = drain(job)
    assert json.loads((done.path / "model.json").read_text())["parent"] == "foreign"


def test_bare_weights_decide_decoder_and_relu(tmp_path, tiny_project):
    torch.manual_seed(0)
    path = tmp_path / "unet.pth"
    torch.save(UNet(3, width=0.125).state_dict(), path)
    loaded = open_checkpoint(path, tiny_project)
    assert loaded.info["decoder_relu_from"] == "measured"
    done = drain(train_round(tiny_project, settings(), device=cpu(), parent=path))
    assert done.result.checkpoint.spec.decoder == "tutorial"
    assert done.result.checkpoint.info["normalisation"] == "unit"


def test_samples_of_projects_are_reexported():
    assert train.samples_from_project is rounds.samples_from_project
