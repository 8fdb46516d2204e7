"""Companion of Spanwise: its PyTorch engine and the transformers models that it writes."""

__version__ = "0.1.0"
