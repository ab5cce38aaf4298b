"""Typesetting a template: the same inputs give the same bytes, in any process. No clock, no fonts of the machine."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

import typst

Standard = Literal["a-3b"]
# The typesetter keeps parts of its last ten documents in memory: 65 MB for each with 1,000 lines.
_REMEMBERED = 11


class NotPrinted(RuntimeError):
    """The typesetter failed on a valid document: it, or the fonts, lack something that should be there."""


def typeset(
    template: bytes,
    inputs: Mapping[str, str],
    *,
    what: str,
    standards: tuple[Standard, ...] = (),
    long: bool = False,
) -> bytes:
    """The PDF of a template with `sys.inputs`. NotPrinted, which names `what`, where the typesetter fails.

    `long`: a document of many lines, whose memory is given back at once.
    """
    compiler = typst.Compiler(font_paths=_fonts(), ignore_system_fonts=True, sys_inputs=dict(inputs))
    try:
        pdf = compiler.compile(input=template, format="pdf", pdf_standards=list(standards), timestamp=0)
    except BaseException as error:
        # A panic of the typesetter is no Exception: it would end the process that asked.
        if isinstance(error, typst.TypstError) or type(error).__name__ == "PanicException":
            raise NotPrinted(f"{what} could not be typeset: {error}") from error
        raise
    finally:
        if long:
            _forget(compiler)
    if not isinstance(pdf, bytes):
        raise TypeError("the typesetter gave no PDF")
    return pdf


def _forget(compiler: typst.Compiler) -> None:
    """Let empty documents take the place of a long one, so that the memory does not grow by the next ones."""
    for _ in range(_REMEMBERED):
        compiler.compile(input=b"", format="svg", sys_inputs={})


@lru_cache(maxsize=1)
def _fonts() -> typst.Fonts:
    """Only those that come with the typesetter: a machine's own would change the result."""
    return typst.Fonts(include_system_fonts=False)
