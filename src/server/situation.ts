// Holds the answer to which of the two deployments this is, and what an agent could therefore do (DESIGN §4).

import { readFileSync } from 'node:fs'

/** True where the account of this process has no login shell: a service account, under which no person's agent runs. */
function isServiceAccount(account: string): boolean {
  let passwd: string
  try {
    passwd = readFileSync('/etc/passwd', 'utf8')
  } catch {
    // Where accounts cannot be looked up, the less safe of the two is told.
    return false
  }
  const shell = passwd
    .split('\n')
    .find((line) => line.startsWith(`${account}:`))
    ?.split(':')[6]
  return shell !== undefined && /\/(?:nologin|false)$/.test(shell)
}

/** One sentence for `status`, `doctor` and every approval. */
export function situation(account: string): string {
  return isServiceAccount(account)
    ? `Bailiwick runs under the service account ${account}: agents of other accounts cannot reach its home, keys and operator credential`
    : `Bailiwick runs under ${account}'s own account: an agent of the same account that runs outside a district could read its home, keys and operator credential, and act as the operator`
}
