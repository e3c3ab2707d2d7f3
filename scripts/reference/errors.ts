// Holds the page of every code that an error of ours can have, made from the catalogues of the floors.

import { API_FAULTS } from '../../src/api/faults.ts'
import { IDENTITY_API_FAULTS } from '../../src/api/identity/faults.ts'
import { OAUTH_FAULTS } from '../../src/api/oauth/faults.ts'
import { WORKLOAD_FAULTS } from '../../src/api/workload/faults.ts'
import { WITNESS_FAULTS } from '../../src/audit/witness/faults.ts'
import { SEARCH_FAULTS } from '../../src/audit/search/faults.ts'
import { OUTBOUND_FAULTS } from '../../src/audit/outbound.ts'
import { EXPORT_FAULTS } from '../../src/audit/export/faults.ts'
import { AUDIT_FAULTS } from '../../src/audit/faults.ts'
import { SIDE_FAULTS } from '../../src/audit/side/faults.ts'
import { AUTHORITY_FAULTS } from '../../src/authority/faults.ts'
import { AMENDMENT_FAULTS } from '../../src/authority/approvals/amendment-faults.ts'
import { CHECK_FAULTS } from '../../src/authority/checks/faults.ts'
import { GOVERNANCE_FAULTS } from '../../src/authority/governance/faults.ts'
import { UNIX_FAULTS } from '../../src/authority/identity/attest/unix-faults.ts'
import { CONSENT_FAULTS } from '../../src/authority/consent/faults.ts'
import { IDENTITY_FAULTS } from '../../src/authority/identity/faults.ts'
import { JWT_SVID_FAULTS } from '../../src/authority/identity/jwt-svid.ts'
import { CONNECTION_FAULTS } from '../../src/authority/connections/faults.ts'
import { ERASURE_FAULTS } from '../../src/authority/erasure/faults.ts'
import { ENFORCER_FAULTS } from '../../src/authority/enforcers/faults.ts'
import { AUTHZEN_FAULTS } from '../../src/api/authzen/faults.ts'
import { LIMIT_FAULTS } from '../../src/authority/limits/faults.ts'
import { TASK_FAULTS } from '../../src/authority/tasks/faults.ts'
import { SIGNAL_FAULTS } from '../../src/authority/signals/faults.ts'
import { TRUST_FAULTS } from '../../src/authority/trust/faults.ts'
import { SESSION_FAULTS } from '../../src/authority/sessions/faults.ts'
import { POLICY_VERSION_FAULTS } from '../../src/authority/registry/policy-faults.ts'
import { REGISTRY_FAULTS } from '../../src/authority/registry/faults.ts'
import { APPLY_FAULTS } from '../../src/cli/apply/faults.ts'
import { TOKEN_FAULTS } from '../../src/authority/tokens/faults.ts'
import { CONNECT_FAULTS } from '../../src/cli/connect/faults.ts'
import { CLI_FAULTS } from '../../src/cli/faults.ts'
import { GATEWAY_REGISTRY_FAULTS } from '../../src/authority/gateways/faults.ts'
import { LINK_FAULTS } from '../../src/server/link/faults.ts'
import { GATEWAY_IDENTITY_FAULTS } from '../../src/wire/gateway-identity.ts'
import { LINK_WIRE_FAULTS } from '../../src/wire/link.ts'
import { HOLDER_FAULTS } from '../../src/server/holder/faults.ts'
import { BRIDGE_FAULTS } from '../../src/cli/mcp/faults.ts'
import { RUN_FAULTS } from '../../src/cli/run/faults.ts'
import { GATEWAY_FAULTS } from '../../src/gateway/faults.ts'
import { NET_FAULTS } from '../../src/gateway/net/faults.ts'
import { KEYS_FAULTS } from '../../src/keys/faults.ts'
import { EFFECT_FAULTS } from '../../src/authority/effects/faults.ts'
import { DELEGATION_FAULTS } from '../../src/authority/delegation/faults.ts'
import { POLICY_FAULTS } from '../../src/policy/faults.ts'
import { CREDENTIAL_FAULTS } from '../../src/server/credentials/faults.ts'
import { BACKUP_FAULTS } from '../../src/server/backup/faults.ts'
import { SERVER_FAULTS } from '../../src/server/faults.ts'
import { DER_FAULTS } from '../../src/std/der.ts'
import type { FaultCatalogue } from '../../src/std/fault.ts'
import { JSON_FAULTS } from '../../src/std/json.ts'
import { PEM_FAULTS } from '../../src/std/pem.ts'
import { STORE_FAULTS } from '../../src/store/faults.ts'
import { TLOG_FAULTS } from '../../src/tlog/faults.ts'
import { IDENTITY_WIRE_FAULTS } from '../../src/wire/identity.ts'
import { DPOP_FAULTS } from '../../src/wire/dpop.ts'
import { JWT_FAULTS } from '../../src/wire/jwt.ts'
import { OPERATOR_PROOF_FAULTS } from '../../src/wire/operator-proof.ts'
import type { SourceFile } from '../source/tree.ts'
import { code, pageHead, table } from './markdown.ts'

