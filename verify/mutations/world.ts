// SPDX-License-Identifier: GPL-2.0-only
// What a mutation is tried with: a kernel and its exercises. mutant.ts imports this file again from a copy of the
// sources that has a defect.

export { boot } from "../../src/boot.ts";
export { KernelPanic } from "../../src/lib/bug.ts";
export { exercise } from "./exercise.ts";
export { plugExercise } from "./plug_exercise.ts";
export { fullNodeExercise, poolExercise } from "./pool_exercise.ts";
