/** What piscina's threads load: tasks that take one argument. */
import { move } from "piscina";
import * as tasks from "../tasks.mjs";

export const add = ([a, b]) => tasks.add(a, b);
export const sumAt = ([array, index]) => tasks.sumAt(array, index);
export const spin = ([rounds, seed]) => tasks.spin(rounds, seed);
export const bytes = ([length, value]) => tasks.bytes(length, value);
export const bytesByHand = ([length, value]) => move(tasks.bytes(length, value));
