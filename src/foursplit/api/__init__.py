"""What Python code calls: the functions that `foursplit` itself exports."""
