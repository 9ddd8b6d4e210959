"""Deliberately wrong engines: the in-house engine with one thing broken, so that each verdict is
seen to be given.
"""

from __future__ import annotations

from dataclasses import replace

from ad_conformance.engines.adapters.inhouse import inhouse
from ad_conformance.engines.contract import Engine

RULES = """\
from ad_conformance.engines.inhouse.core.graph import make
from ad_conformance.engines.inhouse.rules.kinds import Linear, each, f
from ad_conformance.engines.inhouse.rules.kinds import f as apply
from ad_conformance.engines.inhouse.rules.table import RULES
"""


def _rule(name: str, body: str) -> Engine:
    return replace(inhouse, name=name, header=f"{inhouse.header}\n{RULES}\n{body}\n")


honest = replace(inhouse, name="honest")
#: The derivative of sin with the wrong sign.
sign = _rule("sign", 'RULES["sin"] = each(lambda y, x: -apply("cos", x))')
#: sin is right once; what cos would add at the second order is dropped.
dropped = _rule("dropped", 'RULES["cos"] = each(lambda y, x: 0.0 * x)')
#: The pullback of a cumulative sum runs along the axis in the wrong direction.
axis = _rule(
    "axis", 'RULES["cumsum"] = Linear(lambda ct, x, axis: make("cumsum", ct, params=axis))'
)
#: A factor that stands twice counts once, but where it is the input itself: right alone, wrong in
#: compositions.
once = _rule(
    "once",
    'RULES["multiply"] = each(\n'
    "    lambda y, a, b: b, lambda y, a, b: a if a is not b or a.op == 'input' else 0.0 * a\n)",
)
#: Never comes to an end where exp is differentiated.
stuck = _rule("stuck", "def wait(y, x):\n    while True:\n        pass\nRULES['exp'] = each(wait)")
#: Two faults, of which the second shows in smaller cases.
two = _rule(
    "two",
    'RULES["tanh"] = each(lambda y, x: 2.0 * (1.0 - y * y))\n'
    'RULES["divide"] = each(lambda y, a, b: -1.0 / b, RULES["divide"].partials[1])',
)
#: One fault that is silent, one that raises, while it is differentiated or when it runs, and one
#: that kills.
several = _rule(
    "several",
    "import os\n"
    "def refuse(y, x):\n"
    "    raise TypeError(f'no rule for an operand of shape {x.shape}: give it one')\n"
    'RULES["sin"] = each(lambda y, x: -apply("cos", x))\n'
    'RULES["tan"] = each(refuse)\n'
    'RULES["erf"] = each(lambda y, x: print("last words", flush=True) or os.abort())',
)
#: As `sign`, but in float32 only.
single = _rule(
    "single",
    'RULES["sin"] = each(lambda y, x: apply("cos", x) * (-1.0 if x.dtype.itemsize == 4 else 1.0))',
)
#: As `sign`, until it is mended.
mendable = _rule(
    "mendable",
    'import os\nif "MENDED" not in os.environ:\n    RULES["sin"] = each(lambda y, x: -apply("cos",'
    " x))",
)
nan = replace(inhouse, name="nan", run=f"{inhouse.run}\ngot = np.full(got.shape, np.nan)")
shape = replace(inhouse, name="shape", run=f"{inhouse.run}\ngot = got[None]")
dtype = replace(inhouse, name="dtype", run=f"{inhouse.run}\ngot = got.astype(np.float32)")
compiling = replace(inhouse, name="compiling", compile='raise RuntimeError("no rule\\nfor this")')
running = replace(inhouse, name="running", run='raise RuntimeError("out of registers")')
segfault = replace(inhouse, name="segfault", run="import ctypes\nctypes.string_at(0)")
hang = replace(inhouse, name="hang", run="while True:\n    pass")
#: Never comes to an end when it is first asked with a name of a file in MARK, and makes that file.
slow_once = replace(
    inhouse,
    name="slow-once",
    run="import os\nif not os.path.exists(os.environ['MARK']):\n"
    "    open(os.environ['MARK'], 'w').close()\n    while True:\n        pass\n" + inhouse.run,
)
exiting = replace(inhouse, name="exiting", run="import sys\nsys.exit(0)")
interrupting = replace(inhouse, name="interrupting", run="raise KeyboardInterrupt")
exiting_header = replace(inhouse, name="exiting-header", header="import sys\nsys.exit(0)")
#: Takes longer to start than a case may take, and dies of the third case it is asked.
slow_start = replace(
    inhouse, name="slow-start", header=f"{inhouse.header}\nimport os, sys, time\ntime.sleep(1.5)",
    run=f"{inhouse.run}\nif abs(float(x) - 3.0) < 0.1:\n    print('third', flush=True)\n    "
        f"os.abort()",
)  # fmt: skip
refusing = replace(
    inhouse,
    name="refusing",
    run='raise NotImplementedError("no derivative of sin")',
    unsupported=(("NotImplementedError", "^no derivative of"),),
)
missing = replace(inhouse, name="missing", module="no_such_module_of_an_engine")
unimportable = replace(inhouse, name="unimportable", header="import no_such_module_of_an_engine")
not_an_engine = "a string"
#: Compile the derivatives of a program in several modes at once: rightly; with the rule of `sign`;
#: with a value that is wrong only then; so that several raise.
ALL = "derivatives = lambda x: [d(x) for d in ({all},)]"
at_once = replace(inhouse, name="at-once", compile_all=ALL)
sign_at_once = replace(sign, name="sign-at-once", compile_all=ALL)
wrong_at_once = replace(
    inhouse, name="wrong-at-once", compile_all=ALL.replace("d(x)", "d(x) * 2.0 + 1.0")
)
raising_at_once = replace(
    inhouse, name="raising-at-once", compile_all='raise MemoryError("{all}"[:0] + "too large")'
)
#: Wrong when it is asked for the first time, right when it is asked again.
unsteady = replace(
    inhouse, name="unsteady", header=f"{inhouse.header}\nimport collections\ntimes = "
                                     f"collections.Counter()",
    run=f"{inhouse.run}\ntimes[str(x)] += 1\ngot = np.asarray(got + (times[str(x)] == 1))",
)  # fmt: skip
#: Two releases of one engine: the first has sin wrong, the second products instead.
first_release = replace(sign, name="made@1")
second_release = replace(axis, name="made@2")
#: Raises a message that would be read as a page, or as a table of Markdown, were it not told apart
#: from them.
hostile = replace(
    inhouse,
    name="hostile",
    run='raise RuntimeError(\'<script>document.title="caught"</script> | `code` [a](http://b) '
    "\\x07 end')",
)
#: Templates with another value, of a function that does not exist, and of a call that raises.
templates = replace(
    inhouse,
    name="broken-templates",
    dialect=replace(
        inhouse.dialect,
        templates={
            **inhouse.dialect.templates,
            "concat": "inhouse.concat([{args}][::-1], axis={axis})",
            "sinh": "inhouse.cosh({0})",
            "cosh": "inhouse.no_such_function({0})",
            "tanh": "inhouse.tanh({0}, axis=0)",
        },
    ),
)
#: The axes of its Jacobians in forward mode are reversed.
transposed = replace(
    inhouse,
    name="transposed",
    header=f"""{inhouse.header}
def turned(j):
    return lambda x: inhouse.permute_dims(j(x), axes=tuple(range(j(x).ndim))[::-1])
""",
    mode_transforms={**inhouse.mode_transforms, "F": f"turned({inhouse.mode_transforms['F']})"},
)


