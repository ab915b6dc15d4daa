-- Which employee an account of a vendor belongs to, as found at its last sign-in.
CREATE TABLE account_links (
    account {{bytes}} NOT NULL PRIMARY KEY,
    workspace BIGINT NOT NULL REFERENCES workspaces (no),
    employee {{bytes}},
    rule TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    signed_in_at BIGINT NOT NULL
);
CREATE INDEX account_links_workspace ON account_links (workspace, employee);

-- Signed-in browsers. The token itself is known to its browser only; here is its hash.
CREATE TABLE sessions (
    id {{bytes}} NOT NULL PRIMARY KEY,
    hash {{bytes}} NOT NULL,
    workspace BIGINT NOT NULL REFERENCES workspaces (no),
    connection BIGINT NOT NULL,
    account {{bytes}} NOT NULL,
    employee {{bytes}},
    way TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT,
    revoked_by TEXT
);
CREATE UNIQUE INDEX sessions_hash ON sessions (hash);
CREATE INDEX sessions_workspace ON sessions (workspace, created_at);
CREATE INDEX sessions_account ON sessions (account);
CREATE INDEX sessions_expiry ON sessions (workspace, expires_at);
