"""Whose turn it is to propose, without torch."""

import json
import subprocess
import sys

import pytest

from unet_gui.core.classes import ClassTable
from unet_gui.dataset.bundled import starter_classes
from unet_gui.dataset.project import Project
from unet_gui.unet.proposers import STARTER, proposing_name

OWN = {0: "Background", 1: "a"}


@pytest.fixture
def project(tmp_path):
    table = ClassTable.from_names(["background", "a", "b"])
    return Project.create(tmp_path / "p", images=tmp_path, classes=table)


def add_round(project, name, **info):
    folder = project.models_dir / name
    folder.mkdir(parents=True)
    (folder / "model.json").write_text(json.dumps(info))
    (folder / "checkpoint.safetensors").write_bytes(b"x")


@pytest.mark.parametrize(
    ("starter", "found"),
    [(OWN, STARTER), ({0: "background", 1: "c"}, None), ({3: "more"}, None), ({}, None)],
)
def test_without_rounds_it_is_the_starter_for_its_own_classes(project, starter, found):
    assert proposing_name(project, starter) == found


def test_a_round_that_lost_proposes_where_nothing_else_can(project):
    add_round(project, "round-001", adopted=False)
    add_round(project, "round-002", learner="instant", adopted=False)
    assert proposing_name(project, {}) == "round-001"
    assert proposing_name(project, OWN) == STARTER


def test_rounds_stay_silent_once_the_person_went_back(project):
    add_round(project, "round-001", adopted=True)
    assert proposing_name(project, {}) is None
    project.adopt("round-001")
    assert proposing_name(project, OWN) == "round-001"


def test_it_takes_no_torch():
    code = "import sys; import unet_gui.unet.proposers; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=120).returncode == 0
    assert starter_classes()[0] == "background"
