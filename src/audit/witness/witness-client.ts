// Holds the asking of witnesses: each log's newest checkpoint goes to every witness of the policy, and their cosignatures come back beside it.

import { hex, sha256, utf8 } from '../../std/bytes.ts'
import type { Clock } from '../../std/clock.ts'
import { Fault, publicFault } from '../../std/fault.ts'
import type { Timer } from '../../std/timer.ts'
import { cosignatureVerifier } from '../../tlog/cosignature.ts'
import { parseCheckpoint, parseDecimal } from '../../tlog/checkpoint.ts'
import { readNote, type NoteSignature } from '../../tlog/note.ts'
import {
  evaluatePolicy,
  type PolicyResult,
  type PolicyWitness,
  type WitnessPolicy,
} from '../../tlog/policy.ts'
import { consistencyProof } from '../../tlog/tree.ts'
import { LogFolder } from '../log-folder.ts'
import { shardVerifier } from '../log-key.ts'
import { evidenceIn, type Evidence } from './evidence.ts'
import { witnessFault } from './faults.ts'
import { formatAddCheckpoint, SIZE_MEDIA } from './protocol.ts'

/** Between two rounds, unless the settings say otherwise (ms), and after rounds that failed: doubled, up to this. */
const RETRY_MAX_MS = 300_000
/** Times that a witness is asked anew within a round because it had cosigned another size. */
const CONFLICTS_MAX = 3

/** An answer of a witness. */
export interface WitnessAnswer {
  readonly status: number
  readonly media: string
  readonly text: string
}

/** Sends one POST to a witness; bounded in time and size. Throws `witness.unreachable`. */
export type AskWitness = (url: string, body: string) => Promise<WitnessAnswer>

/** Gets what a witness shows of a log; bounded in time and size. Throws `witness.unreachable`. */
export type ShowWitness = (url: string) => Promise<WitnessAnswer>

/** How one witness is doing. */
export interface WitnessState {
  readonly name: string
  readonly url: string
  /** Size that it cosigned last in this start, and when (seconds since the epoch). */
  readonly size?: number
  readonly time?: number
  /** Why it did not the last time. */
  readonly problem?: string
  /** What it said the last time of another history, without showing one that this log has signed. */
  readonly claim?: string
}

/** How far the log is witnessed. */
export interface WitnessedState {
  /** Shard and size of the newest checkpoint with cosignatures. */
  readonly shard?: string
  readonly size?: number
  readonly result?: PolicyResult
  readonly witnesses: readonly WitnessState[]
  /** Set once a witness has shown a checkpoint, signed by this log's key, that this log does not continue. */
  readonly forked?: string
}

/** What the client stands on. */
export interface WitnessClientParts {
  /** Folder of the log. */
  readonly directory: string
  readonly policy: WitnessPolicy
  readonly everyMs: number
  readonly clock: Clock
  readonly timer: Timer
  readonly ask: AskWitness
  readonly show: ShowWitness
  /** Text of this log's `log.vkey`: what a witness shows is evidence only where this log signed it. */
  readonly vkeys: () => string
  /** Name of the shard that grows; undefined before the first record. */
  readonly shard: () => string | undefined
  /** How far this home may be behind the log that it follows (ms): a larger checkpoint is evidence only after that. 0: it has the log itself. */
  readonly lagMs: number
  /** Told once for every witness that has shown another history: what it is, and the signed note that shows it. */
  readonly onForked: (witness: string, evidence: Evidence) => void
}

/** Asks witnesses at an interval, one request at a time each, and never in the way of anything. */
export class WitnessClient {
  readonly #parts: WitnessClientParts
  readonly #folder: LogFolder
  readonly #states = new Map<string, WitnessState>()
  /** Size that each witness has cosigned last, by shard and name. */
  readonly #sizes = new Map<string, number>()
  readonly #accused = new Set<string>()
  /** Since when a witness shows more of a shard than this home has, by shard and URL. */
  readonly #aheadSince = new Map<string, number>()
  #forked: string | undefined
  #failures = 0
  #cancel: (() => void) | undefined
  #running: Promise<void> | undefined
  #closed = false

  constructor(parts: WitnessClientParts) {
    this.#parts = parts
    this.#folder = new LogFolder(parts.directory)
    this.#schedule()
  }

