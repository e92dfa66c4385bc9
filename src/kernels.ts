// SPDX-License-Identifier: GPL-2.0-only
// Kernels by name and by switch. A spec is a preset's name, followed by switches that differ:
//
//   6.1                           the preset
//   6.1,dedup=pte+head,gup=compound
//   |   '----------------------- switches of SWITCHES, defects included
//   '--------------------------- a name of PRESETS
//
// Reports name a kernel by its spec, so that a run can be repeated from its output. Mirrors no kernel file: this is the
// emulator's .config.

import { DEFAULT_KERNEL } from "./include/defaults.ts";
import { type KernelConfig, PRESETS } from "./include/kernel_config.ts";
import {
  ERRATA_SWITCHES,
  KERNEL_SWITCHES,
  type Switch,
  SWITCHES,
  type SwitchValue,
} from "./include/kernel_switches.ts";

const KERNEL_ROWS = Object.entries<Switch>(KERNEL_SWITCHES);
const ERRATA_ROWS = Object.entries<Switch>(ERRATA_SWITCHES);

/** What differs between two kernels, by switch. */
export interface SwitchChange {
  /** The switch. */
  readonly name: string;
  /** What it was set to. */
  readonly from: SwitchValue;
  /** What it is set to. */
  readonly to: SwitchValue;
}

/**
 * The kernel of a spec, or the given object after checks. RangeError or TypeError saying what was given and what is
 * allowed.
 */
export function kernelConfig(kernel: string | KernelConfig = DEFAULT_KERNEL): KernelConfig {
  if (typeof kernel === "object" && kernel !== null) return checked(kernel);
  const [name, ...settings] = String(kernel).split(",");
  // A number is refused even if it looks like a preset's name.
  if (typeof kernel !== "string" || !Object.hasOwn(PRESETS, name)) {
    throw new RangeError(`Unknown kernel "${name}": expected ${Object.keys(PRESETS).join(", ")}`);
  }
  const preset = PRESETS[name];
  if (settings.length === 0) return preset;
  return withSwitches(preset, settings.map(readSetting));
}

/** The spec of a kernel: the preset of its name, or else the nearest one, and the switches that differ. */
export function kernelSpec(kernel: string | KernelConfig = DEFAULT_KERNEL): string {
  const config = kernelConfig(kernel);
  const base = basePreset(config);
  return [base.name, ...kernelChanges(base, config).map(({ name, to }) => `${name}=${to}`)].join(",");
}

/** The preset that a spec begins with, and the switches it changes. */
export function specChanges(spec: string): { readonly preset: string; readonly changes: readonly SwitchChange[] } {
  const config = kernelConfig(spec);
  const base = basePreset(config);
  return { preset: base.name, changes: kernelChanges(base, config) };
}

/** Switches whose values in `to` and `from` differ, in the order of the table. */
export function kernelChanges(from: KernelConfig, to: KernelConfig): SwitchChange[] {
  return Object.keys(SWITCHES)
    .map((name) => ({ name, from: valueOf(from, name), to: valueOf(to, name) }))
    .filter((change) => change.from !== change.to);
}

/** What a switch of a kernel is set to. */
export function valueOf(config: KernelConfig, name: string): SwitchValue {
  return Reflect.get(Object.hasOwn(KERNEL_SWITCHES, name) ? config : config.errata, name);
}

function withSwitches(preset: KernelConfig, settings: readonly (readonly [string, SwitchValue])[]): KernelConfig {
  const twice = settings.find(([name], i) => settings.findIndex(([other]) => other === name) < i);
  if (twice !== undefined) throw new RangeError(`Cannot set ${twice[0]} twice: expected one value for each switch`);
  const own = settings.filter(([name]) => Object.hasOwn(KERNEL_SWITCHES, name));
  const errata = settings.filter(([name]) => Object.hasOwn(ERRATA_SWITCHES, name));
  const config = { ...preset, ...Object.fromEntries(own) };
  return { ...config, errata: { ...preset.errata, ...Object.fromEntries(errata) } };
}

/** Splits `dedup=pte+head` into a switch and its value. */
function readSetting(text: string): readonly [string, SwitchValue] {
  const [name, value, ...more] = text.split("=");
  if (value === undefined || more.length > 0) throw new RangeError(`Cannot set "${text}": expected SWITCH=VALUE`);
  const { values } = switchNamed(name);
  const found = values.find((v) => String(v) === value);
  if (found === undefined) throw new RangeError(`Cannot set ${name} to "${value}": expected ${values.join(", ")}`);
  return [name, found];
}

function switchNamed(name: string) {
  if (Object.hasOwn(SWITCHES, name)) return SWITCHES[name];
  throw new RangeError(`Unknown switch "${name}": expected ${Object.keys(SWITCHES).join(", ")}`);
}

/** Checks that every switch has an allowed value. */
function checked(config: KernelConfig): KernelConfig {
  if (typeof config.errata !== "object" || config.errata === null) {
    throw new TypeError(`Cannot run a kernel without errata: expected NO_ERRATA or an object like it`);
  }
  checkValues(config, KERNEL_ROWS);
  checkValues(config.errata, ERRATA_ROWS);
  // Unknown switches are refused: they would do nothing.
  for (const name of Object.keys(config)) if (name !== "name" && name !== "errata") switchNamed(name);
  Object.keys(config.errata).forEach(switchNamed);
  return config;
}

function checkValues(given: object, rows: readonly (readonly [string, Switch])[]): void {
  for (const [name, { values }] of rows) {
    const value: SwitchValue = Reflect.get(given, name);
    if (values.includes(value)) continue;
    const text = typeof value === "string" ? `"${value}"` : String(value);
    throw new RangeError(`Cannot set ${name} to ${text}: expected ${values.join(", ")}`);
  }
}

function basePreset(config: KernelConfig): KernelConfig {
  if (Object.hasOwn(PRESETS, config.name)) return PRESETS[config.name];
  const distance = (preset: KernelConfig) => kernelChanges(preset, config).length;
  return Object.values(PRESETS).reduce((best, preset) => distance(preset) < distance(best) ? preset : best);
}
