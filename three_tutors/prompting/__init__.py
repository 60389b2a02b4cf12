"""Everything that touches DSPy: the program, its adapter and its optimisers."""
