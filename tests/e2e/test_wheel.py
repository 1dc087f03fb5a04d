"""The built wheel works outside the checkout: resources, command line, window."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "packaging" / "smoke_test.py"


@pytest.mark.slow
def test_the_installed_wheel_finds_everything_and_predicts():
    done = subprocess.run(
        [sys.executable, str(SCRIPT)], capture_output=True, text=True, check=False, timeout=280
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.strip().endswith("The wheel works.")
