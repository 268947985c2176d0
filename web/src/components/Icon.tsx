const paths = {
  check: "M5 12.5l4.5 4.5L19 7.5",
  cross: "M6.5 6.500l11 11M17.5 6.500l-11 11",
  minus: "M6 12h12",
  alert: "M12 8v5M12 16.500v.01M12 3.500l9.5 16.500h-19z",
  stop: "M7 7h10v10H7z",
  pause: "M8.5 6v12M15.5 6v12",
  play: "M8 5.500v13l10.5-6.500z",
  plus: "M12 5v14M5 12h14",
  search: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM20 20l-4.8-4.8",
  sun: "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 2.500v2M12 19.500v2M2.5 12h2M19.5 12h2M5.3 5.300l1.4 1.400M17.3 17.300l1.4 1.400M5.3 18.700l1.4-1.400M17.3 6.700l1.4-1.4",
  moon: "M20 14.500A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.500z",
  auto: "M12 20.500a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17zM12 3.500v17",
  keyboard: "M3 6.500h18v11H3zM7 10.500v.01M11 10.500v.01M15 10.500v.01M8 14h8",
  user: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20.500c.8-4 3.8-6 7.5-6s6.7 2 7.5 6",
  download: "M12 4v11M7.5 11l4.5 4.5 4.5-4.500M5 19.500h14",
  chevron: "M8 10l4 4 4-4",
  trash: "M5 7h14M10 7V4.500h4V7M7 7l1 12.500h8L17 7",
  sliders: "M5 8h8M17 8h2M5 16h2M11 16h8M15 6v4M9 14v4",
  repeat: "M5 12a7 7 0 0 1 12-5l2 2M19 4.500V9h-4.500M19 12a7 7 0 0 1-12 5l-2-2M5 19.500V15h4.5",
  file: "M7 3.500h7l4 4v13H7zM14 3.500v4h4",
  pin: "M12 21c4.500-4.500 7-8 7-11a7 7 0 1 0-14 0c0 3 2.5 6.500 7 11zM12 12.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5z",
  flow: "M2.5 15.500c4 0 4.5-7 8-7s4 7 7.5 7c1.8 0 2.7-1.8 3.5-4",
} as const;

export type IconName = keyof typeof paths;

/** A line drawing in the text's colour; for the eye only, words stand beside it. */
export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      aria-hidden="true"
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth={1.8}
      strokeLinecap="round"
      strokeLinejoin="round"
      style={{ flex: "none" }}
    >
      <path d={paths[name]} />
    </svg>
  );
}
