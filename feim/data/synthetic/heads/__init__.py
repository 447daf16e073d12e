"""People who do not exist: a morphable head with a look, hair and light, rendered with all that is true of it."""
