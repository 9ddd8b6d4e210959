"""Modules of PyTorch as people write them, called with their parameters as arguments."""

# mypy: disable-error-code="no-any-return, no-untyped-call"
from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from validation.functions import Function

_rng = np.random.default_rng(77)
# Parameters of modules are drawn when they are made.
torch.manual_seed(5)


def _normal(*shape: int, scale: float = 1.0) -> np.ndarray:
    return np.round(scale * _rng.normal(size=shape), 6)


def parameters(module: nn.Module) -> dict[str, np.ndarray]:
    """The parameters of a module, in float64."""
    return {name: p.detach().double().numpy() for name, p in module.named_parameters()}


class Mlp(nn.Module):
    """A network of three layers."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 8), nn.SiLU(), nn.Linear(8, 2)
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class Block(nn.Module):
    """A transformer block with normalization before each part."""

    def __init__(self, size: int = 6, heads: int = 2) -> None:
        super().__init__()
        self.heads = heads
        self.first, self.second = nn.LayerNorm(size), nn.LayerNorm(size)
        self.qkv, self.out = nn.Linear(size, 3 * size), nn.Linear(size, size)
        self.feed = nn.Sequential(nn.Linear(size, 8), nn.GELU(), nn.Linear(8, size))

    def forward(self, x: Tensor) -> Tensor:
        n, size = x.shape
        q, k, v = self.qkv(self.first(x)).chunk(3, dim=-1)
        q, k, v = (part.view(n, self.heads, -1).transpose(0, 1) for part in (q, k, v))
        seen = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(seen.transpose(0, 1).reshape(n, size))
        return x + self.feed(self.second(x))


class Convolutional(nn.Module):
    """A small network for images."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 3, 3, padding=1)
        self.norm = nn.BatchNorm2d(3)
        self.conv2 = nn.Conv2d(3, 4, 3, stride=2)
        self.out = nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = F.elu(self.norm(self.conv1(x)))
        x = F.avg_pool2d(x, 2)
        x = F.softplus(self.conv2(x))
        return self.out(x.mean(dim=(2, 3)))


class Coupling(nn.Module):
    """A normalizing flow of two affine coupling layers."""

    def __init__(self) -> None:
        super().__init__()
        self.nets = nn.ModuleList(
            nn.Sequential(nn.Linear(2, 6), nn.Tanh(), nn.Linear(6, 4)) for _ in range(2)
        )

    def forward(self, x: Tensor) -> Tensor:
        logdet = x.new_zeros(x.shape[0])
        for net in self.nets:
            kept, moved = x.chunk(2, dim=1)
            shift, scale = net(kept).chunk(2, dim=1)
            scale = torch.tanh(scale)
            moved = moved * torch.exp(scale) + shift
            logdet = logdet + scale.sum(1)
            x = torch.cat([moved, kept], dim=1)
        base = torch.distributions.Independent(
            torch.distributions.Normal(torch.zeros_like(x), torch.ones_like(x)), 1
        )
        return -(base.log_prob(x) + logdet).mean()


class Recurrent(nn.Module):
    """The last state of an LSTM, mapped to one number."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(2, 3, batch_first=True)
        self.out = nn.Linear(3, 1)

    def forward(self, x: Tensor) -> Tensor:
        states, _ = self.lstm(x)
        return self.out(states[:, -1]).squeeze(-1)


class OdeNet(nn.Module):
    """A neural ordinary differential equation, solved by midpoint steps."""

    def __init__(self) -> None:
        super().__init__()
        self.slope = nn.Sequential(nn.Linear(3, 6), nn.Tanh(), nn.Linear(6, 2))

    def forward(self, state: Tensor) -> Tensor:
        h = 0.25
        for k in range(4):
            t = torch.full_like(state[:, :1], k * h)
            middle = state + 0.5 * h * self.slope(torch.cat([state, t], dim=1))
            state = state + h * self.slope(torch.cat([middle, t + 0.5 * h], dim=1))
        return state


class Gru(nn.Module):
    """A gated recurrent cell, stepped over a sequence by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.GRUCell(2, 4)

    def forward(self, x: Tensor) -> Tensor:
        h = x.new_zeros(1, 4)
        for row in x:
            h = self.cell(row[None], h)
        return h.squeeze(0)


