"""How the window looks: sharp on fine screens, a theme of the system, fonts that have the glyphs."""

from __future__ import annotations

import tkinter as tk
from tkinter import font as tkfont
from tkinter import ttk

BASE = 96  # dots per inch of a screen at 1x
FRAME = 8  # pixels at 1x that systems draw around a window, at most
TITLE = "CastlistTitleFont"
PAPER, FIELD, SOFT, LINE = "#f4f5f7", "#ffffff", "#e6eaf0", "#c8ccd4"
INK, FADED, ACCENT, WARNING, ALARM = "#1b1f27", "#8b919c", "#245a8d", "#a3260d", "#ffe1a8"
FAMILIES = {
    "en": ("Noto Sans", "DejaVu Sans", "Liberation Sans"),
    "zh-TW": ("Noto Sans CJK TC", "Noto Sans TC", "WenQuanYi Micro Hei"),
}


def apply_look(root: tk.Tk) -> float:
    """Fit sizes and theme to the screen; gives how many pixels a pixel at 1x is."""
    scale = max(1.0, root.winfo_fpixels("1i") / BASE)
    # Tk's fonts are in points; without this, they stay small on fine screens while the window's pixels shrink.
    root.tk.call("tk", "scaling", root.winfo_fpixels("1i") / 72)
    style = ttk.Style(root)
    if root.tk.call("tk", "windowingsystem") == "x11":
        _paint(root, style, scale)
    family = tkfont.nametofont("TkDefaultFont", root).actual("family")
    # By Tcl: a font that Python made is gone when Python lets it go.
    root.tk.call("font", "create", TITLE, "-family", family, "-size", 14, "-weight", "bold")
    style.configure("Title.TLabel", font=TITLE)
    space = tkfont.nametofont("TkDefaultFont", root).metrics("linespace")
    style.configure("Treeview", rowheight=round(space * 1.6))
    style.configure("TButton", padding=(round(10 * scale), round(5 * scale)))
    style.configure("First.TButton", background=ACCENT, foreground=FIELD, lightcolor=ACCENT, darkcolor=ACCENT)
    style.map("First.TButton", background=[("active", INK)])
    style.configure("Notice.TFrame", background=ALARM)
    style.configure("Notice.TLabel", background=ALARM, foreground=INK)
    style.configure("NoticeSign.TLabel", background=ALARM, foreground=WARNING, font=TITLE)
    return scale


def room_on(root: tk.Misc) -> tuple[int, int]:
    """How wide and high a window may be on this screen, so that its frame and the system's bars have room, too."""
    height = root.winfo_screenheight()
    return root.winfo_screenwidth() - 2 * FRAME, height - max(3 * FRAME, height // 10)


def choose_fonts(root: tk.Misc, language: str) -> None:
    """On X11, where Tk takes whatever comes first, take fonts that are made for the language."""
    if root.tk.call("tk", "windowingsystem") != "x11":
        return
    families = set(tkfont.families(root))
    default = tkfont.nametofont("TkDefaultFont", root).actual("family")
    family = next((name for name in FAMILIES[language] if name in families), default)
    for name in ("TkDefaultFont", "TkTextFont", "TkMenuFont", "TkHeadingFont", "TkCaptionFont", "TkIconFont"):
        tkfont.nametofont(name, root).configure(family=family, size=10)
    tkfont.nametofont(TITLE, root).configure(family=family)


def _paint(root: tk.Tk, style: ttk.Style, scale: float) -> None:
    """The default look of X11 is of 1990: flat and light instead, and nothing a few pixels small on a fine screen."""
    style.theme_use("clam")
    colors = {"background": PAPER, "foreground": INK, "bordercolor": LINE, "lightcolor": PAPER, "darkcolor": PAPER}
    style.configure(".", **colors, troughcolor=SOFT, fieldbackground=FIELD, focuscolor=ACCENT, insertcolor=INK)
    style.map(".", foreground=[("disabled", FADED)])
    style.configure("TButton", background=FIELD, lightcolor=FIELD, darkcolor=FIELD)
    style.map("TButton", background=[("disabled", PAPER), ("pressed", LINE), ("active", SOFT)])
    arrow = round(13 * scale)
    style.configure("TCombobox", arrowsize=arrow, padding=round(3 * scale), background=FIELD, arrowcolor=INK)
    style.map("TCombobox", fieldbackground=[("disabled", PAPER), ("readonly", FIELD)])
    style.map("TCombobox", selectbackground=[("readonly", FIELD)], selectforeground=[("readonly", INK)])
    style.configure("TEntry", padding=round(3 * scale), lightcolor=FIELD)
    style.configure("TScrollbar", arrowsize=arrow, background=SOFT, arrowcolor=INK)
    style.configure("TCheckbutton", indicatorsize=round(12 * scale), indicatormargin=round(4 * scale))
    style.map("TCheckbutton", background=[("active", PAPER)])
    style.configure("Treeview", background=FIELD, fieldbackground=FIELD, lightcolor=FIELD)
    style.configure("Treeview.Item", indicatorsize=round(10 * scale))
    style.map("Treeview", background=[("selected", ACCENT)], foreground=[("selected", FIELD)])
    style.configure("Treeview.Heading", background=SOFT, relief="flat", padding=round(4 * scale))
    style.configure("TProgressbar", background=ACCENT, lightcolor=ACCENT, darkcolor=ACCENT)
    style.configure("TPanedwindow", background=PAPER)
    for option, value in (
        ("*Menu.background", PAPER),
        ("*Menu.foreground", INK),
        ("*Menu.activeBackground", ACCENT),
        ("*Menu.activeForeground", FIELD),
        ("*Menu.relief", "flat"),
        ("*Menu.borderWidth", "1"),
        ("*TCombobox*Listbox.background", FIELD),
        ("*TCombobox*Listbox.selectBackground", ACCENT),
        ("*TCombobox*Listbox.selectForeground", FIELD),
        ("*Toplevel.background", PAPER),
    ):
        root.option_add(option, value)
    root.configure(background=PAPER)
