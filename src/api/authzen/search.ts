// Holds the AuthZEN searches, for operators: who could, on what, which actions; page by page, nothing recorded.

import type { z } from 'zod'
import { base64url, sha256, utf8 } from '../../std/bytes.ts'
import { stringifyJson, type Json } from '../../std/json.ts'
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
/** Results of one page at most. */
const MOST_RESULTS = 1_000
/** Candidates that are looked at for one page: a page may be short, and its token leads on. */
const MOST_LOOKED = 10_000

type Answer = z.input<typeof SearchAnswer>
type Page = z.output<typeof SubjectSearch>['page']
type Ports = Pick<ControlPorts, 'authority' | 'identities'>

/** What stays the same from page to page: a token of another search leads nowhere (§8.2). */
function queryOf({ page, ...query }: { readonly page?: Page }): string {
  const text = stringifyJson({ ...query, limit: page?.limit ?? null } as unknown as Json)
  return base64url(sha256(utf8(text))).slice(0, 22)
}

/** The key after which a page begins. Throws `authzen.page`. */
function begin(token: string, query: string): string {
  if (token === '') return ''
  const [of, key = ''] = token.split('.')
  const after = Buffer.from(key, 'base64url').toString('utf8')
  if (of !== query || `${query}.${base64url(utf8(after))}` !== token) {
    throw authzenFault('authzen.page', 'this is no token of a page of this search')
  }
  return after
}

/** A page of the candidates that are found, sorted by key; the token names the last that was looked at, and the search. */
function paged<T>(
  candidates: readonly { readonly key: string; readonly result: T }[],
  found: (key: string) => boolean,
  asked: { readonly page?: Page },
): { results: T[]; page: Answer['page'] } {
  const { page } = asked
  const query = queryOf(asked)
  const after = begin(page?.token ?? page?.next_token ?? '', query)
  const rest = candidates.filter(({ key }) => key > after).sort((a, b) => (a.key < b.key ? -1 : 1))
  const most = Math.min(page?.limit ?? PAGE, MOST_RESULTS)
  const results: T[] = []
  let last = after
  let looked = 0
  for (const { key, result } of rest) {
    if (results.length >= most || looked >= MOST_LOOKED) break
    looked += 1
    last = key
    if (found(key)) results.push(result)
  }
  const next = looked < rest.length ? `${query}.${base64url(utf8(last))}` : ''
  return { results, page: { next_token: next, count: results.length } }
}

/** Live instances that could do it (§8.4). */
export function searchSubjects(
  asked: z.output<typeof SubjectSearch>,
  { identities }: Ports,
  point: DecisionPoint,
): Answer {
  const { subject, action, resource } = asked
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
    asked,
  )
}

/** Systems on which it could do it (§8.5). */
export function searchResources(
  asked: z.output<typeof ResourceSearch>,
  { authority }: Ports,
  point: DecisionPoint,
): Answer {
  const { subject, action, resource } = asked
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
      point.could({
        ...instance,
        system,
        action: action.name,
        ...(input !== undefined && { input }),
      }),
    asked,
  )
}

/** Actions of the system that it could do (§8.6). */
export function searchActions(
  asked: z.output<typeof ActionSearch>,
  { authority }: Ports,
  point: DecisionPoint,
): Answer {
  const { subject, resource } = asked
  const instance = instanceOf(subject)
  const system = systemOf(resource)
  const actions = authority.systems.get(system)?.actions ?? []
  const candidates = actions.map(({ name }) => ({ key: name, result: { name } }))
  return paged(candidates, (action) => point.could({ ...instance, system, action }), asked)
}
