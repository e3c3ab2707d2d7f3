// Holds witness policies: which witnesses there are, and how many of which have to have seen a checkpoint (C2SP tlog-policy).

import { cosignatureTime, cosignatureVerifier } from './cosignature.ts'
import { fault } from './faults.ts'
import { noteVerifier, parseVkey, readNote, type NoteVerifier, type Vkey } from './note.ts'

/** A witness as a policy names it. */
export interface PolicyWitness {
  /** Its name within the policy. */
  readonly name: string
  readonly vkey: Vkey
  /** Where `add-checkpoint` is, without a slash at its end; absent where nobody is to ask it. */
  readonly url?: string
}

interface Group {
  /** How many of the members are needed. */
  readonly needed: number
  readonly members: readonly string[]
}

/** A policy, read. */
export interface WitnessPolicy {
  /** Keys of the logs that it is about; empty: of whichever. */
  readonly logs: readonly Vkey[]
  readonly witnesses: readonly PolicyWitness[]
  readonly groups: ReadonlyMap<string, Group>
  /** A witness or a group; undefined: nobody is needed. */
  readonly quorum: string | undefined
}

/** What a note shows of a policy. */
export interface PolicyResult {
  /** True where the quorum is reached. */
  readonly met: boolean
  /** Witnesses of the policy whose cosignatures hold: the policy's names, and seconds since the epoch. */
  readonly cosignatures: readonly { readonly name: string; readonly time: number }[]
}

const TEXT_MAX = 1 << 18
const LINES_MAX = 4_096
const MEMBERS_MAX = 256
/** Control characters other than tab (§Character set). */
// eslint-disable-next-line no-control-regex
const FORBIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f]/

/**
 * Reads a policy strictly: `log`, `witness`, `group` and `quorum` lines, `#` comments; names are defined before they are used, once.
 * Throws `tlog.policy`, naming the line, and `tlog.vkey`.
 */
export function parseWitnessPolicy(text: string): WitnessPolicy {
  if (text.length > TEXT_MAX) throw fault('tlog.policy', 'the policy is too long')
  const lines = text.split('\n')
  if (lines.length > LINES_MAX) throw fault('tlog.policy', 'the policy has too many lines')
  const reader = new PolicyReader()
  lines.forEach((line, i) => {
    if (FORBIDDEN.test(line)) throw wrong(i + 1, 'it has a control character')
    // Spaces and tabs alone part words: whatever else Unicode calls white space belongs to a name (§Structure, §Character set).
    const words = line.replace(/^[ \t]+|[ \t]+$/g, '').split(/[ \t]+/)
    if (words[0] !== '' && words[0]?.startsWith('#') !== true) reader.take(words, i + 1)
  })
  return reader.done()
}

/** Weighs the cosignatures on a note. They are over the note as it is: the log's own signature is not looked at here. Throws `tlog.note`. */
export function evaluatePolicy(policy: WitnessPolicy, note: string): PolicyResult {
  const { body, signatures } = readNote(note)
  const bytes = new TextEncoder().encode(body)
  const cosignatures = policy.witnesses.flatMap(({ name, vkey }) => {
    const verifier: NoteVerifier = cosignatureVerifier(vkey)
    const good = signatures.find(
      (one) =>
        one.name === vkey.name && one.keyId === vkey.keyId && verifier.verify(bytes, one.signature),
    )
    const time = good && cosignatureTime(good.signature)
    return time === undefined ? [] : [{ name, time }]
  })
  const seen = new Set(cosignatures.map(({ name }) => name))
  return { met: policy.quorum === undefined || holds(policy, policy.quorum, seen), cosignatures }
}

function holds({ groups }: WitnessPolicy, name: string, seen: ReadonlySet<string>): boolean {
  const group = groups.get(name)
  if (group === undefined) return seen.has(name)
  // Groups name only what was defined before them: this ends.
  const count = group.members.filter((member) => holds({ groups } as WitnessPolicy, member, seen))
  return count.length >= group.needed
}

class PolicyReader {
  readonly #logs: Vkey[] = []
  readonly #witnesses: PolicyWitness[] = []
  readonly #groups = new Map<string, Group>()
  readonly #names = new Set<string>()
  readonly #grouped = new Set<string>()
  #quorum: string | undefined
  #ended = false

  take(words: readonly string[], line: number): void {
    const [kind, ...rest] = words
    if (kind === 'log' && (rest.length === 1 || rest.length === 2)) {
      this.#log(rest, line)
    } else if (kind === 'witness' && (rest.length === 2 || rest.length === 3)) {
      this.#witness(rest, line)
    } else if (kind === 'group' && rest.length >= 3) {
      this.#group(rest, line)
    } else if (kind === 'quorum' && rest.length === 1 && !this.#ended) {
      const [name = ''] = rest
      if (name !== 'none' && !this.#names.has(name)) throw wrong(line, 'nothing has that name')
      this.#quorum = name === 'none' ? undefined : name
      this.#ended = true
    } else throw wrong(line, 'it is not understood')
  }

  done(): WitnessPolicy {
    if (!this.#ended) throw fault('tlog.policy', 'the policy has no quorum line')
    return {
      logs: this.#logs,
      witnesses: this.#witnesses,
      groups: this.#groups,
      quorum: this.#quorum,
    }
  }

  #log([key = '', url]: readonly string[], line: number): void {
    const vkey = parseVkey(key)
    noteVerifier(vkey)
    if (this.#logs.some((one) => Buffer.compare(one.publicKey, vkey.publicKey) === 0)) {
      throw wrong(line, 'another log has the same key')
    }
    if (url !== undefined && !URL.canParse(url)) throw wrong(line, 'the address is no URL')
    this.#logs.push(vkey)
  }

  #witness([name = '', key = '', url]: readonly string[], line: number): void {
    this.#define(name, line)
    const vkey = parseVkey(key)
    cosignatureVerifier(vkey)
    if (this.#witnesses.some((one) => Buffer.compare(one.vkey.publicKey, vkey.publicKey) === 0)) {
      throw wrong(line, 'another witness has the same key: it would count twice')
    }
    if (url !== undefined && (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))) {
      throw wrong(line, 'the address is no URL')
    }
    const where = url === undefined ? {} : { url: url.replace(/\/+$/, '') }
    this.#witnesses.push({ name, vkey, ...where })
  }

  #group([name = '', threshold = '', ...members]: readonly string[], line: number): void {
    if (members.length > MEMBERS_MAX) throw wrong(line, 'the group has too many members')
    for (const member of members) {
      if (!this.#names.has(member)) throw wrong(line, 'a member is not defined before')
      if (this.#grouped.has(member)) throw wrong(line, 'a member is in a group already')
      this.#grouped.add(member)
    }
    this.#define(name, line)
    const needed =
      threshold === 'any' ? 1 : threshold === 'all' ? members.length : Number(threshold)
    if (!/^(?:any|all|[1-9]\d{0,2})$/.test(threshold) || needed > members.length) {
      throw wrong(line, 'how many are needed is any, all, or a number of them')
    }
    this.#groups.set(name, { needed, members })
  }

  #define(name: string, line: number): void {
    if (name === 'none' || this.#names.has(name)) throw wrong(line, 'the name is taken')
    this.#names.add(name)
  }
}

function wrong(line: number, why: string): Error {
  return fault('tlog.policy', `line ${line} of the policy: ${why}`)
}
