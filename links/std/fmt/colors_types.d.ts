// The signatures of @std/fmt/colors, for the untyped JavaScript of deno-std.

/** A colour by its three channels, each 0 to 255. */
export interface Rgb {
  /** Red. */
  r: number;
  /** Green. */
  g: number;
  /** Blue. */
  b: number;
}

/** Turns colour on or off; off, every function here returns its text as it came. */
export declare function setColorEnabled(value: boolean): void;
/** Whether colour is on. */
export declare function getColorEnabled(): boolean;
/** The text without ANSI escape codes. */
export declare function stripAnsiCode(string: string): string;

/** The text with every style taken off at its end. */
export declare function reset(str: string): string;
/** Bold text. */
export declare function bold(str: string): string;
/** Dim text. */
export declare function dim(str: string): string;
/** Italic text. */
export declare function italic(str: string): string;
/** Underlined text. */
export declare function underline(str: string): string;
/** Inverse text. */
export declare function inverse(str: string): string;
/** Hidden text. */
export declare function hidden(str: string): string;
/** Struck through text. */
export declare function strikethrough(str: string): string;

/** Black text. */
export declare function black(str: string): string;
/** Red text. */
export declare function red(str: string): string;
/** Green text. */
export declare function green(str: string): string;
/** Yellow text. */
export declare function yellow(str: string): string;
/** Blue text. */
export declare function blue(str: string): string;
/** Magenta text. */
export declare function magenta(str: string): string;
/** Cyan text. */
export declare function cyan(str: string): string;
/** White text. */
export declare function white(str: string): string;
/** Gray text. */
export declare function gray(str: string): string;
/** Bright black text. */
export declare function brightBlack(str: string): string;
/** Bright red text. */
export declare function brightRed(str: string): string;
/** Bright green text. */
export declare function brightGreen(str: string): string;
/** Bright yellow text. */
export declare function brightYellow(str: string): string;
/** Bright blue text. */
export declare function brightBlue(str: string): string;
/** Bright magenta text. */
export declare function brightMagenta(str: string): string;
/** Bright cyan text. */
export declare function brightCyan(str: string): string;
/** Bright white text. */
export declare function brightWhite(str: string): string;

/** Text on black. */
export declare function bgBlack(str: string): string;
/** Text on red. */
export declare function bgRed(str: string): string;
/** Text on green. */
export declare function bgGreen(str: string): string;
/** Text on yellow. */
export declare function bgYellow(str: string): string;
/** Text on blue. */
export declare function bgBlue(str: string): string;
/** Text on magenta. */
export declare function bgMagenta(str: string): string;
/** Text on cyan. */
export declare function bgCyan(str: string): string;
/** Text on white. */
export declare function bgWhite(str: string): string;
/** Text on bright black. */
export declare function bgBrightBlack(str: string): string;
/** Text on bright red. */
export declare function bgBrightRed(str: string): string;
/** Text on bright green. */
export declare function bgBrightGreen(str: string): string;
/** Text on bright yellow. */
export declare function bgBrightYellow(str: string): string;
/** Text on bright blue. */
export declare function bgBrightBlue(str: string): string;
/** Text on bright magenta. */
export declare function bgBrightMagenta(str: string): string;
/** Text on bright cyan. */
export declare function bgBrightCyan(str: string): string;
/** Text on bright white. */
export declare function bgBrightWhite(str: string): string;

/** Text in one of the 256 colours of the palette. */
export declare function rgb8(str: string, color: number): string;
/** Text on one of the 256 colours of the palette. */
export declare function bgRgb8(str: string, color: number): string;
/** Text in any colour, as `0xRRGGBB` or by channels. */
export declare function rgb24(str: string, color: number | Rgb): string;
/** Text on any colour, as `0xRRGGBB` or by channels. */
export declare function bgRgb24(str: string, color: number | Rgb): string;
