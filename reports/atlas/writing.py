"""How engines write an operation, and the smallest programs that fail, in the engine's language."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from functools import cache

from ad_conformance.conformance.pool import EnginePool
from ad_conformance.conformance.standalone_script import shortened
from ad_conformance.engines import registry
from ad_conformance.engines.contract import Engine
from ad_conformance.generators.catalogue.operation import Call
from ad_conformance.generators.ir.case_io import parse_case
from ad_conformance.generators.ir.evaluate import evaluate_steps
from ad_conformance.generators.ir.program import Case, MalformedCase
from ad_conformance.generators.render.dialect import UnsupportedOperation
from ad_conformance.generators.strategies.sampling import operation_examples

#: Names of operands in calls.
_OPERANDS = "abcdefgh"
#: Of so many cases of an operation, the first one shows how engines write it.
SAMPLES = 8
#: Most characters of a script on a page.
LONGEST = 6000


class Writers:
    """The engines of an atlas that may be imported here, by the names under which they were asked.

    An engine that is named by its module would be imported: a file alone must not cause that. So it
    is left out unless it is in `imported`.
    """

    def __init__(self, asked: dict[str, str], imported: Collection[str] = ()) -> None:
        self.engines: dict[str, Engine] = {}
        for name, given in asked.items():
            known = given.partition("@")[0] in registry.names()
            if given in imported if registry.is_import(given) else known:
                self.engines[name] = registry.find(given)

    def answers(self, engine: str, mode: str) -> bool:
        """Whether the engine has the mode, as far as is known here."""
        return engine not in self.engines or self.engines[engine].answers(mode)

    def call(self, engine: str, operation: str) -> str:
        """How the engine writes the operation, in an example; "" if that is not known."""
        case = _sample(operation)
        if engine not in self.engines or case is None:
            return ""
        program = case.program
        values = evaluate_steps(program, case.input)
        step = next(s for s in program.steps if s.operation == operation)
        shapes = tuple(values[i].shape for i in step.operands)
        names = tuple(
            _OPERANDS[k] if k < len(_OPERANDS) else f"a{k}" for k in range(len(step.operands))
        )
        try:
            text = self.engines[engine].dialect.step(step, Call(names, step.arguments, shapes))
        except (UnsupportedOperation, LookupError, ValueError):
            return ""
        return " ".join(text.split())[:300]

    def script(self, engine: str, text: str) -> tuple[str, str]:
        """The script of a case in JSON, and why there is none."""
        if engine not in self.engines:
            return "", f"{engine} is imported only if --engine names it"
        try:
            found = self.engines[engine]
            script = shortened(EnginePool([found]).asked(parse_case(text), found.name), found)
        except UnsupportedOperation as error:
            return "", f"the adapter has no {error}"
        except (MalformedCase, ValueError) as error:
            return "", str(error)
        if len(script) > LONGEST:
            return "", f"it has {len(script)} characters; ad-conformance show writes it"
        return script, ""


@cache
def _sample(operation: str) -> Case | None:
    """A case of the operation, always the same; None if it did not fit into any."""
    drawn = operation_examples(operation, "R", SAMPLES)
    return next((case for case in drawn if operation in case.program.operations), None)


def public_names(calls: Sequence[str]) -> Iterator[str]:
    """The dotted names in texts, such as torch.linalg.det, each once."""
    yield from dict.fromkeys(
        name for call in calls for name in re.findall(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+", call)
    )
