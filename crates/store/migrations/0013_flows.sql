-- Workspaces whose trips are followed from request to voucher: up to which entry of the journal everything has been
-- looked at, and how the workspace wants it.
CREATE TABLE flows (
    workspace BIGINT NOT NULL PRIMARY KEY REFERENCES workspaces (no),
    cursor BIGINT NOT NULL,
    settings {{json}} NOT NULL,
    changed_at BIGINT NOT NULL
);
