"""Reddit: submissions and comments as Pushshift and Arctic Shift dump them."""
