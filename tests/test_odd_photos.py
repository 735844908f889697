"""Photos as cameras, editors and bad copies leave them: what lies in the file is what is read."""

from __future__ import annotations

import itertools
import shutil
import struct
import subprocess
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from castlist.errors import PhotoError
from castlist.media import check_size, is_film, look_inside, open_photo, read_photo, time_taken
from test_photos import BLUE, RED, encode, two_colors

DATA = Path(__file__).parent / "data"
LONG = 4  # the type of TIFF numbers of 32 bits


def photo(width: int = 240, height: int = 160) -> Image.Image:
    """A picture full of detail, so that each of its blocks takes many bytes."""
    coarse = np.random.default_rng(7).integers(0, 256, (height // 8, width // 8, 3), np.uint8)
    return Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)


class Tiff:
    """Writes TIFF files page by page, as cameras do."""

    def __init__(self) -> None:
        self.data = bytearray(struct.pack("<2sHI", b"II", 42, 0))

    def put(self, content: bytes) -> int:
        at = len(self.data)
        self.data += content
        return at

    def page(self, tags: dict[int, list[int]]) -> int:
        places = {
            tag: self.put(struct.pack(f"<{len(values)}I", *values)) if len(values) > 1 else None
            for tag, values in tags.items()
        }
        at = self.put(struct.pack("<H", len(tags)))
        for tag, values in sorted(tags.items()):
            self.put(struct.pack("<HHII", tag, LONG, len(values), values[0] if places[tag] is None else places[tag]))
        self.put(struct.pack("<I", 0))
        return at

    def picture(self, pixels: np.ndarray, photometric: int, **more: list[int]) -> int:
        height, width = pixels.shape[:2]
        tags = {
            256: [width],
            257: [height],
            258: [8 * pixels.itemsize] * (pixels.shape[2] if pixels.ndim == 3 else 1),
            259: [1],
            262: [photometric],
            273: [self.put(pixels.tobytes())],
            277: [pixels.shape[2] if pixels.ndim == 3 else 1],
            278: [height],
            279: [pixels.nbytes],
        }
        return self.page(tags | {int(tag[1:]): values for tag, values in more.items()})

    def chain(self, *pages: int) -> bytes:
        struct.pack_into("<I", self.data, 4, pages[0])
        for page, following in itertools.pairwise(pages):
            (count,) = struct.unpack_from("<H", self.data, page)
            struct.pack_into("<I", self.data, page + 2 + 12 * count, following)
        return bytes(self.data)


def sensor(tiff: Tiff, width: int = 600, height: int = 400) -> int:
    return tiff.picture(np.zeros((height, width), np.uint16), 32803, t254=[0])


def test_a_raw_file_is_its_large_preview_upright() -> None:
    tiff = Tiff()
    small = tiff.picture(np.asarray(two_colors(60, 40)), 2, t254=[1], t274=[6])
    jpeg = encode(two_colors(300, 200), "JPEG", quality=95)
    large = tiff.page({254: [1], 259: [6], 513: [tiff.put(jpeg)], 514: [len(jpeg)]})
    pixels = read_photo(tiff.chain(small, large, sensor(tiff)))
    assert pixels.shape == (300, 200, 3), "turned, as the file says of all its pictures"
    np.testing.assert_allclose(pixels[20, 100], RED, atol=12)


def test_previews_lie_below_other_pages_too() -> None:
    tiff = Tiff()
    jpeg = encode(two_colors(400, 300), "JPEG", quality=95)
    below = tiff.page({254: [1], 513: [tiff.put(jpeg)], 514: [len(jpeg)]})
    first = tiff.picture(np.asarray(two_colors(60, 40)), 2, t254=[1], t330=[sensor(tiff), below])
    assert read_photo(tiff.chain(first)).shape == (300, 400, 3)


def test_a_raw_file_with_a_thumbnail_alone_is_refused() -> None:
    tiff = Tiff()
    data = tiff.chain(tiff.picture(np.asarray(two_colors(60, 40)), 2, t254=[1]), sensor(tiff))
    with pytest.raises(PhotoError) as refusal:
        read_photo(data)
    assert refusal.value.code == "photo-raw"
    for head in (b"IIU\0" + bytes(60), b"FUJIFILMCCD-RAW " + bytes(60), b"\0\0\0\x18ftypcrx " + bytes(60)):
        with pytest.raises(PhotoError, match="camera raw"):
            read_photo(head)


def test_a_preview_before_the_photo_is_not_the_photo() -> None:
    for kind in ({"t254": [1]}, {}):  # told, or only seen by its size
        tiff = Tiff()
        small = tiff.picture(np.asarray(two_colors(60, 40)), 2, **kind)
        large = tiff.picture(np.asarray(two_colors(300, 200)), 2)
        assert read_photo(tiff.chain(small, large)).shape == (200, 300, 3)


def test_pages_of_a_scan_give_the_first() -> None:
    pages = [two_colors(80, 100), two_colors(100, 80), two_colors(90, 90)]
    data = encode(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    assert read_photo(data).shape == (100, 80, 3)


def test_pages_that_lead_in_circles_end() -> None:
    tiff = Tiff()
    page = tiff.picture(np.asarray(two_colors()), 2, t330=[8, 8])
    assert read_photo(tiff.chain(page, page)).shape == (40, 60, 3)


@pytest.mark.parametrize("values", [np.uint16, np.uint8])
def test_white_may_be_zero(values: type) -> None:
    top = np.iinfo(values).max
    grey = np.full((8, 8), top, values)
    grey[:, 4:] = 0
    pixels = read_photo((tiff := Tiff()).chain(tiff.picture(grey, 0)))
    assert pixels[:, :4].max() == 0
    assert pixels[:, 4:].min() == 255


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


@pytest.mark.parametrize(
    "extra",
    [
        chunk(b"iCCP", b"profile\0\0" + zlib.compress(np.random.default_rng(0).bytes(1_200_000))),
        chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(3_000_000))),
        chunk(b"iTXt", b"Comment\0\1\0\0\0" + zlib.compress(bytes(3_000_000))),
        chunk(b"tEXt", b"Comment\0" + b"a" * 2_000_000),
        chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"text"))[:-1] + b"\0",
        80 * chunk(b"iTXt", b"Comment\0\1\0\0\0" + zlib.compress(bytes(900_000))),
    ],
    ids=["profile", "text", "international", "plain", "damaged", "many"],
)
@pytest.mark.parametrize("is_last", [False, True])
def test_a_png_is_read_whatever_hangs_on_it(extra: bytes, is_last: bool) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    whole = encode(two_colors(), "PNG", exif=exif)
    at = len(whole) - 12 if is_last else 33  # before IEND, or after IHDR
    pixels = read_photo(whole[:at] + extra + whole[at:])
    np.testing.assert_array_equal(pixels, read_photo(whole))
    assert pixels.shape == (60, 40, 3)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_blank_lines_before_a_photo_are_passed_over(kind: str) -> None:
    data = encode(photo(), kind)
    expected = read_photo(data)
    for blanks in (b"\n", b"\r\n\r\n", b"\xef\xbb\xbf", bytes(512)):
        np.testing.assert_array_equal(read_photo(blanks + data), expected)
    for other in (b"<br>\n" + data, b"\n" * 5000 + data, b"\n", b""):
        with pytest.raises(PhotoError):
            read_photo(other)


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpg_may_lack_its_last_bytes_and_no_more(progressive: bool) -> None:
    whole = encode(photo(), "JPEG", quality=90, progressive=progressive)
    for missing in (1, 2, 4, 8):
        pixels = read_photo(whole[:-missing])
        difference = np.abs(pixels.astype(int) - read_photo(whole)).max(axis=2)
        assert (difference > 0).mean() < 0.02
    for share in (0.1, 0.5, 0.8):
        with pytest.raises(PhotoError, match="damaged or cut short"):
            read_photo(whole[: -int(share * len(whole))])


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpg_that_lacks_bytes_is_read_and_refused_at_each_size_alike(progressive: bool) -> None:
    whole = encode(photo(), "JPEG", quality=90, progressive=progressive)
    opened = open_photo(whole[:-4])
    assert opened.decode(4).scale == 1  # what is missing is judged on the whole
    assert opened.decode(4) is opened.decode()
    for share in (0.1, 0.5):
        with pytest.raises(PhotoError, match="damaged or cut short"):
            open_photo(whole[: -int(share * len(whole))]).decode(4)