def _wrapped(name: str, body: str) -> Engine:
    """The in-house engine whose compiled derivatives go through `wrapped`, which `body` defines."""
    return replace(
        inhouse,
        name=name,
        header=f"{inhouse.header}\n{body}",
        compile="derivative = wrapped(inhouse.compile({nested}).lower(x), x)",
    )


#: Leaves zeros in its input.
overwriting = _wrapped(
    "overwriting",
    "def wrapped(f, point):\n    def derivative(x):\n        got = np.array(f(x))\n"
    "        x[...] = 0.0\n        return got\n    return derivative\n",
)
#: All answers of one shape are in the same memory.
lending = _wrapped(
    "lending",
    "lent = {}\ndef wrapped(f, point):\n    def derivative(x):\n        got = np.asarray(f(x))\n"
    "        kept = lent.setdefault((got.shape, got.dtype), np.array(got))\n"
    "        kept[...] = got\n        return kept\n    return derivative\n",
)
#: A derivative that is called a second time adds what it gave before.
adding = _wrapped(
    "adding",
    "def wrapped(f, point):\n    before = []\n    def derivative(x):\n"
    "        before.append(np.asarray(f(x)))\n        return np.array(sum(before))\n"
    "    return derivative\n",
)
#: Keeps derivatives by the shape of the point only.
mixing = _wrapped(
    "mixing", "known = {}\ndef wrapped(f, point):\n    return known.setdefault(point.shape, f)\n"
)
#: A program and a point that it has met in an earlier case get a result that is a little off.
ageing = replace(
    inhouse,
    name="ageing",
    header=f"{inhouse.header}\nmet = set()\n",
    compile="derivative = inhouse.compile({nested}).lower(x)\ncode = f.__code__\n"
    "given = [globals().get(name) for name in 'xyzuvw']\n"
    "key = repr((given, code.co_code, code.co_consts, code.co_names, {nested!r}))\n"
    "factor = 1.001 if key in met else 1.0\nmet.add(key)",
    run="got = np.asarray(derivative(x) * factor)",
)
#: Answers in float64 are rounded to float32 on the way.
narrow = _wrapped(
    "narrow",
    "def wrapped(f, point):\n"
    "    return lambda x: np.asarray(f(x)).astype(np.float32).astype(x.dtype)\n",
)
#: Raises at the second call of a derivative, and kills the process.
single_use = _wrapped(
    "single-use",
    "def wrapped(f, point):\n    left = [f]\n    return lambda x: np.asarray(left.pop()(x))\n",
)
fatal_use = _wrapped(
    "fatal-use",
    "import os\ndef wrapped(f, point):\n    left = [f]\n"
    "    return lambda x: np.asarray(left.pop()(x)) if left else os.abort()\n",
)


