"""Layers with faster methods than PyTorch's, and the initial weights of layers."""
