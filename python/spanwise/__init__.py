"""Companion of Spanwise: its PyTorch engine, the transformers models that it writes, and its reports in a notebook."""

from .notebook import show

__all__ = ["show"]
__version__ = "0.1.0"
