"""Dialogs for files and folders: the system's; on X11 Tk's own, which speak no Chinese and stumble over spaces."""

from __future__ import annotations

import tkinter as tk
from pathlib import Path
from tkinter import filedialog, messagebox

from castlist.languages import Translate

# With several files allowed, Tk takes what is typed for a list, and a space for the gap between two names.
MENDED = r"""
auto_load ::tk::dialog::file::ActivateEnt
set ::tk::dialog::file::showHiddenBtn 1
set ::tk::dialog::file::showHiddenVar 0
rename ::tk::dialog::file::ActivateEnt ::tk::dialog::file::ActivateList
proc ::tk::dialog::file::ActivateEnt {w} {
    upvar ::tk::dialog::file::[winfo name $w] data
    set typed [$data(ent) get]
    if {$data(-multiple) && [file exists [file join $data(selectPath) $typed]]} {
        $data(ent) delete 0 end
        $data(ent) insert 0 [list $typed]
    }
    ::tk::dialog::file::ActivateList $w
}
"""


def mend_dialogs(root: tk.Misc) -> None:
    """Let a typed path have spaces, and leave hidden files out until they are asked for; once for the whole window."""
    if root.tk.call("tk", "windowingsystem") == "x11":
        root.tk.eval(MENDED)


def translate_dialogs(root: tk.Misc, translate: Translate) -> None:
    """Put the texts of Tk's own dialogs into the window's language."""
    texts = {
        "&Open": translate("Open"),
        "Open": translate("Open"),
        "&Save": translate("Save"),
        "Save As": translate("Save as"),
        "&Cancel": translate("Cancel"),
        "&OK": translate("OK"),
        "&Yes": translate("Yes"),
        "&No": translate("No"),
        "&Directory:": translate("Folder:"),
        "&Selection:": translate("Folder:"),
        "Choose Directory": translate("Choose a folder"),
        "File &name:": translate("File name:"),
        "File &names:": translate("File names:"),
        "Show &Hidden Directories": translate("Show hidden folders"),
        "Show &Hidden Files and Directories": translate("Show hidden files and folders"),
        'File "%1$s" already exists.\nDo you want to overwrite it?': translate(
            "The file {file} exists already. Write over it?"
        ).format(file="%1$s"),
        'File "%1$s" does not exist.': translate("There is no file {file}.").format(file="%1$s"),
        'Directory "%1$s" does not exist.': translate("There is no folder {folder}.").format(folder="%1$s"),
        'Invalid file name "%1$s".': translate("A file can't be called {file}.").format(file="%1$s"),
        'Cannot change to the directory "%1$s".\nPermission denied.': translate(
            "The folder {folder} can't be opened."
        ).format(folder="%1$s"),
    }
    language = root.tk.call("::msgcat::mclocale")
    for english, text in texts.items():
        root.tk.call("namespace", "eval", "::tk", ("::msgcat::mcset", language, english, text))


def ask_pictures(parent: tk.Misc) -> list[Path]:
    """Ask for pictures; none when it is cancelled."""
    return [Path(name) for name in filedialog.askopenfilenames(parent=parent)]


def ask_folder(parent: tk.Misc) -> Path | None:
    """Ask for a folder that exists; None when it is cancelled."""
    chosen = filedialog.askdirectory(parent=parent, mustexist=True)
    return Path(chosen) if chosen else None


def ask_file(parent: tk.Misc, name: str) -> Path | None:
    """Ask where to write a file that might be called so; None when it is cancelled."""
    suffix = Path(name).suffix
    chosen = filedialog.asksaveasfilename(parent=parent, defaultextension=suffix, initialfile=name)
    return Path(chosen) if chosen else None


def ask_consent(parent: tk.Misc, question: str) -> bool:
    """Ask whether something is really meant."""
    return bool(messagebox.askokcancel(parent=parent, title="castlist", message=question))
