"""Making the classifier's weights: base model, corpora, training, calibration, export, evaluation.

Nothing here is needed to run the monitor. torch, transformers, nncf and scikit-learn are imported
only inside this package, and only when a script of `models/` asks for them.
"""
