// Holds the functions of the schema `audit`: the only way by which the application moves the log, each checking what it moves.

/** Every function runs as the owner of the schema, with a search path that nobody can lead elsewhere. */
const DEFINER = 'LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp'

/** Name and arguments of a function that the application may call, for its grant. */
export const CALLABLE: readonly string[] = [
  'audit.begin_log(text, text)',
  'audit.attach(text, uuid)',
  'audit.lead(text)',
  'audit.swap(bigint, text, bigint, bigint, bytea, bigint, bytea, text[], uuid[], bigint[], int[])',
  'audit.publish(text, bigint, text)',
]

/** The functions. `swap` answers 1 where it moved the log, and 0 where another has: then nothing of it happened. */
export const FUNCTIONS: readonly string[] = [
  `CREATE OR REPLACE FUNCTION audit.begin_log(p_origin text, p_vkey text) RETURNS TABLE (origin text, vkey text) ${DEFINER} AS $$
BEGIN
  UPDATE audit.log l SET origin = p_origin, vkey = p_vkey WHERE l.one = 1 AND l.origin IS NULL;
  RETURN QUERY SELECT l.origin, l.vkey FROM audit.log l;
END $$`,
  `CREATE OR REPLACE FUNCTION audit.attach(p_gateway text, p_boot uuid) RETURNS void ${DEFINER} AS $$
BEGIN
  INSERT INTO audit.boots (gateway, boot) VALUES (p_gateway, p_boot) ON CONFLICT DO NOTHING;
END $$`,
  `CREATE OR REPLACE FUNCTION audit.lead(p_gateway text) RETURNS bigint ${DEFINER} AS $$
DECLARE mine bigint;
BEGIN
  UPDATE audit.leader SET epoch = epoch + 1, gateway = p_gateway, since = now() RETURNING epoch INTO mine;
  RETURN mine;
END $$`,
  `CREATE OR REPLACE FUNCTION audit.swap(
  p_epoch bigint, p_shard text, p_base bigint, p_from bigint, p_from_root bytea, p_to bigint, p_root bytea,
  p_gateways text[], p_boots uuid[], p_iseqs bigint[], p_records int[]
) RETURNS int ${DEFINER} AS $$
DECLARE at bigint := p_base + p_from; there bigint; changed int;
BEGIN
  PERFORM 1 FROM audit.leader l WHERE l.epoch = p_epoch FOR SHARE;
  IF NOT FOUND THEN RETURN 0; END IF;
  SELECT coalesce(max(s.base + s.size), 0) INTO there FROM audit.state s;
  IF there <> at OR p_to <= p_from THEN RETURN 0; END IF;
  IF p_from = 0 THEN
    INSERT INTO audit.state VALUES (p_shard, p_base, p_to, p_root, p_epoch) ON CONFLICT DO NOTHING;
  ELSE
    UPDATE audit.state s SET size = p_to, root = p_root, epoch = p_epoch
    WHERE s.shard = p_shard AND s.base = p_base AND s.size = p_from AND s.root = p_from_root;
  END IF;
  GET DIAGNOSTICS changed = ROW_COUNT;
  IF changed <> 1 THEN RETURN 0; END IF;
  FOR i IN 1 .. cardinality(p_gateways) LOOP
    UPDATE audit.boots b SET iseq = p_iseqs[i] + p_records[i] - 1
    WHERE b.gateway = p_gateways[i] AND b.boot = p_boots[i] AND b.iseq < p_iseqs[i];
    IF NOT FOUND THEN RAISE EXCEPTION 'audit.swap: run % does not follow its boot', i; END IF;
    SELECT count(*) INTO there FROM audit.spool s
    WHERE s.gateway = p_gateways[i] AND s.boot = p_boots[i] AND s.iseq >= p_iseqs[i] AND s.iseq < p_iseqs[i] + p_records[i];
    IF there <> p_records[i] THEN RAISE EXCEPTION 'audit.swap: run % is not whole', i; END IF;
    INSERT INTO audit.runs VALUES (at, p_gateways[i], p_boots[i], p_iseqs[i], p_records[i]);
    at := at + p_records[i];
  END LOOP;
  IF at <> p_base + p_to THEN RAISE EXCEPTION 'audit.swap: the runs do not add up'; END IF;
  -- A gateway ships its boots one after the other: where a later one has begun in the log, the ones before it are complete.
  UPDATE audit.boots b SET ended = true
  WHERE NOT b.ended AND b.gateway = ANY (p_gateways)
    AND EXISTS (SELECT 1 FROM audit.boots c WHERE c.gateway = b.gateway AND c.n > b.n AND c.iseq > 0)
    AND NOT EXISTS (SELECT 1 FROM audit.spool s WHERE s.gateway = b.gateway AND s.boot = b.boot AND s.iseq > b.iseq);
  INSERT INTO audit.checkpoints VALUES (p_base + p_to, p_shard, p_to, p_root, p_epoch, NULL);
  PERFORM pg_notify('bailiwick_audit', 'swap');
  RETURN 1;
END $$`,
  // Not among what the application may call: who removes records is who owns them. The mark goes first, so that nobody misses them.
  `CREATE OR REPLACE FUNCTION audit.drop_some(p_shard text, p_size bigint, p_root bytea) RETURNS bigint ${DEFINER} AS $$
DECLARE first bigint; gone bigint;
BEGIN
  SELECT s.base INTO first FROM audit.state s WHERE s.shard = p_shard AND s.size = p_size AND s.root = p_root
    AND EXISTS (SELECT 1 FROM audit.state t WHERE t.base > s.base)
    AND EXISTS (SELECT 1 FROM audit.checkpoints c WHERE c.shard = s.shard AND c.size = s.size AND c.note IS NOT NULL);
  IF NOT FOUND THEN RAISE EXCEPTION 'audit.drop_some: % is no closed shard of this size and root', p_shard; END IF;
  PERFORM set_config('bailiwick.drop_shard', 'shard ' || p_shard, true);
  INSERT INTO audit.dropped VALUES (p_shard) ON CONFLICT DO NOTHING;
  WITH part AS (SELECT * FROM audit.runs r WHERE r.idx >= first AND r.idx < first + p_size ORDER BY r.idx LIMIT 16),
  entries AS (DELETE FROM audit.spool s USING part r
    WHERE s.gateway = r.gateway AND s.boot = r.boot AND s.iseq >= r.iseq AND s.iseq < r.iseq + r.records RETURNING 1),
  runs AS (DELETE FROM audit.runs r USING part WHERE r.idx = part.idx)
  SELECT count(*) INTO gone FROM entries;
  PERFORM set_config('bailiwick.drop_shard', '', true);
  RETURN gone;
END $$`,
  `CREATE OR REPLACE FUNCTION audit.publish(p_shard text, p_size bigint, p_note text) RETURNS int ${DEFINER} AS $$
DECLARE changed int;
BEGIN
  IF octet_length(p_note) > 100000 THEN RAISE EXCEPTION 'audit.publish: the note is too long'; END IF;
  UPDATE audit.checkpoints c SET note = p_note WHERE c.shard = p_shard AND c.size = p_size AND c.note IS NULL;
  GET DIAGNOSTICS changed = ROW_COUNT;
  IF changed = 1 THEN PERFORM pg_notify('bailiwick_audit', 'note'); END IF;
  RETURN changed;
END $$`,
]
