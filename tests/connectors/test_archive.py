"""原本保管: what was sealed opens again, and what was damaged does not."""

import os
from pathlib import Path

import pytest

from connectors.archive import FRAME_BYTES, open_archive, seal_file
from connectors.ids import file_digest
from connectors.secrets import SecretError
from tests.connectors.source_files import sample_cipher

CIPHER = sample_cipher()


@pytest.mark.parametrize("size", [0, 1, FRAME_BYTES, FRAME_BYTES + 1, 3 * FRAME_BYTES])
def test_a_sealed_file_opens_again(tmp_path: Path, size: int) -> None:
    raw = os.urandom(size)
    path = seal_file(raw, file_digest(raw), tmp_path, CIPHER)
    once = path.read_bytes()
    assert open_archive(path, CIPHER) == raw
    assert seal_file(raw, file_digest(raw), tmp_path, CIPHER).read_bytes() == once
    assert [found.name for found in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("damage", ["cut", "cut between frames", "flipped", "renamed", "foreign"])
def test_a_sealed_file_that_was_damaged_does_not_open(tmp_path: Path, damage: str) -> None:
    raw = os.urandom(2 * FRAME_BYTES)
    path = seal_file(raw, file_digest(raw), tmp_path, CIPHER)
    data = path.read_bytes()
    if damage == "cut":
        path.write_bytes(data[: len(data) // 2 + 24])
    elif damage == "cut between frames":
        path.write_bytes(data[: data.index(data[17:21], 21)])
    elif damage == "flipped":
        path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    elif damage == "renamed":
        path = path.rename(path.with_name(f"{'0' * 64}.sealed"))
    else:
        path.write_bytes(raw)
    with pytest.raises(SecretError):
        open_archive(path, CIPHER)
