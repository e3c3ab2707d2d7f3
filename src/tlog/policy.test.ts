// Holds the tests of cosignatures and witness policies, named for the sections of C2SP tlog-cosignature and tlog-policy.

import assert from 'node:assert/strict'
import { generateKeyPairSync, sign, verify, type KeyObject } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { utf8 } from '../std/bytes.ts'
import { COSIGNATURE_V1, cosignatureTime, cosignatureVerifier, cosigner } from './cosignature.ts'
import { rawEd25519 } from './ed25519.ts'
import { formatVkey, openNote, parseVkey, readNote, signNote } from './note.ts'
import { evaluatePolicy, parseWitnessPolicy } from './policy.ts'

const BODY = 'log.example/2026h2\n7\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n'

interface Made {
  readonly vkey: string
  readonly publicKey: KeyObject
  cosign(time: number): string
}

function witness(name: string): Made {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const raw = rawEd25519(new Uint8Array(publicKey.export({ type: 'spki', format: 'der' })))
  return {
    vkey: formatVkey(name, COSIGNATURE_V1, raw),
    publicKey,
    cosign: (time) => {
      const signer = cosigner(
        name,
        raw,
        (data) => new Uint8Array(sign(null, data, privateKey)),
        () => time,
      )
      return signNote(BODY, [signer]).slice(BODY.length + 1)
    },
  }
}

const [a, b, c] = ['w.example/a', 'w.example/b', 'w.example/c'].map(witness) as [Made, Made, Made]

test('tlog-cosignature §Format: eight bytes of time, then Ed25519 over cosignature/v1, the time and the whole body', () => {
  const note = `${BODY}\n${a.cosign(1_763_888_400.9)}`
  const [line] = readNote(note).signatures
  assert.ok(line !== undefined)
  assert.equal(cosignatureTime(line.signature), 1_763_888_400)
  const message = utf8(`cosignature/v1\ntime 1763888400\n${BODY}`)
  assert.ok(verify(null, message, a.publicKey, line.signature.subarray(8)))
  assert.equal(openNote(note, [cosignatureVerifier(parseVkey(a.vkey))]).verified.length, 1)
})

test('tlog-cosignature §Format: another time, another body or another length is no cosignature', () => {
  const verifier = cosignatureVerifier(parseVkey(a.vkey))
  const [line] = readNote(`${BODY}\n${a.cosign(5)}`).signatures
  const { signature } = line ?? { signature: new Uint8Array() }
  assert.ok(verifier.verify(utf8(BODY), signature))
  fc.assert(
    fc.property(fc.nat(signature.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const other = Uint8Array.from(signature)
      other[at] = (other[at] ?? 0) ^ flip
      assert.equal(verifier.verify(utf8(BODY), other), false)
    }),
  )
  assert.equal(verifier.verify(utf8(`${BODY}x\n`), signature), false)
  assert.equal(verifier.verify(utf8(BODY), signature.subarray(8)), false)
  // A key of a log is not one of a witness: its signature would say more than that somebody saw the checkpoint.
  const log = parseVkey(a.vkey)
  assert.throws(() => cosignatureVerifier({ ...log, type: 1 }), { code: 'tlog.vkey' })
})

const POLICY = `# three, of which two
log ${formatVkey('log.example', 1, new Uint8Array(32))}
witness one ${a.vkey} https://one.example/w/
witness two ${b.vkey}
\twitness   three ${c.vkey}   http://127.0.0.1:1

group pair any two three
group all-of all one pair
quorum all-of
`

