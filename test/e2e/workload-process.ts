// Holds processes that use the Workload API by other people's code: started as a program of their own, read answer by answer.

import { copyFileSync, linkSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Child } from './child.ts'
import { until } from './until.ts'

const CLIENT = fileURLToPath(new URL('../fakes/workload-client.ts', import.meta.url))

/** One line of a client: an answer, or how it was refused. */
export interface Line {
  readonly answer?: {
    readonly svids?: readonly {
      readonly spiffe_id: string
      /** X509-SVID: DER, base64. */
      readonly x509_svid: string
      readonly x509_svid_key: string
      readonly bundle: string
      readonly hint: string
      /** JWT-SVID. */
      readonly svid: string
    }[]
    readonly bundles?: Readonly<Record<string, string>>
    readonly crl?: readonly string[]
    readonly federated_bundles?: Readonly<Record<string, string>>
    readonly spiffe_id?: string
    readonly claims?: unknown
  }
  readonly code?: number
  readonly details?: string
}

/** The only SVID of an answer. */
export function svidOf(line: Line): NonNullable<NonNullable<Line['answer']>['svids']>[number] {
  const svids = line.answer?.svids ?? []
  if (svids.length !== 1) throw new Error(`not one SVID: ${JSON.stringify(line)}`)
  return svids[0]!
}

/**
 * A program that is no interpreter by its path: this very runtime under a name of its own, in a folder that only this account
 * writes to. What it runs is said by whoever starts it, as with any program that loads something.
 */
export function ownProgram(folder: string, name: string): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const path = join(folder, name)
  try {
    linkSync(process.execPath, path)
  } catch {
    // Another file system than the runtime's.
    copyFileSync(process.execPath, path)
  }
  return path
}

/** A client process. Leaving its scope ends it. */
export class WorkloadProcess extends Child {
  constructor(
    socket: string,
    method: string,
    more: {
      readonly request?: object
      readonly metadata?: Readonly<Record<string, string>>
      readonly program?: string
    } = {},
  ) {
    const { request = {}, metadata = { 'workload.spiffe.io': 'true' }, program } = more
    const args = [CLIENT, socket, method, JSON.stringify(request), JSON.stringify(metadata)]
    super(args, {}, program)
  }

  get lines(): readonly Line[] {
    const whole = this.stdout.slice(0, this.stdout.lastIndexOf('\n') + 1)
    return whole
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Line)
  }

  /** The answer of a number, once it is there. */
  async line(number = 1): Promise<Line> {
    return until(`answer ${number}`, () => {
      const found = this.lines[number - 1]
      if (found === undefined && this.gone) {
        throw new Error(`the client ended: ${this.stdout} ${this.stderr}`)
      }
      return found
    })
  }
}

/** The first answer of a client that is ended afterwards. */
export async function ask(...of: ConstructorParameters<typeof WorkloadProcess>): Promise<Line> {
  await using client = new WorkloadProcess(...of)
  return await client.line()
}
