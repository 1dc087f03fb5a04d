"""The Class menu and the number keys."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QCoreApplication

from unet_gui.gui.actions.spec import (
    CLASS_KEYS,
    ActionSpec,
    Menu,
    has_class,
    has_classes,
    has_project,
    has_several_classes,
)


def class_rows() -> tuple[ActionSpec, ...]:
    translate, menu = QCoreApplication.translate, Menu.CLASS
    numbers = tuple(
        ActionSpec(f"class_{n}", menu, translate("Actions", "Class {0}").format(n), "", (str(n),),
            translate("Actions", "Paint this class"), partial(has_classes, at_least=n),
            in_menu=False)
        for n in range(1, CLASS_KEYS + 1)
    )  # fmt: skip
    return (
        ActionSpec("class_add", menu, translate("Actions", "&Add a class"), "add",
            ("Ctrl+Shift+A",), translate("Actions", "One more kind of thing to paint"),
            has_project),
        ActionSpec("class_rename", menu, translate("Actions", "&Rename"), "edit", ("F2",),
            translate("Actions", "Another name for the chosen class"), has_class),
        ActionSpec("class_recolor", menu, translate("Actions", "Change the &colour…"), "contrast",
            (), translate("Actions", "Another colour for the chosen class"), has_class),
        ActionSpec("class_up", menu, translate("Actions", "Move &up"), "up", (),
            translate("Actions", "The class takes the key before its own"), has_several_classes),
        ActionSpec("class_down", menu, translate("Actions", "Move &down"), "down", (),
            translate("Actions", "The class takes the key after its own"), has_several_classes),
        ActionSpec("class_hide", menu, translate("Actions", "&Hide"), "eye_off", (),
            translate("Actions", "Do not draw the chosen class"), has_class, checkable=True,
            starts_section=True),
        ActionSpec("class_solo", menu, translate("Actions", "Show &only this"), "eye", (),
            translate("Actions", "Draw no other class (Alt and a click on the eye)"), has_class,
            checkable=True),
        ActionSpec("class_lock", menu, translate("Actions", "Loc&k"), "lock", (),
            translate("Actions", "No tool paints over the chosen class"), has_class,
            checkable=True),
        ActionSpec("class_show_all", menu, translate("Actions", "&Show all, lock none"), "", (),
            translate("Actions", "Every class is drawn and may be painted over"),
            lambda s: s.class_views),
        ActionSpec("class_merge", menu, translate("Actions", "&Merge into…"), "merge", (),
            translate("Actions", "Give all its pixels to another class"), has_several_classes,
            starts_section=True),
        ActionSpec("class_delete", menu, translate("Actions", "&Delete…"), "remove", (),
            translate("Actions", "Make all its pixels unlabelled"), has_class),
        ActionSpec("swap_class", menu, translate("Actions", "&Last class"), "", ("X",),
            translate("Actions", "Back to the class used before"), lambda s: s.can_swap,
            starts_section=True),
        *numbers,
    )  # fmt: skip
