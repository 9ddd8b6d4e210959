"""Functions of PyTorch, imported: the aten operators that they run, followed on real tensors."""
