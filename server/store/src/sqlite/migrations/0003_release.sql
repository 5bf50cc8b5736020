-- The browser files of releases that were started here, for pages that were opened under them.
CREATE TABLE release (
    id TEXT PRIMARY KEY,
    started_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The path names the content. A file that several releases have belongs to the one that was started last.
CREATE TABLE release_file (
    path TEXT PRIMARY KEY,
    release TEXT NOT NULL REFERENCES release (id) ON DELETE CASCADE,
    content_type TEXT NOT NULL,
    gzip INTEGER NOT NULL,
    bytes BLOB NOT NULL
) STRICT;

CREATE INDEX release_file_release ON release_file (release);
