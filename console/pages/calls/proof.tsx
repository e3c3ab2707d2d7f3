// Holds the proof of a call's records: each computed by this browser from the record's bytes to the root that the log signed.

import { useMutation } from '@tanstack/react-query'
import { bytes } from '../../data/api.ts'
import { logKeys, trustLogKey, type KnownKeys } from '../../data/log-keys.ts'
import { useMay } from '../../data/queries.ts'
import { verifyProof, type Proven, type Unproven } from '../../../src/sdk/proof/verify.ts'
import type { CallStory } from '../../../src/sdk/types.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Trouble } from '../../ui/card.tsx'
import { Said, SaidBlock } from '../../ui/text.tsx'
import { Time } from '../../ui/time.tsx'
import { t } from '../../ui/words.ts'

/** Where a verification ended, in words. */
const STEPS: Readonly<Record<Unproven['step'], string>> = {
  proof: 'the file is not a proof',
  key: 'there is no key for it',
  signature: 'the signature of the log does not hold',
  checkpoint: 'the log signed something else',
  inclusion: 'the record is not in the tree that the log signed',
}

type Records = CallStory['proof']

/** A verification, with what it was by and of. */
export interface Verified {
  readonly verdict: Proven | Unproven
  readonly keys: KnownKeys
  /** What was hashed. */
  readonly entry: Uint8Array
}

/** What was verified, or at which step it ended. */
function Verdict({ verdict }: { readonly verdict: Proven | Unproven }) {
  if (!verdict.ok)
    return (
      <p role="alert" className="text-sm text-bad">
        <Badge tone="bad">{t('✗ not proven')}</Badge> {t(STEPS[verdict.step])}:{' '}
        <Said text={verdict.detail} />
      </p>
    )
  const [own, ...witnesses] = verdict.signatures
  return (
    <div className="space-y-1 text-sm">
      <p>
        <Badge tone="good">{t('✓ verified in this browser')}</Badge>{' '}
        {t('Its bytes lead to the root of {n} records that the log signed.', {
          n: verdict.size.toLocaleString('en'),
        })}
      </p>
      <dl className="grid grid-cols-[5rem_1fr] gap-x-2 text-xs text-ink-2">
        <dt>{t('leaf')}</dt>
        <dd className="font-mono break-all">{verdict.leaf}</dd>
        <dt>{t('root')}</dt>
        <dd className="font-mono break-all">{verdict.root}</dd>
        <dt>{t('signed by')}</dt>
        <dd className="font-mono break-all">
          <Said text={`${own?.name ?? ''} (${own?.id ?? ''})`} />
        </dd>
        <dt>{t('witnesses')}</dt>
        <dd>
          {witnesses.length === 0
            ? t('none whose key is known')
            : witnesses.map(({ name, time }) => (
                <span key={name} className="mr-2">
                  <Said mono text={name} />{' '}
                  {time !== undefined && <Time at={new Date(time * 1_000).toISOString()} exact />}
                </span>
              ))}
        </dd>
      </dl>
    </div>
  )
}

/** Whose key it is: the server names it, so it is worth as much as what it was compared with. */
function Trust({ keys, again }: { readonly keys: KnownKeys; readonly again: () => void }) {
  if (keys.trust === 'changed')
    return (
      <div role="alert" className="space-y-1 rounded-md bg-bad-soft p-2 text-xs text-bad">
        <p className="font-medium">
          {t('The key of this log is another than this browser has seen before.')}
        </p>
        <p className="font-mono break-all">
          <Said text={`${t('before')}: ${keys.before ?? ''}`} />
        </p>
        <p className="font-mono break-all">
          <Said text={`${t('now')}: ${keys.own}`} />
        </p>
        <p>{t('A log does not change its key. Find out why before you trust what it shows.')}</p>
        <Button
          small
          look="warn"
          onClick={() => {
            trustLogKey(keys.own)
            again()
          }}
        >
          {t('I compared it: trust the new key')}
        </Button>
      </div>
    )
  return (
    <p className="text-xs text-ink-3">
      {keys.trust === 'new'
        ? t('This browser sees this key for the first time and remembers it. Compare it once with')
        : t('The key is the one that this browser remembers, also in')}{' '}
      <code>log.vkey</code> {t('in the home of the server')}:{' '}
      <code className="break-all">
        <Said text={keys.own} />
      </code>
    </p>
  )
}

/** What came of it. By a key that is not the one that was known, nothing is told as verified. */
export function Result({ of, again }: { readonly of: Verified; readonly again: () => void }) {
  return (
    <>
      {of.keys.trust !== 'changed' && <Verdict verdict={of.verdict} />}
      <Trust keys={of.keys} again={again} />
      <details className="text-xs">
        <summary className="cursor-pointer text-ink-2">{t('the bytes that were hashed')}</summary>
        <SaidBlock text={new TextDecoder().decode(of.entry)} label={t('the record')} />
      </details>
    </>
  )
}

function One({ call, one }: { readonly call: string; readonly one: Records[number] }) {
  const may = useMay('auditor')
  const path = `/v1/audit/records/${one.index}`
  const { data, error, isPending, mutate } = useMutation({
    mutationFn: async (): Promise<Verified> => {
      const [proof, entry, keys] = await Promise.all([
        bytes(`${path}/proof`),
        bytes(`${path}/entry`),
        logKeys(),
      ])
      const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(proof)
      const found = await verifyProof({ proof: text, entry, keys: keys.lines })
      return { verdict: about(found, entry, call, one), keys, entry }
    },
  })
  return (
    <li className="space-y-2 border-b border-line/60 py-2 first:pt-0 last:border-0 last:pb-0">
      <p className="flex flex-wrap items-center gap-2 text-sm">
        <span className="grow">
          <code>
            <Said text={one.type} />
          </code>{' '}
          <span className="text-ink-3">#{one.index.toLocaleString('en')}</span>
        </span>
        {one.published ? (
          <>
            <a
              className="text-accent hover:underline"
              href={`${path}/proof`}
              download={`record-${one.index}.tlog-proof`}
            >
              {t('.tlog-proof')}
            </a>
            <Button small disabled={!may} busy={isPending} onClick={() => mutate()}>
              {t('Verify')}
            </Button>
          </>
        ) : (
          <span className="text-ink-3">{t('not published yet')}</span>
        )}
      </p>
      {error !== null && <Trouble error={error} />}
      {data !== undefined && <Result of={data} again={() => mutate()} />}
    </li>
  )
}

/** A proof of something else proves nothing here: what was hashed has to be the record of this call that the page shows. */
function about(
  found: Proven | Unproven,
  entry: Uint8Array,
  call: string,
  one: Records[number],
): Proven | Unproven {
  if (!found.ok) return found
  const record = JSON.parse(new TextDecoder().decode(entry)) as { call?: string; type?: string }
  const same = record.call === call && record.type === one.type
  if (same && found.index === one.leaf_index) return found
  const detail = t('what is proven is a record of something else')
  return { ok: false, step: 'inclusion', detail }
}

/** All records of a call. */
export function Proof({ call, proof }: { readonly call: string; readonly proof: Records }) {
  return (
    <ul>
      {proof.map((one) => (
        <One key={one.index} call={call} one={one} />
      ))}
    </ul>
  )
}
