// Holds the upstream called directly: the same program, the same calls, over its standard streams and nothing between.

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Target } from './target.ts'
import { callBody, FIRST_ID } from './tools.ts'

/** Starts the bare upstream; every lane is a share of its one pipe, as in an MCP client. */
export function directTarget(lanes: number): Target {
  const program = fileURLToPath(new URL('./bare-upstream.ts', import.meta.url))
  const child = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'inherit'] })
  const waiting = new Map<number, { resolve(): void; reject(why: Error): void }>()
  let rest = ''
  child.stdout.setEncoding('utf8')
  child.stdout.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const answer = JSON.parse(line) as { id: number; result?: object }
      const asked = waiting.get(answer.id)
      waiting.delete(answer.id)
      if (answer.result === undefined) asked?.reject(new Error(`no result: ${line}`))
      else asked?.resolve()
    }
  })
  child.once('exit', () => {
    for (const asked of waiting.values()) asked.reject(new Error('the upstream ended'))
  })
  let id = FIRST_ID
  const call = (): Promise<void> =>
    new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject })
      child.stdin.write(`${callBody(id++)}\n`)
    })
  return { lanes: Array.from({ length: lanes }, () => ({ call })), close: () => child.kill() }
}
