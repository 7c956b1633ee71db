"""Layers with faster methods than PyTorch's, and the weights that layers begin with."""
