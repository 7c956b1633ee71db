"""How fast training is, compared with the processor's limit and with a plain training loop."""
