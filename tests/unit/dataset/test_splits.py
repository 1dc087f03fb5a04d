"""Splits are the same each time, keep groups together and come as near to the shares as can be."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unet_gui.core.errors import ExportError
from unet_gui.dataset.splits import Part, Split, deal

NAMES = [f"s{i // 5}/slice{i:02}.png" for i in range(20)]


def sizes(dealt):
    counted = Counter(dealt.parts.values())
    return tuple(counted[p] for p in Part)


def by_group(dealt):
    parts: dict[str, set[Part]] = {}
    for name, part in dealt.parts.items():
        parts.setdefault(dealt.groups[name], set()).add(part)
    return parts


@pytest.mark.parametrize(
    ("val", "test", "expected"),
    [
        (0.2, 0, (16, 4, 0)),
        (0.2, 0.1, (14, 4, 2)),
        (0, 0.25, (15, 0, 5)),
        (0, 0, (20, 0, 0)),
        (0.001, 0.001, (18, 1, 1)),
        (0.98, 0, (1, 19, 0)),
    ],
)
def test_shares(val, test, expected):
    assert sizes(deal(NAMES, Split(val, test))) == expected


def test_the_same_each_time_and_another_with_another_seed():
    first = deal(NAMES, Split(seed=3))
    assert deal(NAMES, Split(seed=3)) == first
    assert deal(NAMES[::-1], Split(seed=3)).parts == first.parts
    assert any(deal(NAMES, Split(seed=s)).parts != first.parts for s in range(4))


def test_one_more_image_does_not_shuffle_the_others():
    before = deal(NAMES, Split(0.2)).parts
    after = deal([*NAMES, "s9/new.png"], Split(0.2)).parts
    assert sum(before[n] is not after[n] for n in NAMES) <= 1


@pytest.mark.parametrize("group", ["folder", r"^(s\d+)/", r"s\d"])
def test_groups_never_straddle(group):
    dealt = deal(NAMES, Split(0.25, 0.25, group=group))
    assert all(len(parts) == 1 for parts in by_group(dealt).values())
    assert sizes(dealt) == (10, 5, 5)
    assert not dealt.notes


group_lists = st.lists(st.integers(1, 9), min_size=1, max_size=9)


@given(group_lists, st.sampled_from([0, 0.1, 0.3, 0.5]), st.sampled_from([0, 0.2, 0.4]),
       st.integers(0, 5))  # fmt: skip
def test_shares_are_as_near_as_groups_allow(counts, val, test, seed):
    names = [f"{g}/{i}.png" for g, n in enumerate(counts) for i in range(n)]
    dealt = deal(names, Split(val, test, seed=seed, group="folder"))
    assert list(dealt.parts) == names
    assert all(len(parts) == 1 for parts in by_group(dealt).values())
    train, in_val, in_test = sizes(dealt)
    assert train >= 1
    wanted = [s for s in (val, test) if s]
    if len(counts) > len(wanted):
        assert (in_val > 0, in_test > 0) == (val > 0, test > 0)
    if len(wanted) == 1 and len(counts) > 1:
        target = max(1, round(wanted[0] * len(names)))
        reachable = {
            sum(c) for k in range(1, len(counts)) for c in combinations(counts, k)
        }  # neither none nor all
        assert abs(in_val + in_test - target) == min(abs(r - target) for r in reachable)


def test_too_few_groups_are_said():
    dealt = deal(["a/1.png", "a/2.png"], Split(0.5, group="folder"))
    assert sizes(dealt) == (2, 0, 0)
    assert "too few groups" in dealt.notes[0]
    dealt = deal(["a/1.png", "b/2.png"], Split(0.3, 0.3, group="folder"))
    assert sizes(dealt) == (1, 1, 0)
    assert "test" in dealt.notes[0]


def test_an_image_outside_the_pattern_is_a_group_of_its_own_and_named():
    dealt = deal([*NAMES, "odd.png"], Split(0.2, group=r"s\d"))
    assert "odd.png" in dealt.notes[0]
    assert len({*dealt.groups.values()}) == 5


@pytest.mark.parametrize(
    ("split", "word"),
    [
        (Split(-0.1), "share for validation"),
        (Split(1.0), "share for validation"),
        (Split(0, 1.5), "share for the test"),
        (Split(0.5, 0.5), "shares for validation and test"),
        (Split(group="("), "no regular expression"),
        (Split(group="zzz"), "matches no image"),
    ],
)
def test_nonsense_is_refused(split, word):
    with pytest.raises(ExportError, match=word) as caught:
        deal(NAMES, split)
    assert caught.value.hint


def write_lists(folder, **lists):
    files = []
    for name, lines in lists.items():
        file = folder / f"{name}.txt"
        file.write_text("\n".join(lines), "utf-8")
        files.append(file)
    return tuple(files)


def test_lists_by_any_clear_spelling(tmp_path):
    names = ["a/x.png", "a/y.tif", "b/y.tif", "b/细 胞.jpg"]
    lists = write_lists(
        tmp_path, train=["x", "", "b/y"], val=["a\\y.tif"], test=["细 胞.jpg", "gone"]
    )
    dealt = deal(names, Split(lists=lists))
    assert dealt.parts == {
        "a/x.png": Part.TRAIN,
        "a/y.tif": Part.VAL,
        "b/y.tif": Part.TRAIN,
        "b/细 胞.jpg": Part.TEST,
    }
    assert "gone" in dealt.notes[0]


def test_images_in_no_list(tmp_path):
    lists = write_lists(tmp_path, val=["slice00"])
    assert sizes(deal(NAMES, Split(lists=lists))) == (19, 1, 0)
    lists = write_lists(tmp_path, val=["slice00"], train=["slice01"])
    dealt = deal(NAMES, Split(lists=lists))
    assert sizes(dealt) == (1, 1, 0)
    assert "and 17 more; they were left out" in dealt.notes[0]


def test_lists_that_make_no_sense(tmp_path):
    def refused(word, group=None, **lists):
        with pytest.raises(ExportError, match=word):
            deal(NAMES, Split(group=group, lists=write_lists(tmp_path, **lists)))

    refused("in two lists", train=["slice00"], val=["s0/slice00.png"])
    refused("name no image", train=["nobody"])
    refused("what its images are for", holdout=["slice00"])
    refused("tear a group apart", group="folder", train=["slice00"], val=["slice01"])
    with pytest.raises(ExportError, match="cannot be read"):
        deal(NAMES, Split(lists=(tmp_path / "test.txt",)))
