// Holds the applying of policies: compiled against what is pinned, recorded, and only then in force.

import type { PolicyChange } from '../api/ports.ts'
import type { AuditLog } from '../audit/log.ts'
import type { Authority } from '../authority/open.ts'
import { normalised } from '../policy/life/clause.ts'
import type { PolicySource } from '../policy/load.ts'
import type { Problem } from '../policy/problem.ts'
import type { PolicySet } from '../policy/set.ts'
import { standingOf } from './isolation.ts'
import { LivePolicy } from './live-policy.ts'

/** The parts that applying needs. */
export interface PolicyParts {
  readonly authority: Pick<Authority, 'systems' | 'policies' | 'proposals' | 'governance'>
  readonly policy: LivePolicy
  /** Whether the environment has a second administrator agree; the rule of governance may say so as well. */
  readonly fourEyes?: boolean
}

/** What is to be in force, on whose word. */
export interface PolicyWish {
  readonly sources: readonly PolicySource[]
  /** Person id. */
  readonly person: string
  readonly reason: string
  readonly dryRun: boolean
  /** Id of the version whose text this is again. */
  readonly rollbackOf?: string
}

/**
 * Holds the rows against the newest word of the log on policies (INV-13): a database that was put back from a backup says that an
 * older version is in force, which somebody replaced for a reason. Run before `restorePolicy`.
 */
export async function hearPolicy(
  { policies }: Pick<Authority, 'policies'>,
  audit: Pick<AuditLog, 'tail'>,
): Promise<void> {
  const [newest] = await audit.tail({ type: 'policy.applied', limit: 1 })
  const version = newest?.record.body['version']
  if (typeof version === 'string') policies.heard(version)
}

/** Why nothing is in force after a backup was put back. */
const OUTDATED: Problem = {
  file: 'policies',
  line: 1,
  column: 1,
  code: 'policy.outdated',
  message: 'the record knows of a later version than the database does, so none is in force',
  help: 'apply the policies that are to be in force: bailiwick policy apply',
}

/** Brings back the version that was applied last. What does not compile leaves nothing in force, and says why. */
export function restorePolicy({ authority, policy }: PolicyParts): void {
  const current = authority.policies.current()
  if (authority.policies.outdated) return policy.keep([OUTDATED])
  if (current === undefined) return
  const standing = standingOf(current.sources, authority.systems.list())
  if (standing.ok) policy.put(standing.set, current.sources, standing.isolated)
  else policy.keep(standing.problems)
}

/**
 * Applies a whole set on a person's word, or tells what applying it would change; where two have to agree, it is proposed. An invalid
 * set changes nothing.
 */
export function applyPolicies(parts: PolicyParts, of: PolicyWish): Promise<PolicyChange> {
  // One after the other with pins: what is put in force was compiled against what is pinned then.
  return parts.policy.turns.run(() => applyInTurn(parts, of))
}

async function applyInTurn(parts: PolicyParts, of: PolicyWish): Promise<PolicyChange> {
  const { authority, policy } = parts
  const fourEyes = parts.fourEyes === true || authority.governance.rule.now.policies === 'on'
  const compiled = LivePolicy.compile(of.sources, pinned(authority))
  if (!compiled.ok) return compiled
  const { set, warnings } = compiled
  const change = { digest: set.digest, ...difference(policy.set, set), warnings }
  const wanted = { digest: set.digest, sources: of.sources }
  if (of.dryRun) return { ok: true, applied: false, ...change }
  // What is in force already needs nobody's word.
  const current = authority.policies.current()
  const same = current?.digest === set.digest && !authority.policies.outdated
  if (fourEyes && !same) {
    const { id } = await authority.proposals.propose(wanted, of)
    return { ok: true, applied: false, ...change, proposal: id }
  }
  await authority.policies.apply(wanted, of)
  policy.put(set, of.sources)
  return { ok: true, applied: true, ...change }
}

/** Puts the text of an earlier version in force again, as a new version, if it holds with what is pinned now. */
export async function rollbackPolicies(
  parts: PolicyParts,
  of: Omit<PolicyWish, 'sources' | 'rollbackOf'> & { readonly version: string },
): Promise<PolicyChange> {
  const { id, sources } = await parts.authority.policies.find(of.version)
  return applyPolicies(parts, { ...of, sources, rollbackOf: id })
}

/** Approves what another administrator proposed, and puts it in force; what does not hold any more stays proposed. */
export function approveProposal(parts: PolicyParts, of: Approving): Promise<PolicyChange> {
  return parts.policy.turns.run(() => approveInTurn(parts, of))
}

interface Approving {
  readonly proposal: string
  /** Person id. */
  readonly person: string
  readonly reason: string
}

async function approveInTurn(
  { authority, policy }: PolicyParts,
  of: Approving,
): Promise<PolicyChange> {
  const waiting = authority.proposals.find(of.proposal)
  const compiled = LivePolicy.compile(waiting.sources, pinned(authority))
  if (!compiled.ok) return compiled
  const { set, warnings } = compiled
  const change = { digest: set.digest, ...difference(policy.set, set), warnings }
  const { id, sources, person, reason } = await authority.proposals.approve(of.proposal, of)
  const word = { person, reason, approvedBy: of.person, proposal: id }
  await authority.policies.apply({ digest: set.digest, sources }, word)
  policy.put(set, sources)
  return { ok: true, applied: true, ...change }
}

/** What proposals would change, as they stand now. */
export function proposedChange(
  { authority, policy }: PolicyParts,
  sources: readonly PolicySource[],
): PolicyChange {
  const compiled = LivePolicy.compile(sources, pinned(authority))
  if (!compiled.ok) return compiled
  const { set, warnings } = compiled
  return { ok: true, applied: false, digest: set.digest, ...difference(policy.set, set), warnings }
}

function pinned(authority: PolicyParts['authority']) {
  return authority.systems.list().map(({ definition }) => definition)
}

function difference(before: PolicySet, after: PolicySet) {
  const old = texts(before)
  const now = texts(after)
  return {
    added: [...now.keys()].filter((id) => !old.has(id)),
    removed: [...old.keys()].filter((id) => !now.has(id)),
    changed: [...now].filter(([id, text]) => old.has(id) && old.get(id) !== text).map(([id]) => id),
  }
}

/** Policies by id, in a form that is equal where nothing but space and comments differ. */
function texts(set: PolicySet): Map<string, string> {
  return new Map([...set.policies].map(([id, { text }]) => [id, normalised(text)]))
}
