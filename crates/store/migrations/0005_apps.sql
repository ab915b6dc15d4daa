-- Keys that end by themselves while their successors are good already, and which of a vendor's pairs of names a key
-- stands under (empty for keys made before this was kept). What an app may do beside its scopes: addresses, redirect
-- URIs, limits.
ALTER TABLE app_keys ADD COLUMN ends_at BIGINT;
ALTER TABLE app_keys ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE apps ADD COLUMN access {{json}} NOT NULL DEFAULT '{}';
