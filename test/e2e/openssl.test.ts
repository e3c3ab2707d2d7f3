// Holds what openssl says of every certificate that a whole Bailiwick shows: its roots, its listeners, its agents', over a rotation.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { AuthorityAnswer, RotateAnswer } from '../../src/wire/api/authority.ts'
import { Registration } from '../../src/wire/api/registration.ts'
import { Bailiwick } from './bailiwick.ts'
import { rootsOf } from './roots.ts'
import { ownProgram, svidOf, WorkloadProcess } from './workload-process.ts'

const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g
const LINES = /.{1,64}/g

let bailiwick: Bailiwick
let folder: string
/** Paths of PEM files: what is trusted before the rotation, after it, and the second root alone. */
let earlier: string
let both: string
let second: string

before(async () => {
  bailiwick = await Bailiwick.start()
  folder = mkdtempSync(join(tmpdir(), 'bailiwick-openssl-'))
  await bailiwick.agent('worker', ['worker'], true)
  earlier = file('earlier.pem', (await rootsOf(bailiwick)).join(''))
})

after(async () => {
  rmSync(folder, { recursive: true, force: true })
  await bailiwick[Symbol.asyncDispose]()
})

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text, { mode: 0o600 })
  return path
}

function pemOf(kind: 'CERTIFICATE' | 'PRIVATE KEY', base64: string): string {
  return `-----BEGIN ${kind}-----\n${base64.match(LINES)!.join('\n')}\n-----END ${kind}-----\n`
}

/** What openssl says, and whether it was content. */
function openssl(words: readonly string[], input = ''): { well: boolean; said: string } {
  const { status, stdout, stderr } = spawnSync('openssl', words, { encoding: 'utf8', input })
  return { well: status === 0, said: stdout + stderr }
}

/** Verifies a leaf as strictly as openssl can, for clients and for servers. */
function verifies(leaf: string, roots: string): boolean {
  return ['sslclient', 'sslserver'].every(
    (purpose) =>
      openssl(['verify', '-x509_strict', '-purpose', purpose, '-CAfile', roots, leaf]).well,
  )
}

/** A handshake with a listener, with a client certificate or without. */
function handshake(
  port: number | string,
  roots: string,
  client: readonly string[] = [],
  request = 'GET /nothing HTTP/1.0\r\n\r\n',
) {
  const at = ['-connect', `127.0.0.1:${port}`, '-verify_ip', '127.0.0.1', '-CAfile', roots]
  const strict = ['-verify_return_error', '-x509_strict', '-tls1_3', '-showcerts']
  // The session waits for an answer, because a server judges a client's certificate after the handshake.
  const { well, said } = openssl(['s_client', ...at, ...strict, '-ign_eof', ...client], request)
  return { well, said, shown: said.match(PEM) ?? [] }
}

function listeners(): readonly (readonly [string, string])[] {
  const { port } = new URL(bailiwick.identityUrl)
  return [
    ['identity', port],
    ['gateway', String(bailiwick.gatewayPort)],
  ]
}

/** Files of the identity that a join token gives now. */
async function joined(name: string): Promise<{ leaf: string; key: string }> {
  const { cert, key } = (await bailiwick.enrol('worker', true)).tls()
  return { leaf: file(`${name}.pem`, String(cert)), key: file(`${name}.key`, String(key)) }
}

