// Holds the settings of the vault that values may be kept in: where it is, and how this home signs in there.

import { isAbsolute } from 'node:path'
import type { VaultSettings } from './credentials/vault-client.ts'
import { serverFault } from './faults.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Reads them; undefined where no vault is named. Throws `server.setting`. */
export function vaultSetting(environment: Environment): VaultSettings | undefined {
  const of = (name: string): string => environment[`BAILIWICK_VAULT_${name}`] ?? ''
  const url = of('URL')
  if (url === '') return undefined
  const near = of('PRIVATE') === '1'
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  const plain = parsed !== undefined && parsed.origin === url.replace(/\/$/, '')
  if (!plain || !/^https?:$/.test(parsed.protocol)) {
    throw serverFault(
      'server.setting',
      'BAILIWICK_VAULT_URL is like https://vault.example.com:8200',
    )
  }
  if (!['', '0', '1'].includes(of('PRIVATE'))) {
    throw serverFault('server.setting', 'BAILIWICK_VAULT_PRIVATE is 0 or 1')
  }
  const namespace = of('NAMESPACE')
  if (!/^[A-Za-z0-9_./-]{0,256}$/.test(namespace)) {
    throw serverFault('server.setting', 'BAILIWICK_VAULT_NAMESPACE is a path of names')
  }
  return {
    url: parsed.origin,
    ...(namespace !== '' && { namespace }),
    private: near,
    login: login(of),
  }
}

function login(of: (name: string) => string): VaultSettings['login'] {
  const mount = (otherwise: string): string => {
    const named = of('MOUNT') === '' ? otherwise : of('MOUNT')
    if (/^[A-Za-z0-9_-]{1,64}(?:\/[A-Za-z0-9_-]{1,64}){0,3}$/.test(named)) return named
    throw serverFault('server.setting', 'BAILIWICK_VAULT_MOUNT is the path of an auth method')
  }
  const [roleId, secretIdFile, role] = [of('ROLE_ID'), of('SECRET_ID_FILE'), of('JWT_ROLE')]
  if ((roleId === '') === (role === '')) {
    throw serverFault(
      'server.setting',
      'name either BAILIWICK_VAULT_ROLE_ID, with BAILIWICK_VAULT_SECRET_ID_FILE, or BAILIWICK_VAULT_JWT_ROLE',
    )
  }
  if (role !== '') {
    const audience = of('AUDIENCE') === '' ? 'vault' : of('AUDIENCE')
    return { kind: 'jwt', mount: mount('jwt'), role, audience }
  }
  if (!isAbsolute(secretIdFile)) {
    throw serverFault('server.setting', 'BAILIWICK_VAULT_SECRET_ID_FILE is an absolute path')
  }
  return { kind: 'approle', mount: mount('approle'), roleId, secretIdFile }
}
