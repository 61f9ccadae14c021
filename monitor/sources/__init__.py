"""Where posts come from: one module a network, found by entry point (see `monitor.registry`)."""
