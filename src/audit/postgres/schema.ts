// Holds the schema `audit` of PostgreSQL as statements: made by the owner of the database, used by a role that cannot rewrite it.

import { CALLABLE, FUNCTIONS } from './functions.ts'
import { TABLES, TRIGGERS } from './tables.ts'

/**
 * Statements that bring the schema to this version: all in one transaction, by the owner, as often as wanted. `role` is the
 * application's, which has to exist: it may read everything, insert records into `audit.spool`, and call the functions.
 * The role's name is quoted here; whoever can create roles chose it.
 */
export function auditSchema(role: string): string[] {
  const to = `"${role.replaceAll('"', '""')}"`
  return [
    ...TABLES,
    ...FUNCTIONS,
    ...TRIGGERS,
    `REVOKE ALL ON SCHEMA audit FROM PUBLIC`,
    `REVOKE ALL ON ALL TABLES IN SCHEMA audit FROM PUBLIC`,
    `REVOKE ALL ON ALL FUNCTIONS IN SCHEMA audit FROM PUBLIC`,
    `REVOKE ALL ON ALL TABLES IN SCHEMA audit FROM ${to}`,
    `GRANT USAGE ON SCHEMA audit TO ${to}`,
    `GRANT SELECT ON ALL TABLES IN SCHEMA audit TO ${to}`,
    `GRANT INSERT ON audit.spool TO ${to}`,
    ...CALLABLE.map((each) => `GRANT EXECUTE ON FUNCTION ${each} TO ${to}`),
  ]
}
