"""原本保管: a received file, sealed; what a run leaves on disk of it holds no number in clear.

A sealed file is a magic line, then frames of a four-byte length and ciphertext. Each frame's context
names the file and its place, so that a frame moved to another does not open; the file's name is the
digest of the whole. The same file always gives the same bytes: sealing it again changes nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from connectors.ids import file_digest
from connectors.secrets import Cipher, SecretError

MAGIC = b"shuunou-sealed-1\n"
SUFFIX = ".sealed"
FRAME_BYTES = 1 << 20
_LENGTH_BYTES = 4


def _context(digest: str, number: int) -> str:
    return f"archive/{digest}/{number}"


def _frames(raw: bytes, digest: str, cipher: Cipher) -> Iterator[bytes]:
    for number, start in enumerate(range(0, len(raw), FRAME_BYTES)):
        sealed = cipher.seal(raw[start : start + FRAME_BYTES], _context(digest, number))
        yield len(sealed).to_bytes(_LENGTH_BYTES, "big") + sealed


def seal_file(raw: bytes, digest: str, folder: Path, cipher: Cipher) -> Path:
    """封をして保管する: `<folder>/<digest>.sealed`, on disk for certain when this returns. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{digest}{SUFFIX}"
    part = folder / f".{digest}.{os.getpid()}.part"
    try:
        with part.open("wb") as file:
            file.write(MAGIC)
            file.writelines(_frames(raw, digest, cipher))
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    sync_folder(folder)
    return path


def sync_folder(folder: Path) -> None:
    """フォルダの確定: a renamed or removed name is on disk only when its folder is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def open_archive(path: Path, cipher: Cipher) -> bytes:
    """原本を開く: the bytes as they were received.

    The file's name is its digest, and the content is compared with it. Raises SecretError for another key, a
    damaged or shortened file, and one that is no sealed file.
    """
    data, digest = path.read_bytes(), path.name.removesuffix(SUFFIX)
    if not data.startswith(MAGIC):
        raise SecretError(f"{path.name}: expected a sealed file, found another beginning")
    raw = b"".join(_opened(data, digest, cipher))
    if file_digest(raw) != digest:
        raise SecretError(f"{path.name}: expected the content of its name's digest, found another")
    return raw


def _opened(data: bytes, digest: str, cipher: Cipher) -> Iterator[bytes]:
    at, number = len(MAGIC), 0
    while at < len(data):
        begin = at + _LENGTH_BYTES
        at = begin + int.from_bytes(data[begin - _LENGTH_BYTES : begin], "big")
        yield cipher.open(data[begin:at], _context(digest, number))
        number += 1