def test_a_drawn_out_header_is_not_read_to_its_end(tmp_path: Path) -> None:
    whole = encode(photo(), "JPEG")
    for drawn_out in (b"\xff" * 400_000, b"\0" * 400_000, b"\xff\xd8" * 200_000, b"\xff\xe5\0\2" * 200_000):
        (file := tmp_path / "a.jpg").write_bytes(whole[:2] + drawn_out + whole[2:])
        with pytest.raises(PhotoError, match="so much stands before its pixels"):
            open_photo(file)
        with pytest.raises(PhotoError, match="so much stands before its pixels"):
            look_inside(file)
    assert read_photo(whole[:2] + b"\xff" * 400 + whole[2:]).shape == (160, 240, 3)
    with pytest.raises(PhotoError, match="damaged or cut short"):
        read_photo(whole[:50])


def test_what_no_photo_is_as_large_as_is_not_read_to_look_inside(tmp_path: Path) -> None:
    with (tmp_path / "a.tif").open("wb") as file:
        file.write(b"II*\0")  # which is read whole
        file.truncate(2**40)
    with pytest.raises(PhotoError) as refused:
        look_inside(tmp_path / "a.tif")
    assert refused.value.code == "photo-file-large"


def test_a_coarse_scan_is_no_whole_photo() -> None:
    """A progressive JPG cut between two of its scans decodes to its last row, without detail."""
    whole = encode(photo(), "JPEG", quality=90, progressive=True)
    scans = [i for i in range(len(whole)) if whole[i : i + 2] == b"\xff\xda"]
    assert len(scans) > 4
    for at in scans[1:]:
        with pytest.raises(PhotoError, match="damaged or cut short"):
            read_photo(whole[:at])


