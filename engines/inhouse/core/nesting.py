"""Derivatives of derivatives: one pass per letter of the mode, then all directions together."""

from __future__ import annotations

import numpy as np
from ad_conformance.engines.inhouse.core.graph import Node, make, reshape, stretch
from ad_conformance.engines.inhouse.core.passes import backward_pass, forward_pass, reachable


def derivative(out: Node, wrt: Node, mode: str) -> Node:
    """The derivative by the mode, of shape out.shape + wrt.shape * len(mode).

    Each level is one pass along a seed, an input of the graph. The result is linear in each seed,
    and the unit directions of all seeds are put in at the end. If those of one level were put in
    before the next pass, that pass would push every direction through every other.
    """
    shape = out.shape + wrt.shape * len(mode)
    if out.dtype.kind != "f" or 0 in shape:
        return wrt.graph.full(shape, 0.0, wrt.dtype)
    # Group 0 is the axes of out, group i those of level i's input. A seed replaces one group;
    # `left` is the group that the result has without seeds.
    seeds: list[tuple[Node, int]] = []
    left, result = 0, out
    for level, letter in enumerate(reversed(mode), 1):
        like = result if letter == "R" else wrt
        if like.size == 1:
            seed = like.graph.full(like.shape, 1.0, like.dtype)
        else:
            seed = like.graph.input(like.shape, like.dtype)
            seeds.append((seed, left if letter == "R" else level))
        result = (backward_pass if letter == "R" else forward_pass)(result, wrt, seed)
        left = level if letter == "R" else left
    groups = [group for _, group in reversed(seeds)]
    sizes = [out.size, *[wrt.size] * len(mode)]
    result = expand_seeds(result, [seed for seed, _ in reversed(seeds)])
    # Groups with one entry have no seed; the last reshape adds their axes.
    order = sorted(range(len(groups)), key=groups.__getitem__)
    n, before = len(groups), sum(group < left for group in groups)
    result = reshape(result, (*[sizes[g] for g in groups], sizes[left]))
    perm = tuple([i - n - 1 for i in (*order[:before], n, *order[before:])])
    return reshape(make("transpose", result, params=perm), shape)


def expand_seeds(out: Node, seeds: list[Node]) -> Node:
    """out for all unit directions of every seed, which become one leading axis for each seed."""
    n = len(seeds)
    expanded: dict[Node, Node] = {}
    for i, seed in enumerate(seeds):
        lead = [seed.size if k == i else 1 for k in range(n)]
        eye = np.eye(seed.size, dtype=seed.dtype).reshape(*lead, *seed.shape)
        expanded[seed] = seed.graph.constant(eye)
    for node in reachable(out) if seeds else []:
        if node in expanded or all(a not in expanded for a in node.args):
            continue
        args = [expanded.get(a) or a for a in node.args]
        if node.primitive.broadcasts:  # leading axes stay before those that broadcasting adds
            args = [a if a is b else reshape(a, a.shape[:n] + (1,) * (node.ndim - b.ndim) + b.shape)
                    for a, b in zip(args, node.args, strict=True)]  # fmt: skip
        elif node.op == "concat":  # all parts need the same leading axes
            args = [reshape(b, (1,) * n + b.shape) if a is b else a
                    for a, b in zip(args, node.args, strict=True)]  # fmt: skip
            common = np.broadcast_shapes(*[a.shape[:n] for a in args])
            args = [stretch(a, common + a.shape[n:]) for a in args]
        expanded[node] = make(node.op, *args, params=node.params)
    return stretch(expanded.get(out) or out, tuple([s.size for s in seeds]) + out.shape)
