"""組込み符号の組立て: `python -m schemas.native_build` makes the C readers and writers, where there is a compiler.

Without one nothing is lost but speed. What was built from another source, or for another Python, is
replaced.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
SOURCE = HERE / "native.pyx"


def build(folder: Path) -> Path:
    """組み立てる: in `folder`, apart from the sources; gives the library. Raises what the compiler raises."""
    from Cython.Build import cythonize
    from setuptools import Distribution, Extension

    copied = folder / SOURCE.name
    shutil.copyfile(SOURCE, copied)
    modules = cythonize(  # type: ignore[no-untyped-call]
        [Extension("native", [str(copied)])], build_dir=str(folder), quiet=True
    )
    command = Distribution({"ext_modules": modules}).get_command_obj("build_ext")
    command.build_lib = command.build_temp = str(folder)
    command.ensure_finalized()
    command.run()
    (made,) = folder.glob("native.*.so")
    return made


def main() -> int:
    """入口: always 0, for the hub runs without it; says which codec it will use."""
    for old in HERE.glob("native.*.so"):
        old.unlink()
    if shutil.which("cc") is None and shutil.which("gcc") is None:
        print("no C compiler: the codec runs in Python, several times slower", file=sys.stderr)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        try:
            made = build(Path(folder))
        except Exception as error:  # noqa: BLE001 -- a compiler without headers fails in many ways
            print(f"the C codec was not built ({type(error).__name__}): it runs in Python", file=sys.stderr)
            return 0
        shutil.move(made, HERE / made.name)
    print("the C codec was built")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
