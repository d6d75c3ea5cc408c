"""What is measured, as ratios within one run: a yardstick and ours on the same data, each in a process of its own. For `countroom bench`."""
