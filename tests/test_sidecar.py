"""The TOML beside a user's own network."""

from __future__ import annotations

import pytest

from castlist.embeddings.sidecar import read_sidecar

POINTS = [[38.3, 51.7], [73.5, 51.5], [56.0, 71.7], [41.5, 92.4], [70.7, 92.2]]
NAMED = 'template = "arcface-112"\n'


def own(points: object, size: object = 112) -> str:
    return f"template = {points}\nsize = {size}\n"


def test_what_a_toml_says_is_read() -> None:
    said = read_sidecar(b"\xef\xbb\xbf" + f'{own(POINTS)}mean = 127.5\nscale = -1\nlayout = "nchw"\n'.encode())
    assert (said["template"].size, said["template"].points[0]) == (112, (38.3, 51.7))
    assert (said["mean"], said["scale"], said["layout"], said["channels"]) == ((127.5,) * 3, -1.0, "nchw", "rgb")
    assert read_sidecar(f"{NAMED}size = 112\nmean = [1, 2, 3]\n".encode())["mean"] == (1, 2, 3)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("scale = 1", "template is missing"),
        ("template = 3", "template must be a name or five points"),
        ('[template]\nname = "arcface-112"', "template must be a name or five points"),
        (f"template = {POINTS}", "size must be a whole number, 16 to 1024, not None"),
        *[
            (own(POINTS, size), "size must be")
            for size in ("inf", "nan", "-112", "0", "112.5", "true", "[112]", "'112'")
        ],
        (f"{NAMED}size = 150", "size must be 112"),
        (own([*POINTS[:4], [1]]), "five points"),
        (own("[[nan, 1], [1, 1], [1, 1], [1, 1], [1, 1]]"), "five points"),
        (own([[1, 1]] * 5), "left eye"),  # all at one place
        (own([POINTS[i] for i in (1, 0, 2, 4, 3)]), "left and right as seen"),
        (own([[x / 112, y / 112] for x, y in POINTS]), "in pixels"),
        (own([[x, 112 - y] for x, y in POINTS]), "left eye"),  # on its head
        (own([[x + 60, y] for x, y in POINTS]), "crop of 112"),
        *[(f"{NAMED}mean = {mean}", "mean must be") for mean in ("[1, 2]", "[]", "nan", "'127.5'", "true", "1e40")],
        *[
            (f"{NAMED}scale = {scale}", "scale must be")
            for scale in ("0", "nan", "inf", "1e-300", "[1]", "'x'", "true")
        ],
        (f"{NAMED}layout = ['nchw']", "layout must be nhwc or nchw"),
        (f"{NAMED}channels = 'BGR'", "channels must be rgb or bgr"),
        ("a = " + "[" * 5000 + "]" * 5000, "nested too deeply"),
        ("mean = " + "9" * 5000, "4300 digits"),
    ],
)
def test_what_is_no_description_is_refused_with_its_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_sidecar(text.encode())