/** Every catalogue by the name of its constant, in the order of the page. */
const CATALOGUES: Readonly<Record<string, readonly [title: string, catalogue: FaultCatalogue]>> = {
  GATEWAY_FAULTS: ['A governed call', GATEWAY_FAULTS],
  NET_FAULTS: ['Connections that go out', NET_FAULTS],
  API_FAULTS: ['The control API', API_FAULTS],
  OPERATOR_PROOF_FAULTS: ["The operator's proof", OPERATOR_PROOF_FAULTS],
  IDENTITY_API_FAULTS: ['The identity listener', IDENTITY_API_FAULTS],
  IDENTITY_WIRE_FAULTS: ['Messages of enrolment and renewal', IDENTITY_WIRE_FAULTS],
  IDENTITY_FAULTS: ['Identity', IDENTITY_FAULTS],
  UNIX_FAULTS: ['Local processes', UNIX_FAULTS],
  WORKLOAD_FAULTS: ['The Workload API', WORKLOAD_FAULTS],
  JWT_SVID_FAULTS: ['JWT-SVIDs', JWT_SVID_FAULTS],
  OAUTH_FAULTS: ['The authorization server', OAUTH_FAULTS],
  TOKEN_FAULTS: ['Tokens', TOKEN_FAULTS],
  DELEGATION_FAULTS: ['Delegations', DELEGATION_FAULTS],
  TASK_FAULTS: ['Tasks', TASK_FAULTS],
  LIMIT_FAULTS: ['Limits', LIMIT_FAULTS],
  GOVERNANCE_FAULTS: ['Changes of who governs', GOVERNANCE_FAULTS],
  AUTHZEN_FAULTS: ['The decision point (AuthZEN)', AUTHZEN_FAULTS],
  ENFORCER_FAULTS: ['Enforcers and their grants', ENFORCER_FAULTS],
  CONNECTION_FAULTS: ['Connections of clients', CONNECTION_FAULTS],
  DPOP_FAULTS: ['DPoP proofs', DPOP_FAULTS],
  JWT_FAULTS: ['Signed JWTs', JWT_FAULTS],
  AUTHORITY_FAULTS: ['Registry, approvals, locks and secrets', AUTHORITY_FAULTS],
  AMENDMENT_FAULTS: ['Approvals for a task', AMENDMENT_FAULTS],
  CHECK_FAULTS: ['Checks', CHECK_FAULTS],
  GATEWAY_REGISTRY_FAULTS: ['Gateways that run on their own', GATEWAY_REGISTRY_FAULTS],
  GATEWAY_IDENTITY_FAULTS: ['Enrolment of gateways', GATEWAY_IDENTITY_FAULTS],
  LINK_FAULTS: ['Between control and its gateways', LINK_FAULTS],
  LINK_WIRE_FAULTS: ['Messages of gateways', LINK_WIRE_FAULTS],
  EFFECT_FAULTS: ['What calls set off', EFFECT_FAULTS],
  TRUST_FAULTS: ['Trust sources', TRUST_FAULTS],
  SIGNAL_FAULTS: ['Signals of others', SIGNAL_FAULTS],
  SESSION_FAULTS: ['Signing in', SESSION_FAULTS],
  CONSENT_FAULTS: ['Consent to OAuth clients', CONSENT_FAULTS],
  POLICY_VERSION_FAULTS: ['Versions and proposals of policies', POLICY_VERSION_FAULTS],
  REGISTRY_FAULTS: ["Agents' lives, their roles, and teams", REGISTRY_FAULTS],
  POLICY_FAULTS: ['Policies', POLICY_FAULTS],
  SIDE_FAULTS: ['What is kept beside the record', SIDE_FAULTS],
  ERASURE_FAULTS: ['Erasing and holding', ERASURE_FAULTS],
  AUDIT_FAULTS: ['The record', AUDIT_FAULTS],
  SEARCH_FAULTS: ['Searching the record', SEARCH_FAULTS],
  EXPORT_FAULTS: ['Exports of the log', EXPORT_FAULTS],
  OUTBOUND_FAULTS: ['Where the record is sent', OUTBOUND_FAULTS],
  WITNESS_FAULTS: ['Witnesses of a log', WITNESS_FAULTS],
  TLOG_FAULTS: ['Trees, tiles, notes and proofs', TLOG_FAULTS],
  STORE_FAULTS: ['The database', STORE_FAULTS],
  KEYS_FAULTS: ['Keys', KEYS_FAULTS],
  CREDENTIAL_FAULTS: ['What systems are called with', CREDENTIAL_FAULTS],
  SERVER_FAULTS: ['Starting and wiring', SERVER_FAULTS],
  BACKUP_FAULTS: ['Backups', BACKUP_FAULTS],
  CLI_FAULTS: ['The command line', CLI_FAULTS],
  CONNECT_FAULTS: ['Connecting clients', CONNECT_FAULTS],
  APPLY_FAULTS: ['Applying documents', APPLY_FAULTS],
  HOLDER_FAULTS: ['The holder of an identity', HOLDER_FAULTS],
  BRIDGE_FAULTS: ['The stdio bridge', BRIDGE_FAULTS],
  RUN_FAULTS: ['Districts', RUN_FAULTS],
  JSON_FAULTS: ['Reading JSON', JSON_FAULTS],
  DER_FAULTS: ['Reading DER', DER_FAULTS],
  PEM_FAULTS: ['Reading PEM', PEM_FAULTS],
}

