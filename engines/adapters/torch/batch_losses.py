"""How PyTorch writes losses with margins, weights of classes, or sequences of labels."""

from __future__ import annotations

import numpy as np
from ad_conformance.generators.catalogue.operation import Call, Template

F = "torch.nn.functional"
_REDUCED = "reduction={reduction!r})"


def _tensor(call: Call, values: object) -> str:
    """A constant tensor with the dtype of the first operand."""
    return f"torch.tensor({values}, dtype={call.operands[0]}.dtype)"


def _signed(name: str, rows: bool = False) -> Template:
    def write_loss(call: Call) -> str:
        shape = call.shapes[0][:-1] if rows else call.shapes[0]
        p = call.params
        labels = _tensor(call, np.array(p["labels"], dtype=float).reshape(shape).tolist())
        return (
            f"{F}.{name}({', '.join(call.operands)}, {labels}, margin={p['margin']}, "
            f"reduction={p['reduction']!r})"
        )

    return write_loss


def _weight(call: Call, name: str = "weight") -> str:
    weights = list(call.params["weights"])
    return f", {name}={_tensor(call, weights)}" if weights else ""


def _multi_margin(call: Call) -> str:
    p = call.params
    return (
        f"{F}.multi_margin_loss({call.operands[0]}, torch.tensor({list(p['labels'])}), p={p['p']}, "
        f"margin={p['margin']}{_weight(call)}, reduction={p['reduction']!r})"
    )


def _multilabel_margin(call: Call) -> str:
    """PyTorch takes the classes of each row, with -1 at their end."""
    hot = np.reshape(call.params["labels"], call.shapes[0])
    rows = [[*np.flatnonzero(row).tolist(), *[-1] * len(row)][: len(row)] for row in hot]
    return (
        f"{F}.multilabel_margin_loss({call.operands[0]}, torch.tensor({rows}), "
        f"reduction={call.params['reduction']!r})"
    )


def _multilabel_soft_margin(call: Call) -> str:
    hot = np.array(call.params["labels"], dtype=float).reshape(call.shapes[0]).tolist()
    return (
        f"{F}.multilabel_soft_margin_loss({call.operands[0]}, {_tensor(call, hot)}"
        f"{_weight(call)}, reduction={call.params['reduction']!r})"
    )


def _of_classes(name: str) -> Template:
    def write_loss(call: Call) -> str:
        p, shape = call.params, call.shapes[0]
        labels = np.reshape(p["labels"], (shape[0], *shape[2:])).tolist()
        smooth = f", label_smoothing={p['smoothing']}" if "smoothing" in p else ""
        return (
            f"{F}.{name}({call.operands[0]}, torch.tensor({labels}){_weight(call)}, "
            f"ignore_index={p['ignored']}, reduction={p['reduction']!r}{smooth})"
        )

    return write_loss


def _bce(call: Call) -> str:
    positive = _tensor(call, list(call.params["positive"]))
    return (
        f"{F}.binary_cross_entropy_with_logits({call.operands[0]}, {call.operands[1]}"
        f"{_weight(call)}, pos_weight={positive}, reduction={call.params['reduction']!r})"
    )


def _ctc(call: Call) -> str:
    """PyTorch's rule for the loss is that for logits, before log_softmax."""
    rows = call.params["labels"]
    flat = [k for row in rows for k in row]
    lengths = ([call.shapes[0][0]] * len(rows), [len(row) for row in rows])
    return (
        f"{F}.ctc_loss(torch.log_softmax({call.operands[0]}, dim=-1), "
        f"torch.tensor({flat}, dtype=torch.long), torch.tensor({lengths[0]}), "
        f"torch.tensor({lengths[1]}), reduction={call.params['reduction']!r})"
    )


LOSSES: dict[str, Template] = {
    "hinge_embedding_loss": _signed("hinge_embedding_loss"),
    "margin_ranking_loss": _signed("margin_ranking_loss"),
    "cosine_embedding_loss": _signed("cosine_embedding_loss", rows=True),
    "triplet_margin_loss": (
        F
        + ".triplet_margin_loss({0}, {1}, {2}, margin={margin}, p={p}, eps=0.0, swap={swap}, "
        + _REDUCED
    ),
    "multi_margin_loss": _multi_margin,
    "multilabel_margin_loss": _multilabel_margin,
    "multilabel_soft_margin_loss": _multilabel_soft_margin,
    "nll_loss_weighted": _of_classes("nll_loss"),
    "cross_entropy_weighted": _of_classes("cross_entropy"),
    "bce_with_logits_weighted": _bce,
    "ctc_loss": _ctc,
}
