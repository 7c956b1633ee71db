"""The figures, one module per kind; each defines `show(source, prefix)`."""
