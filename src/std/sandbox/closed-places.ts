// Holds the places of an account where credentials are kept: no sandbox shows them, unless a person names one of them.

import { join } from 'node:path'

/** Below the home of an account: keys, tokens and passwords of programs that many people have. */
const PLACES = [
  '.aws',
  '.azure',
  '.bailiwick',
  '.cargo/credentials.toml',
  '.config/containers/auth.json',
  '.config/gcloud',
  '.config/gh',
  '.config/google-chrome',
  '.config/chromium',
  '.config/op',
  '.config/rclone',
  '.config/sops',
  '.docker',
  '.git-credentials',
  '.gnupg',
  '.kube',
  '.local/share/keyrings',
  '.mozilla',
  '.my.cnf',
  '.netrc',
  '.npmrc',
  '.oci',
  '.password-store',
  '.pgpass',
  '.pypirc',
  '.ssh',
  '.terraform.d',
  '.vault-token',
] as const

/** The places under one home, absolute; those that are not there too. */
export function credentialPlaces(home: string): readonly string[] {
  return PLACES.map((place) => join(home, place))
}
