"""What the words and numbers of the product mean. Pure: the standard library only, no clock, no I/O."""