  /** How far the log is witnessed at this moment. */
  state(): WitnessedState {
    const shard = this.#parts.shard()
    const states = this.#witnesses().map(({ name, url }) => this.#states.get(name) ?? { name, url })
    const forked = this.#forked === undefined ? {} : { forked: this.#forked }
    const note = shard === undefined ? undefined : this.#folder.shard(shard).witnessed()
    if (shard === undefined || note === undefined) return { witnesses: states, ...forked }
    const { size } = parseCheckpoint(readNote(note).body)
    const result = evaluatePolicy(this.#parts.policy, note)
    return { shard, size, result, witnesses: states, ...forked }
  }

  /** Asks every witness about the newest checkpoint now. Never rejects: what went wrong is in the state. */
  round(): Promise<void> {
    this.#running ??= this.#round().finally(() => {
      this.#running = undefined
      this.#schedule()
    })
    return this.#running
  }

  /** Lets the round under way end; no other follows. */
  async close(): Promise<void> {
    this.#closed = true
    this.#cancel?.()
    await this.#running
  }

  #witnesses(): (PolicyWitness & { readonly url: string })[] {
    return this.#parts.policy.witnesses.flatMap((one) =>
      one.url === undefined ? [] : [{ ...one, url: one.url }],
    )
  }

  #schedule(): void {
    this.#cancel?.()
    if (this.#closed) return
    const { everyMs, timer } = this.#parts
    const wait = Math.min(
      Math.max(everyMs, RETRY_MAX_MS),
      everyMs * 2 ** Math.min(this.#failures, 8),
    )
    this.#cancel = timer.after(wait, () => void this.round())
  }

  async #round(): Promise<void> {
    const shard = this.#parts.shard()
    if (shard === undefined) return
    // A shard that has closed is witnessed to its end as well, however long its witnesses were away.
    for (const name of this.#folder.names()) {
      if (name === shard || !this.#unseenEnd(name)) continue
      await this.#witness(name)
    }
    await this.#witness(shard)
  }

  #unseenEnd(shard: string): boolean {
    const files = this.#folder.shard(shard)
    const note = files.checkpoint()
    const kept = files.witnessed()
    if (note === undefined || files.dropped) return false
    const same = kept !== undefined && readNote(kept).body === readNote(note).body
    return !same || !evaluatePolicy(this.#parts.policy, kept).met
  }

  async #witness(shard: string): Promise<void> {
    const files = this.#folder.shard(shard)
    const note = files.checkpoint()
    if (note === undefined) return
    const { body } = readNote(note)
    const kept = files.witnessed()
    // What others cosigned of this very checkpoint stays with it.
    const own = kept !== undefined && readNote(kept).body === body ? kept : note
    const witnesses = this.#witnesses()
    const lines: string[] = []
    let published = 0
    const publish = (): void => {
      if (lines.length === published) return
      published = lines.length
      const added = lines.filter((line) => !own.includes(line))
      if (added.length > 0) files.publishWitnessed(withLines(own, added))
    }
    const asked = witnesses.map(async (witness) => {
      try {
        const line = await this.#ask(witness, shard, note)
        lines.push(line)
      } catch (error) {
        return this.#note(witness, error)
      }
      // The quorum does not wait for who is slow. Below it, what was witnessed before stays until everybody has answered.
      if (evaluatePolicy(this.#parts.policy, withLines(own, lines)).met) publish()
    })
    await Promise.all(asked)
    this.#failures = lines.length === witnesses.length ? 0 : this.#failures + 1
    publish()
  }

  /** The signature line of one witness. */
  async #ask(
    witness: PolicyWitness & { readonly url: string },
    shard: string,
    note: string,
  ): Promise<string> {
    const { size } = parseCheckpoint(readNote(note).body)
    const key = `${shard}/${witness.name}`
    let old = this.#sizes.get(key) ?? 0
    for (let tries = 0; tries < CONFLICTS_MAX; tries++) {
      if (old > size) {
        throw await this.#weigh(
          witness,
          shard,
          `it has cosigned size ${old}, and the log has ${size}`,
        )
      }
      const read = this.#folder.shard(shard).readHashes
      const proof = consistencyProof(old, size, read)
      const body = formatAddCheckpoint({ old, proof, checkpoint: note })
      const answer = await this.#parts.ask(`${witness.url}/add-checkpoint`, body)
      if (answer.status === 200) {
        this.#aheadSince.delete(`${shard} ${witness.url}`)
        const line = ownLine(witness, note, answer.text)
        this.#sizes.set(key, size)
        this.#states.set(witness.name, {
          name: witness.name,
          url: witness.url,
          size,
          time: Math.floor(this.#parts.clock.now() / 1_000),
        })
        return line
      }
      if (answer.status === 422) {
        throw await this.#weigh(witness, shard, `it has another history up to size ${old}`)
      }
      const known = answer.status === 409 ? sizeOf(answer) : undefined
      if (known === undefined) throw witnessFault('witness.answer', `it answered ${answer.status}`)
      if (known === size && old === size) {
        throw await this.#weigh(witness, shard, `it has another root at size ${size}`)
      }
      old = known
      this.#sizes.set(key, known)
    }
    throw witnessFault('witness.answer', 'it names another size every time')
  }

  /**
   * A witness says that there is another history. It is believed where it shows a checkpoint that this log's own key has signed and
   * that this log does not continue: a log does not get to shrug at that. A witness that only says so is named as saying so, since
   * anybody could; it is asked again from nothing, so that one that was wrong finds back.
   */
  async #weigh(
    witness: PolicyWitness & { readonly url: string },
    shard: string,
    claim: string,
  ): Promise<Fault> {
    const evidence = await this.#evidence(witness, shard).catch((error: unknown) => {
      if (error instanceof Fault) return undefined
      throw error
    })
    if (evidence === undefined) {
      this.#sizes.delete(`${shard}/${witness.name}`)
      return witnessFault(
        'witness.claim',
        `${claim}, but shows no checkpoint of this log that says so`,
      )
    }
    this.#forked = `${witness.name}: ${evidence.detail}`
    if (!this.#accused.has(witness.name)) this.#parts.onForked(witness.name, evidence)
    this.#accused.add(witness.name)
    return witnessFault('witness.inconsistent', evidence.detail)
  }

  /** What the witness shows of a shard, where that speaks against this log; undefined where it does not. */
  async #evidence({ url }: { readonly url: string }, shard: string): Promise<Evidence | undefined> {
    const files = this.#folder.shard(shard)
    const before = files.checkpoint()
    if (before === undefined) return undefined
    const { origin } = parseCheckpoint(readNote(before).body)
    const verifier = shardVerifier(this.#parts.vkeys(), origin)
    if (verifier === undefined) return undefined
    const { status, text } = await this.#parts.show(
      `${url}/${hex(sha256(utf8(origin)))}/checkpoint`,
    )
    // The log may have grown meanwhile: it is held against what it is now.
    const own = files.checkpoint()
    if (status !== 200 || own === undefined) return undefined
    const evidence = evidenceIn(text, own, verifier, files.readHashes)
    return evidence?.ahead === true && this.#mayFollow(url, shard) ? undefined : evidence
  }

  /** True while what a witness has seen more of may be what other gateways wrote, and this home has not followed yet. */
  #mayFollow(url: string, shard: string): boolean {
    const { clock, lagMs } = this.#parts
    const key = `${shard} ${url}`
    const since = this.#aheadSince.get(key) ?? clock.monotonic()
    this.#aheadSince.set(key, since)
    return clock.monotonic() - since < lagMs
  }

  #note({ name, url }: PolicyWitness, error: unknown): void {
    const { code, detail } = publicFault(error)
    const { claim: _, ...before } = this.#states.get(name) ?? { name, url: url ?? '' }
    const claim = code === 'witness.claim' ? { claim: detail } : {}
    this.#states.set(name, { ...before, problem: detail, ...claim })
  }
}

