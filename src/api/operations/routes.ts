// Holds what machines ask without a credential: whether we are well, a few numbers, and the OpenAPI document.

import type { ControlPorts, ServerFacts } from '../ports.ts'
import type { Surface } from '../serve.ts'
import { SESSION_COOKIE } from '../session/cookie.ts'

const PLAIN = { 'content-type': 'text/plain; charset=utf-8' }
const TEXT = { media: 'text/plain' }

/** Prometheus text format 0.0.4. Counts only: no name of an agent, a system or a person. */
function metrics({ authority, audit, identities, server }: ControlPorts): string {
  const { callsInFlight, upstreams } = server.facts()
  const stats = audit.stats()
  const gauges: readonly (readonly [name: string, help: string, value: number])[] = [
    ['agents', 'Registered agents.', authority.agents.list().length],
    ['instances_live', 'Instances that are live.', identities.list().length],
    ['policies', 'Policies in force.', server.policies().set.policies.size],
    ['systems', 'Pinned systems.', authority.systems.list().length],
    ['approvals_open', 'Held calls without a final answer.', authority.approvals.list().length],
    ['locks', 'Locks in force.', authority.locks.list().length],
    ['calls_in_flight', 'Calls between admission and conclusion.', callsInFlight],
    ['upstreams', 'Processes of upstream systems.', upstreams],
    ['log_records', 'Records in the log.', stats.size],
    ['log_published', 'Records under the published checkpoint.', stats.published],
    ['log_queued_bytes', 'Bytes of records that wait for the disk.', stats.queuedBytes],
    ['log_failed', '1 while nothing can be recorded.', stats.failure === undefined ? 0 : 1],
  ]
  const state = gauges
    .map(([name, help, value]) => {
      const metric = `bailiwick_${name}`
      return `# HELP ${metric} ${help}\n# TYPE ${metric} gauge\n${metric} ${value}\n`
    })
    .join('')
  return state + server.metrics()
}

/** The OpenAPI 3.1 document of everything that the surface serves. */
function openApi(surface: Surface, { version, listeners }: ServerFacts): string {
  surface.app.openAPIRegistry.registerComponent('securitySchemes', 'operator', {
    type: 'http',
    scheme: 'Operator',
    description:
      'A compact JWS (EdDSA, typ operator-proof+jwt) by the key of a person over method, path with query, body digest, time and a nonce of exactly this request.',
  })
  surface.app.openAPIRegistry.registerComponent('securitySchemes', 'session', {
    type: 'apiKey',
    in: 'cookie',
    name: SESSION_COOKIE,
    description: 'The session of a browser, for pages of this listener alone.',
  })
  surface.app.openAPIRegistry.registerComponent('securitySchemes', 'enforcer', {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description:
      'An assertion of a registered enforcer (RFC 7523 §3): iss and sub its name, aud the decision point, at most five minutes, signed by its key.',
  })
  return JSON.stringify(
    surface.app.getOpenAPI31Document({
      openapi: '3.1.0',
      info: { title: 'Bailiwick control API', version, license: { name: 'Apache-2.0' } },
      servers: [{ url: listeners.control }],
    }),
  )
}

/** Serves operations. */
export function serveOperations(surface: Surface, ports: ControlPorts): void {
  surface.open('GET /healthz', { summary: 'The process answers', answer: TEXT }, () => {
    return new Response('ok\n', { headers: PLAIN })
  })
  surface.open('GET /readyz', { summary: 'Calls can be governed', answer: TEXT }, () => {
    const ready = ports.audit.stats().failure === undefined
    const text = ready ? 'ready\n' : 'not ready: nothing can be recorded\n'
    return new Response(text, { status: ready ? 200 : 503, headers: PLAIN })
  })
  surface.open('GET /metrics', { summary: 'A few numbers for Prometheus', answer: TEXT }, () => {
    const headers = { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }
    return new Response(metrics(ports), { headers })
  })
  let document: string | undefined
  surface.open(
    'GET /openapi.json',
    { summary: 'This document', answer: { media: 'application/json' } },
    () => {
      // Made when it is first asked for: then every route is there.
      document ??= openApi(surface, ports.server.facts())
      return new Response(document, { headers: { 'content-type': 'application/json' } })
    },
  )
}
