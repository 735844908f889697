"""Faces and names in XMP: read as other programs write them, written as they read them, and the rest left as it is."""

from __future__ import annotations

import dataclasses
import functools
import json
import os
import random
import shutil
import stat
import subprocess
import threading
import time
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageOps, PngImagePlugin

from castlist.drawn import HEROES, draw_group
from castlist.errors import CastlistError
from castlist.faces import Box, find_faces
from castlist.media import (
    MarkReader,
    Sidecars,
    TagItem,
    TagPlan,
    Tags,
    look_inside,
    make_tags,
    plan_inside,
    plan_sidecar,
    plan_untagging,
    read_photo,
    remove_sidecar,
    write_inside,
    write_planned,
)
from castlist.media.headers import read_taking
from castlist.media.orientation import to_stored, to_upright
from castlist.media.regions.heif import without_empty_xmp
from castlist.media.regions.packet import EMPTY, Packet
from castlist.media.regions.plans import stamp_of
from castlist.media.regions.reading import read_regions
from castlist.media.regions.records import Area, Region
from castlist.media.regions.writing import change, standing, take_out
from castlist.naming import overlap

needs_exiftool = pytest.mark.skipif(not shutil.which("exiftool"), reason="exiftool is missing")
NAME = "Zoë, „王“ & <Bo>"
DATA = Path(__file__).parent / "data"
SIZE = (400, 300)
ANN = Tags(SIZE, (Region("Ann", Area(0.5, 0.4, 0.2, 0.3)),))
# How a picture is turned to be stored, so that each orientation shows it upright.
STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@cache
def drawn() -> Image.Image:
    """A hero at the side of a wide picture."""
    canvas = np.full((260, 420, 3), 190, np.uint8)
    canvas[20:240, 30:250] = draw_group(HEROES[:1], size=220, seed=3)
    return Image.fromarray(canvas)


def save(path: Path, orientation: int = 1, picture: Image.Image | None = None) -> Path:
    """A photo that is stored as an orientation says, and shows the picture upright."""
    stored, turn = picture or drawn(), STORED[orientation]
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    path.parent.mkdir(parents=True, exist_ok=True)
    (stored.transpose(turn) if turn is not None else stored).save(path, exif=exif, quality=95)
    return path


def face_of(path: Path) -> Box:
    """Where the detector finds the face of the upright photo."""
    (face,) = find_faces(read_photo(path))
    return face.box


def tags_of(path: Path, name: str = NAME) -> Tags:
    box, inside = face_of(path), look_inside(path)
    return make_tags([(name, (box.left, box.top, box.right, box.bottom))], inside.upright_size, inside.orientation)


def seen_upright(area: Any, photo: Path) -> Box:
    """Where an area as MWG writes it lies in the upright photo; Pillow turns a mask of it."""
    with Image.open(photo) as image:
        mask = Image.new("L", image.size)
        width, height = image.size
        left, top = (area["X"] - area["W"] / 2) * width, (area["Y"] - area["H"] / 2) * height
        box = [round(left), round(top), round(left + area["W"] * width), round(top + area["H"] * height)]
        mask.paste(255, box)
        mask.getexif()[ExifTags.Base.Orientation] = image.getexif()[ExifTags.Base.Orientation]
    found = ImageOps.exif_transpose(mask).getbbox()
    assert found is not None
    return Box(*found)


def need(plan: TagPlan | None) -> TagPlan:
    assert plan is not None
    return plan


def write_all(plans: list[TagPlan]) -> list[CastlistError | None]:
    return list(write_inside(plans, lambda plan, copy: None))


def exiftool(*arguments: str | Path) -> str:
    return subprocess.run(["exiftool", *map(str, arguments)], capture_output=True, text=True, check=True).stdout


def wrap(properties: str, attributes: str = "") -> bytes:
    """A packet with some properties."""
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/" '
        'xmlns:stDim="http://ns.adobe.com/xap/1.0/sType/Dimensions#" '
        'xmlns:stArea="http://ns.adobe.com/xmp/sType/Area#" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
        f'xmlns:MP="http://ns.microsoft.com/photo/1.2/" xmlns:MPRI="http://ns.microsoft.com/photo/1.2/t/RegionInfo#" '
        f'xmlns:MPReg="http://ns.microsoft.com/photo/1.2/t/Region#"{attributes}>{properties}</rdf:Description>'
        "</rdf:RDF></x:xmpmeta>"
    ).encode()


def regions(data: bytes, size: tuple[int, int] = SIZE) -> list[tuple[str, list[float]]]:
    """Names and edges."""
    return [(one.name, [round(edge, 3) for edge in one.area.edges]) for one in read_regions(Packet(data), size)]


@needs_exiftool
def test_what_is_written_lies_on_the_face_in_all_orientations(tmp_path: Path) -> None:
    expected = {}
    plans = []
    for orientation in STORED:
        photo = save(tmp_path / "beside" / f"{orientation}.jpg", orientation)
        write_planned(plan_sidecar(photo, Sidecars().place(photo), tags_of(photo)))
        inside = save(tmp_path / "inside" / f"{orientation}.jpg", orientation)
        plans.append(need(plan_inside(inside, tags_of(inside))))
        expected |= {f"{photo}.xmp": photo, str(inside): inside}
    assert write_all(plans) == [None] * 8
    read = json.loads(exiftool("-j", "-struct", "-RegionInfo", "-RegionInfoMP", *expected))
    assert len(read) == 16
    for one in read:
        photo = expected[one["SourceFile"]]
        face = face_of(photo)
        with Image.open(photo) as image:
            stored = dict(zip("WH", image.size, strict=True))
        assert {side: one["RegionInfo"]["AppliedToDimensions"][side] for side in "WH"} == stored
        (region,) = one["RegionInfo"]["RegionList"]
        assert region["Name"] == NAME and overlap(seen_upright(region["Area"], photo), face) >= 0.95, one
        (microsoft,) = one["RegionInfoMP"]["Regions"]
        left, top, width, height = map(float, microsoft["Rectangle"].split(","))
        area = {"X": left + width / 2, "Y": top + height / 2, "W": width, "H": height}
        assert microsoft["PersonDisplayName"] == NAME and overlap(seen_upright(area, photo), face) >= 0.95


