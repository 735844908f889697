"""What can be done, as menus, buttons and keys: each thing once."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from tkinter import ttk

from castlist.desktop.texts import NAMES, Sentence, Texts
from castlist.languages import LANGUAGES, Translate


@dataclass(frozen=True)
class Action:
    """Something that can be done."""

    label: Sentence
    do: Callable[[], object]
    keys: str = ""  # as the menu shows them, such as Ctrl+Shift+O
    button: bool = False  # whether it has one, too
    typing: bool = False  # whether its keys mean something else where text is typed

    @property
    def event(self) -> str:
        """The keys as Tk calls them: a capital letter stands for Shift."""
        *modifiers, key = self.keys.split("+")
        return f"<Control-{key.upper() if 'Shift' in modifiers else key.lower()}>"


Group = tuple[Sentence, Sequence[Action]]


def bind_keys(root: tk.Tk, groups: Sequence[Group]) -> None:
    """Let keys do what the menus do."""
    for _, actions in groups:
        for action in actions:
            if action.keys:
                root.bind(action.event, partial(_press, action))


def add_buttons(bar: ttk.Frame, texts: Texts, groups: Sequence[Group], gap: int) -> None:
    """A row of buttons for what is done most."""
    for _, actions in groups:
        for action in actions:
            if action.button:
                button = ttk.Button(bar, command=action.do)
                button.pack(side="left", padx=(0, gap))
                texts.show(partial(_label, button, action))


def add_menu(root: tk.Tk, texts: Texts, groups: Sequence[Group], on_language: Callable[[str], object]) -> None:
    """The menus, made anew in each language."""
    menu = tk.Menu(root)
    root.configure(menu=menu)

    def fill(translate: Translate) -> None:
        menu.delete(0, "end")
        for child in menu.winfo_children():
            child.destroy()
        for title, actions in groups:
            part = tk.Menu(menu, tearoff=False)
            for action in actions:
                part.add_command(label=action.label(translate), accelerator=action.keys, command=action.do)
            menu.add_cascade(label=title(translate), menu=part)
        part = tk.Menu(menu, tearoff=False)
        for name in LANGUAGES:
            part.add_command(label=NAMES[name], command=partial(on_language, name))
        menu.add_cascade(label=translate("Language"), menu=part)

    texts.show(fill)


def is_typing(event: tk.Event[tk.Misc]) -> bool:
    """Whether a key was pressed where text stands that is being written."""
    widget = event.widget
    return isinstance(widget, ttk.Entry) and widget.instate(("!readonly",)) and bool(widget.get())


def _label(button: ttk.Button, action: Action, translate: Translate) -> None:
    button.configure(text=action.label(translate))


def _press(action: Action, event: tk.Event[tk.Misc]) -> None:
    if not (action.typing and is_typing(event)):
        action.do()
