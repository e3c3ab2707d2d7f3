// Holds credentials end to end: stored by the command line, used by governed calls, cut from answers, rotated over a kill.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Holder } from '../../src/cli/identity/holder.ts'
import { Credential, CredentialKeys } from '../../src/wire/api/credential.ts'
import { Bailiwick } from './bailiwick.ts'
import { legacy, send } from './client.ts'
import { until } from './until.ts'

const POLICIES = `
@id("workers") @without("task") permit (principal in Role::"worker", action == Action::"crm/whoami", resource);
`
const FIRST = 'the-first-client-secret'
const SECOND = 'the-second-client-secret'

let bailiwick: Bailiwick
let crm: Server
let holder: Holder
/** Basic pairs that the token endpoint was shown. */
const clients: string[] = []

/** An MCP server that wants a bearer token and echoes it, with its token endpoint beside it. */
function system(): Server {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const type = { 'content-type': 'application/json' }
      const answer = (tree: object) => void response.writeHead(200, type).end(JSON.stringify(tree))
      const { authorization = '' } = request.headers
      if (request.url === '/token') {
        clients.push(Buffer.from(authorization.slice(6), 'base64').toString())
        const token = `minted-token-${clients.length}`
        return answer({ access_token: token, token_type: 'Bearer', expires_in: 3600 })
      }
      if (!authorization.startsWith('Bearer minted-token-'))
        return void response.writeHead(401).end()
      if (request.method !== 'POST') return void response.writeHead(405).end()
      const message = JSON.parse(Buffer.concat(chunks).toString()) as {
        id?: number
        method: string
      }
      if (message.id === undefined) return void response.writeHead(202).end()
      answer({ jsonrpc: '2.0', id: message.id, result: resultOf(message.method, authorization) })
    })
  })
  return server
}

function resultOf(method: string, authorization: string): object {
  if (method === 'initialize') {
    const serverInfo = { name: 'crm', version: '1' }
    return { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo }
  }
  if (method === 'tools/list') {
    return { tools: [{ name: 'whoami', inputSchema: { type: 'object' } }] }
  }
  return { content: [{ type: 'text', text: `you came with ${authorization}` }] }
}

async function ok(words: readonly string[], input?: string): Promise<string> {
  const { code, stdout, stderr } = await bailiwick.cli(words, input)
  assert.equal(code, 0, stderr)
  return stdout
}

async function whoami(): Promise<{ readonly code: string | undefined; readonly text: string }> {
  const asked = legacy('tools/call', { name: 'whoami', arguments: {} })
  const { code, text } = await send(bailiwick, holder, { ...asked, path: '/mcp/crm' })
  return { code, text }
}

before(async () => {
  crm = system()
  await new Promise<void>((resolve) => crm.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(crm.address() as AddressInfo).port}`
  bailiwick = await Bailiwick.start()
  const auth = join(bailiwick.home, 'auth.json')
  const way = {
    kind: 'client_credentials',
    tokenUrl: `${url}/token`,
    clientId: 'us',
    secret: 'CLIENT',
  }
  writeFileSync(auth, JSON.stringify(way))
  const words = [
    'system',
    'add',
    'crm',
    '--url',
    `${url}/mcp`,
    '--reach',
    'private',
    '--auth',
    auth,
  ]
  await ok([...words, '--secret-from', 'CLIENT=-', '--effects', 'whoami=read', '--yes'], FIRST)
  await bailiwick.apply(POLICIES)
  await bailiwick.agent('worker', ['worker'])
  holder = await bailiwick.enrol('worker')
})

after(async () => {
  await bailiwick[Symbol.asyncDispose]()
  crm.closeAllConnections()
  crm.close()
})

test('INV-3 a governed call goes out with a token that the agent never sees', async () => {
  const { text } = await whoami()
  assert.match(text, /you came with Bearer \[secret removed by bailiwick\]/)
  assert.doesNotMatch(text, /minted-token/)
  assert.deepEqual(new Set(clients), new Set([`us:${FIRST}`]))
  const outcomes = await until('an outcome', async () => {
    const found = await bailiwick.records('call.outcome')
    return found.length > 0 ? found : undefined
  })
  const used = outcomes.at(-1)?.record.body['credentials']
  assert.deepEqual(used, ['token:client_credentials', 'secret:CLIENT@v1'])
})

test('a new value takes hold with the next call, and a removed one refuses it', async () => {
  const words = ['credential', 'rotate', 'crm', 'CLIENT', '-o', 'json']
  assert.equal(Credential.parse(JSON.parse(await ok(words, SECOND))).version, 2)
  await whoami()
  assert.equal(clients.at(-1), `us:${SECOND}`)
  const shown = Credential.parse(
    JSON.parse(await ok(['credential', 'show', 'crm', 'CLIENT', '-o', 'json'])),
  )
  assert.deepEqual(shown.used_by, ['worker'])
  await ok(['credential', 'remove', 'crm', 'CLIENT', '--reason', 'a test'])
  assert.match((await whoami()).text, /credential\.missing/)
  await ok(['credential', 'set', 'crm', 'CLIENT', '--rotate-every', '90d'], SECOND)
  assert.match((await whoami()).text, /you came with/)
})

test('keys rotate while calls go on, and a kill in the middle of it loses nothing', async () => {
  const rotate = ['credential', 'rotate-keys', '--reason', 'a test', '-o', 'json']
  const { retired } = CredentialKeys.parse(JSON.parse(await ok(rotate)))
  assert.equal(retired.length, 1)
  await bailiwick.stop('SIGKILL')
  await bailiwick.serve()
  assert.match((await whoami()).text, /you came with/)
  await until('the end of the rotation', async () => {
    const keys = await ok(['credential', 'rotate-keys', '--status', '-o', 'json'])
    return CredentialKeys.parse(JSON.parse(keys)).retired.length === 0 ? true : undefined
  })
  assert.match((await whoami()).text, /you came with/)
})

test('INV-3 no file of the home holds a value or a token', () => {
  const files = readdirSync(bailiwick.home, { recursive: true, withFileTypes: true })
  const read = files.filter((file) => file.isFile())
  assert.ok(read.length > 10)
  for (const file of read) {
    const bytes = readFileSync(join(file.parentPath, file.name))
    for (const secret of [FIRST, SECOND, 'minted-token']) {
      assert.ok(!bytes.includes(secret), `${secret} in ${file.name}`)
    }
  }
})
