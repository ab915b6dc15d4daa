-- One record, several sources. `shared` is 1 for the sources of a record that has more than one, and for one that
-- belongs to a record that another source made; for these alone the canonical document is kept, so that the record
-- can be folded again without asking a vendor's dialect.
ALTER TABLE sources ADD COLUMN shared SMALLINT NOT NULL DEFAULT 0;
ALTER TABLE sources ADD COLUMN doc {{json}};
CREATE INDEX sources_shared ON sources (workspace, id) WHERE shared = 1;

-- Counts the changes of a workspace's aliases, so that a reader sees at once whether those in memory still hold.
ALTER TABLE workspaces ADD COLUMN aliased BIGINT NOT NULL DEFAULT 0;

-- Why a source belongs to a record that another source made.
CREATE TABLE identity_links (
    workspace BIGINT NOT NULL REFERENCES workspaces (no),
    source BIGINT NOT NULL,
    method TEXT NOT NULL,
    confidence BIGINT NOT NULL,
    actor TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (workspace, source)
) {{clustered}};

-- Pairs that somebody took apart; the smaller id stands first.
CREATE TABLE identity_apart (
    workspace BIGINT NOT NULL REFERENCES workspaces (no),
    one {{bytes}} NOT NULL,
    other {{bytes}} NOT NULL,
    actor TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (workspace, one, other)
) {{clustered}};

-- Pairs that may be one and that a person must decide about.
CREATE TABLE identity_conflicts (
    workspace BIGINT NOT NULL REFERENCES workspaces (no),
    one {{bytes}} NOT NULL,
    other {{bytes}} NOT NULL,
    reason TEXT NOT NULL,
    confidence BIGINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (workspace, one, other)
) {{clustered}};

-- Which connections' values win, field by field: `employee.mobile`, `employee.*` or `*`, and the connections' numbers.
CREATE TABLE owners (
    workspace BIGINT NOT NULL REFERENCES workspaces (no),
    field TEXT NOT NULL,
    connections {{json}} NOT NULL,
    PRIMARY KEY (workspace, field)
) {{clustered}};
