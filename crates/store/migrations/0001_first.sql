-- Both databases read this file. Words in double braces stand for what they spell differently:
-- pk (an integer primary key), json, bytes, and clustered (a table that is its own primary-key index).
-- Instants are microseconds since 1970-01-01 UTC; days are days since then.

CREATE TABLE workspaces (
    no {{pk}},
    id {{bytes}} NOT NULL UNIQUE,
    name TEXT NOT NULL UNIQUE,
    seq BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE connections (
    no {{pk}},
    id {{bytes}} NOT NULL UNIQUE,
    workspace BIGINT NOT NULL REFERENCES workspaces (no),
    name TEXT NOT NULL,
    dialect TEXT NOT NULL,
    base_url TEXT NOT NULL,
    settings {{json}} NOT NULL,
    sealed {{bytes}} NOT NULL,
    created_at BIGINT NOT NULL,
    disabled_at BIGINT,
    UNIQUE (workspace, name)
);

CREATE TABLE apps (
    no {{pk}},
    id {{bytes}} NOT NULL UNIQUE,
    workspace BIGINT NOT NULL REFERENCES workspaces (no),
    name TEXT NOT NULL,
    scopes {{json}} NOT NULL,
    settings {{json}} NOT NULL,
    created_at BIGINT NOT NULL,
    disabled_at BIGINT,
    UNIQUE (workspace, name)
);

-- How an app proves itself: at /v1 or at a vendor's face.
CREATE TABLE app_keys (
    face TEXT NOT NULL,
    key_id TEXT NOT NULL,
    app BIGINT NOT NULL REFERENCES apps (no),
    workspace BIGINT NOT NULL REFERENCES workspaces (no),
    sealed {{bytes}} NOT NULL,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT,
    PRIMARY KEY (face, key_id)
) {{clustered}};
CREATE INDEX app_keys_app ON app_keys (app);

CREATE TABLE counters (
    name TEXT NOT NULL PRIMARY KEY,
    next BIGINT NOT NULL
) {{clustered}};

-- One vendor's view of one thing. What is looked at for every row of a page stands before the raw payload.
CREATE TABLE sources (
    id {{pk}},
    workspace BIGINT NOT NULL,
    connection BIGINT NOT NULL,
    kind SMALLINT NOT NULL,
    remote_id TEXT NOT NULL,
    record {{bytes}} NOT NULL,
    hash {{bytes}} NOT NULL,
    gone_at BIGINT,
    evidence TEXT,
    seen_at BIGINT NOT NULL,
    on_date BIGINT,
    raw TEXT NOT NULL,
    UNIQUE (connection, kind, remote_id)
);
CREATE INDEX sources_record ON sources (record);
CREATE INDEX sources_live ON sources (connection, kind, id) WHERE gone_at IS NULL;

-- The merged view. Lists are walked in the order of ord; deleted_at in that index lets them skip without reading rows.
CREATE TABLE records (
    ord {{pk}},
    id {{bytes}} NOT NULL UNIQUE,
    workspace BIGINT NOT NULL,
    kind SMALLINT NOT NULL,
    version BIGINT NOT NULL,
    key1 TEXT,
    key2 TEXT,
    key3 TEXT,
    key4 TEXT,
    key5 TEXT,
    key6 TEXT,
    on_date BIGINT,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    deleted_at BIGINT,
    evidence TEXT,
    doc {{json}} NOT NULL
);
CREATE INDEX records_listed ON records (workspace, kind, ord, deleted_at);
-- The first key is whose something is, for what lies in days: a person's shifts or leaves between two dates.
CREATE INDEX records_key1 ON records (workspace, kind, key1, on_date) WHERE key1 IS NOT NULL;
CREATE INDEX records_key2 ON records (workspace, kind, key2) WHERE key2 IS NOT NULL;
CREATE INDEX records_key3 ON records (workspace, kind, key3) WHERE key3 IS NOT NULL;
CREATE INDEX records_key4 ON records (workspace, kind, key4) WHERE key4 IS NOT NULL;
CREATE INDEX records_key5 ON records (workspace, kind, key5) WHERE key5 IS NOT NULL;
CREATE INDEX records_key6 ON records (workspace, kind, key6) WHERE key6 IS NOT NULL;
CREATE INDEX records_date ON records (workspace, kind, on_date, ord) WHERE on_date IS NOT NULL;

-- The journal keeps what was replaced. What came after is the next entry's before for the same record, or the
-- record's present document; so a first sync writes each document once.
CREATE TABLE changes (
    workspace BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    record {{bytes}} NOT NULL,
    kind SMALLINT NOT NULL,
    op SMALLINT NOT NULL,
    version BIGINT NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    run {{bytes}},
    source BIGINT,
    before_hash {{bytes}},
    before {{json}},
    before_raw TEXT,
    PRIMARY KEY (workspace, seq)
) {{clustered}};
-- Asked only for what follows a change, which is never the first of its record.
CREATE INDEX changes_record ON changes (record, seq) WHERE version > 1;
CREATE INDEX changes_run ON changes (run) WHERE run IS NOT NULL;

-- Facts: never changed, at most voided.
CREATE TABLE punches (
    id {{pk}},
    workspace BIGINT NOT NULL,
    connection BIGINT NOT NULL,
    employee {{bytes}} NOT NULL,
    at BIGINT NOT NULL,
    offset_s INTEGER NOT NULL,
    direction SMALLINT NOT NULL,
    source SMALLINT NOT NULL,
    day BIGINT NOT NULL,
    run {{bytes}},
    created_at BIGINT NOT NULL,
    voided_at BIGINT,
    detail {{json}},
    UNIQUE (connection, employee, at, direction)
);
CREATE INDEX punches_employee ON punches (workspace, employee, day);
CREATE INDEX punches_day ON punches (workspace, day);

-- The counter no says in which order runs began: a clock may stand still or step back.
CREATE TABLE runs (
    id {{bytes}} NOT NULL PRIMARY KEY,
    no BIGINT NOT NULL,
    workspace BIGINT NOT NULL REFERENCES workspaces (no),
    connection BIGINT NOT NULL,
    mode TEXT NOT NULL,
    state TEXT NOT NULL,
    cursor {{json}},
    started_at BIGINT NOT NULL,
    ended_at BIGINT,
    holder TEXT,
    lease_until BIGINT,
    summary {{json}},
    proof {{json}},
    complete SMALLINT,
    undone_at BIGINT,
    undo_of {{bytes}}
);
CREATE INDEX runs_connection ON runs (connection, no);
CREATE INDEX runs_workspace ON runs (workspace, no);

CREATE TABLE run_pages (
    run {{bytes}} NOT NULL,
    listing TEXT NOT NULL,
    page BIGINT NOT NULL,
    rows BIGINT NOT NULL,
    total BIGINT,
    digest {{bytes}} NOT NULL,
    keys_digest {{bytes}} NOT NULL,
    seen {{bytes}} NOT NULL,
    PRIMARY KEY (run, listing, page)
);

CREATE TABLE jobs (
    id {{pk}},
    workspace BIGINT NOT NULL REFERENCES workspaces (no),
    name TEXT NOT NULL,
    payload {{json}} NOT NULL,
    unique_key TEXT,
    run_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    holder TEXT,
    lease_until BIGINT,
    last_error TEXT,
    created_at BIGINT NOT NULL,
    done_at BIGINT,
    failed_at BIGINT
);
CREATE UNIQUE INDEX jobs_unique ON jobs (workspace, name, unique_key)
    WHERE done_at IS NULL AND failed_at IS NULL AND unique_key IS NOT NULL;
CREATE INDEX jobs_due ON jobs (run_at, id) WHERE done_at IS NULL AND failed_at IS NULL;

CREATE TABLE tokens (
    purpose TEXT NOT NULL,
    hash {{bytes}} NOT NULL,
    workspace BIGINT NOT NULL REFERENCES workspaces (no),
    app BIGINT,
    subject TEXT,
    payload {{json}} NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    used_at BIGINT,
    PRIMARY KEY (purpose, hash)
) {{clustered}};
CREATE INDEX tokens_expiry ON tokens (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE quarantine (
    connection BIGINT NOT NULL,
    kind SMALLINT NOT NULL,
    remote_id TEXT NOT NULL,
    workspace BIGINT NOT NULL REFERENCES workspaces (no),
    run {{bytes}} NOT NULL,
    at BIGINT NOT NULL,
    reason TEXT NOT NULL,
    raw TEXT NOT NULL,
    PRIMARY KEY (connection, kind, remote_id)
);

-- Reference ids that now mean another record.
CREATE TABLE aliases (
    workspace BIGINT NOT NULL REFERENCES workspaces (no),
    id {{bytes}} NOT NULL,
    record {{bytes}} NOT NULL,
    PRIMARY KEY (workspace, id)
) {{clustered}};

CREATE TABLE meta (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) {{clustered}};
