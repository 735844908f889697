"""The house keeps its order: who imports whom, what start-up loads, what the public door shows."""

from __future__ import annotations

import ast
import graphlib
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

import castlist
from castlist.testing import make_run

SOURCE = Path(castlist.__file__).parent

# A room imports only from rooms above it.
ROOMS = [
    "facade",
    "errors",
    "paths",
    "arguments",
    "threads",
    "settings",
    "files",
    "places",
    "caches",
    "children",
    "stopping",
    "inference",
    "quiet",
    "silence",
    "escaping",
    "languages",
    "showing",
    "media",
    "duplicates",
    "faces",
    "embeddings",
    "gallery",
    "run",
    "naming",
    "painting",
    "predicting",
    "sorting",
    "archive",
    "tagging",
    "learning",
    "checks",
    "watching",
    "explanation",
    "export",
    "people",
    "jobs",
    "drawn",
    "demo",
    "testing",
    "desktop",
    "web",
    "cli",
    "__main__",
]
LEARNING = [
    "progress",
    "splits",
    "takes",
    "augmentation",
    "dataset",
    "sequences",
    "batches",
    "models",
    "conversion",
    "diagnosis",
    "temperature",
    "optimization",
    "training",
    "evaluation",
    "comparison",
    "report",
    "tensorboard",
    "starting",
    "beginning",
    "statistics",
    "sessions",
    "tuning",
]
HEAVY = {"keras", "tensorflow", "matplotlib", "tkinter", "sklearn", "scipy", "h5py", "jinja2", "onnx", "optuna"}
DOOR = (Path(__file__).parents[1] / "docs" / "python.md").read_text("utf-8")
NAMING_HALF = ROOMS[ROOMS.index("media") : ROOMS.index("tagging") + 1]
FORBIDDEN = {"learning", "checks", "jobs", "cli", "desktop", "web"}  # to the half that names


