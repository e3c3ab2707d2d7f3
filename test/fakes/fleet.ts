// Holds a fleet with an authority of its own, made by openssl in a folder that is thrown away.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A certificate with its key, PEM, and where they are. */
export interface FleetMember {
  readonly certificate: string
  readonly key: string
  readonly files: { readonly certificate: string; readonly key: string }
}

/** Extensions of a machine's certificate as they should be. */
export const MACHINE: readonly string[] = [
  'basicConstraints=critical,CA:FALSE',
  'keyUsage=critical,digitalSignature',
  'extendedKeyUsage=clientAuth',
]
/** Extensions of an authority below the first. */
export const AUTHORITY: readonly string[] = [
  'basicConstraints=critical,CA:TRUE',
  'keyUsage=critical,keyCertSign',
]

/** Key options of openssl. */
const P256 = ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256']

/** A fleet. Its certificates hold from now, for a day unless told otherwise. */
export class Fleet implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'bailiwick-fleet-'))
  readonly root: FleetMember
  #count = 0

  constructor(name = 'fleet', extensions: readonly string[] = AUTHORITY) {
    const files = this.#files('root')
    const { key: keyFile, certificate: file } = files
    const added = extensions.flatMap((one) => ['-addext', one])
    openssl(
      ['req', '-x509', '-newkey', ...P256, '-nodes', '-keyout', keyFile, '-out', file],
      ['-days', '30', '-subj', `/CN=${name}`, ...added],
    )
    this.root = this.#member(files)
  }

  /** A certificate of this authority, or of one below it. */
  issue(
    subject: string,
    extensions: readonly string[] = MACHINE,
    { by = this.root, key = P256, digest = 'sha256', sign = [] }: IssueOptions = {},
  ): FleetMember {
    const files = this.#files(String((this.#count += 1)))
    const request = `${files.certificate}.csr`
    const list = `${files.certificate}.ext`
    writeFileSync(list, extensions.join('\n'))
    const made = ['-nodes', '-keyout', files.key, '-out', request, '-subj', subject]
    openssl(['req', '-new', '-newkey', ...key], made)
    const signer = ['-CA', by.files.certificate, '-CAkey', by.files.key, `-${digest}`]
    const signed = ['-days', '1', '-extfile', list, '-out', files.certificate]
    openssl(['x509', '-req', '-in', request], signer, signed, sign)
    return this.#member(files)
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #files(name: string): FleetMember['files'] {
    return {
      certificate: join(this.#folder, `${name}.pem`),
      key: join(this.#folder, `${name}.key`),
    }
  }

  #member(files: FleetMember['files']): FleetMember {
    const { certificate, key } = files
    return { certificate: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8'), files }
  }
}

interface IssueOptions {
  readonly by?: FleetMember
  readonly key?: readonly string[]
  readonly digest?: string
  /** More options of the signature. */
  readonly sign?: readonly string[]
}

function openssl(...words: (readonly string[])[]): void {
  execFileSync('openssl', words.flat(), { stdio: 'pipe' })
}
