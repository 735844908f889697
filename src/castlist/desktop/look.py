"""How the window looks: sharp on fine screens, a theme of the system, fonts that have the glyphs."""

from __future__ import annotations

import tkinter as tk
from tkinter import font as tkfont
from tkinter import ttk

BASE = 96  # dots per inch of a screen at 1x


def apply_look(root: tk.Tk) -> float:
    """Fit sizes and theme to the screen; gives how many pixels a pixel at 1x is."""
    scale = max(1.0, root.winfo_fpixels("1i") / BASE)
    # Tk's fonts are in points; without this, they stay small on fine screens while the window's pixels shrink.
    root.tk.call("tk", "scaling", root.winfo_fpixels("1i") / 72)
    style = ttk.Style(root)
    if root.tk.call("tk", "windowingsystem") == "x11":
        style.theme_use("clam")  # the default of X11 looks like 1990
        families = set(tkfont.families(root))
        default = tkfont.nametofont("TkDefaultFont", root).actual("family")
        family = next((name for name in ("Noto Sans CJK TC", "Noto Sans", "DejaVu Sans") if name in families), default)
        for name in ("TkDefaultFont", "TkTextFont", "TkMenuFont", "TkHeadingFont"):
            tkfont.nametofont(name, root).configure(family=family, size=10)
    title = tkfont.nametofont("TkDefaultFont", root).copy()
    title.configure(size=14, weight="bold")
    style.configure("Title.TLabel", font=title)
    root.title_font = title  # type: ignore[attr-defined]  # Tk forgets a font that Python lets go
    space = tkfont.nametofont("TkDefaultFont", root).metrics("linespace")
    style.configure("Treeview", rowheight=round(space * 1.5))
    style.configure("TButton", padding=(round(8 * scale), round(4 * scale)))
    return scale
