"""What a house is: where it listens, who may come in, which folders it shows, and how much it bears."""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from castlist.files import PRIVATE_FILE, make_folder, write_bytes

STATE = ".serve"  # in the folder of runs; for the user alone
TOKEN, PAGE, LOG = "token", "open.html", "access.log"
LAUNCHES, JOBS, UPLOADS = "launches", "jobs", "uploads"
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much one request, and all of them, may ask for."""

    body: int = 512 * 2**20  # bytes of a request
    files: int = 100  # photos and films of a request
    pixels: int = 65_000_000  # of a photo
    whole_pixels: int = 50_000_000  # of one that isn't JPG: all of it is decoded, in up to 20 bytes a pixel
    faces: int = 300  # in a photo
    film_seconds: float = 600.0  # of a film
    at_once: int = 4  # requests that a worker works on; the others wait
    waiting: int = 64  # requests that may wait in a worker
    per_minute: int = 6000  # requests to a worker
    seconds: float = 30.0  # in which a request's next bytes must come


@dataclass(frozen=True, kw_only=True)
class House:
    """All that each process of the house must know; holds secrets."""

    runs: Path  # the folder of run folders
    roots: tuple[Path, ...] = ()  # the folders of photos; nothing else of the disk is reachable
    hosts: tuple[str, ...] = ("127.0.0.1",)  # the first is where it listens; the others are what it is called, too
    port: int = 8765
    token: str  # opens the door, in a header or typed into a form
    session: str = field(default_factory=lambda: secrets.token_urlsafe(32))  # the cookie of whoever has come in
    workers: int = 2
    limits: Limits = Limits()

    @property
    def state(self) -> Path:
        """The folder of what the processes tell each other."""
        return self.runs / STATE

    @property
    def archives(self) -> Path:
        """The folder of archives: beside that of runs."""
        return self.runs.absolute().parent / "archives"

    @property
    def uploads(self) -> Path:
        """The folder of what is being looked at and then deleted."""
        return self.state / UPLOADS

    @property
    def addresses(self) -> frozenset[str]:
        """What a browser may call the house, with the port, in small letters: as the header Host says it."""
        names = (*self.hosts, *(LOOPBACK if {self.hosts[0]} & {*LOOPBACK, "0.0.0.0", "::"} else ()))
        bare = {f"[{name}]" if name.count(":") > 1 and name[0] != "[" else name.lower() for name in names}
        with_port = {name if _has_port(name) else f"{name}:{self.port}" for name in bare}
        return frozenset(with_port | ({name for name in bare if self.port == 80}))

    @property
    def cookie(self) -> str:
        """What the cookie is called: a browser keeps those of all ports together, and each may be a house."""
        return f"castlist-{self.port}"

    @property
    def url(self) -> str:
        """Where a browser on this machine finds it."""
        host = self.hosts[0]
        host = LOOPBACK[0] if host in ("0.0.0.0", "::") else f"[{host}]" if ":" in host else host
        return f"http://{host}:{self.port}/"

    def is_token(self, text: str) -> bool:
        """Whether a text is the token, in the same time whatever it is."""
        return _same(text, self.token)

    def is_session(self, text: str) -> bool:
        """Whether a text is the cookie of whoever has come in."""
        return _same(text, self.session)

    def new_launch(self) -> str:
        """An address that lets one browser in, once."""
        code = secrets.token_urlsafe(24)
        make_folder(self._launch(code).parent, private=True)
        self._launch(code).touch(PRIVATE_FILE)  # without waiting for the disk: it needn't outlast a power cut
        return f"{self.url}open?code={code}"

    def launch_page(self) -> Path:
        """Write a page that leads a browser in, once: others would see an address in the list of processes."""
        page = self.state / PAGE
        text = f'<!doctype html><meta http-equiv="refresh" content="0;url={self.new_launch()}"><title>castlist</title>'
        write_bytes(page, text.encode(), private=True)
        return page.absolute()

    def take_launch(self, code: str) -> bool:
        """Spend a code; of two who do so at once, one has it."""
        try:
            self._launch(code).unlink()
        except OSError:
            return False
        return True

    def spell(self) -> str:
        """All of it, for a process that is to know it; it is on no disk."""
        return json.dumps(dataclasses.asdict(self), default=str)

    @classmethod
    def read(cls, spelled: str) -> House:
        """Read what `spell` gave."""
        import msgspec  # whoever spells it does without

        return msgspec.json.decode(spelled, type=cls, dec_hook=lambda kind, value: kind(value))

    def _launch(self, code: str) -> Path:
        return self.state / LAUNCHES / hashlib.sha256(code.encode("utf-8", "replace")).hexdigest()


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(*(hashlib.sha256(text.encode("utf-8", "replace")).digest() for text in (one, other)))


def _has_port(name: str) -> bool:
    return name.rpartition(":")[2].isdecimal() and not name.endswith("]")
