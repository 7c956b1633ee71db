"""The networks, one file each.

A file `NAME.py` here (with `_` for `-`) defines `build(relu_after_convolutions)`, which returns a
module from images (examples, 1, 28, 28) to logits (examples, 10). A network without convolutions
ignores the argument. Its first line may begin with the printed name and a colon.
`snip.layers.weights` draws the weights; the module need not.
"""
