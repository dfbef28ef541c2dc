"""The simulator with planted truth: native-format files of an invented world and what really happened in it. No pipeline code."""
