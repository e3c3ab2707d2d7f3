// Holds what people are told of credentials: what is due, ends, stood in clear, or is one account for many.

import { rfc3339, type Clock } from '../../std/clock.ts'
import type { Secret } from '../../store/rows/secret.ts'
import type { Conclusion, Findings } from '../findings/findings.ts'
import type { SecretChange, Secrets } from './secrets.ts'
import type { CredentialUsage } from './usage.ts'

const DAY = 86_400_000
/** How long before its end people are told (ms). */
const AHEAD_MS = 7 * DAY
/** How often credentials are looked at (ms, monotonic). */
const LOOK_MS = 30_000

/** Rules of these findings. */
const CREDENTIAL_RULES = [
  'credential-due',
  'credential-ending',
  'credential-exposed',
  'credential-shared-systems',
  'credential-shared-agents',
] as const

type Rule = (typeof CREDENTIAL_RULES)[number]

/** A concern about one value; `key` is equal for what people need not be told twice. */
interface Concern {
  readonly key: string
  readonly conclusion: Conclusion
}

/** What concerns are found in. */
export interface ConcernParts {
  readonly secrets: Pick<Secrets, 'list'>
  readonly usage: CredentialUsage
  readonly findings: Pick<Findings, 'list' | 'raise' | 'close'>
  readonly clock: Clock
}

/** Raises findings about credentials, once for each, and closes those that a new value answers. */
export class CredentialConcerns {
  readonly #parts: ConcernParts
  #lookedAt = Number.NEGATIVE_INFINITY

  constructor(parts: ConcernParts) {
    this.#parts = parts
  }

  /** Looks at every credential, if some time has passed since it did. */
  async sweep(): Promise<void> {
    const now = this.#parts.clock.monotonic()
    if (now - this.#lookedAt < LOOK_MS) return
    this.#lookedAt = now
    await this.look()
  }

  /** Looks at every credential now. */
  async look(): Promise<void> {
    const { secrets, usage, findings, clock } = this.#parts
    for (const { key, conclusion } of concernsOf(secrets.list(), usage, clock.now())) {
      const { system, name } = conclusion.facts
      if (typeof system !== 'string' || typeof name !== 'string') continue
      if (usage.get(system, name)?.told.includes(key) === true) continue
      // Told first: what is written after a crash between the two is one finding more, and none less.
      await findings.raise(conclusion)
      usage.tell(system, name, key)
    }
  }

  /** A new value answers everything that was found about the old one, and a person's word that it was replaced what stood in clear. */
  async changed(secret: Secret, change: SecretChange, person: string): Promise<void> {
    const { usage } = this.#parts
    const { system, name, version = 1 } = secret
    const words = { stored: 'a value was stored', rotated: 'it was replaced at the provider' }
    const reason = change === 'removed' ? 'it was removed' : words[change]
    if (change === 'rotated') {
      await this.#answered(secret, { person, reason, rules: ['credential-exposed'] })
      return
    }
    await this.#answered(secret, {
      person,
      reason,
      before: change === 'removed' ? Infinity : version,
    })
    if (usage.get(system, name) !== undefined && change === 'removed') usage.reset(system, name)
  }

  async #answered(
    { system, name }: Pick<Secret, 'system' | 'name'>,
    of: {
      readonly person: string
      readonly reason: string
      readonly rules?: readonly Rule[]
      /** Only what is about versions before this one. */
      readonly before?: number
    },
  ): Promise<void> {
    const { findings } = this.#parts
    const rules: readonly string[] = of.rules ?? CREDENTIAL_RULES
    for (const { id, rule, facts } of findings.list()) {
      if (!rules.includes(rule) || facts['system'] !== system || facts['name'] !== name) continue
      if (Number(facts['version']) >= (of.before ?? Infinity)) continue
      await findings.close(id, of)
    }
  }
}

/** Everything that people should know of these credentials now. Equal values are known by their keyed commitments. */
function concernsOf(
  secrets: readonly Secret[],
  usage: Pick<CredentialUsage, 'get'>,
  now: number,
): readonly Concern[] {
  const alike = new Map<string, Secret[]>()
  for (const secret of secrets) {
    const same = secret.commitment ?? secret.reference
    if (same === undefined) continue
    alike.set(same, [...(alike.get(same) ?? []), secret])
  }
  return secrets.flatMap((secret) => {
    const others = (alike.get(secret.commitment ?? secret.reference ?? '') ?? []).filter(
      ({ system }) => system !== secret.system,
    )
    const agents = usage.get(secret.system, secret.name)?.usedBy.map(({ agent }) => agent) ?? []
    return [...dated(secret, now), ...exposed(secret), ...shared(secret, others, agents, now)]
  })
}

function concern(
  secret: Secret,
  of: Pick<Conclusion, 'severity' | 'summary' | 'at'> & { readonly rule: Rule },
  more: Readonly<Record<string, string | number>> = {},
): Concern {
  const { system, name, version = 1 } = secret
  const facts = { system, name, version, ...more }
  return { key: `${of.rule}@v${version}`, conclusion: { ...of, facts } }
}

/** When a new value is due, ms since the epoch; undefined where nobody asked for one. */
export function dueAt({ rotateEveryMs, storedAt }: Secret): number | undefined {
  return rotateEveryMs === undefined ? undefined : storedAt + rotateEveryMs
}

function dated(secret: Secret, now: number): Concern[] {
  const { system, name, expiresAt } = secret
  const due = dueAt(secret)
  const found: Concern[] = []
  if (due !== undefined && due <= now) {
    const summary = `${name} of ${system} was due to be replaced on ${rfc3339(due).slice(0, 10)}`
    found.push(concern(secret, { rule: 'credential-due', severity: 'medium', summary, at: now }))
  }
  if (expiresAt !== undefined && expiresAt - AHEAD_MS <= now) {
    const when = `${expiresAt <= now ? 'ended' : 'ends'} on ${rfc3339(expiresAt).slice(0, 10)}`
    const summary = `${name} of ${system} ${when}`
    found.push(concern(secret, { rule: 'credential-ending', severity: 'medium', summary, at: now }))
  }
  return found
}

function exposed(secret: Secret): Concern[] {
  const { system, name } = secret
  if (secret.exposed === undefined) return []
  const { reason, at } = secret.exposed
  const summary = `rotate ${name} of ${system} at its provider: ${reason}`
  return [concern(secret, { rule: 'credential-exposed', severity: 'high', summary, at })]
}

function shared(
  secret: Secret,
  others: readonly Secret[],
  agents: readonly string[],
  now: number,
): Concern[] {
  const { system, name } = secret
  const found: Concern[] = []
  const [other] = others
  if (other !== undefined) {
    const summary = `${name} of ${system} is the same as ${other.name} of ${other.system}: who has one has both`
    const more = { other: `${other.system}/${other.name}`, others: others.length }
    const of = { rule: 'credential-shared-systems', severity: 'medium', summary, at: now } as const
    found.push(concern(secret, of, more))
  }
  if (agents.length > 1) {
    const summary = `${agents.length} agents are one account to ${system}: it cannot tell their calls apart by ${name}`
    const more = { agents: agents.slice(0, 8).join(' '), count: agents.length }
    const of = { rule: 'credential-shared-agents', severity: 'low', summary, at: now } as const
    found.push(concern(secret, of, more))
  }
  return found
}
