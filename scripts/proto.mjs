// Holds the making of TypeScript from our one protocol definition: `node scripts/proto.mjs` writes it, `--check` compares.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..')
const BIN = join(ROOT, 'node_modules', '.bin')
const FOLDER = join(ROOT, 'src', 'api', 'workload')
const MADE = join(FOLDER, 'workload_pb.ts')
const FIRST =
  '// Holds the messages of the Workload API, made from workload.proto by scripts/proto.mjs.\n'

function run(program, args, input) {
  const { status, stdout, stderr, error } = spawnSync(join(BIN, program), args, {
    cwd: ROOT,
    encoding: 'utf8',
    input,
    env: { ...process.env, PATH: `${BIN}:${process.env['PATH']}` },
  })
  if (status !== 0) throw new Error(`${program}: ${stderr ?? ''}${error?.message ?? ''}`)
  return stdout
}

/** What the definition gives, in the form of the house. Nothing is fetched: the compiler carries what is imported. */
function made() {
  const out = mkdtempSync(join(tmpdir(), 'bailiwick-proto-'))
  try {
    const template = JSON.stringify({
      version: 'v2',
      plugins: [
        {
          local: 'protoc-gen-es',
          out,
          opt: ['target=ts', 'import_extension=ts'],
        },
      ],
    })
    run('buf', ['generate', FOLDER, '--template', template])
    const text = FIRST + readFileSync(join(out, 'workload_pb.ts'), 'utf8')
    return run('prettier', ['--stdin-filepath', MADE], text)
  } finally {
    rmSync(out, { recursive: true, force: true })
  }
}

const text = made()
if (!process.argv.includes('--check')) writeFileSync(MADE, text)
else if (readFileSync(MADE, 'utf8') !== text) {
  process.stderr.write('src/api/workload/workload_pb.ts is not what workload.proto gives\n')
  process.stderr.write('next: node scripts/proto.mjs\n')
  process.exitCode = 1
}
