"""How fast training is, beside what the processor can do and what one would write."""
