"""The image data sets: where they come from, what they hold, how a run splits them."""
