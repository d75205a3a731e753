"""Recorded exchanges played behind Swiftlet, and the official SDKs in front of it. `python -m replay --help` tells the rest."""
