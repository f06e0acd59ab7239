"""`make demo`: the main job told once on real parts, and every promise checked on what was received."""