class Sine(torch.autograd.Function):
    """A sine with a rule of its own, as in networks with periodic activations."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor) -> Tensor:
        return torch.sin(3 * x)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None:
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        return 3 * gradient * torch.cos(3 * x)


_mlp, _block, _conv, _flow = (
    module.double().eval() for module in (Mlp(), Block(), Convolutional(), Coupling())
)
_lstm, _ode, _gru = (module.double().eval() for module in (Recurrent(), OdeNet(), Gru()))


def call(module: nn.Module, params: dict[str, Tensor], *inputs: Tensor) -> Tensor:
    """The module with other parameters."""
    buffers = {name: b.to(inputs[0].dtype) for name, b in module.named_buffers()}
    return torch.func.functional_call(module, {**buffers, **params}, inputs)


def mlp_loss(params: dict[str, Tensor], x: Tensor) -> Tensor:
    """The cross entropy of a classifier."""
    return F.cross_entropy(call(_mlp, params, x), torch.tensor([0, 1, 1, 0]), label_smoothing=0.1)


def transformer_block(x: Tensor) -> Tensor:
    """The output of a block with fixed parameters, as a function of its input."""
    return call(_block, {n: p.to(x.dtype) for n, p in _block.named_parameters()}, x)


def conv_net(params: dict[str, Tensor], image: Tensor) -> Tensor:
    """The logits of a convolutional network."""
    return call(_conv, params, image)


def flow_likelihood(params: dict[str, Tensor], x: Tensor) -> Tensor:
    """Negative log-likelihood of a normalizing flow."""
    return call(_flow, params, x)


def lstm_output(params: dict[str, Tensor], x: Tensor) -> Tensor:
    return call(_lstm, params, x)


def neural_ode(params: dict[str, Tensor], state: Tensor) -> Tensor:
    return call(_ode, params, state)


def gru_state(params: dict[str, Tensor], x: Tensor) -> Tensor:
    return call(_gru, params, x)


def pinn_residual(params: dict[str, Tensor], points: Tensor) -> Tensor:
    """The mean squared residual of u_xx + u_yy = sin(x) y of a network with sine activations."""

    def u(point: Tensor) -> Tensor:
        hidden = Sine.apply(params["w1"] @ point + params["b1"])
        return params["w2"] @ torch.tanh(hidden)

    def residual(point: Tensor) -> Tensor:
        laplacian = torch.trace(torch.func.jacrev(torch.func.grad(u))(point))
        return laplacian - torch.sin(point[0]) * point[1]

    return torch.vmap(residual)(points).pow(2).mean()


def force_matching(params: dict[str, Tensor], positions: Tensor) -> Tensor:
    """The squared error of forces, which are derivatives of an energy by torch.autograd.grad."""
    positions = positions if positions.requires_grad else positions.detach().requires_grad_()
    centers = positions.mean(0, keepdim=True)
    features = torch.tanh((positions - centers) @ params["w1"] + params["b1"])
    energy = (features @ params["w2"]).sum()
    (gradient,) = torch.autograd.grad(energy, positions, create_graph=True)
    return ((-gradient - 0.1 * centers) ** 2).mean()


def jacobian_penalty(x: Tensor, weight: Tensor) -> Tensor:
    """The squared Frobenius norm of the Jacobian of a layer, averaged over a batch."""
    jacobians = torch.vmap(torch.func.jacrev(lambda v: torch.tanh(weight @ v)))(x)
    return jacobians.pow(2).sum(dim=(1, 2)).mean()


def contrastive_loss(anchors: Tensor, others: Tensor) -> Tensor:
    """InfoNCE with cosine similarities."""
    a, b = F.normalize(anchors, dim=-1), F.normalize(others, dim=-1)
    logits = a @ b.T / 0.2
    labels = torch.arange(len(a))
    return 0.5 * (F.cross_entropy(logits, labels) + F.cross_entropy(logits.T, labels))


def graph_convolution(features: Tensor, weight: Tensor) -> Tensor:
    """Messages along the edges of a graph, summed at their targets, then normalized."""
    source = torch.tensor([0, 1, 2, 3, 3, 4, 0])
    target = torch.tensor([1, 2, 0, 1, 4, 3, 4])
    messages = F.leaky_relu(features[source] @ weight, 0.1)
    gathered = torch.zeros(features.shape[0], weight.shape[1], dtype=features.dtype)
    gathered = gathered.index_add(0, target, messages)
    return F.layer_norm(gathered, (weight.shape[1],))


_points = _normal(4, 2, scale=0.7)
FUNCTIONS = (
    Function("mlp loss", mlp_loss, (parameters(_mlp), _normal(4, 3))),
    Function("transformer block", transformer_block, (_normal(4, 6),)),
    Function("conv net", conv_net, (parameters(_conv), _normal(1, 1, 8, 8))),
    Function("normalizing flow", flow_likelihood, (parameters(_flow), _normal(5, 4))),
    Function("lstm", lstm_output, (parameters(_lstm), _normal(2, 4, 2))),
    Function("neural ode", neural_ode, (parameters(_ode), _normal(3, 2))),
    Function("gru cell", gru_state, (parameters(_gru), _normal(4, 2))),
    Function(
        "pinn residual",
        pinn_residual,
        ({"w1": _normal(5, 2), "b1": _normal(5), "w2": _normal(5)}, _points),
    ),
    Function(
        "force matching",
        force_matching,
        ({"w1": _normal(3, 4), "b1": _normal(4), "w2": _normal(4)}, _normal(4, 3)),
    ),
    Function("jacobian penalty", jacobian_penalty, (_normal(4, 3), _normal(3, 3))),
    Function("contrastive loss", contrastive_loss, (_normal(5, 4), _normal(5, 4))),
    Function("graph convolution", graph_convolution, (_normal(5, 3), _normal(3, 4))),
)
