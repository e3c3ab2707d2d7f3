// Holds the guess whether a value of a configuration file is a credential: by what it is called, and by what it looks like.

/** Words that a name of a credential has. */
const NAME =
  /(?:^|[^a-z])(?:api_?key|access_?key|private_?key|secret|token|password|passwd|passphrase|pwd|pat|credentials?|auth|authorization|bearer|cookie|session|dsn|key)s?(?:$|[^a-z])/i

/** Forms that providers give their credentials, and addresses with a password in them. */
const FORMS: readonly RegExp[] = [
  /\b(?:sk|pk|rk)[-_](?:[a-z]+[-_])*[A-Za-z0-9_-]{16,}/,
  /\bgh[pousr]_[A-Za-z0-9]{16,}/,
  /\bgithub_pat_[A-Za-z0-9_]{16,}/,
  /\bglpat-[A-Za-z0-9_-]{16,}/,
  /\bxox[a-z]-[A-Za-z0-9-]{10,}/,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/,
  /\bAIza[A-Za-z0-9_-]{30,}/,
  /\bntn_[A-Za-z0-9]{16,}|\bsecret_[A-Za-z0-9]{16,}/,
  /\bnpm_[A-Za-z0-9]{30,}/,
  /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\./,
  /[a-z][a-z0-9+.-]*:\/\/[^\s/:@]*:[^\s/@]+@/i,
]

/** `API_KEY`, `apiKey` and `api-key` are one name. */
function words(name: string): string {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll('-', '_')
    .replaceAll(/_(?=key)/gi, '_')
}

/** True for a name that says that its value is a credential. */
function namesCredential(name: string): boolean {
  return NAME.test(words(name))
}

/** Long, of letters and digits mixed as nobody writes them by hand. */
function looksDrawn(value: string): boolean {
  if (!/^[A-Za-z0-9+/_=.-]{24,}$/.test(value) || /^[./~]/.test(value)) return false
  return (
    /[a-z]/i.test(value) && /[0-9]/.test(value) && !/^[a-z0-9]+(?:[-./][a-z0-9]+)+$/.test(value)
  )
}

/** True for a value that looks like a credential, whatever it is called. */
export function looksCredential(value: string): boolean {
  return FORMS.some((form) => form.test(value)) || looksDrawn(value)
}

/** True where a value has to be taken for a credential. One that is called one and is a flag, a number or a path is none. */
export function isCredential(name: string, value: string): boolean {
  if (looksCredential(value)) return true
  const plain = /^(?:true|false|yes|no|on|off|none|null|\d{1,6}|[./~].*|)$/i.test(value)
  return namesCredential(name) && !plain
}

/** Places of arguments that hold a credential: after an option that is called one, behind its `=`, or by their own form. */
export function credentialArguments(args: readonly string[]): readonly number[] {
  return args.flatMap((argument, at) => {
    const [, name, value] = /^-{0,2}([A-Za-z][A-Za-z0-9_-]*)[=:](.+)$/s.exec(argument) ?? []
    const before = /^--?([A-Za-z][A-Za-z0-9_-]*)$/.exec(args[at - 1] ?? '')?.[1]
    const after =
      before !== undefined && !argument.startsWith('-') && isCredential(before, argument)
    const inside = name !== undefined && value !== undefined && isCredential(name, value)
    return after || inside || looksCredential(argument) ? [at] : []
  })
}
