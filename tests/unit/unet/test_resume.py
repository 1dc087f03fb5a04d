"""An interrupted round goes on as if nothing had happened; what it kept is whole or not there."""

from __future__ import annotations

import pytest
import torch

from unet_gui.core.errors import TrainingError
from unet_gui.core.progress import drain
from unet_gui.unet import resume
from unet_gui.unet.device import cpu
from unet_gui.unet.resume import Keeper, Run, plain_settings, settings_of
from unet_gui.unet.settings import PRESETS, preset
from unet_gui.unet.train import fine_tune


def settings(**changes):
    given = {"epochs": 4, "encoder_weights": "none", "width": 0.125, "patch": 32, "batch": 2}
    return preset("quick", **{**given, **changes})


def stopped_after(step, samples, classes, keeper, chosen):
    keeper.settings = chosen
    job = fine_tune(samples, chosen, classes=classes, device=cpu(), run=Run(keeper=keeper))
    for progress in job:
        if progress.step == step:
            break
    job.close()


@pytest.mark.parametrize("decoder", ["lite", "tutorial"])
def test_goes_on_to_the_same_network(tmp_path, drawn_samples, classes, decoder):
    chosen = settings(decoder=decoder)
    whole = drain(fine_tune(drawn_samples(1), chosen, classes=classes, device=cpu()))
    keeper = Keeper(tmp_path, every=0)
    stopped_after(whole.steps // 2 + 1, drawn_samples(1), classes, keeper, chosen)
    kept = keeper.load()
    assert kept.settings == chosen
    job = fine_tune(
        drawn_samples(1), kept.settings, classes=classes, device=cpu(), run=Run(interrupted=kept)
    )
    result = drain(job)
    assert result.steps == whole.steps
    for key, tensor in whole.checkpoint.net.state_dict().items():
        assert torch.equal(result.checkpoint.net.state_dict()[key], tensor), key


def test_short_rounds_keep_nothing(tmp_path, drawn_samples, classes):
    keeper = Keeper(tmp_path)
    run = Run(keeper=keeper)
    drain(fine_tune(drawn_samples(1), settings(), classes=classes, device=cpu(), run=run))
    assert not list(tmp_path.iterdir())
    assert keeper.load() is None


def test_told_to_stop_it_keeps_what_it_has(tmp_path, drawn_samples, classes):
    keeper = Keeper(tmp_path, every=0.0)
    run = Run(keeper=keeper)
    job = fine_tune(drawn_samples(1), settings(), classes=classes, device=cpu(), run=run)
    for progress in job:
        run.group.stop = progress.step == 2
        if run.group.stop:
            break
    keeper.forget()
    with pytest.raises(KeyboardInterrupt):
        next(job)
    assert keeper.load().state["about"]["step"] == 2


def test_another_network_is_refused(tmp_path, drawn_samples, classes):
    keeper = Keeper(tmp_path, every=0)
    stopped_after(1, drawn_samples(1), classes, keeper, settings())
    other = settings(width=0.25)
    run = Run(interrupted=keeper.load())
    with pytest.raises(TrainingError, match="another network"):
        drain(fine_tune(drawn_samples(1), other, classes=classes, device=cpu(), run=run))


def test_a_full_disk_does_not_end_the_round(tmp_path, drawn_samples, classes, monkeypatch):
    def full(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(resume, "write_atomic", full)
    run = Run(keeper=Keeper(tmp_path, every=0))
    result = drain(fine_tune(drawn_samples(1), settings(), classes=classes, device=cpu(), run=run))
    assert "could not be kept" in " ".join(result.notes)


def test_a_newer_version_is_refused(tmp_path, drawn_samples, classes, monkeypatch):
    keeper = Keeper(tmp_path, every=0)
    stopped_after(1, drawn_samples(1), classes, keeper, settings())
    monkeypatch.setattr(resume, "FORMAT", 0)
    with pytest.raises(TrainingError, match="newer version"):
        keeper.load()


@pytest.mark.parametrize("name", PRESETS)
def test_settings_survive_json(name):
    assert settings_of(plain_settings(PRESETS[name])) == PRESETS[name]
