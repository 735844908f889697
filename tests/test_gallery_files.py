"""A gallery as bytes: read as it was written, by older castlists too; whatever else comes is one clear error."""

from __future__ import annotations

import dataclasses
import io
import tracemalloc
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from castlist.errors import RunError
from castlist.gallery import Background, Gallery, Lookalikes, default_background
from castlist.gallery.storage import numbers_of, read_arrays, write_arrays

VALUES = 12


def cast(n_people: int, photos_each: int, values: int = VALUES) -> tuple[list[str], np.ndarray, np.ndarray, list[str]]:
    rng = np.random.default_rng(n_people)
    person = np.repeat(np.arange(n_people), photos_each)
    vectors = (
        1 + 0.5 * rng.standard_normal((n_people, values))[person] + 0.2 * rng.standard_normal((len(person), values))
    )
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return [f"person {i}" for i in range(n_people)], vectors, person, [f"{i}.jpg" for i in range(len(person))]


@pytest.fixture(scope="module")
def background() -> Background:
    _, vectors, person, _ = cast(300, 3)
    return Background.fit(vectors, person)


@pytest.fixture(scope="module")
def data(background: Background) -> bytes:
    return Gallery.fit(*cast(3, 4), background=background).to_bytes()


def read(data: bytes) -> Gallery:
    return Gallery.from_bytes(data, "gallery.npz")


def changed(data: bytes, **arrays: Any) -> bytes:
    return write_arrays({**read_arrays(data), **arrays})


def without(data: bytes, name: str) -> bytes:
    return write_arrays({key: array for key, array in read_arrays(data).items() if key != name})


def with_header(data: bytes, header: str) -> bytes:
    """The file with another header of its array of embeddings, and no more bytes than before."""
    written, read_from = io.BytesIO(), zipfile.ZipFile(io.BytesIO(data))
    with zipfile.ZipFile(written, "w") as archive:
        for entry in read_from.infolist():
            content = read_from.read(entry)
            if entry.filename == "embeddings.npy":
                text = header.encode() + b"\n"
                content = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + content[128:]
            archive.writestr(entry.filename, content)
    return written.getvalue()


def test_a_gallery_survives_its_bytes(background: Background) -> None:
    _, vectors, person, photos = cast(3, 4)
    gallery = Gallery.fit(["Ann", "Bea", "王小明"], vectors, person, photos, stranger_rate=0.05, background=background)
    again = read(gallery.to_bytes())
    asked = cast(20, 2)[1].astype(np.float32)
    assert (again.people, again.photos, again.stranger_rate) == (gallery.people, gallery.photos, 0.05)
    assert np.array_equal(again.answer(asked).probabilities, gallery.answer(asked).probabilities)
    assert np.array_equal(again.answer(asked).named, gallery.answer(asked).named)
    assert np.array_equal(again.forget("Bea").thresholds_, gallery.forget("Bea").thresholds_)
    assert again.to_bytes() == gallery.to_bytes()


def test_a_file_says_whose_its_background_is(background: Background) -> None:
    general, own = Gallery.fit(*cast(3, 4), background=background), Gallery.fit(*cast(3, 4), own_background=True)
    assert not read(general.to_bytes()).own_background
    assert read(own.to_bytes()).own_background
    # A castlist that would keep the own background when somebody is forgotten reads version 4 only.
    assert read_arrays(general.to_bytes())["version"] == 4
    assert read_arrays(own.to_bytes())["version"] == 5
    apart = dataclasses.replace(own, lookalikes=Lookalikes().add(0, own.embeddings[:1], ["a.jpg"]))
    assert read_arrays(apart.to_bytes())["version"] == 6  # older castlists would name these again


def test_numbers_on_their_bounds_are_within() -> None:
    bounds = np.array([0.0, 1.0])
    assert numbers_of(bounds, 2, least=0, most=1) is bounds
    for array in (np.array([-1e-9, 1]), np.array([0, 1 + 1e-9]), np.array([0, np.nan]), bounds[:1], bounds > 0):
        with pytest.raises(ValueError, match="numbers"):
            numbers_of(array, 2, least=0, most=1)


def test_in_an_older_file_a_background_that_does_not_ship_is_its_own(background: Background) -> None:
    shipped = Gallery.fit(*cast(2, 2, 128)).to_bytes()
    older = read(without(shipped, "own_background"))
    assert not older.own_background
    assert older.background is default_background()
    fitted = Gallery.fit(*cast(3, 4), own_background=True).to_bytes()
    assert read(changed(without(fitted, "own_background"), version=np.array(4))).own_background


