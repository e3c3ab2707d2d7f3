// Holds what pages read: one function a question, the same key for the same answer wherever it is shown.

import { keepPreviousData, queryOptions, useQuery } from '@tanstack/react-query'
import { get, part } from './api.ts'
import type {
  Agent,
  ApprovalSummary,
  Finding,
  Gateway,
  Lock,
  LockShown,
  Person,
  Status,
  System,
  WhoAmI,
} from '../../src/sdk/types.ts'

/** How often what changes by itself is asked for again while somebody looks (ms). */
const FRESH_MS = 5_000

/** A question that is asked again by itself. `path` and `query` are its key. */
export function reading<T>(
  path: string,
  query: Readonly<Record<string, string | number | undefined>> = {},
  everyMs: number | false = FRESH_MS,
) {
  return queryOptions({
    queryKey: [path, query],
    queryFn: ({ signal }) => get<T>(path, query, signal),
    refetchInterval: everyMs,
    placeholderData: keepPreviousData,
  })
}

export const whoAmI = reading<WhoAmI>('/v1/whoami', {}, 60_000)
export const status = reading<Status>('/v1/status')
export const locks = reading<{ locks: Lock[] }>('/v1/locks')
export const findings = reading<{ findings: Finding[] }>('/v1/findings')
export const gateways = reading<{ gateways: Gateway[]; address: string | null }>('/v1/gateways')
export const approvals = reading<{ approvals: ApprovalSummary[] }>('/v1/approvals', {
  state: 'open',
})
export const systems = reading<{ systems: System[] }>('/v1/systems', {}, 15_000)
export const people = reading<{ people: Person[] }>('/v1/people', {}, 30_000)
export const agent = (name: string) => reading<Agent>(`/v1/agents/${part(name)}`)

/** How often a lock is looked at while a gateway has not answered yet (ms). */
const ANSWERS_MS = 500

/** A lock with what came of it: asked for often until every gateway that can be told has said so. */
export const lock = (id: string) =>
  queryOptions({
    ...reading<LockShown>(`/v1/locks/${part(id)}`),
    refetchInterval: ({ state: { data } }) =>
      data === undefined || data.gateways.some(({ state }) => state === 'waiting')
        ? ANSWERS_MS
        : FRESH_MS,
  })

/** Whether the person may do what takes a role. Pages hide what would be refused; the API refuses all the same. */
export function useMay(role: 'operator' | 'administrator' | 'auditor' | 'investigator'): boolean {
  const roles = useQuery(whoAmI).data?.person.roles ?? []
  const opens = {
    operator: ['operator', 'administrator'],
    administrator: ['administrator'],
    auditor: ['auditor', 'administrator', 'investigator'],
    investigator: ['investigator'],
  }[role]
  return roles.some((one) => opens.includes(one))
}
