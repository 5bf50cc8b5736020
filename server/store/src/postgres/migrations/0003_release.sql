-- The browser files of releases that were started here, for pages that were opened under them.
CREATE TABLE release (
    id text COLLATE "C" PRIMARY KEY,
    started_at bigint NOT NULL
);

-- The path names the content. A file that several releases have belongs to the one that was started last.
CREATE TABLE release_file (
    path text COLLATE "C" PRIMARY KEY,
    release text COLLATE "C" NOT NULL REFERENCES release (id) ON DELETE CASCADE,
    content_type text NOT NULL,
    gzip boolean NOT NULL,
    bytes bytea NOT NULL
);

-- Compressed already.
ALTER TABLE release_file ALTER COLUMN bytes SET STORAGE EXTERNAL;

CREATE INDEX release_file_release ON release_file (release);
