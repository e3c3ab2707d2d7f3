// Holds signing in again in place: a session ends, and what somebody was about to do stays where it is.

import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { send, whenSignedOut } from '../data/api.ts'
import { assertion } from '../data/passkey.ts'
import { Button } from '../ui/button.tsx'
import { Trouble } from '../ui/card.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { t } from '../ui/words.ts'

export function SignedOut() {
  const client = useQueryClient()
  const [out, setOut] = useState(false)
  const [busy, setBusy] = useState(false)
  const [trouble, setTrouble] = useState<Error>()
  useEffect(() => whenSignedOut(() => setOut(true)), [])
  if (!out) return null
  const signIn = async (): Promise<void> => {
    setBusy(true)
    setTrouble(undefined)
    try {
      await send('/login/passkey', { assertion: await assertion('/login/passkey/options') })
      setOut(false)
      await client.invalidateQueries()
    } catch (error) {
      setTrouble(
        error instanceof DOMException ? new Error(t('no passkey was used')) : (error as Error),
      )
    } finally {
      setBusy(false)
    }
  }
  return (
    <Dialog title={t('Your session has ended')} stays onClose={() => setOut(false)}>
      <div className="space-y-3 text-sm">
        <p className="text-ink-2">
          {t('Sign in again to go on. What is on this page stays as it is.')}
        </p>
        {trouble !== undefined && <Trouble error={trouble} />}
        <div className="flex gap-2">
          <Button look="primary" busy={busy} onClick={() => void signIn()}>
            {t('Sign in with a passkey')}
          </Button>
          <a
            className="inline-flex h-8 items-center rounded-md border border-line-strong px-3 text-sm font-medium hover:bg-sunken"
            href={`/login?return_to=${encodeURIComponent(location.pathname + location.search)}`}
          >
            {t('Another way')}
          </a>
        </div>
      </div>
    </Dialog>
  )
}