@needs_exiftool
def test_what_exiftool_writes_lies_on_the_face_in_all_orientations(tmp_path: Path) -> None:
    commands = []
    for orientation, turn in STORED.items():
        photo = save(tmp_path / "inside" / f"{orientation}.jpg", orientation)
        beside = save(tmp_path / "beside" / f"{orientation}.jpg", orientation)
        face = face_of(photo)
        mask = Image.new("L", drawn().size)
        mask.paste(255, [round(edge) for edge in (face.left, face.top, face.right, face.bottom)])
        mask = mask.transpose(turn) if turn is not None else mask
        left, top, right, bottom = mask.getbbox() or (0, 0, 0, 0)
        width, height = mask.size
        area = f"X={(left + right) / 2 / width},Y={(top + bottom) / 2 / height},W={(right - left) / width},"
        region = f"Area={{{area}H={(bottom - top) / height},Unit=normalized}},Name=Ann,Type=Face"
        info = f"-RegionInfo={{AppliedToDimensions={{W={width},H={height},Unit=pixel}},RegionList=[{{{region}}}]}}"
        for target in (photo, Path(f"{beside}.xmp")):
            commands += ["-overwrite_original", info, str(target), "-execute"]
    (tmp_path / "arguments").write_text("\n".join(commands))
    exiftool("-@", tmp_path / "arguments")
    reader = MarkReader()
    for photo in sorted(tmp_path.glob("*/*.jpg")):
        ((name, edges),) = reader.read(photo).faces()
        assert name == "Ann" and overlap(Box(*edges), face_of(photo)) >= 0.95, photo


def test_stored_and_upright_undo_each_other() -> None:
    for orientation in (None, *STORED):
        assert to_upright(to_stored((0.2, 0.3), orientation), orientation) == pytest.approx((0.2, 0.3))


# As darktable 4 writes it through exiv2: attributes on lines of their own, a history, masks.
DARKTABLE = b"""<?xml version="1.0" encoding="UTF-8"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="XMP Core 4.4.0-Exiv2">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:exif="http://ns.adobe.com/exif/1.0/"
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:lr="http://ns.adobe.com/lightroom/1.0/"
    xmlns:darktable="http://darktable.sf.net/"
   exif:DateTimeOriginal="2023:05:01 12:00:00"
   darktable:xmp_version='5'
   darktable:raw_params="0">
   <dc:subject>
    <rdf:Bag>
     <rdf:li>Ann</rdf:li>
     <rdf:li>lake</rdf:li>
    </rdf:Bag>
   </dc:subject>
   <darktable:history>
    <rdf:Seq>
     <rdf:li
      darktable:num="0"
      darktable:operation="exposure"
      darktable:params="gz02eJxjYGBgkGAAgRNODGiAEV0AJ2iwh+CRygcALqEZWg=="/>
    </rdf:Seq>
   </darktable:history>
   <!-- kept -->
   <darktable:masks_history/>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
"""
DIGIKAM = b"""<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="XMP Core 4.4.0-Exiv2">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:digiKam="http://www.digikam.org/ns/1.0/"
    xmlns:MP="http://ns.microsoft.com/photo/1.2/"
    xmlns:MPRI="http://ns.microsoft.com/photo/1.2/t/RegionInfo#"
    xmlns:MPReg="http://ns.microsoft.com/photo/1.2/t/Region#"
    xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/"
    xmlns:stDim="http://ns.adobe.com/xap/1.0/sType/Dimensions#"
    xmlns:stArea="http://ns.adobe.com/xmp/sType/Area#">
   <digiKam:TagsList>
    <rdf:Seq>
     <rdf:li>People/Eva Klein</rdf:li>
    </rdf:Seq>
   </digiKam:TagsList>
   <MP:RegionInfo rdf:parseType="Resource">
    <MPRI:Regions>
     <rdf:Bag>
      <rdf:li
       MPReg:Rectangle="0.100000, 0.200000, 0.200000, 0.300000"
       MPReg:PersonDisplayName="Eva Klein"/>
     </rdf:Bag>
    </MPRI:Regions>
   </MP:RegionInfo>
   <mwg-rs:Regions rdf:parseType="Resource">
    <mwg-rs:AppliedToDimensions
     stDim:w="400"
     stDim:h="300"
     stDim:unit="pixel"/>
    <mwg-rs:RegionList>
     <rdf:Bag>
      <rdf:li>
       <rdf:Description
        mwg-rs:Name="Eva Klein"
        mwg-rs:Type="Face">
       <mwg-rs:Area
        stArea:x="0.2"
        stArea:y="0.35"
        stArea:w="0.2"
        stArea:h="0.3"
        stArea:unit="normalized"/>
       </rdf:Description>
      </rdf:li>
     </rdf:Bag>
    </mwg-rs:RegionList>
   </mwg-rs:Regions>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>"""