def test_a_phone_s_heic_is_upright_and_knows_when_it_was_taken() -> None:
    """The phone's way: the container turns the picture, and its EXIF block says the same once more."""
    file = DATA / "turned.heic"
    pixels = read_photo(file)
    assert pixels.shape == (96, 64, 3)
    np.testing.assert_allclose(pixels[5, 32], RED, atol=12)
    np.testing.assert_allclose(pixels[90, 32], BLUE, atol=12)
    moment = time_taken(file.read_bytes())
    assert moment is not None
    assert moment.seconds == 1714979289.0
    assert not is_film(file)
    with pytest.raises(PhotoError, match="a photo in HEIC that is damaged"):
        read_photo(file.read_bytes()[:-5])


def test_a_heic_is_cropped_and_turned_as_its_container_says() -> None:
    """Of 200 x 120 in four colors it shows 60 x 40, turned and mirrored; heif-convert of libheif shows the same."""
    data = (DATA / "cropped.heic").read_bytes()
    photo = open_photo(data)
    pixels = photo.decode().pixels
    assert (photo.size, pixels.shape) == ((40, 60), (60, 40, 3))
    corners = [[220, 30, 30], [30, 160, 30], [30, 30, 220], [230, 230, 230]]
    np.testing.assert_allclose(pixels[::59, ::39].reshape(4, 3), corners, atol=3)
    edges = [np.abs(np.diff(line.astype(int), axis=0)).sum(1).argmax() for line in (pixels[:, 0], pixels[0])]
    assert edges == [39, 15], "where the colors meet"
    other = read_photo(data.replace(b"imir", b"free"))  # what else is said of it changes nothing
    np.testing.assert_allclose(other, pixels[::-1], atol=3)
    at = data.index(b"clap") + 4
    for width in (0, 1 << 31):
        with pytest.raises(PhotoError, match="damaged"):
            read_photo(data[:at] + struct.pack(">I", width) + data[at + 4 :])


