"""The house keeps its order: who imports whom, what start-up loads, what the public door shows."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import castlist

SOURCE = Path(castlist.__file__).parent

# A room imports only from rooms above it.
ROOMS = [
    "errors",
    "files",
    "languages",
    "settings",
    "photos",
    "film",
    "duplicates",
    "faces",
    "embeddings",
    "gallery",
    "augmentation",
    "splits",
    "takes",
    "dataset",
    "sequences",
    "checks",
    "models",
    "conversion",
    "network",
    "run",
    "training",
    "evaluation",
    "comparison",
    "diagnosis",
    "fonts",
    "report",
    "tensorboard",
    "recognizer",
    "export",
    "hiding",
    "annotate",
    "explanation",
    "archive",
    "drawn",
    "learning",
    "tuning",
    "enrolment",
    "films",
    "demo",
    "console",
    "desktop",
    "web",
    "cli",
    "__main__",
]


def imports_of(room: str) -> set[str]:
    folder = SOURCE / room
    files = list(folder.rglob("*.py")) if folder.is_dir() else [SOURCE / f"{room}.py"]
    found = set()
    for file in files:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            names = []
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module] + [f"{node.module}.{alias.name}" for alias in node.names]
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            found |= {name.split(".")[1] for name in names if name.startswith("castlist.")}
    return (found & {path.stem for path in SOURCE.iterdir()}) - {room}


def test_every_room_is_in_the_order() -> None:
    rooms = {path.stem for path in SOURCE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert rooms - {"__init__"} <= set(ROOMS)


def test_a_room_imports_only_from_above() -> None:
    for i, room in enumerate(ROOMS):
        if (SOURCE / room).is_dir() or (SOURCE / f"{room}.py").exists():
            below = imports_of(room) - set(ROOMS[:i])
            assert not below, f"{room} imports {', '.join(sorted(below))}, which lies below it"


def loaded_after(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint(*sorted(name.split('.')[0] for name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


def test_help_loads_nothing_heavy() -> None:
    loaded = loaded_after("import castlist.cli\ntry: castlist.cli.app(['--help'])\nexcept SystemExit: pass")
    assert not loaded & {"keras", "tensorflow", "matplotlib", "tkinter", "fastapi", "cv2", "onnxruntime", "sklearn"}


def test_naming_loads_no_keras() -> None:
    loaded = loaded_after("import castlist.recognizer, castlist.annotate")
    assert not loaded & {"keras", "tensorflow", "matplotlib", "sklearn", "scipy", "h5py", "jinja2", "onnx"}


def test_the_public_names_are_sorted_and_there() -> None:
    assert list(castlist.__all__) == sorted(castlist.__all__)
    for name in castlist.__all__:
        assert getattr(castlist, name) is not None


def test_only_the_report_draws_with_matplotlib() -> None:
    for file in SOURCE.rglob("*.py"):
        if "report" not in file.relative_to(SOURCE).parts[0]:
            text = file.read_text("utf-8")
            assert "import matplotlib" not in text and "from matplotlib" not in text, file
