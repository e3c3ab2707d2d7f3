// Holds texts that are not ours: what agents, systems and people wrote. Shown inert, with what hides in them made visible.

import { useState } from 'react'
import { Button } from './button.tsx'
import { t } from './words.ts'

/** Direction marks, what is not drawn, and control characters (Unicode UAX 44, TR36): they make a text look like another. */
const HIDDEN = /\p{DI}|\p{Cf}|[\u2028\u2029]|(?![\t\n])\p{Cc}/gu

/** A text in which nothing hides. */
function visible(text: string): string {
  return text.replaceAll(
    HIDDEN,
    (one) => `⟨U+${one.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}⟩`,
  )
}

/** A name or a short text from elsewhere. */
export function Said({ text, mono }: { readonly text: string; readonly mono?: boolean }) {
  return (
    <bdi className={`break-words ${mono === true ? 'font-mono text-[0.92em]' : ''}`}>
      {visible(text)}
    </bdi>
  )
}

/** Words in which backticks set off code: ours, or those of a refusal or an explanation. */
export function Words({ text }: { readonly text: string }) {
  return (
    <bdi className="break-words">
      {visible(text)
        .split('`')
        .map((part, at) => (at % 2 === 1 ? <code key={at}>{part}</code> : part))}
    </bdi>
  )
}

const SHORT = 4_000

/** A long text from elsewhere, as it stands. Only its beginning until somebody asks for the rest. */
export function SaidBlock({ text, label }: { readonly text: string; readonly label: string }) {
  const [whole, setWhole] = useState(false)
  const shown = whole ? text : text.slice(0, SHORT)
  return (
    <div>
      <pre
        tabIndex={0}
        aria-label={label}
        dir="ltr"
        className="max-h-96 overflow-auto rounded-md border border-line bg-ground p-3 text-xs leading-5 break-words whitespace-pre-wrap"
      >
        {visible(shown)}
      </pre>
      {!whole && text.length > SHORT && (
        <Button small look="quiet" className="mt-1" onClick={() => setWhole(true)}>
          {t('Show all {n} characters', { n: text.length.toLocaleString('en') })}
        </Button>
      )}
    </div>
  )
}

/** A value as JSON that people read. */
export function Json({ value, label }: { readonly value: unknown; readonly label: string }) {
  return <SaidBlock text={JSON.stringify(value, null, 2)} label={label} />
}

/** A short form of a long id, whole on hover and when copied. */
export function Id({ id }: { readonly id: string }) {
  const [copied, setCopied] = useState(false)
  const short = id.length > 13 ? `${id.slice(0, 4)}…${id.slice(-6)}` : id
  return (
    <button
      type="button"
      title={copied ? t('copied') : t('{id} (copy)', { id })}
      className="rounded font-mono text-[0.92em] text-ink-2 hover:bg-sunken hover:text-ink"
      onClick={() => {
        void navigator.clipboard.writeText(id).then(() => setCopied(true))
      }}
    >
      {short}
    </button>
  )
}
