"""What the platform and the training code agree on. Standard library only.

A run directory is all that passes between them; these modules read and write it: `spec` and
`settings` say what to do, `records` what is read, `progress` how far it is, `files` how it reaches
the disk, `errors` why it could not be done.
"""
