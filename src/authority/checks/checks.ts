// Holds the checks: webhooks that gates name, registered by administrators, each with a key of its own that is shown once.

import { uuidv7 } from '../../std/id.ts'
import { isOutboundHost } from '../../audit/outbound.ts'
import type { Check } from '../../store/rows/check.ts'
import type { Held } from '../../store/signed-table.ts'
import type { AuthorityPorts } from '../ports.ts'
import { checkedReason } from '../reason.ts'
import { checkName } from '../registry/name.ts'
import { Turns } from '../turns.ts'
import { checkFault } from './faults.ts'

export type { Check }

/** Checks that are registered at once. */
const MOST = 64
const LOOPBACK = ['127.0.0.1', '[::1]', 'localhost']

/** Who registers or removes one, and why. */
interface Word {
  /** Person id. */
  readonly person: string
  readonly reason: string
}

/** The checks. Reading is synchronous, from memory; keys are opened when they are needed. */
export class Checks {
  readonly #ports: AuthorityPorts
  readonly #turns = new Turns()
  readonly #active = new Map<string, Held<Check>>()

  private constructor(ports: AuthorityPorts) {
    this.#ports = ports
  }

  /** Reads those that verify and are active. */
  static async load(ports: AuthorityPorts): Promise<Checks> {
    const checks = new Checks(ports)
    for (const held of await ports.store.checks.all({ state: 'active' })) checks.#show(held)
    return checks
  }

  /** Those that gates may name, by name. */
  list(): readonly Check[] {
    return [...this.#active.values()]
      .map(({ doc }) => doc)
      .sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** One with its key; undefined for any other name. */
  open(name: string): { readonly check: Check; readonly key: Uint8Array } | undefined {
    const doc = this.#active.get(name)?.doc
    if (doc === undefined) return undefined
    return { check: doc, key: this.#ports.keys.envelopes.open(doc.sealed, contextOf(doc.id)) }
  }

  /** Registers one and makes its key, which nothing shows again. Throws `check.*`, `name.invalid`. */
  add(
    { name, url, timeoutMs }: Pick<Check, 'name' | 'url' | 'timeoutMs'>,
    { person, reason }: Word,
  ): Promise<{ readonly check: Check; readonly secret: string }> {
    return this.#turns.run(async () => {
      checkName('a check', name)
      checkUrl(url)
      if (!Number.isInteger(timeoutMs) || timeoutMs < 1_000 || timeoutMs > 30_000) {
        throw checkFault('check.timeout', 'a check has 1 to 30 seconds')
      }
      if (this.#active.has(name)) throw checkFault('check.exists', `\`${name}\` is there already`)
      if (this.#active.size >= MOST) throw checkFault('check.too_many', `there are ${MOST} already`)
      const why = checkedReason(reason)
      const { clock, entropy, keys, store } = this.#ports
      const id = uuidv7(clock, entropy)
      const key = entropy.bytes(32)
      const sealed = keys.envelopes.seal(key, contextOf(id))
      const secret = `whsec_${Buffer.from(key).toString('base64')}`
      const doc: Check = {
        id,
        name,
        url,
        timeoutMs,
        sealed,
        state: 'active',
        by: person,
        createdAt: clock.now(),
      }
      const receipt = await this.#append('check.added', doc, person, why)
      this.#show(await store.checks.insert(doc, receipt))
      return { check: doc, secret }
    })
  }

  /** Removes one: from then on a gate that names it opens for nobody. Throws `check.unknown`. */
  remove(name: string, { person, reason }: Word): Promise<Check> {
    return this.#turns.run(async () => {
      const held = this.#active.get(name)
      if (held === undefined) throw checkFault('check.unknown', 'there is no check of this name')
      const why = checkedReason(reason)
      const removed = { by: person, reason: why, at: this.#ports.clock.now() }
      const doc: Check = { ...held.doc, state: 'removed', sealed: '', removed }
      const receipt = await this.#append('check.removed', doc, person, why)
      this.#show(await this.#ports.store.checks.replace(held, doc, receipt))
      return doc
    })
  }

  /** Wraps anew, under the envelope key in force, what is under another one. Answers how many. */
  rewrap(): Promise<number> {
    return this.#turns.run(async () => {
      const { audit, keys, store } = this.#ports
      const { envelopes } = keys
      const old = [...this.#active.values()].filter(({ doc }) => !envelopes.isCurrent(doc.sealed))
      if (old.length === 0) return 0
      const body = { key: envelopes.current, count: old.length, table: 'checks' }
      const receipt = await audit.append({ type: 'credential.rewrapped', phase: 'lifecycle', body })
      for (const held of old) {
        const { id, sealed } = held.doc
        const doc = { ...held.doc, sealed: envelopes.rewrap(sealed, contextOf(id)) }
        this.#show(await store.checks.replace(held, doc, receipt))
      }
      return old.length
    })
  }

  /** True while a key is wrapped under an envelope key. Reads the rows. */
  async usesKey(keyId: string): Promise<boolean> {
    const rows = await this.#ports.store.checks.all({ state: 'active' })
    return rows.some(({ doc }) => this.#ports.keys.envelopes.keyOf(doc.sealed) === keyId)
  }

  #show(held: Held<Check>): void {
    const { name, state } = held.doc
    if (state === 'active') this.#active.set(name, held)
    else this.#active.delete(name)
  }

  #append(type: string, { id, name, url, timeoutMs }: Check, person: string, reason: string) {
    const body = { check: id, name, host: new URL(url).host, timeout_ms: timeoutMs, reason }
    return this.#ports.audit.append({ type, phase: 'admin', person, body })
  }
}

function checkUrl(text: string): void {
  const url = text.length <= 1_024 && URL.canParse(text) ? new URL(text) : undefined
  const clear = url?.protocol === 'http:' && LOOPBACK.includes(url.hostname)
  const plain = url?.username === '' && url.password === '' && url.hash === ''
  if (!plain || (url.protocol !== 'https:' && !clear) || !isOutboundHost(url.hostname)) {
    throw checkFault('check.url', 'a check cannot be asked at this address')
  }
}

function contextOf(id: string): string {
  return `check/${id}`
}
