// Holds the verification of a proof that somebody handed over: two files, and this browser, which sends neither anywhere.

import { useMutation } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { logKeys } from '../../data/log-keys.ts'
import { verifyProof } from '../../../src/sdk/proof/verify.ts'
import { Button } from '../../ui/button.tsx'
import { Card, Trouble } from '../../ui/card.tsx'
import { t } from '../../ui/words.ts'
import { Result, type Verified } from '../calls/proof.tsx'

function Chosen(of: {
  readonly label: string
  readonly accept: string
  readonly onChoose: (file: File | undefined) => void
}) {
  const id = useId()
  return (
    <div className="space-y-1">
      <label htmlFor={id} className="block text-xs font-medium text-ink-2">
        {of.label}
      </label>
      <input
        id={id}
        type="file"
        accept={of.accept}
        className="block w-full text-sm file:mr-3 file:rounded-md file:border file:border-line-strong file:bg-paper file:px-3 file:py-1 file:text-ink"
        onChange={(event) => of.onChoose(event.target.files?.[0])}
      />
    </div>
  )
}

/** A proof and its record, as `bailiwick audit proof ID` hands them out. */
export function VerifyCard() {
  const [proof, setProof] = useState<File>()
  const [record, setRecord] = useState<File>()
  const { data, error, isPending, mutate } = useMutation({
    mutationFn: async (): Promise<Verified> => {
      const [text, buffer, keys] = await Promise.all([
        proof!.text(),
        record!.arrayBuffer(),
        logKeys(),
      ])
      const entry = new Uint8Array(buffer)
      return { verdict: await verifyProof({ proof: text, entry, keys: keys.lines }), keys, entry }
    },
  })
  return (
    <Card title={t('Verify a proof')}>
      <div className="space-y-3">
        <p className="text-sm text-ink-2">
          {t('Two files, as')} <code>bailiwick audit proof ID</code>{' '}
          {t('hands them out. They stay in this browser.')}
        </p>
        <Chosen label={t('Proof')} accept=".tlog-proof" onChoose={setProof} />
        <Chosen label={t('Record')} accept=".json" onChoose={setRecord} />
        <Button
          disabled={proof === undefined || record === undefined}
          busy={isPending}
          onClick={() => mutate()}
        >
          {t('Verify')}
        </Button>
        {error !== null && <Trouble error={error} />}
        {data !== undefined && <Result of={data} again={() => mutate()} />}
      </div>
    </Card>
  )
}
