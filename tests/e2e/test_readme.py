"""What README shows works as it stands there."""

from __future__ import annotations

import importlib
import re
import shlex
import shutil
from pathlib import Path

import pytest

from unet_gui.cli import SUBCOMMANDS, main
from unet_gui.dataset import bundled

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text("utf-8")
COMMANDS = [
    *re.findall(r"^    (unet-gui .+)$", README, re.MULTILINE),
    *(" ".join(c.split()) for c in re.findall(r"`(unet-gui [a-z]+ [^`]+)`", README)),
]


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_in_the_readme_is_understood(line, monkeypatch):
    words = shlex.split(line, comments=True)
    command = next(c for c in SUBCOMMANDS if c.name == words[1])
    seen = []
    module = importlib.import_module(command.module)
    monkeypatch.setattr(module, "run", lambda args, _output: seen.append(args) or 0)
    assert main(words[1:]) == 0
    assert seen


def test_there_are_commands_to_check():
    assert len(COMMANDS) >= 5


@pytest.mark.slow
def test_the_python_example_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(bundled.resources() / "sample" / "images", "scans")
    shutil.copytree(bundled.resources() / "sample" / "masks", "old-masks")
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    exec(compile(example.replace("budget=60", "budget=3"), "README.md", "exec"), {})
    assert "round-001" in capsys.readouterr().out
    assert (tmp_path / "cells-voc" / "SegmentationClass").is_dir()


@pytest.mark.parametrize("target", re.findall(r"\]\(([^)#:]+)\)", README))
def test_a_link_in_the_readme_leads_somewhere(target):
    assert (ROOT / target).exists()
