"""What providers say in answers, in whichever form of the field: read the same way everywhere."""
