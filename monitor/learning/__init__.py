"""Making the classifier's weights, and fitting them to what staff say.

`texts`, `pooled`, `head`, `fitting`, `evaluation` and `revisions` serve the commands of `model`, with
numpy and the inference runtime alone. The rest (base model, corpora, training, export) is needed by
nobody who runs the monitor: torch, transformers, nncf and scikit-learn are imported only there, and
only when a script of `models/` asks for them.
"""
