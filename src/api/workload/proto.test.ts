// Holds the definition of the Workload API against the standard's names and numbers, and what is generated against the definition.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'
import { file_workload as file, SpiffeWorkloadAPI } from './workload_pb.ts'

/** Messages, fields, numbers and types as SPIFFE Workload API §5.1 and §6.1 define them. */
const STANDARD = `
  X509SVIDRequest
  X509SVIDResponse svids=1 message[], crl=2 bytes[], federated_bundles=3 map<string,bytes>
  X509SVID spiffe_id=1 string, x509_svid=2 bytes, x509_svid_key=3 bytes, bundle=4 bytes, hint=5 string
  X509BundlesRequest
  X509BundlesResponse crl=1 bytes[], bundles=2 map<string,bytes>
  JWTSVIDRequest audience=1 string[], spiffe_id=2 string
  JWTSVIDResponse svids=1 message[]
  JWTSVID spiffe_id=1 string, svid=2 string, hint=3 string
  JWTBundlesRequest
  JWTBundlesResponse bundles=1 map<string,bytes>
  ValidateJWTSVIDRequest audience=1 string, svid=2 string
  ValidateJWTSVIDResponse spiffe_id=1 string, claims=2 message
`

const SCALARS: Readonly<Record<number, string>> = { 9: 'string', 12: 'bytes' }

function typeOf(field: (typeof file.messages)[number]['fields'][number]): string {
  switch (field.fieldKind) {
    case 'scalar':
      return SCALARS[field.scalar] ?? `scalar ${field.scalar}`
    case 'list':
      return field.listKind === 'scalar' ? `${SCALARS[field.scalar]}[]` : `${field.listKind}[]`
    case 'map':
      return `map<string,${field.mapKind === 'scalar' ? SCALARS[field.scalar] : field.mapKind}>`
    default:
      return field.fieldKind
  }
}

test('Workload API §5.1, §6.1 the messages have the names, numbers and types of the standard', () => {
  const ours = file.messages.map(({ typeName, fields }) => {
    const list = fields.map((field) => `${field.name}=${field.number} ${typeOf(field)}`)
    return `${typeName} ${list.join(', ')}`.trim()
  })
  const standard = STANDARD.trim()
    .split('\n')
    .map((line) => line.trim())
  assert.deepEqual(ours, standard)
})

test('Workload API §2, §3 the service has no package, and the methods of the standard alone', () => {
  assert.equal(SpiffeWorkloadAPI.typeName, 'SpiffeWorkloadAPI')
  assert.deepEqual(
    SpiffeWorkloadAPI.methods.map(({ name, methodKind }) => `${name} ${methodKind}`),
    [
      'FetchX509SVID server_streaming',
      'FetchX509Bundles server_streaming',
      'FetchJWTSVID unary',
      'FetchJWTBundles server_streaming',
      'ValidateJWTSVID unary',
    ],
  )
})

test('what is generated is what the definition gives', () => {
  const script = fileURLToPath(new URL('../../../scripts/proto.mjs', import.meta.url))
  const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' })
  assert.equal(status, 0, stderr)
})
