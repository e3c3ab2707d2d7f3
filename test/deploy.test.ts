// Holds the files of deploy/ against what they deploy: they parse, name nothing that is not there, and give no container more than it needs.

import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parse, parseAllDocuments } from 'yaml'
import { listenSetting } from '../src/server/listen-setting.ts'

interface Container {
  readonly name: string
  readonly args: readonly string[]
  readonly securityContext: Readonly<Record<string, unknown>>
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[]
  readonly ports?: readonly { readonly containerPort: number }[]
  readonly livenessProbe?: unknown
  readonly readinessProbe?: unknown
}

interface Pod {
  readonly automountServiceAccountToken: boolean
  readonly securityContext: Readonly<Record<string, unknown>>
  readonly containers: readonly Container[]
  readonly volumes: readonly { readonly name: string }[]
}

interface Manifest {
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly spec: {
    readonly template?: { readonly spec: Pod }
    readonly volumeClaimTemplates?: readonly { readonly metadata: { readonly name: string } }[]
  }
}

const texts = new Map(
  globSync('deploy/**/*', { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name, parentPath }) => [name, readFileSync(`${parentPath}/${name}`, 'utf8')]),
)
const manifests = globSync('deploy/kubernetes/*.yaml').flatMap((file) =>
  parseAllDocuments(readFileSync(file, 'utf8')).map((document) => {
    assert.deepEqual(document.errors, [], file)
    return document.toJS() as Manifest
  }),
)
const workloads = manifests.filter(({ spec }) => spec?.template !== undefined)
const sources = globSync('src/{cli,server}/**/*.ts')
  .map((file) => readFileSync(file, 'utf8'))
  .join('\n')

test('every pod runs as nobody, on a root that it cannot write, with no rights and no token', () => {
  assert.deepEqual(workloads.map(({ metadata }) => metadata.name).toSorted(), [
    'bailiwick-control',
    'bailiwick-gateway-a',
    'bailiwick-gateway-b',
    'bailiwick-migrate',
    'bailiwick-standby',
  ])
  for (const { metadata, spec } of workloads) {
    const pod = spec.template!.spec
    assert.equal(pod.automountServiceAccountToken, false, metadata.name)
    assert.equal(pod.securityContext['runAsNonRoot'], true, metadata.name)
    assert.deepEqual(pod.securityContext['seccompProfile'], { type: 'RuntimeDefault' })
    for (const { name, securityContext, volumeMounts } of pod.containers) {
      assert.deepEqual(
        securityContext,
        {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
        name,
      )
      const claimed = spec.volumeClaimTemplates?.map((one) => one.metadata.name) ?? []
      const known = new Set([...pod.volumes.map((one) => one.name), ...claimed])
      for (const mount of volumeMounts) assert.ok(known.has(mount.name), `${name}: ${mount.name}`)
    }
  }
})

test('what stays is probed', () => {
  for (const { metadata, spec } of workloads.filter(({ kind }) => kind !== 'Job')) {
    for (const { livenessProbe, readinessProbe } of spec.template!.spec.containers) {
      assert.ok(readinessProbe !== undefined, metadata.name)
      // A standby listens nowhere until its turn comes.
      const stands = metadata.name === 'bailiwick-standby'
      assert.equal(livenessProbe === undefined, stands, metadata.name)
    }
  }
})

test('every option, variable and port is one that there is', () => {
  const compose = parse(texts.get('compose.yaml') ?? '', { merge: true }) as {
    services: Record<string, { command?: string[] }>
  }
  const args = [
    ...workloads.flatMap(({ spec }) => spec.template!.spec.containers.flatMap((one) => one.args)),
    ...Object.values(compose.services).flatMap(({ command = [] }) => command),
  ]
  const options = new Set(args.filter((arg) => arg.startsWith('--')))
  assert.ok(options.size >= 5)
  for (const option of options) assert.ok(sources.includes(`'${option}`), option)
  const variables = new Set([...texts.values()].join('\n').match(/\bBAILIWICK_[A-Z_]+/g))
  // Of the files themselves, and no setting of ours: which image it is, and where its database.
  variables.delete('BAILIWICK_IMAGE')
  assert.ok(variables.size >= 5)
  for (const variable of variables) assert.ok(sources.includes(`'${variable}'`), variable)
})

test('what migrates does so with the keys of the home that serves', () => {
  const job = workloads.find(({ metadata }) => metadata.name === 'bailiwick-migrate')
  const volumes = JSON.stringify(job?.spec.template?.spec.volumes)
  assert.ok(volumes.includes('home-bailiwick-control-0'))
  const { services } = parse(texts.get('compose.yaml') ?? '', { merge: true }) as {
    services: Record<string, { volumes?: string[] }>
  }
  for (const name of ['migrate', 'control']) {
    assert.deepEqual(services[name]?.volumes, ['control:/var/lib/bailiwick'], name)
  }
})

test('a gateway reaches no database', () => {
  const policies = manifests.filter(({ kind }) => kind === 'NetworkPolicy')
  const gateway = policies.find(({ metadata }) => metadata.name === 'gateway')
  assert.ok(gateway !== undefined && !JSON.stringify(gateway).includes('5432'))
  const closed = policies.find(({ metadata }) => metadata.name === 'closed')
  assert.deepEqual(closed?.spec, { podSelector: {}, policyTypes: ['Ingress', 'Egress'] })
})

test('the names under which control is reached are some that it takes', () => {
  const said = [...texts.values()].flatMap((text) => [
    ...text.matchAll(/BAILIWICK_NAMES: (\S+)|name: BAILIWICK_NAMES\s+value: (\S+)/g),
  ])
  assert.equal(said.length, 3)
  for (const [, compose, kubernetes] of said) {
    const names = compose ?? kubernetes ?? ''
    const environment = { BAILIWICK_HOST: '127.0.0.1', BAILIWICK_NAMES: names }
    assert.deepEqual(listenSetting(environment).names, names.split(','))
  }
})
