"""Nothing leaves the machine: every verb, with who asks for the network caught, and every file written looked at."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from castlist import cli
from castlist.drawn import HEROES, draw_cast

# Asks for every verb in one process, so that TensorFlow is loaded once. `desktop` needs a screen: its parts that name
# and learn are those of the other verbs.
VERBS = """
train cast --whole --model cnn-small --image-size 48 --epochs 1 --out runs --name a
train cast --whole --model cnn-small --image-size 48 --epochs 1 --out runs --name b --set seed=1
resume runs/a
report runs/a
runs runs
compare runs/a runs/b
tune cast --whole --model cnn-small --epochs 1 --out runs --trials 1
predict cast/{hero} --run runs/a --csv named.csv --draw drawn
explain runs/a {photo} --out explained
export runs/a --to onnx
check cast --html check.html
check cast --undo
people runs/a
enrol runs/a Somebody {photo}
undo runs/a
rename runs/a {hero} Somebody
merge runs/a {hero} Somebody --yes
forget runs/a {hero} --yes
refresh runs/a
background cast --network network.onnx
weights network.onnx
sort cast/{hero} --run runs/a --into sorted
manifest cast --out cast.parquet
archive cast --run runs/a --out archive
find {hero} --in archive
groups archive
decide archive {photo} --stranger
tag archive
teach runs/a --from archive
desktop --help
serve --no-browser --port {port}
demo --help
"""

# Asks what `castlist serve` has begun, as another program of this machine, and ends it.
ASK = """
import os, signal, time, urllib.request
for _ in range(600):
    time.sleep(0.1)
    try:
        token, port = open("runs/.serve/token").read().strip(), open("verbs").read().partition("--port ")[2].split()[0]
        asked = urllib.request.Request(
            f"http://127.0.0.1:{port}/api/v1/runs", headers={"Authorization": f"Bearer {token}"}
        )
        print("## serve answered:", urllib.request.urlopen(asked).status, flush=True)
        break
    except OSError:
        pass
os.kill(os.getppid(), signal.SIGINT)
"""

# What the children do before castlist is loaded: an address looked up or connected to is told, and refused.
REFUSE = """
import runpy, shlex, socket, subprocess, sys
asked = []
def refuse(what):
    def told(*args, **options):
        asked.append((what, repr(args[-1:])))
        raise OSError(f"{what} refused")
    return told
connect = socket.socket.connect
def connect_here(self, address):
    if self.family in (socket.AF_INET, socket.AF_INET6):
        refuse("connect")(address)
    return connect(self, address)
socket.socket.connect = connect_here
socket.socket.connect_ex = connect_here
socket.socket.sendto = refuse("sendto")
socket.getaddrinfo = socket.gethostbyname = refuse("look-up")
from castlist.cli import make_app
from castlist.errors import CastlistError
for line in open("verbs").read().splitlines():
    print("##", line, flush=True)
    is_serving = line.startswith("serve")
    if is_serving:
        subprocess.Popen([sys.executable, "-P", "-c", open("ask").read()])
    try:
        make_app()(shlex.split(line))
    except CastlistError as error:
        print("## refused:", error, flush=True)
    except SystemExit as end:
        print("## ended:", 0 if is_serving and end.code == 130 else end.code, flush=True)
