-- Access tokens that vendors gave us, one of each name for a connection, encrypted. Whoever fetches holds the row with
-- a claim; what an earlier claim brings later is refused. After the key was changed a token that it cannot open is fetched
-- anew, so this table is not resealed.
CREATE TABLE vendor_tokens (
    connection BIGINT NOT NULL,
    name TEXT NOT NULL,
    token {{bytes}},
    hash {{bytes}},
    renew_at BIGINT,
    holder TEXT,
    claim {{bytes}},
    lease_until BIGINT,
    PRIMARY KEY (connection, name)
) {{clustered}};
