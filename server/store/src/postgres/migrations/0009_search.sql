-- Records by the words in them: a read model like those of 0005. `fields` has of each field its words; they come ready,
-- and `simple` takes nothing off them.
CREATE TABLE search_view (
    shop text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    fields jsonb NOT NULL,
    words tsvector NOT NULL GENERATED ALWAYS AS (jsonb_to_tsvector('simple'::regconfig, fields, '["string"]')) STORED,
    PRIMARY KEY (shop, kind, id)
);

CREATE INDEX search_view_words ON search_view USING gin (words);
