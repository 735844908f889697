"""How pictures come in: by dialog, dropped, pasted."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from castlist.desktop.desk import Desk
from castlist.desktop.dialogs import ask_folder, ask_pictures
from castlist.desktop.picture import Picture
from castlist.errors import PhotoError

PASTED = Path("clipboard.png")  # what a pasted picture is called where a photo has its file's name


class Opening:
    """Hands over what is opened: files and folders, a picture without a file, an archive, each to its own."""

    def __init__(
        self,
        desk: Desk,
        on_paths: Callable[[Sequence[Path]], object],
        on_picture: Callable[[Picture], object],
        on_archive: Callable[[Path], object],
    ) -> None:
        self._desk, self._on_paths, self._on_picture, self._on_archive = desk, on_paths, on_picture, on_archive
        self.takes_drops = _load_dropping(desk.root)
        if self.takes_drops:
            desk.root.tk.call("tkdnd::drop_target", "register", desk.root, "DND_Files")
            desk.root.tk.call("bind", desk.root, "<<Drop>>", f"{desk.root.register(self.drop)} %A %D")

    def ask_pictures(self) -> None:
        """Ask for pictures."""
        self._on_paths(ask_pictures(self._desk.root))

    def ask_folder(self) -> None:
        """Ask for a folder of pictures."""
        if chosen := ask_folder(self._desk.root):
            self._on_paths([chosen])

    def ask_archive(self) -> None:
        """Ask for an archive's folder."""
        if chosen := ask_folder(self._desk.root):
            self._on_archive(chosen)

    def drop(self, action: str, names: str) -> str:
        """Take files and folders that were dropped onto the window, a list of Tcl's; gives what the source is told."""
        self._on_paths([Path(name) for name in self._desk.root.tk.splitlist(names)])
        return action

    def paste(self) -> None:
        """Take a picture, or files, from the clipboard."""
        try:
            found = _read_clipboard(self._desk.root)
        except PhotoError as error:
            self._desk.notice.complain(error)
            return
        if isinstance(found, np.ndarray):
            self._on_picture(Picture(PASTED, found))
        elif found:
            self._on_paths(found)
        else:
            self._desk.notice.tell(lambda translate: translate("There is no picture in the clipboard."))


def _load_dropping(root: tk.Tk) -> bool:
    """Whether files can be dropped: tkinterdnd2 is installed, and has a library for this system."""
    try:
        from tkinterdnd2 import TkinterDnD

        TkinterDnD.require(root)
    except (ImportError, RuntimeError):
        return False
    return True


def _read_clipboard(root: tk.Tk) -> np.ndarray | list[Path]:
    """A picture, or files; an empty list where there is neither."""
    if root.tk.call("tk", "windowingsystem") != "x11":
        from PIL import ImageGrab

        found = ImageGrab.grabclipboard()
        return (
            np.asarray(found.convert("RGB")) if isinstance(found, Image.Image) else [Path(name) for name in found or ()]
        )
    # Pillow would need xclip or wl-clipboard here; Tk reads the clipboard itself.
    kinds = _selection(root, "TARGETS").split()
    for kind in ("image/png", "image/jpeg", "image/bmp"):
        if kind in kinds:
            from castlist.media import read_photo

            # What isn't text, Tk gives as numbers in hexadecimal.
            return read_photo(bytes(int(value, 16) for value in _selection(root, kind).split()))
    if "text/uri-list" in kinds:
        import urllib.parse  # late: they bring HTTP and its ciphers
        import urllib.request

        data = bytes(int(value, 16) for value in _selection(root, "text/uri-list").split())
        links = [line for line in data.decode().split("\r\n") if line.startswith("file:")]
        return [Path(urllib.request.url2pathname(urllib.parse.urlparse(link).path)) for link in links]
    return []


def _selection(root: tk.Tk, kind: str) -> str:
    try:
        return str(root.tk.call("selection", "get", "-selection", "CLIPBOARD", "-type", kind))
    except tk.TclError:
        return ""
