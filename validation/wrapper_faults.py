"""Faults in wrappers: the cases until each is caught, and whether its reduced case keeps exactly
the wrappers that are needed.

    python -m validation.wrapper_faults --write docs/wrappers.md

The engine is the in-house engine with all wrappers; those that it does not have are the identity.
Each fault is in one wrapper, or in one that is directly around another one. It is asked drawn cases
with this wrapper around a level, with further ones around it and elsewhere, until one is a finding.
This finding is reduced.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ad_conformance.conformance.triage.ask import judged
from ad_conformance.conformance.triage.reduce import reduced
from ad_conformance.engines.adapters.inhouse import WRAPPER_FUNCTIONS, inhouse
from ad_conformance.engines.contract import Engine
from ad_conformance.engines.process.sandbox import Sandbox
from ad_conformance.generators.ir.mode import UP_TO_SECOND_ORDER
from ad_conformance.generators.ir.nest import WRAPPERS
from ad_conformance.generators.ir.program import Case
from ad_conformance.generators.strategies.sampling import draw
from ad_conformance.generators.strategies.source import SeededSource
from ad_conformance.generators.strategies.wrapping import wrap

from benchmarks.tables import markdown, write_section

#: For each kind of fault, what is wrong and the template of the function.
KINDS = {
    "another point": "at_other({f}, {others})",
    "no derivative": "lambda t: ({f})(held(t))",
    "no second derivative": "lambda t: ({f})(held(t)) + inhouse.jvp({f})(held(t), t - held(t))",
    "derivative twice": "lambda t: 2.0 * ({f})(t) - ({f})(held(t))",
    "raises": "raising({f})",
}
#: Wrappers of which the first is wrong if it is directly around the second.
PAIRS = (
    *(("vmap", "jit"), ("jit", "vmap"), ("checkpoint", "custom_vjp"), ("scan", "vmap_axes")),
    *(("jit", "alias"), ("linearize", "checkpoint"), ("vmap_twice", "custom_jvp")),
    *(("cond", "jit_native"), ("tree", "stop"), ("saved_vjp", "vmap_one"), ("vmap", "vmap")),
)
FUNCTIONS = f"""{WRAPPER_FUNCTIONS}

def held(x):
    # A multiple of 2**-40 stays what it is, and has no derivative.
    return inhouse.floor(x * 2.0**40) / 2.0**40


def at_other(f, others):
    return lambda x: f(others[0]) + 0.0 * inhouse.sum(x)


def raising(f):
    def wrapped(x):
        raise RuntimeError("this wrapper does not work")

    return wrapped


def marked(f):
    def wrapped(x):
        return f(x)

    wrapped.marked = True
    return wrapped


def wrong_around_marked(f, correct):
    return (lambda x: f(held(x))) if hasattr(f, "marked") else correct
"""
#: The in-house engine with all wrappers.
HONEST = replace(
    inhouse,
    name="honest",
    wrappers={name: inhouse.wrappers.get(name, "checkpointed({f})") for name in WRAPPERS},
    wrapper_functions=FUNCTIONS,
)
#: Cases of each mode that are asked at most, and seconds for one reduction.
MOST, SECONDS = 30, 8.0


@dataclass(frozen=True)
class Fault:
    """What is wrong in `needed`: the wrappers without which it does not show, from the outside."""

    kind: str
    needed: tuple[str, ...]

    @property
    def engine(self) -> Engine:
        outer = self.needed[0]
        if len(self.needed) == 1:
            changed = {outer: KINDS[self.kind]}
        else:
            inner = self.needed[1]
            changed = {inner: f"marked({HONEST.wrappers[inner]})"}
            template = changed.get(outer, HONEST.wrappers[outer])
            changed[outer] = f"wrong_around_marked({{f}}, {template})"
            if inner == outer:
                changed[outer] = f"marked({changed[outer]})"
        return replace(HONEST, wrappers={**HONEST.wrappers, **changed})

    def cases(self) -> Iterator[Case]:
        """Drawn cases with the wrappers that are needed."""
        # The modes take turns.
        drawn = zip(*(draw([mode], MOST) for mode in UP_TO_SECOND_ORDER), strict=True)
        for case in itertools.chain.from_iterable(drawn):
            source = SeededSource(f"{self.kind} {self.needed} {case.id}")
            level = source.index(case.order + 1)
            found = wrap(source, case, self.needed[-1], level, tuple(WRAPPERS))
            levels = [list(level) for level in found.wrappers]
            for own in (own for own in levels if self.needed[-1] in own):
                own[own.index(self.needed[-1]) + 1 : 0] = self.needed[:-1]
            yield replace(case, wrappers=tuple(map(tuple, levels)))


#: All faults.
FAULTS = (
    *(Fault(kind, (name,)) for kind, name in itertools.product(KINDS, WRAPPERS)),
    *(Fault("no derivative", pair) for pair in PAIRS),
)


@dataclass(frozen=True)
class Outcome:
    """`asked` cases until the first finding, the reduced case, and whether it keeps exactly the
    wrappers that are needed; 0, None and False if there is no finding.
    """

    fault: Fault
    asked: int = 0
    case: Case | None = None
    exact: bool = False


def outcome(fault: Fault) -> Outcome:
    """Look for the fault, and reduce the first finding."""
    with Sandbox(fault.engine) as sandbox:
        for n, case in enumerate(fault.cases(), start=1):
            result = judged(case, sandbox)
            if result.is_finding:
                small = reduced(result, sandbox, seconds=SECONDS).case
                left = [name for level in small.wrappers for name in reversed(level)]
                return Outcome(fault, n, small, left == list(fault.needed))
    return Outcome(fault)


def page(faults: Sequence[Fault]) -> str:
    """The section of the document."""
    found = [outcome(fault) for fault in faults]
    groups = {
        f"{kind}, in {'one wrapper' if count == 1 else 'a wrapper directly around another'}": [
            o for o in found if (o.fault.kind, len(o.fault.needed)) == (kind, count)
        ]
        for kind, count in dict.fromkeys((f.kind, len(f.needed)) for f in faults)
    }
    header = ["fault", "faults", "caught", "cases, mean", "cases, most", "kept exactly"]
    rows = [_row(name, own) for name, own in {**groups, "all": found}.items()]
    rest = [
        f"- {o.fault.kind}, {' around '.join(o.fault.needed)}: "
        f"{'not caught' if o.case is None else f'`{o.case.nest}`'}"
        for o in found
        if not o.exact
    ]
    return "\n".join([markdown(header, rows), *rest])


def _row(name: str, found: Sequence[Outcome]) -> list[str]:
    asked = [o.asked for o in found if o.case is not None]
    mean = f"{sum(asked) / len(asked):.1f}" if asked else "-"
    counts = len(found), len(asked), mean, max(asked, default=0), sum(o.exact for o in found)
    return [name, *map(str, counts)]


def main() -> None:
    """Print the section, or write it into a document."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--every", type=int, default=1, help="only one fault in so many")
    parser.add_argument("--write", type=Path, default=None, help="the document")
    options = parser.parse_args()
    text = page(FAULTS[:: options.every])
    if options.write is None:
        print(text)
    else:
        write_section(options.write, "wrapper faults", text)


if __name__ == "__main__":
    main()