LIGHTROOM = wrap(
    '<mwg-rs:Regions rdf:parseType="Resource"><mwg-rs:AppliedToDimensions stDim:w="4000" stDim:h="3000" '
    'stDim:unit="pixel"/><mwg-rs:RegionList><rdf:Bag><rdf:li><rdf:Description mwg-rs:Rotation="-1.57080" '
    'mwg-rs:Name="Ann" mwg-rs:Type="Face"><mwg-rs:Area stArea:h="0.3" stArea:w="0.2" stArea:x="0.5" stArea:y="0.4"/>'
    '</rdf:Description></rdf:li><rdf:li><rdf:Description mwg-rs:Type="Focus"><mwg-rs:Area stArea:h="0.1" stArea:w="0.1"'
    ' stArea:x="0.1" stArea:y="0.1"/></rdf:Description></rdf:li></rdf:Bag></mwg-rs:RegionList></mwg-rs:Regions>'
)
PICASA = wrap(
    '<mwg-rs:Regions rdf:parseType="Resource"><mwg-rs:AppliedToDimensions rdf:parseType="Resource">'
    "<stDim:w>400</stDim:w><stDim:h>300</stDim:h><stDim:unit>pixel</stDim:unit></mwg-rs:AppliedToDimensions><mwg-rs:RegionList><rdf:Bag>"
    '<rdf:li rdf:parseType="Resource"><mwg-rs:Name>Ann</mwg-rs:Name><mwg-rs:Type>Face</mwg-rs:Type><mwg-rs:Area '
    'rdf:parseType="Resource"><stArea:x>200</stArea:x><stArea:y>120</stArea:y><stArea:w>80</stArea:w><stArea:h>90'
    "</stArea:h><stArea:unit>Pixels</stArea:unit></mwg-rs:Area></rdf:li></rdf:Bag></mwg-rs:RegionList></mwg-rs:Regions>"
)
CIRCLE = LIGHTROOM.replace(b'stArea:h="0.3" stArea:w="0.2"', b'stArea:d="0.2"')
MICROSOFT = wrap(
    "<MP:RegionInfo><rdf:Description><MPRI:Regions><rdf:Bag>"
    '<rdf:li><rdf:Description MPReg:Rectangle="0.4, 0.25, 0.2, 0.3" MPReg:PersonDisplayName="Ann"/></rdf:li>'
    '<rdf:li><rdf:Description MPReg:Rectangle="0.1, 0.1, 0.2, 0.3" MPReg:PersonDisplayName="ffffffffffffffff"/>'
    "</rdf:li>"
    '<rdf:li><rdf:Description MPReg:Rectangle="0.7, 0.1, nan, 0.3" MPReg:PersonDisplayName="Bo"/></rdf:li>'
    "</rdf:Bag></MPRI:Regions></rdf:Description></MP:RegionInfo>"
)
IPTC_DETAILS = wrap(
    '<Iptc4xmpExt:ImageRegion><rdf:Bag><rdf:li rdf:parseType="Resource"><Iptc4xmpExt:PersonInImageWDetails><rdf:Bag>'
    '<rdf:li rdf:parseType="Resource"><Iptc4xmpExt:PersonName><rdf:Alt><rdf:li xml:lang="en-US">Ann</rdf:li>'
    '<rdf:li xml:lang="ja">\u30a2\u30f3</rdf:li></rdf:Alt></Iptc4xmpExt:PersonName></rdf:li></rdf:Bag>'
    '</Iptc4xmpExt:PersonInImageWDetails><Iptc4xmpExt:RegionBoundary rdf:parseType="Resource" '
    'Iptc4xmpExt:rbUnit="relative" Iptc4xmpExt:rbX="0.4" Iptc4xmpExt:rbY="0.25" Iptc4xmpExt:rbW="0.2" '
    'Iptc4xmpExt:rbH="0.3"/></rdf:li></rdf:Bag></Iptc4xmpExt:ImageRegion>'
)
IPTC = wrap(
    '<Iptc4xmpExt:ImageRegion><rdf:Bag><rdf:li rdf:parseType="Resource"><Iptc4xmpExt:RegionBoundary '
    'rdf:parseType="Resource"><Iptc4xmpExt:rbShape>rectangle</Iptc4xmpExt:rbShape><Iptc4xmpExt:rbUnit>pixel'
    "</Iptc4xmpExt:rbUnit><Iptc4xmpExt:rbX>160</Iptc4xmpExt:rbX><Iptc4xmpExt:rbY>75</Iptc4xmpExt:rbY><Iptc4xmpExt:rbW>80"
    "</Iptc4xmpExt:rbW><Iptc4xmpExt:rbH>90</Iptc4xmpExt:rbH></Iptc4xmpExt:RegionBoundary><Iptc4xmpExt:PersonInImage>"
    "<rdf:Bag><rdf:li>Ann</rdf:li></rdf:Bag></Iptc4xmpExt:PersonInImage></rdf:li></rdf:Bag></Iptc4xmpExt:ImageRegion>"
)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (DIGIKAM, [("Eva Klein", [0.1, 0.2, 0.3, 0.5])]),
        (LIGHTROOM, [("Ann", [0.4, 0.25, 0.6, 0.55])]),
        (PICASA, [("Ann", [0.4, 0.25, 0.6, 0.55])]),
        (CIRCLE, [("Ann", [0.425, 0.3, 0.575, 0.5])]),  # 600 of 4000 x 3000 pixels
        (MICROSOFT, [("Ann", [0.4, 0.25, 0.6, 0.55])]),
        (IPTC, [("Ann", [0.4, 0.25, 0.6, 0.55])]),
        (IPTC_DETAILS, [("Ann", [0.4, 0.25, 0.6, 0.55])]),
        (DARKTABLE, []),
    ],
)
def test_regions_of_other_programs_are_read(data: bytes, expected: list[tuple[str, list[float]]]) -> None:
    assert regions(data) == expected


def test_people_without_a_place_are_names(tmp_path: Path) -> None:
    def told(*, mwg: str = "", microsoft: str = "", people: str = "") -> tuple[str, ...]:
        lists = f"<mwg-rs:RegionList><rdf:Bag>{mwg}</rdf:Bag></mwg-rs:RegionList>"
        others = f"<MPRI:Regions><rdf:Bag>{microsoft}</rdf:Bag></MPRI:Regions>"
        (tmp_path / "a.jpg.xmp").write_bytes(
            wrap(
                f'<mwg-rs:Regions rdf:parseType="Resource">{lists}</mwg-rs:Regions>'
                f'<MP:RegionInfo rdf:parseType="Resource">{others}</MP:RegionInfo>'
                f"<Iptc4xmpExt:PersonInImage><rdf:Bag>{people}</rdf:Bag></Iptc4xmpExt:PersonInImage>"
            )
        )
        return MarkReader().read(tmp_path / "a.jpg").names

    save(tmp_path / "a.jpg")
    assert told(people="<rdf:li/><rdf:li> </rdf:li><rdf:li>Ann</rdf:li>") == ("Ann",)
    assert told(
        microsoft='<rdf:li MPReg:PersonDisplayName="Bo"/><rdf:li MPReg:PersonDisplayName="Ffffffffffffffff"/>'
    ) == ("Bo",)
    assert told(mwg='<rdf:li mwg-rs:Name="Cy" mwg-rs:Type="Face"/><rdf:li mwg-rs:Name="Rex" mwg-rs:Type="Pet"/>') == (
        "Cy",
    )
    at = 'MPReg:Rectangle="0.4, 0.25, 0.2, 0.3"'
    assert told(microsoft=f'<rdf:li MPReg:PersonDisplayName="Bo" {at}/>', mwg='<rdf:li mwg-rs:Name="bo"/>') == ()


@pytest.mark.parametrize("data", [DARKTABLE, DIGIKAM, LIGHTROOM, PICASA, MICROSOFT, IPTC, EMPTY])
def test_everything_else_stays_byte_for_byte(data: bytes) -> None:
    tags = Tags(SIZE, (Region(NAME, Area(0.8, 0.8, 0.1, 0.1)), Region("Cy", Area(0.1, 0.8, 0.1, 0.1))), ("Dora|Fee",))
    before = regions(data)
    changed = change(data, tags)
    for line in data.splitlines() if b"\n" in data else ():
        if b"<rdf:Description" not in line and b"/>" not in line:  # which an empty one may have to be opened
            assert line in changed.data
    added = {(NAME, (0.75, 0.75, 0.85, 0.85)), ("Cy", (0.05, 0.75, 0.15, 0.85))}
    assert {(name, tuple(edges)) for name, edges in regions(changed.data)} == added.union(
        (name, tuple(edges)) for name, edges in before
    )
    again = change(changed.data, tags, changed.added)
    assert again.data == changed.data and not again
    assert take_out(changed.data, changed.added).data == data


@pytest.mark.parametrize("data", [DARKTABLE, DIGIKAM, LIGHTROOM, PICASA, MICROSOFT, EMPTY])
def test_without_a_journal_marks_tell_of_all_that_was_written(data: bytes) -> None:
    tags = Tags(SIZE, (Region("Ann", Area(0.8, 0.8, 0.1, 0.1)), Region("Cy", Area(0.1, 0.8, 0.1, 0.1))))
    changed = change(data, tags, marked=True)
    assert ("Cy", [0.05, 0.75, 0.15, 0.85]) in regions(changed.data)
    assert not change(changed.data, tags, marked=True)
    assert take_out(changed.data, None).data == data


