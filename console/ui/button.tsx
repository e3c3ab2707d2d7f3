// Holds buttons: one primary on a screen, quiet ones beside it, and the one that stops something.

import type { ButtonHTMLAttributes } from 'react'
import { Icon, type IconName } from './icon.tsx'

const LOOKS = {
  primary: 'bg-accent text-accent-ink border-transparent hover:brightness-110',
  plain: 'bg-paper text-ink border-line-strong hover:bg-sunken',
  quiet: 'bg-transparent text-ink-2 border-transparent hover:bg-sunken hover:text-ink',
  danger: 'bg-bad text-bad-ink border-transparent hover:brightness-110',
  warn: 'bg-paper text-bad border-bad/50 hover:bg-bad-soft',
} as const

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly look?: keyof typeof LOOKS
  readonly icon?: IconName
  readonly small?: boolean
  /** True while what it began is under way. */
  readonly busy?: boolean
}

export function Button({
  look = 'plain',
  icon,
  small,
  busy,
  children,
  className = '',
  ...rest
}: ButtonProps) {
  const size = small === true ? 'h-7 px-2 text-xs' : 'h-8 px-3 text-sm'
  return (
    <button
      type="button"
      {...rest}
      disabled={rest.disabled === true || busy === true}
      aria-busy={busy}
      className={`inline-flex items-center justify-center gap-1.5 rounded-md border font-medium whitespace-nowrap transition-[background,filter] disabled:opacity-55 ${size} ${LOOKS[look]} ${className}`}
    >
      {icon !== undefined && <Icon name={icon} size={14} />}
      {children}
    </button>
  )
}
