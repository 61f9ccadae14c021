"""Words and pictures: what people read, made from plain data. Nothing here sends."""
