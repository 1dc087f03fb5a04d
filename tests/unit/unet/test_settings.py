"""Presets and what is refused."""

from __future__ import annotations

import pytest

from unet_gui.core.errors import UsageError
from unet_gui.unet.settings import PRESETS, TrainSettings, preset


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_makes_sense(name):
    preset(name).check()


def test_budget_and_epochs_replace_each_other():
    assert preset("quick", epochs=3).budget is None
    assert preset("tutorial", budget=5.0).epochs is None
    assert preset("tutorial", lr=1.0).epochs == PRESETS["tutorial"].epochs


def test_unknown_preset():
    with pytest.raises(UsageError, match="no preset “slow”") as raised:
        preset("slow")
    assert "quick" in raised.value.hint


def test_unknown_setting():
    with pytest.raises(UsageError, match="no setting “learning_rate”"):
        preset("quick", learning_rate=1)


@pytest.mark.parametrize(
    "changes",
    [
        {"budget": None},
        {"epochs": 3},
        {"budget": 0.0},
        {"budget": float("inf")},
        {"budget": None, "epochs": 0},
        {"patch": 100},
        {"patch": 0},
        {"batch": 0},
        {"width": 0.0},
        {"width": -0.5},
        {"width": float("nan")},
        {"seed": -1},
        {"seed": 2**63},
    ],
)
def test_settings_that_make_no_sense(changes):
    with pytest.raises(UsageError):
        TrainSettings(**changes).check()
