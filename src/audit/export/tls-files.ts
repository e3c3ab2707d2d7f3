// Holds what a sink's connection trusts and shows: read from the files that its settings name.

import { readFileSync } from 'node:fs'

import { exportFault } from './faults.ts'

/** Names of PEM files. */
interface TlsFiles {
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
}

/** Terms of a TLS connection: 1.2 at least, and the other side's name is always checked. */
export interface TlsTerms {
  readonly minVersion: 'TLSv1.2'
  readonly rejectUnauthorized: true
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
}

/** Reads the files. Throws `export.settings`. */
export function tlsTerms(files: TlsFiles): TlsTerms {
  return {
    minVersion: 'TLSv1.2',
    rejectUnauthorized: true,
    ...(files.ca !== undefined && { ca: readSetting(files.ca) }),
    ...(files.cert !== undefined && { cert: readSetting(files.cert) }),
    ...(files.key !== undefined && { key: readSetting(files.key) }),
  }
}

/** The text of a file that settings name. Throws `export.settings` with its path, never its content. */
export function readSetting(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw exportFault('export.settings', `the file ${path} cannot be read`, cause)
  }
}
