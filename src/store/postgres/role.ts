// Holds the look at the rights of the role that Bailiwick runs under: whatever would let it rewrite what it records is named and refused.

import { sql, type Kysely } from 'kysely'
import { faults } from '../../std/fault.ts'
import { STORE_FAULTS } from '../faults.ts'
import { STORE_SCHEMA } from './pool.ts'

const fault = faults(STORE_FAULTS)

/** Schema of the log. */
const LOG_SCHEMA = 'audit'
/** Findings that one error names: an operator mends them and looks again. */
const NAMED = 8

/** Predefined roles that reach rows, or the files under them, past every grant. */
const PAST_GRANTS = [
  'pg_write_all_data',
  'pg_execute_server_program',
  'pg_write_server_files',
  'pg_read_server_files',
  'pg_create_subscription',
]

/** What the role may do that it must not, and the statement that ends it. */
export interface RoleFinding {
  readonly what: string
  /** SQL for the owner of the database, or a superuser. */
  readonly mend: string
}

/**
 * Every row of a look: what the role may do, and the statement that ends it. Memberships count whether they are inherited or taken by
 * `SET ROLE`: `reach` is the role itself and all that it is a member of, `way` the membership of its own that leads there.
 */
const REACH = sql`
  me as (select oid, rolname from pg_roles where rolname = (select name from who)),
  reach as (
    select g.*, g.oid = me.oid as own,
      (select format('revoke %I from %I', d.rolname, me.rolname) from pg_auth_members m join pg_roles d on d.oid = m.roleid
        where m.member = me.oid and pg_has_role(d.oid, g.oid, 'member') order by d.rolname limit 1) as leave
    from pg_roles g, me where g.oid = me.oid or (not exists (select 1 from pg_roles s where s.oid = me.oid and s.rolsuper)
      and pg_has_role(me.oid, g.oid, 'member')))`

/** Attributes of roles. */
const ATTRIBUTES = sql`
  select format(case when own then 'is %s' else 'can become %2$I, which is %1$s' end, word, rolname) as what,
    case when own then format('alter role %I no%s', rolname, word) else leave end as mend
  from reach, lateral (values ('superuser', rolsuper), ('createrole', rolcreaterole), ('createdb', rolcreatedb),
    ('replication', rolreplication), ('bypassrls', rolbypassrls)) as a (word, has)
  where has
  union all
  select format('is a member of %I', rolname), leave from reach
  where not own and rolname in (${sql.join(PAST_GRANTS)})`

/** What is owned: the database, the schemas, what is in them. */
const OWNED = sql`
  select format(case when own then 'owns %s' else 'can become %2$I, which owns %1$s' end, thing, rolname) as what,
    case when own then format('alter %s owner to %s', thing, coalesce((select quote_ident(o.rolname) from pg_namespace n
      join pg_roles o on o.oid = n.nspowner where n.nspname = ${STORE_SCHEMA} and o.oid <> reach.oid), 'another role')) else leave end as mend
  from reach join (
    select datdba as owner, format('database %I', datname) as thing from pg_database where datname = current_database()
    union all
    select nspowner, format('schema %I', nspname) from pg_namespace where nspname in (${STORE_SCHEMA}, ${LOG_SCHEMA})
    union all
    select c.relowner, format('%s %s', case c.relkind when 'v' then 'view' when 'S' then 'sequence' else 'table' end, format('%I.%I', n.nspname, c.relname))
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname in (${STORE_SCHEMA}, ${LOG_SCHEMA}) and c.relkind in ('r', 'p', 'v', 'm', 'f')
    union all
    select p.proowner, format('function %I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) from pg_proc p join pg_namespace n on n.oid = p.pronamespace
      where n.nspname in (${STORE_SCHEMA}, ${LOG_SCHEMA})
  ) owned on owned.owner = reach.oid`

/**
 * What is granted on relations, their columns and the schemas, to one of these roles or to everybody. The log's tables may be read,
 * and `spool` added to; the store's may be written, but run nothing (a trigger runs as whoever fires it), and version and turn are not theirs.
 */
