// Holds the table of every route and who may use it; a route that is not here cannot be served (INV-9).

/**
 * Who may use a route. `nobody` needs no credential and says nothing that needs one; the others need the proof of a person:
 * any person, one with the role `operator` or `administrator`, or one with the role `administrator`.
 */
export type Access = 'nobody' | 'person' | 'operator' | 'administrator'

/** Every route of the control listener. Agents' credentials open none of them. */
export const ROUTES = {
  'GET /healthz': 'nobody',
  'GET /readyz': 'nobody',
  'GET /metrics': 'nobody',
  'GET /openapi.json': 'nobody',
  // The id is unguessable, the page shows one call and carries no authority.
  'GET /approvals/{id}': 'nobody',
  'GET /v1/whoami': 'person',
  'GET /v1/status': 'person',
  'GET /v1/people': 'person',
  'POST /v1/people': 'administrator',
  'GET /v1/agents': 'person',
  'POST /v1/agents': 'operator',
  'GET /v1/agents/{name}': 'person',
  'PATCH /v1/agents/{name}': 'operator',
  'POST /v1/agents/{name}/join-tokens': 'operator',
  'GET /v1/instances': 'person',
  'POST /v1/instances/{id}/revoke': 'operator',
  'GET /v1/systems': 'person',
  'GET /v1/systems/{name}': 'person',
  'POST /v1/systems/inspect': 'operator',
  'POST /v1/systems': 'operator',
  'GET /v1/policies': 'person',
  'POST /v1/policies': 'administrator',
  'GET /v1/approvals': 'person',
  'GET /v1/approvals/{id}': 'person',
  // Who may answer is decided by the gates of the call: the authority knows their roles.
  'POST /v1/approvals/{id}/approve': 'person',
  'POST /v1/approvals/{id}/deny': 'person',
  'GET /v1/locks': 'person',
  'POST /v1/locks': 'operator',
  'POST /v1/locks/{id}/remove': 'operator',
  'GET /v1/findings': 'person',
  'POST /v1/findings/{id}/close': 'operator',
  'GET /v1/audit/records': 'person',
  'GET /v1/audit/records/{id}': 'person',
  'GET /v1/audit/records/{index}/proof': 'person',
  'GET /v1/audit/calls/{id}': 'person',
  'GET /v1/audit/tail': 'person',
  'POST /v1/audit/flush': 'person',
} as const satisfies Readonly<Record<`${'GET' | 'POST' | 'PATCH'} /${string}`, Access>>

/** A route by its method and path. */
export type Route = keyof typeof ROUTES

/** Routes that need no credential. */
export type OpenRoute = {
  [R in Route]: (typeof ROUTES)[R] extends 'nobody' ? R : never
}[Route]

/** Routes that need a person. */
export type ClosedRoute = Exclude<Route, OpenRoute>

/** True when somebody with these roles may use a route that needs a person. */
export function mayUse(access: Exclude<Access, 'nobody'>, roles: readonly string[]): boolean {
  if (access === 'person') return true
  return roles.includes('administrator') || (access === 'operator' && roles.includes('operator'))
}
