// Holds a run of a fleet under faults: a governed load all along, a lock in each fault, and everything that happened as events to judge.

import { Fleet, type Post } from '../../bench/fleet/fleet.ts'
import { get, Load, openStream, type Open } from '../../bench/fleet/load.ts'
import { ApprovalAgreed, ApprovalsAnswer } from '../../src/wire/api/approval.ts'
import { AuditFlushed, AuditPage, type AuditEntry } from '../../src/wire/api/audit.ts'
import { judge, type GatewayEvent, type Violation } from '../model/invariants.ts'
import { FAULTS, type Faulted } from './faults.ts'

const GATEWAYS = 3
/** How long a gateway may not know of a lock (ms): its lease, and what one busy process reads late what another wrote in time. */
const BOUND_MS = 5_000 + 400
/** How far apart the clocks of a record and of an arrival may read the same moment (ms). */
const SLACK_MS = 150

/** What a run came to. */
export interface Ran {
  readonly violations: readonly Violation[]
  /** Calls that reached the system, intents, outcomes, locks, confirmations, held calls that went through. */
  readonly seen: Readonly<Record<string, number>>
  /** What the harness itself saw go wrong: a permitted call that did not go through once all was well. */
  readonly stuck: readonly string[]
}

/** Runs a fleet through faults, one after the other. */
export async function runFaults(
  names: readonly string[],
  of: {
    readonly perSecond: number
    readonly environment?: Readonly<Record<string, string>>
    readonly prepare?: (home: string) => Promise<void>
    readonly restartDatabase?: () => Promise<void>
    /** `libfaketime`, for faults of clocks. */
    readonly clocks?: string
    readonly say?: (line: string) => void
  },
): Promise<Ran> {
  const { environment = {}, perSecond, say = () => undefined } = of
  const fleet = await Fleet.start(GATEWAYS, environment, of.prepare, of)
  const events: GatewayEvent[] = []
  const stuck: string[] = []
  try {
    const approving = approveAll(fleet)
    for (const name of names) {
      say(name)
      stuck.push(...(await fault(name, fleet, events, perSecond, of.restartDatabase)))
    }
    await approving.stop()
    await recorded(fleet, events)
    const violations = judge(ordered(events), { bound: BOUND_MS, quiet: true })
    return { violations, seen: counts(events), stuck }
  } finally {
    await fleet.close()
  }
}

/** One fault under load. Answers what did not go through afterwards, that should have. */
async function fault(
  name: string,
  fleet: Fleet,
  events: GatewayEvent[],
  perSecond: number,
  restartDatabase: (() => Promise<void>) | undefined,
): Promise<string[]> {
  const { holder, posts } = fleet
  const loads = posts.map((post) => new Load(post, holder, perSecond))
  const held = heldCalls(fleet)
  for (const load of loads) load.start()
  const streams = await Promise.all(posts.map((post) => stream(name, fleet, post, events)))
  await pause(700)
  let lock = ''
  const faulted: Faulted = {
    fleet,
    pause,
    lock: async () => {
      lock = (await fleet.lock()).id
      events.push({ at: wall(), kind: 'lock', lock, control: 'control' })
    },
    ...(restartDatabase !== undefined && { restartDatabase }),
  }
  await FAULTS[name]!(faulted)
  await Promise.all(streams.map(({ ended }) => ended))
  for (const load of loads) await load.stop()
  await held.stop()
  await fleet.connected()
  await fleet.unlock(lock)
  events.push({ at: wall(), kind: 'unlock', lock, control: 'control' })
  return goesThrough(name, fleet)
}

/** A stream by way of a gateway: whatever it says is an event too. The log has it as one more call, by its span. */
async function stream(
  name: string,
  { holder }: Fleet,
  of: Post,
  events: GatewayEvent[],
): Promise<Open> {
  const { name: gateway } = of
  const call = `stream of ${gateway}, ${name}`
  const post = { gateway, call }
  const begun: GatewayEvent[] = [
    { at: wall(), kind: 'intent', call, locks: [] },
    { at: wall(), kind: 'write', ...post },
  ]
  events.push(...begun)
  const more = (): void => void events.push({ at: wall(), kind: 'more', ...post })
  // Of its connections, a client may have one left that was made while a clock was wrong.
  const open = await openStream(of, holder, more).catch(() => openStream(of, holder, more))
  void open.ended.then(() => events.push({ at: wall(), kind: 'outcome', call, said: 'done' }))
  return open
}

/** After a fault everything goes on: calls by way of every gateway (no deadlock, also after all were down). */
async function goesThrough(name: string, { holder, posts }: Fleet): Promise<string[]> {
  const stuck: string[] = []
  for (const post of posts) {
    const until = performance.now() + 12_000
    let last = ''
    // More than one in a row: a client has connections of before that it tries first.
    for (let through = 0; through < 20;) {
      const answer = await get(post, holder, '/http/api/items/1').catch((error: unknown) => ({
        status: 0,
        code: String(error),
      }))
      if (answer.status === 200) {
        through++
        continue
      }
      through = 0
      last = answer.code
      if (performance.now() > until) {
        stuck.push(`${name}: ${post.name}: ${last}`)
        break
      }
      await pause(100)
    }
  }
  return stuck
}

