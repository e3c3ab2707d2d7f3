// Holds a client of the Workload API made of other people's code alone: grpc-js on the definition, one line of JSON per answer.
// `workload-client.ts SOCKET METHOD [REQUEST [METADATA]]`; runs until its stream or its standard input ends.

import { fileURLToPath } from 'node:url'
import { credentials, loadPackageDefinition, Metadata, type ServiceError } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'

type Answers = NodeJS.EventEmitter
type Callback = (error: ServiceError | null, answer: unknown) => void
type Api = Record<string, (request: object, metadata: Metadata, callback?: Callback) => Answers>

const [socket = '', method = '', request = '{}', metadata = '{"workload.spiffe.io":"true"}'] =
  process.argv.slice(2)
const PROTO = fileURLToPath(new URL('../../src/api/workload/workload.proto', import.meta.url))

function say(line: object): void {
  const bytes = (_key: string, value: unknown): unknown => {
    const buffer = value as { type?: string; data?: number[] } | null
    return buffer?.type === 'Buffer' ? Buffer.from(buffer.data!).toString('base64') : value
  }
  process.stdout.write(`${JSON.stringify(line, bytes)}\n`)
}

function failed({ code, details }: ServiceError): void {
  say({ code, details })
}

const { SpiffeWorkloadAPI } = loadPackageDefinition(
  loadSync(PROTO, { keepCase: true, defaults: true }),
) as never as {
  SpiffeWorkloadAPI: new (
    address: string,
    plain: object,
    options: object,
  ) => Api & { close(): void }
}
const client = new SpiffeWorkloadAPI(`unix://${socket}`, credentials.createInsecure(), {
  'grpc.enable_retries': 0,
})
const headers = new Metadata()
for (const [name, value] of Object.entries(JSON.parse(metadata) as Record<string, string>)) {
  headers.set(name, value)
}
const over = (): void => {
  client.close()
  process.stdin.destroy()
}
// A stream that is open keeps the client open: ending is by the process.
process.stdin.on('end', () => process.exit()).resume()
if (/^(?:FetchJWTSVID|ValidateJWTSVID)$/.test(method)) {
  client[method]!(JSON.parse(request) as object, headers, (error, answer) => {
    if (error === null) say({ answer })
    else failed(error)
    over()
  })
} else {
  client[method]!(JSON.parse(request) as object, headers)
    .on('data', (answer: unknown) => say({ answer }))
    .on('error', (error: ServiceError) => {
      failed(error)
      over()
    })
    .on('end', over)
}
