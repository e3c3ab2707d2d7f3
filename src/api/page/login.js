// Holds what a browser does to sign in: it opens the link that it was given, and asks authenticators for passkeys (WebAuthn).

import { assertion, attempt, byId, decoded, encoded, onClick, send } from './passkey.js'

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

onClick('passkey', 'Waiting for your passkey…', async () => {
  const answer = { assertion: await assertion('/login/passkey/options'), ...returnTo() }
  const { next } = await send('/login/passkey', answer)
  location.replace(next)
})

onClick('register', 'Waiting for your authenticator…', register)

onClick('presence', 'Waiting for your passkey…', async () => {
  const { next } = await send('/account/presence', await assertion('/account/presence/options'))
  location.replace(next)
})

openLink()
