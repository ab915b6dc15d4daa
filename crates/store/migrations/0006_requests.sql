-- Calls of faces, vendors' events and /v1 that are worth looking at, without personal data. Kept for days, not for
-- ever. Workspace 0 holds those of keys that nobody has.
CREATE TABLE requests (
    no {{pk}},
    workspace BIGINT NOT NULL,
    at BIGINT NOT NULL,
    face TEXT NOT NULL,
    operation TEXT NOT NULL,
    app TEXT NOT NULL,
    address TEXT NOT NULL,
    status BIGINT NOT NULL,
    code TEXT NOT NULL,
    took_us BIGINT NOT NULL,
    bytes_in BIGINT NOT NULL,
    bytes_out BIGINT NOT NULL,
    reason TEXT NOT NULL,
    detail {{json}} NOT NULL
);
CREATE INDEX requests_workspace ON requests (workspace, no);
CREATE INDEX requests_at ON requests (at);

-- Under which trace changes were made that no run made: those numbered first to last. A run's trace is its own id.
CREATE TABLE change_traces (
    workspace BIGINT NOT NULL,
    first BIGINT NOT NULL,
    last BIGINT NOT NULL,
    trace {{bytes}} NOT NULL,
    span {{bytes}} NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (workspace, first)
) {{clustered}};
CREATE INDEX change_traces_at ON change_traces (at);

CREATE INDEX audit_at ON audit (workspace, at);
