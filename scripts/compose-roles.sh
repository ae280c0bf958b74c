#!/bin/bash
# Run once by the postgres image of docker-compose.yml in an empty database: the four roles that the migration expects.
set -euo pipefail

for role in owner api worker signer; do
  psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username postgres --dbname sumveil \
    --set name="sumveil_$role" --set password="$(cat "/run/secrets/$role-password")" <<'SQL'
CREATE ROLE :"name" LOGIN PASSWORD :'password';
SQL
done

psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username postgres --dbname sumveil <<'SQL'
ALTER DATABASE sumveil OWNER TO sumveil_owner;
ALTER SCHEMA public OWNER TO sumveil_owner;
ALTER DATABASE sumveil SET search_path = public;
SQL
