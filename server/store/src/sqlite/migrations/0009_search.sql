-- Records by the words in them: a read model like those of 0005. `fields` is JSON, of each field its words.
CREATE TABLE search_view (
    number INTEGER PRIMARY KEY,
    shop TEXT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    fields TEXT NOT NULL,
    UNIQUE (shop, kind, id)
) STRICT;

-- The index alone: it answers numbers of records. Words come ready, so nothing is taken off them.
CREATE VIRTUAL TABLE search_words USING fts5 (
    words, content = '', contentless_delete = 1, tokenize = "unicode61 remove_diacritics 0"
);

CREATE TRIGGER search_view_put AFTER INSERT ON search_view BEGIN
    INSERT INTO search_words (rowid, words) SELECT new.number, group_concat(value, ' ') FROM json_each(new.fields);
END;

CREATE TRIGGER search_view_changed AFTER UPDATE ON search_view BEGIN
    DELETE FROM search_words WHERE rowid = old.number;
    INSERT INTO search_words (rowid, words) SELECT new.number, group_concat(value, ' ') FROM json_each(new.fields);
END;

CREATE TRIGGER search_view_removed AFTER DELETE ON search_view BEGIN
    DELETE FROM search_words WHERE rowid = old.number;
END;
