// Holds what pages share that ask a browser for passkeys (WebAuthn): sending, telling what happens, answering a challenge.

export const byId = (id) => document.getElementById(id)

/** Base64url without padding, of bytes. */
export function encoded(bytes) {
  let text = ''
  for (const byte of new Uint8Array(bytes)) text += String.fromCharCode(byte)
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

/** The bytes of it. */
export function decoded(text) {
  const plain = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(plain, (character) => character.charCodeAt(0))
}

/** The words of a refusal, as a sentence. */
function sentence(words) {
  return `${words.slice(0, 1).toUpperCase()}${words.slice(1).replaceAll('`', '')}.`
}

function say(id, words) {
  const place = byId(id)
  if (place === null) return
  place.textContent = words
  place.hidden = words === ''
}

/** Sends JSON to a path of ours. Throws an error with the words of a refusal. */
export async function send(path, body) {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    credentials: 'same-origin',
    redirect: 'error',
  })
  const answer = await response.json()
  if (response.ok) return answer
  throw new Error(`${sentence(answer.detail)} ${sentence(answer.next)}`)
}

/** Runs something that a person began, with its button out of use meanwhile; tells what went wrong. */
export async function attempt(button, words, work) {
  if (button !== null) button.disabled = true
  say('trouble', '')
  say('state', words)
  try {
    await work()
  } catch (error) {
    const gone = error instanceof DOMException
    say(
      'trouble',
      gone ? 'The authenticator was not used, or has no passkey for this.' : error.message,
    )
    if (button !== null) button.disabled = false
    say('state', '')
  }
}

/** Answers a challenge with a passkey. */
export async function assertion(path, about = {}) {
  const options = await send(path, about)
  const credential = await navigator.credentials.get({
    publicKey: {
      ...options,
      challenge: decoded(options.challenge),
      allowCredentials: (options.allowCredentials ?? []).map((one) => ({
        type: 'public-key',
        id: decoded(one.id),
      })),
    },
  })
  const { response } = credential
  return {
    id: credential.id,
    rawId: encoded(credential.rawId),
    type: credential.type,
    response: {
      clientDataJSON: encoded(response.clientDataJSON),
      authenticatorData: encoded(response.authenticatorData),
      signature: encoded(response.signature),
      ...(response.userHandle && { userHandle: encoded(response.userHandle) }),
    },
    clientExtensionResults: {},
  }
}

/** Has a button do something. Buttons that need a script are out of use until it is there. */
export function onClick(id, words, work) {
  const button = byId(id)
  if (button === null) return
  button.addEventListener('click', () => void attempt(button, words, work))
  button.disabled = false
}
