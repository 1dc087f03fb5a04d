"""The doctor on folders of every layout, cancelled, in place, and on real sets that are well."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from unet_gui.core.errors import ProjectError
from unet_gui.core.progress import Progress, drain
from unet_gui.dataset.doctor import Finding, Severity, examine, repair, repair_in_place

SETS = ["camvid", "crop_weed", "em_membranes", "em_organelles", "nuclei", "nuclei_histology",
        "vessels", "wbc"]  # fmt: skip


def voc(zoo, root):
    """The zoo's files as a VOC folder."""
    for made in ("JPEGImages", "SegmentationClass", "ImageSets/Segmentation"):
        (root / made).mkdir(parents=True)
    for i in range(4):
        Image.open(zoo.image(f"n{i}.png")).save(root / "JPEGImages" / f"n{i}.jpg")
        shutil.copy(zoo.mask(f"n{i}.png"), root / "SegmentationClass" / f"n{i}.png")
    sets = root / "ImageSets" / "Segmentation"
    (sets / "train.txt").write_text("n0\nn1\nn2\n", "utf-8")
    (sets / "val.txt").write_text("n3\n", "utf-8")
    (sets / "trainval.txt").write_text("n0\nn1\nn2\nn3\n", "utf-8")
    shutil.copy(zoo.root / "classes.json", root / "classes.json")
    return root


def test_a_voc_folder_is_understood(zoo, tmp_path):
    report = drain(examine(voc(zoo(), tmp_path / "voc")))
    assert report.findings == []
    assert (report.images, report.masks) == (4, 4)


def test_several_years_of_voc_are_understood(zoo, tmp_path):
    folder = zoo()
    voc(folder, tmp_path / "VOCdevkit" / "VOC2007")
    voc(folder, tmp_path / "VOCdevkit" / "VOC2012")
    report = drain(examine(tmp_path / "VOCdevkit"))
    assert (report.images, report.masks) == (8, 8)
    assert report.errors == 0
    assert report.codes == {"image-copy"}


def test_a_list_of_voc_that_names_nothing_is_cleaned_in_the_copy(zoo, tmp_path):
    root = voc(zoo(), tmp_path / "voc")
    file = root / "ImageSets" / "Segmentation" / "train.txt"
    file.write_text("n0\r\ngone\r\nn1\r\n", "utf-8", newline="")
    drain(repair(drain(examine(root)), tmp_path / "out"))
    assert (tmp_path / "out" / file.relative_to(root)).read_bytes() == b"n0\r\nn1\r\n"


def test_pairs_told_apart_by_a_suffix_are_understood(zoo, tmp_path):
    folder, flat = zoo(), tmp_path / "flat"
    flat.mkdir()
    for i in range(4):
        shutil.copy(folder.image(f"n{i}.png"), flat / f"n{i}.png")
        shutil.copy(folder.mask(f"n{i}.png"), flat / f"n{i}_mask.png")
    report = drain(examine(flat))
    assert (report.images, report.masks) == (4, 4)
    assert report.codes == {"mask-suffix"}
    drain(repair(report, tmp_path / "out"))
    assert {p.name for p in (tmp_path / "out" / "masks").iterdir()} == {
        f"n{i}.png" for i in range(4)
    }
    assert drain(examine(tmp_path / "out")).findings == []


def test_parts_with_images_and_masks_each_are_understood(zoo, tmp_path):
    root = tmp_path / "parts"
    for i, part in enumerate(("train", "val")):
        shutil.copytree(zoo().root, root / part) if i == 0 else None
        if i:
            for kind in ("images", "masks"):
                (root / part / kind).mkdir(parents=True)
            Image.fromarray(np.full((32, 48, 3), 90, np.uint8)).save(
                root / part / "images" / "z.png"
            )
            Image.fromarray(zoo_mask()).save(root / part / "masks" / "z.png")
    report = drain(examine(root))
    assert (report.images, report.masks) == (5, 5)
    assert report.errors == report.warnings == 0


def zoo_mask():
    mask = np.zeros((32, 48), np.uint8)
    mask[3:9, 5:30] = 1
    return mask


def test_a_flat_folder_of_images_is_understood(zoo):
    report = drain(examine(zoo().images))
    assert (report.images, report.masks) == (4, 0)
    assert {f.severity for f in report.findings} == {Severity.NOTE}


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(ProjectError, match="no folder"):
        drain(examine(tmp_path / "nowhere"))


def test_findings_come_while_it_works_and_it_can_be_cancelled(zoo):
    folder = zoo()
    folder.mask().write_bytes(b"")
    job = examine(folder.root)
    items = []
    for item in job:
        items.append(item)
        if isinstance(item, Finding):
            break
    job.close()
    assert items[-1].code == "mask-empty"
    assert any(isinstance(i, Progress) for i in items)


