"""BeReal: the archive that an account's owner gets, and the shapes of the app's own interface."""
