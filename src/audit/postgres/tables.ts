// Holds the tables of the schema `audit`, and the triggers that keep even their owner from rewriting what stands in them.

/** Version of everything in the schema; a process refuses one that it does not know. History: 2 shards that retention has removed. */
export const AUDIT_SCHEMA_VERSION = 2

/**
 * The tables. Entries are inserted and never touched again: what gives a record its index is not a column of its row but a
 * run, "from index 120 on stand the records 7 to 31 of this boot", written once in the transaction that moves size and root.
 */
export const TABLES: readonly string[] = [
  `CREATE SCHEMA IF NOT EXISTS audit`,
  `CREATE TABLE IF NOT EXISTS audit.log (
  one int PRIMARY KEY CHECK (one = 1), version int NOT NULL, origin text, vkey text,
  CHECK ((origin IS NULL) = (vkey IS NULL))
)`,
  `INSERT INTO audit.log (one, version) VALUES (1, ${AUDIT_SCHEMA_VERSION}) ON CONFLICT DO NOTHING`,
  `UPDATE audit.log SET version = ${AUDIT_SCHEMA_VERSION} WHERE version < ${AUDIT_SCHEMA_VERSION}`,
  `CREATE TABLE IF NOT EXISTS audit.leader (
  one int PRIMARY KEY CHECK (one = 1), epoch bigint NOT NULL, gateway text NOT NULL, since timestamptz NOT NULL
)`,
  `INSERT INTO audit.leader VALUES (1, 0, '', now()) ON CONFLICT DO NOTHING`,
  `CREATE TABLE IF NOT EXISTS audit.boots (
  gateway text NOT NULL, boot uuid NOT NULL, n bigint GENERATED ALWAYS AS IDENTITY,
  iseq bigint NOT NULL DEFAULT 0, ended boolean NOT NULL DEFAULT false,
  PRIMARY KEY (gateway, boot)
)`,
  `CREATE INDEX IF NOT EXISTS boots_open ON audit.boots (n) WHERE NOT ended`,
  `CREATE TABLE IF NOT EXISTS audit.spool (
  gateway text NOT NULL, boot uuid NOT NULL, iseq bigint NOT NULL CHECK (iseq > 0),
  entry bytea NOT NULL CHECK (octet_length(entry) BETWEEN 1 AND 65535),
  seal bytea NOT NULL CHECK (octet_length(seal) = 32),
  PRIMARY KEY (gateway, boot, iseq)
)`,
  `CREATE TABLE IF NOT EXISTS audit.state (
  shard text PRIMARY KEY, base bigint NOT NULL UNIQUE, size bigint NOT NULL CHECK (size > 0),
  root bytea NOT NULL CHECK (octet_length(root) = 32), epoch bigint NOT NULL
)`,
  `CREATE TABLE IF NOT EXISTS audit.runs (
  idx bigint PRIMARY KEY, gateway text NOT NULL, boot uuid NOT NULL, iseq bigint NOT NULL,
  records int NOT NULL CHECK (records > 0)
)`,
  `CREATE TABLE IF NOT EXISTS audit.checkpoints (
  upto bigint PRIMARY KEY, shard text NOT NULL, size bigint NOT NULL, root bytea NOT NULL,
  epoch bigint NOT NULL, note text
)`,
  `CREATE TABLE IF NOT EXISTS audit.dropped (shard text PRIMARY KEY)`,
  `CREATE OR REPLACE VIEW audit.records AS
  SELECT r.idx + s.iseq - r.iseq AS idx, s.gateway, s.boot, s.iseq, s.entry
  FROM audit.runs r JOIN audit.spool s
    ON s.gateway = r.gateway AND s.boot = r.boot AND s.iseq >= r.iseq AND s.iseq < r.iseq + r.records`,
]

/** Tables whose rows are never changed by anybody; the others change as their own trigger allows. */
const WRITTEN_ONCE = ['spool', 'runs', 'dropped'] as const
const MOVED = ['log', 'leader', 'boots', 'state', 'checkpoints'] as const

/**
 * The second line. It stops accidents, not an owner who drops it first; what such a one does is found by every process that
 * follows the log. Retention says which shard it removes by the setting `bailiwick.drop_shard` of its transaction.
 */
export const TRIGGERS: readonly string[] = [
  `CREATE OR REPLACE FUNCTION audit.refuse() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP = 'DELETE' AND current_setting('bailiwick.drop_shard', true) <> '' THEN RETURN OLD; END IF;
  RAISE EXCEPTION 'audit.% is never changed (%)', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END $$`,
  `CREATE OR REPLACE FUNCTION audit.only_forward() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE o jsonb := to_jsonb(OLD); n jsonb := to_jsonb(NEW); good boolean := false;
BEGIN
  CASE TG_TABLE_NAME
    WHEN 'log' THEN good := (o->>'origin' IS NULL AND n->>'version' = o->>'version')
      OR (n - 'version' = o - 'version' AND (n->>'version')::int > (o->>'version')::int);
    WHEN 'leader' THEN good := (n->>'epoch')::bigint > (o->>'epoch')::bigint;
    WHEN 'boots' THEN good := n - 'iseq' - 'ended' = o - 'iseq' - 'ended' AND (n->>'iseq')::bigint >= (o->>'iseq')::bigint;
    WHEN 'state' THEN good := n->>'shard' = o->>'shard' AND n->>'base' = o->>'base' AND (n->>'size')::bigint > (o->>'size')::bigint;
    WHEN 'checkpoints' THEN good := o->>'note' IS NULL AND n - 'note' = o - 'note';
  END CASE;
  IF good THEN RETURN NEW; END IF;
  RAISE EXCEPTION 'audit.% only goes forward', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$`,
  ...WRITTEN_ONCE.flatMap((table) => [
    `CREATE OR REPLACE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON audit.${table} FOR EACH ROW EXECUTE FUNCTION audit.refuse()`,
    truncate(table),
  ]),
  ...MOVED.flatMap((table) => [
    `CREATE OR REPLACE TRIGGER refuse_change BEFORE DELETE ON audit.${table} FOR EACH ROW EXECUTE FUNCTION audit.refuse()`,
    `CREATE OR REPLACE TRIGGER only_forward BEFORE UPDATE ON audit.${table} FOR EACH ROW EXECUTE FUNCTION audit.only_forward()`,
    truncate(table),
  ]),
]

function truncate(table: string): string {
  return `CREATE OR REPLACE TRIGGER refuse_truncate BEFORE TRUNCATE ON audit.${table} EXECUTE FUNCTION audit.refuse()`
}
