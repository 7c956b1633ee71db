"""The update rules: stochastic gradient descent with momentum, or Adam."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from snip.study.runs import Run
from snip.study.settings import Settings


class Momentum:
    """Stochastic gradient descent; `state`, which checkpoints save, is a velocity per parameter."""

    def __init__(self, parameters: list[Tensor], momentum: float, weight_decay: float):
        self.parameters, self.momentum, self.weight_decay = parameters, momentum, weight_decay
        # Without momentum the kernel refuses velocities.
        self.state = [torch.zeros_like(parameter) for parameter in parameters if momentum]

    @torch.no_grad()
    def __call__(self, gradients: Sequence[Tensor], rate: float) -> None:
        """Update in place by the fused kernel of torch.optim.SGD.

        Its class would import torch's compiler, which takes as long as importing torch itself.
        """
        # The kernel pairs elements by their place in memory, and the gradient of a convolution may
        # be in another layout than its weight.
        aligned = [
            gradient
            if gradient.stride() == weight.stride()
            else torch.empty_like(weight).copy_(gradient)
            for gradient, weight in zip(gradients, self.parameters, strict=True)
        ]
        torch._fused_sgd_(
            self.parameters,
            aligned,
            self.state,
            lr=rate,
            momentum=self.momentum,
            weight_decay=self.weight_decay,
            dampening=0,
            nesterov=False,
            maximize=False,
            is_first_step=False,
        )


class Adam:
    """torch.optim.Adam at its defaults; `state` is a count and two moments per parameter."""

    def __init__(self, parameters: list[Tensor], weight_decay: float):
        self.parameters = parameters
        self.optimizer = torch.optim.Adam(parameters, weight_decay=weight_decay)
        self.state: list[Tensor] = []
        for parameter in parameters:
            # Adam would create the same at its first step, but a checkpoint is restored before it.
            moments = {
                "step": torch.zeros(()),
                "exp_avg": torch.zeros_like(parameter),
                "exp_avg_sq": torch.zeros_like(parameter),
            }
            self.optimizer.state[parameter] = moments
            self.state += moments.values()

    def __call__(self, gradients: Sequence[Tensor], rate: float) -> None:
        """Update in place."""
        self.optimizer.param_groups[0]["lr"] = rate
        for parameter, gradient in zip(self.parameters, gradients, strict=True):
            parameter.grad = gradient
        self.optimizer.step()


def make_update(run: Run, settings: Settings, parameters: list[Tensor]) -> Momentum | Adam:
    """Return the update rule of `settings.optimizer`."""
    if settings.optimizer == "adam":
        return Adam(parameters, run.weight_decay)
    return Momentum(parameters, settings.momentum, run.weight_decay)
