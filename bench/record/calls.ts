// Holds the records of made-up calls, of the fields and sizes of real ones: about 900 bytes, and as many different values as a team makes.

import type { RecordDraft } from '../../src/wire/record.ts'
import { systemClock } from '../../src/std/clock.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import { EntropyPool } from '../../src/std/entropy-pool.ts'
import { base64url, hex } from '../../src/std/bytes.ts'
import { uuidv7 } from '../../src/std/id.ts'

const entropy = new EntropyPool(systemEntropy)
const SET = 'sha256:n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg'
const ACTIONS = ['read_file', 'create_refund', 'search_orders', 'send_message', 'list_invoices']
let made = 0

/** One call: its intent and what makes its outcome once the intent's leaf is known; or, one in twenty, its denial alone. */
export function callDrafts(): {
  readonly first: RecordDraft
  readonly outcome?: (ref: string) => RecordDraft
} {
  const n = made++
  const shared = sharedOf(n)
  const span = { id: hex(entropy.bytes(8)) }
  if (n % 20 === 0) return { first: denial(n, shared) }
  const timings = { authenticate: 0.1, decide: 0.2 }
  const body = {
    arguments: { alg: 'sha256', commitment: digest(), salted: true },
    definition: SET,
    effects: n % 3 === 1 ? ['write', 'external'] : ['read'],
    decision: decision(n, 'allow'),
    reserved: { calls: 1 },
    ...actor(n),
    span,
    upstream: { kind: 'http', transport: 'tcp', address: `system-${n % 50}.example:443` },
    timings,
  }
  return {
    first: { ...shared, type: 'call.intent', phase: 'intent', body },
    outcome: (ref) => ({
      ...shared,
      type: 'call.outcome',
      phase: 'outcome',
      ref,
      body: {
        status: n % 37 === 0 ? 'tool_error' : 'ok',
        duration_ms: n % 90,
        timings: { ...timings, record: 0.8, upstream: (n % 80) + 0.5, inspect: 0.1 },
        span,
        result: { alg: 'sha256', commitment: digest(), salted: true },
        result_bytes: 200 + (n % 5_000),
        credentials: [`cred-${n % 50}`],
        ...(n % 11 === 0 && { labels: ['untrusted'] }),
      },
    }),
  }
}

type Shared = Omit<RecordDraft, 'type' | 'phase' | 'body' | 'ref'>

function sharedOf(n: number): Shared {
  const agent = n % 200
  return {
    call: uuidv7(systemClock, entropy),
    agent: `agent-${agent}`,
    instance: `01900000-0000-7000-8000-${String(agent).padStart(12, '0')}`,
    person: `01900000-0000-7000-8001-${String(n % 97).padStart(12, '0')}`,
    system: `system-${n % 50}`,
    action: ACTIONS[n % ACTIONS.length]!,
    task: `01900000-0000-7000-8002-${String(n % 1_009).padStart(12, '0')}`,
    trace: hex(entropy.bytes(16)),
  }
}

function denial(n: number, shared: Shared): RecordDraft {
  const body = {
    code: 'policy.denied',
    reason: n % 60 === 0 ? 'refunds above 100 EUR are reviewed by finance' : 'no policy permits it',
    ...actor(n),
    arguments: { alg: 'sha256', commitment: digest(), salted: true },
    decision: decision(n, 'deny'),
    duration_ms: 1,
    timings: { authenticate: 0.1, decide: 0.2 },
  }
  return { ...shared, type: 'call.denied', phase: 'decision', body }
}

function actor(n: number): RecordDraft['body'] {
  return {
    spiffe_id: `spiffe://bench.example/agent/agent-${n % 200}`,
    credential: `01900000-0000-7000-8003-${String(n % 200).padStart(12, '0')}`,
    credential_kind: 'x509',
    binding: 'mtls',
    protocol: 'mcp',
    trigger: [{ kind: 'person', standing: 'claimed' }],
  }
}

function decision(n: number, answer: string): RecordDraft['body'] {
  const party = (name: string, of: number): RecordDraft['body'] => ({
    party: name,
    principal: `${name}-${n % of}`,
    answer,
    policies: [`p-${n % 400}`],
    errors: [],
    reason: null,
  })
  return { answer, policy_set: SET, parties: [party('agent', 200), party('person', 97)] }
}

function digest(): string {
  return base64url(entropy.bytes(32))
}
