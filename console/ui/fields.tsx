// Holds what people fill in: a label with its field, always together.

import {
  useId,
  type InputHTMLAttributes,
  type ReactNode,
  type SelectHTMLAttributes,
  type TextareaHTMLAttributes,
} from 'react'
import { Words } from './text.tsx'

const BOX =
  'w-full rounded-md border border-line-strong bg-paper px-2.5 text-sm text-ink placeholder:text-ink-3 focus:border-accent'

interface Labelled {
  readonly label: string
  readonly hint?: ReactNode
  /** The label is for those who cannot see that it is clear. */
  readonly bare?: boolean
}

function Frame({
  id,
  label,
  hint,
  bare,
  children,
}: Labelled & { readonly id: string; readonly children: ReactNode }) {
  return (
    <div className={bare === true ? '' : 'space-y-1'}>
      <label
        htmlFor={id}
        className={bare === true ? 'sr-only' : 'block text-xs font-medium text-ink-2'}
      >
        {label}
      </label>
      {children}
      {hint !== undefined && (
        <p className="text-xs text-ink-3">
          {typeof hint === 'string' ? <Words text={hint} /> : hint}
        </p>
      )}
    </div>
  )
}

export function Field({
  label,
  hint,
  bare,
  className = '',
  ...rest
}: Labelled & InputHTMLAttributes<HTMLInputElement>) {
  const id = useId()
  return (
    <Frame {...{ id, label, hint, ...(bare && { bare }) }}>
      <input
        id={id}
        autoComplete="off"
        spellCheck={false}
        {...rest}
        className={`${BOX} h-8 ${className}`}
      />
    </Frame>
  )
}

export function Area({
  label,
  hint,
  bare,
  className = '',
  ...rest
}: Labelled & TextareaHTMLAttributes<HTMLTextAreaElement>) {
  const id = useId()
  return (
    <Frame {...{ id, label, hint, ...(bare && { bare }) }}>
      <textarea id={id} {...rest} className={`${BOX} py-1.5 ${className}`} />
    </Frame>
  )
}

export function Select({
  label,
  hint,
  bare,
  options,
  className = '',
  ...rest
}: Labelled &
  SelectHTMLAttributes<HTMLSelectElement> & {
    readonly options: readonly (readonly [string, string])[]
  }) {
  const id = useId()
  return (
    <Frame {...{ id, label, hint, ...(bare && { bare }) }}>
      <select id={id} {...rest} className={`${BOX} h-8 ${className}`}>
        {options.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </Frame>
  )
}
