// SPDX-License-Identifier: GPL-2.0-only
// Device-dax namespaces in the guest: created by ndctl, then bound to and unbound from the device_dax driver through
// sysfs, since only binding builds the memmap (memremap_pages).

import { errnoName } from "../../../src/include/errno.ts";
import type { Guest } from "./guest.ts";
import { FAILED_ADD } from "./kernel_log.ts";
import type { NamespaceSpec } from "./namespace_spec.ts";
import { STRUCT_PAGE_BYTES } from "./page_walk.ts";

/** A namespace that is up. Bytes. */
export interface GuestNamespace {
  /** Device on the dax bus, `dax0.0`. */
  readonly device: string;
  readonly start: number;
  readonly bytes: number;
  readonly dataStart: number;
  readonly usableBytes: number;
}

/** Part of the vmemmap, in its pages. */
export interface VmemmapRange {
  readonly first: number;
  readonly count: number;
}

/** The errno name in ndctl's last line. */
const ERRORS: Readonly<Record<string, string>> = {
  "No such device or address": "ENXIO",
  "No such device": "ENODEV",
  "No space left on device": "ENOSPC",
  "Invalid argument": "EINVAL",
  "Cannot allocate memory": "ENOMEM",
  "File exists": "EEXIST",
  "Operation not supported": "EOPNOTSUPP",
  "Device or resource busy": "EBUSY",
};

/** Prefix of the message for a device that the kernel did not bring up. */
const FAILS = "device fails to enable";

/** Gives the NVDIMM an empty label area, so that namespaces of any size can be cut from its region. */
export async function initLabels(guest: Guest): Promise<void> {
  await guest.shell.text("ndctl disable-region all && ndctl init-labels -f all && ndctl enable-region all");
}

/** Creates and enables; ndctlError()'s message when the device does not come up. */
export async function createNamespace(guest: Guest, spec: NamespaceSpec): Promise<GuestNamespace | string> {
  const before = (await guest.log()).length;
  const { code, text } = await guest.shell.run(
    `ndctl create-namespace -r region0 -m devdax -a ${spec.align} -M ${spec.map} -s ${spec.size}`,
  );
  if (code !== 0) {
    const error = ndctlError(text);
    if (isKernelsFailure(error)) guest.expected.push(...FAILED_ADD);
    return error;
  }
  const { dev, daxregion } = JSON.parse(text.slice(text.indexOf("{"))) as NdctlNamespace;
  const device = daxregion.devices[0].chardev;
  const bound = await guest.shell.run(`test -e /sys/bus/dax/devices/${device}/driver`);
  if (bound.code !== 0) return await unboundReason(guest, device, before);
  const values = await guest.shell.text(
    `cat /sys/bus/nd/devices/${dev}/resource /sys/bus/nd/devices/${dev}/size ` +
      `/sys/bus/dax/devices/${device}/resource /sys/bus/dax/devices/${device}/size`,
  );
  const [start, bytes, dataStart, usableBytes] = values.split("\n").map(Number);
  return { device, start, bytes, dataStart, usableBytes };
}

/** A namespace that has to come up. */
export async function mustCreate(guest: Guest, spec: NamespaceSpec): Promise<GuestNamespace> {
  const ns = await createNamespace(guest, spec);
  if (typeof ns === "string") throw new Error(`Cannot create namespace ${spec.name}: ${ns}`);
  return ns;
}

/** Whether the kernel refused, rather than ndctl itself. */
export function isKernelsFailure(error: string): boolean {
  return error.startsWith(FAILS);
}

/** The errno that the kernel logs when a driver refuses its device, or null. */
export function probeErrno(log: string): number | null {
  const errno = /\bprobe (?:of \S+|with driver \S+) failed with error (-\d+)/.exec(log)?.[1];
  return errno === undefined ? null : Number(errno);
}

/**
 * ndctl is content with a device that no driver took. The reason is in the kernel's log; failing that, it comes from
 * binding the device by hand, perhaps for a different reason, since the first try may have left something behind.
 */
async function unboundReason(guest: Guest, device: string, logged: number): Promise<string> {
  guest.expected.push(...FAILED_ADD);
  const errno = probeErrno((await guest.log()).slice(logged));
  if (errno !== null) return `${FAILS}: ${errnoName(errno)}`;
  const { code, text } = await guest.shell.run(`echo ${device} > /sys/bus/dax/drivers/device_dax/bind`);
  if (code === 0) return `${FAILS}: no driver was bound`;
  return `${FAILS}: ${shellErrno(text)}`;
}

/** The errno name in the last message of a failed write to sysfs. */
export function shellErrno(text: string): string {
  const words = text.trim().split(": ").pop() ?? "";
  return ERRORS[words] ?? words;
}

/** Destroys every namespace of the guest. */
export async function destroyNamespaces(guest: Guest): Promise<void> {
  await guest.shell.text("ndctl destroy-namespace -f all");
}

/** Builds the memmap of a namespace. */
export async function bind(guest: Guest, ns: GuestNamespace): Promise<void> {
  await guest.shell.text(`echo ${ns.device} > /sys/bus/dax/drivers/device_dax/bind`);
}

/** Tears the memmap down. */
export async function unbind(guest: Guest, ns: GuestNamespace): Promise<void> {
  await guest.shell.text(`echo ${ns.device} > /sys/bus/dax/drivers/device_dax/unbind`);
}

/** The memmap of a range of memory, of a namespace with its reserve. Its ends may lie inside a page of the vmemmap. */
export function vmemmapOf({ start, bytes }: { start: number; bytes: number }, pageBytes: number): VmemmapRange {
  const covered = pageBytes * pageBytes / STRUCT_PAGE_BYTES;
  const first = Math.floor(start / covered);
  return { first, count: Math.ceil((start + bytes) / covered) - first };
}

/**
 * The outcome of a failed request: "device fails to enable: ERRNO" from ndctl's last line when the kernel refused;
 * "ndctl refuses: .." when ndctl did not ask the kernel.
 */
export function ndctlError(text: string): string {
  const words = /^failed to create namespace: (.*)$/m.exec(text)?.[1];
  if (text.includes("failed to enable") && words !== undefined) {
    return `${FAILS}: ${ERRORS[words] ?? words}`;
  }
  const why = /^\s*Error: (?:create namespace: )?(.*)$/m.exec(text)?.[1];
  return `ndctl refuses: ${why ?? words ?? text}`;
}

interface NdctlNamespace {
  readonly dev: string;
  readonly daxregion: { readonly devices: readonly { readonly chardev: string }[] };
}
