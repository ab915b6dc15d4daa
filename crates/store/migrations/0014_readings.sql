-- When each list of a connection was last read, where the vendor counts the calls by the month and the hub plans them.
CREATE TABLE readings (
    connection BIGINT NOT NULL,
    listing TEXT NOT NULL,
    tried_at BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    read_at BIGINT,
    wide_at BIGINT,
    PRIMARY KEY (connection, listing)
) {{clustered}};
