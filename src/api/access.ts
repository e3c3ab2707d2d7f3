// Holds the table of every route and who may use it; a route that is not here cannot be served (INV-9).

/**
 * Who may use a route. `nobody` needs no credential and says nothing that needs one; `session` needs a browser that is signed
 * in and acts on that person alone; `enforcer` needs the assertion of a registered enforcer; the others need a person, by proof or by session: any of them, or one with the role.
 */
export type Access =
  | 'nobody'
  | 'session'
  | 'enforcer'
  | 'person'
  | 'viewer'
  | 'auditor'
  | 'investigator'
  | 'operator'
  | 'administrator'

/** Every route of the control listener. Agents' credentials open none of them. */
export const ROUTES = {
  'GET /healthz': 'nobody',
  'GET /readyz': 'nobody',
  'GET /metrics': 'nobody',
  'GET /openapi.json': 'nobody',
  // The id is unguessable, the page shows one call and carries no authority.
  'GET /approvals/{id}': 'nobody',
  'POST /approvals/{id}': 'session',
  'POST /approvals/{id}/presence/options': 'session',
  'POST /approvals/{id}/presence': 'session',
  // Signing in: each takes something that only the person has, and is useless without it.
  'GET /': 'nobody',
  'GET /page/style.css': 'nobody',
  'GET /page/login.js': 'nobody',
  'GET /page/approve.js': 'nobody',
  'GET /page/passkey.js': 'nobody',
  // The console: its files hold no data, its document is for whoever is signed in.
  'GET /console': 'nobody',
  'GET /console/mark.svg': 'nobody',
  'GET /console/assets/{file}': 'nobody',
  'GET /console/': 'session',
  'GET /console/{page}': 'session',
  'GET /console/{page}/{name}': 'session',
  'GET /login': 'nobody',
  'POST /login/link': 'nobody',
  'POST /login/passkey/options': 'nobody',
  'POST /login/passkey': 'nobody',
  'POST /login/oidc/{source}': 'nobody',
  'GET /login/oidc/{source}/callback': 'nobody',
  'POST /logout': 'session',
  'GET /account': 'session',
  'POST /account/passkeys/options': 'session',
  'POST /account/passkeys': 'session',
  'POST /account/passkeys/remove': 'session',
  'POST /account/presence/options': 'session',
  'POST /account/presence': 'session',
  // Leads to signing in, and shows nothing to whom is not; clients send browsers there (RFC 6749 §3.1).
  'GET /oauth/authorize': 'nobody',
  'POST /oauth/authorize': 'session',
  // Their own, or an operator everybody's.
  'GET /v1/consents': 'person',
  'POST /v1/consents/{id}/revoke': 'person',
  'GET /v1/whoami': 'person',
  'GET /v1/status': 'viewer',
  'GET /v1/people': 'viewer',
  'POST /v1/people': 'administrator',
  'PATCH /v1/people/{id}': 'administrator',
  'POST /v1/people/{id}/leave': 'administrator',
  // Their own, or an administrator anybody's.
  'POST /v1/people/{id}/keys': 'person',
  'POST /v1/people/{id}/keys/{key}/remove': 'person',
  'POST /v1/login-links': 'person',
  'POST /v1/sessions/end': 'person',
  'GET /v1/agents': 'viewer',
  'POST /v1/agents': 'operator',
  'GET /v1/agents/{name}': 'viewer',
  'PATCH /v1/agents/{name}': 'operator',
  'POST /v1/agents/{name}/roles': 'operator',
  'POST /v1/agents/{name}/roles/{role}/remove': 'operator',
  'POST /v1/agents/{name}/roles/{role}/review': 'operator',
  'POST /v1/agents/{name}/join-tokens': 'operator',
  'POST /v1/agents/{name}/observe': 'administrator',
  // Only ever narrows.
  'POST /v1/agents/{name}/enforce': 'operator',
  'GET /v1/teams': 'viewer',
  'POST /v1/teams': 'administrator',
  'GET /v1/teams/{name}': 'viewer',
  'PATCH /v1/teams/{name}': 'administrator',
  'GET /v1/instances': 'viewer',
  'GET /v1/instances/{id}': 'viewer',
  'POST /v1/instances/{id}/revoke': 'operator',
  // Their own; those of all for who may look, and for an operator to take back.
  'GET /v1/delegations': 'person',
  'GET /v1/delegations/{id}': 'person',
  'POST /v1/delegations/{id}/revoke': 'person',
  // Their own, and those of agents that they own; those of all for who may look, and for an operator to open and end.
  'GET /v1/tasks': 'person',
  'POST /v1/tasks': 'person',
  'GET /v1/tasks/{id}': 'person',
  'POST /v1/tasks/{id}/narrow': 'person',
  'POST /v1/tasks/{id}/close': 'person',
  'POST /v1/tasks/{id}/cancel': 'person',
  'GET /v1/registrations': 'viewer',
  'POST /v1/registrations': 'operator',
  'POST /v1/registrations/{id}/remove': 'operator',
  'GET /v1/governance': 'viewer',
  // The rule is itself a change that two have to agree to where it is loosened.
  'POST /v1/governance': 'administrator',
  'GET /v1/governance/changes': 'viewer',
  'GET /v1/governance/changes/{id}': 'viewer',
  // Whose word counts is decided by the authority: never that of whom a change is about.
  'POST /v1/governance/changes/{id}/agree': 'administrator',
  'POST /v1/governance/changes/{id}/refuse': 'administrator',
  'POST /v1/governance/seen': 'administrator',
  'GET /v1/trust': 'viewer',
  'POST /v1/trust': 'administrator',
  'POST /v1/trust/{name}/remove': 'administrator',
  'GET /v1/systems': 'viewer',
  'GET /v1/systems/{name}': 'viewer',
  'POST /v1/systems/inspect': 'operator',
  'POST /v1/systems': 'operator',
  'POST /v1/systems/{name}/labels': 'operator',
  'GET /v1/systems/{name}/quarantine': 'viewer',
  'POST /v1/systems/{name}/approve': 'operator',
  'POST /v1/systems/{name}/reject': 'operator',
  'GET /v1/credentials': 'viewer',
  'GET /v1/credentials/{system}/{name}': 'viewer',
  // Values go in and never come out.
  'POST /v1/credentials/{system}/{name}': 'operator',
  'POST /v1/credentials/{system}/{name}/rotate': 'operator',
  'POST /v1/credentials/{system}/{name}/remove': 'operator',
  'GET /v1/credential-keys': 'viewer',
  'POST /v1/credential-keys/rotate': 'administrator',
  // Their own, or an operator everybody's.
  'GET /v1/upstream-consents': 'person',
  'POST /v1/upstream-consents/{system}/disconnect': 'person',
  'GET /connect/{system}': 'session',
  'POST /connect/{system}': 'session',
  // Worth something in the session that began it alone.
  'GET /connect/{system}/callback': 'session',
  'GET /v1/triggers': 'viewer',
  'POST /v1/triggers/dismiss': 'operator',
  'GET /v1/policies': 'viewer',
  'GET /v1/policies/schema': 'viewer',
  'POST /v1/policies': 'administrator',
  'GET /v1/policies/versions': 'viewer',
  'GET /v1/policies/versions/{id}': 'viewer',
  'POST /v1/policies/rollback': 'administrator',
  'GET /v1/policies/proposals': 'viewer',
  'GET /v1/policies/proposals/{id}': 'viewer',
  // Of another administrator's alone: the authority knows whose it is.
  'POST /v1/policies/proposals/{id}/approve': 'administrator',
  'POST /v1/policies/proposals/{id}/reject': 'administrator',
  // Whoever may read the record may see which of its calls would change.
  'POST /v1/policies/replay': 'auditor',
  'POST /v1/policies/usage': 'auditor',
  'POST /v1/policies/explain': 'viewer',
  // It reads what an agent sent.
  'POST /v1/policies/explain/call': 'auditor',
  'POST /v1/policies/reach': 'viewer',
  'GET /v1/approvals': 'person',
  'GET /v1/approvals/{id}': 'person',
  // Who may answer is decided by the gates of the call: the authority knows their roles.
  'POST /v1/approvals/{id}/approve': 'person',
  'POST /v1/approvals/{id}/deny': 'person',
  // To somebody whom the gate names anyway: it makes nobody an approver.
  'POST /v1/approvals/{id}/escalate': 'person',
  // Their own; those of all for who may look, and for an operator to take back. Taking back only narrows.
  'GET /v1/amendments': 'person',
  'GET /v1/amendments/{id}': 'person',
  'POST /v1/amendments/{id}/withdraw': 'person',
  'GET /v1/gateways': 'viewer',
  'POST /v1/gateways': 'administrator',
  'POST /v1/gateways/{name}/change': 'administrator',
  'POST /v1/gateways/{name}/invite': 'administrator',
  'POST /v1/gateways/{name}/remove': 'administrator',
  'GET /v1/checks': 'viewer',
  'POST /v1/checks': 'administrator',
  // Only ever narrows: its gates open for nobody then.
  'POST /v1/checks/{name}/remove': 'administrator',
  'GET /v1/locks': 'viewer',
  'POST /v1/locks': 'operator',
  'GET /v1/locks/{id}': 'viewer',
  'POST /v1/locks/{id}/remove': 'operator',
  'POST /v1/locks/{id}/keep': 'operator',
  'GET /v1/limits': 'viewer',
  'GET /v1/limits/{id}': 'viewer',
  'POST /v1/limits': 'administrator',
  'POST /v1/limits/{id}/remove': 'administrator',
  'GET /v1/history/{agent}': 'viewer',
  'POST /v1/history/{agent}/clear': 'operator',
  'GET /v1/findings': 'viewer',
  'POST /v1/findings/{id}/close': 'operator',
  'GET /v1/connections': 'viewer',
  'POST /v1/connections': 'operator',
  // Of their own files alone: the authority knows whose it is.
  'POST /v1/connections/{id}/backup': 'operator',
  'POST /v1/connections/{id}/close': 'operator',
  'GET /v1/authority': 'viewer',
  'POST /v1/authority/rotate': 'administrator',
  'POST /v1/authority/rekey': 'administrator',
  'GET /v1/enforcers': 'viewer',
  'POST /v1/enforcers': 'administrator',
  // Only ever narrows.
  'POST /v1/enforcers/{name}/revoke': 'operator',
  'GET /.well-known/authzen-configuration': 'nobody',
  // About the systems of the enforcer alone.
  'POST /access/v1/evaluation': 'enforcer',
  'POST /access/v1/evaluations': 'enforcer',
  'POST /access/v1/grants/burn': 'enforcer',
  'POST /access/v1/grants/outcome': 'enforcer',
  'POST /access/v1/search/subject': 'operator',
  'POST /access/v1/search/resource': 'operator',
  'POST /access/v1/search/action': 'operator',
  'GET /v1/audit/records': 'auditor',
  'GET /v1/audit/records/{id}': 'auditor',
  'GET /v1/audit/records/{index}/proof': 'viewer',
  'GET /v1/audit/records/{index}/entry': 'auditor',
  'GET /v1/audit/keys': 'viewer',
  'GET /v1/audit/calls/{id}': 'auditor',
  'GET /v1/audit/traces/{id}': 'auditor',
  'GET /v1/audit/replay': 'auditor',
  'GET /v1/audit/tail': 'auditor',
  'GET /v1/audit/search': 'auditor',
  // What calls sent and got back: an administrator gives somebody the role first, and that is a record.
  'POST /v1/audit/calls/{id}/payloads': 'investigator',
  'POST /v1/erasures': 'administrator',
  'GET /v1/subjects': 'auditor',
  'POST /v1/subjects/hold': 'auditor',
  'POST /v1/subjects/release': 'administrator',
  'POST /v1/backups': 'administrator',
  'POST /v1/audit/exports': 'auditor',
  'GET /v1/audit/retention': 'viewer',
  'GET /v1/audit/sinks': 'viewer',
  'POST /v1/audit/sinks/{name}/test': 'operator',
  'POST /v1/audit/sinks/{name}/replay': 'administrator',
  'POST /v1/audit/flush': 'auditor',
} as const satisfies Readonly<Record<`${'GET' | 'POST' | 'PATCH'} /${string}`, Access>>

