"""People come to a run in a moment and leave it without a trace."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import PIPE

import h5py
import numpy as np
import pytest

from castlist.checks.cache import CheckedPhoto, open_cache
from castlist.errors import CastError, CastlistError, Message, RunError
from castlist.faces import Face
from castlist.learning import resume
from castlist.learning.dataset import cache
from castlist.naming import Recognizer
from castlist.people import (
    Receipt,
    discard_retraining,
    enrol,
    enrol_face,
    forget,
    forget_photo,
    renew_report,
    retrain_without,
)
from castlist.people.enrolment import add_faces
from castlist.run import Enrolled, Run, RunFolder, hold, load_gallery, open_run
from castlist.settings import Settings
from castlist.testing import draw_picture, level_of, save_picture, tell_faces
from conftest import not_root, save_noise
from dying import DYING
from small_runs import PHOTOS, TABLE, crop, looked_at, make_small_run

PEOPLE = ("Ann", "王小明", "Beatrix")
NAME = (b"Beatrix", "Beatrix".encode("utf-32-le"))  # as a text, and as an array holds it


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return make_small_run(tmp_path / "runs" / "first", PEOPLE)


def click(recognizer: Recognizer, name: str, face: Face, source: str) -> Enrolled | None:
    """Enrol a face of a photo in which there is no other."""
    return enrol_face(recognizer, name, looked_at(recognizer, face), 0, source).enrolled


def holding(folder: Path, traces: list[bytes]) -> set[int]:
    """Which traces are in any byte of a folder: contents, and names of files."""
    content = [
        path.read_bytes() + str(path.relative_to(folder)).encode() for path in folder.rglob("*") if path.is_file()
    ]
    return {number for number, trace in enumerate(traces) if any(trace in data for data in content)}


def test_somebody_new_is_named_at_once(run: Run, tmp_path: Path) -> None:
    levels = [[level_of(7)], [level_of(7, look=1), level_of(9)], []]
    photos = [save_picture(tmp_path / f"new{i}.png", some) for i, some in enumerate(levels)]
    done = enrol(run.path, "Dora", photos, finder=tell_faces)
    assert done.added == tuple(photos[:2])
    assert [(photo.path, photo.reason.code) for photo in done.refused] == [(photos[2], "no-face")]
    again = Recognizer.load(run.path, finder=tell_faces)
    assert again.run.people == (*PEOPLE, "Dora")
    assert again.run.sides["train"][-2:] == ("Dora/new0.png", "Dora/new1.png")
    (answer,) = again.name_pixels([draw_picture([level_of(7, look=2)])])
    assert answer[0].name == "Dora"


def test_photos_already_known_choose_the_face(run: Run, tmp_path: Path) -> None:
    photo = save_picture(tmp_path / "crowd.png", [level_of(9), level_of(1, look=3)])  # a stranger first, and 王小明
    forget_photo(run.path, "王小明", "3.jpg")
    (chosen,) = enrol(run.path, "王小明", [photo], finder=tell_faces).faces
    assert (chosen.number, chosen.of, chosen.named.name) == (2, 2, "王小明")
    _, gallery = load_gallery(open_run(run.path))
    np.testing.assert_allclose(
        gallery.embeddings[gallery.photos.index("王小明/crowd.png")], TABLE[PHOTOS + 3], atol=1e-6
    )


def test_enrolments_that_can_t_be(run: Run, tmp_path: Path) -> None:
    photo = save_picture(tmp_path / "none.png", [])
    before = (run.path / "run.json").read_bytes(), run.gallery_path.read_bytes()
    with pytest.raises(CastError, match=r"Of 1 photo, none shows a face.*no face found"):
        enrol(run.path, "Dora", [photo], finder=tell_faces)
    save_picture(photo, [level_of(7)])
    for name, reason in (
        ("unknown", "Nobody can be called"),
        ("ANN", "differ only by case"),
        ("a/b", "can be called"),
        ("a\x1b[2Jb", "can be called"),
    ):
        with pytest.raises(CastlistError, match=reason):
            enrol(run.path, name, [photo], finder=tell_faces)
    assert ((run.path / "run.json").read_bytes(), run.gallery_path.read_bytes()) == before


def test_whoever_held_the_run_before_a_forget_brings_nobody_back(run: Run) -> None:
    window = Recognizer.load(run.path)
    forget(run.path, "Beatrix")
    click(window, "Dora", crop(7), "party.jpg")
    assert window.run.people == open_run(run.path).people == ("Ann", "王小明", "Dora")
    assert window.gallery is not None and window.gallery.people == window.run.people
    beatrix = [row.tobytes() for row in TABLE[2 * PHOTOS : 3 * PHOTOS]]
    assert holding(run.path, [*NAME, *beatrix]) == set()


def test_two_who_hold_the_run_lose_nobody(run: Run) -> None:
    first, second = Recognizer.load(run.path), Recognizer.load(run.path)
    click(first, "Dora", crop(7), "a.jpg")
    click(second, "Emil", crop(8), "b.jpg")
    assert second.run.people == first.run.people == (*PEOPLE, "Dora", "Emil")
    assert first.run.sides["train"][-2:] == ("Dora/a.jpg", "Emil/b.jpg")
    assert click(first, "Emil", crop(8), "c.jpg") is None  # known by this very face: nothing is there to take back


def test_what_is_added_is_of_the_run_as_it_began_and_no_copy(run: Run) -> None:
    began = open_run(run.path)
    known = RunFolder(run.path).read(load_gallery)[1].embeddings[0]
    aside = np.eye(len(known), dtype=np.float32)[0] - known * known[0]
    aside /= np.linalg.norm(aside)
    near, copy = (cosine * known + np.sqrt(1 - cosine**2) * aside for cosine in (0.999, 0.99995))
    name, sources = began.people[0], [("a.jpg", None), ("b.jpg", None)]
    _, is_new = add_faces(began, name, np.stack([near, copy]).astype(np.float32), sources)
    assert is_new == [True, False]
    with RunFolder(run.path).change() as change:
        change.run = dataclasses.replace(change.run, created="2001-01-01T00:00:00+00:00")  # as one trained anew
    with pytest.raises(RunError, match="trained anew"):
        add_faces(began, name, known[None], sources[:1])


def test_answers_of_other_people_don_t_stay(run: Run) -> None:
    renew_report(run.path)
    assert run.answers_path.exists()
    click(Recognizer.load(run.path), "Dora", crop(7), "a.jpg")
    assert not run.answers_path.exists()  # where the extra for learning is missing, nobody makes them anew
    renew_report(run.path)
    assert run.answers_path.read_text("utf-8").splitlines()[0].endswith("Ann,王小明,Beatrix,Dora,unknown")


def test_a_run_is_resumed_as_it_is_now(run: Run) -> None:
    click(Recognizer.load(run.path), "Dora", crop(7), "a.jpg")
    forget(run.path, "Ann")
    resumed, evaluation = resume(run.path)
    assert evaluation is not None and evaluation.people == resumed.people == ("王小明", "Beatrix", "Dora")
    assert Recognizer.load(run.path).run == resumed
    assert (run.path / "report.html").exists()


def test_a_report_is_never_of_people_who_have_left(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from castlist.learning import sessions

    evaluate, forgotten = sessions.evaluate, []

    def evaluate_slowly(*args: object) -> object:
        evaluation = evaluate(*args)
        if not forgotten:
            forgotten.append(forget(run.path, "Beatrix"))
        return evaluation

    monkeypatch.setattr(sessions, "evaluate", evaluate_slowly)
    renew_report(run.path)
    assert holding(run.path, [*NAME]) == set()
    assert (run.path / "report.html").exists()


def test_nothing_of_the_forgotten_is_left_in_any_byte(run: Run) -> None:
    renew_report(run.path)
    (run.path / "named").mkdir()
    (run.path / "named" / "Beatrix.named.jpg").touch()
    (run.path / "export.onnx").write_bytes(b"Beatrix")
    (run.path / f".{os.getpid()}-0123456789abcdef.part").write_bytes(b"Beatrix")  # of a killed writer
    kept = cache.datasets_folder() / "kept.h5"
    with h5py.File(kept, "w") as file:
        file.attrs["people"] = json.dumps(["Ann", "Beatrix"])
        file["file"] = np.array(["Ann/1.jpg", "Beatrix/1.jpg"], dtype=object)
    other = cache.datasets_folder() / "other.h5"
    with h5py.File(other, "w") as file:
        file.attrs["people"] = json.dumps(["Ann"])
        file["file"] = np.array(["Ann/1.jpg"], dtype=object)
    nothing = CheckedPhoto(None, Message("no-photo", "no photo"), (), np.zeros((0, 0), np.float32))
    with open_cache() as checked:
        checked.keep("abc", "Beatrix", nothing)
    traces = [*NAME, *(row.tobytes() for row in TABLE[2 * PHOTOS : 3 * PHOTOS])]
    assert holding(run.path, traces) == set(range(10))

    receipt = forget(run.path, "Beatrix")
    assert holding(run.path, traces) == set()
    renew_report(run.path)
    assert holding(run.path, traces) == set()
    assert not kept.exists()
    assert other.exists()
    assert [one.values for one in receipt.removed[:2]] == [{"embeddings": 8}, {"files": 8}]
    kept_of = {line.code: line.values for line in receipt.removed[3:]}
    assert kept_of == {
        "forgot-datasets": {"sets": 1, "name": "Beatrix"},
        "forgot-checks": {"photos": 1, "name": "Beatrix"},
    }
    opened = open_run(run.path)
    assert opened.people == ("Ann", "王小明")
    assert [note.code for note in opened.notes] == ["cast-stray-file"]
    assert opened.leaving == ()
    assert load_gallery(opened)[1].people == ("Ann", "王小明")
    assert [line.code for line in forget(run.path, "Ann").removed[3:]] == ["forgot-datasets"]


def test_the_receipt_tells_of_a_training_that_reads_the_person(run: Run) -> None:
    kept = cache.datasets_folder() / "kept.h5"
    with h5py.File(kept, "w") as file:
        file.attrs["people"] = json.dumps(["Ann", "Beatrix"])
    code = f"""
