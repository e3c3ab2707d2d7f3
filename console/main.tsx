// Starts the console.

import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { router } from './app/router.tsx'
import { SignedOut } from './app/signed-out.tsx'
import { applyTheme } from './app/theme.ts'
import { Refusal } from './data/api.ts'

applyTheme()

const client = new QueryClient({
  defaultOptions: {
    queries: {
      // Only what may be otherwise the next time is asked again.
      retry: (count, error) =>
        error instanceof Refusal && (error.status === 0 || error.status >= 500) && count < 2,
      staleTime: 1_000,
    },
  },
})

createRoot(document.querySelector('#console')!).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <RouterProvider router={router} />
      <SignedOut />
    </QueryClientProvider>
  </StrictMode>,
)
