"""What a provider is: the registry, its health, presets, prices."""