EMPTIES = (
    "<{0}/>",
    "<{0} />",
    "<{0}></{1}>",
    "<{0}></{1} >",
    "<{0}> </{1}>",
    "<{0}>\t\n</{1}>",
    "<{0}><!-- c --></{1}>",
)
EMPTY_PLACES = {
    "container": ("rdf:Bag", wrap("<dc:subject>{}</dc:subject>")),
    "list": ("dc:subject", wrap("{}")),
    "structure": ('mwg-rs:Regions rdf:parseType="Resource"', wrap("{}")),
    "structure of its own kind": ("MP:RegionInfo", wrap("{}")),
    "holder": ("rdf:Description", wrap("<mwg-rs:Regions>{}</mwg-rs:Regions>")),
    "regions": (
        "mwg-rs:RegionList",
        wrap('<mwg-rs:Regions rdf:parseType="Resource"><mwg-rs:Other/>{}</mwg-rs:Regions>'),
    ),
    "sized": (
        "mwg-rs:RegionList",
        LIGHTROOM.replace(LIGHTROOM[LIGHTROOM.index(b"<mwg-rs:RegionL") : LIGHTROOM.index(b"</mwg-rs:Regions")], b"{}"),
    ),
    "size": (
        "dc:subject",
        wrap('<mwg-rs:Regions rdf:parseType="Resource"><mwg-rs:AppliedToDimensions/></mwg-rs:Regions>{}'),
    ),
    "microsoft": ("MPRI:Regions", wrap('<MP:RegionInfo rdf:parseType="Resource">{}</MP:RegionInfo>')),
    "photo": (
        "rdf:Description",
        b'<x xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:RDF>{}</rdf:RDF></x>',
    ),
    "all": ('rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"', b"{}"),
}


@pytest.mark.parametrize("place", EMPTY_PLACES)
@pytest.mark.parametrize("lines", ["", "\n", "\r\n"])
def test_what_was_there_and_empty_is_so_again(place: str, lines: str) -> None:
    tag, around = EMPTY_PLACES[place]
    ann, bo, cy = (Region(name, Area(x, 0.4, 0.1, 0.1)) for name, x in (("Ann", 0.2), ("Bo", 0.5), ("Cy", 0.8)))
    for form in EMPTIES:
        before, _, after = around.decode().partition("{}")
        text = before + form.format(tag, tag.split()[0]) + after
        data = text.replace("><", f">{lines}<").encode()
        first = change(data, Tags(SIZE, (ann, bo)))
        assert len(first.added) == 12 and not change(first.data, Tags(SIZE, (ann, bo)), first.added)
        assert take_out(first.data, first.added).data == take_out(first.data, None).data == data
        exchanged = change(first.data, Tags(SIZE, (bo, cy)), first.added)
        assert take_out(exchanged.data, (*first.added, *exchanged.added)).data == data
        assert change(first.data, Tags(SIZE, ()), first.added).data == data


def test_of_two_that_say_the_same_only_castlists_goes() -> None:
    changed = change(DARKTABLE, Tags(SIZE, (Region("Cy", Area(0.5, 0.4, 0.2, 0.3)),)))
    assert b"<rdf:li>Cy</rdf:li>" in changed.data
    other = changed.data.replace(b"<rdf:li>lake</rdf:li>", b"<rdf:li>Cy</rdf:li>\n     <rdf:li>lake</rdf:li>")
    start = other.index(b"<rdf:li rdf:parseType", other.index(b"<mwg-rs:RegionList"))
    region = other[start : other.index(b"</mwg-rs:Area>", start)] + b"</mwg-rs:Area></rdf:li>"
    other = other[:start] + region.replace(b"<mwg-rs:Description>castlist</mwg-rs:Description>", b"") + other[start:]
    left = take_out(other, changed.added).data
    assert regions(left) == [("Cy", [0.4, 0.25, 0.6, 0.55])] and b">castlist<" not in left
    assert left.count(b"<rdf:li>Cy</rdf:li>") == 1


def test_the_size_that_some_readers_need_is_added() -> None:
    start, end = DIGIKAM.index(b"<mwg-rs:AppliedTo"), DIGIKAM.index(b"<mwg-rs:RegionList>")
    before = DIGIKAM[:start] + DIGIKAM[end:]
    changed = change(before, ANN).data
    assert changed.count(b"<mwg-rs:AppliedToDimensions") == 1 and b"<stDim:w>400</stDim:w>" in changed
    assert regions(changed) == [("Eva Klein", [0.1, 0.2, 0.3, 0.5]), ("Ann", [0.4, 0.25, 0.6, 0.55])]
    assert take_out(changed, ANN.items()).data == take_out(changed, None).data == before
    # It stays as long as a region of castlist's does, whichever came first.
    bo = Region("Bo", Area(0.8, 0.4, 0.2, 0.3))
    both = change(changed, Tags(SIZE, (*ANN.regions, bo)), ANN.items()).data
    only_bo = change(both, Tags(SIZE, (bo,)), Tags(SIZE, (*ANN.regions, bo)).items()).data
    assert b"AppliedToDimensions" in only_bo and regions(only_bo)[1][0] == "Bo"
    exchanged = change(changed, Tags(SIZE, (bo,)), ANN.items()).data
    assert take_out(only_bo, None).data == take_out(exchanged, None).data == before


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + DARKTABLE,
        DARKTABLE.replace(b"\n", b"\r\n"),
        DARKTABLE.replace(b"UTF-8", b"ISO-8859-1").replace(b"lake", "Zürich".encode("latin-1")),
        DARKTABLE.replace(b"rdf:", b"r:").replace(b"xmlns:rdf", b"xmlns:r"),
        ("\ufeff" + DARKTABLE.decode()).encode("utf-16-le"),
        DARKTABLE.decode().replace("UTF-8", "UTF-16").encode("utf-16-be"),
    ],
    ids=["mark", "lines", "latin", "prefix", "wide", "wide and declared"],
)
def test_encodings_line_ends_and_prefixes_stay_what_they_are(data: bytes) -> None:
    changed = change(data, Tags(SIZE, (Region("王ü", Area(0.5, 0.4, 0.2, 0.3)),)))
    assert regions(changed.data) == [("王ü", [0.4, 0.25, 0.6, 0.55])]
    if data[:1] not in b"\xff\0":
        assert (changed.data.count(b"\r\n") == changed.data.count(b"\n")) is (b"\r\n" in data)
    assert take_out(changed.data, changed.added).data == data


def test_what_others_wrote_is_not_said_again_and_survives() -> None:
    changed = change(DARKTABLE, ANN)
    assert changed.data.count(b"<rdf:li>Ann</rdf:li>") == 2  # among the people, and as the keyword that was there
    assert TagItem("keyword", "Ann") not in changed.added
    back = take_out(changed.data, changed.added)
    assert back.data == DARKTABLE and b"<rdf:li>Ann</rdf:li>" in back.data
    assert not change(LIGHTROOM, ANN).data.count(b"<mwg-rs:Name>")
    lower = change(wrap("<dc:subject><rdf:Bag><rdf:li>ann</rdf:li></rdf:Bag></dc:subject>"), ANN)
    assert TagItem("keyword", "Ann") not in lower.added


