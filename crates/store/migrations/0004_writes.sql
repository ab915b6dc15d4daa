-- What the hub must do at vendors: a row for each thing and connection. `target` is a kind's number, 0 for a punch;
-- `record` is the record, of a punch the employee. `open` is 1 until nothing more will happen by itself. A row that
-- somebody works at has a holder, and next_at says until when it is theirs.
CREATE TABLE writes (
    no {{pk}},
    id {{bytes}} NOT NULL UNIQUE,
    workspace BIGINT NOT NULL REFERENCES workspaces (no),
    connection BIGINT NOT NULL,
    target SMALLINT NOT NULL,
    action TEXT NOT NULL,
    record {{bytes}} NOT NULL,
    natural_key {{bytes}},
    state SMALLINT NOT NULL,
    open SMALLINT NOT NULL,
    attempts BIGINT NOT NULL,
    looks BIGINT NOT NULL,
    next_at BIGINT,
    holder TEXT,
    actor TEXT NOT NULL,
    decided_by TEXT,
    bulk {{bytes}},
    traceparent TEXT,
    remote_id TEXT,
    reason TEXT,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    fields {{json}} NOT NULL,
    payload {{json}} NOT NULL
);
-- The same write twice is one write.
CREATE UNIQUE INDEX writes_natural ON writes (connection, natural_key) WHERE natural_key IS NOT NULL;
CREATE INDEX writes_due ON writes (connection, next_at, no) WHERE next_at IS NOT NULL;
-- What is done to one record is done in order.
CREATE INDEX writes_order ON writes (connection, record, no) WHERE open = 1;
CREATE INDEX writes_listed ON writes (workspace, state, no);
CREATE INDEX writes_record ON writes (record);

-- A connection whose writes rest until some time, and why; attention is 1 where a person must do something.
CREATE TABLE write_pauses (
    connection BIGINT NOT NULL PRIMARY KEY,
    workspace BIGINT NOT NULL REFERENCES workspaces (no),
    until BIGINT NOT NULL,
    attention SMALLINT NOT NULL,
    reason TEXT NOT NULL
);

-- Which connections are told of what.
CREATE TABLE routes (
    workspace BIGINT NOT NULL REFERENCES workspaces (no),
    target SMALLINT NOT NULL,
    action TEXT NOT NULL,
    connection BIGINT NOT NULL,
    second_person SMALLINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (workspace, target, action, connection)
) {{clustered}};

-- The first answer to a request that carried an Idempotency-Key, stored with its effect.
CREATE TABLE idempotency (
    workspace BIGINT NOT NULL REFERENCES workspaces (no),
    app {{bytes}} NOT NULL,
    name TEXT NOT NULL,
    request {{bytes}} NOT NULL,
    status BIGINT NOT NULL,
    body TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (workspace, app, name)
) {{clustered}};
CREATE INDEX idempotency_age ON idempotency (created_at);
