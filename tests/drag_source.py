"""A window of GTK, as a file manager's is, from which files can be dragged: run by the system's own Python.

python drag_source.py X Y FILE...
"""

import pathlib
import sys

import gi

gi.require_version("Gtk", "3.0")
gi.require_version("Gdk", "3.0")
from gi.repository import Gdk, Gtk  # noqa: E402

x, y, *files = sys.argv[1:]
window = Gtk.Window(title="drag source")
window.set_default_size(120, 120)
window.move(int(x), int(y))
box = Gtk.EventBox()
box.add(Gtk.Label(label="drag me"))
box.drag_source_set(Gdk.ModifierType.BUTTON1_MASK, [], Gdk.DragAction.COPY)
box.drag_source_add_uri_targets()
links = [pathlib.Path(file).as_uri() for file in files]
box.connect("drag-data-get", lambda _box, _context, data, _info, _time: data.set_uris(links))
window.add(box)
window.connect("destroy", Gtk.main_quit)
window.show_all()
Gtk.main()
