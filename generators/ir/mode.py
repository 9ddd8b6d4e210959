"""Modes of differentiation: one letter per order, the outermost first, such as "RF".

A further letter is added to LETTERS, to the transforms of the engines that have it, and nowhere
else.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Letter:
    """A way to differentiate once.

    `name` is used in sentences. `product` says which product with the Jacobian one pass computes:
    "pullback" with a cotangent, or "pushforward" with a tangent.
    """

    name: str
    product: Literal["pullback", "pushforward"]


LETTERS: Mapping[str, Letter] = {
    "R": Letter("reverse", "pullback"),
    "F": Letter("forward", "pushforward"),
}
#: Letters that the mode of a case may have; derivatives are certified up to a lower order.
MAX_LETTERS = 8
#: Regular expressions that match one letter, and a mode of any length.
ANY_LETTER = f"[{''.join(LETTERS)}]"
ANY_MODE = f"{ANY_LETTER}+"
_MODE = re.compile(f"{ANY_LETTER}{{1,{MAX_LETTERS}}}")
#: How messages name the letters, and say what a mode is.
NAMED = f"letters {' and '.join(LETTERS)}"
HINT = f"{NAMED}, outermost first, such as RF"


def is_mode(text: object) -> bool:
    """Whether `text` is a mode: 1 to MAX_LETTERS letters."""
    return isinstance(text, str) and _MODE.fullmatch(text) is not None


def spoken(mode: str) -> str:
    """The mode in words: "reverse over forward mode" for RF."""
    return f"{' over '.join(LETTERS[letter].name for letter in mode)} mode"


def modes_of_order(order: int) -> tuple[str, ...]:
    """All modes of `order` letters."""
    return tuple(map("".join, itertools.product(LETTERS, repeat=order)))


def index_of(mode: str) -> int:
    """The index of the mode among all modes, the shorter first, then in the order of LETTERS."""
    letters = tuple(LETTERS)
    shorter = sum(int(len(letters) ** n) for n in range(1, len(mode)))
    index = 0
    for letter in mode:
        index = index * len(letters) + letters.index(letter)
    return shorter + index


#: The modes of the first two orders, plain reverse and forward first.
UP_TO_SECOND_ORDER = ("R", "F", "RR", "FR", "RF", "FF")
#: Modes of the third order that engines with forward mode have.
FURTHER_MODES = ("FFF", "RFF", "FRR")
#: The modes that the suite and campaigns ask by default.
USUAL_MODES = (*UP_TO_SECOND_ORDER, "RRR", *FURTHER_MODES)
