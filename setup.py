"""Compiles the modules of an update, where there is a C compiler (docs/decisions/0034). Everything else stands in pyproject.toml."""

import os
import sys
from pathlib import Path

from mypyc.build import mypycify
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
from risk.compiled import HOME, MODULES, library, mark  # noqa: E402

FOLDER = Path(*HOME.split("."))
MARK = mark(str(HERE / FOLDER))
FLAGS = ["-ffp-contract=off"]
"""Contracted (fused) operations round once where Python rounds twice: other bits."""


class Marked(build_ext):
    """Puts the mark of the sources into the names of the files, and takes those of other sources out of a checkout."""

    def get_ext_filename(self, fullname: str) -> str:
        path = Path(super().get_ext_filename(fullname))
        stem, _, suffix = path.name.partition(".")
        return str(path if MARK in stem else path.with_name(f"{stem}.{MARK}.{suffix}"))

    def copy_extensions_to_source(self) -> None:
        for ending in ("so", "pyd"):
            for old in (HERE / FOLDER).rglob(f"*.{ending}"):
                old.unlink()
        super().copy_extensions_to_source()


def extensions() -> list[Extension]:
    """None where the compiler's front does not take the sources; without a C compiler each is passed over later."""
    paths = [f"{name.replace('.', '/')}.py" for name in MODULES]
    try:
        made = mypycify(
            ["--config-file=", "--ignore-missing-imports", *paths],
            opt_level="1",
            debug_level="0",
            group_name=library(MARK).removesuffix("__mypyc"),
            target_dir="build/mypyc",
        )
    except SystemExit as refused:
        sys.stderr.write(f"The estimator was not compiled and runs as Python: {refused}\n")
        return []
    for extension in made:
        extension.optional = True
        extension.extra_compile_args += FLAGS
    return made


os.chdir(HERE)
setup(cmdclass={"build_ext": Marked}, ext_modules=extensions())
