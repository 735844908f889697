"""HEIC and AVIF without the place in which XMP stood: exiftool takes out what it says, and leaves the place.

Source: ISO/IEC 14496-12, 8.11. In the box `meta`, `iinf` tells which items there are, `iloc` where their bytes stand,
and `iref` what they are of.
"""

from __future__ import annotations

from collections.abc import Iterator

from castlist.media.containers import Span, boxes

_FORM = b"application/rdf+xml"
_HEAD = 12  # bytes of a box's size, kind, version and flags


def without_empty_xmp(data: bytes) -> bytes:
    """The file without its last item, if that is XMP without a byte; what isn't understood stays as it is."""
    try:
        return _without_last_item(data)
    except (IndexError, KeyError, OverflowError, ValueError):
        return data


def _without_last_item(data: bytes) -> bytes:
    """All that tells of the item goes, and what stands behind is counted from where it stands then.

    Raises:
        IndexError, KeyError, OverflowError, ValueError: If there is no such item, or a box is of an unknown kind.
    """
    outside = list(boxes(data, (0, len(data))))
    meta = dict(outside)[b"meta"]
    if any(kind == b"mdat" and span < meta for kind, span in outside):  # what stands before stays where it is
        raise ValueError
    inside = dict(boxes(data, (meta[0] + _HEAD, meta[1])))
    items, places, references = inside[b"iinf"], inside[b"iloc"], inside[b"iref"]
    wide = 4 if data[items[0] + 8] else 2
    _, (start, end) = list(boxes(data, (items[0] + _HEAD + wide, items[1])))[-1]
    number = data[start + _HEAD : start + _HEAD + 2]
    if data[start + 8] != 2 or data[start + 16 : start + 20] != b"mime" or data[start:end].split(b"\0")[-2] != _FORM:
        raise ValueError
    of_references = list(boxes(data, (references[0] + _HEAD, references[1])))
    about = [span for _, span in of_references if data[span[0] + 8 : span[0] + 10] == number]
    place, offsets = _placed(data, places, number)
    offsets += _placed_in_film(data, [span for kind, span in outside if kind == b"moov"])
    cuts = [(start, end), place, *([references] if len(about) == len(of_references) else about)]
    fewer = [(items[0] + _HEAD, wide), (places[0] + _HEAD + 2, 4 if data[places[0] + 8] == 2 else 2)]

    changed = bytearray(data)
    total = sum(until - at for at, until in cuts)
    less = [(at, size, 1) for at, size in fewer] + [(at, size, total) for at, size in offsets]
    for box in (meta, items, places, references):
        less.append((box[0], 4, sum(until - at for at, until in cuts if box[0] < at and until <= box[1])))
    for at, size, by in less:
        changed[at : at + size] = (int.from_bytes(changed[at : at + size], "big") - by).to_bytes(size, "big")
    for at, until in sorted(cuts, reverse=True):
        del changed[at:until]
    return bytes(changed)


def _placed_in_film(data: bytes, films: list[Span]) -> Iterator[tuple[int, int]]:
    """As of `_placed`, the numbers that tell where moving pictures stand.

    Source: ISO/IEC 14496-12, 8.7.5.
    """
    for wanted in (b"trak", b"mdia", b"minf", b"stbl"):
        films = [span for film in films for kind, span in boxes(data, (film[0] + 8, film[1])) if kind == wanted]
    for film in films:
        for kind, (start, end) in boxes(data, (film[0] + 8, film[1])):
            if kind == b"saio":  # which tells of other places
                raise ValueError
            if size := {b"stco": 4, b"co64": 8}.get(kind):
                count = int.from_bytes(data[start + _HEAD : start + _HEAD + 4], "big")
                if start + _HEAD + 4 + count * size > end:
                    raise ValueError
                yield from ((at, size) for at in range(start + _HEAD + 4, end, size))


def _placed(data: bytes, box: Span, number: bytes) -> tuple[Span, list[tuple[int, int]]]:
    """Where it is told where an item stands, and the numbers, each with its size, that tell where others stand."""
    version, sizes = data[box[0] + 8], data[box[0] + _HEAD : box[0] + _HEAD + 2].hex()
    of_offset, of_length, of_base, of_index = map(int, sizes)
    if version > 1:
        raise ValueError
    at, place, offsets = box[0] + _HEAD + 4, None, []
    while at < box[1]:
        start, is_it = at, data[at : at + 2] == number
        in_file = not version or not int.from_bytes(data[at + 2 : at + 4], "big") & 15
        base = at + (6 if version else 4)
        extents = int.from_bytes(data[base + of_base : base + of_base + 2], "big")
        step = of_index * bool(version) + of_offset + of_length
        at = base + of_base + 2 + extents * step
        if at > box[1] or not step:
            raise ValueError
        lengths = [at - of_length - one * step for one in range(extents)]
        if is_it:
            place = (start, at)
            if any(any(data[one : one + of_length]) for one in lengths):
                raise ValueError
        elif in_file and any(data[base : base + of_base]):
            offsets.append((base, of_base))
        elif in_file:
            offsets += [(one - of_offset, of_offset) for one in lengths]
    if place is None:
        raise ValueError
    return place, offsets
