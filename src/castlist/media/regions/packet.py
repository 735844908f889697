"""XMP as it stands in a file, parsed so that nothing is fetched or unfolded; each element with its place in the bytes.

Expat, not a library of trees: those write attributes anew, all on one line, while what isn't castlist's must stay byte
for byte. XMP has no document type: whatever declares one, and so every kind of entity, is refused.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from castlist.errors import CastlistError

LARGEST = 16_000_000  # bytes; masks of Lightroom's take some
MOST = 30_000  # elements, and attributes of one: a file of some megabytes

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
PREFIXES = {
    "rdf": RDF,
    "dc": "http://purl.org/dc/elements/1.1/",
    "digiKam": "http://www.digikam.org/ns/1.0/",
    "lr": "http://ns.adobe.com/lightroom/1.0/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "mwg-rs": "http://www.metadataworkinggroup.com/schemas/regions/",
    "stArea": "http://ns.adobe.com/xmp/sType/Area#",
    "stDim": "http://ns.adobe.com/xap/1.0/sType/Dimensions#",
    "MP": "http://ns.microsoft.com/photo/1.2/",
    "MPRI": "http://ns.microsoft.com/photo/1.2/t/RegionInfo#",
    "MPReg": "http://ns.microsoft.com/photo/1.2/t/Region#",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
}
_START = re.compile(rb"<[^\"'>]*(?:(?:\"[^\"]*\"|'[^']*')[^\"'>]*)*>")
_LINE = re.compile(rb"\r?\n[ \t]*\Z")
_TOP = re.compile(r"^<[\w:-]+", re.MULTILINE)  # what begins an element that isn't in another, as castlist lays them out
_OPEN, _BARE = b" ", b"\t"  # after what was put into an element that was empty: as two tags, as one
_MADE = {f"{RDF} {name}" for name in ("about", "parseType")}  # attributes of what is put in around names
_WIDE = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be", b"<\0": "utf-16-le", b"\0<": "utf-16-be"}  # as it begins
_DECLARED_WIDE = re.compile(rb"(?:\xef\xbb\xbf)?<\?xml[^>]*[\"']utf-16", re.IGNORECASE)
EMPTY = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">\n'
    f' <rdf:RDF xmlns:rdf="{RDF}">\n'
    '  <rdf:Description rdf:about=""/>\n'
    " </rdf:RDF>\n"
    "</x:xmpmeta>\n"
    '<?xpacket end="w"?>\n'
).encode()


def is_empty(data: bytes) -> bool:
    """Whether bytes are EMPTY; exiftool closes a packet to changes where a format has no room for them."""
    return data.strip().replace(b'end="r"', b'end="w"') == EMPTY.strip()


def ns(name: str) -> str:
    """A name such as "dc:subject" as elements and attributes have it: the namespace, a space, the local name."""
    prefix, _, local = name.partition(":")
    return f"{PREFIXES[prefix]} {local}"


@dataclass(eq=False)
class Element:
    """An element and where it stands: [start, inner) opens it, [close, end) closes it; empty ones are only opened."""

    name: str
    attributes: dict[str, str]
    parent: Element | None
    start: int
    inner: int
    close: int = 0
    end: int = 0
    children: list[Element] = field(default_factory=list)
    prefixes: dict[str, str] = field(default_factory=dict)  # declared here
    text: str = ""

    @property
    def is_bare(self) -> bool:
        """Whether it is written as one tag, as <a/>."""
        return self.inner == self.end

    def child(self, name: str) -> Element | None:
        """The first child of a name, such as "rdf:Bag"."""
        wanted = ns(name)
        return next((one for one in self.children if one.name == wanted), None)

    def walk(self) -> Iterator[Element]:
        """This element and all below it, in order."""
        waiting = [self]
        while waiting:
            element = waiting.pop()
            yield element
            waiting += reversed(element.children)

    def bound(self, prefix: str) -> str | None:
        """The namespace that a prefix stands for here."""
        element: Element | None = self
        while element is not None:
            if prefix in element.prefixes:
                return element.prefixes[prefix]
            element = element.parent
        return None


class Packet:
    """Bytes of XMP and the elements in them; UTF-16 is read and changed as UTF-8, and `encoded` again at the end."""

    def __init__(self, data: bytes) -> None:
        """Parse a packet or a sidecar.

        Raises:
            CastlistError: If it is too large, not well-formed, or no XMP.
        """
        if len(data) > LARGEST:
            raise CastlistError("xmp-too-large", "more than {limit} million bytes of XMP", limit=LARGEST // 1_000_000)
        self._wide = _WIDE.get(data[:2])
        try:
            self.data = data.decode(self._wide).encode() if self._wide else data
        except ValueError as error:
            raise _malformed(error) from error
        self.encoding = "utf-8"
        self._elements: list[Element] = []
        self._open: list[Element] = []
        self._texts: list[list[str]] = []  # of what is open, in pieces: put together one by one, long ones take minutes
        self._declared: dict[str, str] = {}
        self._parse()
        rdf = next((one for one in self._elements if one.name == ns("rdf:RDF")), None)
        if rdf is None:
            raise CastlistError("xmp-none", "no XMP")
        self.rdf = rdf

    def encoded(self, data: bytes) -> bytes:
        """Bytes that were changed, in the encoding in which the packet came."""
        return data.decode().encode(self._wide) if self._wide else data

    def descriptions(self) -> list[Element]:
        """The elements that hold the photo's properties."""
        return [one for one in self.rdf.children if one.name == ns("rdf:Description")]

    @property
    def says_nothing(self) -> bool:
        """Whether nothing of a photo is told, nor written in comments."""
        told = (one.children or one.attributes.keys() - _MADE for one in self.descriptions())
        return b"<!--" not in self.data and len(self.rdf.children) == len(self.descriptions()) and not any(told)

    def property(self, name: str) -> Element | str | None:
        """A property of the photo by a name such as "dc:subject": its element, or its text where it is an attribute."""
        for description in self.descriptions():
            if (found := description.child(name)) is not None:
                return found
            if ns(name) in description.attributes:
                return description.attributes[ns(name)]
        return None

    def field(self, name: str, field: str) -> Element | None:
        """A field of a property that is a structure, if both are elements."""
        structure = self.property(name)
        found = field_of(structure, field) if isinstance(structure, Element) else None
        return found if isinstance(found, Element) else None

    def without(self, elements: Iterable[Element]) -> bytes:
        """The bytes without elements, of which none is in another, the white space before each, and what holds no more.

        What `put_in` found empty is so again, as it was written. What else is empty then goes, too, as castlist made
        it; unless it has attributes or comments, which castlist's haven't.
        """
        going: defaultdict[Element, list[Element]] = defaultdict(list)
        for element in elements:
            going[_parent_of(element)].append(element)
        cuts: list[tuple[int, int, bytes]] = []
        while going:
            parent = max(going, key=lambda one: one.start)  # no other is in it
            children = going.pop(parent)
            spans = [(self._blank_before(one.start), one.end, b"") for one in children]
            if len(children) == len(parent.children):
                last = parent.children[-1].end
                found = self.data[last : last + 1]
                is_empty = not self._cut(spans, parent.inner, parent.close).strip()
                if found == _BARE and is_empty:
                    spans = [(parent.inner - 1, parent.end, b"/>")]
                elif found in (_BARE, _OPEN):
                    spans.append((last, last + 1, b""))
                elif is_empty and parent is not self.rdf and parent.attributes.keys() <= _MADE:
                    going[_parent_of(parent)].append(parent)
                    continue
            cuts += spans
        return self._cut(cuts, 0, len(self.data))

    def _cut(self, cuts: Iterable[tuple[int, int, bytes]], at: int, until: int) -> bytes:
        """The bytes of a part with others instead of some."""
        pieces = []
        for start, end, instead in sorted(cuts):
            pieces += [self.data[at:start], instead]
            at = end
        return b"".join([*pieces, self.data[at:until]])

    def put_in(self, parent: Element, text: str, *, first: bool = False) -> bytes:
        """The bytes with elements at the end of another, or as its first; they begin lines as those that are there.

        What was empty has a blank after them, or a tab if it was one tag, by which `without` knows it again.
        """
        declared = self._declarations(parent, text)
        text = _TOP.sub(lambda tag: tag[0] + declared, text)
        space = self._space(parent)
        lines = text.encode(self.encoding, "xmlcharrefreplace").split(b"\n")
        # In a file without lines there is nothing to be begun.
        added = b"".join(space + line if space else line.strip() for line in lines)
        at = parent.inner
        if parent.children:
            at = parent.inner if first else parent.children[-1].end
            return self.data[:at] + added + self.data[at:]
        if not parent.is_bare:
            return self.data[:at] + added + _OPEN + self.data[at:]
        name = re.match(rb"<([^\s/>]+)", self.data[parent.start : parent.inner])
        assert name is not None, "a tag has a name"
        close = space.removesuffix(b" ") + b"</" + name[1] + b">"
        return self.data[: at - 2] + b">" + added + _BARE + close + self.data[at:]

    def _space(self, parent: Element) -> bytes:
        """What begins a line in an element: the end of one, and blanks; nothing in a file without lines."""
        if parent.children:
            first = parent.children[0].start
            line = _LINE.search(self.data[self._blank_before(first) : first])
            return line[0] if line else b""
        end = next((end for end in (b"\r\n", b"\n") if end in self.data), b"")
        return end and end + self._indent(parent) + b" "

    def _declarations(self, parent: Element, text: str) -> str:
        """The prefixes in a text that mean something else there, or nothing."""
        used = dict.fromkeys(re.findall(r"[< ]/?([\w-]+):[\w-]+(?=[ =>/])", text))
        missing = [one for one in used if one in PREFIXES and parent.bound(one) != PREFIXES[one]]
        return "".join(f' xmlns:{one}="{PREFIXES[one]}"' for one in missing)

    def _blank_before(self, at: int) -> int:
        """Where the white space before a place begins."""
        while (piece := self.data[max(at - 1000, 0) : at]) and piece.isspace():
            at -= len(piece)
        return at - len(piece) + len(piece.rstrip())

    def _indent(self, element: Element) -> bytes:
        before = self.data[: element.start]
        line = before[before.rfind(b"\n") + 1 :]
        return line if not line.strip() else b""

    def _parse(self) -> None:
        # What was UTF-16 still declares it.
        self._was_wide = _DECLARED_WIDE.match(self.data) is not None
        parser = expat.ParserCreate("utf-8" if self._was_wide else None, namespace_separator=" ")
        parser.buffer_text, parser.buffer_size = True, 1_000_000  # a text comes in few pieces, however long it is
        parser.XmlDeclHandler = self._on_declaration
        parser.StartDoctypeDeclHandler = self._on_doctype
        parser.StartNamespaceDeclHandler = self._on_prefix
        parser.StartElementHandler = lambda name, attributes: self._on_start(parser.CurrentByteIndex, name, attributes)
        parser.EndElementHandler = lambda name: self._on_end(parser.CurrentByteIndex)
        parser.CharacterDataHandler = self._on_text
        try:
            parser.Parse(self.data.rstrip(b"\0 \t\r\n"), True)
        except (expat.ExpatError, ValueError, LookupError) as error:
            raise _malformed(error) from error

    def _on_declaration(self, version: str, encoding: str | None, standalone: int) -> None:
        self.encoding = "utf-8" if self._was_wide else encoding or "utf-8"

    def _on_doctype(self, *about: object) -> None:
        raise CastlistError("xmp-doctype", "a document type is declared, which XMP never has: it may be an attack")

    def _on_prefix(self, prefix: str | None, uri: str | None) -> None:
        _need_few(len(self._declared))
        self._declared[prefix or ""] = uri or ""

    def _on_start(self, at: int, name: str, attributes: dict[str, str]) -> None:
        _need_few(max(len(self._elements), len(attributes)))
        tag = _START.match(self.data, at)
        assert tag is not None, "what expat parsed is well-formed"
        parent = self._open[-1] if self._open else None
        element = Element(name, attributes, parent, at, tag.end(), prefixes=self._declared)
        self._declared = {}
        if parent is not None:
            parent.children.append(element)
        self._elements.append(element)
        self._open.append(element)
        self._texts.append([])

    def _on_end(self, at: int) -> None:
        element = self._open.pop()
        element.text = "".join(self._texts.pop())
        is_bare = self.data[element.inner - 2 : element.inner] == b"/>"
        element.close = element.inner if is_bare else at
        element.end = element.inner if is_bare else self.data.index(b">", at) + 1

    def _on_text(self, text: str) -> None:
        if self._texts:
            self._texts[-1].append(text)


