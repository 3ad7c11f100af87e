"""The hidden tests: one module a lesson, one function an exercise."""