const GRANTED = sql`
  select format('may %s on %s', lower(privilege), thing) || case when grantee = 0 then ', as everybody may' else '' end as what,
    format('revoke %s on %s from %s', lower(privilege), thing, case when grantee = 0 then 'public' else quote_ident(reach.rolname) end) as mend
  from (
    select acl.grantee, acl.privilege_type as privilege,
      format('%s%s', case when c.relkind = 'S' then 'sequence ' else '' end, format('%I.%I', n.nspname, c.relname)) as thing
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
      cross join lateral aclexplode(c.relacl) acl
    where acl.grantee <> c.relowner and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and (
      (n.nspname = ${LOG_SCHEMA} and acl.privilege_type <> 'SELECT' and not (c.relname = 'spool' and acl.privilege_type = 'INSERT'))
      or (n.nspname = ${STORE_SCHEMA} and acl.privilege_type not in ('SELECT', 'INSERT', 'UPDATE', 'DELETE'))
      or (n.nspname = ${STORE_SCHEMA} and c.relname in ('schema_migrations', 'schema_migrations_lock', 'moved') and acl.privilege_type <> 'SELECT')
      or (n.nspname = ${STORE_SCHEMA} and c.relname = 'control' and acl.privilege_type in ('INSERT', 'DELETE')))
    union all
    select acl.grantee, format('%s (%I)', acl.privilege_type, a.attname), format('%I.%I', n.nspname, c.relname)
    from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
      cross join lateral aclexplode(a.attacl) acl
    where acl.grantee <> c.relowner and acl.privilege_type <> 'SELECT' and (n.nspname = ${LOG_SCHEMA}
      or (n.nspname = ${STORE_SCHEMA} and acl.privilege_type = 'REFERENCES'))
    union all
    select acl.grantee, acl.privilege_type, format('schema %I', n.nspname)
    from pg_namespace n cross join lateral aclexplode(n.nspacl) acl
    where acl.grantee <> n.nspowner and acl.privilege_type <> 'USAGE' and n.nspname in (${STORE_SCHEMA}, ${LOG_SCHEMA})
    union all
    select acl.grantee, acl.privilege_type, 'parameter ' || p.parname
    from pg_parameter_acl p cross join lateral aclexplode(p.paracl) acl
    where p.parname = 'session_replication_role' and acl.grantee <> 10
  ) granted left join reach on reach.oid = grantee
  where grantee = 0 or reach.oid is not null`

/** What would be granted on tables that a new version adds to the log. */
const BY_DEFAULT = sql`
  select format('would get %s on new tables of %I', lower(acl.privilege_type), maker.rolname) as what,
    format('alter default privileges for role %I%s revoke %s on tables from %s', maker.rolname,
      case when n.oid is null then '' else format(' in schema %I', n.nspname) end, lower(acl.privilege_type),
      case when acl.grantee = 0 then 'public' else quote_ident(reach.rolname) end) as mend
  from pg_default_acl d join pg_roles maker on maker.oid = d.defaclrole
    left join pg_namespace n on n.oid = d.defaclnamespace
    cross join lateral aclexplode(d.defaclacl) acl left join reach on reach.oid = acl.grantee
  where d.defaclobjtype = 'r' and acl.privilege_type <> 'SELECT' and acl.grantee <> d.defaclrole
    and (acl.grantee = 0 or reach.oid is not null)
    and (n.oid is null or n.nspname = ${LOG_SCHEMA}) and exists (
      select 1 from pg_namespace l where l.nspname = ${LOG_SCHEMA} and has_schema_privilege(maker.oid, l.oid, 'create'))`

/**
 * What `role` may do that would let it rewrite what it records; empty where it may not. What a superuser is told is that alone: it has
 * every right there is.
 */
export async function roleFindings(db: Kysely<unknown>, role: string): Promise<RoleFinding[]> {
  const { rows } = await sql<RoleFinding>`
    with who as (select ${role}::text as name), ${REACH}
    select what, mend from (${ATTRIBUTES} union all ${OWNED} union all ${GRANTED} union all ${BY_DEFAULT}) f
    group by what, mend order by what`.execute(db)
  const first = rows.find(({ what }) => what === 'is superuser')
  return first === undefined ? rows : [first]
}

/** Throws `store.role` where `role`, by default the one of this connection, could rewrite what it records, with what ends that. */
export async function checkRole(db: Kysely<unknown>, role?: string): Promise<void> {
  const { rows } = await sql<{ name: string }>`select current_user::text as name`.execute(db)
  const name = role ?? rows[0]?.name ?? ''
  const findings = await roleFindings(db, name)
  if (findings.length === 0) return
  const named = findings.slice(0, NAMED)
  const more = findings.length - named.length
  const what = named.map((finding) => finding.what).join('; ')
  const mend = named.map((finding) => finding.mend).join('; ')
  throw fault(
    'store.role',
    `the role ${name} ${what}${more > 0 ? `; and ${more} more` : ''}. as a superuser: ${mend};`,
  )
}