/** The one line of the answer that is this witness's and holds over this checkpoint. Throws `witness.answer`. */
function ownLine({ vkey }: PolicyWitness, note: string, answer: string): string {
  const { body } = readNote(note)
  let signatures: readonly NoteSignature[]
  try {
    signatures = readNote(`${body}\n${answer}`).signatures
  } catch (cause) {
    throw witnessFault('witness.answer', 'it answered with no signature lines', cause)
  }
  const verifier = cosignatureVerifier(vkey)
  const bytes = new TextEncoder().encode(body)
  const at = signatures.findIndex(
    ({ name, keyId, signature }) =>
      name === vkey.name && keyId === vkey.keyId && verifier.verify(bytes, signature),
  )
  const line = answer.split('\n')[at]
  if (at < 0 || line === undefined) {
    throw witnessFault('witness.answer', 'it answered without a cosignature of its key')
  }
  return `${line}\n`
}

/** The note with these signature lines, each in the place of an older one of the same key: a log that rests gathers none. */
function withLines(note: string, added: readonly string[]): string {
  const { body, signatures } = readNote(note)
  const fresh = readNote(`${body}\n${added.join('')}`).signatures
  const lines = note.slice(body.length + 1).split('\n')
  const kept = signatures.flatMap((one, i) =>
    fresh.some(({ name, keyId }) => name === one.name && keyId === one.keyId)
      ? []
      : [`${lines[i] ?? ''}\n`],
  )
  return `${body}\n${kept.join('')}${added.join('')}`
}

function sizeOf({ media, text }: WitnessAnswer): number | undefined {
  if (media.split(';', 1)[0]?.trim() !== SIZE_MEDIA) return undefined
  return parseDecimal(text.trimEnd())
}
