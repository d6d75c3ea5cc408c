"""Landing: the one door by which anything enters the warehouse."""
