// Holds the load: instances that call, a person that approves, another that locks, until the server dies under them.

import { request } from 'undici'
import type { Holder } from '../../src/cli/identity/holder.ts'
import { ApprovalSummary } from '../../src/wire/api/approval.ts'
import { legacy, readAnswer, type Answer } from '../e2e/client.ts'
import type { Bailiwick } from '../e2e/bailiwick.ts'
import type { Chance } from './chance.ts'
import type { Witness } from './witness.ts'

/** Requests of one instance under way at once. */
const STREAMS = 4

/** One load. It ends by itself when the server is gone; a failure that is not the server's death is kept. */
export class Load {
  readonly #bailiwick: Bailiwick
  readonly #witness: Witness
  readonly #running: Promise<void>[] = []
  #over = false
  /** Why this load itself is broken. */
  failure: Error | undefined

  constructor(bailiwick: Bailiwick, witness: Witness) {
    this.#bailiwick = bailiwick
    this.#witness = witness
  }

  /** Starts everything. */
  start(holders: readonly Holder[], chance: Chance, round: number): void {
    const left = [...this.#witness.open]
    holders.forEach((holder, who) => {
      for (let stream = 0; stream < STREAMS; stream++) {
        const name = `r${round}-i${who}-s${stream}`
        this.#run(() => this.#call(holder, name, chance.of(name)))
      }
    })
    // What was held when the server died before is asked for again, by the instance that asked.
    for (const id of left) {
      const who = Number(/-i(\d+)-/.exec(id)?.[1])
      this.#run(() => this.#gated(holders[who]!, id))
    }
    this.#run(() => this.#approve())
    this.#run(() => this.#lock())
    this.#run(() => this.#enrol())
  }

  /** The server is about to die. */
  end(): void {
    this.#over = true
  }

  /** Resolves when nobody waits for anything any more. */
  async ended(): Promise<void> {
    await Promise.all(this.#running)
    if (this.failure !== undefined) throw this.failure
  }

  #run(part: () => Promise<void>): void {
    const running = part().catch((error: unknown) => {
      // After the kill everything fails in its own way; before, nothing may.
      if (!this.#over) this.failure ??= error instanceof Error ? error : new Error(String(error))
    })
    this.#running.push(running)
  }

  async #ask(holder: Holder, name: string, id: string): Promise<Answer> {
    const { headers, body } = legacy('tools/call', { name, arguments: { id } }, id)
    const response = await request(`${this.#bailiwick.gatewayUrl}/mcp/ledger`, {
      dispatcher: holder.dispatcher(),
      method: 'POST',
      headers: { ...headers, accept: 'application/json', 'content-type': 'application/json' },
      body,
    })
    return readAnswer(response.statusCode, response.headers, await response.body.text())
  }

  async #call(holder: Holder, name: string, chance: Chance): Promise<void> {
    for (let n = 0; !this.#over; n++) {
      const id = `${name}-${n}`
      const kind = chance.between(1, 100)
      if (kind <= 10) {
        this.#witness.open.add(id)
        await this.#gated(holder, id)
        continue
      }
      const answer = await this.#ask(holder, kind <= 25 ? 'forbidden' : 'append', id)
      if (kind <= 25) this.#refused(answer, 'policy.denied')
      else this.#answered(answer, id)
    }
  }

  async #gated(holder: Holder, id: string): Promise<void> {
    for (;;) {
      const answer = await this.#ask(holder, 'gated', id)
      if (answer.code === 'approval.pending') continue
      if (answer.code === 'approval.void') this.#refused(answer, 'approval.void')
      else this.#answered(answer, id)
      this.#witness.open.delete(id)
      return
    }
  }

  #answered(answer: Answer, id: string): void {
    if (answer.status !== 200 || !answer.text.includes(`"text":"${id}"`)) {
      throw new Error(`unforeseen answer to ${id}: ${answer.status} ${answer.text}`)
    }
    this.#witness.answered.push(id)
  }

  #refused(answer: Answer, code: string): void {
    if (answer.code !== code) throw new Error(`not refused with ${code}: ${answer.text}`)
    const { error } = JSON.parse(answer.text) as { error: { data: { call: string } } }
    this.#witness.refused.push(error.data.call)
  }

  async #approve(): Promise<void> {
    while (!this.#over) {
      for (const { id } of await this.#bailiwick.pending()) {
        const path = `/v1/approvals/${id}/approve`
        await this.#bailiwick.control.send('POST', path, { reason: 'load' }, ApprovalSummary)
        this.#witness.approved.push(id)
      }
    }
  }

  async #lock(): Promise<void> {
    const witness = this.#witness
    while (!this.#over) {
      const { lock } = witness
      if (lock?.state === 'added') {
        witness.lock = { id: lock.id, state: 'unsure' }
        await this.#bailiwick.unlock(lock.id)
        witness.lock = { id: lock.id, state: 'removed' }
      } else {
        const { id } = await this.#bailiwick.lock('agent', 'bystander')
        witness.lock = { id, state: 'added' }
      }
    }
  }

  async #enrol(): Promise<void> {
    while (!this.#over) {
      const holder = await this.#bailiwick.enrol('late-comer')
      this.#witness.enrolled.push(holder.identity.instance)
    }
  }
}
