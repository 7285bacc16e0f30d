"""The batch APIs of providers: many requests at once, answered within a day, for less."""
