"""What comes in and what goes out: files of prompts, responses, preferences and whole projects.

`formats/` says what a file may hold, one file per format with a row in its table FORMATS;
`files/` says how rows stand in a file (JSON, CSV, Parquet). `imports.import_file` and
`exports.export` are the two doors, for the commands and the API alike.
"""
