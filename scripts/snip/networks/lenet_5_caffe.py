"""LeNet-5-Caffe: two 5×5 convolutions with max-pooling, 800 → 500 → 10; 431,080 parameters."""

from collections import OrderedDict

from torch import nn

# Units of the first layer see only parts of the image, so its masks are no images.
MASK_IMAGE = False


def build(relu_after_convolutions: bool = False) -> nn.Module:
    """Return the network; Caffe and the authors' code have no ReLU after the convolutions."""
    activation = nn.ReLU if relu_after_convolutions else nn.Identity
    return nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(1, 20, 5),
            pool1=nn.MaxPool2d(2),
            relu1=activation(),
            conv2=nn.Conv2d(20, 50, 5),
            pool2=nn.MaxPool2d(2),
            relu2=activation(),
            flatten=nn.Flatten(),
            fc1=nn.Linear(800, 500),
            relu3=nn.ReLU(),
            fc2=nn.Linear(500, 10),
        )
    )
