"""`doctor`, `stats` and `compare` through the command line."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def ill(tmp_path):
    """Two images whose masks hold 0 and 255, one of them with a PNG called .jpg."""
    folder = tmp_path / "ill"
    (folder / "images").mkdir(parents=True)
    (folder / "masks").mkdir()
    for i, name in enumerate(("a.png", "b.jpg")):
        pixels = np.random.default_rng(i).integers(0, 255, (20, 30, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / "images" / name, "PNG")
        mask = np.zeros((20, 30), np.uint8)
        mask[5 + i : 10] = 255
        Image.fromarray(mask).save(folder / "masks" / f"{name[0]}.png")
    return folder


def test_findings_are_told_and_the_exit_code_is_1(run_cli, ill):
    done = run_cli("doctor", ill)
    assert done.code == 1
    assert "error: mask-0-255, 2×" in done.out
    assert "masks/a.png" in done.out
    assert "2 errors, 1 warnings" in done.out


def test_each_finding_is_a_line_of_json(run_cli, ill):
    events = run_cli("doctor", ill, "--json").events
    assert [e["event"] for e in events] == ["finding"] * (len(events) - 1) + ["done"]
    first = next(e for e in events if e["code"] == "wrong-extension")
    assert first["file"] == "images/b.jpg"
    assert first["severity"] == "warning"
    assert first["fixable"]
    assert events[-1]["errors"] == 2


def test_fix_writes_a_copy_that_is_well(run_cli, ill):
    before = {p: p.read_bytes() for p in ill.rglob("*") if p.is_file()}
    done = run_cli("doctor", ill, "--fix")
    assert done.code == 0
    assert "put right" in done.err
    fixed = ill.with_name("ill-fixed")
    assert set(np.unique(np.asarray(Image.open(fixed / "masks" / "a.png")))) == {0, 1}
    assert (fixed / "images" / "b.png").exists()
    assert {p: p.read_bytes() for p in ill.rglob("*") if p.is_file()} == before
    assert run_cli("doctor", ill, "--fix").code == 1, "a copy that is there is not written over"


def test_fix_in_place_keeps_what_was(run_cli, ill, tmp_path):
    assert run_cli("doctor", ill, "--fix", "--in-place", tmp_path / "kept", "--json").code == 0
    assert set(np.unique(np.asarray(Image.open(tmp_path / "kept" / "masks" / "a.png")))) == {0, 255}
    assert run_cli("doctor", ill).code == 0


def test_out_without_fix_is_wrong_usage(run_cli, ill, tmp_path):
    assert run_cli("doctor", ill, "--out", tmp_path / "x").code == 2
    assert run_cli("doctor", tmp_path / "nowhere").code == 1


def test_a_project_that_is_well(run_cli, tiny_project):
    done = run_cli("doctor", tiny_project.root)
    assert done.code == 0


def test_stats_prints_totals_and_writes_files(run_cli, tiny_project, tmp_path):
    files = [tmp_path / name for name in ("rows.csv", "objects.csv", "chart.svg")]
    done = run_cli(
        "stats", tiny_project.root, "--csv", files[0], "--objects", files[1], "--plot", files[2]
    )
    assert done.code == 0
    assert "disc" in done.out
    assert all(f.stat().st_size for f in files)
    events = run_cli("stats", tiny_project.root, "--json").events
    assert events[-1]["event"] == "done"
    pixels = {c["class"]: c["pixels"] for c in events[-1]["classes"]}
    rows = [e for e in events if e["event"] == "row" and e["class"] == "disc"]
    assert sum(r["pixels"] for r in rows) == pixels["disc"] > 0


def test_stats_refuses_other_plots_before_it_measures(run_cli, tiny_project):
    assert run_cli("stats", tiny_project.root, "--plot", "x.pdf").code == 2


def test_compare_prints_scores_and_writes_pictures(run_cli, tiny_project, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    mask = tiny_project.load_mask(tiny_project.entry("a.png")).copy()
    mask[:10] = 2
    Image.fromarray(mask).save(other / "a.png")
    done = run_cli("compare", tiny_project.root, other, "--out", tmp_path / "out", "--csv")
    assert done.code == 0
    assert "Cohen's kappa" in done.out
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"a.png", "comparison.csv"}
    *_, image, last = run_cli("compare", tiny_project.root, other, "--json").events
    assert image["image"] == "a"
    assert 0 < last["miou"] < 1
    assert json.dumps(last["confusion"]["ids"]) == "[0, 1, 2]"
