-- How often something was done in a period: calls that a vendor counts by the month, ours to it and an app's to its face.
CREATE TABLE tallies (
    workspace BIGINT NOT NULL,
    what TEXT NOT NULL,
    period TEXT NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (workspace, what, period)
) {{clustered}};
