"""What operators do with dead letters: look at them, send them on their way again, or drop them."""
