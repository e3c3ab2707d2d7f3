#!/bin/sh
# Makes the two roles of docs/operate/postgresql.md when the database is made: one owns the tables, the other can rewrite nothing.
set -eu
psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
  -v owner="$(cat /run/secrets/owner-password)" -v app="$(cat /run/secrets/app-password)" <<'SQL'
create role bailiwick_owner login password :'owner';
create role bailiwick_app login password :'app';
create database bailiwick owner bailiwick_owner;
SQL
