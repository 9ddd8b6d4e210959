"""The failure key: two failures with the same key count as the same.

Two failures are the same if they have the same verdict, the same exception type or signal, and the
same message without noise (`without_noise`). A wrong value that has only lost digits is not the
same as another wrong value. `FailureKey` compares so. Reduction and the bisection
of releases use this rule: a smaller case or another release must fail in exactly this way.

Two callers need a coarser rule, and each is a property of the key:

- `symptom`, for root causes. One bug gives wrong numbers at one point and numbers that are not
  finite at another. It may also show when a program is compiled or when it runs. The symptom names
  each of these pairs by one word.
- `entry`, for the step at which a wrong value enters. A part of the program often fails with
  another message than the whole program, and with another kind of wrong value. So all wrong values
  are one entry, and messages do not count.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ad_conformance.conformance.severity import Kind, severity_of
from ad_conformance.conformance.verdicts import Result, Verdict

#: Failure, exception type or signal, and message without noise.
Symptom = tuple[str, str, str]

#: Patterns for text that differs between programs or between machines, and the text that replaces
#: each. They are applied in this order.
_NOISE = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"0x[0-9a-fA-F.]+", "#"),
        # Values in a compiler's own language and their types: %12, %arg0, tensor<2x3xf64>, <{...}>.
        (r"%[\w.$-]+|tensor<[^>]*>|<[^>]*>", "#"),
        # Paths, with the line after them; names under a folder for temporary files.
        (r"(?:\$TMPDIR|~|\b[A-Za-z]:)?(?:[/\\][\w.@+-]+){2,}(?:[:,] ?(?:line )?\d+)*", "#"),
        (r"\btmp[\w-]+", "#"),
        # Numbers, with sign, fraction and exponent, and those that end a name: x_12, jvp__3.
        (r"[-+]?(?<![A-Za-z])\d+(?:\.\d*)?(?:[eE][-+]?\d+)?|(?<=[A-Za-z])_*\d+", "#"),
        # Shapes of any number of axes.
        (r"[(\[]\s*(?:#(?:\s*[,x]\s*#)*,?)?\s*[)\]]", "#"),
        (r"'[a-z]'", "#"),
        (r"#(?:[\s,;x]*#)+", "#"),
        (r"\s+", " "),
    )
)
#: Characters of a message that are compared.
COMPARED = 200
#: The failure of findings that have only lost digits.
DIGITS = "digits"
#: The message of every timeout, however long it took. Ids of causes depend on this text.
TIMED_OUT = "no answer within # s"


def without_noise(message: str) -> str:
    """The message without addresses, paths, temporary names, a compiler's value names, shapes and
    numbers.

    Of a traceback, only the lines that say what happened are kept. The result has `COMPARED`
    characters at most.
    """
    lines = (line for line in message.splitlines() if not line.startswith(("Traceback", " ")))
    text = " ".join(lines)
    for pattern, replacement in _NOISE:
        text = pattern.sub(replacement, text)
    return text.strip()[:COMPARED]


@dataclass(frozen=True)
class FailureKey:
    """How a case fails.

    `error` is the exception type or the signal, `message` the message without noise. Both are empty
    if the engine gave a wrong value; `message` says what side effects a right one had. `digits`:
    the value is wrong by lost digits only.
    """

    verdict: Verdict
    error: str = ""
    message: str = ""
    digits: bool = False

    @classmethod
    def of(cls, result: Result) -> FailureKey:
        """The key of a finding."""
        found, answer = severity_of(result), result.answer
        kind = found.kind if found else ""
        return cls.from_text(result.verdict, answer.error, answer.message, kind)

    @classmethod
    def from_text(
        cls, verdict: Verdict, error: str, message: str, severity: str = ""
    ) -> FailureKey:
        """The key of a finding with this message of the engine and this kind of severity."""
        if verdict is Verdict.TIMEOUT:
            return cls(verdict, error, TIMED_OUT)
        # A wrong value may have side effects, too; it is the same failure without them.
        told = verdict is Verdict.IMPURE or not verdict.returned
        digits = severity == Kind.DIGITS
        return cls(verdict, error, without_noise(message) if told else "", digits)

    @property
    def has_value(self) -> bool:
        """Whether the engine gave a value, which is then wrong in some way."""
        return self.verdict.returned

    @property
    def symptom(self) -> Symptom:
        """The coarser key that findings of one root cause share."""
        return DIGITS if self.digits else self.verdict.failure, self.error, self.message

    @property
    def entry(self) -> tuple[str, str]:
        """The coarsest key, for the search for the step at which a wrong value enters."""
        if self.has_value and self.verdict is not Verdict.IMPURE:
            return "value", ""
        return str(self.verdict), self.error
