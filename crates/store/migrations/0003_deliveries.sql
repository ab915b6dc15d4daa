-- Where apps want to be told of changes. The journal is the queue: cursor says up to which entry everything has been
-- taken over, so a sync writes nothing more for each change and endpoint. Secrets and settings are sealed together.
CREATE TABLE endpoints (
    no {{pk}},
    id {{bytes}} NOT NULL UNIQUE,
    workspace BIGINT NOT NULL REFERENCES workspaces (no),
    app BIGINT NOT NULL REFERENCES apps (no),
    name TEXT NOT NULL,
    url TEXT NOT NULL,
    manner TEXT NOT NULL,
    events {{json}} NOT NULL,
    payload TEXT NOT NULL,
    sealed {{bytes}} NOT NULL,
    cursor BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    disabled_at BIGINT,
    disabled_reason TEXT,
    failing_since BIGINT,
    rest_until BIGINT,
    holder TEXT,
    lease_until BIGINT
);
CREATE INDEX endpoints_app ON endpoints (workspace, app);

-- What was sent, what waits for another attempt (state 1), and what was given up (state 3). Of the rows of one record
-- that wait, only the first has a next_at: the others go behind it. The body stands here only for what is no entry of
-- the journal.
CREATE TABLE deliveries (
    id {{pk}},
    endpoint BIGINT NOT NULL,
    message TEXT NOT NULL,
    record {{bytes}},
    kind SMALLINT,
    topic TEXT NOT NULL,
    seq BIGINT NOT NULL,
    state SMALLINT NOT NULL,
    attempts BIGINT NOT NULL,
    next_at BIGINT,
    status BIGINT,
    error TEXT,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    body {{json}}
);
CREATE UNIQUE INDEX deliveries_message ON deliveries (endpoint, message);
CREATE INDEX deliveries_due ON deliveries (endpoint, next_at) WHERE state = 1;
CREATE INDEX deliveries_order ON deliveries (endpoint, record, seq, id) WHERE state = 1;
CREATE INDEX deliveries_dead ON deliveries (endpoint, id) WHERE state = 3;
