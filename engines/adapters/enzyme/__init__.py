"""Enzyme on StableHLO, by JAX (`mlir`), and on the code of LLVM, by C++ (`llvm`)."""
