"""記憶域: what the C library keeps of memory that was freed already."""

from __future__ import annotations

import ctypes

_LIBRARY = ctypes.CDLL(None)


def give_back() -> None:
    """返す: pages that hold nothing any more go back to the system, where the C library can do that (glibc).

    It keeps what a large piece of work once needed, for ever where a piece here and there is still in use.
    Takes some hundredths of a second, without Python's lock.
    """
    trim = getattr(_LIBRARY, "malloc_trim", None)
    if trim is not None:
        trim(0)
