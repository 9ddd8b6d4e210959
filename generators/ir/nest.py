"""Nests: the derivatives of a case, and the wrappers around each level, as one line of text.

`R(checkpoint(F(jit(f))))` is reverse mode of a checkpointed forward derivative of the compiled
program. A letter is a derivative, every other name a wrapper, and `f` the program. A wrapper takes
a function and gives the same function made in another way. So a case with wrappers has the
certified derivative of the same case without them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ad_conformance.generators.ir.mode import LETTERS, MAX_LETTERS, NAMED

#: For each level, the wrappers around it, the innermost first. Level 0 is the program, level k the
#: derivative of the k-th letter from the inside; so the last level is the whole.
Wrappers = tuple[tuple[str, ...], ...]

#: The name of each wrapper, and what it does with a function.
WRAPPERS: Mapping[str, str] = {
    "jit": "the engine compiles it",
    "jit_native": "the engine compiles it to machine code, by another compiler than that of `jit`",
    "vmap": "it is mapped over a batch of points, and the result is that at the input",
    "vmap_axes": "the same, over the last axis of input and output",
    "vmap_one": "the only lane of a batch of one",
    "vmap_twice": "one lane of a batch of batches",
    "checkpoint": "its values are computed again for the derivative, not stored",
    "checkpoint_policy": "the same, with a policy that stores some values",
    "custom_vjp": "it has a custom rule for reverse mode, which is the engine's own derivative",
    "custom_jvp": "it has a custom rule for forward mode, which is the engine's own derivative",
    "custom_vmap": "it has a custom rule for batches, which is the engine's own batch",
    "linearize": "its value is that of its linearization, which is called twice",
    "saved_vjp": "its value is that of its pullback, which is called twice",
    "scan": "it is the body of a loop of one iteration",
    "scan_two": "it is the body of a loop of two iterations, of which the last counts",
    "cond": "both branches of a condition on the input are this function",
    "stop": "its input is multiplied by ones that are excluded from differentiation",
    "alias": "input and output are copied to buffers, which are overwritten after use",
    "tree": "input and output are parts of dictionaries and tuples, with an auxiliary output",
}
#: Wrappers that differentiate the function once more, and the letter that they do it by.
DIFFERENTIATING: Mapping[str, str] = {"linearize": "F", "saved_vjp": "R", "tree": "R"}
#: Most wrappers of a case.
MAX_WRAPPERS = 8
#: How the program is written in a nest.
_PROGRAM = "f"


def fitting(wrappers: Sequence[Sequence[str]], order: int) -> Wrappers:
    """The wrappers of a case of this order: those of levels that it does not have are around the
    whole, and empty levels at the end are left out.
    """
    levels = [tuple(level) for level in wrappers[:order]]
    levels.append(tuple(name for level in wrappers[order:] for name in level))
    while levels and not levels[-1]:
        levels.pop()
    return tuple(levels)


def nest_text(mode: str, wrappers: Wrappers) -> str:
    """The nest as text."""
    names: list[str] = []
    for k, letter in enumerate(("", *reversed(mode))):
        names += [letter] if letter else []
        names += wrappers[k] if k < len(wrappers) else ()
    return "".join(f"{name}(" for name in reversed(names)) + _PROGRAM + ")" * len(names)


def parse_nest(text: str) -> tuple[str, Wrappers]:
    """The mode and the wrappers of a nest. Raises ValueError in one line."""
    *names, program = text.split("(")
    if program != _PROGRAM + ")" * len(names):
        raise ValueError(f"{text!r} is not a nest; write it like R(checkpoint(F(jit(f))))")
    levels: list[list[str]] = [[]]
    mode = ""
    for name in reversed(names):
        if name in LETTERS:
            mode = name + mode
            levels.append([])
        elif name in WRAPPERS:
            levels[-1].append(name)
        else:
            raise ValueError(
                f"{name!r} is neither a wrapper nor one of the {NAMED}; wrappers are "
                f"{', '.join(WRAPPERS)}"
            )
    if not 1 <= len(mode) <= MAX_LETTERS:
        raise ValueError(f"{text!r} must have 1 to {MAX_LETTERS} derivatives")
    if (count := len(names) - len(mode)) > MAX_WRAPPERS:
        raise ValueError(f"{count} wrappers are more than {MAX_WRAPPERS}")
    return mode, fitting(levels, len(mode))


def deepest_mode(mode: str, wrappers: Wrappers) -> str:
    """The mode with a letter for each wrapper that differentiates once more.

    The engine computes these derivatives, although the answer does not depend on them.
    """
    found = ""
    for k, letter in enumerate(("", *reversed(mode))):
        found = letter + found
        for name in wrappers[k] if k < len(wrappers) else ():
            found = DIFFERENTIATING.get(name, "") + found
    return found


def fewer_wrappers(wrappers: Wrappers) -> list[Wrappers]:
    """No wrappers, then the wrappers with each single one left out; empty if there are none."""
    found = [
        fitting((*wrappers[:k], (*level[:i], *level[i + 1 :]), *wrappers[k + 1 :]), len(wrappers))
        for k, level in enumerate(wrappers)
        for i in range(len(level))
    ]
    return list(dict.fromkeys([(), *found])) if found else []


def names_of(wrappers: Wrappers) -> tuple[str, ...]:
    """The different wrappers, in the order of WRAPPERS."""
    found = {name for level in wrappers for name in level}
    return tuple(name for name in WRAPPERS if name in found)
