// Holds the replay of gateways: removals, used join tokens, certificates and systems that the log took away, in an older database (INV-13).

import type { AuditLog } from '../../audit/log.ts'
import type { LoggedRecord } from '../../audit/log-reader.ts'
import { textOf } from '../../std/json.ts'
import type { Store } from '../../store/open.ts'
import type { Gateway } from '../../store/rows/gateway.ts'
import { receiptOf, recorded } from '../recorded.ts'
import { CERTIFICATE_MS, MOST_CERTIFICATES } from './certified.ts'
import { AWAY_MS } from './gateways.ts'

interface Ports {
  readonly audit: Pick<AuditLog, 'tail'>
  readonly store: Pick<Store, 'gateways'>
  readonly clock: { now(): number }
}

/** What the log says of one gateway; of each kind the newest comes first. */
interface Said {
  readonly removed: readonly LoggedRecord[]
  readonly assigned: readonly LoggedRecord[]
  readonly invited: readonly LoggedRecord[]
  readonly enrolled: readonly LoggedRecord[]
  readonly renewed: readonly LoggedRecord[]
}

/** Takes from gateways what the log took from them and the rows still have. Says how many it changed. */
export async function replayGateways({ audit, clock, store }: Ports): Promise<number> {
  const rows = await store.gateways.all({ state: ['invited', 'active'] })
  if (rows.length === 0) return 0
  const by = async (types: readonly string[], oldest?: number) => {
    const all = new Map<string, LoggedRecord[]>()
    for (const type of types) {
      for await (const logged of recorded(audit, type, oldest)) {
        const id = textOf(logged.record.body['gateway'])
        all.set(id, [...(all.get(id) ?? []), logged])
      }
    }
    return (id: string) => (all.get(id) ?? []).sort((a, b) => b.index - a.index)
  }
  const removed = await by(['gateway.removed'])
  const assigned = await by(['gateway.added', 'gateway.changed'])
  const invited = await by(['gateway.added', 'gateway.invited'])
  const enrolled = await by(['gateway.enrolled'])
  // Nothing older than the oldest certificate that a row goes by can have taken its place.
  const newest = rows.map(({ doc }) => doc.certificates.at(-1)?.notAfter ?? Infinity)
  const oldest = Math.max(Math.min(...newest) - CERTIFICATE_MS, clock.now() - AWAY_MS)
  const renewed = await by(['gateway.renewed'], oldest)
  let count = 0
  for (const held of rows) {
    const { id } = held.doc
    const kept = keptOf(held.doc, {
      removed: removed(id),
      assigned: assigned(id),
      invited: invited(id),
      enrolled: enrolled(id),
      renewed: renewed(id),
    })
    if (kept === undefined) continue
    await store.gateways.replace(held, kept.doc, receiptOf(kept.said))
    count += 1
  }
  return count
}

interface Kept {
  readonly doc: Gateway
  /** The record that the row names from here on. */
  readonly said: LoggedRecord
}

/** What the log leaves of one; undefined where that is no less than the row says. */
function keptOf(doc: Gateway, said: Said): Kept | undefined {
  const [end] = said.removed
  if (end !== undefined) return { doc: ended(doc, end), said: end }
  const steps = [withoutToken, withoutCertificates, withoutSystems]
  let kept: Kept | undefined
  for (const step of steps) kept = step(kept?.doc ?? doc, said) ?? kept
  return kept
}

function ended({ tokenHash: _hash, tokenEnds: _ends, ...doc }: Gateway, end: LoggedRecord) {
  const { body, person = '', ts } = end.record
  const removed = { by: person, reason: textOf(body['reason']), at: Date.parse(ts) }
  return { ...doc, state: 'removed', certificates: [], removed } as const
}

/** A join token that was used, or that another one has replaced, is none. */
function withoutToken(doc: Gateway, { enrolled, invited }: Said): Kept | undefined {
  const { tokenEnds: _ends, tokenHash, ...rest } = doc
  if (tokenHash === undefined) return undefined
  const isIt = ({ record }: LoggedRecord): boolean => record.body['join_token'] === tokenHash
  const [last] = invited
  const said = enrolled.find(isIt) ?? (last === undefined || isIt(last) ? undefined : last)
  return said === undefined ? undefined : { doc: rest, said }
}

/** Certificates from before it enrolled anew are worth nothing, and so are those that as many as a row knows have followed. */
function withoutCertificates(doc: Gateway, { enrolled, renewed }: Said): Kept | undefined {
  const [since] = enrolled
  if (since === undefined) return undefined
  const issued = [since, ...renewed.filter(({ index }) => index > since.index)]
  const later = (notAfter: number) => issued.filter((one) => endOf(one) > notAfter)
  const certificates = doc.certificates.filter(
    ({ notAfter }) => notAfter >= endOf(since) && later(notAfter).length < MOST_CERTIFICATES,
  )
  if (certificates.length === doc.certificates.length) return undefined
  return { doc: { ...doc, certificates }, said: renewed[0] ?? since }
}

function endOf({ record }: LoggedRecord): number {
  return Date.parse(textOf(record.body['not_after']))
}

/** Systems and names that were taken from it stay taken. */
function withoutSystems(doc: Gateway, { assigned: [last] }: Said): Kept | undefined {
  if (last === undefined) return undefined
  const { body } = last.record
  const systems = fewer(doc.systems, body['systems'])
  const hosts = fewer(doc.hosts, body['hosts']) ?? []
  const same = systems?.length === doc.systems?.length && hosts.length === doc.hosts.length
  return same ? undefined : { doc: { ...doc, systems, hosts }, said: last }
}

/** What both name; null is everything. */
function fewer(row: readonly string[] | null, said: unknown): readonly string[] | null {
  if (!Array.isArray(said)) return row
  return row === null ? said.map(String) : row.filter((one) => said.includes(one))
}
