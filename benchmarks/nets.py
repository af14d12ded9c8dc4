"""Small networks of the kinds that take memory, for benchmarks: a U-Net, a ResNet, one for sound.

Source: Ronneberger, Fischer and Brox (2015), U-Net; He et al. (2016), residual networks.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def block(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(outputs, outputs, 3, padding=1),
        nn.ReLU(),
    )


class UNet(nn.Module):
    """Two levels down and up: (batch, 3, row, column) pictures to a score of each class a pixel."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.first, self.second, self.bottom = block(3, 8), block(8, 16), block(16, 32)
        self.up_second, self.up_first = block(32 + 16, 16), block(16 + 8, 8)
        self.head = nn.Conv2d(8, classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        first = self.first(x)
        second = self.second(F.max_pool2d(first, 2))
        bottom = self.bottom(F.max_pool2d(second, 2))
        up = self.up_second(torch.cat([F.interpolate(bottom, scale_factor=2), second], dim=1))
        up = self.up_first(torch.cat([F.interpolate(up, scale_factor=2), first], dim=1))
        scores: Tensor = self.head(up)
        return scores


class Residual(nn.Module):
    """Two convolutions around which the input goes too."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.change = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.change(x))


class ResNet(nn.Module):
    """Three stages of two residual blocks: (batch, 3, row, column) pictures to class logits."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        stages: list[nn.Module] = [nn.Conv2d(3, 16, 3, stride=2, padding=1), nn.ReLU()]
        for width in (16, 32, 64):
            if width > 16:
                stages += [nn.Conv2d(width // 2, width, 3, stride=2, padding=1), nn.ReLU()]
            stages += [Residual(width), Residual(width)]
        self.stages, self.head = nn.Sequential(*stages), nn.Linear(64, classes)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(self.stages(x).mean(dim=(2, 3)))
        return logits


class SoundNet(nn.Module):
    """Two convolutions over time, and the mean: (batch, sample) sounds to class logits."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv1d(1, 16, 400, stride=160), nn.ReLU(), nn.Conv1d(16, 32, 5, stride=2), nn.ReLU()
        )
        self.head = nn.Linear(32, classes)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(self.layers(F.pad(x[:, None], (0, 2000))).mean(dim=2))
        return logits