HEADERS = {
    "huge": "{'descr': '<f4', 'fortran_order': False, 'shape': (100000000000, 12)}",
    "overflowing": "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296)}",
    "negative": "{'descr': '<f4', 'fortran_order': False, 'shape': (-12, -12)}",
    "no numbers": "{'descr': '<f4', 'fortran_order': False, 'shape': (12.5,)}",
    "a pickle": "{'descr': '|O', 'fortran_order': False, 'shape': (12, 12)}",
    "nested": "-" * 9000 + "1",
    "no header": "hello",
}
DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "text": lambda data: b"not this",
    "cut": lambda data: data[:-300],
    "a flipped byte": lambda data: data[:300] + bytes([data[300] ^ 255]) + data[301:],
    "a later version": lambda data: changed(data, version=np.array(99)),
    "versions": lambda data: changed(data, version=np.array([4, 5])),
    "no version but a text": lambda data: changed(data, version=np.array("4")),
    "fewer values": lambda data: changed(data, embeddings=read_arrays(data)["embeddings"][:, :5]),
    "no people": lambda data: without(data, "people"),
    "no background": lambda data: without(data, "between"),
    "pickles": lambda data: changed(data, people=np.array([{}, {}, {}], dtype=object)),
    "numbers for names": lambda data: changed(data, people=np.arange(3)),
    "bytes for names": lambda data: changed(data, people=np.array([b"a", b"b", b"c"])),
    "names twice": lambda data: changed(data, people=np.array(["a", "a", "b"])),
    "half a character": lambda data: changed(data, people=np.array(["a", "\ud800", "b"])),
    "names in a square": lambda data: changed(data, people=np.array([["a", "b", "c"]])),
    "texts for numbers": lambda data: changed(data, embeddings=read_arrays(data)["embeddings"].astype("U8")),
    "NaN": lambda data: changed(data, embeddings=np.full_like(read_arrays(data)["embeddings"], np.nan)),
    "enormous numbers": lambda data: changed(data, embeddings=np.full_like(read_arrays(data)["embeddings"], 1e30)),
    "short numbers": lambda data: changed(data, embeddings=read_arrays(data)["embeddings"].astype(np.float16)),
    "complex numbers": lambda data: changed(data, trust=read_arrays(data)["trust"].astype(np.complex64)),
    "somebody who isn't there": lambda data: changed(data, person=np.full(12, 7)),
    "people by fractions": lambda data: changed(data, person=np.repeat([0.0, 1, 2], 4)),
    "trust above 1": lambda data: changed(data, trust=np.full(12, 1.5, np.float32)),
    "too few thresholds": lambda data: changed(data, thresholds=np.zeros(2, np.float32)),
    "thresholds that are no numbers": lambda data: changed(data, thresholds=np.full(3, np.nan, np.float32)),
    "no power of strangers": lambda data: changed(data, limits=np.array([0.25, 2.5, 8.0, 0.0])),
    "a power of strangers above 1": lambda data: changed(data, limits=np.array([0.25, 2.5, 8.0, 1.5])),
    "endless thresholds": lambda data: changed(data, thresholds=np.full(3, -np.inf, np.float32)),
    "a rate of strangers above a half": lambda data: changed(data, numbers=np.array([0.6, 1.0, 0.0])),
    "no rate of strangers": lambda data: changed(data, numbers=np.array([0.0, 1.0, 0.0])),
    "a level slope": lambda data: changed(data, numbers=np.array([0.01, 0.0, 0.0])),
    "a slope downhill": lambda data: changed(data, numbers=np.array([0.01, -1.0, 0.0])),
    "two numbers": lambda data: changed(data, numbers=np.array([0.01, 1.0])),
    "perhaps its own": lambda data: changed(data, own_background=np.array(2)),
    "many axes": lambda data: changed(data, between=np.ones(200_000, np.float32)),
    "no axes": lambda data: changed(data, between=np.ones(0, np.float32)),
    "negative variance": lambda data: changed(data, between=-read_arrays(data)["between"]),
    "kinds without shares": lambda data: changed(data, kind_weights=read_arrays(data)["kind_weights"] * 0),
    "no covariances": lambda data: changed(data, kind_covariances=-read_arrays(data)["kind_covariances"]),
    **{f"a header that is {name}": lambda data, text=text: with_header(data, text) for name, text in HEADERS.items()},
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_broken_or_hostile_file_is_one_clear_error(data: bytes, damage: str) -> None:
    with pytest.raises(RunError, match=r"'gallery\.npz' is not a gallery that can be read") as caught:
        read(DAMAGES[damage](data))
    assert caught.value.code == "gallery-unreadable"


def test_the_damages_are_of_a_file_that_can_be_read(data: bytes) -> None:
    assert read(changed(data)).people == read(data).people
    header = "{'descr': '<f4', 'fortran_order': False, 'shape': (12, 12)}"
    assert np.array_equal(read(with_header(data, header)).embeddings, read(data).embeddings)


def test_a_file_that_unpacks_to_very_much_takes_no_memory(data: bytes) -> None:
    bomb = io.BytesIO()
    np.savez_compressed(bomb, **{**read_arrays(data), "embeddings": np.zeros((2_000_000, VALUES), np.float32)})
    lying = bytearray(data)
    at = lying.rindex(b"PK\x01\x02")  # the last part, in the list at the end
    lying[at + 20 : at + 28] = (4_000_000_000).to_bytes(4, "little") * 2  # its sizes
    for hostile in (bomb.getvalue(), bytes(lying)):
        tracemalloc.start()
        with pytest.raises(RunError):
            read(hostile)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 10_000_000


def test_a_file_that_lists_one_part_very_often_is_not_read_as_often(data: bytes) -> None:
    at, end = data.rindex(b"PK\x01\x02"), data.rindex(b"PK\x05\x06")
    count = int.from_bytes(data[end + 8 : end + 10], "little") + 200
    size = int.from_bytes(data[end + 12 : end + 16], "little") + 200 * (end - at)
    counts = count.to_bytes(2, "little") * 2 + size.to_bytes(4, "little")
    with pytest.raises(RunError, match="larger than the whole"):
        read(data[:end] + data[at:end] * 200 + data[end : end + 8] + counts + data[end + 16 :])
