// Holds the watch over pins: what systems show of themselves is held against what people approved, and what differs waits.

import type { Clock } from '../../std/clock.ts'
import type { Fault } from '../../std/fault.ts'
import type { JsonObject } from '../../std/json.ts'
import type { Authority } from '../../authority/open.ts'
import { gatewayFault } from '../../gateway/faults.ts'
import type { PinPort } from '../../gateway/ports.ts'
import { definedBy, type Described } from '../../gateway/upstream/definition.ts'
import { differences, sameServer, type Difference } from '../../gateway/upstream/difference.ts'
import { drifted, driftOf, type Drift } from '../../gateway/upstream/drift.ts'
import type { PeerCheck } from '../../gateway/upstream/peer.ts'
import { programIdentity } from '../../gateway/upstream/program.ts'
import type { ServerIdentity, SystemDefinition } from '../../wire/system.ts'
import type { AuditSink } from '../../wire/record.ts'
import { fingerprint } from './fingerprint.ts'
import { passingOf } from './passing.ts'
import { signsOf } from './signs/all.ts'
import type { Looked } from './signs/sign.ts'

/** Rule of the finding. */
const DEFINITION_CHANGED = 'definition-changed'

/** Times in a day that differences of one system pass by themselves; more is no update any more. */
const MAX_PASSED = 24
const DAY_MS = 86_400_000
/** Renewals of one system that are remembered as recorded. */
const MAX_RENEWALS = 64

/** What the watch stands on. */
export interface WatchParts {
  readonly authority: Pick<Authority, 'systems' | 'quarantines' | 'findings'>
  readonly audit: AuditSink
  readonly clock: Pick<Clock, 'now'>
  readonly onTrouble: (error: unknown) => void
  /** Pins what passes, on the word of the person who let it pass. */
  readonly pinPassed: (system: SystemDefinition, seen: Looked, reason: string) => Promise<unknown>
}

/** Fills the gateway's port. Everything that stops a call is in memory before it is answered; writing it follows. */
export class PinWatch implements PinPort {
  readonly #parts: WatchParts
  /** When differences passed, by system. */
  readonly #passed = new Map<string, number[]>()
  readonly #renewed = new Map<string, Set<string>>()
  readonly #running = new Set<Promise<unknown>>()

  constructor(parts: WatchParts) {
    this.#parts = parts
    const { authority } = parts
    for (const { definition } of authority.systems.list()) this.#settle(definition)
    authority.systems.onChange((definition) => this.#settle(definition))
  }

  /** What waits is over once something else is pinned; what people say of actions changes nothing about that. */
  #settle(definition: SystemDefinition): void {
    const { quarantines, systems } = this.#parts.authority
    const { name } = definition
    const waiting = quarantines.of(name)
    const now = fingerprint(definition)
    if (waiting === undefined || waiting.pinned === now) return
    const { person, reason } = systems.find(name)
    const approved = waiting.fingerprint === now
    const word = approved
      ? { person, reason }
      : { reason: 'the system was pinned anew from another look at it' }
    this.#run(quarantines.settle(name, approved ? 'approved' : 'superseded', word))
  }

  async admits(system: SystemDefinition): Promise<void> {
    const { identity, transport } = system
    if (transport.kind !== 'stdio' || identity === undefined) return
    const now = await programIdentity(transport)
    if (sameServer(identity, now)) return
    this.stranger(system, now)
    throw gatewayFault(
      'resolve.quarantined',
      `the program of ${system.name} is not the one that was pinned`,
    )
  }

  peer(system: SystemDefinition): PeerCheck | undefined {
    const { identity, name } = system
    if (identity?.kind !== 'certificate') return undefined
    return {
      key: `${name} ${identity.host} ${identity.chain.at(-1) ?? ''}`,
      check: (chain) => this.#checkPeer(system, { ...identity, chain }),
    }
  }

