// Holds the Workload API under the reference library of SPIFFE, go-spiffe: nightly, because it takes Go 1.24 and its module proxy.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'
import { openWorkload } from '../fakes/workload.ts'
import { Child } from '../e2e/child.ts'

const SOURCE = fileURLToPath(new URL('go-spiffe', import.meta.url))
/** The oldest Go that builds the program. */
const GO_MIN = 1.24

/** A Go that can build it, by path; undefined where this machine has none. */
function findGo(): string | undefined {
  return ['go', '/usr/local/go/bin/go'].find((go) => {
    const { stdout } = spawnSync(go, ['env', 'GOVERSION'], { encoding: 'utf8' })
    return Number(/^go(\d+\.\d+)/.exec(stdout ?? '')?.[1]) >= GO_MIN
  })
}

test('go-spiffe gets X.509 and JWT-SVIDs, follows the bundle and validates, unchanged', async () => {
  const go = findGo()
  assert.ok(go !== undefined, `Go ${GO_MIN} or newer is needed, and its module proxy`)
  const folder = mkdtempSync(join(tmpdir(), 'bailiwick-go-'))
  try {
    const program = join(folder, 'go-spiffe')
    const built = spawnSync(go, ['build', '-mod=readonly', '-o', program, '.'], {
      cwd: SOURCE,
      encoding: 'utf8',
      env: { ...process.env, CGO_ENABLED: '0', GOTOOLCHAIN: 'local' },
    })
    assert.equal(built.status, 0, built.stderr)
    await using workload = await openWorkload()
    workload.identities.selector = `unix:path:${program}`
    await using client = new Child(
      [],
      { SPIFFE_ENDPOINT_SOCKET: `unix://${workload.path}` },
      program,
    )
    const { code, stdout, stderr } = await client.ended
    assert.equal(code, 0, stderr)
    const [id, roots, validated] = stdout.split('\n')
    assert.match(id!, /^spiffe:\/\/bailiwick\.test\/agent\/mail-sorter\/[0-9a-f-]{36}$/)
    assert.deepEqual([roots, validated], ['1', id], 'one instance, by both kinds of SVID')
    assert.deepEqual(workload.failures, [])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