def test_an_avif_is_cropped_and_turned_as_its_container_says(tmp_path: Path) -> None:
    """As the HEIC before; its names and boxes are in the picture that is shown."""
    file = DATA / "cropped.avif"
    photo, inside = open_photo(file), look_inside(file)
    pixels = photo.decode().pixels
    assert photo.size == inside.upright_size == (40, 60)
    corners = [[30, 160, 30], [230, 230, 230], [220, 30, 30], [30, 30, 220]]
    np.testing.assert_allclose(pixels[::59, ::39].reshape(4, 3), corners, atol=3)
    edges = [np.abs(np.diff(line.astype(int), axis=0)).sum(1).argmax() for line in (pixels[:, 0], pixels[0])]
    assert edges == [39, 24], "where the colors meet"
    data = file.read_bytes()
    at = data.index(b"clap") + 4
    for wrong in (0, 1 << 31):  # no part of it: all is shown
        assert open_photo(data[:at] + struct.pack(">I", wrong) + data[at + 4 :]).size == (120, 200)


@pytest.mark.parametrize("bits", [8, 10])
def test_heic_as_another_program_writes_it(tmp_path: Path, bits: int) -> None:
    if not shutil.which("heif-enc"):
        pytest.skip("heif-enc isn't there: apt-get install libheif-examples")
    two_colors(200, 120).save(tmp_path / "photo.png")
    command = ["heif-enc", "-q", "90", "-t", "64", "-b", str(bits), "-o", "photo.heic", "photo.png"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    pixels = read_photo(tmp_path / "photo.heic")
    assert pixels.shape == (120, 200, 3), "not its thumbnail"
    np.testing.assert_allclose(pixels[60, 20], RED, atol=12)


@pytest.mark.parametrize("brand", [b"miaf", b"MiHE", b"mif2", b"isom"])
def test_a_heic_or_avif_may_begin_with_a_brand_that_says_less(brand: bytes) -> None:
    for data in ((DATA / "turned.heic").read_bytes(), encode(two_colors(), "AVIF")):
        other = data[:8] + brand + data[12:]
        assert not is_film(other)
        np.testing.assert_array_equal(read_photo(other), read_photo(data))
    assert is_film(b"\0\0\0\x14ftyp" + brand + b"\0\0\0\0isom")


def test_a_heic_whose_end_was_never_written_is_refused() -> None:
    data = (DATA / "turned.heic").read_bytes()
    at = data.index(b"mdat")
    longer = data[: at - 4] + struct.pack(">I", len(data) - at + 4 + 5000) + data[at:]
    assert read_photo(longer + bytes(100) + b"\1" * 4900).shape == (96, 64, 3)
    with pytest.raises(PhotoError, match="its end was never written"):
        read_photo(longer + bytes(5000))


def test_sizes_in_a_heic_are_not_believed() -> None:
    data = bytearray((DATA / "turned.heic").read_bytes())
    at = data.index(b"ispe") + 8
    struct.pack_into(">II", data, at, 20_000, 20_000)
    with pytest.raises(PhotoError):
        read_photo(bytes(data))


@pytest.mark.parametrize(
    ("kind", "top"), [(1, 1), (2, 255), (2, 100), (2, 1000), (3, 31), (5, 1000), (6, 100), (6, 65535)]
)
def test_netpbm_that_pillow_reads_number_by_number(kind: int, top: int) -> None:
    rng = np.random.default_rng(kind)
    shape = (5, 7, 3) if kind in (3, 6) else (5, 7)
    values = rng.integers(0, top + 1, shape)
    head = b"P%d # made by hand\n7 5\n" % kind + (b"" if kind == 1 else b"%d\n" % top)
    written_out = b" ".join(b"%d" % value for value in values.ravel())
    data = head + (written_out if kind < 4 else values.astype("u1" if top < 256 else ">u2").tobytes())
    meant = 255 * (1 - values if kind == 1 else values / top)
    rgb = meant if len(shape) == 3 else np.repeat(meant[..., None], 3, axis=2)
    np.testing.assert_allclose(read_photo(data), rgb, atol=1)
    with pytest.raises(PhotoError, match="damaged or cut short"):
        read_photo(data[:-4])


@pytest.mark.parametrize("top", [1, 100, 255, 65535])
@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_pam_is_read(depth: int, top: int) -> None:
    values = np.random.default_rng(depth).integers(0, top + 1, (5, 7, depth))
    head = b"P7\n# made by hand\nWIDTH 7\nHEIGHT 5\nDEPTH %d\nMAXVAL %d\nTUPLTYPE WHAT_EVER\nENDHDR\n" % (depth, top)
    data = head + values.astype("u1" if top < 256 else ">u2").tobytes()
    shares = values / top
    colors, opaque = (shares[..., :-1], shares[..., -1:]) if depth in (2, 4) else (shares, 1)
    expected = np.broadcast_to(255 * (1 - opaque * (1 - colors)), (5, 7, 3))
    np.testing.assert_allclose(read_photo(data), expected, atol=1)
    with pytest.raises(PhotoError, match="damaged or cut short"):
        read_photo(data[:-1])
    with pytest.raises(PhotoError, match="million pixels"):
        read_photo(data.replace(b"WIDTH 7", b"WIDTH 70000000"))
    for wrong in (b"DEPTH 5", b"DEPTH 0", b"DEPTH x"):
        with pytest.raises(PhotoError, match="known format"):
            read_photo(data.replace(b"DEPTH %d" % depth, wrong))


def test_a_jpg_that_tells_its_height_behind_its_pixels_is_read() -> None:
    whole = encode(photo(), "JPEG", quality=90)
    size = whole.index(b"\xff\xc0") + 5
    unknown = whole[:size] + b"\0\0" + whole[size + 2 :]
    behind = unknown[:-2] + b"\xff\xdc\0\4" + whole[size : size + 2] + whole[-2:]
    np.testing.assert_array_equal(read_photo(behind), read_photo(whole))
    with pytest.raises(PhotoError, match="damaged at its beginning"):
        read_photo(unknown)


def test_a_large_netpbm_of_written_numbers_takes_no_minute() -> None:
    """Pillow takes half a second for it, and forty for one of 50 million pixels."""
    data = b"P2 800 800 255\n" + b"7 " * 640_000
    began = time.process_time()
    assert read_photo(data).shape == (800, 800, 3)
    assert time.process_time() - began < 0.25
    with pytest.raises(PhotoError, match="million pixels"):
        read_photo(b"P2 20000 20000 255\n7 ")
    with pytest.raises(PhotoError, match="known format"):
        read_photo(b"P2 " + b" " * 100_000 + b"8 8 255\n7 ")


@pytest.mark.photos
def test_odd_files_that_people_have(photos_folder: Path) -> None:
    odd = photos_folder / "odd"
    three = np.asarray(Image.fromarray(read_photo(odd / "three.jpg")).convert("L").resize((60, 40)), int)
    negative = np.asarray(Image.fromarray(read_photo(odd / "white_is_zero_16bit.tif")).convert("L").resize((60, 40)))
    assert np.abs(three - negative).mean() < 5
    for name in ("large_profile.png", "large_text.png", "without_last_2_bytes.jpg", "without_last_8_bytes.jpg"):
        assert read_photo(odd / name).shape == (198, 198, 3)
    with pytest.raises(PhotoError, match="camera raw"):
        read_photo(odd / "preview_first.NEF")


def deep_tiff(values: np.ndarray, *, floats: bool = False, signed: bool = False, **tags: list[int]) -> bytes:
    samples = [3 if floats else 2 if signed else 1]
    photometric = 2 if values.ndim == 3 else 1
    return (tiff := Tiff()).chain(tiff.picture(values, photometric, t339=samples, **tags))


DEEP = (np.float16, np.float32, np.float64, np.uint32, np.int32)


@pytest.mark.parametrize(
    ("kind", "colored", "white_is_zero"),
    [(kind, *how) for kind in DEEP for how in ((True, False), (False, False), (False, True))]
    + [(np.int16, False, False), (np.int16, False, True), (np.uint16, False, True)],
)
def test_samples_of_every_depth_keep_their_brightness(kind: type, colored: bool, white_is_zero: bool) -> None:
    shares = np.repeat(np.linspace(0, 1, 32)[None, :], 24, axis=0)
    shares = np.stack([shares, shares**2, 1 - shares], axis=2) if colored else shares
    is_float = np.issubdtype(kind, np.floating)
    top = 1 if is_float else np.iinfo(kind).max
    stored = ((1 - shares if white_is_zero else shares) * top).astype(kind)
    more = {"t262": [0]} if white_is_zero else {}
    pixels = read_photo(deep_tiff(stored, floats=is_float, signed=kind in (np.int16, np.int32), **more))
    np.testing.assert_allclose(pixels, 255 * (shares if colored else shares[..., None].repeat(3, 2)), atol=1)


def test_lights_brighter_than_white_leave_the_rest_as_it_is() -> None:
    shares = np.repeat(np.linspace(0, 1, 32, dtype=np.float32)[None, :], 24, axis=0)
    expected = (255 * shares).astype(np.uint8)
    expected[:2, :3] = 255
    shares[0, :3], shares[1, :3] = 40, np.inf
    np.testing.assert_array_equal(read_photo(deep_tiff(shares, floats=True))[..., 0], expected)
    bytes_as_floats = np.repeat(np.linspace(0, 200, 32, dtype=np.float32)[None, :], 24, axis=0)
    np.testing.assert_allclose(read_photo(deep_tiff(bytes_as_floats, floats=True))[..., 0], bytes_as_floats, atol=1)


def test_halves_in_a_bigtiff_are_read() -> None:
    """As `Tiff` lays it out, but with places of eight bytes."""
    values = np.linspace(0, 1, 64, dtype=np.float16).reshape(4, 16)
    tags = {256: 16, 257: 4, 258: 16, 259: 1, 262: 1, 273: 16 + 8 + 10 * 20 + 8, 277: 1, 278: 4, 279: 128, 339: 3}
    entries = b"".join(struct.pack("<HHQQ", tag, 3 if tag == 339 else 4, 1, value) for tag, value in tags.items())
    data = struct.pack("<2sHHHQQ", b"II", 43, 8, 0, 16, len(tags)) + entries + bytes(8) + values.tobytes()
    np.testing.assert_allclose(read_photo(data)[..., 0], 255 * values.astype(float), atol=1)


def test_deep_samples_are_turned_and_laid_onto_white() -> None:
    picture = np.zeros((10, 20, 4), np.float32)
    picture[:, 10:, :3] = 0.5
    picture[:, 10:, 3] = 1
    pixels = read_photo(deep_tiff(picture, floats=True, t338=[2], t274=[6]))
    assert pixels.shape == (20, 10, 3)
    assert (pixels[0, 0].tolist(), pixels[-1, 0].tolist()) == ([255] * 3, [127] * 3)


@pytest.mark.parametrize(("told", "shown"), [({}, 90), ({"t338": [0]}, 90), ({"t338": [2]}, 255)])
def test_a_fourth_sample_is_opacity_only_where_the_file_says_so(told: dict[str, list[int]], shown: int) -> None:
    tiff = Tiff()
    pixels = np.dstack([np.full((10, 20, 3), 90, np.uint8), np.zeros((10, 20), np.uint8)])
    assert (read_photo(tiff.chain(tiff.picture(pixels, 2, **told))) == shown).all()


def test_an_avif_that_is_cut_short_is_no_film() -> None:
    data = encode(photo(), "AVIF")
    assert read_photo(data).shape == (160, 240, 3)
    for part in (data[: len(data) // 2], data[:40]):
        assert not is_film(part)
        with pytest.raises(PhotoError, match="a photo in AVIF that is damaged, cut short, or of a kind"):
            read_photo(part)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.uint32, np.float16, np.float32])
@pytest.mark.parametrize(("colors", "extra"), [(1, []), (1, [2]), (1, [1]), (1, [0]), (3, []), (3, [2]), (3, [1])])
def test_samples_that_lie_apart_are_read(kind: type, colors: int, extra: list[int]) -> None:
    shares = np.repeat(np.linspace(0, 1, 20)[None, :], 10, axis=0)
    stored = np.dstack([shares, shares**2, 1 - shares][:colors] + [np.full_like(shares, 0.5)] * len(extra))
    expected = stored[..., :colors]
    if extra and extra != [0]:
        expected = expected / 2 + 0.5 if extra == [2] else np.minimum(expected + 0.5, 1)
    is_float = np.issubdtype(kind, np.floating)
    stored = (stored * (1 if is_float else np.iinfo(kind).max)).astype(kind)
    planes, n = np.moveaxis(stored, 2, 0), stored.shape[2]
    tiff = Tiff()
    strips = [tiff.put(part.tobytes()) for plane in planes for part in (plane[:6], plane[6:])]
    tags = {"t273": strips, "t278": [6], "t279": [plane[0].nbytes * i for plane in planes for i in (6, 4)]}
    tags |= {"t277": [n], "t284": [2], "t339": [3 if is_float else 1] * n, "t274": [6]}
    tags |= {"t338": extra} if extra else {}
    pixels = read_photo(tiff.chain(tiff.picture(stored, 1 if colors == 1 else 2, **tags)))
    np.testing.assert_allclose(pixels, np.rot90(255 * expected.repeat(4 - colors if colors < 3 else 1, 2), -1), atol=2)


@pytest.mark.parametrize("tiled", [False, True])
@pytest.mark.parametrize("kind", [np.uint16, np.uint32])
def test_grey_with_opacity_is_read(kind: type, tiled: bool) -> None:
    top = np.iinfo(kind).max
    grey = np.repeat(np.linspace(0, top, 32)[None, :], 16, axis=0).astype(kind)
    stored = np.dstack([grey, np.full_like(grey, top // 2)])
    tiff = Tiff()
    step = 16 if tiled else 32
    tiles = []
    for left in range(0, 32, step):  # as differences, packed
        part = stored[:, left : left + step].copy()
        part[:, 1:] -= stored[:, left : left + step - 1]
        tiles.append(zlib.compress(part.tobytes()))
    places, sizes = [tiff.put(one) for one in tiles], [len(one) for one in tiles]
    where = {322: [16], 323: [16], 324: places, 325: sizes} if tiled else {273: places, 279: sizes, 278: [16]}
    tags = {256: [32], 257: [16], 258: [8 * grey.itemsize] * 2, 259: [8], 262: [1], 277: [2], 317: [2], 338: [2]}
    pixels = read_photo(tiff.chain(tiff.page(tags | where)))
    np.testing.assert_allclose(pixels[..., 0], 255 * (0.5 + grey / top / 2), atol=1.5)


def test_a_tiff_that_would_be_misread_is_refused(capfd: pytest.CaptureFixture[str]) -> None:
    apart = np.zeros((3, 10, 20), np.uint16).reshape(10, 20, 3)
    small = np.zeros((10, 20), np.int8)
    for data in (
        deep_tiff(apart, t284=[2], t262=[5]),
        deep_tiff(small, signed=True),
        deep_tiff(np.zeros((10, 20), np.float32), floats=True)[:600],
    ):
        with pytest.raises(PhotoError, match="a TIFF that is damaged or of a kind that can't be read; save it as JPG"):
            read_photo(data)
    assert capfd.readouterr().err == "", "OpenCV says more on its own"
    huge = deep_tiff(np.zeros((1, 1), np.float32), floats=True, t256=[20_000], t257=[20_000])
    with pytest.raises(PhotoError, match="20000 x 20000 is more than the limit"):
        read_photo(huge)
    with pytest.raises(PhotoError, match="20 x 10 is more than the limit"):
        check_size(deep_tiff(np.zeros((10, 20), np.float32), floats=True), 100, most_whole=100)


@pytest.mark.parametrize("kind", [b"gAMA", b"pHYs", b"cHRM", b"sRGB", b"sBIT", b"caBX", b"acTL"])
def test_a_png_is_read_whatever_is_wrong_with_its_extras(kind: bytes) -> None:
    whole = encode(two_colors(), "PNG")
    for extra in (chunk(kind, b"\0\1")[:-1] + b"\1", chunk(kind, b"\0")):
        np.testing.assert_array_equal(read_photo(whole[:33] + extra + whole[33:]), read_photo(whole))


def test_what_is_left_of_a_name_in_a_photo_s_head_is_told() -> None:
    whole = encode(two_colors(), "PNG")
    with pytest.raises(PhotoError, match="damaged at its beginning"):
        read_photo(whole[:30] + b"\0\0" + whole[32:])
    for head, name in (
        (b"\xff\x0a", "JPEG XL"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
        (b"<svg xmlns", "SVG"),
        (b"\x76\x2f\x31\x01\2", "OpenEXR"),
    ):
        with pytest.raises(PhotoError, match=f"{name} isn't read; save it as JPG"):
            read_photo(head + bytes(60))


def canon_tags(orientation: int) -> bytes:
    return b"\0\0\0\x20CMT1" + (tiff := Tiff()).chain(tiff.page({274: [orientation]}))


@pytest.mark.parametrize(
    "head",
    [
        b"FUJIFILMCCD-RAW 0201" + bytes(80),
        b"\0\0\0\x18ftypcrx \0\0\0\1crx isom" + canon_tags(6),
        b"IIU" + (tiff := Tiff()).chain(tiff.page({274: [6]}))[2:].replace(b"*", b"", 1),
    ],
    ids=["Fujifilm", "Canon", "Panasonic"],
)
def test_every_maker_s_raw_file_is_its_large_picture(head: bytes) -> None:
    small, large = encode(two_colors(160, 120), "JPEG"), encode(two_colors(1200, 800), "JPEG", quality=95)
    pixels = read_photo(head + bytes(100) + small + bytes(50) + large + b"\xff\xd8\xff\xc3 the sensor's" + bytes(500))
    is_turned = not head.startswith(b"FUJI")
    assert pixels.shape == ((1200, 800, 3) if is_turned else (800, 1200, 3))
    np.testing.assert_allclose(pixels[20, 20], RED, atol=12)
    with pytest.raises(PhotoError, match="camera raw file without a large picture"):
        read_photo(head + bytes(100) + small)


def packed(width: int, height: int, rows: bytes, compression: int = 1) -> bytes:
    """A BMP file of runs; color n of its palette is n, 2 n, 3 n (blue, green, red)."""
    bits = 8 if compression == 1 else 4
    palette = b"".join(bytes([n, 2 * n % 256, 3 * n % 256, 0]) for n in range(1 << bits))
    start = 54 + len(palette)
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, compression, len(rows), 2835, 2835, 1 << bits, 0)
    return b"BM" + struct.pack("<IHHI", start + len(rows), 0, 0, start) + header + palette + rows


def test_a_bmp_of_runs_is_read() -> None:
    # The lowest row first: a run of 3; two pixels as they are; then 5, 6, 7 and a pad, a run of 2.
    data = packed(5, 2, b"\x03\x09\x02\x01\0\0" + b"\0\x03\x05\x06\x07\0\x02\x08\0\1")
    expected = np.array([[5, 6, 7, 8, 8], [9, 9, 9, 1, 1]], np.uint8)
    np.testing.assert_array_equal(read_photo(data), np.stack([3 * expected, 2 * expected, expected], axis=2))
    small = packed(4, 1, b"\x03\x12\x01\x30\0\1", compression=2)
    np.testing.assert_array_equal(read_photo(small)[0, :, 2], [1, 2, 1, 3])
    with pytest.raises(PhotoError, match="damaged or cut short"):
        read_photo(data[:-6])
    with pytest.raises(PhotoError, match="30000 x 20000 is more than the limit"):
        read_photo(packed(30000, 20000, b"\x01\x05\0\1"))


def test_what_is_refused_costs_next_to_nothing() -> None:
    """Each took from half a second to ten, some of it before the pixels were counted."""
    runs = packed(4000, 4000, b"\x01\x05" * 1_000_000)
    whole = encode(photo(), "JPEG")
    size = whole.index(b"\xff\xc0") + 5
    empty = whole[:size] + struct.pack(">HH", 4000, 4000) + whole[size + 4 : whole.index(b"\xff\xda") + 20]
    for data in (runs, empty):
        began = time.process_time()
        with pytest.raises(PhotoError, match="damaged or cut short"):
            read_photo(data)
        assert time.process_time() - began < 0.5
    pieces = encode(photo(), "PNG")
    for kind in (b"tEXt", b"abCd", b"IDAT"):
        with pytest.raises(PhotoError, match="as no program writes"):
            read_photo(pieces[:33] + chunk(kind, b"") * 100_001 + pieces[33:])
    many = encode(Image.new("RGBA", (4000, 2500)), "PNG", compress_level=1)
    began = time.process_time()
    with pytest.raises(PhotoError, match="more than the limit of 5 million pixels"):
        check_size(many, 5_000_000, most_whole=5_000_000)
    assert time.process_time() - began < 0.1