test('openssl: before and after a rotation, both listeners and both kinds of SVID hold, each under its own root', async () => {
  const old = await joined('old')
  assert.ok(verifies(old.leaf, earlier))
  for (const [name, port] of listeners()) {
    const { well, said } = handshake(port, earlier, ['-cert', old.leaf, '-key', old.key])
    assert.ok(well && /Verification: OK/.test(said), `${name}: ${said}`)
  }

  const rotate = { reason: 'a test rotates', now: true }
  await bailiwick.control.send('POST', '/v1/authority/rotate', rotate, RotateAnswer)
  both = file('both.pem', (await rootsOf(bailiwick)).join(''))
  const authority = await bailiwick.control.get('/v1/authority', AuthorityAnswer)
  const { roots, active, serving } = authority
  assert.equal(roots.length, 2)
  const pem = (fingerprint: string) =>
    roots.find((root) => root.fingerprint === fingerprint)!.certificate
  second = file('second.pem', pem(active))
  const served = file('serving.pem', pem(serving))
  for (const root of [second, earlier]) {
    assert.ok(openssl(['verify', '-x509_strict', '-CAfile', both, root]).well)
    const { said } = openssl(['x509', '-noout', '-text', '-in', root])
    assert.match(said, /CA:TRUE, pathlen:0/)
    assert.match(said, /URI:spiffe:\/\/[^/\s]+\n/)
  }

  const fresh = await joined('fresh')
  assert.ok(verifies(fresh.leaf, second) && !verifies(fresh.leaf, earlier))
  assert.ok(verifies(old.leaf, both) && !verifies(old.leaf, second))
  for (const [name, port] of listeners()) {
    // Who came before the rotation and who came after: both get in, and what they are shown verifies.
    for (const { leaf, key } of [old, fresh]) {
      const { well, said, shown } = handshake(port, both, ['-cert', leaf, '-key', key])
      assert.ok(well && /Verification: OK/.test(said), `${name}: ${said}`)
      const server = file(`${name}.pem`, shown[0]!)
      assert.ok(verifies(server, served), `${name} is of the root that listeners show`)
      const text = openssl(['x509', '-noout', '-ext', 'subjectAltName', '-in', server]).said
      assert.match(text, new RegExp(`URI:spiffe://[^/]+/bailiwick/${name}\\b`))
    }
  }
})

test('openssl: an SVID of the Workload API verifies, fits its key, and opens the gateway', async () => {
  const program = ownProgram(join(bailiwick.home, 'bin'), 'worker')
  const selectors = [`unix:uid:${process.getuid!()}`, `unix:path:${program}`]
  const registration = { agent: 'worker', attestor: 'unix', selectors, unattended: true }
  await bailiwick.control.send('POST', '/v1/registrations', registration, Registration)
  const socket = (await bailiwick.status()).listeners.workload!.slice('unix://'.length)
  await using client = new WorkloadProcess(socket, 'FetchX509SVID', { program })
  const svid = svidOf(await client.line())
  const leaf = file('workload.pem', pemOf('CERTIFICATE', svid.x509_svid))
  const key = file('workload.key', pemOf('PRIVATE KEY', svid.x509_svid_key))
  assert.ok(verifies(leaf, both) && verifies(leaf, second))
  const ofLeaf = openssl(['x509', '-noout', '-pubkey', '-in', leaf])
  const ofKey = openssl(['pkey', '-pubout', '-in', key])
  assert.ok(ofLeaf.well)
  assert.equal(ofLeaf.said, ofKey.said)
  const { well, said } = handshake(bailiwick.gatewayPort, both, ['-cert', leaf, '-key', key])
  assert.ok(well && /Verification: OK/.test(said), said)
})

test('openssl: who has a certificate of nobody that is trusted is refused, and who trusts another root does not come in', () => {
  const key = join(folder, 'stranger.key')
  const leaf = join(folder, 'stranger.pem')
  const subject = ['-subj', '/CN=stranger', '-addext', 'subjectAltName=URI:spiffe://x/agent/a/b']
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  const files = ['-keyout', key, '-out', leaf, '-days', '1']
  assert.ok(openssl(['req', '-x509', ...curve, ...files, ...subject]).well)
  assert.match(readFileSync(leaf, 'utf8'), PEM)
  const call =
    'POST /mcp/probe HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n' +
    'Content-Length: 2\r\nConnection: close\r\n\r\n{}'
  const shown = handshake(bailiwick.gatewayPort, both, ['-cert', leaf, '-key', key], call)
  assert.match(shown.said, /HTTP\/1\.1 401 /)
  for (const [name, port] of listeners()) {
    const { well, said } = handshake(port, leaf)
    assert.ok(!well && /verif/i.test(said), `${name}: ${said}`)
  }
})
