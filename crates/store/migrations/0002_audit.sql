-- Who did what. Each entry's hash covers the one before it, so that one altered byte shows; the last hash stands in
-- the head, whose row is locked while entries are appended. Workspace 0 is the hub's own trail: keys that nobody has.
CREATE TABLE audit (
    workspace BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    outcome TEXT NOT NULL,
    detail TEXT NOT NULL,
    hash {{bytes}} NOT NULL,
    PRIMARY KEY (workspace, seq)
) {{clustered}};

CREATE TABLE audit_heads (
    workspace BIGINT NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL,
    hash {{bytes}} NOT NULL
) {{clustered}};
