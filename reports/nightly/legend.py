"""The words of the page, with the meanings that docs/glossary.md gives them."""

from __future__ import annotations

from collections.abc import Mapping

#: The page is read without the documents beside it. A test compares this with the glossary.
LEGEND: Mapping[str, str] = {
    "engine": "a library, or one way to call it, that computes derivatives",
    "program": "a sequence of operations on one or several inputs; the last value is the output",
    "mode": (
        "the nesting of reverse (R) and forward (F) mode, outermost first: FR is forward over "
        "reverse mode"
    ),
    "case": (
        "program, point, mode and operator, with dtype, tangent, cotangent, direction, wrt and "
        "warmup_point if they are needed: everything that defines one task for an engine"
    ),
    "signature": (
        "kind of input and kind of output: num_to_vec is a function from a number to a vector. "
        "There are nine, of num, vec and mat"
    ),
    "certified derivative, reference": (
        "the derivative by finite differences in ball arithmetic, with a proven bound on its error"
    ),
    "tolerance": (
        "the largest error that is accepted as an effect of rounding in the engine; it is "
        "estimated for each case"
    ),
    "verdict": "the outcome of one case in one engine, such as agree or wrong",
    "finding": "a result with one of the verdicts from wrong to timeout in this table",
    "severity": "how wrong a finding is: a kind, such as sign or digits, and a text",
    "bucket": "a root cause with its findings, in one file",
    "suspect": (
        "of a bucket: no engine that was asked gives the expected result of its case, so the case "
        "itself may be at fault"
    ),
    "workaround": "a mode, an engine or a rewriting of the program that gives the expected result",
    "known failure": (
        "an entry of conformance/known_failures/: it describes findings that have been reported "
        "upstream or explained"
    ),
    "pinned case": "the case that belongs to a known failure; it is asked in every run",
    "kink": (
        "a point where a function is continuous and its derivative is not, such as abs at 0. The "
        'named cases "kinks" also include jumps and ends of domains'
    ),
}