def test_a_cancelled_repair_leaves_nothing(zoo, tmp_path):
    folder = zoo()
    folder.put(folder.ids() + 100)
    job = repair(folder.examine(), tmp_path / "out")
    next(job)
    next(job)
    job.close()
    assert not (tmp_path / "out").exists()


def test_repair_refuses_a_folder_that_is_taken_or_inside(zoo, tmp_path):
    report = zoo().examine()
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "x").write_text("x", "utf-8")
    with pytest.raises(ProjectError, match="there already"):
        drain(repair(report, tmp_path / "taken"))
    with pytest.raises(ProjectError, match="inside"):
        drain(repair(report, report.folder / "fixed"))
    assert (tmp_path / "taken" / "x").exists()


def test_in_place_keeps_the_originals(zoo, tmp_path):
    folder = zoo(classes=2)
    for i in range(4):
        folder.put(folder.ids(i, classes=2) * 255, f"n{i}.png")
    folder.image("n1.png").rename(folder.image("n1.jpg"))
    (folder.images / "Thumbs.db").write_bytes(b"x")
    before = folder.content()
    done = drain(repair_in_place(folder.examine(), tmp_path / "kept"))
    assert done.problems == []
    kept = {p.relative_to(tmp_path / "kept").as_posix(): p.read_bytes()
            for p in (tmp_path / "kept").rglob("*") if p.is_file()}  # fmt: skip
    assert kept.items() <= before.items()
    assert set(kept) == {f"masks/n{i}.png" for i in range(4)} | {
        "images/n1.jpg",
        "images/Thumbs.db",
    }
    assert folder.examine().findings == []


def test_in_place_never_writes_over_another_file(zoo, tmp_path):
    folder = zoo()
    shutil.copy(folder.image("n1.png"), folder.image("n0.jpg"))
    before = folder.content()
    done = drain(repair_in_place(folder.examine(), tmp_path / "kept"))
    assert [p for p in done.problems if "there already" in p]
    assert folder.content() == before


def test_a_copied_project_finds_its_images_elsewhere(zoo, tmp_path):
    from unet_gui.dataset.project import Project

    folder = zoo()
    folder.project(images="../pictures", done=["gone.png"])
    folder.images.rename(tmp_path / "pictures")
    report = folder.examine()
    assert report.codes == {"done-missing"}
    assert report.images == 4
    drain(repair(report, tmp_path / "deep" / "out"))
    assert len(Project.open(tmp_path / "deep" / "out").images) == 4


@pytest.mark.parametrize("name", SETS)
def test_real_sets_that_are_well_have_neither_error_nor_warning(shared_data, name):
    report = drain(examine(shared_data(name)))
    assert report.images == report.masks > 0
    assert [f for f in report.findings if f.severity is not Severity.NOTE] == []


def test_masks_in_tiles_are_this_programs_own_and_well(zoo):
    from unet_gui.core.classes import ClassTable
    from unet_gui.core.document import Document
    from unet_gui.dataset.mask_tiles import TiledMaskFile

    folder = zoo()
    folder.mask().unlink()
    document = Document(folder.ids())
    file = TiledMaskFile(folder.mask("n0.tif"), "n0.png")
    file.save(document.snapshot(), ClassTable.from_names(["a", "b", "c"]).palette())
    report = folder.examine()
    assert (report.masks, report.findings) == (4, [])


def test_every_code_is_explained():
    import re

    from unet_gui.dataset.doctor import checks

    page = Path(__file__).parents[4] / "docs" / "doctor.md"
    if not page.exists():
        pytest.skip("not in a checkout")
    sources = [p.read_text("utf-8") for p in Path(checks.__file__).parent.glob("*.py")]
    calls = r'(?:Finding|_finding|_error)\(\s*(?:examined,\s*)?(?:Severity\.\w+,\s*)?"([a-z0-9-]+)"'
    codes = {code for source in sources for code in re.findall(calls, source)}
    assert len(codes) > 50
    assert [c for c in sorted(codes) if f"`{c}`" not in page.read_text("utf-8")] == []


def test_files_without_permission_are_told_whoever_runs_this(zoo, monkeypatch):
    from unet_gui.dataset.doctor import headers

    folder, really = zoo(), headers.is_tiff

    def refuse(path):
        if path == folder.image():
            raise PermissionError(13, "Permission denied")
        return really(path)

    monkeypatch.setattr(headers, "is_tiff", refuse)
    (found,) = folder.examine().findings
    assert (found.code, found.file) == ("unreadable", "images/n0.png")
