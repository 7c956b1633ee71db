"""What every job needs, whatever it computes: command line, files, signals, forks, random streams.

The ground floor: nothing here imports another package of the project.
"""
