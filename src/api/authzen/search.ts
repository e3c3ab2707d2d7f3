// Holds the AuthZEN searches, for operators: who could, on what, which actions; page by page, nothing recorded.

import type { z } from 'zod'
import type {
  ActionSearch,
  ResourceSearch,
  SearchAnswer,
  SubjectSearch,
} from '../../wire/api/authzen.ts'
import type { ControlPorts } from '../ports.ts'
import type { DecisionPoint } from './decision-point.ts'
import { authzenFault } from './faults.ts'
import { instanceOf, systemOf, tree } from './question.ts'

/** Results of one page where nothing is said. */
const PAGE = 100
/** Candidates that are looked at for one page: a page may be short, and its token leads on. */
const MOST_LOOKED = 10_000

type Answer = z.input<typeof SearchAnswer>
type Page = z.output<typeof SubjectSearch>['page']
type Ports = Pick<ControlPorts, 'authority' | 'identities'>

/** A page of the candidates that are found, sorted by key; the token is the key of the last that was looked at. */
function paged<T>(
  candidates: readonly { readonly key: string; readonly result: T }[],
  found: (key: string) => boolean,
  page: Page,
): { results: T[]; page: Answer['page'] } {
  const token = page?.token ?? page?.next_token ?? ''
  const after = token === '' ? '' : Buffer.from(token, 'base64url').toString('utf8')
  if (token !== '' && Buffer.from(after, 'utf8').toString('base64url') !== token) {
    throw authzenFault('authzen.page', 'this is no token of a page')
  }
  const rest = candidates.filter(({ key }) => key > after).sort((a, b) => (a.key < b.key ? -1 : 1))
  const results: T[] = []
  let last = ''
  let looked = 0
  for (const { key, result } of rest) {
    if (results.length >= (page?.limit ?? PAGE) || looked >= MOST_LOOKED) break
    looked += 1
    last = key
    if (found(key)) results.push(result)
  }
  const more = looked < rest.length
  return {
    results,
    page: {
      next_token: more ? Buffer.from(last, 'utf8').toString('base64url') : '',
      count: results.length,
      total: candidates.length,
    },
  }
}

/** Live instances that could do it (§8.4). */
export function searchSubjects(
  { subject, action, resource, page }: z.output<typeof SubjectSearch>,
  { identities }: Ports,
  point: DecisionPoint,
): Answer {
  if (subject.type !== 'instance') {
    throw authzenFault('authzen.subject', 'the only type of a subject is `instance`')
  }
  const system = systemOf(resource)
  const candidates = identities.list().map(({ instance }) => ({
    key: instance,
    result: { type: 'instance', id: instance },
  }))
  const input = action.properties && tree(action.properties)
  return paged(
    candidates,
    (instance) =>
      point.could({ instance, system, action: action.name, ...(input !== undefined && { input }) }),
    page,
  )
}

/** Systems on which it could do it (§8.5). */
export function searchResources(
  { subject, action, resource, page }: z.output<typeof ResourceSearch>,
  { authority }: Ports,
  point: DecisionPoint,
): Answer {
  if (resource.type !== 'system') {
    throw authzenFault('authzen.resource', 'the only type of a resource is `system`')
  }
  const instance = instanceOf(subject)
  const candidates = authority.systems.list().map(({ definition }) => ({
    key: definition.name,
    result: { type: 'system', id: definition.name },
  }))
  const input = action.properties && tree(action.properties)
  return paged(
    candidates,
    (system) =>
      point.could({ instance, system, action: action.name, ...(input !== undefined && { input }) }),
    page,
  )
}

/** Actions of the system that it could do (§8.6). */
export function searchActions(
  { subject, resource, page }: z.output<typeof ActionSearch>,
  { authority }: Ports,
  point: DecisionPoint,
): Answer {
  const instance = instanceOf(subject)
  const system = systemOf(resource)
  const actions = authority.systems.get(system)?.actions ?? []
  const candidates = actions.map(({ name }) => ({ key: name, result: { name } }))
  return paged(candidates, (action) => point.could({ instance, system, action }), page)
}
