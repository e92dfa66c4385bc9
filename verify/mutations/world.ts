// SPDX-License-Identifier: GPL-2.0-only
// What a mutation is tried with: a kernel, and the lives it may be put into. mutant.ts imports this file once more out
// of a copy of the sources that has a defect in it.

export { boot } from "../../src/boot.ts";
export { KernelPanic } from "../../src/lib/bug.ts";
export { exercise } from "./exercise.ts";
export { plugExercise } from "./plug_exercise.ts";
export { fullNodeExercise, poolExercise } from "./pool_exercise.ts";
