"""What only operators see."""
