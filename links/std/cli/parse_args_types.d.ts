// The signature of @std/cli/parse-args, for the untyped JavaScript of deno-std. Somewhat stricter than the real one:
// a flag that no option names is not on the result (there it is `unknown`), and dotted names do not nest.

/** A name or several. */
type OneOrMore<N extends string> = N | readonly N[];

/** Other names, by the name they stand for. */
type Aliases = Readonly<Record<string, string | readonly string[]>>;

/** The names that stand for `K`. */
type AliasOf<K, A> = K extends keyof A ? A[K] extends readonly (infer N extends string)[] ? N : A[K] & string : never;

/** What `K` has from the command line alone; a negatable flag can also be `false`. */
type Given<K, B, S, C, N> =
  | (K extends C ? (K extends B ? boolean[] : K extends S ? string[] : unknown[]) : K extends B ? boolean : string)
  | (K extends N ? false : never);

/** The flags under their own names: a plain string flag is optional unless it has a default. */
type Flags<B extends string, S extends string, C extends string, N extends string, D> =
  & { [K in B | C]: Given<K, B, S, C, N> | (K extends keyof D ? D[K] : never) }
  & { [K in Exclude<S, C | keyof D>]?: Given<K, B, S, C, N> }
  & { [K in Exclude<S & keyof D, C>]: Given<K, B, S, C, N> | D[K] }
  & { [K in Exclude<keyof D, B | S | C>]: unknown };

/** The same flags under their aliases too. */
type WithAliases<T, A> = { [K in keyof T as K | AliasOf<K, A>]: T[K] };

/** Which flags there are and of what kind. */
export interface ParseOptions<
  B extends string = string,
  S extends string = string,
  C extends string = string,
  N extends string = string,
  D extends Record<string, unknown> = Record<string, unknown>,
  A extends Aliases = Aliases,
  DD extends boolean = boolean,
> {
  /** When true, what follows `--` lies under `--` of the result, otherwise at the end of `_`. */
  "--"?: DD;
  /** Other names of flags. */
  alias?: A;
  /** Flags without a value, `false` when absent; `true`: every `--flag` without an `=`. */
  boolean?: boolean | OneOrMore<B>;
  /** Values of flags that are absent. */
  default?: D;
  /** When true, everything after the first argument that is no flag goes to `_`. */
  stopEarly?: boolean;
  /** Flags whose value is never turned into a number. */
  string?: OneOrMore<S>;
  /** Flags that may be repeated; their values are an array. */
  collect?: OneOrMore<C>;
  /** Flags that `--no-flag` sets to `false`. */
  negatable?: OneOrMore<N>;
  /** Called with each argument that no option names; one for which it returns `false` is left out. */
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

/** The flags, and under `_` the arguments that belong to none. */
export type Args<T = Record<string, unknown>, DD extends boolean = false> =
  & T
  & { _: (string | number)[] }
  & (DD extends true ? { "--": string[] } : unknown);

/** Reads flags from `args`; values that look like numbers become numbers unless `string` or `boolean` names the flag. */
export declare function parseArgs<
  const B extends string = never,
  const S extends string = never,
  const C extends string = never,
  const N extends string = never,
  D extends Record<string, unknown> = Record<never, never>,
  const A extends Aliases = Record<never, never>,
  const DD extends boolean = false,
>(
  args: string[],
  options?: ParseOptions<B, S, C, N, D, A, DD>,
): Args<[B | S | C] extends [never] ? Record<string, unknown> : WithAliases<Flags<B, S, C, N, D>, A>, DD>;
