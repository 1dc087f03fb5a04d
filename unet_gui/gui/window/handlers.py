"""What each action of the window does."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QCoreApplication

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.display import Display
from unet_gui.gui.options import Compare, Tool
from unet_gui.gui.theme import ThemeMode

if TYPE_CHECKING:
    from collections.abc import Callable

    from unet_gui.gui.actions import Actions
    from unet_gui.gui.dialogs.data_flows import DataFlows
    from unet_gui.gui.dialogs.flows import Flows
    from unet_gui.gui.dialogs.mask_flows import MaskFlows
    from unet_gui.gui.finetuning import FineTuning
    from unet_gui.gui.next_mistake import NextMistake
    from unet_gui.gui.prediction import PredictionService
    from unet_gui.gui.session import Session
    from unet_gui.gui.state import ViewState
    from unet_gui.gui.window.parts import Parts

    Handlers = dict[str, Callable[[], object]]


class Host(Protocol):
    """What the handlers need of the window itself."""

    session: Session
    state: ViewState
    parts: Parts
    commands: Actions
    flows: Flows
    data_flows: DataFlows
    mask_flows: MaskFlows
    prediction: PredictionService
    finetuning: FineTuning
    mistakes: NextMistake

    def close(self) -> bool: ...
    def go_to_next_area(self) -> None: ...
    def toggle_full_screen(self) -> None: ...
    def set_theme(self, mode: ThemeMode) -> None: ...
    def change_keys(self) -> None: ...
    def switch_instant(self, *, on: bool) -> None: ...


def all_handlers(host: Host) -> Handlers:
    """A function for every action, by its id."""
    return {
        **_project(host), **_painting(host), **_masks(host), **_view(host), **_display(host),
        **_images(host), **_classes(host), **_learning(host), **_help(host),
    }  # fmt: skip


def _project(host: Host) -> Handlers:
    flows, data, session = host.flows, host.data_flows, host.session
    return {
        "new_project": flows.new_project,
        "open": flows.open,
        "open_sample": flows.open_sample,
        "refresh": flows.refresh,
        "import": data.import_dataset,
        "check": data.check,
        "statistics": data.statistics,
        "compare_masks": data.compare,
        "export": flows.export,
        "close_project": flows.close_project,
        "quit": host.close,
        "undo": session.undo,
        "redo": session.redo,
    }


def _painting(host: Host) -> Handlers:
    state, switch = host.state, _switch(host)
    return {
        **{tool.value: partial(state.set_tool, tool) for tool in Tool},
        "pick": host.parts.canvas.pick_class,
        "smaller": lambda: state.step_size(-1),
        "larger": lambda: state.step_size(+1),
        "brush_square": lambda: state.set_options(square=switch("brush_square")),
        "brush_pressure": lambda: state.set_options(pressure=switch("brush_pressure")),
        "wand_connected": lambda: state.set_options(connected=switch("wand_connected")),
        "protect_all": lambda: state.set_options(paint_only=None),
        "protect_painted": lambda: state.set_options(
            paint_only=None if state.options.paint_only == UNLABELLED else UNLABELLED
        ),
        "protect_others": lambda: state.set_options(paint_only=state.active_class),
    }


def _masks(host: Host) -> Handlers:
    masks = host.mask_flows
    return {
        "fill_holes": masks.fill_holes,
        "remove_specks": masks.remove_specks,
        "smooth_border": masks.smooth_border,
        "grow": masks.grow,
        "shrink": masks.shrink,
        "replace_class": masks.replace_class,
        "copy_previous": masks.copy_previous,
        "copy_next": masks.copy_next,
        "clear_mask": masks.clear,
    }


def _view(host: Host) -> Handlers:
    state, canvas, switch, flows = host.state, host.parts.canvas, _switch(host), host.flows
    return {
        "zoom_in": canvas.zoom_in,
        "zoom_out": canvas.zoom_out,
        "zoom_fit": canvas.zoom_fit,
        "zoom_actual": canvas.zoom_actual,
        "overlay": lambda: state.set_overlay_visible(not switch("overlay")),
        "outline": lambda: state.set_outline(switch("outline")),
        "ghost": lambda: state.set_ghost_visible(switch("ghost")),
        "compare_next": lambda: state.set_view(compare=_after(state.view.compare)),
        **{f"compare_{mode.value}": partial(state.set_view, compare=mode) for mode in Compare},
        "uncertainty": lambda: state.set_view(uncertainty=switch("uncertainty")),
        "superpixels": lambda: state.set_view(superpixels=switch("superpixels")),
        "smooth_zoom": lambda: state.set_view(smooth=switch("smooth_zoom")),
        "pixel_grid": lambda: state.set_view(pixel_grid=switch("pixel_grid")),
        "rulers": lambda: state.set_view(rulers=switch("rulers")),
        "rotate_left": lambda: canvas.rotate(-90),
        "rotate_right": lambda: canvas.rotate(90),
        "flip": canvas.flip,
        "rotate_reset": canvas.reset_rotation,
        "pixel_size": flows.pixel_size,
        "panels": host.parts.panels.toggle,
        "next_area": host.go_to_next_area,
        "full_screen": host.toggle_full_screen,
        **{f"theme_{mode.value}": partial(host.set_theme, mode) for mode in ThemeMode},
    }


def _display(host: Host) -> Handlers:
    state, display, switch = host.state, host.parts.display, _switch(host)
    return {
        "display_stretch": display.stretch,
        "display_invert": lambda: display.set_inverted(switch("display_invert")),
        "display_reset": lambda: state.set_display(Display()),
    }


def _images(host: Host) -> Handlers:
    session, switch = host.session, _switch(host)

    def accept() -> None:
        if session.accept() == 0:
            host.parts.status.notice(
                QCoreApplication.translate(
                    "MainWindow", "Nothing is left to accept: all of it is painted already."
                )
            )

    return {
        "previous": session.previous_image,
        "next": session.next_image,
        "next_mistake": host.mistakes.go_on,
        "previous_mistake": host.mistakes.go_back,
        "accept": accept,
        "accept_next": session.accept_and_next,
        "discard": session.discard_ghost,
        "done": lambda: session.mark_done(switch("done")),
    }


def _classes(host: Host) -> Handlers:
    classes, flows, state = host.parts.classes, host.flows, host.state
    return {
        "class_add": classes.add,
        "class_rename": classes.rename_chosen,
        "class_recolor": lambda: flows.recolor_class(classes.chosen),
        "class_up": lambda: classes.move_chosen(-1),
        "class_down": lambda: classes.move_chosen(+1),
        "class_hide": classes.hide_chosen,
        "class_solo": classes.solo_chosen,
        "class_lock": classes.lock_chosen,
        "class_show_all": classes.show_all,
        "class_merge": lambda: flows.merge_class(classes.chosen),
        "class_delete": lambda: flows.delete_class(classes.chosen),
        "swap_class": state.swap_class,
        **{f"class_{n}": partial(classes.choose_position, n - 1) for n in range(1, 10)},
    }


def _learning(host: Host) -> Handlers:
    learner = host.parts.learner

    def roll_back() -> None:
        if learner.previous_round is not None:
            learner.use_round(learner.previous_round)

    return {
        "fine_tune": learner.start,
        "stop_learning": host.finetuning.stop,
        "roll_back": roll_back,
        "instant": lambda: host.switch_instant(on=host.commands["instant"].isChecked()),
        "load_network": host.data_flows.load_network,
        "fetch_encoder": host.data_flows.fetch_encoder,
        "save_network": host.data_flows.save_network,
    }


def _help(host: Host) -> Handlers:
    flows, actions = host.flows, host.commands
    return {
        "keys": lambda: flows.keys(actions.rows()),
        "change_keys": host.change_keys,
        "commands": lambda: flows.commands(actions.rows()),
        "log": flows.show_log,
        "about": lambda: flows.about(host.prediction.device_text),
    }


def _switch(host: Host) -> Callable[[str], bool]:
    """Whether an action that is on or off is on, after the click."""
    return lambda action_id: host.commands[action_id].isChecked()


def _after(mode: Compare) -> Compare:
    modes = list(Compare)
    return modes[(modes.index(mode) + 1) % len(modes)]
