// Holds one HTTP request to `/hooks/<client>`: authenticated before its body is read, answered in the client's own form or in ours.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { stringifyJson, type Json } from '../../std/json.ts'
import { isHookClient } from '../../wire/client.ts'
import { HOOK_MEDIA } from '../../wire/hook.ts'
import { BODY_LIMIT, readBody } from '../body.ts'
import { CallControl } from '../call.ts'
import { challenges } from '../credential/challenge.ts'
import { enter, placeOf, type EntryPorts } from '../credential/enter.ts'
import { metadataUrl, scopeOf } from '../credential/metadata.ts'
import { isRefusal } from '../credential/refusal.ts'
import type { Surface } from '../credential/surface.ts'
import { peerOf } from '../front/peer.ts'
import { challenged, problem } from '../problem.ts'
import type { HookEndpoint } from './endpoint.ts'

/** How long the rest of a body over the limit is waited for (ms). */
const LINGER_MS = 2_000

/** Answers one request. */
export async function exchangeHook(
  parts: { readonly hooks: HookEndpoint; readonly ports: EntryPorts; readonly surface: Surface },
  request: IncomingMessage,
  response: ServerResponse,
  { path, client }: { readonly path: string; readonly client: string },
): Promise<void> {
  const { hooks, ports, surface } = parts
  if (!isHookClient(client)) return problem(response, 'http.path', 'no hooks of such a client')
  if (request.method !== 'POST') return problem(response, 'http.method', 'only POST is served')
  const { certificate } = peerOf(request.socket)
  const entered = await enter(request, surface, { path, certificate }, ports)
  if (isRefusal(entered)) {
    const metadata = metadataUrl(surface, request.headers.host, path)
    const told = challenges(entered, { metadata, scope: scopeOf(path) })
    return challenged(response, entered, { challenges: told, nonce: surface.proofs.nonces.next() })
  }
  if (entered.renewNonce) response.setHeader('dpop-nonce', surface.proofs.nonces.next())
  const body = await readBody(request)
  if (body === undefined) return
  if (body === 'slow') return problem(response, 'http.slow', 'the body did not come in time')
  if (body === 'too-large') {
    setTimeout(() => request.complete || request.destroy(), LINGER_MS).unref()
    return problem(response, 'http.body', `more than ${BODY_LIMIT} bytes`)
  }
  const control = new CallControl()
  response.on('close', () => {
    if (!response.writableFinished) control.left()
  })
  const answer = await hooks.serve({
    client,
    presented: entered.presented,
    network: { listener: surface.secure ? 'gateway-tls' : 'gateway', address: placeOf(request) },
    body,
    control,
  })
  const own = request.headers.accept === HOOK_MEDIA
  const text = stringifyJson(own ? ({ ...answer } as unknown as Json) : answer.reply)
  response.writeHead(200, {
    'content-type': own ? HOOK_MEDIA : 'application/json',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
  })
  response.end(text)
}
