"""From layers to cores: graph, partition, fit, activity, traffic, places, costs."""
