"""Wrappers in PyTorch: for torch.func, and for torch.autograd with create_graph=True.

Left out: reentrant checkpoints, which PyTorch documents not to work with `torch.autograd.grad`, and
`torch.cond`, which does not work in torch.func and loses the graph of its derivative otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping

_SHARED = """\
import sys
import types

import torch.utils.checkpoint


class Names(types.ModuleType):
    # A module in which the present names of a script are found.
    def __getattr__(self, name):
        if name in self.__dict__["names"]:
            return self.__dict__["names"][name]
        raise AttributeError(name)


def compiled(f, backend="aot_eager"):
    # Dynamo looks up what a function refers to in the module of its script. If several scripts run
    # in one process, each needs a module of its own.
    names, known = globals(), vars(sys.modules[__name__])
    if known is not names and known.get("names") is not names:
        names["__name__"] = f"script_{len(sys.modules)}"
        sys.modules[__name__] = Names(__name__)
        sys.modules[__name__].names = names
    # Without this, Dynamo stops to compile the same code after eight functions.
    torch._dynamo.reset()
    return torch.compile(f, backend=backend)


def batched(f, others, lane, axis=0):
    def wrapped(x):
        lanes = torch.stack([others[0], x, others[1]], axis)
        return torch.func.vmap(f, axis, axis)(lanes).movedim(axis, 0)[lane]

    return wrapped


def batched_twice(f, others, lane):
    def wrapped(x):
        lanes = torch.stack([torch.stack([others[0], x]), others])
        return torch.func.vmap(torch.func.vmap(f))(lanes)[lane]

    return wrapped


def stopped(f):
    def wrapped(x):
        with torch.no_grad():
            ones = torch.ones_like(x)
        return f(x * ones.detach())

    return wrapped


def aliased(f):
    def wrapped(x):
        spare = x.clone()
        buffer = torch.zeros_like(x)
        buffer.view(-1).copy_(spare.view(-1))
        spare.zero_()
        y = f(buffer)
        result = torch.zeros_like(y)
        result.copy_(y)
        return result

    return wrapped
"""

FUNC_FUNCTIONS = (
    _SHARED
    + """

def with_custom_rule(f):
    class Rule(torch.autograd.Function):
        generate_vmap_rule = True

        @staticmethod
        def forward(x):
            # PyTorch documents that an output must not be an input that is saved.
            return f(x).clone()

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(*inputs)
            ctx.save_for_forward(*inputs)

        @staticmethod
        def backward(ctx, w):
            return torch.func.vjp(f, *ctx.saved_tensors)[1](w)[0]

        @staticmethod
        def jvp(ctx, v):
            return torch.func.jvp(f, ctx.saved_tensors, (v,))[1]

    return Rule.apply


def with_custom_batch(f):
    class Batched(with_custom_rule(f).__self__):
        generate_vmap_rule = False

        @staticmethod
        def vmap(info, in_dims, x):
            return torch.func.vmap(f, in_dims)(x), 0

    return Batched.apply


def linearized(f):
    def wrapped(x):
        y, push = torch.func.linearize(f, x)
        push(torch.ones_like(x)), push(x)
        return y

    return wrapped


def pulled_back(f):
    def wrapped(x):
        y, pull = torch.func.vjp(f, x)
        pull(torch.ones_like(y)), pull(y)
        return y

    return wrapped


def of_tree(f):
    def in_tree(tree):
        return {"out": (f(tree["in"][0]), tree["more"])}, tree["more"]

    def wrapped(x):
        given = {"in": (x,), "more": torch.zeros_like(x)}
        return torch.func.vjp(in_tree, given, has_aux=True)[0]["out"][0]

    return wrapped
"""
)

FUNC: Mapping[str, str] = {
    "jit": "compiled({f})",
    # Inductor calls a C++ compiler, which takes seconds, and a minute in a new process.
    "jit_native": 'compiled({f}, "inductor")',
    "vmap": "batched({f}, {others}, {lane})",
    "vmap_axes": "batched({f}, {others}, {lane}, -1)",
    "vmap_one": "lambda t: torch.func.vmap({f})(t[None])[0]",
    "vmap_twice": "batched_twice({f}, {others}, {lane})",
    "checkpoint": ("lambda t: torch.utils.checkpoint.checkpoint({f}, t, use_reentrant=False)"),
    "custom_vjp": "with_custom_rule({f})",
    "custom_vmap": "with_custom_batch({f})",
    "linearize": "linearized({f})",
    "saved_vjp": "pulled_back({f})",
    "stop": "stopped({f})",
    "alias": "aliased({f})",
    "tree": "of_tree({f})",
}

GRAPH_FUNCTIONS = (
    _SHARED
    + """

def with_custom_rule(f):
    class Rule(torch.autograd.Function):
        @staticmethod
        def forward(x):
            # PyTorch calls it without gradients, which a derivative needs.
            with torch.enable_grad():
                return f(x.detach()).detach()

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(*inputs)

        @staticmethod
        def backward(ctx, w):
            with torch.enable_grad():
                return pullback(f, w)(*ctx.saved_tensors)

    return Rule.apply
"""
)

GRAPH: Mapping[str, str] = {
    **{
        name: FUNC[name]
        for name in (
            *("jit", "jit_native", "vmap", "vmap_axes", "vmap_one", "vmap_twice", "checkpoint"),
            *("custom_vjp", "stop", "alias"),
        )
    },
}
#: What the rule of an autograd.Function differentiates by must be an argument of it.
CLOSED = ("custom_vjp", "custom_vmap")
