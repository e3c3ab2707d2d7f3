// Holds asking an identity provider over HTTP: no redirect is followed, and no answer is larger than it need be.

import type { CustomFetchOptions } from 'openid-client'

/** Bytes of one answer: 1 MiB. */
const MAX_ANSWER = 1_048_576

/** `fetch` as the library asks for it. Rejects an answer that is too large; redirects are answers, never followed. */
export async function boundedFetch(url: string, options: CustomFetchOptions): Promise<Response> {
  const { method, headers: sent, body, signal } = options
  const response = await fetch(url, {
    method,
    headers: sent,
    redirect: 'manual',
    ...(body !== undefined && body !== null && { body: body as NonNullable<RequestInit['body']> }),
    ...(signal !== undefined && { signal }),
  })
  if (response.body === null) return response
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body) {
    length += chunk.byteLength
    if (length > MAX_ANSWER) throw new Error('the answer of the identity provider is too large')
    chunks.push(chunk)
  }
  const { status, headers } = response
  return new Response(Buffer.concat(chunks), { status, headers })
}
