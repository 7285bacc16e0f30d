"""Java and Kotlin."""
