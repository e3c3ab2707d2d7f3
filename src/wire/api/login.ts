// Holds what browsers and programs send and get when a person signs in. History: v1 links, passkeys (WebAuthn level 3 JSON).

import { z } from 'zod'
import { Time } from './text.ts'

const Bytes = (most: number) =>
  z
    .string()
    .regex(/^[A-Za-z0-9_-]+$/, 'is not base64url')
    .max(most)

/** Answer of `POST /v1/login-links`: the link is opened once, and soon. */
export const LoginLink = z.object({ url: z.url(), expires_at: Time })

/** Answer of `POST /v1/sessions/end`. */
export const SessionsEnded = z.object({ ended: z.int() })

/** Body of `POST /login/link`. */
export const OpenLink = z.strictObject({
  secret: Bytes(64),
  return_to: z.string().max(2_048).optional(),
})

/** Where the browser goes next: a path of ours. */
export const Onward = z.object({ next: z.string() })

/** Body of requests that say only where to go afterwards. */
export const WantsBack = z.strictObject({ return_to: z.string().max(2_048).optional() })

/** What `navigator.credentials` is asked for (`PublicKeyCredential…OptionsJSON`). */
export const PasskeyOptions = z.looseObject({ challenge: z.string() })

/** `AuthenticationResponseJSON`, as far as it is read. */
export const PasskeyAssertion = z.strictObject({
  id: Bytes(1_400),
  rawId: Bytes(1_400),
  type: z.literal('public-key'),
  response: z.strictObject({
    clientDataJSON: Bytes(8_192),
    authenticatorData: Bytes(8_192),
    signature: Bytes(8_192),
    userHandle: Bytes(128).optional(),
  }),
  clientExtensionResults: z.strictObject({}),
})

/** Body of `POST /login/passkey`. */
export const PasskeyLogin = z.strictObject({
  assertion: PasskeyAssertion,
  return_to: z.string().max(2_048).optional(),
})

/** Body of `POST /account/passkeys`: `RegistrationResponseJSON`, as far as it is read. */
export const PasskeyRegistration = z.strictObject({
  id: Bytes(1_400),
  rawId: Bytes(1_400),
  type: z.literal('public-key'),
  response: z.strictObject({
    clientDataJSON: Bytes(8_192),
    attestationObject: Bytes(65_536),
    transports: z.array(z.string().max(32)).max(8),
  }),
  clientExtensionResults: z.strictObject({}),
})

export type PasskeyAssertion = z.infer<typeof PasskeyAssertion>
export type PasskeyRegistration = z.infer<typeof PasskeyRegistration>
