"""A folder of labelme JSON files, as the tutorials make them, is a project after one command."""

from __future__ import annotations

import json

import numpy as np
from PIL import Image

from unet_gui.dataset.project import Project


def test_a_labelme_folder_converts_in_one_step(run_cli, tmp_path):
    folder = tmp_path / "before"
    folder.mkdir()
    for name in ("1", "2"):
        Image.new("RGB", (40, 30), "#808080").save(folder / f"{name}.jpg")
        square = {"label": "cat", "points": [[10, 5], [30, 5], [30, 25], [10, 25]],
                  "group_id": None, "shape_type": "polygon", "flags": {}}  # fmt: skip
        page = {"version": "5.4.1", "flags": {}, "shapes": [square], "imagePath": f"{name}.jpg",
                "imageData": None, "imageHeight": 30, "imageWidth": 40}  # fmt: skip
        (folder / f"{name}.json").write_text(json.dumps(page), "utf-8")
    done = run_cli("import", folder, "--into", tmp_path / "cats")
    assert done.code == 0, done.err
    project = Project.open(tmp_path / "cats")
    assert [e.path.stem for e in project.images] == ["1", "2"]
    cat = next(c.id for c in project.classes if c.name == "cat")
    mask = project.load_mask(project.images[0])
    assert mask.shape == (30, 40)
    where = np.argwhere(mask == cat)
    assert abs(len(where) - 400) <= 41, "the square, give or take its border"
    assert np.allclose(where.mean(0), (15, 20), atol=1)
