// Holds a control listener for tests of the command line: it verifies every proof for real and answers what the test says.

import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { bodyDigest, operatorKeyId, readOperatorProof } from '../../src/wire/operator-proof.ts'

/** A request that was proven. */
export interface ProvenCall {
  readonly method: string
  readonly path: string
  readonly body: unknown
}

/** What a test answers with; a string is the body of a stream of events. */
export type FakeAnswer = { readonly status: number; readonly body: unknown } | string

const pair = generateKeyPairSync('ed25519')
const spki = new Uint8Array(pair.publicKey.export({ type: 'spki', format: 'der' }))
const kid = operatorKeyId(spki)

async function bytesOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks)
}

function refuse(response: ServerResponse, detail: string): void {
  response.writeHead(401).end(detail)
}

/** Starts the listener and writes the operator's credential into a home. */
export async function fakeControl(
  test: TestContext,
  home: string,
  answer: (call: ProvenCall) => FakeAnswer,
): Promise<{ readonly calls: ProvenCall[]; readonly port: number }> {
  const calls: ProvenCall[] = []
  const used = new Set<string>()
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', url = '', headers } = request
    const bytes = await bytesOf(request)
    const key = (given: string): Uint8Array | undefined => (given === kid ? spki : undefined)
    const proof = readOperatorProof(headers.authorization ?? '', key)
    if (headers.host !== `bailiwick.localhost:${port}`) return refuse(response, 'host')
    if (proof.htm !== method || proof.htu !== url) return refuse(response, 'another request')
    if (proof.bdg !== bodyDigest(bytes)) return refuse(response, 'another body')
    if (used.has(proof.jti)) return refuse(response, 'replayed')
    used.add(proof.jti)
    const body: unknown = bytes.length === 0 ? undefined : JSON.parse(bytes.toString('utf8'))
    const call = { method, path: url, body }
    calls.push(call)
    const said = answer(call)
    if (typeof said === 'string') {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).end(said)
    } else {
      const type = said.status >= 400 ? 'application/problem+json' : 'application/json'
      const text = typeof said.body === 'string' ? said.body : JSON.stringify(said.body)
      response.writeHead(said.status, { 'content-type': type }).end(text)
    }
  }
  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => refuse(response, String(error)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  test.after(() => {
    server.closeAllConnections()
    server.close()
  })
  mkdirSync(home, { recursive: true, mode: 0o700 })
  const operator = {
    name: 'olga',
    person: 'per_1',
    control: `http://127.0.0.1:${port}`,
    kid,
    key: pair.privateKey.export({ format: 'jwk' }),
  }
  writeFileSync(join(home, 'operator.json'), JSON.stringify(operator), { mode: 0o600 })
  return { calls, port }
}

/** A problem document. */
export function fakeProblem(status: number, code: string, more: object = {}): FakeAnswer {
  const words = { title: 'Problem', status, code, detail: 'it is so', next: 'do that' }
  return { status, body: { type: 'about:blank', ...words, request_id: 'req-1', ...more } }
}
