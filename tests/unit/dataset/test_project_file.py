"""project.json: patience with other hands, refusal of nonsense, and nothing lost."""

from __future__ import annotations

import json
import threading

import pytest

from unet_gui.core.classes import ClassTable
from unet_gui.core.errors import ProjectError
from unet_gui.dataset.project_file import ProjectFile, Settings

MINIMAL = {"format": 1, "classes": [{"id": 0, "name": "soil", "color": "#112233"}]}


def written(tmp_path, data):
    text = data if isinstance(data, str) else json.dumps(data)
    (tmp_path / "project.json").write_text(text, "utf-8")
    return tmp_path


def test_defaults(tmp_path):
    settings = ProjectFile(written(tmp_path, MINIMAL)).settings
    assert (settings.images, settings.masks) == ("images", "masks")
    assert settings.classes[0].name == "soil"
    assert settings.done == set()
    assert settings.adopted is None


def test_round_trip(tmp_path):
    settings = Settings(
        ClassTable.from_names(["soil", "Größe", "作物"]), "/elsewhere", "m", {7}, {"a b.png"},
        "round-001", {"a.tif": "a.tif.png"}, "/base", "f00d",
    )  # fmt: skip
    ProjectFile(tmp_path, settings).update(lambda s: None)
    assert ProjectFile(tmp_path).settings == settings


def test_unknown_keys_are_kept(tmp_path):
    data = {**MINIMAL, "author": {"name": "x"}, "note": None}
    data["classes"] = [{**MINIMAL["classes"][0], "description": "brown"}]
    ProjectFile(written(tmp_path, data)).update(lambda s: s.done.add("a.png"))
    kept = json.loads((tmp_path / "project.json").read_text("utf-8"))
    assert kept["author"] == {"name": "x"}
    assert "note" in kept
    assert kept["classes"][0]["description"] == "brown"
    assert kept["done"] == ["a.png"]


def test_colours_may_be_missing_or_rgb_lists(tmp_path):
    data = {"classes": [{"id": 3, "name": "a"}, {"id": 1, "name": "b", "rgb": [1, 2, 255]}]}
    table = ProjectFile(written(tmp_path, data)).settings.classes
    assert table.ids == (3, 1)
    assert table[1].color == "#0102ff"


@pytest.mark.parametrize(
    ("data", "word"),
    [
        ("", "not JSON"),
        ("{", "line 1 is not JSON"),
        ('{"format": 1,\n"classes": [}', "line 2"),
        ("[1]", "JSON object"),
        ({"format": 99, "classes": []}, "format 99.*newer"),
        ({"format": "one"}, "format number is 'one'"),
        ({"classes": {}}, "not a list"),
        ({"classes": ["soil"]}, "is not a class"),
        ({"classes": [{"id": True, "name": "x"}]}, "is not a class"),
        ({"classes": [{"id": 255, "name": "x"}]}, "outside 0 to 254"),
        ({"classes": [{"id": 0, "name": "x"}, {"id": 0, "name": "y"}]}, "share an id"),
        ({"classes": [{"id": 0, "name": "x"}, {"id": 1, "name": "X"}]}, "are called"),
        ({"classes": [{"id": 0, "name": "x", "color": "red"}]}, "not a colour"),
        ({"images": 5}, "“images” is 5"),
        ({"images": "a\0b"}, "“images”"),
        ({"done": "a.png"}, "“done”"),
        ('{"format": ' + "9" * 5000 + "}", "damaged"),
        ("[" * 100000, "damaged|not JSON"),
    ],
)
def test_what_cannot_be_used_is_said(tmp_path, data, word):
    with pytest.raises(ProjectError, match=word) as caught:
        ProjectFile(written(tmp_path, data))
    assert "project.json" in caught.value.message
    assert caught.value.hint


def test_not_text(tmp_path):
    (tmp_path / "project.json").write_bytes(b"\xff\xfe\x00{")
    with pytest.raises(ProjectError, match="UTF-8"):
        ProjectFile(tmp_path)


def test_byte_order_mark_of_windows_editors(tmp_path):
    (tmp_path / "project.json").write_bytes(b"\xef\xbb\xbf" + json.dumps(MINIMAL).encode())
    assert len(ProjectFile(tmp_path).settings.classes) == 1


def test_mask_names_cannot_lead_out_of_the_folder(tmp_path):
    data = {**MINIMAL, "mask_names": {"a": "../x.png", "b": "/x.png", "c": "sub/c.tif.png"}}
    assert ProjectFile(written(tmp_path, data)).settings.mask_names == {"c": "sub/c.tif.png"}


def test_two_writers_keep_each_others_changes(tmp_path):
    written(tmp_path, MINIMAL)
    window, training = ProjectFile(tmp_path), ProjectFile(tmp_path)

    def adopt(settings):
        settings.adopted = "round-001"

    training.update(adopt)
    window.update(lambda s: s.done.add("a.png"))
    assert window.settings.adopted == "round-001"
    assert training.sync()
    assert training.settings.done == {"a.png"}
    assert not training.sync()


def test_many_writers_at_once(tmp_path):
    written(tmp_path, MINIMAL)

    def work(i):
        file = ProjectFile(tmp_path)
        for j in range(5):
            file.update(lambda s, name=f"{i}-{j}": s.done.add(name))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ProjectFile(tmp_path).settings.done) == 20


def test_a_failed_write_changes_nothing(tmp_path, monkeypatch):
    file = ProjectFile(written(tmp_path, MINIMAL))
    before = (tmp_path / "project.json").read_bytes()

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(ProjectError, match="disk is full"):
        file.update(lambda s: s.done.add("a.png"))
    assert file.settings.done == set()
    assert (tmp_path / "project.json").read_bytes() == before


def test_damaged_while_open_keeps_the_last_good_settings(tmp_path, caplog):
    file = ProjectFile(written(tmp_path, MINIMAL))
    written(tmp_path, '{"format": 1, "classes": [')
    assert not file.sync()
    assert not file.sync()
    assert file.settings.classes[0].name == "soil"
    assert len(caplog.records) == 1
    assert "project.json is damaged" in caplog.text


def test_a_damaged_file_is_not_written_over(tmp_path):
    file = ProjectFile(written(tmp_path, MINIMAL))
    written(tmp_path, "{ by hand")
    file.sync()
    with pytest.raises(ProjectError, match="damaged"):
        file.update(lambda s: s.done.add("a.png"))
    assert (tmp_path / "project.json").read_text() == "{ by hand"
    written(tmp_path, {**MINIMAL, "done": ["b.png"]})
    file.update(lambda s: s.done.add("a.png"))
    assert file.settings.done == {"a.png", "b.png"}


def test_the_id_comes_with_the_first_write_and_stays(tmp_path):
    file = ProjectFile(written(tmp_path, MINIMAL))
    assert file.settings.id is None
    file.update(lambda s: None)
    made = file.settings.id
    assert made
    file.update(lambda s: s.done.add("a.png"))
    assert ProjectFile(tmp_path).settings.id == made
