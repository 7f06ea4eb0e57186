"""From cities to their province: the facts of a day in a file that cannot be changed unseen, and the sum over all cities."""
