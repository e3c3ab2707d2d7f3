// Holds what a browser does to sign in: it opens the link that it was given, and asks authenticators for passkeys (WebAuthn).

'use strict'

const byId = (id) => document.getElementById(id)

/** Base64url without padding, of bytes. */
function encoded(bytes) {
  let text = ''
  for (const byte of new Uint8Array(bytes)) text += String.fromCharCode(byte)
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

/** The bytes of it. */
function decoded(text) {
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
async function send(path, body) {
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
async function attempt(button, words, work) {
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
async function assertion(path) {
  const options = await send(path, {})
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

/** Has an authenticator make a passkey, and registers it. */
async function register() {
  const options = await send('/account/passkeys/options', {})
  const credential = await navigator.credentials.create({
    publicKey: {
      ...options,
      challenge: decoded(options.challenge),
      user: { ...options.user, id: decoded(options.user.id) },
      excludeCredentials: (options.excludeCredentials ?? []).map((one) => ({
        type: 'public-key',
        id: decoded(one.id),
      })),
    },
  })
  const { response } = credential
  const { next } = await send('/account/passkeys', {
    id: credential.id,
    rawId: encoded(credential.rawId),
    type: credential.type,
    response: {
      clientDataJSON: encoded(response.clientDataJSON),
      attestationObject: encoded(response.attestationObject),
      transports: response.getTransports(),
    },
    clientExtensionResults: {},
  })
  location.replace(next)
}

/** The way back that the page was given. */
function returnTo() {
  return { return_to: byId('login').dataset.returnTo }
}

/** A secret behind the `#`: taken out of the address before anything else, so that it is in no history. */
function openLink() {
  const secret = location.hash.slice(1)
  if (secret === '' || byId('login') === null) return
  history.replaceState(null, '', location.pathname + location.search)
  byId('choices').hidden = true
  void attempt(null, 'Opening the link…', async () => {
    try {
      const { next } = await send('/login/link', { secret, ...returnTo() })
      location.replace(next)
    } catch (error) {
      byId('choices').hidden = false
      throw error
    }
  })
}

byId('passkey')?.addEventListener('click', ({ currentTarget }) => {
  void attempt(currentTarget, 'Waiting for your passkey…', async () => {
    const answer = { assertion: await assertion('/login/passkey/options'), ...returnTo() }
    const { next } = await send('/login/passkey', answer)
    location.replace(next)
  })
})

byId('register')?.addEventListener('click', ({ currentTarget }) => {
  void attempt(currentTarget, 'Waiting for your authenticator…', register)
})

byId('presence')?.addEventListener('click', ({ currentTarget }) => {
  void attempt(currentTarget, 'Waiting for your passkey…', async () => {
    const { next } = await send('/account/presence', await assertion('/account/presence/options'))
    location.replace(next)
  })
})

openLink()
