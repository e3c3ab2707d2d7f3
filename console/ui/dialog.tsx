// Holds dialogs: the browser's own, which keeps the focus inside and closes on Escape.

import { useEffect, useRef, type ReactNode } from 'react'
import { Icon } from './icon.tsx'
import { t } from './words.ts'

export function Dialog(of: {
  readonly title: string
  readonly onClose: () => void
  readonly children: ReactNode
  readonly wide?: boolean
  /** It stays until what it asks for is done. */
  readonly stays?: boolean
}) {
  const box = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const dialog = box.current
    if (dialog !== null && !dialog.open) dialog.showModal()
    return () => dialog?.close()
  }, [])
  return (
    <dialog
      ref={box}
      aria-label={of.title}
      onCancel={(event) => {
        if (of.stays === true) event.preventDefault()
      }}
      onClose={of.onClose}
      onMouseDown={(event) => {
        if (event.target === box.current && of.stays !== true) box.current?.close()
      }}
      className={`m-auto max-h-[88vh] w-[calc(100vw-2rem)] overflow-auto rounded-xl border border-line bg-paper p-0 text-ink shadow-[var(--shadow)] ${of.wide === true ? 'max-w-3xl' : 'max-w-lg'}`}
    >
      <header className="sticky top-0 z-10 flex items-center gap-2 border-b border-line bg-paper px-4 py-2.5">
        <h2 className="grow text-base font-semibold">{of.title}</h2>
        {of.stays !== true && (
          <button
            type="button"
            aria-label={t('Close')}
            className="rounded p-1 text-ink-3 hover:bg-sunken hover:text-ink"
            onClick={() => box.current?.close()}
          >
            <Icon name="close" />
          </button>
        )}
      </header>
      <div className="p-4">{of.children}</div>
    </dialog>
  )
}
