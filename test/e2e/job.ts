// Holds a call of tests that goes on until something ends it.

import { readFileSync } from 'node:fs'
import type { Client } from '@modelcontextprotocol/client'
import { refused, type Refusal } from './client.ts'
import { until } from './until.ts'

/** A call under way, of the tool `work` of `fakes/sdk-upstream.ts`. */
export interface Job {
  /** Process of the upstream that works at it. */
  readonly pid: number
  readonly end: Promise<Refusal>
  readonly stop: AbortController
  progress(): number
}

/** Starts one, and waits until the upstream works at it. `journal` is the file that the upstream writes. */
export async function startJob(client: Client, name: string, journal: string): Promise<Job> {
  const stop = new AbortController()
  let progress = 0
  const call = client.callTool(
    { name: 'work', arguments: { name } },
    { signal: stop.signal, onprogress: (told) => (progress = told.progress), timeout: 300_000 },
  )
  const end = refused(call)
  // Looked at later; until then nobody minds how it ends.
  end.catch(() => undefined)
  await until(`progress of ${name}`, () => progress >= 2)
  const pid = new RegExp(`^work ${name} pid (\\d+)$`, 'm').exec(readFileSync(journal, 'utf8'))?.[1]
  return { pid: Number(pid), end, stop, progress: () => progress }
}
