// Holds how the console asks the control API: same origin, the session's cookie, refusals as errors with their code and what to do next.

import type { Problem } from '../../src/sdk/types.ts'

/** A refusal (RFC 9457 with `code` and `next`), or that nobody answered: then the code is `console.offline`. */
export class Refusal extends Error {
  readonly status: number
  readonly code: string
  readonly next: string
  /** What exactly, line by line: `policies/a.cedar:3:7: …`. */
  readonly particulars: readonly string[]

  constructor(of: {
    readonly status: number
    readonly code: string
    readonly detail: string
    readonly next: string
    readonly particulars?: readonly string[]
  }) {
    super(of.detail)
    this.status = of.status
    this.code = of.code
    this.next = of.next
    this.particulars = of.particulars ?? []
  }
}

type Query = Readonly<Record<string, string | number | boolean | undefined>>

/** Told whenever the session has ended. */
let onSignedOut: () => void = () => {}
export function whenSignedOut(listener: () => void): void {
  onSignedOut = listener
}

async function ask<T>(path: string, init: RequestInit): Promise<T> {
  let response: Response
  try {
    response = await fetch(path, { ...init, credentials: 'same-origin', redirect: 'error' })
  } catch (error) {
    if (init.signal?.aborted === true) throw error
    throw new Refusal({
      status: 0,
      code: 'console.offline',
      detail: 'Bailiwick does not answer',
      next: 'look whether it runs (`bailiwick status`); this page goes on by itself then',
    })
  }
  const answer = (await response.json()) as T & Partial<Problem>
  if (response.ok) return answer
  if (response.status === 401) onSignedOut()
  throw new Refusal({
    status: response.status,
    code: answer.code ?? 'console.answer',
    detail: answer.detail ?? `the answer has the status ${response.status}`,
    next: answer.next ?? '',
    particulars: [
      ...(answer.problems ?? []).map(
        ({ column, file, help, line, message }) =>
          `${file}:${line}:${column}: ${message}${help === undefined ? '' : `; ${help}`}`,
      ),
      ...(answer.errors ?? []).map(({ message, path }) => `${path}: ${message}`),
    ],
  })
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
