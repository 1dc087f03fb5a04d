"""How large a pixel is, as the project remembers it."""

import json

import pytest

from unet_gui.dataset.project import Project


def test_the_pixel_size_outlives_the_project(tiny_project):
    assert tiny_project.pixel_size is None
    tiny_project.set_pixel_size((0.65, "µm"))
    again = Project.open(tiny_project.root)
    assert again.pixel_size == (0.65, "µm")
    written = json.loads((tiny_project.root / "project.json").read_text("utf-8"))
    assert written["pixel_size"] == {"size": 0.65, "unit": "µm"}
    again.set_pixel_size(None)
    assert Project.open(tiny_project.root).pixel_size is None


@pytest.mark.parametrize(
    "nonsense",
    [3, {"size": 0, "unit": "mm"}, {"size": True, "unit": "mm"}, {"size": 1.0}, {"unit": "mm"},
     {"size": "1", "unit": "mm"}, {"size": -2, "unit": "mm"}],
)  # fmt: skip
def test_a_size_that_makes_no_sense_is_not_known(tiny_project, nonsense):
    path = tiny_project.root / "project.json"
    tiny_project.set_pixel_size((1.0, "mm"))
    raw = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps(raw | {"pixel_size": nonsense}), "utf-8")
    assert Project.open(tiny_project.root).pixel_size is None
