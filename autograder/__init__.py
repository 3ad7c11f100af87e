"""The instructor's side of the course: build the lessons, grade a class."""
