-- Whether an entry's documents were taken out: 1 the person was erased, 2 they were older than the workspace keeps.
ALTER TABLE changes ADD COLUMN emptied SMALLINT;

-- What was erased stays erased: a salted hash of whatever a vendor may send again. The number is the one that the source
-- had, so that a run can say that it saw the row and passed it over.
CREATE TABLE tombstones (
    workspace BIGINT NOT NULL REFERENCES workspaces (no),
    hash {{bytes}} NOT NULL,
    erasure {{bytes}} NOT NULL,
    source BIGINT NOT NULL,
    PRIMARY KEY (workspace, hash)
) {{clustered}};
CREATE INDEX tombstones_erasure ON tombstones (erasure);

CREATE TABLE erasures (
    id {{bytes}} NOT NULL PRIMARY KEY,
    workspace BIGINT NOT NULL REFERENCES workspaces (no),
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT NOT NULL,
    receipt TEXT NOT NULL,
    digest TEXT NOT NULL,
    lifted_at BIGINT
);
CREATE INDEX erasures_workspace ON erasures (workspace, at);

-- Payloads of other things in which an erased person was named: the hash of what is left, beside the vendor's hash in
-- sources, by which the next sync still recognises the row.
CREATE TABLE scrubbed (
    source BIGINT NOT NULL PRIMARY KEY,
    workspace BIGINT NOT NULL REFERENCES workspaces (no),
    hash {{bytes}} NOT NULL
);
