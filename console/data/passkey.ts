// Holds what asks a browser for a passkey (WebAuthn Level 3 §5.1.4): a challenge of ours answered, as JSON.

import { send } from './api.ts'

interface Options {
  readonly challenge: string
  readonly allowCredentials?: readonly { readonly id: string }[]
}

/** Base64url without padding, of bytes. */
function encoded(bytes: ArrayBuffer): string {
  let text = ''
  for (const byte of new Uint8Array(bytes)) text += String.fromCharCode(byte)
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

function decoded(text: string): Uint8Array<ArrayBuffer> {
  const plain = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(plain, (character) => character.charCodeAt(0))
}

/** Answers the challenge at a path with a passkey. Throws what the browser says where there is none, or the person declines. */
export async function assertion(path: string, about: unknown = {}): Promise<unknown> {
  const options = await send<Options>(path, about)
  const credential = (await navigator.credentials.get({
    publicKey: {
      ...options,
      challenge: decoded(options.challenge),
      allowCredentials: (options.allowCredentials ?? []).map(({ id }) => ({
        type: 'public-key',
        id: decoded(id),
      })),
    },
  })) as PublicKeyCredential
  const response = credential.response as AuthenticatorAssertionResponse
  return {
    id: credential.id,
    rawId: encoded(credential.rawId),
    type: credential.type,
    response: {
      clientDataJSON: encoded(response.clientDataJSON),
      authenticatorData: encoded(response.authenticatorData),
      signature: encoded(response.signature),
      ...(response.userHandle !== null && { userHandle: encoded(response.userHandle) }),
    },
    clientExtensionResults: {},
  }
}
