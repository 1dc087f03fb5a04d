import pytest

from unet_gui.core.classes import UNLABELLED, ClassInfo, ClassTable, default_color
from unet_gui.core.errors import ClassTableError


@pytest.fixture
def table():
    return ClassTable.from_names(["soil", "crop", "weed"])


def test_ids_stay_when_one_in_the_middle_goes(table):
    left = table.removed(1)
    assert left.ids == (0, 2)
    assert left[2].name == "weed"
    assert left.num_outputs == 3


def test_a_deleted_id_is_not_given_again(table):
    assert table.removed(2).added("stone", retired=[2]).ids == (0, 1, 3)


def test_order_is_the_persons_and_lookup_is_by_id(table):
    turned = table.reordered([2, 0, 1])
    assert turned.ids == (2, 0, 1)
    assert turned[0].name == "soil"
    with pytest.raises(ClassTableError):
        table.reordered([0, 1])


def test_rename_and_recolour(table):
    assert table.renamed(1, " peanut ")[1].name == "peanut"
    assert table.recolored(1, "#010203")[1].rgb == (1, 2, 3)


@pytest.mark.parametrize(
    "make",
    [
        lambda t: t.added("SOIL"),
        lambda t: t.renamed(1, "weed"),
        lambda t: t.renamed(1, "  "),
        lambda t: t.recolored(1, "red"),
        lambda t: t[9],
        lambda t: t.removed(9),
        lambda t: ClassTable([*t, ClassInfo(0, "again", "#000000")]),
        lambda t: ClassInfo(UNLABELLED, "x", "#000000"),
        lambda t: ClassTable.from_names([str(i) for i in range(256)]),
    ],
)
def test_what_makes_no_sense_is_refused_with_words(table, make):
    with pytest.raises(ClassTableError):
        make(table)


def test_255_classes_fit_and_no_more():
    full = ClassTable.from_names([str(i) for i in range(255)])
    with pytest.raises(ClassTableError, match="no class id left"):
        full.added("one more")


def test_palette_has_every_entry(table):
    palette = table.recolored(2, "#0a0b0c").palette()
    assert palette.shape == (256, 3)
    assert palette[2].tolist() == [10, 11, 12]
    assert palette[UNLABELLED].tolist() == [224, 224, 192]


def test_default_colours_differ():
    assert len({default_color(i) for i in range(60)}) == 60
