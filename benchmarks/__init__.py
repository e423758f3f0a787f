"""Side-by-side measurements: every figure stands beside another one of the same run, never alone."""