  #checkPeer(system: SystemDefinition, now: ServerIdentity): Fault | undefined {
    const { identity } = system
    if (identity === undefined || now.kind !== 'certificate') return undefined
    if (sameServer(identity, now)) {
      if (identity.kind === 'certificate' && identity.chain[0] !== now.chain[0]) {
        this.#renewal(system, now.chain[0] ?? '')
      }
      return undefined
    }
    const drift = this.stranger(system, now)
    if (drift === undefined) return undefined
    return gatewayFault(
      'resolve.quarantined',
      `another authority than the one that was pinned vouches for ${system.name}`,
    )
  }

  #renewal({ name }: SystemDefinition, key: string): void {
    const known = this.#renewed.get(name) ?? new Set()
    if (known.has(key) || known.size >= MAX_RENEWALS) return
    this.#renewed.set(name, known.add(key))
    this.#record('system.certificate_renewed', name, { key })
  }

  /** Nothing was asked of it: what it shows besides is not known. */
  stranger(system: SystemDefinition, now: ServerIdentity): Drift | undefined {
    const { digest: _digest, passing: _passing, ...pinned } = system
    return this.#judge(system, { ...pinned, identity: now })
  }

  showed(system: SystemDefinition, described: Described): Drift | undefined {
    const seen = definedBy(system, described, system.identity)
    return this.#judge(system, seen)
  }

  /** Holds a showing against the pin: what may pass is pinned, what may not is quarantined. */
  #judge(system: SystemDefinition, seen: Looked): Drift | undefined {
    const found = differences(system, seen)
    if (found.length === 0) return undefined
    // The pin of a conversation that began before somebody pinned anew is no pin any more: it ends, and nothing is to be said of it.
    if (this.#parts.authority.systems.get(system.name)?.digest !== system.digest) {
      return driftOf(found)
    }
    const others = this.#others(system.name)
    const { passes, waits } = passingOf(found, system, seen, others)
    const passed = passes.length > 0 && this.#mayPass(system.name)
    const left = passed ? waits : found
    if (passed && left.length === 0) this.#pass(system, seen, passes)
    if (left.length > 0) this.#quarantine(system, seen, left, others)
    return driftOf(left)
  }

  #others(name: string): Looked[] {
    return this.#parts.authority.systems
      .list()
      .map(({ definition }) => definition)
      .filter((other) => other.name !== name)
  }

  #mayPass(system: string): boolean {
    const now = this.#parts.clock.now()
    const before = (this.#passed.get(system) ?? []).filter((at) => now - at < DAY_MS)
    this.#passed.set(system, before)
    return before.length < MAX_PASSED
  }

  #pass(system: SystemDefinition, seen: Looked, passes: readonly Difference[]): void {
    this.#passed.get(system.name)?.push(this.#parts.clock.now())
    const said = (system.passing ?? []).join(', ')
    const body = { fingerprint: fingerprint(seen), allowed: said, differences: named(passes) }
    const work = async (): Promise<void> => {
      await this.#parts.audit.append({
        type: 'system.change_passed',
        phase: 'lifecycle',
        system: system.name,
        body,
      })
      await this.#parts.pinPassed(system, seen, `passed by what was allowed beforehand: ${said}`)
    }
    this.#run(work())
  }

  #quarantine(
    system: SystemDefinition,
    seen: Looked,
    left: readonly Difference[],
    others: readonly Looked[],
  ): void {
    const { quarantines } = this.#parts.authority
    const { name } = system
    const showing = { pinned: fingerprint(system), fingerprint: fingerprint(seen) }
    // A person has said no to exactly this: it stops where it shows itself, and nobody is asked again.
    if (quarantines.rejected(name, showing.pinned, showing.fingerprint)) return
    const drift = driftOf(left)
    const opened = quarantines.open({
      system: name,
      ...showing,
      seen: { ...seen, maxProcesses: system.maxProcesses },
      whole: drift?.whole === true,
      actions: [...(drift?.actions ?? [])],
      prompts: [...(drift?.prompts ?? [])],
      differences: named(left),
    })
    this.#run(
      opened.then(async (fresh) => (fresh ? this.#find(system, seen, left, others) : undefined)),
    )
  }

  async #find(
    system: SystemDefinition,
    seen: Looked,
    left: readonly Difference[],
    others: readonly Looked[],
  ): Promise<void> {
    const { authority, clock } = this.#parts
    const signs = signsOf(seen, others).length
    const whole = driftOf(left)?.whole === true
    const what = left.length === 1 ? 'one difference' : `${left.length} differences`
    const more = signs === 0 ? '' : `, and ${signs} things in it to look at twice`
    await authority.findings.raise({
      rule: DEFINITION_CHANGED,
      severity: whole || signs > 0 ? 'high' : 'medium',
      summary: `${system.name} shows ${what} from what was pinned${more}: bailiwick system diff ${system.name}`,
      facts: { system: system.name, differences: left.length, signs },
      at: clock.now(),
    })
  }

  quarantined(system: string, action: string, input: JsonObject): boolean {
    const waiting = this.#parts.authority.quarantines.of(system)
    if (waiting === undefined) return false
    const { whole, actions, prompts } = waiting
    if (whole || actions.includes(action)) return true
    return drifted({ whole, actions: NONE, prompts: new Set(prompts) }, action, input)
  }

  #record(type: string, system: string, body: JsonObject): void {
    this.#run(this.#parts.audit.append({ type, phase: 'lifecycle', system, body }))
  }

  #run(work: Promise<unknown>): void {
    const done: Promise<unknown> = work
      .catch(this.#parts.onTrouble)
      .finally(() => this.#running.delete(done))
    this.#running.add(done)
  }

  /** Resolves when everything that was seen is written. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running)
  }
}

const NONE: ReadonlySet<string> = new Set()

/** Differences by names and kinds: the texts are the system's own, and stand in the row. */
function named(found: readonly Difference[]): JsonObject[] {
  return found.slice(0, 200).map(({ part, name, change, fields }) => ({
    part,
    ...(name !== undefined && { name: name.slice(0, 128) }),
    change,
    fields: fields.map(({ field }) => field),
  }))
}