def _need_few(count: int) -> None:
    if count >= MOST:
        raise CastlistError("xmp-too-many", "more than {limit} elements or attributes of XMP", limit=MOST)


def _malformed(error: Exception) -> CastlistError:
    return CastlistError("xmp-malformed", "no well-formed XML ({reason})", reason=str(error))


def _parent_of(element: Element) -> Element:
    assert element.parent is not None, "the root is never taken out"
    return element.parent


def fields(element: Element) -> Iterator[tuple[str, Element | str]]:
    """The fields of a structure, in either spelling: elements in it or in a Description in it, or attributes."""
    for holder in (element, element.child("rdf:Description")):
        if holder is not None:
            yield from holder.attributes.items()
            yield from ((one.name, one) for one in holder.children if one.name != ns("rdf:Description"))


def holder_of(element: Element) -> Element:
    """Where the fields of a structure are written into."""
    return element.child("rdf:Description") or element


def field_of(element: Element, name: str) -> Element | str | None:
    """A field of a structure by a name such as "mwg-rs:Area"."""
    wanted = ns(name)
    return next((value for one, value in fields(element) if one == wanted), None)


def text_of(value: Element | str | None) -> str:
    """The text of a property or a field; of alternatives in several languages the first."""
    while isinstance(value, Element) and value.children:
        value = value.children[0]
    return (value.text if isinstance(value, Element) else value or "").strip()


def entries(value: Element | str | None) -> list[Element]:
    """The entries of a list, in whatever kind of container."""
    if not isinstance(value, Element):
        return []
    return [one for container in value.children for one in container.children if one.name == ns("rdf:li")]
