import { createTheme, type MantineColorsTuple } from "@mantine/core";

const surge: MantineColorsTuple = [
  "#eaf2ff",
  "#d3e2ff",
  "#a6c4ff",
  "#76a3ff",
  "#4d86ff",
  "#2f71fb",
  "#1463ff",
  "#0a53dd",
  "#0748c2",
  "#023a9f",
];

// Greys with a little blue, so that panels, lines and text stand apart calmly.
const dark: MantineColorsTuple = [
  "#e6eaf0",
  "#b9c2ce",
  "#8c97a6",
  "#5f6a79",
  "#333c49",
  "#262e39",
  "#1a2029",
  "#12161d",
  "#0b0e13",
  "#07090d",
];

export const theme = createTheme({
  primaryColor: "surge",
  primaryShade: { light: 6, dark: 5 },
  colors: { surge, dark },
  defaultRadius: "md",
  fontFamily: "Inter, ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif",
  fontFamilyMonospace: "ui-monospace, 'JetBrains Mono', SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace",
  fontSizes: { xs: "12px", sm: "13px", md: "14px", lg: "16px", xl: "20px" },
  cursorType: "pointer",
  focusRing: "auto",
  respectReducedMotion: true,
  components: {
    Button: { defaultProps: { size: "sm" } },
    Tooltip: { defaultProps: { openDelay: 300, withArrow: true } },
    Modal: { defaultProps: { centered: true, overlayProps: { backgroundOpacity: 0.5 } } },
  },
});
