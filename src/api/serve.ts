// Holds how a route is served: who asks, may they, what do they send, what do they get; in this order, for every route.

import { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { z, ZodError, ZodObject, ZodType } from 'zod'
import { stringifyJson, type Json } from '../std/json.ts'
import { GovernanceChange } from '../wire/api/governance.ts'
import { Problem } from '../wire/api/problem.ts'
import {
  mayUse,
  neededRoles,
  ROUTES,
  type Access,
  type ClosedRoute,
  type EnforcedRoute,
  type OpenRoute,
  type Route,
  type SessionRoute,
} from './access.ts'
import { Askers, type Asker } from './asker.ts'
import { bodyTree, readBody } from './body.ts'
import { fault } from './faults.ts'
import { formTree } from './form.ts'
import { enforcerOf, type Enforcer } from './authzen/enforcer-of.ts'
import type { ControlPorts } from './ports.ts'
import { DetailedFault } from './problem.ts'
import { Refusals, type RefusedParty } from './refused.ts'
import { checkOwnPage, type SignedIn } from './session/session-of.ts'
import { toLogin, withOwnCookies } from './session/way-in.ts'

/** What Hono carries along one request. */
export interface ControlEnv {
  Variables: { requestId: string }
}

/** An answer that is no JSON. */
export interface TextAnswer {
  readonly media: string
}

/** What a route takes and gives. */
export interface Endpoint {
  /** One line, for the OpenAPI document. */
  readonly summary: string
  readonly params?: ZodObject
  readonly query?: ZodObject
  readonly body?: ZodType
  /** Bytes of a body, where more than 1 MiB is taken. */
  readonly bodyLimit?: number
  /** In place of a body: fields that a page of ours sends. */
  readonly form?: ZodObject
  readonly answer: ZodType | TextAnswer
  /** True where it may be a change of who governs: it is answered with 202 where somebody else has to agree first. */
  readonly governed?: true
}

type Read<T> = T extends ZodType ? z.output<T> : undefined

/** A request whose every part fits its schema. */
export interface Asked<E extends Endpoint> {
  readonly params: Read<E['params']>
  readonly query: Read<E['query']>
  readonly body: Read<E['body']>
  readonly form: Read<E['form']>
  readonly request: Request
}

/** The same, with the person who asks. */
export interface AskedBy<E extends Endpoint> extends Asked<E>, Asker {}

/** The same, from a browser that is signed in. */
export interface AskedIn<E extends Endpoint> extends Asked<E> {
  readonly signedIn: SignedIn
}

/** The same, from a registered enforcer. */
export interface AskedByEnforcer<E extends Endpoint> extends Asked<E> {
  readonly enforcer: Enforcer
}

type Answer<E extends Endpoint> =
  | (E['answer'] extends ZodType ? z.input<E['answer']> : Response)
  | (E['governed'] extends true ? Response : never)

/** What serving needs, whatever the route. */
type SurfacePorts = Pick<ControlPorts, 'audit' | 'authority' | 'clock' | 'decisions' | 'failed'>

/** The routes as they are put together. */
export class Surface {
  readonly app = new OpenAPIHono<ControlEnv>()
  readonly #askers: Askers
  readonly #served = new Set<Route>()
  readonly #refusals: Refusals
  readonly #ports: SurfacePorts

  constructor(ports: SurfacePorts) {
    this.#ports = ports
    this.#askers = new Askers(ports.authority, ports.clock)
    this.#refusals = new Refusals(ports)
  }

  /** Serves a route that needs no credential. */
  open<const E extends Endpoint>(
    route: OpenRoute,
    endpoint: E,
    handle: (asked: Asked<E>) => Answer<E> | Promise<Answer<E>>,
  ): void {
    this.#serve(route, endpoint, async (c) =>
      handle(parts(endpoint, c, await readBody(c.req.raw)) as Asked<E>),
    )
  }

  /** Serves a route to people who may use it. */
  closed<const E extends Endpoint>(
    route: ClosedRoute,
    endpoint: E,
    handle: (asked: AskedBy<E>) => Answer<E> | Promise<Answer<E>>,
  ): void {
    const access = ROUTES[route]
    const [method] = split(route)
    this.#serve(route, endpoint, async (c) => {
      const { raw } = c.req
      // HEAD would be answered as GET, whose stream nobody would then read or end.
      if (raw.method !== method) throw fault('api.method', `this path takes ${method}`)
      const claim = this.#askers.identify(raw)
      const body = await readBody(raw, endpoint.bodyLimit)
      const asker = this.#askers.admit(claim, body)
      return this.#recorded(route, { person: asker.person.id }, () => {
        if (!mayUse(access, asker.person.roles)) {
          const needed = neededRoles(access)?.join('` or `') ?? ''
          throw fault('api.role', `only who holds the role \`${needed}\` may do this`)
        }
        return handle({ ...parts(endpoint, c, body), ...asker } as AskedBy<E>)
      })
    })
  }

  /** Serves a route to browsers that are signed in. A page that is asked for by nobody leads to signing in. */
  signedIn<const E extends Endpoint>(
    route: SessionRoute,
    endpoint: E,
    handle: (asked: AskedIn<E>) => Answer<E> | Promise<Answer<E>>,
  ): void {
    this.#serve(route, endpoint, async (c) => {
      const { raw } = c.req
      if (raw.method === 'GET') {
        const again = withOwnCookies(raw)
        if (again !== undefined) return again
      } else checkOwnPage(raw)
      const signedIn = this.#askers.find(raw)
      if (signedIn === undefined && raw.method === 'GET') return toLogin(raw)
      if (signedIn === undefined) throw fault('session.missing', 'nobody is signed in here')
      const body = await readBody(raw)
      return this.#recorded(route, { person: signedIn.person.id }, () =>
        handle({ ...parts(endpoint, c, body), signedIn } as AskedIn<E>),
      )
    })
  }

  /** Serves a route to registered enforcers. */
  enforced<const E extends Endpoint>(
    route: EnforcedRoute,
    endpoint: E,
    handle: (asked: AskedByEnforcer<E>) => Answer<E> | Promise<Answer<E>>,
  ): void {
    this.#serve(route, endpoint, async (c) => {
      const { raw } = c.req
      const enforcer = enforcerOf(raw, this.#ports)
      const body = await readBody(raw)
      return this.#recorded(route, { enforcer: enforcer.name }, () =>
        handle({ ...parts(endpoint, c, body), enforcer } as AskedByEnforcer<E>),
      )
    })
  }

  /** Answers somebody who is known; where they are refused, that is a record before they are told. */
  async #recorded<T>(route: Route, party: RefusedParty, answer: () => T | Promise<T>): Promise<T> {
    try {
      return await answer()
    } catch (error) {
      await this.#refusals.note(route, party, error)
      throw error
    }
  }

  /** Routes of the table that nobody serves; empty once everything is put together. */
  missing(): Route[] {
    return (Object.keys(ROUTES) as Route[]).filter((route) => !this.#served.has(route))
  }

  #serve(
    route: Route,
    endpoint: Endpoint,
    answer: (c: Context<ControlEnv>) => Promise<unknown>,
  ): void {
    const [method, path] = split(route)
    this.#served.add(route)
    this.#document(route, endpoint)
    this.app.on(method, path.replaceAll(/\{(\w+)\}/g, ':$1'), async (c) => {
      const given = await answer(c)
      if (given instanceof Response) return given
      // Trees of ours: exact numbers in them keep their text, which JSON.stringify would not do.
      const text = stringifyJson(given as Json)
      return new Response(text, { headers: { 'content-type': 'application/json' } })
    })
  }

  #document(
    route: Route,
    { summary, params, query, body, form, answer, governed }: Endpoint,
  ): void {
    const [method, path] = split(route)
    const noun = /^\/v1\/([a-z]+)/.exec(path)?.[1] ?? 'public'
    const content =
      'media' in answer
        ? { [answer.media]: { schema: { type: 'string' as const } } }
        : { 'application/json': { schema: answer } }
    const access = ROUTES[route]
    const security = SECURITY[access]
    const [media, schema] =
      form === undefined
        ? (['application/json', body] as const)
        : (['application/x-www-form-urlencoded', form] as const)
    this.app.openAPIRegistry.registerPath({
      method: method.toLowerCase() as 'get' | 'post' | 'patch',
      path,
      summary,
      tags: [noun],
      ...(access !== 'nobody' && { security, description: `Needs: ${access}.` }),
      request: {
        ...(params !== undefined && { params }),
        ...(query !== undefined && { query }),
        ...(schema !== undefined && {
          body: { required: true, content: { [media]: { schema } } },
        }),
      },
      responses: {
        200: { description: 'done', content },
        ...(governed === true && { 202: PROPOSED }),
        default: {
          description: 'refused',
          content: { 'application/problem+json': { schema: Problem } },
        },
      },
    })
  }
}