import h5py, sys
file = h5py.File({str(kept)!r}, "r")
print("open", flush=True)
sys.stdin.read()
"""
    training = subprocess.Popen([sys.executable, "-P", "-c", code], stdin=PIPE, stdout=PIPE, text=True)
    try:
        assert training.stdout is not None and training.stdout.readline() == "open\n"
        receipt = forget(run.path, "Beatrix")
    finally:
        training.communicate()
    assert not kept.exists()
    (told,) = (one for one in receipt.remaining if one.code == "datasets-in-use")
    assert told.values == {"sets": 1, "name": "Beatrix"}
    assert "their runs will know 'Beatrix'" in str(told)


def test_the_receipt_says_what_still_exists(run: Run, tmp_path: Path) -> None:
    for person in ("Ann", "Beatrix"):
        save_noise(tmp_path / "photos" / person / "1.jpg", 1)
    for place in ("second", "search/one"):
        dataclasses.replace(run, path=tmp_path / "runs" / place).save()
    (tmp_path / "runs" / "broken").mkdir()
    (tmp_path / "runs" / "broken" / "run.json").write_text("{}")
    (run.path / "mine.txt").touch()
    receipt = forget(run.path, "Beatrix")
    photos = [one.values["folder"] for one in receipt.remaining if one.code == "photos-remain"]
    assert photos == [str(tmp_path / "photos" / "Beatrix")]
    said = [str(one) for one in receipt.remaining]
    for trace in (str(tmp_path / "photos" / "Beatrix"), "runs/second", "runs/search/one", "runs/broken", "mine.txt"):
        assert any(trace in line for line in said), trace
    assert Receipt.from_dict(json.loads(json.dumps(receipt.to_dict()))) == receipt


def test_forgetting_that_can_t_be(run: Run) -> None:
    with pytest.raises(RunError, match=r"knows nobody called .Zoe.\. Choose from: Ann, 王小明"):
        forget(run.path, "Zoe")
    dataclasses.replace(run, settings=Settings(model="cnn")).save()
    with pytest.raises(RunError, match=r"weights of the model cnn have seen .Beatrix..*--retrain"):
        forget(run.path, "Beatrix")
    with pytest.raises(RunError, match=r"knows nobody called .Zoe."):
        forget(run.path, "Zoe")


def test_whom_the_gallery_alone_knows_is_forgotten(run: Run) -> None:
    sides = {side: tuple(file for file in files if file[0] != "B") for side, files in run.sides.items()}
    dataclasses.replace(run, people=PEOPLE[:2], sides=sides, refused=(), notes=()).save()  # nor listed any more
    traces = [NAME[1], *(row.tobytes() for row in TABLE[2 * PHOTOS : 3 * PHOTOS])]
    assert len(holding(run.path, traces)) == len(traces)
    assert forget(run.path, "Beatrix").removed[0].values == {"embeddings": PHOTOS}
    assert holding(run.path, traces) == set()


def test_a_forget_that_an_older_castlist_was_killed_at_is_finished(run: Run) -> None:
    record = (run.path / "run.json").read_bytes()
    forget(run.path, "Beatrix")
    (run.path / "run.json").write_bytes(record)  # the gallery was written, the record not
    assert Recognizer.load(run.path).run.people == ("Ann", "王小明")
    receipt = forget(run.path, "Beatrix")
    assert receipt.removed[1].values == {"files": 8}
    assert holding(run.path, [*NAME]) == set()


def test_the_order_of_people_is_the_gallery_s(run: Run) -> None:
    dataclasses.replace(open_run(run.path), people=PEOPLE[::-1]).save()
    recognizer = Recognizer.load(run.path, finder=tell_faces)
    assert recognizer.run.people == PEOPLE
    assert [face.name for face in recognizer.name_pixels([draw_picture([level_of(0), level_of(2)])])[0]] == [
        "Ann",
        "Beatrix",
    ]


def test_a_record_of_nobody_in_the_gallery_is_broken(run: Run) -> None:
    dataclasses.replace(open_run(run.path), people=("Zoe",)).save()
    with pytest.raises(RunError, match="tell of other people"):
        Recognizer.load(run.path)


def test_nobody_is_named_whom_the_record_doesn_t_list(run: Run) -> None:
    dataclasses.replace(run, people=("Ann", "王小明")).save()
    recognizer = Recognizer.load(run.path)
    assert recognizer.gallery is not None and recognizer.gallery.people == ("Ann", "王小明")
    dataclasses.replace(run, settings=Settings(model="cnn"), people=("Ann",)).save()
    with pytest.raises(RunError, match="tell of other people"):
        load_gallery(open_run(run.path))


@pytest.fixture
def unwritable(open_home: Path) -> Iterator[Path]:
    """A run folder that this process may read and not write."""
    home = open_home
    path = make_small_run(home / "runs" / "first", PEOPLE).path
    for entry in (*home.rglob("*"), path):
        entry.chmod(0o555 if entry.is_dir() else 0o444)
    with not_root():
        yield path
    for folder in (path, path.parent, home):
        folder.chmod(0o755)


def test_a_run_that_may_not_be_changed_is_read_all_the_same(unwritable: Path) -> None:
    recognizer = Recognizer.load(unwritable)
    assert recognizer.run.people == PEOPLE
    with pytest.raises(RunError, match=r"can't be changed \(Permission denied\)"):
        forget(unwritable, "Beatrix")
    with pytest.raises(RunError, match=r"can't be changed \(Permission denied\)"):
        click(recognizer, "Dora", crop(7), "a.jpg")
    assert RunFolder(unwritable).read(load_gallery)[0].people == PEOPLE


def test_only_an_interrupted_retraining_is_discarded(run: Run) -> None:
    beside = run.path.with_name(f"{run.path.name}.retrained")
    beside.mkdir()
    (beside / ".1-0123456789abcdef.part").touch()
    discard_retraining(run.path)
    assert not beside.exists()  # killed before it had a record
    beside.mkdir()
    (beside / "a.txt").touch()
    discard_retraining(run.path)
    assert beside.is_dir()  # no run at all
    (beside / "a.txt").unlink()
    shutil.copytree(run.path, beside, dirs_exist_ok=True)
    discard_retraining(run.path)
    assert open_run(beside).complete  # somebody's own
    dataclasses.replace(open_run(beside), complete=False).save()
    discard_retraining(run.path)
    assert not beside.exists()
    assert open_run(run.path).complete


@pytest.mark.parametrize("killed", ["after the old one went", "after the new one came"])
def test_an_exchange_that_was_killed_is_finished(run: Run, killed: str) -> None:
    old = run.path.with_name(f".{run.path.name}.old")
    beside = run.path.with_name(f"{run.path.name}.retrained")
    shutil.copytree(run.path, beside)
    forget(beside, "Beatrix")
    renew_report(beside)
    run.path.rename(old)
    if killed == "after the new one came":
        beside.rename(run.path)
    receipt = retrain_without(run.path, "Beatrix")
    assert "trained anew" in str(receipt.removed[0])
    assert [path.name for path in run.path.parent.iterdir()] == [run.path.name]
    assert holding(run.path.parent, [*NAME]) == set()


@pytest.fixture
def retrained(run: Run) -> Path:
    """A run beside which another, without Beatrix, waits to be exchanged for it."""
    beside = run.path.with_name(f"{run.path.name}.retrained")
    shutil.copytree(run.path, beside)
    forget(beside, "Beatrix")
    renew_report(beside)
    return run.path


def is_exchanged(path: Path) -> bool:
    """Whether nothing but the new run is left, and no byte of whom it left out."""
    return [entry.name for entry in path.parent.iterdir()] == [path.name] and not holding(path.parent, [*NAME])


def test_an_exchange_in_whose_way_a_folder_comes_leaves_the_run(
    retrained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.rename

    def race(self: Path, target: Path) -> Path:
        if self.name.endswith(".retrained"):
            target.mkdir()
            (target / "a.txt").touch()
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", race)
    for _ in range(2):  # neither run is lost, however often it is tried
        with pytest.raises(RunError, match="can't be changed"):
            retrain_without(retrained, "Beatrix")
        monkeypatch.undo()
    assert open_run(retrained.with_name(".first.old")).people == PEOPLE
    shutil.rmtree(retrained)
    retrain_without(retrained, "Beatrix")
    assert is_exchanged(retrained)


@pytest.mark.slow
@pytest.mark.parametrize("call", ["rename", "unlink", "rmdir"])
def test_an_exchange_that_is_killed_anywhere_is_finished(retrained: Path, call: str) -> None:
    fresh = retrained.parents[1] / "fresh"
    shutil.copytree(retrained.parent, fresh)
    script = f"{DYING}\nfrom castlist.people import retrain_without\ndie_before(int(sys.argv[2]), {call!r})\n"
    script += "retrain_without(sys.argv[1], 'Beatrix')"
    for count in (0, 1, 2, 3, 5):
        shutil.rmtree(retrained.parent)
        shutil.copytree(fresh, retrained.parent)
        done = subprocess.run([sys.executable, "-P", "-c", script, str(retrained), str(count)], timeout=60, check=False)
        is_killed = done.returncode == -signal.SIGKILL
        assert is_killed or count
        if is_killed:
            retrain_without(retrained, "Beatrix")
        assert is_exchanged(retrained), count


def test_an_old_run_that_is_all_that_is_left_comes_back(run: Run) -> None:
    run.path.rename(run.path.with_name(".first.old"))
    with pytest.raises(RunError, match="nobody called 'Dora'"):
        retrain_without(run.path, "Dora")
    assert open_run(run.path).people == PEOPLE


def test_a_linked_run_is_exchanged_where_it_is(retrained: Path, tmp_path: Path) -> None:
    link = tmp_path / "latest"
    link.symlink_to(retrained)
    retrain_without(link, "Beatrix")
    assert link.is_symlink() and is_exchanged(retrained)


def test_two_do_not_train_the_same_run_anew(retrained: Path) -> None:
    beside = retrained.with_name("first.retrained")
    dataclasses.replace(open_run(beside), complete=False).save()  # somebody trains there
    with hold(retrained.with_name(".first.retraining")):
        for call in (lambda: retrain_without(retrained, "Beatrix"), lambda: discard_retraining(retrained)):
            with ThreadPoolExecutor() as pool, pytest.raises(RunError, match=r"'[^']*first' is being changed"):
                pool.submit(call).result()
    assert beside.is_dir() and open_run(retrained).people == PEOPLE


def test_a_run_beside_which_nothing_may_be_written_stays(unwritable: Path) -> None:
    with pytest.raises(RunError, match=r"can't be changed \(Permission denied\)"):
        retrain_without(unwritable, "Beatrix")
    assert open_run(unwritable).people == PEOPLE


def test_a_run_that_was_trained_anew_is_of_a_later_generation(run: Run) -> None:
    beside = run.path.with_name(f"{run.path.name}.retrained")
    shutil.copytree(run.path, beside)
    forget(beside, "Beatrix")
    renew_report(beside)
    dataclasses.replace(open_run(beside), generation=0).save()
    dataclasses.replace(open_run(run.path), generation=7).save()
    retrain_without(run.path, "Beatrix")
    assert "Beatrix" not in open_run(run.path).people and open_run(run.path).generation > 7


@pytest.mark.slow
def test_a_keras_run_is_trained_again_without(tmp_path: Path) -> None:
    pytest.importorskip("keras")
    from castlist.drawn import HEROES, draw_cast
    from castlist.learning.sessions import learn

    photos = tmp_path / "cast"
    draw_cast(photos, pictures_per_person=8, size=48, people=HEROES[:3])
    settings = Settings(model="cnn", faces=False, image_size=48, epochs=1)
    run, _ = learn(photos, settings, runs=tmp_path / "runs", name="three")
    receipt = retrain_without(run.path, HEROES[1])
    again = open_run(run.path)
    assert again.people == tuple(sorted((HEROES[0], HEROES[2])))
    assert again.complete
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["three"]
    assert holding(run.path, [HEROES[1].encode()]) == set()
    assert any("trained anew" in str(line) for line in receipt.removed)