def _wrapper(name: str, wrapper: str, template: str, functions: str) -> Engine:
    """The in-house engine with another template for one wrapper."""
    return replace(
        inhouse,
        name=name,
        wrappers={**inhouse.wrappers, wrapper: template},
        wrapper_functions=f"{inhouse.wrapper_functions}\n\n{functions}",
    )


#: A batch gives the first lane, which is another point.
lanes = _wrapper(
    "lanes",
    "vmap",
    "first_lane({f}, {others})",
    "def first_lane(f, others):\n    return lambda x: f(others[0]) + 0.0 * inhouse.sum(x)\n",
)
#: The last lane of a batch has the answer of another one.
last_lane = _wrapper(
    "last-lane",
    "vmap",
    "of_two({f}, {others}, {lane})",
    "def of_two(f, others, lane):\n"
    "    def wrapped(x):\n        own = f(x)\n"
    "        return inhouse.stack([f(others[0]), own, own], axis=0)[lane]\n"
    "    return wrapped\n",
)
#: Keeps one compiled function for the whole process.
stale = replace(
    _wrapper("stale", "jit", "kept({f})", ""),
    header=f"{inhouse.header}\nknown = {{}}\ndef kept(f):\n"
    "    return known.setdefault('compiled', inhouse.compile(f))\n",
)
#: The first derivative of a custom rule is right, the second is zero: rounding to multiples of
#: 2**-40 is exact here, and has no derivative.
forgetful = _wrapper(
    "forgetful",
    "custom_vjp",
    "with_rule({f})",
    "def with_rule(f):\n"
    "    def wrapped(x):\n"
    "        at = inhouse.floor(x * 2.0**40) / 2.0**40\n"
    "        return f(at) + inhouse.jvp(f)(at, x - at)\n"
    "    return wrapped\n",
)
#: All results of a function are in one buffer, which holds the first.
overwritten = _wrapper(
    "overwritten",
    "alias",
    "in_buffer({f})",
    "def in_buffer(f):\n    buffer = []\n"
    "    def wrapped(x):\n        buffer.append(f(x))\n        return buffer[0]\n"
    "    return wrapped\n",
)
