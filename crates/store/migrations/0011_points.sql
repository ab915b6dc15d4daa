-- What lies in pots that have a bound: a person's points, what somebody may give away, the pieces of a reward. The bound
-- itself is checked by the statement that takes out. An account is one byte for its sort and sixteen for whose it is.
CREATE TABLE points_accounts (
    workspace BIGINT NOT NULL,
    account {{bytes}} NOT NULL,
    balance BIGINT NOT NULL,
    PRIMARY KEY (workspace, account)
) {{clustered}};

-- The ledger: each transfer is two entries that sum to nothing. Entries are never changed. Pots without a bound have no
-- account, so that nobody waits for them, and no balance here.
CREATE TABLE points_entries (
    workspace BIGINT NOT NULL,
    account {{bytes}} NOT NULL,
    transfer {{bytes}} NOT NULL,
    amount BIGINT NOT NULL,
    balance BIGINT,
    about {{bytes}},
    at BIGINT NOT NULL,
    PRIMARY KEY (workspace, account, transfer)
) {{clustered}};