test('tlog-policy §Defining the quorum, §Defining a witness group: witnesses, groups and a quorum decide', () => {
  const policy = parseWitnessPolicy(POLICY)
  assert.deepEqual(
    policy.witnesses.map(({ name, url }) => [name, url]),
    [
      ['one', 'https://one.example/w'],
      ['two', undefined],
      ['three', 'http://127.0.0.1:1'],
    ],
  )
  const met = (...lines: readonly string[]) => evaluatePolicy(policy, `${BODY}\n${lines.join('')}`)
  assert.equal(met(a.cosign(1)).met, false)
  assert.equal(met(b.cosign(1), c.cosign(2)).met, false)
  assert.deepEqual(met(a.cosign(1), c.cosign(2)), {
    met: true,
    cosignatures: [
      { name: 'one', time: 1 },
      { name: 'three', time: 2 },
    ],
  })
  // The same witness twice is one; a broken line is none.
  assert.equal(met(a.cosign(1), a.cosign(2)).met, false)
  const broken = c.cosign(2).replace(/.{4}\n$/, 'AAA=\n')
  assert.equal(met(a.cosign(1), broken).met, false)
  const none = parseWitnessPolicy('quorum none\n')
  assert.equal(evaluatePolicy(none, `${BODY}\n${a.cosign(1)}`).met, true)
})

test('tlog-policy §Structure: what is not understood refuses the whole, with its line', () => {
  const one = `witness one ${a.vkey}\n`
  for (const [text, line] of [
    ['', /no quorum/],
    [`${one}`, /no quorum/],
    [`quorum one\n`, /line 1/],
    [`${one}${one}quorum one\n`, /line 2/],
    [`${one}witness two ${a.vkey}\nquorum one\n`, /line 2.*twice/],
    [`${one}witness none ${b.vkey}\nquorum one\n`, /line 2/],
    [`${one}group g 2 one\nquorum g\n`, /line 2/],
    [`${one}group g any two\nquorum g\n`, /line 2/],
    [`${one}group g any one\ngroup h any one\nquorum h\n`, /line 3/],
    [`${one}group g 0 one\nquorum g\n`, /line 2/],
    [`${one}quorum one\nquorum none\n`, /line 3/],
    [`${one}quorum one extra\n`, /line 2/],
    [`witness one ${a.vkey} ftp://x\nquorum one\n`, /line 1/],
    [`require one\nquorum none\n`, /line 1/],
  ] as const) {
    assert.throws(() => parseWitnessPolicy(text), { code: 'tlog.policy', message: line }, text)
  }
  assert.throws(() => parseWitnessPolicy('witness one x+y+z\nquorum one\n'), { code: 'tlog.vkey' })
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
      try {
        parseWitnessPolicy(text)
      } catch (error) {
        assert.match(String((error as { code: unknown }).code), /^tlog\.(?:policy|vkey)$/)
      }
    }),
  )
})

const ONE = `witness one ${a.vkey}\n`
const refused = (text: string, message: RegExp): void =>
  assert.throws(() => parseWitnessPolicy(text), { code: 'tlog.policy', message }, text)

test('tlog-policy §Structure: spaces and tabs part and surround words, empty lines and comments are ignored, and order says nothing', () => {
  const policy = parseWitnessPolicy(
    ` \t\n \t# a comment\n\twitness \t one\t${a.vkey} \nlog ${formatVkey('l.example', 1, new Uint8Array(32))}\n${'witness two ' + b.vkey}\ngroup g all two one\nquorum\tg\t`,
  )
  assert.deepEqual(
    policy.witnesses.map(({ name }) => name),
    ['one', 'two'],
  )
  assert.equal(policy.logs.length, 1)
})

test('tlog-policy §Structure: a group and the quorum name only what stands before them, and there is no way round in a circle', () => {
  refused(`group g any one\n${ONE}quorum g\n`, /line 1/)
  refused(`quorum one\n${ONE}`, /line 1/)
  refused(`group g any g\nquorum g\n`, /line 1/)
  refused(`group g any h\ngroup h any g\nquorum g\n`, /line 1/)
})

test('tlog-policy §Public key representation: keys are of the type of their use, and the same key under another name is the same', () => {
  const raw = parseVkey(a.vkey).publicKey
  const asLog = formatVkey('w.example/a', 1, raw)
  assert.throws(() => parseWitnessPolicy(`witness one ${asLog}\nquorum one\n`), {
    code: 'tlog.vkey',
  })
  assert.throws(() => parseWitnessPolicy(`log ${a.vkey}\nquorum none\n`), { code: 'tlog.vkey' })
  const renamed = formatVkey('w.example/other', COSIGNATURE_V1, raw)
  refused(`${ONE}witness two ${renamed}\nquorum one\n`, /line 2/)
})