print("## asked:", asked, flush=True)
"""

# Below HOME, besides castlist's: Keras's settings, and matplotlib's list of the machine's fonts.
OTHERS = (".keras/", ".cache/matplotlib/", ".config/matplotlib/")


def environment(home: Path) -> dict[str, str]:
    """A home of its own, in which everything is new; nothing of what keeps dependencies silent is set."""
    (home / "tmp").mkdir(parents=True)
    places = {"HOME": home, "TMPDIR": home / "tmp", "XDG_CACHE_HOME": home / ".cache"}
    places |= {"XDG_CONFIG_HOME": home / ".config", "XDG_DATA_HOME": home / ".local" / "share"}
    kept = {name: value for name, value in os.environ.items() if name not in ("ORT_DISABLE_TELEMETRY", "MPLCONFIGDIR")}
    # Else Python itself writes beside the code what it compiled of it, as far as nobody had by then.
    return kept | {name: str(place) for name, place in places.items()} | {"PYTHONDONTWRITEBYTECODE": "1"}


def run_verbs(folder: Path, home: Path, lines: str, *before: str) -> str:
    """Run the verbs in a child, in a folder; gives all that it said."""
    (folder / "verbs").write_text(lines.strip(), "utf-8")
    (folder / "ask").write_text(ASK, "utf-8")
    done = subprocess.run(
        [*before, sys.executable, "-P", "-c", REFUSE],
        cwd=folder,
        env=environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    return done.stdout


def drawn_verbs(folder: Path) -> str:
    draw_cast(folder / "cast", pictures_per_person=12, size=64, people=HEROES[:2])
    photo = min((folder / "cast").glob("*/*")).relative_to(folder)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    return VERBS.format(hero=f"'{photo.parent.name}'", photo=f"'{photo}'", port=port)


def check_files(home: Path) -> None:
    """Nothing lies in the home but what castlist and the named others keep there."""
    files = [path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file()]
    strangers = [file for file in files if not file.startswith((".cache/castlist/", *OTHERS))]
    assert not strangers, strangers


def check_said(said: str) -> None:
    assert "## asked: []" in said, said[-2000:]
    assert "Traceback" not in said, said
    assert "## serve answered: 200" in said
    assert set(re.findall("## ended: (.*)", said)) == {"0"}, said
    refused = [line for line in said.splitlines() if line.startswith("## refused:")]
    # A trained network takes nobody in, lets nobody out, and makes no archive of whole photos; nothing was moved; and
    # there is no such file.
    assert len(refused) == 15, refused


def test_every_verb_is_asked() -> None:
    asked = {line.split()[0] for line in VERBS.strip().splitlines()}
    assert asked == set(cli.VERBS)


CALLS = "trace=connect,sendto,sendmsg,sendmmsg,open,openat,creat,rename,renameat,renameat2,mkdir,mkdirat"


def check_calls(calls: str, allowed: tuple[Path, ...]) -> None:
    """What the system was asked for, also by code that isn't Python: no address of the network, no file elsewhere."""
    assert "openat(" in calls
    for line in calls.splitlines():
        # Only this machine asks what it serves itself.
        assert "sa_family=AF_INET" not in line or 'inet_addr("127.0.0.1")' in line, line
        # The call and its flags, not what a path happens to be called.
        writes = re.search(
            r"O_WRONLY|O_RDWR|O_CREAT|\b(?:creat|rename|renameat2?|mkdir|mkdirat)\(", re.sub(r'"[^"]*"', '""', line)
        )
        path = re.search(r'"(/[^"]*)"', line)  # relative ones are below the folder
        if writes and path and " = -1 " not in line:
            place = path[1]
            inside = any(place == str(one) or place.startswith(f"{one}/") for one in allowed)
            # Devices, and what a process says of itself.
            assert inside or place.startswith(("/dev/", "/proc/self/", "/proc/thread-self/")), line
            assert ".onnxruntime" not in place, line


def traced(folder: Path, home: Path, lines: str) -> tuple[str, str]:
    """What the verbs said, and the system's calls, if there is strace to see them."""
    calls = folder.parent / "calls"
    calls.touch()
    strace = ("strace", "-f", "-qq", "-s", "300", "-e", CALLS, "-o", str(calls)) if shutil.which("strace") else ()
    return run_verbs(folder, home, lines, *strace), calls.read_text("utf-8", "replace")


def check_calls_if_traced(calls: str, allowed: tuple[Path, ...]) -> None:
    if not calls:
        pytest.skip("strace, which sees the calls of code that isn't Python, is not installed; Python's own were seen")
    check_calls(calls, allowed)


@pytest.mark.slow
@pytest.mark.keras
def test_no_verb_asks_for_the_network_or_writes_elsewhere(tmp_path: Path) -> None:
    pytest.importorskip("keras")
    pytest.importorskip("optuna")
    folder, home = tmp_path / "folder", tmp_path / "home"
    folder.mkdir()
    said, calls = traced(folder, home, drawn_verbs(folder))
    check_said(said)
    check_files(home)
    check_calls_if_traced(calls, (folder, home))


@pytest.mark.slow
@pytest.mark.photos
def test_faces_are_learnt_and_named_without_a_call(tmp_path: Path, photos_folder: Path) -> None:
    folder, home = tmp_path / "folder", tmp_path / "home"
    for person in ("chris_evans", "scarlett_johansson", "chris_hemsworth"):
        for photo in sorted((photos_folder / "avengers7" / person).iterdir())[:8]:
            place = folder / ("cast" if person != "chris_hemsworth" else "new") / person / photo.name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(photo, place)
    lines = """
train cast --out runs --name a
predict new --run runs/a --csv named.csv --draw drawn --together
enrol runs/a Thor {photos}
predict new --run runs/a
archive new --run runs/a --out archive
find Thor --in archive --copy-to found
find --like {photo} --in archive --sheet like.png
groups archive --sheet groups.png
refresh runs/a
decide archive {photo} --is Loki
teach runs/a --from archive
undo archive
forget runs/a Thor --archive archive
check cast --html check.html
explain runs/a {photos} --out explained
"""
    new = [f"'{path.relative_to(folder)}'" for path in sorted((folder / "new").glob("*/*"))[:3]]
    said, calls = traced(folder, home, lines.format(photos=" ".join(new), photo=new[0]))
    assert "## asked: []" in said and "## refused" not in said and "Traceback" not in said, said
    assert set(re.findall("## ended: (.*)", said)) == {"0"}, said
    check_calls(calls, (folder, home))
    check_files(home)
