// Holds the icons: strokes on a grid of 16, in the colour of the text beside them.

const PATHS = {
  now: 'M1.5 8.5h3l2-5 3 9 2-4h3',
  agents: 'M3 6.5h10v6.5H3zM8 3.5v3M8 2.5a1 1 0 1 0 0 .01M6 9.5v1M10 9.5v1M1.5 9v2M14.5 9v2',
  calls: 'M2 4h12M2 8h12M2 12h7',
  approvals: 'M2.5 8.5 6 12l7.5-8',
  findings: 'M8 2.5 14.5 13.5h-13zM8 6.5v3.2M8 11.6v.1',
  policy: 'M3.5 2.5h6l3 3v8h-9zM9.5 2.5v3h3M5.5 8.5h5M5.5 11h3.5',
  systems: 'M2.5 3.5h11v3.5h-11zM2.5 9h11v3.5h-11zM5 5.2v.1M5 10.7v.1',
  lock: 'M3.5 7.5h9v6h-9zM5.5 7.5V5a2.5 2.5 0 0 1 5 0v2.5',
  people:
    'M6 7.5a2.3 2.3 0 1 0 0-4.6 2.3 2.3 0 0 0 0 4.6zM1.8 13.5c.3-2.6 2-4 4.2-4s3.9 1.4 4.2 4M10.5 3.2a2.2 2.2 0 0 1 0 4.2M12 9.9c1.3.6 2 1.800 2.200 3.600',
  gateways:
    'M8 2v12M3.500 5h9M3.500 11h9M3.500 5a1.200 1.200 0 1 0 0 .01M12.500 11a1.200 1.200 0 1 0 0 .01',
  log: 'M3 3.500h10M3 6.500h10M3 9.500h6M3 12.500h4M11 12l1.300 1.300L14.500 11',
  glossary:
    'M3 3h4.500c.5 0 .5.500.500.500v10s-.5-.800-1.500-.800H3zM13 3H8.500c-.5 0-.5.500-.500.500v10s.5-.800 1.500-.800H13z',
  search: 'M7 11.500a4.500 4.500 0 1 0 0-9 4.500 4.500 0 0 0 0 9zM10.500 10.500l3.500 3.500',
  tasks: 'M2.500 3.500h3v3h-3zM8 5h5.500M2.500 9.500h3v3h-3zM8 11h5.500',
  sun: 'M8 5.200a2.800 2.800 0 1 0 0 5.600 2.800 2.800 0 0 0 0-5.600zM8 1.500v1.500M8 13v1.500M1.500 8H3M13 8h1.500M3.400 3.400l1 1M11.600 11.600l1 1M12.600 3.400l-1 1M4.400 11.600l-1 1',
  close: 'M4 4l8 8M12 4l-8 8',
  menu: 'M2.500 4h11M2.500 8h11M2.500 12h11',
  guide:
    'M8 2.200a5.800 5.800 0 1 0 0 11.600A5.800 5.800 0 0 0 8 2.200zM10.400 5.600l-1.400 3.400-3.400 1.400L7 7z',
} as const

export type IconName = keyof typeof PATHS

export function Icon({ name, size = 16 }: { readonly name: IconName; readonly size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.4"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      className="shrink-0"
    >
      <path d={PATHS[name]} />
    </svg>
  )
}
