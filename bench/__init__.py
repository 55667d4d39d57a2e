"""Measurements of Quire beside its peers, as ratios within one run. `make bench` prints them all."""