def test_a_face_that_others_call_otherwise_is_not_named() -> None:
    tags = Tags(SIZE, (Region("Bo", Area(0.5, 0.41, 0.2, 0.3)), Region("Cy", Area(0.1, 0.1, 0.1, 0.1))))
    changed = change(LIGHTROOM, tags)
    assert changed.conflicts == (("Bo", "Ann"),)
    assert {item.text for item in changed.added} == {"Cy", "People/Cy", "People|Cy"}
    ignored = MICROSOFT.replace(b"0.1, 0.1, 0.2, 0.3", b"0.05, 0.05, 0.1, 0.1")
    assert change(ignored, tags).conflicts[-1] == ("Cy", "ffffffffffffffff")


def test_a_name_of_castlists_is_exchanged_and_moved() -> None:
    first = change(DARKTABLE, ANN)
    second = change(first.data, Tags(SIZE, (Region("Bo", Area(0.5, 0.4, 0.2, 0.3)),)), first.added)
    assert regions(second.data) == [("Bo", [0.4, 0.25, 0.6, 0.55])]
    assert second.data.count(b"<rdf:li>Ann</rdf:li>") == 1, "the keyword was there before"
    moved = change(first.data, Tags(SIZE, (Region("Ann", Area(0.7, 0.4, 0.2, 0.3)),)), first.added)
    assert regions(moved.data) == [("Ann", [0.6, 0.25, 0.8, 0.55])]


def test_what_another_program_rounded_is_still_castlists() -> None:
    changed = change(EMPTY, Tags(SIZE, (Region("Ann", Area(0.512345, 0.412345, 0.212345, 0.312345)),)))
    rounded = changed.data.replace(b"0.512345", b"0.5123").replace(b"0.312345", b"0.3124")
    assert not standing(Packet(take_out(rounded, changed.added).data), SIZE)


def test_hundreds_of_faces_are_taken_out_as_quickly_as_they_came() -> None:
    began = time.process_time()
    faces = tuple(Region(f"Person {i}", Area(i / 300, 0.5, 0.001, 0.1)) for i in range(300))
    full = change(DIGIKAM, Tags(SIZE, faces))
    assert len(full.added) == 300 * 6
    assert take_out(full.data, full.added).data == DIGIKAM
    assert time.process_time() - began < 10  # parsed anew for each of them, it took a minute


def test_keywords_hold_every_letter() -> None:
    changed = change(EMPTY, Tags(SIZE, (Region("A, B|C", Area(0.5, 0.5, 0.1, 0.1)),), ("Dora",)))
    texts = {(item.kind, item.text) for item, _ in standing(Packet(changed.data), SIZE)}
    assert {("keyword", "A, B|C"), ("digikam", "People/A, B|C"), ("lightroom", "People|A, B¦C")} <= texts
    assert {("keyword", "perhaps Dora"), ("digikam", "Perhaps/Dora"), ("lightroom", "Perhaps|Dora")} <= texts
    assert not change(EMPTY, Tags(SIZE, (Region("A\ufffe", Area(0.5, 0.5, 0.1, 0.1)),))), "XML can't hold it"


BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (BOMB + wrap("&b;"), "xmp-doctype"),
        (b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + wrap("&a;"), "xmp-doctype"),
        (b'<!DOCTYPE x SYSTEM "http://example.invalid/x.dtd">' + wrap(""), "xmp-doctype"),
        (wrap("&nothing;"), "xmp-malformed"),
        (wrap("")[:-20], "xmp-malformed"),
        (b"", "xmp-malformed"),
        (b"\xff\xd8\xff not XML", "xmp-malformed"),
        (b"<html/>", "xmp-none"),
        (b"\xff\xfe" + wrap("").decode().encode("utf-16-le")[:-1], "xmp-malformed"),
        (wrap("<dc:a/>" * 30_001), "xmp-too-many"),
        (wrap("", "".join(f" a{number}=''" for number in range(30_001))), "xmp-too-many"),
        (wrap("", "".join(f" xmlns:a{number}='a'" for number in range(30_001))), "xmp-too-many"),
        (wrap("x" * 50_000_000), "xmp-too-large"),
        (wrap("", ' dc:subject="lake"'), "xmp-unexpected"),
        (wrap('<dc:subject rdf:parseType="Collection"><rdf:li>lake</rdf:li></dc:subject>'), "xmp-unexpected"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_xmp_is_refused_in_a_sentence(data: bytes, code: str) -> None:
    with pytest.raises(CastlistError) as caught:
        change(data, ANN)
    assert caught.value.code == code and "\n" not in str(caught.value)


def test_a_text_in_thousands_of_pieces_is_read_at_once() -> None:
    data = wrap("<dc:a>" + (" " * 600 + "<dc:b/>") * 20_000 + "</dc:a>")
    began = time.process_time()
    assert len(Packet(data).rdf.children[0].children[0].text) == 12_000_000
    assert time.process_time() - began < 1.5  # as one text that grows, it took half a minute


def test_damaged_packets_never_do_anything_but_refuse() -> None:
    chance = random.Random(0)
    for data in (DARKTABLE, DIGIKAM, PICASA):
        for _ in range(150):
            damaged = bytearray(data)
            for _ in range(chance.randrange(1, 4)):
                damaged[chance.randrange(len(damaged))] = chance.choice(b"<>/\"'&:x \0")
            try:
                changed = change(bytes(damaged), ANN)
            except CastlistError:
                continue
            assert not change(changed.data, ANN, changed.added), bytes(damaged)


def test_a_sidecar_is_its_photos_and_no_others(tmp_path: Path) -> None:
    def place(photo: str, *others: str, extension: str = "") -> str:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        told = f' xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" photoshop:SidecarForExtension="{extension}"'
        for name in (photo, *others):
            (folder / name).write_bytes(wrap("", told if extension else "") if name.lower().endswith("xmp") else b"")
        return Sidecars().place(folder / photo).name

    assert place("a.jpg") == "a.jpg.xmp"
    assert place("a.jpg", "a.xmp") == "a.xmp"
    assert place("a.jpg", "a.XMP", "a.json") == "a.XMP"
    assert place("a.jpg", "a.xmp", "a.jpg.xmp") == "a.jpg.xmp"
    assert place("a.jpg", "a.xmp", "a.cr2") == "a.jpg.xmp"
    assert place("a.jpg", "a.xmp", "a.cr2", extension="JPG") == "a.xmp"
    assert place("a.jpg", "a.xmp", extension="CR2") == "a.jpg.xmp"


def test_a_new_sidecar_says_what_the_photo_says_and_has_its_readers(tmp_path: Path) -> None:
    photo = tmp_path / "a.jpg"
    drawn().save(photo, xmp=DARKTABLE)
    photo.chmod(0o640)
    plan = plan_sidecar(photo, Sidecars().place(photo), ANN)
    write_planned(plan)
    sidecar = tmp_path / "a.jpg.xmp"
    assert stat.S_IMODE(sidecar.stat().st_mode) == 0o640
    assert b"darktable:history" in sidecar.read_bytes() and (plan.is_new, plan.added) == (True, ("Ann",))
    back = plan_untagging(photo, sidecar, plan.change.added)
    assert back is not None and remove_sidecar(back) and not sidecar.exists()


def test_a_sidecar_that_may_not_be_written_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photo, sidecar = save(tmp_path / "a.jpg"), tmp_path / "a.jpg.xmp"
    photo.chmod(0o444)
    write_planned(plan_sidecar(photo, sidecar, ANN))
    assert stat.S_IMODE(sidecar.stat().st_mode) == 0o644  # castlist comes to it again
    sidecar.write_bytes(DIGIKAM)
    sidecar.chmod(0o444)
    monkeypatch.setattr("os.access", lambda path, mode: bool(Path(path).stat().st_mode & 0o200))  # tests may be root's
    with pytest.raises(CastlistError, match="can't be written"):
        write_planned(plan_sidecar(photo, sidecar, ANN))
    assert sidecar.read_bytes() == DIGIKAM and len(list(tmp_path.iterdir())) == 2


def test_who_was_at_it_meanwhile_loses_nothing(tmp_path: Path) -> None:
    photo = save(tmp_path / "a.jpg")
    sidecar = tmp_path / "a.jpg.xmp"
    sidecar.write_bytes(DARKTABLE)
    plan = plan_sidecar(photo, sidecar, ANN)
    sidecar.write_bytes(DIGIKAM)
    with pytest.raises(CastlistError, match="changed meanwhile"):
        write_planned(plan)
    assert sidecar.read_bytes() == DIGIKAM
    new = plan_sidecar(save(tmp_path / "b.jpg"), tmp_path / "b.jpg.xmp", ANN)
    (tmp_path / "b.jpg.xmp").write_bytes(DIGIKAM)
    with pytest.raises(CastlistError, match="changed meanwhile"):
        write_planned(new)


@needs_exiftool
def test_nor_who_is_at_it_while_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photo = save(tmp_path / "a.jpg")
    sidecar, flush = tmp_path / "a.jpg.xmp", os.fsync
    sidecar.write_bytes(DARKTABLE)
    plan, inside = plan_sidecar(photo, sidecar, ANN), need(plan_inside(photo, ANN))
    other = photo.read_bytes() + b"1"

    def meanwhile(file: int) -> None:
        flush(file)
        sidecar.write_bytes(DIGIKAM)
        photo.write_bytes(other)

    monkeypatch.setattr("os.fsync", meanwhile)
    with pytest.raises(CastlistError, match="changed meanwhile"):
        write_planned(plan)
    inside = dataclasses.replace(inside, stamp=stamp_of(photo))
    other += b"2"
    (failure,) = write_all([inside])
    assert failure and failure.code == "xmp-changed"
    assert (sidecar.read_bytes(), photo.read_bytes(), len(list(tmp_path.iterdir()))) == (DIGIKAM, other, 2)


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    photo = save(tmp_path / "a.jpg")
    (tmp_path / "elsewhere.xmp").write_bytes(DARKTABLE)
    (tmp_path / "a.jpg.xmp").symlink_to("elsewhere.xmp")
    write_planned(plan_sidecar(photo, tmp_path / "a.jpg.xmp", ANN))
    assert (tmp_path / "a.jpg.xmp").is_symlink()
    assert regions((tmp_path / "elsewhere.xmp").read_bytes()) == [("Ann", [0.4, 0.25, 0.6, 0.55])]


def test_a_link_to_nothing_makes_no_file_elsewhere(tmp_path: Path) -> None:
    photo = save(tmp_path / "photos" / "a.jpg")
    new = plan_sidecar(photo, photo.with_name("a.jpg.xmp"), ANN)
    photo.with_name("a.jpg.xmp").symlink_to(tmp_path / "elsewhere.xmp")
    with pytest.raises(CastlistError, match="can't be opened"):
        plan_sidecar(photo, photo.with_name("a.jpg.xmp"), ANN)
    write_planned(new)
    assert not (tmp_path / "elsewhere.xmp").exists()


@pytest.mark.parametrize("name", ["a.jpg.xmp", "a.xmp", ".picasa.ini", "a.jpg.json"])
def test_a_pipe_beside_a_photo_is_not_waited_for(tmp_path: Path, name: str) -> None:
    photo = save(tmp_path / "a.jpg")
    os.mkfifo(tmp_path / name)
    done = threading.Event()
    threading.Thread(target=lambda: (MarkReader().read(photo), done.set()), daemon=True).start()
    assert done.wait(20)


@needs_exiftool
def test_every_format_that_holds_xmp_takes_it(tmp_path: Path) -> None:
    photos = [tmp_path / f"a {suffix}.{suffix}" for suffix in ("jpg", "png", "webp", "tif", "avif", "heic")]
    for photo in photos[:-1]:
        drawn().save(photo)
    shutil.copy(DATA / "turned.heic", photos[-1])
    for photo in photos:
        photo.chmod(0o600)
    before, files = [read_photo(photo) for photo in photos], {photo: photo.read_bytes() for photo in photos}
    plans = [need(plan_inside(photo, ANN)) for photo in photos]
    assert write_all(plans) == [None] * 6
    for photo, pixels, plan in zip(photos, before, plans, strict=True):
        assert regions(look_inside(photo).packet or b"") == [("Ann", [0.4, 0.25, 0.6, 0.55])]
        assert (read_photo(photo) == pixels).all() and stat.S_IMODE(photo.stat().st_mode) == 0o600
        assert not need(plan_inside(photo, ANN, plan.change.added)).change
    ours = plans[0].change.added
    assert write_all([need(plan_untagging(photo, photo, ours)) for photo in photos]) == [None] * 6
    assert not any(look_inside(photo).packet for photo in photos)
    assert [photo.suffix for photo in photos if photo.read_bytes() != files[photo]] == []
    drawn().save(tmp_path / "a.bmp")
    assert plan_inside(tmp_path / "a.bmp", ANN) is None
    assert {path.name for path in tmp_path.iterdir()} == {"a.bmp", *(photo.name for photo in photos)}


@needs_exiftool
def test_moving_pictures_behind_a_photo_stay_where_they_are_told(tmp_path: Path) -> None:
    photo = tmp_path / "a.avif"
    drawn().save(photo, save_all=True, append_images=[drawn().rotate(90), drawn().rotate(180)])
    data = photo.read_bytes()
    data = data[:8] + b"avif" + data[12:]  # a photo first, as a phone's is that moves
    photo.write_bytes(data)
    assert b"moov" in data and b"stco" in data
    plan = need(plan_inside(photo, ANN))
    assert write_all([plan]) == [None] and photo.read_bytes() != data
    assert write_all([need(plan_untagging(photo, photo, plan.change.added))]) == [None]
    assert photo.read_bytes() == data


def heif(kind: bytes, inside: bytes) -> bytes:
    return (8 + len(inside)).to_bytes(4, "big") + kind + inside


def holding(*, empty: bool, length: int = 0) -> bytes:
    """A HEIC of one picture's bytes, with or without a place for XMP."""
    item = heif(b"infe", b"\2\0\0\0\0\1\0\0hvc1\0")
    place = heif(b"infe", b"\2\0\0\1\0\2\0\0mime\0application/rdf+xml\0") * empty
    items = heif(b"iinf", bytes(5) + bytes([1 + empty]) + item + place)
    about = heif(b"iref", bytes(4) + heif(b"cdsc", b"\0\2\0\1\0\1")) * empty

    def place_of(number: int, offset: int, size: int) -> bytes:
        return number.to_bytes(2, "big") + bytes(6) + b"\0\1" + offset.to_bytes(4, "big") + size.to_bytes(4, "big")

    def meta(offset: int) -> bytes:
        told = place_of(1, offset, 9) + place_of(2, offset, length) * empty
        places = heif(b"iloc", bytes(4) + b"\x44\x40\0" + bytes([1 + empty]) + told)
        return heif(b"ftyp", b"heic") + heif(b"meta", bytes(4) + places + items + about)

    return meta(len(meta(0)) + 8) + heif(b"mdat", b"a picture")


def test_a_heic_loses_nothing_but_a_place_without_xmp() -> None:
    left = holding(empty=True)
    assert without_empty_xmp(left) == holding(empty=False)
    for other in (holding(empty=False), holding(empty=True, length=9), b"", b"\xff\xd8\xff", left[:-1]):
        assert without_empty_xmp(other) == other
    chance = random.Random(0)
    for _ in range(1000):
        damaged = bytearray(left)
        for _ in range(chance.randrange(1, 4)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        assert without_empty_xmp(bytes(damaged)).endswith(damaged[-4:])


@needs_exiftool
def test_a_photo_that_exiftool_refuses_is_intact(tmp_path: Path) -> None:
    cut = save(tmp_path / "a.png")
    data = cut.read_bytes()[:5000]  # its header says enough
    cut.write_bytes(data)
    odd = save(tmp_path / "a\nb.jpg")
    changed, whole = save(tmp_path / "changed.jpg"), save(tmp_path / "whole.jpg")
    (tmp_path / ".1-0123456789abcdef.tagging.part").write_bytes(b"left by a killed process")
    plans = [need(plan_inside(path, ANN)) for path in (cut, odd, changed, whole)]
    (tmp_path / ".1-0123456789abcdef.tagging.part.xmp").write_bytes(b"left by a killed process")
    changed.write_bytes(changed.read_bytes() + b"1")
    failures = write_all(plans)
    assert [error and error.code for error in failures] == ["exiftool-refuses", "photo-odd-name", "xmp-changed", None]
    assert cut.read_bytes() == data
    assert {path.name for path in tmp_path.iterdir()} == {"a\nb.jpg", "a.png", "changed.jpg", "whole.jpg"}


@needs_exiftool
def test_half_a_photo_never_takes_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photo = save(tmp_path / "a.jpg")
    data = photo.read_bytes()
    killed = tmp_path / "bin" / "exiftool"
    killed.parent.mkdir()
    killed.write_text(
        f'#!/bin/sh\n{shutil.which("exiftool")} "$@"\n'
        f"for copy in {tmp_path}/.*.tagging.part; do truncate -s -200 $copy; done\nkill -9 $$\n"
    )
    killed.chmod(0o700)
    monkeypatch.setenv("PATH", f"{killed.parent}{os.pathsep}{os.environ['PATH']}")
    (failure,) = write_all([need(plan_inside(photo, ANN))])
    assert failure and failure.code == "exiftool-ended"
    assert photo.read_bytes() == data and [path.name for path in tmp_path.glob("*.*")] == ["a.jpg"]


@needs_exiftool
def test_a_copy_that_shows_another_picture_never_takes_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = save(tmp_path / "a.jpg")
    data, real = photo.read_bytes(), shutil.which("exiftool")
    turning = tmp_path / "bin" / "exiftool"
    turning.parent.mkdir()
    turning.write_text(
        f'#!/bin/sh\n{real} "$@"\n{real} -q -overwrite_original -n -Orientation=6 {tmp_path}/.*.tagging.part\n'
    )
    turning.chmod(0o700)
    monkeypatch.setenv("PATH", f"{turning.parent}{os.pathsep}{os.environ['PATH']}")
    (failure,) = write_all([need(plan_inside(photo, ANN))])
    assert failure and failure.code == "exiftool-refuses"
    assert photo.read_bytes() == data


def test_nothing_is_put_into_a_photo_whose_metadata_lie_in_several_pieces(tmp_path: Path) -> None:
    """What the first piece points to would be lost with it."""
    pieces = wrap("", 'xmlns:xmpNote="http://ns.adobe.com/xmp/note/" xmpNote:HasExtendedXMP="01AB"')
    for packet, is_writable in ((pieces, False), (LIGHTROOM, True)):
        Image.new("RGB", SIZE).save(photo := tmp_path / "a.jpg", xmp=packet)
        assert look_inside(photo).is_writable == is_writable
        assert (plan_inside(photo, ANN) is not None) == is_writable


def test_picasas_own_file_and_takeouts_are_read(tmp_path: Path) -> None:
    photo = save(tmp_path / "a.jpg", 6)
    (tmp_path / ".picasa.ini").write_text(
        "[Picasa]\nname=x\n[Contacts2]\n1a2b=Ann Ä;;\n[a.jpg]\nbackuphash=1\n"
        "faces=rect64(400040008000c000),1a2b;rect64(1),1a2b;rect64(00000000ffffffff),ffffffffffffffff\n",
        "utf-8",
    )
    people = [{"name": "Bo"}, {"name": "ann ä"}, {"id": 3}]
    (tmp_path / "a.jpg.supplemental-metadata.json").write_text(json.dumps({"people": people}), "utf-8")
    marked = MarkReader().read(photo)
    assert [(one.name, [round(edge, 2) for edge in one.area.edges]) for one in marked.regions] == [
        ("Ann Ä", [0.25, 0.25, 0.5, 0.75])
    ]
    assert marked.names == ("Bo",)
    for copy, told in (
        ("a(1).jpg", "a.jpg(1).json"),
        ("a-edited.jpg", "a.jpg.supplemental-metadata.json"),
        ("e-ha editado.jpg", "e.jpg.supplemental-metadata.json"),
        ("f-已編輯(1).jpg", "f.jpg(1).json"),
        ("c.jpg", "c.jpg.supplemental-metad.json"),
        ("d.jpg", "d.jpg.suppl.json"),
        ("b(2).jpg", "b.jpg.supplemental-metadata(2).json"),
        ("party (1).jpg", "party (1).jpg.json"),
    ):
        save(tmp_path / copy)
        (tmp_path / told).write_text(json.dumps({"people": people[:1]}), "utf-8")
        assert MarkReader().read(tmp_path / copy).names == ("Bo",), copy
    (tmp_path / "a.jpg.xmp").write_bytes(BOMB + wrap(""))
    (problem,) = MarkReader().read(photo).problems
    assert problem.code == "xmp-left-alone" and "a.jpg.xmp" in str(problem)


def test_a_turned_tiff_has_the_size_that_is_stored(tmp_path: Path) -> None:
    """Pillow gives the size of the upright picture, of no other format."""
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (60, 40)).save(tmp_path / "a.tif", exif=exif)
    inside = look_inside(tmp_path / "a.tif")
    assert (inside.size, inside.upright_size) == ((60, 40), (40, 60))


def test_photos_that_are_read_though_pillow_refuses_them_have_regions_too(tmp_path: Path) -> None:
    """Blank lines before a JPG, a large text in a PNG; and grays of 16 bits are no camera's raw file."""
    blank = save(tmp_path / "blank.jpg", 6)
    blank.write_bytes(b"\r\n\r\n" + blank.read_bytes())
    texts = PngImagePlugin.PngInfo()
    texts.add_text("a", "x" * 3_000_000, zip=True)
    drawn().save(tmp_path / "large.png", pnginfo=texts)
    Image.new("I;16", SIZE).save(deep := tmp_path / "deep.tif")
    for photo, size in ((blank, (260, 420)), (tmp_path / "large.png", (420, 260)), (deep, SIZE)):
        inside = look_inside(photo)
        assert (inside.size, inside.is_raw, inside.is_writable) == (size, False, photo is deep)
    write_planned(plan_sidecar(blank, Sidecars().place(blank), tags_of(blank, "Ann")))
    ((name, edges),) = MarkReader().read(blank).faces(own=True)
    assert name == "Ann" and overlap(Box(*edges), face_of(blank)) >= 0.95


def test_what_exiftool_says_before_any_photo_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where its Perl is broken."""
    command = tmp_path / "bin" / "exiftool"
    command.parent.mkdir()
    command.write_text("#!/bin/sh\necho perl is broken\nexit 1\n")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", str(command.parent), prepend=":")
    photo = save(tmp_path / "a.jpg")
    before = photo.read_bytes()
    (error,) = write_all([need(plan_inside(photo, ANN))])
    assert error and "perl is broken" in str(error) and photo.read_bytes() == before


def test_boxes_of_a_phone_s_heic_lie_as_its_exif_block_says() -> None:
    """Its container turns the picture, too; whoever reads regions goes by the EXIF block."""
    file = DATA / "turned.heic"
    inside = look_inside(file)
    assert (inside.size, inside.upright_size, inside.orientation) == ((96, 64), (64, 96), 6)
    assert read_taking(file.read_bytes()).orientation == 6, "as an archive's rows have it"
    assert read_photo(file).shape == (96, 64, 3)


def test_a_raw_file_of_a_container_of_its_own_has_a_size(tmp_path: Path) -> None:
    Image.new("RGB", (1200, 800)).save(preview := tmp_path / "preview.jpg")
    (tmp_path / "a.raf").write_bytes(b"FUJIFILMCCD-RAW 0201" + bytes(80) + preview.read_bytes())
    inside = look_inside(tmp_path / "a.raf")
    assert (inside.size, inside.is_raw, inside.is_writable) == ((1200, 800), True, False)


@pytest.mark.parametrize("where", ["beside", ".picasa.ini"])
def test_more_regions_than_anybody_could_look_at_are_told(tmp_path: Path, where: str) -> None:
    photo = save(tmp_path / "a.jpg")
    n_names = 501 if where == "beside" else 1001  # each as MWG and Microsoft
    areas = [Area((1 + i % 40) / 42, (1 + i // 40) / 42, 0.01, 0.01) for i in range(n_names)]
    if where == "beside":
        tags = Tags(SIZE, tuple(Region(f"N{i}", area) for i, area in enumerate(areas)))
        Path(f"{photo}.xmp").write_bytes(change(EMPTY, tags).data)
    else:
        faces = ";".join(f"rect64(3f845bcb59418507),{i:x}" for i in range(n_names))
        names = "\n".join(f"{i:x}=N{i};;" for i in range(n_names))
        (tmp_path / where).write_text(f"[Contacts2]\n{names}\n[a.jpg]\nfaces={faces}\n", "utf-8")
    marked = MarkReader().read(photo)
    (problem,) = marked.problems
    assert not marked.regions
    assert f"({2 * n_names if where == 'beside' else n_names} regions are marked in it, more than the limit" in str(
        problem
    )


@pytest.mark.parametrize(("size", "expected"), [((400, 300), ["Ann"]), ((300, 400), ["Ann"]), ((400, 200), [])])
def test_regions_of_a_photo_that_was_cropped_since_are_nobodys(
    tmp_path: Path, size: tuple[int, int], expected: list[str]
) -> None:
    photo = tmp_path / "a.jpg"
    Image.new("RGB", size).save(photo)
    photo.with_name("a.jpg.xmp").write_bytes(LIGHTROOM)  # of 4000 x 3000
    marked = MarkReader().read(photo)
    assert [name for name, _ in marked.faces()] == expected
    assert [problem.code for problem in marked.problems] == ([] if expected else ["xmp-left-alone"])


@pytest.mark.parametrize("embed", [False, pytest.param(True, marks=needs_exiftool)])
def test_nor_are_regions_put_beside_them(tmp_path: Path, embed: bool) -> None:
    Image.new("RGB", SIZE).save(photo := tmp_path / "a.jpg", xmp=LIGHTROOM)  # of 4000 x 3000
    sidecar = photo.with_name("a.jpg.xmp")
    plan = functools.partial(plan_inside, photo) if embed else functools.partial(plan_sidecar, photo, sidecar)
    assert need(plan(Tags(SIZE, (Region("Bo", Area(0.2, 0.2, 0.1, 0.1)),)))).change
    tags = Tags((400, 200), (Region("Bo", Area(0.2, 0.2, 0.1, 0.1)),))
    with pytest.raises(CastlistError, match="4000 x 3000 pixels, and it was cropped since"):
        plan(tags)
    # Castlist's own are written anew.
    sidecar.write_bytes((first := change(EMPTY, ANN)).data)
    again = plan_sidecar(photo, sidecar, tags, first.added).change
    assert b"<stDim:h>200<" in again.data and b">300<" not in again.data


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files away")
@needs_exiftool
def test_what_is_written_belongs_to_whom_the_photo_belongs(tmp_path: Path) -> None:
    photo = save(tmp_path / "a.jpg")
    os.chown(photo, 1234, 2345)
    write_planned(plan_sidecar(photo, sidecar := tmp_path / "a.jpg.xmp", ANN))
    assert write_all([need(plan_inside(photo, ANN))]) == [None]
    for path in (photo, sidecar):
        assert (path.stat().st_uid, path.stat().st_gid) == (1234, 2345)