def modules() -> dict[str, Path]:
    """Every module of the package by its name below castlist; a package's is its __init__.py."""
    found = {}
    for file in SOURCE.rglob("*.py"):
        parts = file.relative_to(SOURCE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


MODULES = modules()
IS_PACKAGE = {name for name, file in MODULES.items() if file.name == "__init__.py"}


def imports_of(module: str) -> set[str]:
    """The modules that one imports, wherever in it: late and for types, too."""
    found = set()
    for node in ast.walk(ast.parse(MODULES[module].read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] == "castlist":
            base = node.module[len("castlist.") :]
            for alias in node.names:
                whole = f"{base}.{alias.name}" if base else alias.name
                found.add(whole if whole in MODULES else base)
        elif isinstance(node, ast.Import):
            found |= {alias.name[len("castlist.") :] for alias in node.names if alias.name.startswith("castlist.")}
    return found


def check_order(rooms: list[str], package: str) -> None:
    """Everything in a package's room imports only from the rooms before it."""
    prefix = f"{package}." if package else ""
    for module in MODULES:
        room = module.removeprefix(prefix).partition(".")[0]
        if not module.startswith(prefix) or module == package or room not in rooms:
            continue
        for target in imports_of(module):
            other = target.removeprefix(prefix).partition(".")[0]
            if target.startswith(prefix) and other in rooms and other != room:
                assert rooms.index(other) < rooms.index(room), f"{module} imports {target}, which lies below it"


def test_every_room_is_in_the_order() -> None:
    assert {name.partition(".")[0] for name in MODULES} - {""} <= set(ROOMS)
    inside = {name.split(".")[1] for name in MODULES if name.startswith("learning.")}
    assert inside <= set(LEARNING)


def test_a_room_imports_only_from_above() -> None:
    check_order(ROOMS, "")
    check_order(LEARNING, "learning")


@pytest.mark.parametrize("package", sorted(IS_PACKAGE))
def test_no_package_goes_in_circles(package: str) -> None:
    prefix = f"{package}." if package else ""
    below = {name for name in MODULES if name.startswith(prefix) and name != package}
    graph = {}
    for name in below:
        room = name.removeprefix(prefix).partition(".")[0]
        others = {target.removeprefix(prefix).partition(".")[0] for target in imports_of(name) & below}
        graph.setdefault(room, set()).update(others - {room})
    list(graphlib.TopologicalSorter(graph).static_order())


def test_the_half_that_names_never_touches_the_half_that_learns() -> None:
    for module in MODULES:
        if module.partition(".")[0] in NAMING_HALF:
            touched = {target.partition(".")[0] for target in imports_of(module)} & FORBIDDEN
            assert not touched, f"{module} imports {', '.join(touched)}"


def test_rooms_are_entered_by_their_doors() -> None:
    for module in MODULES:
        for target in imports_of(module):
            mine, parts = module.split("."), target.split(".")
            if module in IS_PACKAGE:
                mine = [*mine, "__init__"]
            shared = 0
            while shared < min(len(mine), len(parts)) and mine[shared] == parts[shared]:
                shared += 1
            door = ".".join(parts[: shared + 1])
            assert target == door or door not in IS_PACKAGE, f"{module} passes the door of {door} to {target}"


def names_for_types() -> set[str]:
    """What the door imports for type checkers."""
    tree = ast.parse(Path(castlist.__file__).read_text("utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    return {alias.name for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names}


def loaded_after(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint(*sorted(name.split('.')[0] for name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


def test_help_loads_nothing_heavy() -> None:
    loaded = loaded_after("import castlist.cli\ntry: castlist.cli.make_app()(['--help'])\nexcept SystemExit: pass")
    heavy = {"keras", "tensorflow", "matplotlib", "tkinter", "fastapi", "cv2", "onnxruntime", "sklearn", "pyarrow"}
    assert not loaded & heavy


def test_naming_loads_no_keras() -> None:
    loaded = loaded_after("import castlist.naming.recognizer, castlist.painting.labels")
    assert not loaded & {"keras", "tensorflow", "matplotlib", "sklearn", "scipy", "h5py", "jinja2", "onnx"}


def test_the_window_is_drawn_before_what_finds_faces_is_loaded() -> None:
    pytest.importorskip("tkinter")
    assert not loaded_after("import castlist.desktop.window") & {"cv2", "onnxruntime", "msgspec", "http", "h5py"}


NAMING = """
import sys
from castlist.cli import main
sys.argv = ["castlist", "predict", "a.png", "--run", "run"]
try: main()
except SystemExit: pass
print(*(name for name in ("numpy.ma", "rich.console") if name in sys.modules))
"""


def test_naming_a_photo_loads_no_bars_and_nothing_of_numpy_that_is_slow(tmp_path: Path) -> None:
    make_run(tmp_path / "run", ["Ann", "Bob"])
    pixels = pytest.importorskip("skimage.data", reason="the portrait is in scikit-image").astronaut()
    Image.fromarray(pixels).save(tmp_path / "a.png")
    done = subprocess.run(
        [sys.executable, "-P", "-c", NAMING], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    photo, loaded = done.stdout.splitlines()
    assert photo.startswith("a.png")
    assert loaded == ""


def test_the_public_names_are_sorted_and_there() -> None:
    assert castlist.__all__ == sorted(castlist.__all__, key=lambda name: (not name.isupper(), name))
    assert set(castlist.__all__) == set(castlist._ROOMS) == names_for_types()
    for name in castlist.__all__:
        documented = getattr(castlist, name)
        assert name.isupper() or documented.__doc__
        assert f"`{name}`" in DOOR or re.search(rf"\bcastlist\.{name}\b", DOOR), f"docs/python.md doesn't show {name}"


def test_the_door_opens_without_what_is_behind_it() -> None:
    loaded = loaded_after("import castlist")
    assert not loaded & {"numpy", "cv2", "PIL", "onnxruntime", "platformdirs", "msgspec", *HEAVY}
    loaded = loaded_after("import castlist; castlist.Recognizer, castlist.enrol, castlist.check_photos")
    assert not loaded & HEAVY


def test_nobody_else_has_a_name_of_the_door() -> None:
    with pytest.raises(AttributeError, match="no attribute 'learnt'"):
        castlist.learnt  # noqa: B018


def test_only_the_report_draws_with_matplotlib() -> None:
    for file in SOURCE.rglob("*.py"):
        if file.relative_to(SOURCE).parts[:2] != ("learning", "report"):
            text = file.read_text("utf-8")
            assert "import matplotlib" not in text and "from matplotlib" not in text, file
