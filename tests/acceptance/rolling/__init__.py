"""An upgrade under load, and the way back: processes of two releases beside each other."""