/** A route by its method and path. */
export type Route = keyof typeof ROUTES

type RouteOf<A extends Access> = {
  [R in Route]: (typeof ROUTES)[R] extends A ? R : never
}[Route]

/** Routes that need no credential. */
export type OpenRoute = RouteOf<'nobody'>

/** Routes that need a browser that is signed in. */
export type SessionRoute = RouteOf<'session'>

/** Routes that need a registered enforcer. */
export type EnforcedRoute = RouteOf<'enforcer'>

/** Routes that need a person. */
export type ClosedRoute = Exclude<Route, OpenRoute | SessionRoute | EnforcedRoute>

/**
 * Which roles open what. Every one of them may look; the content of the record is for auditors, and for administrators, whose
 * reading is recorded like everybody's. What calls sent and got back is for investigators alone. Approvals are not here: who may answer is for the gates of the call to say.
 */
const OPENS = {
  viewer: ['viewer', 'approver', 'operator', 'administrator', 'auditor', 'investigator'],
  auditor: ['auditor', 'administrator', 'investigator'],
  investigator: ['investigator'],
  operator: ['operator', 'administrator'],
  administrator: ['administrator'],
} as const satisfies Partial<Record<Access, readonly string[]>>

/** The roles of which somebody needs one for a route that needs a person; undefined where every person may use it. */
export function neededRoles(access: Exclude<Access, 'nobody' | 'session' | 'enforcer'>) {
  return access === 'person' ? undefined : OPENS[access]
}

/** True when somebody with these roles may use a route that needs a person. */
export function mayUse(
  access: Exclude<Access, 'nobody' | 'session' | 'enforcer'>,
  roles: readonly string[],
): boolean {
  const needed = neededRoles(access)
  return needed === undefined || needed.some((role) => roles.includes(role))
}