/** Calls that people have to agree to, by way of every gateway, again and again. */
function heldCalls({ holder, posts }: Fleet): { stop(): Promise<void> } {
  let stopped = false
  const running = posts.map(async (post, n) => {
    for (let id = n * 1_000; !stopped; id++) {
      await get(post, holder, `/http/api/items/${id}`, 'POST').catch(() => undefined)
      await pause(200)
    }
  })
  return {
    stop: async () => {
      stopped = true
      await Promise.all(running)
    },
  }
}

/** A person who agrees to everything, as soon as it is asked; control may be away meanwhile. */
function approveAll(fleet: Fleet): { stop(): Promise<void> } {
  let stopped = false
  const running = (async () => {
    while (!stopped) {
      await approveOnce(fleet).catch(() => undefined)
      await pause(250)
    }
  })()
  return {
    stop: async () => {
      stopped = true
      await running
    },
  }
}

async function approveOnce({ control }: Fleet): Promise<void> {
  const path = '/v1/approvals?state=pending'
  const { approvals } = await control.get(path, ApprovalsAnswer)
  for (const { id } of approvals) {
    const body = { reason: 'fine' }
    const path = `/v1/approvals/${id}/approve`
    await control.send('POST', path, body, ApprovalAgreed).catch(() => undefined)
  }
}

/** What the log and the system saw. */
async function recorded(fleet: Fleet, events: GatewayEvent[]): Promise<void> {
  await fleet.control.send('POST', '/v1/audit/flush', {}, AuditFlushed)
  // Outcomes of calls whose connection broke wait for their gateway, and not for ever.
  await pause(11_000)
  const locks = events.flatMap((event) => (event.kind === 'lock' ? event.lock : []))
  for (const [index, event] of events.entries()) {
    if (event.kind === 'intent') events[index] = { ...event, locks }
  }
  const bySpan = new Map<string, { readonly call: string; readonly gateway: string }>()
  for (const { record } of await recordsOf(fleet, 'call.intent')) {
    const { approval, span, through } = record.body
    const call = record.call ?? ''
    const { id } = (span ?? {}) as { id?: string }
    if (id !== undefined) bySpan.set(id, { call, gateway: String(through) })
    const spends = typeof approval === 'string' ? { approval } : {}
    events.push({ at: Date.parse(record.ts), kind: 'intent', call, locks, ...spends })
  }
  for (const { record } of await recordsOf(fleet, 'call.outcome')) {
    const said = saidOf(String(record.body['status']))
    events.push({ at: Date.parse(record.ts), kind: 'outcome', call: record.call ?? '', said })
  }
  for (const { record } of await recordsOf(fleet, 'lock.confirmed')) {
    const { gateway, lock } = record.body as { gateway: string; lock: string }
    events.push({ at: Date.parse(record.ts) + SLACK_MS, kind: 'confirm', lock, gateway })
  }
  for (const { at, span } of fleet.upstream.arrived) {
    const known = bySpan.get(span) ?? { call: `unrecorded ${span}`, gateway: '' }
    events.push({ at: performance.timeOrigin + at, kind: 'write', ...known })
  }
}

function saidOf(status: string): 'done' | 'refused' | 'unknown' {
  if (status === 'not_executed') return 'refused'
  return ['ok', 'tool_error', 'upstream_error', 'withheld'].includes(status) ? 'done' : 'unknown'
}

async function recordsOf({ control }: Fleet, type: string): Promise<AuditEntry[]> {
  const found: AuditEntry[] = []
  for (let before: string | null = ''; before !== null;) {
    const cursor: string = before === '' ? '' : `&before=${before}`
    const path = `/v1/audit/records?limit=500&type=${type}${cursor}`
    const page: AuditPage = await control.get(path, AuditPage)
    found.push(...page.records)
    before = page.next
  }
  return found.reverse()
}

const ORDER = ['intent', 'lock', 'unlock', 'write', 'more', 'outcome', 'confirm']

/** By time; of one millisecond, in the order in which things can be. */
function ordered(events: readonly GatewayEvent[]): GatewayEvent[] {
  return events.toSorted((a, b) => a.at - b.at || ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind))
}

function counts(events: readonly GatewayEvent[]): Record<string, number> {
  const seen: Record<string, number> = {}
  for (const event of events) {
    seen[event.kind] = (seen[event.kind] ?? 0) + 1
    if (event.kind === 'intent' && event.approval !== undefined) {
      seen['approved'] = (seen['approved'] ?? 0) + 1
    }
  }
  return seen
}

function wall(): number {
  return performance.timeOrigin + performance.now()
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
