"""What judges posts: the model that comes with the program, or any other in its place."""
