// Holds how the console asks the control API: same origin, the session's cookie, refusals as errors with their code and what to do next.

import type { PolicyProblem, Problem } from '../../src/sdk/types.ts'

/** A refusal (RFC 9457 with `code` and `next`), or that nobody answered: then the code is `console.offline`. */
export class Refusal extends Error {
  readonly status: number
  readonly code: string
  readonly next: string
  /** What exactly, line by line: `policies/a.cedar:3:7: …`. */
  readonly particulars: readonly string[]
  /** The same for policies, with their places. */
  readonly problems: readonly PolicyProblem[]

  constructor(of: {
    readonly status: number
    readonly code: string
    readonly detail: string
    readonly next: string
    readonly particulars?: readonly string[]
    readonly problems?: readonly PolicyProblem[]
  }) {
    super(of.detail)
    this.status = of.status
    this.code = of.code
    this.next = of.next
    this.particulars = of.particulars ?? []
    this.problems = of.problems ?? []
  }
}

type Query = Readonly<Record<string, string | number | boolean | undefined>>

/** Told whenever the session has ended. */
let onSignedOut: () => void = () => {}
export function whenSignedOut(listener: () => void): void {
  onSignedOut = listener
}

async function fetched(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, { ...init, credentials: 'same-origin', redirect: 'error' })
  } catch (error) {
    if (init.signal?.aborted === true) throw error
    throw new Refusal({
      status: 0,
      code: 'console.offline',
      detail: 'Bailiwick does not answer',
      next: 'look whether it runs (`bailiwick status`); this page goes on by itself then',
    })
  }
}

async function refuse(response: Response): Promise<never> {
  const answer = (await response.json()) as Partial<Problem>
  if (response.status === 401) onSignedOut()
  throw new Refusal({
    status: response.status,
    code: answer.code ?? 'console.answer',
    detail: answer.detail ?? `the answer has the status ${response.status}`,
    next: answer.next ?? '',
    problems: answer.problems ?? [],
    particulars: [
      ...(answer.problems ?? []).map(
        ({ column, file, help, line, message }) =>
          `${file}:${line}:${column}: ${message}${help === undefined ? '' : `; ${help}`}`,
      ),
      ...(answer.errors ?? []).map(({ message, path }) => `${path}: ${message}`),
    ],
  })
}

async function ask<T>(path: string, init: RequestInit): Promise<T> {
  const response = await fetched(path, init)
  return response.ok ? ((await response.json()) as T) : refuse(response)
}

/** Reads. Throws a Refusal. */
export function get<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
  const search = new URLSearchParams(
    Object.entries(query).flatMap(([name, value]) =>
      value === undefined || value === '' ? [] : [[name, String(value)]],
    ),
  ).toString()
  return ask(search === '' ? path : `${path}?${search}`, signal === undefined ? {} : { signal })
}

/** Reads what is no JSON, or is to be taken byte for byte. Throws a Refusal. */
export async function bytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetched(path, {})
  if (!response.ok) await refuse(response)
  return new Uint8Array(await response.arrayBuffer())
}

/** Changes something. Throws a Refusal. */
export function send<T>(
  path: string,
  body: unknown,
  method: 'POST' | 'PATCH' = 'POST',
): Promise<T> {
  return ask(path, {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
}

/** A part of a path that is somebody's name. */
export function part(name: string): string {
  return encodeURIComponent(name)
}
