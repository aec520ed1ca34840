"""暗号: the one place where 個人番号, 口座番号 and the originals of refused input become ciphertext.

AES-256-GCM with the key id in the value. The nonce is derived from key, context and plaintext
(HMAC-SHA-256), so that the same number of the same person always becomes the same ciphertext: a re-sent file
is recognised as a repetition, and a replay writes the same bytes. The context (whose number, which item) is
authenticated: a value copied to another person does not decrypt. Management and rotation of keys comes with
the key store; the place in the code is here.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from pathlib import Path
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from schemas import SEALED

PREFIX = SEALED.rstrip(":")
KEY_BYTES, NONCE_BYTES, ID_CHARS = 32, 12, 8


class SecretError(Exception):
    """暗号の誤り: a key file or a value that cannot be used; never shows either."""


class KeyFile(NamedTuple):
    """鍵: one key and its id (the beginning of its digest)."""

    key_id: str
    key: bytes


def create_key_file(path: Path) -> Path:
    """鍵ファイルを作る: 32 random bytes, mode 600; an existing file is left as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path
    with os.fdopen(handle, "wb") as file:
        file.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")
    return path


def load_key_file(path: Path) -> KeyFile:
    """鍵を読む: raises SecretError when it is missing, open to others, or no key."""
    if not path.is_file():
        raise SecretError(f"key file {path}: expected a file, found none; `shuunou key create` makes one")
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        raise SecretError(f"key file {path}: expected mode 600, found {mode:o}; run `chmod 600` on it")
    try:
        key = base64.b64decode(path.read_bytes().strip(), validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise SecretError(
            f"key file {path}: expected {KEY_BYTES} bytes in base64; restore it from your backup"
        )
    return KeyFile(hashlib.sha256(key).hexdigest()[:ID_CHARS], key)


class Cipher:
    """暗号器: turns confidential values into `enc1:<key id>:<base64>` and back."""

    def __init__(self, key: KeyFile) -> None:
        self.key_id = key.key_id
        self._gcm = AESGCM(key.key)
        self._nonce_key = hashlib.sha256(b"nonce" + key.key).digest()

    def seal(self, plain: bytes, context: str) -> bytes:
        """封をする: nonce and ciphertext. `context` says whose and what, and is authenticated."""
        about = context.encode()
        digest = hmac.new(
            self._nonce_key, len(about).to_bytes(4, "big") + about + plain, hashlib.sha256
        ).digest()
        nonce = digest[:NONCE_BYTES]
        return nonce + self._gcm.encrypt(nonce, plain, about)

    def open(self, sealed: bytes, context: str) -> bytes:
        """封を開く: raises SecretError for another key, another context or damage."""
        try:
            return self._gcm.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], context.encode())
        except (InvalidTag, ValueError):
            raise SecretError(
                "a sealed value does not open: another key, another subject, or damage"
            ) from None

    def seal_text(self, plain: str, context: str) -> str:
        """文字列に封をする: `enc1:<key id>:<base64>`."""
        sealed = base64.b64encode(self.seal(plain.encode(), context)).decode()
        return f"{PREFIX}:{self.key_id}:{sealed}"

    def open_text(self, sealed: str, context: str) -> str:
        """文字列の封を開く: raises SecretError as `open` does, naming the key id that is wanted."""
        prefix, _, rest = sealed.partition(":")
        key_id, _, body = rest.partition(":")
        if prefix != PREFIX or key_id != self.key_id:
            raise SecretError(
                f"a value sealed with key {key_id or 'unknown'}, but this key is {self.key_id}"
            )
        return self.open(base64.b64decode(body), context).decode()
