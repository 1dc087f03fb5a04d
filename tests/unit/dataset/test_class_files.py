"""Class names from the command line and from files."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unet_gui.core.classes import ClassInfo, ClassTable
from unet_gui.core.errors import UsageError
from unet_gui.dataset.class_files import (
    class_lines,
    find_classes,
    labelmap_lines,
    parse_classes,
    read_class_file,
    voc_classes,
)

NAMES = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], exclude_characters="\x85"),
    min_size=1,
    max_size=8,
).filter(lambda n: n.strip() == n and n[:1] not in "#{[_\ufeff" and n.isprintable())


def test_names_and_colours():
    table = parse_classes("soil, crop : #AABBCC ,weed")
    assert [(c.id, c.name) for c in table] == [(0, "soil"), (1, "crop"), (2, "weed")]
    assert table[1].color == "#aabbcc"
    assert parse_classes("time 12:30")[0].name == "time 12:30"


@pytest.mark.parametrize("text", ["", "a,,b", "a,", "a,A", "a:#12", ":#aabbcc", "a:#gggggg"])
def test_nonsense_is_wrong_usage(text):
    with pytest.raises(UsageError):
        parse_classes(text)


def test_too_many():
    with pytest.raises(UsageError):
        parse_classes(",".join(f"c{i}" for i in range(256)))


@given(
    names=st.lists(NAMES, min_size=1, max_size=6, unique_by=str.casefold),
    ids=st.lists(st.integers(0, 20), min_size=6, max_size=6, unique=True),
)
def test_written_lists_are_read_again(tmp_path_factory, names, ids):
    folder = tmp_path_factory.mktemp("lists")
    pairs = sorted(zip(ids, names, strict=False))
    table = ClassTable(ClassInfo(i, n, f"#{i:02x}0a0b") for i, n in pairs)
    (folder / "classes.txt").write_bytes("\n".join(class_lines(table)).encode())
    (folder / "labelmap.txt").write_bytes("\n".join(labelmap_lines(table)).encode())
    found = find_classes(folder)
    assert found is not None
    assert [(c.id, c.name) for c in found] == pairs


def test_colours_come_from_the_labelmap(tmp_path):
    table = ClassTable([ClassInfo(0, "a:b", "#010203"), ClassInfo(4, "c", "#040506")])
    (tmp_path / "classes.txt").write_text("\n".join(class_lines(table)), "utf-8")
    (tmp_path / "labelmap.txt").write_text("\n".join(labelmap_lines(table)), "utf-8")
    assert find_classes(tmp_path) == table


def test_read_class_file(tmp_path):
    path = tmp_path / "c.txt"
    path.write_text("soil\ncrop\n", "utf-8")
    assert [c.name for c in read_class_file(path)] == ["soil", "crop"]
    with pytest.raises(UsageError, match="cannot be read"):
        read_class_file(tmp_path / "gone.txt")
    path.write_text('{"classes": 1}', "utf-8")
    with pytest.raises(UsageError, match="no list of classes"):
        read_class_file(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="no list of classes"):
        read_class_file(path)


def test_voc_colours():
    colors = [voc_classes()[i].color for i in (0, 1, 2, 3, 20)]
    assert colors == ["#000000", "#800000", "#008000", "#808000", "#004080"]