test('tlog-policy §Defining a log: duplicate logs are not allowed', () => {
  const raw = new Uint8Array(32).fill(7)
  const [x, y] = ['x.example', 'y.example'].map((name) => formatVkey(name, 1, raw))
  refused(`log ${x}\nlog ${x}\nquorum none\n`, /line 2/)
  refused(`log ${x}\nlog ${y} https://y.example\nquorum none\n`, /line 2/)
})

test('tlog-policy §Defining the quorum: exactly one line, and `none` needs nobody', () => {
  refused(ONE, /no quorum/)
  refused(`${ONE}quorum one\nquorum one\n`, /line 3/)
  assert.equal(
    evaluatePolicy(parseWitnessPolicy('quorum none'), `${BODY}\n${a.cosign(1)}`).met,
    true,
  )
})

test('tlog-policy §Defining a witness group: 1 <= k <= n in decimal, at least one member, each name a member once, and never `none`', () => {
  const two = `${ONE}witness two ${b.vkey}\n`
  for (const k of ['0', '3', '01', '+1', '1.0', '0x1', '1e0', 'most']) {
    refused(`${two}group g ${k} one two\nquorum g\n`, /line 3/)
  }
  refused(`${two}group g any\nquorum g\n`, /line 3/)
  refused(`${two}group g any none\nquorum g\n`, /line 3/)
  refused(`${two}group none any one\nquorum one\n`, /line 3/)
  refused(`${two}group g 2 one one\nquorum g\n`, /line 3/)
  refused(`${two}group g any one\ngroup h any two one\nquorum h\n`, /line 4/)
  const exactly = parseWitnessPolicy(`${two}group g 2 one two\nquorum g\n`)
  assert.equal(evaluatePolicy(exactly, `${BODY}\n${a.cosign(1)}`).met, false)
  assert.equal(evaluatePolicy(exactly, `${BODY}\n${a.cosign(1)}${b.cosign(1)}`).met, true)
})

test('tlog-policy §Character set: no control characters but tab and newline; what is not ASCII is part of a name', () => {
  for (const control of ['\r', '\u0000', '\u000b', '\u001b', '\u007f']) {
    refused(`${ONE}# ${control}\nquorum one\n`, /line 2/)
  }
  // A Kelvin sign is no K, and a no-break space no space.
  const named = parseWitnessPolicy(
    `witness K ${a.vkey}\nwitness \u212a ${b.vkey}\nwitness \u00a0c ${c.vkey}\nquorum \u212a\n`,
  )
  assert.deepEqual(
    named.witnesses.map(({ name }) => name),
    ['K', '\u212a', '\u00a0c'],
  )
  assert.equal(evaluatePolicy(named, `${BODY}\n${a.cosign(1)}`).met, false)
  assert.equal(evaluatePolicy(named, `${BODY}\n${b.cosign(1)}`).met, true)
})

test('tlog-policy §Implementation limits: 32 logs, 32 witnesses and 32 groups', () => {
  const many = Array.from({ length: 32 }, (_, i) => i)
  const text = [
    ...many.map((i) => `log ${formatVkey(`l${i}.example`, 1, new Uint8Array(32).fill(i))}`),
    ...many.map((i) => `witness w${i} ${witness(`w${i}.example`).vkey}`),
    ...many.map((i) => `group g${i} any w${i}${i === 0 ? '' : ` g${i - 1}`}`),
    'quorum g31',
  ].join('\n')
  const policy = parseWitnessPolicy(text)
  assert.deepEqual([policy.logs.length, policy.witnesses.length, policy.groups.size], [32, 32, 32])
  assert.equal(evaluatePolicy(policy, `${BODY}\n${a.cosign(1)}`).met, false)
})
