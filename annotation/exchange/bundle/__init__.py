"""A whole project as one file, out of here and into another team or installation."""
