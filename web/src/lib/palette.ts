// Colours that people with any kind of colour vision can tell apart (after
// Okabe and Ito), lightened for dark panels. Where two lines could still be
// mixed up, one of them is dashed.
const light = {
  blue: "#0060c0",
  sky: "#2c9fd6",
  green: "#008563",
  orange: "#d98200",
  vermilion: "#c9500a",
  purple: "#a9508a",
  grey: "#7a8594",
};

export type Palette = typeof light;
export type Colour = keyof Palette;

const dark: Palette = {
  blue: "#5aa2ff",
  sky: "#6cc7f2",
  green: "#2fc49a",
  orange: "#f0ac3c",
  vermilion: "#ff8a4c",
  purple: "#dd8fc0",
  grey: "#8c97a6",
};

export const palette = (scheme: "light" | "dark"): Palette => (scheme === "dark" ? dark : light);
