/** What tinypool's threads load: tasks that take one argument. */
import Tinypool from "tinypool";
import * as tasks from "../tasks.mjs";

export const add = ([a, b]) => tasks.add(a, b);
export const sumAt = ([array, index]) => tasks.sumAt(array, index);
export const spin = ([rounds, seed]) => tasks.spin(rounds, seed);
export const bytes = ([length, value]) => tasks.bytes(length, value);
export const bytesByHand = ([length, value]) => Tinypool.move(tasks.bytes(length, value));
