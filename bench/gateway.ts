// Holds the bench `gateway`: calls over MCP and HTTP at 1, 32 and 256 connections, large answers, a stream, and long lists.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Stack } from '../src/server/stack.ts'
import { Child } from './child.ts'
import type { GatewayOrder } from './governed/gateway-process.ts'
import type { Seen } from './governed/load.ts'
import type { Asked, LoadOrder } from './gateway/load-process.ts'
import { setUp, SYSTEMS } from './gateway/setting.ts'
import { rounded } from './sample.ts'

const CONNECTIONS = [1, 32, 256] as const
const SECONDS = 4

const LIST = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} })
const BIG = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'tool_0', arguments: { key: 'a' } },
})

/**
 * What is measured, with everything on: mutual TLS, policy for person and agent, durable intents, inspection. The HTTP figures
 * stand beside the same requests made to the same API directly, in the same run; answers of a megabyte and the stream are
 * inspected as they pass. `tools/list` of one agent that may use all of 100 systems with 50 tools each.
 */
export async function gatewayBench(closing: Stack): Promise<Record<string, number>> {
  const folder = mkdtempSync(join(tmpdir(), 'bailiwick-bench-'))
  closing.push(() => rmSync(folder, { recursive: true, force: true }))
  const child = (file: string, args: readonly string[]): Child => {
    const started = new Child(new URL(file, import.meta.url), args)
    closing.push(() => started.close())
    return started
  }
  const home = join(folder, 'home')
  const gateway = child('./governed/gateway-process.ts', [home])
  const urls = await gateway.order<{ readonly identity: string; readonly gateway: string }>({
    do: 'urls',
  } satisfies GatewayOrder)
  const api = await child('./gateway/api-upstream.ts', []).order<number>({})
  const token = await setUp(home, api)
  const load = child('./gateway/load-process.ts', [])
  const order = <T>(what: LoadOrder): Promise<T> => load.order<T>(what)
  await order({ do: 'connect', token, ...urls, api: `http://127.0.0.1:${api}` })
  const figures: Record<string, number> = {}
  for (const lanes of CONNECTIONS) {
    const seen = await order<Seen>({ do: 'mcp', lanes, seconds: SECONDS })
    figures[`mcp_${lanes}_per_s`] = rounded(seen.perSecond, 0)
    figures[`mcp_${lanes}_p99_ms`] = rounded(seen.p99)
  }
  const ask = (of: 'gateway' | 'api', path: string, times: number, lanes = 1, body?: string) =>
    order<Asked>({ do: 'ask', of, path, times, lanes, ...(body !== undefined && { body }) })
  for (const lanes of CONNECTIONS) {
    const times = lanes === 1 ? 1_000 : 6_000
    const direct = await ask('api', '/items/17', times, lanes)
    const governed = await ask('gateway', '/http/api/items/17', times, lanes)
    figures[`http_${lanes}_per_s`] = rounded(governed.perSecond, 0)
    figures[`http_${lanes}_p99_ms`] = rounded(governed.p99)
    figures[`http_${lanes}_ratio_direct`] = rounded(governed.perSecond / direct.perSecond, 3)
  }
  const report = await ask('gateway', '/http/api/reports', 60)
  const reportDirect = await ask('api', '/reports', 60)
  figures['http_1mb_added_p50_ms'] = rounded(report.p50 - reportDirect.p50)
  const big = await ask('gateway', '/mcp/many-0', 60, 1, BIG)
  figures['mcp_1mb_p50_ms'] = rounded(big.p50)
  const stream = await ask('gateway', '/http/api/stream', 3)
  const streamDirect = await ask('api', '/stream', 3)
  figures['stream_mb_per_s'] = rounded(stream.megabytesPerSecond, 0)
  figures['stream_ratio_direct'] = rounded(
    stream.megabytesPerSecond / streamDirect.megabytesPerSecond,
    3,
  )
  const joined = await ask('gateway', '/mcp', 200, 1, LIST)
  const single = await ask('gateway', '/mcp/many-1', 400, 1, LIST)
  figures['systems'] = SYSTEMS
  figures['tools_list_all_p50_ms'] = rounded(joined.p50)
  figures['tools_list_all_p99_ms'] = rounded(joined.p99)
  figures['tools_list_one_p99_ms'] = rounded(single.p99)
  return figures
}
