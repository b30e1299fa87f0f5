"""Files and streams: read within limits, written whole or not at all, and what is no regular file as what it is.

names      how files are called: in messages, by their suffixes, and by descriptors such as /dev/stdout
reading    text from files, pipes and open streams, within a limit; JSON without its traps
writing    a file that is whole or not there
tables     CSV for people, in which no text is a formula
folders    files that belong together, moved into place together
beside     hidden files beside their target while they are written, and what a killed process left of them
"""

from tinygrad_bp.files.folders import check_folder, written_together
from tinygrad_bp.files.names import Source, called, descriptor, format_of, is_stream, packed_name
from tinygrad_bp.files.reading import beyond_floats, parse_json, read_bytes, read_text, read_text_in
from tinygrad_bp.files.tables import csv_of, guarded, unguarded
from tinygrad_bp.files.writing import write_stream, write_whole

__all__ = [
    "Source",
    "beyond_floats",
    "called",
    "check_folder",
    "csv_of",
    "descriptor",
    "format_of",
    "guarded",
    "is_stream",
    "packed_name",
    "parse_json",
    "read_bytes",
    "read_text",
    "read_text_in",
    "unguarded",
    "write_stream",
    "write_whole",
    "written_together",
]
