// Holds the theme: what the person chose here, else what their machine prefers.

const KEY = 'bailiwick-theme'
const dark = matchMedia('(prefers-color-scheme: dark)')

export type Theme = 'light' | 'dark'

export function theme(): Theme {
  const chosen = localStorage.getItem(KEY)
  if (chosen === 'light' || chosen === 'dark') return chosen
  return dark.matches ? 'dark' : 'light'
}

export function applyTheme(): void {
  document.documentElement.dataset['theme'] = theme()
  dark.onchange = applyTheme
}

export function toggleTheme(): Theme {
  localStorage.setItem(KEY, theme() === 'dark' ? 'light' : 'dark')
  applyTheme()
  return theme()
}