/** A change of who governs that waits for somebody else. */
const PROPOSED = {
  description: 'proposed: another administrator has to agree, or time has to pass',
  content: { 'application/json': { schema: GovernanceChange } },
}

const PERSON = [{ operator: [] }, { session: [] }]

/** What opens the routes of each kind, in the words of the OpenAPI document. */
const SECURITY: Readonly<Record<Access, Record<string, string[]>[]>> = {
  nobody: [],
  session: [{ session: [] }],
  enforcer: [{ enforcer: [] }],
  person: PERSON,
  viewer: PERSON,
  auditor: PERSON,
  investigator: PERSON,
  operator: PERSON,
  administrator: PERSON,
}

/** Method and path of a route. */
export function split(route: Route): readonly [method: string, path: string] {
  const space = route.indexOf(' ')
  return [route.slice(0, space), route.slice(space + 1)]
}

/** Every part of a request, checked. Throws `api.invalid` with the paths of what does not fit. */
function parts(endpoint: Endpoint, c: Context<ControlEnv>, body: Uint8Array): Asked<Endpoint> {
  const request = c.req.raw
  return {
    request,
    params: checked('path', endpoint.params, c.req.param()),
    query: endpoint.query && checked('query', endpoint.query, queryOf(request)),
    ...(endpoint.form === undefined
      ? { body: checked('body', endpoint.body, bodyTree(request, body, endpoint.bodyLimit) ?? {}) }
      : { form: checked('form', endpoint.form, formTree(request, body)) }),
  } as Asked<Endpoint>
}

function checked(part: string, schema: ZodType | undefined, value: unknown): unknown {
  if (schema === undefined) return undefined
  const read = schema.safeParse(value)
  if (read.success) return read.data
  throw invalid(part, read.error)
}

function invalid(part: string, error: ZodError): DetailedFault {
  return DetailedFault.invalid(
    error.issues.map(({ path, message }) => ({
      path: [part, ...path.map(String)].join('.').slice(0, 200),
      message: message.slice(0, 300),
    })),
  )
}

/** The query by name; a name that stands twice is refused rather than half read. */
function queryOf(request: Request): Readonly<Record<string, string>> {
  const query = Object.create(null) as Record<string, string>
  for (const [name, value] of new URL(request.url).searchParams) {
    if (name in query) {
      throw DetailedFault.invalid([{ path: `query.${name.slice(0, 64)}`, message: 'stands twice' }])
    }
    query[name] = value
  }
  return query
}
