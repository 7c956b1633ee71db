"""What every job needs, whatever it computes: options, files, signals, threads, random streams.

The ground floor: nothing here imports another package of the project.
"""