const ABOUT = `Every error has a stable code, says what was wrong, and says what to do next. Over HTTP it is a problem document
(RFC 9457) with the members \`code\`, \`detail\` and \`next\`; over MCP these three are the \`data\` of a JSON-RPC error; on
the command line the code stands in brackets. The status is the one of HTTP, where the error crosses HTTP. \`internal\`,
status 500, is what nobody foresaw; its cause stands in the server's own log.
`

/** The page. Throws where a catalogue of the source is not in it. */
export function errorsPage(source: ReadonlyMap<string, SourceFile>): string {
  const places = cataloguesIn(source)
  const missing = [...places.keys()].filter((name) => CATALOGUES[name] === undefined)
  if (missing.length > 0) throw new Error(`scripts/reference/errors.ts lacks ${missing.join(', ')}`)
  const sections = Object.entries(CATALOGUES).map(([name, [title, catalogue]]) => {
    const rows = Object.entries(catalogue).map(([key, { status, next }]) => [
      code(key),
      String(status),
      next,
    ])
    return `\n## ${title}\n\nFrom ${code(places.get(name) ?? '')}.\n\n${table(['code', 'status', 'what to do next'], rows)}`
  })
  return pageHead('Errors', ABOUT) + sections.join('')
}

/** File of each constant that is named as a catalogue. */
function cataloguesIn(source: ReadonlyMap<string, SourceFile>): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const { path, tokens } of source.values()) {
    tokens.forEach(({ kind, text }, at) => {
      const isConstant = kind === 'word' && tokens[at - 1]?.text === 'const'
      if (isConstant && text.endsWith('_FAULTS')) found.set(text, path)
    })
  }
  return found
}
